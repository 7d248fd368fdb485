"""A time zone as a calendar says it (VTIMEZONE): its changes of the clock by one short rule each.

The zone's own data is asked when its clock changes. Where these days follow a rule ("the last
Sunday of March") the rule is written, as one that has no end; where they don't, as in Morocco,
whose clock goes by the moon, each is.
"""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# No zone changes its clock twice in so short a time.
_STEP = timedelta(days=7)
_SECOND = timedelta(seconds=1)
# After so many years all weekdays of all dates have come by.
_YEARS = 28


class Change(NamedTuple):
    """The clock is set to another offset; `wall` is what it shows just before."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str


@lru_cache(maxsize=64)
def component(key: str, first_year: int) -> Timezone:
    """The zone as it is from this year on. Not to be changed: it is shared."""
    zone, last_year = ZoneInfo(key), first_year + _YEARS - 1
    found = Timezone()
    found.add("tzid", key)
    groups: dict[tuple[timedelta, timedelta, str], list[Change]] = {}
    for change in changes(zone, first_year, last_year):
        groups.setdefault(change[1:], []).append(change)
    start = datetime(first_year, 1, 1)  # noqa: DTZ001 (on the wall)
    offset, name = _shown(datetime(first_year, 1, 1, tzinfo=UTC), zone)
    # What is so from the beginning on, until the first change; alone, where the clock stays.
    found.add_component(_part(Change(start, offset, offset, name)))
    for group in groups.values():
        part = _part(group[0])
        rule = _rule([change.wall for change in group], first_year, last_year)
        if rule:
            part.add("rrule", rule)
        elif len(group) > 1:
            part.add("rdate", [change.wall for change in group[1:]])
        found.add_component(part)
    return found


def changes(zone: ZoneInfo, first_year: int, last_year: int) -> Iterator[Change]:
    """When the clock is set, in these years, in order."""
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = min(at + _STEP, end)
        before, _name = _shown(at, zone)
        if _shown(following, zone)[0] != before:
            moment = _first_after(at, following, zone)
            after, name = _shown(moment, zone)
            yield Change((moment + before).replace(tzinfo=None), before, after, name)
        at = following


def _first_after(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the offset that `late` has."""
    offset, _name = _shown(late, zone)
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if _shown(middle, zone)[0] == offset:
            late = middle
        else:
            early = middle
    return late


def _shown(moment: datetime, zone: ZoneInfo) -> tuple[timedelta, str]:
    there = moment.astimezone(zone)
    return there.utcoffset() or timedelta(), there.tzname() or ""


def _part(change: Change) -> TimezoneDaylight | TimezoneStandard:
    """The larger offset is summer, also in Dublin, whose law calls winter the exception."""
    part = TimezoneDaylight() if change.after > change.before else TimezoneStandard()
    part.add("dtstart", change.wall)
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    return part


def _rule(walls: list[datetime], first_year: int, last_year: int) -> dict[str, object] | None:
    """The yearly rule for these days, None where there is none that fits each of the years."""
    years = [wall.year for wall in walls]
    same = {(wall.month, wall.weekday(), wall.time()) for wall in walls}
    if years != [*range(first_year, last_year + 1)] or len(same) != 1:
        return None
    [(month, weekday, _time)] = same
    name = _WEEKDAYS[weekday]
    rule: dict[str, object] = {"freq": "yearly", "bymonth": month}
    if all(_is_last(wall) for wall in walls):
        return {**rule, "byday": f"-1{name}"}
    days = sorted({wall.day for wall in walls})
    number = {(day - 1) // 7 + 1 for day in days}
    if len(number) == 1:
        return {**rule, "byday": f"{number.pop()}{name}"}
    if days[-1] - days[0] == 6:
        # "The first Friday from the 23rd on".
        return {**rule, "bymonthday": days, "byday": name}
    return None


def _is_last(wall: date) -> bool:
    return wall.day + 7 > calendar.monthrange(wall.year, wall.month)[1]
