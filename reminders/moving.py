"""Reminders that go by the person's own clock, when it begins to show other times."""

import datetime

from django.utils import timezone

from accounts.models import User
from reminders import schedule
from reminders.models import Reminder


def follow(user: User) -> None:
    """What was set for 9 o'clock is due at 9 o'clock there. Inside the caller's transaction."""
    now = timezone.now()
    floating = user.reminders.filter(zone="", day__isnull=False, done=None).listed()
    for reminder in floating.select_for_update().order_by("pk"):
        reminder.owner = user
        set_anew(reminder, now)
        Reminder.objects.filter(pk=reminder.pk).update(
            due=reminder.due, next_fire_at=reminder.next_fire_at, acted=now
        )


def set_anew(reminder: Reminder, now: datetime.datetime) -> None:
    """Set when an open one is due, and told of next, by the clock that its person has now.

    What was to be told of next still is, when the wall there shows the same time. So a move tells
    nobody again of what came by the clock before, nor of what was over already when it was set,
    wherever it is earlier; and who comes back finds all as it was. What was still to come, and is
    over there by now, nobody was told of: it is told of late, once, as after a downtime.
    """
    was_due, to_come = reminder.due, reminder.next_fire_at
    reminder.due = schedule.due_at(reminder)
    # What it was put off to is a moment, the same everywhere.
    if was_due is None or to_come is None or to_come == reminder.snoozed_until:
        return
    reminder.next_fire_at = (
        reminder.due
        if to_come == was_due
        else schedule.repeat_there(reminder, to_come, was_due, now)
    )
