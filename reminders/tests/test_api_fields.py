"""Reminders that programs say member by member, change, and divide into steps."""

from datetime import UTC, datetime, time

import pytest
from django.utils import timezone

from accounts.tests.programs import Program
from reminders import completing, own_lists, writing
from reminders.models import Reminder
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


def test_a_reminder_is_said_member_by_member(owner, program):
    own_lists.create(owner, "Garden", "moss")
    said = {
        "title": "Water the roses",
        "details": "Not from *above*",
        "day": "2026-04-01",
        "at": "07:30",
        "zone": "Asia/Tokyo",
        "rrule": "FREQ=WEEKLY;BYDAY=WE,SA",
        "repeat_from": "due",
        "priority": 1,
        "in_list": "garden",
        "tags": ["home"],
    }
    made = program.post(REMINDERS, said)
    assert made.status_code == 201
    assert made.json()["understood"] == []
    shown = made.json()["reminder"]
    assert shown | {"at": "07:30", "in_list": "garden"} == shown | said
    assert shown["due"] == "2026-03-31T22:30:00Z"
    assert made["Location"] == f"{REMINDERS}/{owner.reminders.get().pk}"


def test_what_is_changed_is_changed_and_the_rest_stays(owner, program):
    garden = own_lists.create(owner, "Garden", "moss")
    rose = make(
        owner,
        *("Roses", 7, time(8), ["home"]),
        rrule="FREQ=DAILY",
        repeat_from="due",
        list_id=garden.pk,
        details="deep",
    )
    path = f"{REMINDERS}/{rose.pk}"
    assert program.patch(path, {"title": "x"}).status_code == 428
    changed = program.patch(path, {"title": "Water the roses", "priority": 2}, If_Match='"1"')
    assert changed.status_code == 200
    said = changed.json()
    assert (said["title"], said["priority"], changed["ETag"]) == ("Water the roses", 2, '"2"')
    kept = (said["details"], said["rrule"], said["in_list"], said["tags"], said["at"])
    assert kept == ("deep", "FREQ=DAILY", "Garden", ["home"], "08:00:00")
    refused = program.patch(path, {"title": "Late"}, If_Match='"1"')
    assert (refused.status_code, refused["ETag"]) == (412, '"2"')
    emptied = {"day": None, "at": None, "rrule": "", "in_list": None, "tags": [], "details": ""}
    bare = program.patch(path, emptied, If_Match='"2"').json()
    assert (bare["due"], bare["rrule"], bare["in_list"], bare["tags"]) == (None, "", None, [])


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"title": " "}, "title", "Say what you want to be reminded of."),
        ({"title": "x" * 201}, "title", "at most 200 characters"),
        ({"title": "x", "at": "09:00"}, "day", "A time needs a day, too."),
        ({"title": "x", "day": "2026-02-30"}, "day", "It has to be a day"),
        *(
            ({"title": "x", "day": seconds}, "day", "It has to be a day, as in 2026-12-01.")
            for seconds in (1764547200, "1764547200", "2026-04-01T00:00:00")
        ),
        ({"title": "x", "day": "9999-01-01"}, "day", "A day is of the years"),
        ({"title": "x", "day": "2026-04-01", "at": "09:00Z"}, "at", "a time on the person's clock"),
        ({"title": "x", "day": "2026-04-01", "at": 9}, "at", "a time of the day, as in 09:00"),
        ({"title": "x", "rrule": "FREQ=DAILY"}, "day", "needs a day to begin with"),
        ({"title": "x", "zone": "Moon/Base"}, "zone", "zone: It isn't one of those"),
        ({"title": "x", "priority": 9}, "priority", "priority: It has to be one of these"),
        ({"title": "x", "in_list": "nowhere"}, "in_list", "You have no list of this name."),
        ({"title": "x", "tags": ["a b"]}, "tags", "Only one tag, please"),
        ({"title": "x", "phrase": "call mum"}, "phrase", "A phrase says it all"),
        *(
            ({"title": "x", "day": "2026-04-01", "rrule": rule}, "rrule", "can't be read")
            for rule in ("x", "FREQ=SECONDLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "F" * 600)
        ),
    ],
)
def test_what_is_no_reminder_is_refused_in_words(program, said, field, sentence):
    answer = program.post(REMINDERS, said)
    assert answer.status_code == 422
    assert field in {one["field"] for one in answer.json()["errors"]}
    assert sentence in answer.json()["detail"]
    assert not Reminder.objects.exists()


def test_where_nothing_is_said_nothing_changes(owner, program):
    path = f"{REMINDERS}/{make(owner, 'Call').pk}"
    same = program.patch(path, {}, If_Match='"1"')
    assert (same.status_code, same["ETag"]) == (200, '"1"')


def test_what_is_done_is_not_changed(owner, program):
    call = make(owner, "Call", 1)
    completing.complete(owner, {call.pk: 1})
    refused = program.patch(f"{REMINDERS}/{call.pk}", {"title": "x"}, If_Match="*")
    assert refused.status_code == 409


def test_steps_are_added_by_a_phrase_or_member_by_member(owner, program, monkeypatch):
    trip = make(owner, "Trip", 7)
    path = f"{REMINDERS}/{trip.pk}/steps"
    by_phrase = program.post(path, {"phrase": "pack tomorrow at 9"})
    assert by_phrase.status_code == 201
    assert by_phrase.json()["reminder"]["parent"] == str(trip.pk)
    program.post(path, {"title": "Lock the door"})
    listed = program.get(path).json()["reminders"]
    assert [one["title"] for one in listed] == ["pack", "Lock the door"]
    step = f"{REMINDERS}/{listed[0]['id']}"
    renamed = program.patch(step, {"title": "Pack the bags"}, If_Match='"1"').json()
    assert (renamed["title"], renamed["parent"]) == ("Pack the bags", str(trip.pk))
    assert program.post(f"{step}/steps", {"title": "x"}).status_code == 409
    monkeypatch.setattr(writing, "MAX_STEPS", 2)
    assert program.post(path, {"title": "One more"}).status_code == 409


def test_the_lists_are_narrowed_to_a_tag_or_a_list(owner, program):
    garden = own_lists.create(owner, "Garden", "moss")
    make(owner, "Roses", 1, names=["home/outside"], list_id=garden.pk)
    make(owner, "Hedge", None, list_id=garden.pk)
    make(owner, "Call", 1)

    def titles(query: str) -> list[str]:
        found = program.get(f"{REMINDERS}{query}").json()["reminders"]
        return [one["title"] for one in found]

    assert titles("?tag=home") == titles("?in_list=garden") == ["Roses"]
    assert titles(f"/undated?in_list={garden.pk}") == ["Hedge"]
    for query in ("?tag=none", "?in_list=none"):
        assert program.get(f"{REMINDERS}{query}").status_code == 404
