"""Time zones as a calendar says them, read back by another reader of such texts."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz

from reminders.ical import zones

YEARS = range(2026, 2032)
NOONS = [
    datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365 * len(YEARS))
]


def said(key: str) -> str:
    return zones.component(key, YEARS[0]).to_ical().decode()


@pytest.mark.parametrize(
    "key",
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Jerusalem",
        "Africa/Casablanca",
        "Europe/Dublin",
    ],
)
def test_the_clock_shows_each_day_what_the_zones_own_data_says(key):
    read = tz.tzical(io.StringIO(said(key))).get(key)
    zone = ZoneInfo(key)
    for noon in NOONS:
        wall = noon.astimezone(zone).replace(tzinfo=None)
        assert wall.replace(tzinfo=read).utcoffset() == noon.astimezone(zone).utcoffset(), noon


@pytest.mark.parametrize(
    ("key", "hour"), [("Europe/Berlin", 1), ("America/New_York", 7), ("America/Santiago", 3)]
)
def test_it_changes_in_the_very_hour(key, hour):
    found = [*zones.changes(ZoneInfo(key), 2026, 2026)]
    moments = [(change.wall - change.before).replace(tzinfo=UTC) for change in found]
    assert [moment.hour for moment in moments][:1] == [hour]
    for moment in moments:
        offsets = {
            (moment - timedelta(seconds=back)).astimezone(ZoneInfo(key)).utcoffset()
            for back in (0, 1)
        }
        assert len(offsets) == 2


def test_it_is_short_and_a_clock_that_stays_needs_one_part():
    assert len(said("Europe/Berlin")) < 500
    assert said("Asia/Kolkata").count("TZOFFSETTO") == 1
    assert "RRULE" not in said("Asia/Kolkata")
