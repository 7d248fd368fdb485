"""Who moves to another time zone takes their reminders along."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import completing, due, order
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
