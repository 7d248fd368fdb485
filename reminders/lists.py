"""What stands in the lists of reminders."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.tags import Named
from reminders import own_lists, words
from reminders.models import Completion, Reminder


@dataclass
class Row:
    """`when` is what its time is called there; `late` how long it is overdue, "" where it isn't;
    `completion` that it was done then."""

    reminder: Reminder
    when: str = ""
    late: str = ""
    completion: Completion | None = None
    tags: list[Named] = field(default_factory=list)
    in_list: own_lists.Named | None = None
    menu: str = ""
    steps: list["Row"] = field(default_factory=list)
    steps_done: int = 0
    # What it is a step of.
    parent: Reminder | None = None
    # When, also without the heading of its day.
    whole: str = ""

    @property
    def steps_in_all(self) -> int:
        return len(self.steps) + self.steps_done

    @property
    def value(self) -> str:
        """What a button sends for it: the reminder in the version that the person saw."""
        return f"{self.reminder.pk}:{self.reminder.version}"

    @property
    def may_be_undone(self) -> bool:
        """Only the last thing that was done to it can be taken back."""
        made = self.completion
        return made is not None and self.reminder.version == made.version + 1


@dataclass(frozen=True)
class Section:
    """The reminders of a day, or the overdue ones."""

    heading: str
    rows: list[Row]
    is_late: bool = False


def by_day(
    found: Iterable[Reminder], done: Iterable[Completion], overdue: int, now: datetime.datetime
) -> list[Section]:
    """Dated reminders in their order: the overdue ones, of which there are so many in all, then
    day by day, with what was `done` today."""
    today = timezone.localdate(now)
    late: list[Reminder] = []
    others: list[Reminder] = []
    for one in found:
        (late if one.is_late(now, today) else others).append(one)
    sections = []
    if late:
        rows = [_late_row(one, today, now) for one in late]
        heading = _("Overdue · %(count)d") % {"count": overdue}
        sections.append(Section(heading, rows, is_late=True))
    days = {day: list(group) for day, group in groupby(others, lambda one: _day(_moment(one)))}
    finished = [Row(one.reminder, words.done(one), completion=one) for one in done]
    if finished:
        days.setdefault(today, [])
    for day in sorted(days):
        # What is meant for the whole day comes before what has a time.
        ordered = sorted(days[day], key=lambda one: not one.counts_as_day)
        rows = [
            Row(one, _when(one, today, with_day=False), whole=_when(one, today)) for one in ordered
        ]
        if day == today:
            rows = finished + rows
        sections.append(Section(words.heading(day, today), rows))
    return sections


def _late_row(reminder: Reminder, today: datetime.date, now: datetime.datetime) -> Row:
    when = _when(reminder, today)
    return Row(reminder, when, words.lateness(_moment(reminder), now), whole=when)


def by_day_done(found: Iterable[Completion], now: datetime.datetime) -> list[Section]:
    """What was done, in its order, day by day."""
    today = timezone.localdate(now)
    return [
        Section(
            words.heading(day, today),
            [Row(one.reminder, words.done(one), completion=one) for one in group],
        )
        for day, group in groupby(found, lambda one: _day(one.made))
    ]


def rows_of(sections: Iterable[Section]) -> list[Row]:
    return list(chain.from_iterable(section.rows for section in sections))


def _moment(reminder: Reminder) -> datetime.datetime:
    moment = reminder.snoozed_until or reminder.due
    assert moment
    return moment


def _day(moment: datetime.datetime) -> datetime.date:
    return timezone.localtime(moment).date()


def _when(reminder: Reminder, today: datetime.date, with_day: bool = True) -> str:
    if not reminder.snoozed_until:
        when = words.when(reminder, today, with_day)
        repeat = words.repeat(reminder.rrule, reminder.repeat_from) if reminder.rrule else ""
        return f"{when} · {repeat}" if repeat else when
    until = words.clock(reminder.snoozed_until)
    if with_day:
        until = words.moment(reminder.snoozed_until, today)
    return _("put off until %(time)s, was due %(due)s") % {
        "time": until,
        "due": words.when(reminder, today),
    }
