"""Who moves to another time zone takes their reminders along."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import completing, due, order, schedule
from reminders.models import Reminder
from reminders.tests.test_due import at, every, remind, told

NOW = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(monkeypatch, owner):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    owner.time_zone = "Europe/Berlin"
    owner.save()


def move(client, zone: str) -> None:
    fields = {"name": "Olivia", "theme": "system", "time_zone": zone}
    assert client.post(reverse("accounts:settings"), fields).status_code == 302


def times(reminder: Reminder) -> tuple[datetime, datetime | None]:
    reminder.refresh_from_db()
    return reminder.due, reminder.next_fire_at


def test_nine_o_clock_is_nine_o_clock_there(client, owner):
    floating = remind(owner, "2026-05-03T09:00")
    fixed = remind(owner, "2026-05-03T09:00", zone="Europe/Berlin")
    day = remind(owner, "2026-05-04")
    move(client, "America/New_York")
    assert times(floating) == (at("2026-05-03T13:00"), at("2026-05-03T13:00"))
    assert times(fixed) == (at("2026-05-03T07:00"), at("2026-05-03T07:00"))
    assert times(day) == (at("2026-05-04T13:00"), at("2026-05-04T13:00"))


def test_what_is_over_there_by_now_is_told_of_late(client, owner):
    reminder = remind(owner, "2026-05-02T20:00")
    move(client, "Asia/Tokyo")
    assert due.fire_due(NOW) == 1
    assert told(reminder) == ["2026-05-02T11:00"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_what_was_told_stays_told_however_often_its_person_moves(client, owner, zone):
    once = remind(owner, "2026-05-02T13:59")
    series = remind(owner, "2026-05-02T13:59", **every("FREQ=DAILY;COUNT=2"))
    due.fire_due(NOW)
    for there in (zone, "Europe/Berlin", zone):
        move(client, there)
        assert due.fire_due(NOW) == 0
    owner.refresh_from_db()
    due.fire_due(schedule.midnights(NOW, owner.zone)[1])
    assert told(once) == told(series) == ["2026-05-02T11:59"]
    due.fire_due(at("2026-05-04"))
    series.refresh_from_db()
    wall = at("2026-05-03T13:59").replace(tzinfo=owner.zone)
    assert series.notices.filter(occurrence_at=wall).count() == 1
    assert (series.notices.count(), series.next_fire_at) == (2, None)


def test_what_was_over_when_it_was_set_does_not_come_by_a_move(client, owner):
    over = [remind(owner, "2026-05-02", since="2026-05-02T12:00") for _ in range(3)]
    for zone in ("America/New_York", "Asia/Tokyo", "Europe/Berlin"):
        move(client, zone)
        assert due.fire_due(NOW) == 0
    due.fire_due(at("2026-05-03T12:00"))
    assert [told(one) for one in over] == [[], [], []]
    assert times(over[0]) == (at("2026-05-02T07:00"), None)


def test_a_time_of_a_series_that_the_move_leaps_over_is_told_of_late_and_once(client, owner):
    series = remind(owner, "2026-03-20T20:00", since="2026-03-20", **every("FREQ=DAILY"))
    due.fire_due(NOW)
    move(client, "Asia/Tokyo")
    assert due.fire_due(NOW) == 1
    assert due.fire_due(NOW) == 0
    assert told(series)[-1] == "2026-05-02T11:00"
    assert times(series)[1] == at("2026-05-03T11:00")
    move(client, "America/New_York")
    assert times(series)[1] == at("2026-05-04T00:00")


def test_who_comes_back_finds_all_as_it_was(client, owner):
    every_two_hours = remind(owner, "2026-05-02T09:00", **every("FREQ=HOURLY;INTERVAL=2"))
    set_ = [
        remind(owner, "2026-05-02T20:00"),
        remind(owner, "2026-05-09"),
        remind(owner, "2026-01-31", **every("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1")),
        every_two_hours,
    ]
    due.fire_due(NOW)
    before = [times(one) for one in set_]
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        move(client, zone)
    assert [times(one) for one in set_] == before


def test_what_was_put_off_stays_put_off_and_a_series_goes_on_there(client, owner):
    later = NOW + timedelta(hours=1)
    put_off = remind(owner, "2026-05-02T09:00")
    Reminder.objects.filter(pk=put_off.pk).update(snoozed_until=later, next_fire_at=later)
    series = remind(owner, "2026-05-01T09:00", **every("FREQ=DAILY"))
    due.fire_due(NOW - timedelta(seconds=1))
    move(client, "Asia/Tokyo")
    assert times(put_off)[1] == later
    assert times(series) == (at("2026-05-01T00:00"), at("2026-05-03T00:00"))


def test_in_the_trash_nobody_is_told_of_it_there_either(client, owner):
    reminder = remind(owner, "2026-05-03T09:00")
    order.trash(owner, [reminder.pk])
    move(client, "Asia/Tokyo")
    assert times(reminder) == (at("2026-05-03T00:00"), None)


def test_another_name_moves_nothing(client, owner):
    reminder = remind(owner, "2026-05-03T09:00")
    before = times(reminder)
    move(client, "Europe/Berlin")
    assert times(reminder) == before


def test_what_is_taken_back_there_is_due_at_its_time_there(client, owner):
    reminder = remind(owner, "2026-05-03T09:00")
    [made] = completing.complete(owner, {reminder.pk: reminder.version}).completions
    move(client, "Asia/Tokyo")
    owner.refresh_from_db()
    completing.undo(owner, [made.pk])
    assert times(reminder) == (at("2026-05-03T00:00"), at("2026-05-03T00:00"))
