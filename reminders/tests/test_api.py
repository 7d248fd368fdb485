"""Reminders for programs that show a token."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.programs import Program
from ahfai import pages
from reminders import completing, own_lists
from reminders.models import Reminder
from reminders.tests.test_list import make

REMINDERS = "/api/reminders"
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def spring(monkeypatch, owner):
    """Half past eleven on a Wednesday in March, in Berlin."""
    owner.time_zone = "Europe/Berlin"
    owner.save()
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def program(spring, owner) -> Program:
    return Program(owner, "reminders:read", "reminders:write")


def test_a_reminder_is_set_by_a_phrase_and_answered_as_it_was_understood(owner, program):
    made = program.post(REMINDERS, {"phrase": "call mum tomorrow at 9 #family"})
    assert made.status_code == 201
    said = made.json()["reminder"]
    assert (said["title"], said["day"], said["at"]) == ("call mum", "2026-03-26", "09:00:00")
    # By the person's clock, which no session has told.
    assert said["due"] == "2026-03-26T08:00:00Z"
    assert said["tags"] == ["family"]
    understood = {one["kind"]: one["label"] for one in made.json()["understood"]}
    assert understood == {"date": "tomorrow", "time": "9:00", "tag": "#family"}
    reminder = owner.reminders.get()
    assert made["Location"] == f"{REMINDERS}/{reminder.pk}"
    read = program.get(made["Location"])
    assert (read.json(), read["ETag"]) == (said, made["ETag"])


def test_it_goes_to_the_list_that_it_names(owner, program):
    own_lists.create(owner, "Garden", "moss")
    made = program.post(REMINDERS, {"phrase": "water the roses +garden"}).json()
    assert made["reminder"]["in_list"] == "Garden"
    assert made["reminder"]["due"] is None


@pytest.mark.parametrize(
    ("phrase", "sentence"),
    [
        ("", "Say what you want to be reminded of."),
        ("tomorrow at 9", "Say what you want to be reminded of."),
        ("dentist on february 30", "isn't a day"),
        ("x" * 201, "at most 200 characters"),
        (9, "It has to be text"),
        (None, "It has to be text"),
    ],
)
def test_what_can_not_be_read_is_refused_and_nothing_is_guessed(program, phrase, sentence):
    answer = program.post(REMINDERS, {"phrase": phrase})
    assert answer.status_code == answer.json()["status"] == 422
    assert sentence in answer.json()["detail"]
    assert {one["field"] for one in answer.json()["errors"]} == {"phrase"}
    assert not Reminder.objects.exists()


def test_open_ones_are_listed_by_time_and_those_without_one_apart(owner, program, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    for title, day in (("Later", 3), ("Late", -1), ("Soon", 1)):
        make(owner, title, day, time(9), names=["home"])
    make(owner, "Some day", None)
    completing.complete(owner, {make(owner, "Done", 1, time(9)).pk: 1})
    first = program.get(REMINDERS).json()
    second = program.get(f"{REMINDERS}?after={first['next']}").json()
    found = first["reminders"] + second["reminders"]
    assert [one["title"] for one in found] == ["Late", "Soon", "Later"]
    assert found[0]["tags"] == ["home"]
    assert second["next"] is None
    undated = program.get(f"{REMINDERS}/undated").json()["reminders"]
    assert [one["title"] for one in undated] == ["Some day"]


def test_a_longer_list_asks_the_database_no_more_often(owner, program):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(REMINDERS).status_code == 200
        return len(asked)

    for number in range(4):
        make(owner, f"Call {number}", 1, names=["home"])
    queries()
    before = queries()
    for number in range(4):
        make(owner, f"More {number}", 1, names=["home"])
    assert queries() == before


def test_one_is_done_once_however_often_that_is_sent(owner, program):
    call = make(owner, "Call", 1, time(9))
    path = f"{REMINDERS}/{call.pk}/complete"
    assert program.post(path).status_code == 428
    done = program.post(path, If_Match='"1"')
    assert done.status_code == 200
    assert done.json()["done"] == "2026-03-25T10:30:00Z"
    assert done["ETag"] == '"2"'
    again = program.post(path, If_Match='"1"')
    assert (again.status_code, again.json()) == (200, done.json())
    assert call.completions.count() == 1
    refused = program.post(path, If_Match='"7"')
    assert refused.status_code == refused.json()["status"] == 412
    assert refused["ETag"] == '"2"'


def test_of_a_series_the_next_time_follows(owner, program):
    daily = make(owner, "Pill", 0, time(12), rrule="FREQ=DAILY", repeat_from="due")
    done = program.post(f"{REMINDERS}/{daily.pk}/complete", If_Match='"1"').json()
    assert done["done"] is None
    assert done["day"] == (NOW + timedelta(days=1)).date().isoformat()


def test_a_strangers_reminder_and_a_missing_one_are_alike(stranger, program):
    theirs = make(stranger, "Secret", 1)
    answers = []
    for reminder_id in (theirs.pk, "00000000-0000-4000-8000-000000000000"):
        path = f"{REMINDERS}/{reminder_id}"
        answers += [program.get(path), program.post(f"{path}/complete", If_Match="*")]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    theirs.refresh_from_db()
    assert theirs.done is None


def test_a_token_does_only_what_it_may(owner):
    reads, writes = Program(owner, "reminders:read"), Program(owner, "reminders:write")
    path = f"{REMINDERS}/{make(owner, 'Call', 1).pk}"
    for refused in (
        reads.post(REMINDERS, {"phrase": "call mum"}),
        reads.post(f"{path}/complete", If_Match="*"),
        writes.get(path),
        writes.get(REMINDERS),
        Program(owner, "notes:read").get(f"{REMINDERS}/undated"),
    ):
        assert refused.status_code == 403
        assert "insufficient_scope" in refused["WWW-Authenticate"]
