"""Putting a reminder off, which leaves alone when it is due."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.programs import webhooks
from reminders import moving, recurrence, schedule
from reminders.completing import locked
from reminders.models import Notice, Reminder

MORNING, EVENING = datetime.time(9), datetime.time(18)


class Choice(NamedTuple):
    """`name` is what a form calls it."""

    name: str
    label: str
    until: datetime.datetime


def choices(now: datetime.datetime, zone: datetime.tzinfo) -> list[Choice]:
    """What a reminder can be put off to at a press, by the person's own clock."""
    today = now.astimezone(zone).date()
    tomorrow = today + datetime.timedelta(days=1)
    monday = today + datetime.timedelta(days=7 - today.weekday())
    soon = now.replace(second=0, microsecond=0)
    found = [
        Choice("10m", _("10 minutes"), soon + datetime.timedelta(minutes=10)),
        Choice("1h", _("1 hour"), soon + datetime.timedelta(hours=1)),
        Choice("evening", _("This evening"), _moment(today, EVENING, zone)),
        Choice("tomorrow", _("Tomorrow"), _moment(tomorrow, MORNING, zone)),
        Choice("week", _("Next week"), _moment(monday, MORNING, zone)),
    ]
    # Late in the day the evening is over.
    return [one for one in found if one.until > now]


def until(name: str, now: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime | None:
    """The moment of the choice of this name, None where it isn't offered now."""
    return next((one.until for one in choices(now, zone) if one.name == name), None)


class Before(NamedTuple):
    """How a reminder was before it was put off, and the `version` that it has since."""

    reminder_id: uuid.UUID
    version: int
    due: datetime.datetime
    snoozed_until: datetime.datetime | None
    next_fire_at: datetime.datetime | None

    def as_json(self) -> list[Any]:
        return [str(self.reminder_id), self.version, *(at and at.isoformat() for at in self[2:])]

    @classmethod
    def parse(cls, said: list[Any]) -> "Before":
        """What `as_json` wrote."""
        times = (at and datetime.datetime.fromisoformat(at) for at in said[2:])
        return cls(uuid.UUID(said[0]), said[1], *times)


def snooze(user, reminder_ids: Iterable[uuid.UUID], moment: datetime.datetime) -> list[Before]:
    """Put off those of the person's reminders that are open and due some time. Returns how they
    were before."""
    with transaction.atomic():
        return _put_off(locked(user, reminder_ids), moment)


def stop(user, reminder_ids: Iterable[uuid.UUID]) -> list[Before]:
    """Let the time of those that were put off count again: they are told of what comes from now
    on. Returns how they were before."""
    with transaction.atomic():
        return _put_off([one for one in locked(user, reminder_ids) if one.snoozed_until], None)


def _put_off(reminders: Iterable[Reminder], moment: datetime.datetime | None) -> list[Before]:
    now, before = timezone.now(), []
    for one in reminders:
        if one.done or not one.due:
            continue
        before.append(Before(one.pk, one.version + 1, one.due, one.snoozed_until, one.next_fire_at))
        one.snoozed_until = moment
        _write(one, schedule.coming(one, now))
    found = [one.reminder_id for one in before]
    Notice.objects.filter(reminder__in=found, read=None).update(read=now)
    return before


def take_back(user, before: Iterable[Before]) -> int:
    """Let the reminders be exactly as they were before they were put off, or before that was
    stopped; at their time on the wall, where their person has moved to another zone since. Left
    alone are those to which something was done since. Returns how many are so again."""
    as_it_was = {one.reminder_id: one for one in before}
    taken_back = 0
    with transaction.atomic():
        for reminder in locked(user, as_it_was):
            was = as_it_was[reminder.pk]
            if reminder.version != was.version or reminder.done or not reminder.due:
                continue
            reminder.snoozed_until, reminder.next_fire_at = was.snoozed_until, was.next_fire_at
            if reminder.due != was.due:
                reminder.due = was.due
                moving.set_anew(reminder, timezone.now())
            _write(reminder, reminder.next_fire_at)
            taken_back += 1
    return taken_back


def _write(reminder: Reminder, next_fire_at: datetime.datetime | None) -> None:
    Reminder.objects.filter(pk=reminder.pk).update(
        snoozed_until=reminder.snoozed_until,
        next_fire_at=next_fire_at,
        acted=timezone.now(),
        version=reminder.version + 1,
    )
    webhooks.happened(reminder.owner_id, "reminder.changed", [reminder.pk])


def _moment(day: datetime.date, at: datetime.time, zone: datetime.tzinfo) -> datetime.datetime:
    return recurrence.occurrence(datetime.datetime.combine(day, at), zone).at
