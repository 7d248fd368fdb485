"""Putting a reminder off, which leaves alone when it is due."""

import datetime
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reminders import recurrence, schedule
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


def snooze(user, reminder_ids: Iterable[uuid.UUID], moment: datetime.datetime) -> int:
    """Put off those of the person's reminders that are open and due some time. Returns how many."""
    now = timezone.now()
    with transaction.atomic():
        found = [one for one in locked(user, reminder_ids) if one.due and not one.done]
        for reminder in found:
            reminder.snoozed_until = moment
            Reminder.objects.filter(pk=reminder.pk).update(
                snoozed_until=moment,
                next_fire_at=schedule.coming(reminder, now),
                version=reminder.version + 1,
            )
        Notice.objects.filter(reminder__in=found, read=None).update(read=now)
    return len(found)


def take_back(user, reminder_id: uuid.UUID, version: int, before: datetime.datetime | None) -> bool:
    """Let the reminder be put off to `before` again, or to nothing, if nothing was done to this
    version of it since. It is told of what comes from now on."""
    now = timezone.now()
    with transaction.atomic():
        for reminder in locked(user, [reminder_id]):
            if reminder.version != version or reminder.done or not reminder.due:
                return False
            reminder.snoozed_until = before
            Reminder.objects.filter(pk=reminder.pk).update(
                snoozed_until=before,
                next_fire_at=schedule.coming(reminder, now),
                version=reminder.version + 1,
            )
            return True
    return False


def _moment(day: datetime.date, at: datetime.time, zone: datetime.tzinfo) -> datetime.datetime:
    return recurrence.occurrence(datetime.datetime.combine(day, at), zone).at
