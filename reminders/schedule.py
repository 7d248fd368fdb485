"""From what a person meant, on their wall clock, to moments."""

import datetime
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from reminders import recurrence
from reminders.models import ALL_DAY_AT, Reminder, RepeatFrom

# Who sets something for this very minute is still told.
GRACE = datetime.timedelta(minutes=1)
# More missed times than these aren't counted.
MOST_MISSED = 1000
_MOMENT = datetime.timedelta(microseconds=1)
# How far two clocks can be apart by summer time and by hours that they skip; days are longer.
_NEARLY = datetime.timedelta(hours=6)


def settle(reminder: Reminder, now: datetime.datetime) -> tuple[str, ...]:
    """Set what follows from the day, the time, the zone and the rule, and return the names of the
    columns. A series begins on its first day that fits the rule."""
    if reminder.rrule and (first := _first(reminder)):
        reminder.day = first
    reminder.due = due_at(reminder)
    reminder.snoozed_until = None
    reminder.next_fire_at = coming(reminder, now - GRACE)
    return "day", "due", "snoozed_until", "next_fire_at"


def times(reminder: Reminder, count: int) -> list[datetime.datetime]:
    """The next so many times of a reminder, from the one that is to be done on."""
    if reminder.day is None:
        return []
    wall, zone = _wall(reminder), reminder.own_zone
    before = recurrence.occurrence(wall, zone).at - _MOMENT
    with suppress(recurrence.Unusable):
        return [one.at for one in recurrence.following(wall, zone, reminder.rrule, before, count)]
    return []


def _first(reminder: Reminder) -> datetime.date | None:
    first = next(iter(times(reminder, 1)), None)
    return first and first.astimezone(reminder.own_zone).date()


def due_at(reminder: Reminder) -> datetime.datetime | None:
    """Of a whole day the moment when the person is told."""
    if reminder.day is None:
        return None
    return recurrence.occurrence(_wall(reminder), reminder.own_zone).at


def coming(reminder: Reminder, after: datetime.datetime) -> datetime.datetime | None:
    """The first moment after another one when the person is to be told."""
    return _first_of(reminder, after, next(_repeats(reminder, after), None))


def onward(
    reminder: Reminder, fired: datetime.datetime, now: datetime.datetime
) -> tuple[datetime.datetime | None, int]:
    """What is coming after now, and how many more times came since the one that is told of."""
    missed = 0
    for moment in _repeats(reminder, fired):
        if moment > now:
            return _first_of(reminder, now, moment), missed
        missed += 1
        if missed == MOST_MISSED:
            return coming(reminder, now), missed
    return _first_of(reminder, now, None), missed


def _first_of(
    reminder: Reminder, after: datetime.datetime, repeated: datetime.datetime | None
) -> datetime.datetime | None:
    moments = [reminder.snoozed_until, repeated]
    # What was put off over its time isn't told of then.
    if reminder.due and (reminder.snoozed_until is None or reminder.snoozed_until < reminder.due):
        moments.append(reminder.due)
    return min((moment for moment in moments if moment and moment > after), default=None)


def between(
    reminder: Reminder, start: datetime.datetime, end: datetime.datetime, zone: datetime.tzinfo
) -> Iterator[datetime.datetime]:
    """When a series comes by itself from `start` on, before `end`, on the days after the one when
    it is to be done; of one that comes several times a day, the first on each day in the zone."""
    if reminder.due is None:
        return
    after = max(start, _next_midnight(reminder.due, zone)) - _MOMENT
    while (moment := next(_repeats(reminder, after), None)) and moment < end:
        yield moment
        after = _next_midnight(moment, zone) - _MOMENT


def _next_midnight(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    tomorrow = moment.astimezone(zone).date() + datetime.timedelta(days=1)
    return recurrence.occurrence(tomorrow, zone).at


def _repeats(reminder: Reminder, after: datetime.datetime) -> Iterator[datetime.datetime]:
    """The times after the one that is to be done, of a series that doesn't wait for it."""
    if reminder.repeat_from != RepeatFrom.DUE or reminder.due is None:
        return
    after = max(after, reminder.due)
    # A rule that can't be read any more keeps no other reminder from being told of.
    with suppress(recurrence.Unusable):
        for one in recurrence.occurrences(
            _wall(reminder), reminder.own_zone, reminder.rrule, after
        ):
            yield one.at


def repeat_there(
    reminder: Reminder, moment: datetime.datetime, due: datetime.datetime, now: datetime.datetime
) -> datetime.datetime | None:
    """When the clock of a series shows what another one showed at `moment`, one of its times, while
    it was `due` by that; it may be over. What comes by hours or minutes goes on after now."""
    with suppress(recurrence.Unusable):
        if recurrence.Rule.parse(reminder.rrule).is_shorter_than_days:
            return next(_repeats(reminder, now), None)
        shown = _wall(reminder) + (moment - due) - _NEARLY
        after = recurrence.occurrence(shown, reminder.own_zone).at
        return next(_repeats(reminder, after), None)
    return None


def following(reminder: Reminder, now: datetime.datetime, is_done: bool) -> dict[str, Any] | None:
    """The columns of the next time of a series, None where this was the last.

    It comes after now, and after the one that is to be done, in the order of the rule. Where it
    counts from when it `is_done`, the rule begins anew.
    """
    assert reminder.due
    zone = reminder.own_zone
    start, after = _wall(reminder), max(reminder.due, now)
    with suppress(recurrence.Unusable):
        rule = recurrence.Rule.parse(reminder.rrule)
        if is_done and reminder.repeat_from == RepeatFrom.DONE:
            start = now.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
            if not rule.is_shorter_than_days:
                start = datetime.datetime.combine(start, reminder.at or ALL_DAY_AT)
            after = recurrence.occurrence(start, zone).at
        # Those of a rule that counts its times are gone through, the others begin near by.
        since = recurrence.occurrence(start, zone).at if rule.count else after
        for number, one in enumerate(
            recurrence.occurrences(start, zone, reminder.rrule, since), start=1
        ):
            if one.at > after and rule.count != 1:
                return {
                    "day": recurrence.as_wall(one.wall).date(),
                    "at": _time(one) if rule.is_shorter_than_days else reminder.at,
                    "due": one.at,
                    "next_fire_at": one.at,
                    "snoozed_until": None,
                    "rrule": _counted_down(reminder.rrule, number),
                }
    return None


def _time(one: recurrence.Occurrence) -> datetime.time:
    return recurrence.as_wall(one.wall).time()


def _counted_down(rrule: str, gone: int) -> str:
    """The rule as it counts from a time that is so many later."""
    return re.sub(r"(?<=COUNT=)\d+", lambda count: str(int(count[0]) - gone), rrule)


def midnights(
    now: datetime.datetime, zone: datetime.tzinfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """When the person's today and their tomorrow begin."""
    today = now.astimezone(zone).date()
    return recurrence.occurrence(today, zone).at, _next_midnight(now, zone)


def _wall(reminder: Reminder) -> datetime.datetime:
    """What the clock on the wall shows when it is due."""
    assert reminder.day
    return datetime.datetime.combine(reminder.day, reminder.at or ALL_DAY_AT)
