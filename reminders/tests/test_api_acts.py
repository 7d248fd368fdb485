"""What programs do with reminders: skip, put off, throw away, and take that back."""

from datetime import UTC, datetime, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.programs import Program, what_happened
from reminders.models import Channel, Delivery, Reminder
from reminders.tests.test_list import make

pytestmark = pytest.mark.same_everywhere
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


def pill(owner) -> Reminder:
    return make(owner, "Pill", 0, time(12), rrule="FREQ=DAILY", repeat_from="due")


def test_a_time_of_a_series_is_skipped_and_that_is_taken_back(owner, program):
    path = f"{REMINDERS}/{pill(owner).pk}"
    skipped = program.post(f"{path}/skip", If_Match='"1"')
    assert (skipped.json()["day"], skipped["ETag"]) == ("2026-03-26", '"2"')
    assert program.get(f"{REMINDERS}/done").json()["done"][0]["kind"] == "skipped"
    assert program.post(f"{path}/undo").status_code == 428
    assert program.post(f"{path}/undo", If_Match='"1"').status_code == 412
    back = program.post(f"{path}/undo", If_Match='"2"')
    assert (back.json()["day"], back["ETag"]) == ("2026-03-25", '"3"')
    again = program.post(f"{path}/undo", If_Match='"3"')
    assert again.status_code == 409
    assert again.json()["detail"] == "There is nothing to take back."


def test_a_series_is_ended_and_what_is_none_is_not(owner, program):
    ended = program.post(f"{REMINDERS}/{pill(owner).pk}/end", If_Match='"1"').json()
    assert ended["done"]
    assert program.get(f"{REMINDERS}/done").json()["done"][0]["title"] == "Pill"
    once = program.post(f"{REMINDERS}/{make(owner, 'Call', 1).pk}/skip", If_Match='"1"')
    assert once.status_code == 409


def test_a_reminder_is_put_off_and_that_is_stopped(owner, program):
    path = f"{REMINDERS}/{make(owner, 'Call', 0, time(12)).pk}"
    off = program.post(f"{path}/snooze", {"to": "1h"}).json()
    assert (off["snoozed_until"], off["due"]) == ("2026-03-25T11:30:00Z", "2026-03-25T11:00:00Z")
    to_a_day = program.post(f"{path}/snooze", {"day": "2026-04-02", "at": "09:00"}).json()
    assert to_a_day["snoozed_until"] == "2026-04-02T07:00:00Z"
    assert program.post(f"{path}/unsnooze").json()["snoozed_until"] is None
    for wrong in ({}, {"to": "soon"}, {"day": "2026-03-01", "at": "09:00"}, {"day": "2026-04-01"}):
        assert program.post(f"{path}/snooze", wrong).status_code == 422
    half = program.post(f"{path}/snooze", {"day": "2026-04-02"}).json()
    assert half["detail"] == "at: It can't be left empty."
    undated = make(owner, "Some day", None)
    assert program.post(f"{REMINDERS}/{undated.pk}/snooze", {"to": "1h"}).status_code == 409


def test_a_reminder_is_thrown_away_taken_back_and_deleted_for_good(owner, program):
    path = f"{REMINDERS}/{make(owner, 'Call', 1).pk}"
    assert program.delete(path).status_code == 409
    assert program.post(f"{path}/trash").json()["trashed"]
    assert program.get(path).status_code == 404
    assert program.get(f"{REMINDERS}/trash").json()["reminders"][0]["title"] == "Call"
    assert program.post(f"{path}/restore").json()["trashed"] is None
    program.post(f"{path}/trash")
    assert program.delete(path).status_code == 204
    assert program.delete(path).status_code == 404
    assert "Deleted for good from the trash: 1 (reminders)." in what_happened(owner)


def test_a_program_reads_what_stands_on_which_day(owner, program):
    pill(owner)
    make(owner, "Late", -1, time(9))
    program.post(f"{REMINDERS}/{make(owner, 'Call', 3).pk}/complete", If_Match='"1"')
    times = program.get(f"{REMINDERS}/days?first=2026-03-24&last=2026-03-26").json()["times"]
    assert [(one["day"], one["title"], one["state"]) for one in times] == [
        ("2026-03-24", "Late", "late"),
        ("2026-03-25", "Call", "done"),
        ("2026-03-25", "Pill", "open"),
        ("2026-03-26", "Pill", "later"),
    ]
    for first, last in (
        *(("2026-03-26", "2026-03-25"), ("2026-01-01", "2026-12-31")),
        *(("2126-03-25", "2126-03-26"), ("0001-01-01", "0001-01-02"), ("x", "y")),
    ):
        query = f"first={first}&last={last}"
        assert program.get(f"{REMINDERS}/days?{query}").status_code == 422


def test_own_lists_are_made_renamed_ordered_and_deleted(owner, program):
    path = f"{REMINDERS}/lists"
    program.post(path, {"name": "Garden", "colour": "moss"})
    made = program.post(path, {"name": "Work"})
    assert made.status_code == 201
    names = [(one["name"], one["colour"], one["open"]) for one in made.json()["lists"]]
    assert names == [("Garden", "moss", 0), ("Work", "jade", 0)]
    work = f"{path}/{made.json()['lists'][1]['id']}"
    assert program.post(f"{work}/up").json()["lists"][0]["name"] == "Work"
    assert program.post(f"{work}/down").json()["lists"][1]["name"] == "Work"
    renamed = program.patch(work, {"name": "Job"}).json()["lists"][1]
    assert (renamed["name"], renamed["colour"]) == ("Job", "jade")
    for wrong in ({"name": "garden"}, {"name": ""}, {"colour": "red"}):
        assert program.patch(work, wrong).status_code == 422
    assert program.post(path, {"name": "GARDEN"}).status_code == 422
    assert program.delete(work).status_code == 204
    assert [one["name"] for one in program.get(path).json()["lists"]] == ["Garden"]


@pytest.fixture
def delivery(owner) -> Delivery:
    call = make(owner, "Call", 0, time(9))
    phone = Channel.objects.create(owner=owner, kind="ntfy", name="Phone", target="{}")
    return Delivery.objects.create(
        owner=owner,
        reminder=call,
        channel=phone,
        occurrence_at=NOW,
        next_try_at=NOW,
        state="failed",
        attempts=5,
        error="It says 500.",
    )


def test_what_was_sent_outside_is_listed_and_what_failed_is_sent_again(program, delivery):
    shown = program.get("/api/deliveries").json()["deliveries"][0]
    said = (shown["title"], shown["channel"], shown["kind"], shown["state"], shown["error"])
    assert said == ("Call", "Phone", "ntfy", "failed", "It says 500.")
    assert shown["next_try"] is None
    again = program.post(f"/api/deliveries/{delivery.pk}/again").json()
    assert (again["state"], again["error"], again["attempts"]) == ("waiting", None, 0)
    assert again["next_try"]
    assert program.post(f"/api/deliveries/{delivery.pk}/again").status_code == 409


def test_there_are_not_endlessly_many_lists(owner, program, monkeypatch):
    monkeypatch.setattr("reminders.own_lists.MAX_LISTS", 1)
    path = f"{REMINDERS}/lists"
    assert program.post(path, {"name": "Garden"}).status_code == 201
    refused = program.post(path, {"name": "Work"})
    assert refused.status_code == 409
    assert "There are 1 lists already." in refused.json()["detail"]


def test_longer_lists_ask_the_database_no_more_often(owner, program, delivery):
    paths = ("/api/deliveries", f"{REMINDERS}/done", f"{REMINDERS}/trash", f"{REMINDERS}/lists")

    def queries() -> list[int]:
        counts = []
        for path in paths:
            with CaptureQueriesContext(connection) as asked:
                assert program.get(path).status_code == 200
            counts.append(len(asked))
        return counts

    def more(number: int) -> None:
        done, thrown = make(owner, f"Done {number}", 1), make(owner, f"Thrown {number}", 1)
        program.post(f"{REMINDERS}/{done.pk}/complete", If_Match='"1"')
        program.post(f"{REMINDERS}/{thrown.pk}/trash")
        program.post(f"{REMINDERS}/lists", {"name": f"List {number}"})
        delivery.pk, delivery.reminder, delivery._state.adding = None, done, True
        delivery.save()

    more(1)
    queries()
    before = queries()
    more(2)
    more(3)
    assert queries() == before


def test_to_read_is_not_to_do(owner, delivery):
    reads = Program(owner, "reminders:read")
    path = f"{REMINDERS}/{delivery.reminder_id}"
    acts = ("skip", "end", "undo", "snooze", "unsnooze", "trash", "restore", "steps")
    answers = [reads.post(f"{path}/{act}") for act in acts]
    answers += [reads.patch(path, {}), reads.delete(path), reads.post(f"{REMINDERS}/lists")]
    answers.append(reads.post(f"/api/deliveries/{delivery.pk}/again"))
    assert {one.status_code for one in answers} == {403}
