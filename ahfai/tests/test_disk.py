"""A disk that fills up: nothing that was called saved is lost, and reading goes on."""

import itertools
import shutil
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from accounts.parting import exports
from ahfai import disk
from ahfai.testing import PASSWORD
from ahfai.worker import Worker
from notes.models import Note
from notes.transfer import importing

pytestmark = pytest.mark.only_on_sqlite


@pytest.fixture
def free(monkeypatch, tmp_path, settings):
    """Say how much is free, in MB."""
    settings.DATA_DIR = tmp_path

    def say(megabytes: int) -> None:
        usage = shutil.disk_usage(tmp_path)._replace(free=megabytes * disk.MB)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        disk.forget()

    yield say
    disk.forget()


def test_almost_full_changes_are_refused_in_words_and_reading_goes_on(client, owner, free):
    note = Note.objects.create(owner=owner, title="Before", body="It is there")
    free(63)
    refused = client.post(reverse("notes:new"), {"title": "After", "body": "x"})
    assert refused.status_code == 507
    assert "The disk is full" in refused.content.decode()
    assert Note.objects.get() == note
    for address in ("/", note.get_absolute_url(), reverse("search") + "?q=before"):
        assert client.get(address).status_code == 200
    free(65)
    assert client.post(reverse("notes:new"), {"title": "After"}).status_code == 302


def test_a_script_reads_why_in_its_own_way(client, free):
    free(0)
    headers = {"HTTP_ACCEPT": "application/json"}
    refused = client.post(reverse("notes:new"), {"title": "After"}, **headers)
    assert "make room" in refused.json()["sentence"]


def test_one_still_gets_in_and_out(owner, nobody, free):
    free(0)
    sign_in = {"login": owner.email, "password": PASSWORD}
    assert nobody.post(reverse("account_login"), sign_in).status_code == 302
    assert nobody.get("/notes/").status_code == 200
    assert nobody.post(reverse("account_logout")).status_code == 302


def test_the_disk_is_not_asked_at_each_request(client, free, monkeypatch):
    asked = []
    monkeypatch.setattr(disk, "_free", lambda: asked.append(1) or disk.FULL_BELOW)
    disk.forget()
    for _ in range(5):
        client.post(reverse("notes:new"), {"title": "x"})
    assert len(asked) == 1


def test_the_reserve_is_kept_where_there_is_room_for_it(db, free, tmp_path):
    free(100)
    disk.keep_reserve()
    assert not [*tmp_path.iterdir()]
    free(1000)
    disk.keep_reserve()
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [
        ("reserve", disk.RESERVE)
    ]


def test_imports_and_exports_wait_for_room(db, free, monkeypatch):
    taken_up = []
    for what in (importing, exports):
        monkeypatch.setattr(what, "take_up", lambda *_how: taken_up.append(1))
    for megabytes, times in ((63, 0), (65, 2)):
        free(megabytes)
        Worker().work()
        assert len(taken_up) == times


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pages", [20, pytest.param(1000, marks=pytest.mark.prove)])
def test_what_was_called_saved_is_there_when_the_disk_is_full(
    client, owner, free, tmp_path, pages, record_property
):
    free(1000)
    disk.keep_reserve()
    saved = []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        # SQLite says of a file that may not grow what it says of a disk that is full.
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + pages}")
        try:
            for number in itertools.count():
                note = {"title": f"Note {number}", "body": "x" * 3000}
                answer = client.post(reverse("notes:new"), note)
                if answer.status_code != 302:
                    break
                saved.append(note["title"])
            assert answer.status_code == 507
            assert not (tmp_path / "reserve").exists()
            assert client.get("/notes/").status_code == 200
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    record_property("saved before", f"{len(saved):,}")
    assert saved
    assert [note.title for note in Note.objects.order_by("created")] == saved
    assert client.post(reverse("notes:new"), {"title": "After"}).status_code == 302


def test_a_page_is_read_although_its_session_cannot_be_noted(client, free, monkeypatch):
    free(1000)
    Session.objects.update(seen=timezone.now() - timedelta(minutes=10))

    def full(*_values, **_more):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", full)
    assert client.get("/notes/").status_code == 200
