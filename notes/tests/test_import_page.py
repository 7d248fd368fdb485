"""Import on the page: kept sealed, worked off by the worker, shown truthfully, cancelled."""

import contextlib
import random
import re
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from ahfai.models import Heartbeat
from ahfai.worker import Worker
from notes.models import Import, ImportPiece
from notes.tests.test_arriving import packed
from notes.transfer import importing, views

PAGE, IMPORT, NOW = (reverse(f"notes:{name}") for name in ("transfer", "import", "imports"))


def upload(client, data: bytes | dict[str, str | bytes], name: str = "Garden.zip", **options):
    data = packed(data) if isinstance(data, dict) else data
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data)}, **options)


def page(client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


@pytest.fixture
def process(db) -> Heartbeat:
    return Heartbeat.objects.create(kind="worker", host="here", pid=1)


@pytest.fixture
def work(process, monkeypatch):
    """Works off what waits, in this thread."""
    monkeypatch.setattr(importing.connections, "close_all", lambda: None)

    class Here:
        def __init__(self, target, args, **_options) -> None:
            self.start = lambda: target(*args)

        def is_alive(self) -> bool:
            return False

    monkeypatch.setattr(importing.threading, "Thread", Here)
    return lambda: importing.take_up(process.pk)


def test_an_archive_is_kept_sealed_and_taken_in_by_the_worker(client, owner, work):
    answer = upload(client, {"a.md": "the canary", "b.md": b"\xff"})
    assert answer.url == PAGE
    kept = ImportPiece.objects.get()
    assert b"PK\x03\x04" not in bytes(kept._meta.get_field("content").held(kept).value)
    assert "Garden.zip</strong> waits for its turn." in page(client)
    work()
    shown = page(client)
    assert "1 note came in." in shown
    assert "1 could not come in." in shown
    assert "b.md</strong>: not written in UTF-8" in shown
    assert owner.notes.get().body == "the canary"
    assert not ImportPiece.objects.exists()


def test_the_page_asks_for_progress_until_it_is_over(client, work):
    upload(client, {f"{number}.md": "words" for number in range(3)})
    assert f'hx-get="{NOW}"' in page(client)
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page(client)
    Import.objects.update(state="running", total=3, done=2, added=2)
    shown = client.get(NOW)
    assert '<progress value="2" max="3"' in shown.content.decode()
    assert "2 of 3" in shown.content.decode()
    assert "HX-Refresh" not in shown
    Import.objects.update(state="done", ended=timezone.now())
    assert client.get(NOW)["HX-Refresh"] == "true"
    assert f'hx-get="{NOW}"' not in page(client)


def test_one_that_ends_while_its_page_is_made_is_still_shown(client, owner, monkeypatch):
    upload(client, {"1.md": "words"})
    look = views._open

    def and_then_it_ends(request):
        found = look(request)
        Import.objects.update(state="cancelled", ended=timezone.now())
        return found

    monkeypatch.setattr(views, "_open", and_then_it_ends)
    assert f'hx-get="{NOW}"' in page(client)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "a.zip", "neither a ZIP nor another export"),
        ({"../a.md": "x"}, "a.zip", "leads out of the archive"),
        ({"a.md": bytes(200 * 2**20 + 1)}, "a.zip", "at most 200 MB"),
    ],
)
def test_what_cant_be_taken_in_is_refused_with_a_sentence(client, data, name, sentence):
    answer = upload(client, data, name)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Import.objects.exists()


def test_without_a_file_the_page_says_so(client):
    answer = client.post(IMPORT)
    assert answer.status_code == 422
    assert "Choose a file first." in answer.content.decode()


def test_a_file_that_is_far_too_large_is_never_kept(client):
    answer = upload(client, b"x" * (21 * 2**20))
    assert answer.status_code == 413
    assert "at most 20 MB" in answer.content.decode()


def test_an_archive_whose_notes_are_none_says_so(client, work):
    upload(client, {"picture.png": b"\x89PNG"})
    work()
    assert "There is nothing in it that AhFai knows." in page(client)
    assert "Go on" not in page(client)


def test_one_import_at_a_time(client, strangers_client):
    assert upload(client, {"a.md": "x"}).status_code == 302
    again = upload(client, {"b.md": "x"})
    assert again.status_code == 422
    assert "Your last import isn&#x27;t over yet." in again.content.decode()
    assert upload(strangers_client, {"a.md": "x"}).status_code == 302


def test_cancelled_before_its_turn_nothing_comes_in(client, owner, work):
    upload(client, {"a.md": "x"})
    one = Import.objects.get()
    client.post(reverse("notes:import_cancel", args=[one.pk]))
    work()
    assert not owner.notes.exists()
    assert "You cancelled it." in page(client)
    assert not ImportPiece.objects.exists()


def test_cancelled_in_between_what_came_in_stays_and_is_counted(client, owner, work, monkeypatch):
    upload(client, {f"{number:03}.md": f"words {number}" for number in range(250)})
    one = Import.objects.get()
    enter = importing.Rows.enter

    def enter_and_cancel(rows, batch):
        enter(rows, batch)
        importing.cancel(one)

    monkeypatch.setattr(importing.Rows, "enter", enter_and_cancel)
    work()
    assert owner.notes.count() == 100
    shown = page(client)
    assert "You cancelled it. What came in before stays." in shown
    assert "100 notes came in." in shown


def test_what_a_stopped_worker_left_is_gone_on_with(client, owner, work, process):
    upload(client, {f"{number:03}.md": f"words {number}" for number in range(150)})
    Import.objects.update(state="running", process=process)
    # It has taken in a part when it is asked to stop, and takes its heartbeat along.
    one = Import.objects.get()
    Import.objects.update(total=150, done=100, added=100)
    Heartbeat.objects.filter(pk=process.pk).delete()
    one.refresh_from_db()
    assert one.process_id is None
    other = Heartbeat.objects.create(kind="worker", host="here", pid=2)
    importing.take_up(other.pk)
    one.refresh_from_db()
    assert (one.state, one.done, one.added) == ("done", 150, 150)
    assert owner.notes.count() == 50


def test_what_a_dead_worker_left_is_closed_and_its_owner_may_let_it_go_on(
    client, owner, work, process
):
    upload(client, {f"{number:03}.md": f"words {number}" for number in range(150)})
    dead = Heartbeat.objects.create(
        kind="worker", host="here", pid=2, seen=timezone.now() - timedelta(minutes=1)
    )
    Import.objects.update(state="running", process=dead, total=150, done=100, added=100)
    work()
    shown = page(client)
    assert "AhFai was stopped while it read this." in shown
    assert not owner.notes.exists()
    address = re.search(r'action="(/notes/imports/[^"]*/go-on)"', shown)[1]
    client.post(address)
    work()
    one = Import.objects.get()
    assert (one.state, one.added, owner.notes.count()) == ("done", 150, 50)


def test_what_fails_in_between_says_so_and_goes_on_later(client, owner, work, monkeypatch):
    upload(client, {f"{number:03}.md": f"words {number}" for number in range(150)})
    with monkeypatch.context() as patch:
        enter = importing.Rows.enter

        def full(rows, batch):
            if batch.done < 100:
                raise DatabaseError("with words in it")
            enter(rows, batch)

        patch.setattr(importing.Rows, "enter", full)
        work()
    assert owner.notes.count() == 100
    assert "Something went wrong" in page(client)
    importing.go_on(Import.objects.get())
    work()
    assert owner.notes.count() == 150
    assert Import.objects.get().added == 150


def test_an_import_that_is_over_is_dismissed_and_a_running_one_is_not(client, owner, work):
    upload(client, {"a.md": "x"})
    address = reverse("notes:import_dismiss", args=[Import.objects.get().pk])
    client.post(address)
    assert Import.objects.exists()
    work()
    client.post(address)
    assert not Import.objects.exists()
    assert owner.notes.exists()


def test_old_imports_are_forgotten(client, work):
    upload(client, {"a.md": "x"})
    work()
    importing.forget_old()
    assert Import.objects.exists()
    Import.objects.update(ended=timezone.now() - timedelta(days=8))
    importing.forget_old()
    assert not Import.objects.exists()


def test_a_piece_that_is_missing_is_noticed(client, work):
    upload(client, {"noise.png": random.Random(1).randbytes(1_200_000)})
    assert ImportPiece.objects.count() == 3
    ImportPiece.objects.filter(number=2).delete()
    work()
    assert "It is damaged" in page(client)


@pytest.mark.django_db(transaction=True)
def test_a_worker_works_it_off_beside_its_rounds(client, owner):
    upload(client, {f"{number}.md": f"words {number}" for number in range(120)})
    worker = Worker()
    until = time.monotonic() + 30
    while Import.objects.filter(ended=None).exists() and time.monotonic() < until:
        worker.work()
        time.sleep(0.05)
    with contextlib.suppress(IndexError):
        importing._running[0].join(30)
    assert (Import.objects.get().state, owner.notes.count()) == ("done", 120)
