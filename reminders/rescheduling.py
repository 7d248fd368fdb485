"""Giving reminders another day, which changes when they are due; the time stays."""

import datetime
import uuid
from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.programs import webhooks
from reminders import schedule
from reminders.completing import locked
from reminders.models import Notice


class Choice(NamedTuple):
    """`name` is what a form calls it."""

    name: str
    label: str
    day: datetime.date


def choices(now: datetime.datetime, zone: datetime.tzinfo) -> list[Choice]:
    """What can be chosen at a press, by the person's own calendar; a week begins on Monday."""
    today = now.astimezone(zone).date()
    return [
        Choice("today", _("Today"), today),
        Choice("tomorrow", _("Tomorrow"), today + datetime.timedelta(days=1)),
        Choice("week", _("Next week"), today + datetime.timedelta(days=7 - today.weekday())),
    ]


def day_of(name: str, now: datetime.datetime, zone: datetime.tzinfo) -> datetime.date | None:
    """The day of the choice of this name."""
    return next((one.day for one in choices(now, zone) if one.name == name), None)


def reschedule(user, seen: Mapping[uuid.UUID, int], day: datetime.date) -> tuple[int, int]:
    """Those of the person's reminders are due on this day, each as it was seen in that version of
    it. Returns how many, and how many were left alone: done, changed meanwhile, or a series, whose
    days follow its rule."""
    now = timezone.now()
    with transaction.atomic():
        found = locked(user, seen)
        moved = [
            one for one in found if not (one.done or one.rrule) and one.version == seen[one.pk]
        ]
        for reminder in moved:
            reminder.day = day
            names = schedule.settle(reminder, now)
            reminder.version += 1
            # What waits to be sent of the day before comes to nothing.
            reminder.changed = now
            reminder.save(update_fields=["version", "changed", *names])
        Notice.objects.filter(reminder__in=moved, read=None).update(read=now)
        webhooks.happened(user.pk, "reminder.changed", [one.pk for one in moved])
    return len(moved), len(found) - len(moved)
