"""Reminders that go by the person's own clock, when it begins to show other times."""

import datetime

from django.utils import timezone

from accounts.models import User
from reminders import schedule
from reminders.models import Reminder


def follow(user: User) -> None:
    """What was set for 9 o'clock is due at 9 o'clock there. Inside the caller's transaction.

    What the person was not told of yet and is over there by now is told of late.
    """
    now = timezone.now()
    floating = user.reminders.filter(zone="", day__isnull=False, done=None).listed()
    for reminder in floating.select_for_update().order_by("pk"):
        reminder.owner = user
        set_anew(reminder, now)
        Reminder.objects.filter(pk=reminder.pk).update(
            due=reminder.due, next_fire_at=reminder.next_fire_at
        )


def set_anew(reminder: Reminder, now: datetime.datetime) -> None:
    """Set when an open one is due, and told of next, by the clock that its person has now."""
    was_to_come = reminder.next_fire_at is not None and reminder.next_fire_at == reminder.due
    reminder.due = schedule.due_at(reminder)
    if reminder.trashed is None:
        to_come = reminder.due if was_to_come else schedule.coming(reminder, now)
        reminder.next_fire_at = to_come
