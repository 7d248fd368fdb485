"""A worker whose machine's clock goes through days on which clocks are changed, stands still for
days, or jumps: each time is told of once."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from ahfai.worker import EVERY_S, Worker
from reminders import due
from reminders.models import Reminder
from reminders.tests.test_due import every, remind

pytestmark = [pytest.mark.django_db, pytest.mark.same_everywhere]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUARTER = timedelta(minutes=15)
# Where it is put on and back, among them by half an hour, at midnight, and nowhere.
CHANGES = [
    ("Europe/Berlin", "2026-03-29", "2026-10-25"),
    ("America/New_York", "2026-03-08", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-10-04", "2026-04-05"),
    ("America/Santiago", "2026-09-06", "2026-04-05"),
    ("Asia/Beirut", "2026-03-29", "2026-10-25"),
    ("Asia/Kolkata", "2026-03-29", "2026-10-25"),
]
CHANGED_DAYS = [(zone, day) for zone, *days in CHANGES for day in days]
HOURS = ("00:15", "01:45", "02:30", "09:00", "23:30")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False) as travelling:
        yield travelling


def midnight(zone: str, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def moments(zone: str, hours: str, days: list[date]) -> list[datetime]:
    """When clocks there show this on each of the days for the first time; where it is skipped, as
    long after the jump as it would have been. Found by looking at the clock all the time."""
    found = []
    for day in days:
        meant = datetime.combine(day, time.fromisoformat(hours))
        looks = [midnight(zone, day - DAY) + number * QUARTER for number in range(3 * 24 * 4)]
        walls = [look.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for look in looks]
        seen = zip(looks, itertools.pairwise(walls), strict=False)
        before, wall = next(
            (look, wall) for look, (wall, after) in seen if wall == meant or wall < meant < after
        )
        found.append(before + (meant - wall))
    return found


def live(clock: time_machine.Traveller, since: datetime, until: datetime) -> None:
    """A worker's rounds; of those in which nothing is due one in an hour will do."""
    clock.move_to(since)
    worker = Worker()
    while (now := datetime.now(UTC)) <= until:
        worker.tell_of_reminders()
        assert 0 < worker.pause_s() <= EVERY_S
        wake = due.next_due() or until + DAY
        clock.move_to(max(now + timedelta(seconds=1), min(wake, now + HOUR)))


def told(reminder: Reminder) -> list[datetime]:
    found = reminder.notices.order_by("occurrence_at")
    return list(found.values_list("occurrence_at", flat=True))


@pytest.mark.parametrize(("zone", "changed"), CHANGED_DAYS)
def test_each_day_is_told_of_once_on_a_clock_that_is_changed(owner, clock, zone, changed):
    """Of those that come each day, once, or each so many hours."""
    owner.time_zone = zone
    owner.save()
    day = date.fromisoformat(changed)
    days = [day + number * DAY for number in (-1, 0, 1)]
    since, until = midnight(zone, days[0]), midnight(zone, days[-1] + DAY) - QUARTER
    clock.move_to(since)
    set_at = f"{since:%Y-%m-%dT%H:%M}"
    daily = {
        hours: remind(owner, f"{days[0]}T{hours}", set_at, **every("FREQ=DAILY")) for hours in HOURS
    }
    once = {hours: remind(owner, f"{day}T{hours}", set_at) for hours in HOURS}
    whole = remind(owner, f"{days[0]}", set_at, **every("FREQ=DAILY"))
    hourly = remind(owner, f"{days[0]}T03:00", set_at, **every("FREQ=HOURLY;INTERVAL=7"))
    live(clock, since, until)
    for hours in HOURS:
        assert told(daily[hours]) == moments(zone, hours, days)
        assert told(once[hours]) == moments(zone, hours, [day])
    assert told(whole) == moments(zone, "09:00", days)
    [first] = moments(zone, "03:00", days[:1])
    steps = [first + number * 7 * HOUR for number in range(11)]
    assert told(hourly) == [step for step in steps if step <= until]
    assert not any(notice.is_late or notice.missed for notice in owner.notices.all())


@pytest.mark.parametrize(("zone", "changed"), CHANGED_DAYS[::2])
def test_after_three_days_of_downtime_each_is_told_of_once_and_late(owner, clock, zone, changed):
    owner.time_zone = zone
    owner.save()
    day = date.fromisoformat(changed)
    days = [day + number * DAY for number in range(-2, 4)]
    since = midnight(zone, days[0])
    clock.move_to(since)
    set_at = f"{since:%Y-%m-%dT%H:%M}"
    daily = remind(owner, f"{days[0]}T02:30", set_at, **every("FREQ=DAILY"))
    once = remind(owner, f"{day}T02:30", set_at)
    live(clock, since, since + DAY)
    live(clock, since + 4 * DAY, since + 5 * DAY)
    expected = moments(zone, "02:30", days)
    # The one of the first day, those of three days as one, and the one after them.
    assert told(daily) == [expected[0], expected[1], expected[4]]
    assert told(once) == [expected[2]]
    seen = {
        (notice.occurrence_at, notice.missed) for notice in owner.notices.all() if notice.is_late
    }
    assert seen == {(expected[1], 2), (expected[2], 0)}


def test_a_clock_that_jumps_a_day_tells_of_nothing_twice_and_misses_nothing(owner, clock):
    """On and back, with what is due before, in between and after."""
    daily = remind(owner, "2026-05-02T09:00", **every("FREQ=DAILY"))
    often = remind(owner, "2026-05-02T10:00", **every("FREQ=HOURLY;INTERVAL=12"))
    once = {hours: remind(owner, f"2026-05-{hours}") for hours in ("02T11:00", "03T08:00")}
    before, jump = datetime(2026, 5, 2, 8, tzinfo=UTC), datetime(2026, 5, 2, 12, tzinfo=UTC)
    live(clock, before, jump)
    live(clock, jump + DAY, jump + DAY + HOUR)
    live(clock, jump + HOUR, jump + 3 * HOUR)
    live(clock, jump - DAY, jump + 3 * DAY)
    at_nine = [datetime(2026, 5, day, 9, tzinfo=UTC) for day in (2, 3, 4, 5)]
    assert told(daily) == at_nine
    # On the other side of the jump 22:00 and 10:00 were one notice.
    assert told(often) == [
        *(datetime(2026, 5, 2, hour, tzinfo=UTC) for hour in (10, 22)),
        *(datetime(2026, 5, 3, 22, tzinfo=UTC) + number * 12 * HOUR for number in range(4)),
    ]
    assert often.notices.order_by("occurrence_at")[1].missed == 1
    assert all(len(told(reminder)) == 1 for reminder in once.values())
