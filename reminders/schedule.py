"""From what a person meant, on their wall clock, to moments."""

import datetime

from reminders.models import ALL_DAY_AT, Reminder

# Who sets something for this very minute is still told.
GRACE = datetime.timedelta(minutes=1)


def due_at(
    day: datetime.date | None, at: datetime.time | None, zone: datetime.tzinfo
) -> datetime.datetime | None:
    """The moment in UTC; of a whole day that when the person is told.

    A time that the clock skips is moved on, of one that it shows twice the first is taken.
    """
    if day is None:
        return None
    return datetime.datetime.combine(day, at or ALL_DAY_AT, zone).astimezone(datetime.UTC)


def settle(reminder: Reminder, now: datetime.datetime) -> tuple[str, ...]:
    """Set what follows from the day, the time and the zone, and return the names of the columns."""
    reminder.due = due_at(reminder.day, reminder.at, reminder.own_zone)
    reminder.snoozed_until = None
    reminder.next_fire_at = coming(reminder, now - GRACE)
    return "due", "snoozed_until", "next_fire_at"


def coming(reminder: Reminder, after: datetime.datetime) -> datetime.datetime | None:
    """The first moment after another one when the person is to be told."""
    moments = [reminder.snoozed_until]
    # What was put off over its time isn't told of then.
    if reminder.due and (reminder.snoozed_until is None or reminder.snoozed_until < reminder.due):
        moments.append(reminder.due)
    return min((moment for moment in moments if moment and moment > after), default=None)


def midnights(
    now: datetime.datetime, zone: datetime.tzinfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """When the person's today and their tomorrow begin."""
    today = now.astimezone(zone).date()
    first, second = (
        datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)
        for day in (today, today + datetime.timedelta(days=1))
    )
    return first, second
