"""When something comes again: times on a wall clock, by a rule of RFC 5545 (RRULE).

What counts is the clock on the person's wall: "every day at 9" is at 9 in summer and in winter,
whatever that is in UTC. Rules of hours and minutes count on UTC instead, since "every 12 hours"
means that much time. A time that the clock skips is moved on (02:30 becomes 03:30), one that it
shows twice is the first of the two.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from dateutil.rrule import rrulestr

SMALLEST_STEP = timedelta(minutes=5)
MAX_INTERVAL, MAX_COUNT = 1000, 10_000
# Of days that can be kept: at Python's first and last ones some zones have no clock any more.
YEARS = range(1900, 9001)
# The calendar of the Gregorian years comes again after so many, with the same weekdays.
_CYCLE = 400
_LIKE_LATE = 1990

# What a rule of each frequency may say beside these. The time of day comes from the start; with
# BYHOUR and the like a rule could come every second, or with odd sets nearly never.
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
_PARTS: dict[str, set[str]] = {
    "MINUTELY": set(),
    "HOURLY": set(),
    "DAILY": set(),
    "WEEKLY": {"BYDAY"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH"},
}
_STEPS = {
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)


class Unusable(ValueError):
    """A rule that can't be read, or that comes more often than is offered."""


class Occurrence(NamedTuple):
    """`wall` is what the person's clock shows then, a date where the whole day is meant. `at` is
    the moment in UTC, of a whole day its beginning. `is_moved`: the clock skips the time that was
    meant."""

    wall: datetime | date
    at: datetime
    is_moved: bool


def following(
    start: datetime | date, zone: tzinfo, rrule: str, after: datetime, count: int
) -> list[Occurrence]:
    """The next `count` times after a moment, fewer where it ends. Raises Unusable."""
    return list(itertools.islice(occurrences(start, zone, rrule, after), count))


def occurrences(
    start: datetime | date, zone: tzinfo, rrule: str, after: datetime
) -> Iterator[Occurrence]:
    """All times after a moment; without a rule the start alone. `start` is on the wall clock, and
    is itself one of the times only where it fits the rule. Raises Unusable."""
    if not rrule:
        found = iter([occurrence(start, zone)])
    else:
        rule = Rule.parse(rrule)
        found = (_by_the_clock if rule.is_shorter_than_days else _by_the_wall)(
            start, zone, rule, after
        )
    return itertools.dropwhile(lambda one: one.at <= after, found)


def occurrence(wall: datetime | date, zone: tzinfo) -> Occurrence:
    """The moment when a clock in the zone shows this."""
    meant = as_wall(wall)
    at = meant.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = at.astimezone(zone).replace(tzinfo=None)
    is_whole_day = not isinstance(wall, datetime)
    # Where midnight is skipped, the day is still the one that was meant.
    return Occurrence(wall if is_whole_day else shown, at, shown != meant and not is_whole_day)


def as_wall(day: datetime | date) -> datetime:
    """On the wall clock, a whole day from its first minute."""
    return day if isinstance(day, datetime) else datetime.combine(day, time())


@dataclass(frozen=True)
class Rule:
    """A rule that was looked through. `until` is as it was written."""

    frequency: str
    interval: int
    count: int
    until: str
    parts: dict[str, str]

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> "Rule":
        """Raises Unusable."""
        parts = dict(part.partition("=")[::2] for part in text.upper().split(";"))
        frequency = parts.get("FREQ", "")
        if frequency not in _PARTS or parts.keys() - _ALWAYS - _PARTS[frequency]:
            raise Unusable
        until = parts.pop("UNTIL", "")
        rule = cls(
            frequency,
            _number(parts.get("INTERVAL", "1"), MAX_INTERVAL),
            _number(parts["COUNT"], MAX_COUNT) if "COUNT" in parts else 0,
            until,
            parts,
        )
        if until and not (_UNTIL.fullmatch(until) and int(until[:4]) in YEARS):
            raise Unusable
        if rule.step and rule.step < SMALLEST_STEP:
            raise Unusable
        return rule

    @property
    def step(self) -> timedelta | None:
        """How far one time is from the next; None for months and years, which differ."""
        return self.interval * _STEPS[self.frequency] if self.frequency in _STEPS else None

    @property
    def is_simple(self) -> bool:
        """Each so many days or weeks, at most on some days of the week."""
        named = [self.parts.get("WKST", "MO"), *self.parts.get("BYDAY", "MO").split(",")]
        return self.frequency in ("DAILY", "WEEKLY") and set(named) <= set(_DAYS)

    @property
    def is_shorter_than_days(self) -> bool:
        return self.frequency in ("MINUTELY", "HOURLY")

    def comes(self, start: datetime) -> bool:
        """Whether it fits any time from the start on, as far as a decade at least shows. Raises
        Unusable."""
        # A rule that never fits would be tried until Python's last year, whatever UNTIL says; so it
        # begins near it, in a year like the one of the start: those of 1901 to 2099 come again
        # after 28 years, and 1990 is like 9990.
        year = _LIKE_LATE - (_LIKE_LATE - start.year) % 28 + MAXYEAR - 1999
        text = ";".join(f"{name}={said}" for name, said in self.parts.items() if name != "COUNT")
        try:
            return next(iter(rrulestr(text, dtstart=start.replace(year=year))), None) is not None
        except (ValueError, IndexError, OverflowError):
            raise Unusable from None

    def last(self, zone: tzinfo) -> datetime | None:
        """The moment that UNTIL names; of a day its end on the wall clock."""
        found = _UNTIL.fullmatch(self.until)
        if not found:
            return None
        day, hours, is_utc = found.groups()
        try:
            named = datetime.strptime(day + (hours or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007
        except ValueError:
            raise Unusable from None
        return named.replace(tzinfo=UTC if is_utc else zone).astimezone(UTC)


def _number(text: str, most: int) -> int:
    if not (re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= most):
        raise Unusable
    return int(text)


def _by_the_clock(
    start: datetime | date, zone: tzinfo, rule: Rule, after: datetime
) -> Iterator[Occurrence]:
    """Steps of the same length on UTC, from the first one after the moment."""
    first, last, step = occurrence(start, zone).at, rule.last(zone), rule.step
    assert step
    gone = max(0, (after - first) // step)
    for number in range(gone, rule.count) if rule.count else itertools.count(gone):
        at = first + number * step
        if last and at > last:
            return
        yield Occurrence(at.astimezone(zone).replace(tzinfo=None), at, is_moved=False)


def _by_the_wall(
    start: datetime | date, zone: tzinfo, rule: Rule, after: datetime
) -> Iterator[Occurrence]:
    last, is_whole_day = rule.last(zone), not isinstance(start, datetime)
    before = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=2)
    for wall in walls(start, rule, before):
        one = occurrence(wall.date() if is_whole_day else wall, zone)
        if last and one.at > last:
            return
        yield one


def walls(start: datetime | date, rule: Rule, before: datetime) -> Iterator[datetime]:
    """The rule's times on a wall clock without a zone, UNTIL left out; they may begin later than
    the start, but not later than `before`."""
    begin = as_wall(start)
    if rule.step and not rule.count and begin < before:
        begin += (before - begin) // rule.step * rule.step
    if rule.is_simple:
        yield from itertools.islice(_simple_walls(begin, rule), rule.count or None)
        return
    # A rule that never fits would be tried for each year until Python's last one, 9999. Moved near
    # it by whole cycles, it is tried for one or two of them.
    cycles = max(0, (MAXYEAR - begin.year) // _CYCLE - 1) * _CYCLE
    text = ";".join(f"{name}={value}" for name, value in rule.parts.items())
    try:
        for wall in rrulestr(text, dtstart=begin.replace(year=begin.year + cycles)):
            yield wall.replace(year=wall.year - cycles)
    except (ValueError, IndexError, OverflowError):
        raise Unusable from None


def _simple_walls(begin: datetime, rule: Rule) -> Iterator[datetime]:
    """As dateutil has them, without its reading of the rule and its sets of all days of a year."""
    assert rule.step
    first = _DAYS.index(rule.parts.get("WKST", "MO"))
    days = rule.parts.get("BYDAY", _DAYS[begin.weekday()]).split(",")
    into_week = sorted({(_DAYS.index(day) - first) % 7 for day in days})
    week = begin - timedelta(days=(begin.weekday() - first) % 7)
    # Python's last year ends it.
    with suppress(OverflowError):
        while True:
            of_week = (week + timedelta(days=day) for day in into_week)
            yield from (wall for wall in of_week if wall >= begin)
            week += rule.step
