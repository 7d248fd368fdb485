"""Quiet hours, by the clock on the person's wall."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from reminders import quiet
from reminders.models import Telling

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    ("hours", "wall", "expected"),
    [
        ("22:00-07:00", "2026-05-02T21:59", "2026-05-02T21:59"),
        ("22:00-07:00", "2026-05-02T22:00", "2026-05-03T07:00"),
        ("22:00-07:00", "2026-05-02T23:59", "2026-05-03T07:00"),
        ("22:00-07:00", "2026-05-03T00:00", "2026-05-03T07:00"),
        ("22:00-07:00", "2026-05-03T06:59", "2026-05-03T07:00"),
        ("22:00-07:00", "2026-05-03T07:00", "2026-05-03T07:00"),
        ("12:30-14:00", "2026-05-02T12:29", "2026-05-02T12:29"),
        ("12:30-14:00", "2026-05-02T13:00", "2026-05-02T14:00"),
        ("12:30-14:00", "2026-05-02T14:00", "2026-05-02T14:00"),
        ("00:00-06:00", "2026-05-02T00:00", "2026-05-02T06:00"),
        ("20:00-00:00", "2026-05-02T20:30", "2026-05-03T00:00"),
        # The last evening of a year.
        ("22:00-07:00", "2026-12-31T23:00", "2027-01-01T07:00"),
        # The night is an hour shorter, or longer; 7 is 7.
        ("22:00-07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
        ("22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
        # An end that the clock skips is moved on.
        ("22:00-02:30", "2026-03-28T23:00", "2026-03-29T03:30"),
    ],
)
def test_what_comes_in_quiet_hours_waits_for_their_end(hours, wall, expected):
    begin, _, end = hours.partition("-")
    telling = Telling(quiet_from=time.fromisoformat(begin), quiet_until=time.fromisoformat(end))
    moment = datetime.fromisoformat(wall).replace(tzinfo=BERLIN)
    assert quiet.ends_at(telling, moment, BERLIN) == datetime.fromisoformat(expected).replace(
        tzinfo=BERLIN
    )


@pytest.mark.same_everywhere
def test_an_end_that_the_clock_shows_twice_is_the_first_of_them():
    telling = Telling(quiet_from=time(22), quiet_until=time(2, 30))
    before = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert quiet.ends_at(telling, before, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    # It shows 2:15 once more, and nobody waits again.
    after = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert quiet.ends_at(telling, after, BERLIN) == after


@pytest.mark.same_everywhere
def test_without_quiet_hours_nothing_waits():
    moment = datetime(2026, 5, 2, 3, tzinfo=UTC)
    assert quiet.ends_at(None, moment, BERLIN) == moment
    assert quiet.ends_at(Telling(), moment, BERLIN) == moment
