"""A month of reminders, day by day: what is to be done, what comes again, and what was done."""

import calendar
import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from reminders import recurrence, schedule, words
from reminders.models import Completion, Reminder, RepeatFrom

# How far from today one can look, in years: each repeat has to be counted up to there.
FURTHEST = 10
# More rows of one kind than these don't come into a month.
MOST = 1000
_NAMED = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """A reminder at one of its times; `at` is that moment, None where the whole day is meant."""

    reminder: Reminder
    at: datetime.datetime | None = None
    completion: Completion | None = None
    is_late: bool = False
    # A later time of a series: another one is to be done before.
    is_later: bool = False

    @property
    def clock(self) -> str:
        return words.clock(self.at) if self.at else ""

    @property
    def when(self) -> str:
        """In the list of its day."""
        if self.completion:
            return words.done(self.completion)
        said = [self.clock or words.all_day()]
        if self.reminder.rrule:
            said.append(words.repeat(self.reminder.rrule, self.reminder.repeat_from))
        return " · ".join(said)


@dataclass
class Day:
    of: datetime.date
    is_in_month: bool
    is_today: bool = False
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    first: datetime.date

    @classmethod
    def named(cls, name: str, today: datetime.date) -> "Month":
        """The one called "2026-11", today's where it has no name. Raises ValueError for what is
        none, and for one that is too far away."""
        if not name:
            return cls(today.replace(day=1))
        found = _NAMED.fullmatch(name)
        if not found:
            raise ValueError("no month")
        month = cls(datetime.date(int(found[1]), int(found[2]), 1))
        if abs(month.first.year - today.year) > FURTHEST:
            raise ValueError("too far away")
        return month

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> "Month":
        return Month((self.first - datetime.timedelta(days=1)).replace(day=1))

    @property
    def after(self) -> "Month":
        return Month((self.first + datetime.timedelta(days=31)).replace(day=1))

    def weeks(self, first_weekday: int) -> list[list[datetime.date]]:
        """Whole weeks; they begin on Monday where that is 0."""
        of = calendar.Calendar(first_weekday)
        return of.monthdatescalendar(self.first.year, self.first.month)


def of(user, month: Month, first_weekday: int, now: datetime.datetime) -> list[list[Day]]:
    """The weeks of a month with what stands on their days, by the person's clock."""
    today = now.astimezone(user.zone).date()
    weeks = [
        [Day(one, one.month == month.first.month, one == today) for one in week]
        for week in month.weeks(first_weekday)
    ]
    days = {day.of: day for week in weeks for day in week}
    for day, entry in between(user, min(days), max(days), now):
        days[day].entries.append(entry)
    return weeks


def between(
    user, first: datetime.date, last: datetime.date, now: datetime.datetime
) -> list[tuple[datetime.date, Entry]]:
    """What stands on these days and on those between them, by the person's clock; of each day what
    is meant for all of it first."""
    zone = user.zone
    start = recurrence.occurrence(first, zone).at
    end = recurrence.occurrence(last + datetime.timedelta(days=1), zone).at
    found = []
    for reminder in _open(user, start, end):
        reminder.owner = user
        for moment, entry in _entries(reminder, start, end, now):
            day = moment.astimezone(zone).date()
            if first <= day <= last:
                found.append((day, entry))
    for completion in _done(user, start, end):
        entry = Entry(completion.reminder, completion.made, completion)
        found.append((completion.made.astimezone(zone).date(), entry))
    return sorted(found, key=lambda one: (one[0], *_order(one[1])))


def _open(user, start: datetime.datetime, end: datetime.datetime) -> Iterable[Reminder]:
    """What stands in that time, and each series that began before its end."""
    dated = user.reminders.dated().listed().select_related("list")
    series = Q(repeat_from=RepeatFrom.DUE, due__lt=end)
    return dated.filter(Q(moment__gte=start, moment__lt=end) | series).order_by("moment")[:MOST]


def _done(user, start: datetime.datetime, end: datetime.datetime) -> Iterable[Completion]:
    made = user.completions.by_the_person().filter(made__gte=start, made__lt=end)
    there = made.filter(reminder__trashed=None)
    rows = there.select_related("reminder__list").defer("reminder__details")
    return rows.order_by("made")[:MOST]


def _entries(
    reminder: Reminder, start: datetime.datetime, end: datetime.datetime, now: datetime.datetime
) -> Iterable[tuple[datetime.datetime, Entry]]:
    """Each with the moment that says on which day it stands."""
    zone = reminder.owner.zone
    moment = reminder.snoozed_until or reminder.due
    assert moment
    is_late = reminder.is_late(now, now.astimezone(zone).date())
    at = None if reminder.counts_as_day else moment
    yield moment, Entry(reminder, at, is_late=is_late)
    for later in schedule.between(reminder, start, end, zone):
        at = None if reminder.at is None else later
        yield later, Entry(reminder, at, is_later=True)


def _order(entry: Entry) -> tuple[bool, datetime.datetime | bool]:
    """What is meant for the whole day comes first."""
    return (entry.at is not None, entry.at or False)
