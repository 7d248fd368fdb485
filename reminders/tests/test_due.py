"""Telling people of what is due: none missed, none told twice."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from ahfai.models import Heartbeat
from ahfai.testing import make_person
from ahfai.tests.at_once import at_once
from ahfai.worker import EVERY_S, Worker
from reminders import due, schedule
from reminders.models import Notice, Reminder

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def remind(owner, wall: str, since: str = "2026-01-01", **more) -> Reminder:
    """Set at `since`, for what the wall shows then; a day alone is a whole day."""
    day, _, hours = wall.partition("T")
    reminder = Reminder(
        owner=owner,
        title="t",
        day=date.fromisoformat(day),
        at=time.fromisoformat(hours) if hours else None,
        **more,
    )
    schedule.settle(reminder, at(since))
    reminder.save()
    return reminder


def every(rule: str) -> dict[str, str]:
    return {"rrule": rule, "repeat_from": "due"}


def told(reminder: Reminder) -> list[str]:
    moments = reminder.notices.order_by("occurrence_at").values_list("occurrence_at", flat=True)
    return [f"{moment:%Y-%m-%dT%H:%M}" for moment in moments]


def work(until: str, since: str, step: timedelta = timedelta(hours=1)) -> None:
    """A worker's rounds from one moment to another."""
    now = at(since)
    while now <= at(until):
        due.fire_due(now)
        now += step


def test_what_is_due_is_told_of_once(owner):
    reminder = remind(owner, "2026-05-02T09:00")
    assert due.fire_due(at("2026-05-02T08:59:59")) == 0
    assert due.fire_due(at("2026-05-02T09:00")) == 1
    assert due.fire_due(at("2026-05-02T09:00:01")) == 0
    notice = Notice.objects.get()
    assert (notice.reminder, notice.owner, notice.read) == (reminder, owner, None)
    assert not notice.is_late
    reminder.refresh_from_db()
    assert reminder.next_fire_at is None
    assert reminder.due == at("2026-05-02T09:00")


def test_what_is_done_or_in_the_trash_is_told_of_to_nobody(owner):
    done, thrown = (remind(owner, "2026-05-02T09:00") for _ in range(2))
    Reminder.objects.filter(pk=done.pk).update(done=timezone.now(), next_fire_at=None)
    Reminder.objects.filter(pk=thrown.pk).update(trashed=timezone.now(), next_fire_at=None)
    assert due.fire_due(at("2026-05-03")) == 0


def test_each_day_is_told_of_whether_or_not_the_one_before_was_done(owner):
    reminder = remind(owner, "2026-05-02T09:00", **every("FREQ=DAILY"))
    work(since="2026-05-02", until="2026-05-04T23:59")
    assert told(reminder) == [f"2026-05-0{day}T09:00" for day in (2, 3, 4)]
    reminder.refresh_from_db()
    assert reminder.due == at("2026-05-02T09:00")
    assert reminder.next_fire_at == at("2026-05-05T09:00")


def test_what_comes_again_only_once_it_is_done_waits_for_that(owner):
    reminder = remind(owner, "2026-05-02T09:00", rrule="FREQ=DAILY", repeat_from="done")
    work(since="2026-05-02", until="2026-05-04")
    assert told(reminder) == ["2026-05-02T09:00"]


def test_a_series_ends_with_its_last_time(owner):
    reminder = remind(owner, "2026-05-02T09:00", **every("FREQ=DAILY;COUNT=2"))
    work(since="2026-05-02", until="2026-05-06")
    assert told(reminder) == ["2026-05-02T09:00", "2026-05-03T09:00"]


def test_after_downtime_missed_times_are_one_late_notice(owner):
    daily = remind(owner, "2026-05-02T09:00", **every("FREQ=DAILY"))
    once = remind(owner, "2026-05-03T12:00")
    assert due.fire_due(at("2026-05-05T10:00")) == 2
    assert due.fire_due(at("2026-05-05T10:00")) == 0
    notice = daily.notices.get()
    assert (notice.occurrence_at, notice.missed) == (at("2026-05-02T09:00"), 3)
    assert notice.is_late
    assert (once.notices.get().is_late, once.notices.get().missed) == (True, 0)
    daily.refresh_from_db()
    assert daily.next_fire_at == at("2026-05-06T09:00")


@pytest.mark.parametrize(
    ("wall", "rule", "expected"),
    [
        ("2028-02-29T09:00", "FREQ=YEARLY", ["2028-02-29T09:00"]),
        ("2027-12-31T23:59", "FREQ=DAILY", ["2027-12-31T23:59", "2028-01-01T23:59"]),
        (
            "2027-12-31T09:00",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            ["2027-12-31T09:00", "2028-01-31T09:00", "2028-02-29T09:00"],
        ),
    ],
)
def test_leap_days_and_the_ends_of_years(owner, wall, rule, expected):
    reminder = remind(owner, wall, **every(rule))
    work(since="2027-12-30", until="2028-03-30", step=timedelta(hours=6))
    assert told(reminder)[: len(expected)] == expected
    assert len(told(reminder)) == len(expected) or rule == "FREQ=DAILY"


def test_what_was_told_before_is_not_told_again(owner):
    reminder = remind(owner, "2026-05-02T09:00")
    due.fire_due(at("2026-05-02T09:00"))
    Reminder.objects.update(next_fire_at=at("2026-05-02T09:00"))
    due.fire_due(at("2026-05-02T09:05"))
    assert told(reminder) == ["2026-05-02T09:00"]


def test_a_whole_day_is_told_of_at_nine_wherever_the_person_is(owner):
    owner.time_zone = "Asia/Tokyo"
    owner.save()
    reminder = remind(owner, "2026-05-02")
    work(since="2026-05-01", until="2026-05-03")
    assert told(reminder) == ["2026-05-02T00:00"]


def test_a_rule_that_cannot_be_read_keeps_nobody_else_waiting(owner):
    broken = remind(owner, "2026-05-02T09:00")
    Reminder.objects.filter(pk=broken.pk).update(rrule="FREQ=SECONDLY", repeat_from="due")
    other = remind(owner, "2026-05-02T09:01")
    assert due.fire_due(at("2026-05-02T10:00")) == 2
    assert told(broken) == ["2026-05-02T09:00"]
    assert told(other) == ["2026-05-02T09:01"]


def test_a_batch_takes_as_many_statements_as_one(owner, django_assert_num_queries):
    def several(count: int) -> None:
        for number in range(count):
            remind(owner, f"2026-05-02T09:{number:02}", **every("FREQ=DAILY") if number % 2 else {})

    for count in (1, 30):
        several(count)
        with django_assert_num_queries(7):  # Two of them are for the savepoint that tests are in.
            assert due.fire_due(at("2026-05-02T10:00")) == count
    several(3)
    assert [due.fire_due(at("2026-05-02T10:00"), most=2) for _ in range(3)] == [2, 1, 0]


def test_what_somebody_moved_on_in_between_is_told_of_to_nobody(owner, monkeypatch):
    """The rows are held; but a batch that isn't all its own would leave no trace of what it did."""
    reminder = remind(owner, "2026-05-02T09:00")

    def moved_on(*_now) -> list[Reminder]:
        held = [Reminder.objects.get()]
        Reminder.objects.update(next_fire_at=at("2026-05-03T09:00"))
        return held

    monkeypatch.setattr(due, "_claimed", moved_on)
    with pytest.raises(RuntimeError), transaction.atomic():
        due.fire_due(at("2026-05-02T10:00"))
    assert told(reminder) == []


@pytest.mark.only_on_sqlite
def test_the_next_ones_are_found_without_a_look_at_all(owner):
    plan = Reminder.objects.to_fire(timezone.now()).explain()
    assert "reminder_next_to_fire (next_fire_at<?)" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_any_number_of_workers_tell_of_each_once(owner):
    people = [owner, *(make_person() for _ in range(3))]
    for number in range(120):
        remind(people[number % 4], "2026-05-02T09:00")
        remind(people[number % 4], "2026-05-02T09:00", **every("FREQ=DAILY"))

    def fire(_number: int) -> None:
        while due.fire_due(at("2026-05-02T09:30"), most=20):
            pass

    at_once(fire, 4)
    # One that found all of its rows locked has left them to the others.
    while due.fire_due(at("2026-05-02T09:30")):
        pass
    assert Notice.objects.count() == 240
    assert Notice.objects.values("reminder").distinct().count() == 240


@pytest.mark.django_db(transaction=True)
def test_somebody_who_is_at_work_on_one_keeps_the_others_from_waiting(owner):
    held, other = remind(owner, "2026-05-02T09:00"), remind(owner, "2026-05-02T09:01")
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time")
    with transaction.atomic():
        Reminder.objects.select_for_update().get(pk=held.pk)
        at_once(lambda _: due.fire_due(at("2026-05-02T10:00")), 1)
    assert (told(held), told(other)) == ([], ["2026-05-02T09:01"])


def test_the_worker_tells_and_wakes_for_the_next_one(owner):
    worker = Worker()
    now = timezone.now()
    for seconds in (-5, 0.7, 3600):
        moment = now + timedelta(seconds=seconds)
        Reminder.objects.create(
            owner=owner, title="t", day=moment.date(), due=moment, next_fire_at=moment
        )
    worker.work()
    assert Notice.objects.count() == 1
    assert 0 < worker.pause_s() < 0.7
    Reminder.objects.filter(next_fire_at__lt=now + timedelta(minutes=1)).update(next_fire_at=None)
    worker.work()
    assert worker.pause_s() == EVERY_S


def test_a_worker_that_cannot_tell_does_not_try_all_the_time(owner, monkeypatch):
    def broken() -> int:
        raise RuntimeError

    remind(owner, "2026-05-02T09:00")
    monkeypatch.setattr(due, "fire_due", broken)
    worker = Worker()
    worker.work()
    assert worker.pause_s() == EVERY_S
    assert Heartbeat.objects.exists()
