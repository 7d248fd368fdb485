"""Times that come again, on the clocks of places where it is changed."""

import itertools
import random
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from reminders.recurrence import Unusable, following, occurrence

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def shown(start: str, zone: str, rrule: str, count: int = 3, after: datetime = LONG_AGO):
    """The times as their local clocks show them, with the distance from UTC."""
    begin = datetime.fromisoformat(start) if "T" in start else date.fromisoformat(start)
    found = following(begin, ZoneInfo(zone), rrule, after, count)
    return [one.at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for one in found]


@pytest.mark.parametrize(
    ("zone", "start", "expected"),
    [
        ("Europe/Berlin", "2026-03-28T09:00", ["28T09:00+01:00", "29T09:00+02:00"]),
        ("Europe/Berlin", "2026-10-24T09:00", ["24T09:00+02:00", "25T09:00+01:00"]),
        ("America/New_York", "2026-03-07T09:00", ["07T09:00-05:00", "08T09:00-04:00"]),
        ("America/New_York", "2026-10-31T09:00", ["31T09:00-04:00", "01T09:00-05:00"]),
        ("Australia/Lord_Howe", "2026-10-03T09:00", ["03T09:00+10:30", "04T09:00+11:00"]),
        ("Australia/Lord_Howe", "2026-04-04T09:00", ["04T09:00+11:00", "05T09:00+10:30"]),
        ("America/Santiago", "2026-09-05T09:00", ["05T09:00-04:00", "06T09:00-03:00"]),
        ("America/Santiago", "2026-04-04T09:00", ["04T09:00-03:00", "05T09:00-04:00"]),
        ("Africa/Cairo", "2026-04-23T09:00", ["23T09:00+02:00", "24T09:00+03:00"]),
        ("Africa/Cairo", "2026-10-29T09:00", ["29T09:00+03:00", "30T09:00+02:00"]),
    ],
)
def test_nine_stays_nine_when_the_clock_is_changed(zone, start, expected):
    assert [one[8:] for one in shown(start, zone, "FREQ=DAILY", 2)] == expected


@pytest.mark.parametrize(
    ("zone", "skipped", "taken"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30+02:00"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T03:30-04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45+11:00"),
        ("America/Santiago", "2026-09-06T00:30", "2026-09-06T01:30-03:00"),
        ("Africa/Cairo", "2026-04-24T00:30", "2026-04-24T01:30+03:00"),
    ],
)
def test_a_time_that_the_clock_skips_is_moved_on_and_that_is_told(zone, skipped, taken):
    assert shown(skipped, zone, "", 1) == [taken]
    assert occurrence(datetime.fromisoformat(skipped), ZoneInfo(zone)).is_moved


@pytest.mark.parametrize(
    ("zone", "twice", "taken"),
    [
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30+02:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T01:30-04:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45+11:00"),
        ("America/Santiago", "2026-04-04T23:30", "2026-04-04T23:30-03:00"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T23:30+03:00"),
    ],
)
def test_of_a_time_that_comes_twice_the_first_is_taken(zone, twice, taken):
    assert shown(twice, zone, "", 1) == [taken]
    assert not occurrence(datetime.fromisoformat(twice), ZoneInfo(zone)).is_moved


def test_a_series_is_moved_on_that_one_day_only():
    assert shown("2026-03-28T02:30", "Europe/Berlin", "FREQ=DAILY") == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:30+02:00",
    ]


def test_hours_count_as_they_pass():
    assert shown("2026-03-29T00:00", "Europe/Berlin", "FREQ=HOURLY;INTERVAL=2") == [
        "2026-03-29T00:00+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-29T05:00+02:00",
    ]
    assert shown("2026-10-25T01:30", "Europe/Berlin", "FREQ=HOURLY") == [
        "2026-10-25T01:30+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00",
    ]


@pytest.mark.parametrize(
    ("start", "rrule", "expected"),
    [
        (
            "2026-01-31",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
        ),
        ("2027-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1", ["2027-11-30", "2027-12-31", "2028-01-31"]),
        ("2028-02-28", "FREQ=DAILY", ["2028-02-28", "2028-02-29", "2028-03-01"]),
        ("2024-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2024-02-29", "2028-02-29"]),
        (
            "2024-02-29",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
            ["2024-02-29", "2025-02-28", "2026-02-28"],
        ),
        ("2026-12-30", "FREQ=DAILY", ["2026-12-30", "2026-12-31", "2027-01-01"]),
        ("2026-12-28", "FREQ=WEEKLY;INTERVAL=2", ["2026-12-28", "2027-01-11", "2027-01-25"]),
        ("2026-01-01", "FREQ=MONTHLY;BYDAY=-1FR", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("2026-03-02", "FREQ=DAILY;COUNT=2", ["2026-03-02", "2026-03-03"]),
        ("2026-03-02", "FREQ=DAILY;UNTIL=20260304", ["2026-03-02", "2026-03-03", "2026-03-04"]),
        ("2026-03-02", "", ["2026-03-02"]),
    ],
)
def test_whole_days(start, rrule, expected):
    found = following(date.fromisoformat(start), ZoneInfo("Asia/Tokyo"), rrule, LONG_AGO, 4)
    assert [one.wall.isoformat() for one in found][: len(expected)] == expected
    if "COUNT" in rrule or "UNTIL" in rrule or not rrule:
        assert len(found) == len(expected)


def test_a_day_without_midnight_is_still_that_day():
    one = occurrence(date(2026, 9, 6), ZoneInfo("America/Santiago"))
    assert one.wall == date(2026, 9, 6)
    assert one.at == datetime(2026, 9, 6, 4, tzinfo=UTC)
    assert not one.is_moved


@pytest.mark.parametrize(
    ("rrule", "count"),
    [
        ("FREQ=DAILY;UNTIL=20260303T080000Z", 2),
        ("FREQ=DAILY;UNTIL=20260303T075959Z", 1),
        ("FREQ=DAILY;UNTIL=20260303T090000", 2),
        ("FREQ=HOURLY;INTERVAL=6;UNTIL=20260302T200000Z", 3),
        ("FREQ=HOURLY;INTERVAL=6;COUNT=2", 2),
    ],
)
def test_the_end_of_a_series_is_still_a_part_of_it(rrule, count):
    assert len(shown("2026-03-02T09:00", "Europe/Berlin", rrule, 9)) == count


@pytest.mark.parametrize("rrule", ["FREQ=DAILY;COUNT=5", "FREQ=HOURLY;INTERVAL=24;COUNT=5"])
def test_those_that_have_been_are_counted(rrule):
    after = datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert shown("2026-03-02T09:00", "Europe/Berlin", rrule, 9, after) == [
        "2026-03-05T09:00+01:00",
        "2026-03-06T09:00+01:00",
    ]


def test_an_interval_keeps_its_step_over_the_years():
    after = datetime(2026, 3, 4, 12, tzinfo=UTC)
    [three_days] = shown("2006-03-02T09:00", "Europe/Berlin", "FREQ=DAILY;INTERVAL=3", 1, after)
    assert three_days[:10] == "2026-03-05"
    assert (date(2026, 3, 5) - date(2006, 3, 2)).days % 3 == 0
    [two_weeks] = shown("2006-03-02T09:00", "Europe/Berlin", "FREQ=WEEKLY;INTERVAL=2", 1, after)
    assert (date.fromisoformat(two_weeks[:10]) - date(2006, 3, 2)).days % 14 == 0


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;INTERVAL=4",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,1,2",
        "FREQ=DAILY;BYSECOND=0,1",
        "FREQ=HOURLY;BYDAY=MO",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=1001",
        "FREQ=DAILY;COUNT=x",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20261332",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=MONTHLY;BYDAY=99MO",
        "FREQ=YEARLY;BYEASTER=0",
        "INTERVAL=2",
        "nonsense",
        ";",
    ],
)
def test_what_is_no_rule_or_comes_too_often_is_refused(rrule):
    with pytest.raises(Unusable):
        shown("2026-03-02T09:00", "Europe/Berlin", rrule)


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=366",
        "FREQ=YEARLY;BYMONTH=13",
    ],
)
def test_a_rule_that_never_fits_ends_soon(rrule):
    begun = time.process_time()
    assert shown("2026-02-02T09:00", "Europe/Berlin", rrule) == []
    # Without the cycles of the calendar it is ten times as long.
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("rrule", ["FREQ=MINUTELY;INTERVAL=5", "FREQ=DAILY", "FREQ=MONTHLY"])
def test_a_series_that_began_long_ago_is_not_walked_through(rrule):
    begun = time.process_time()
    after = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert len(shown("1970-01-01T09:00", "Europe/Berlin", rrule, 3, after)) == 3
    assert time.process_time() - begun < 0.5


def test_simple_rules_come_as_dateutil_has_them():
    """Which is what they would come by without a way of their own."""
    dice = random.Random(3)
    days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    for _ in range(300):
        rule = f"FREQ={dice.choice(['DAILY', 'WEEKLY'])};INTERVAL={dice.randint(1, 5)}"
        if "WEEKLY" in rule and dice.random() < 0.7:
            rule += f";BYDAY={','.join(dice.sample(days, dice.randint(1, 7)))}"
        if dice.random() < 0.3:
            rule += f";WKST={dice.choice(days)}"
        if dice.random() < 0.3:
            rule += f";COUNT={dice.randint(1, 9)}"
        start = datetime.fromisoformat("2026-01-01T09:00") + timedelta(days=dice.randint(0, 400))
        after = start + timedelta(days=dice.randint(-20, 100))
        theirs = (wall for wall in rrulestr(rule, dtstart=start) if wall > after)
        ours = following(start, UTC, rule, after.replace(tzinfo=UTC), 5)
        assert [one.wall for one in ours] == list(itertools.islice(theirs, 5)), rule
