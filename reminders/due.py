"""Telling people of what is due: once for each time, however many workers there are."""

import datetime

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from accounts.programs import webhooks
from reminders import outside, schedule
from reminders.models import Notice, Reminder

AT_ONCE = 100


def fire_due(now: datetime.datetime | None = None, most: int = AT_ONCE) -> int:
    """Make the notices of what is due, of so many reminders. Returns of how many.

    One transaction moves each reminder on to its next time, makes its notice, and writes down what
    is to be sent outside, so none is there without the others.
    """
    now = now or timezone.now()
    with transaction.atomic():
        notices = [_fire(one, now) for one in _claimed(now, most)]
        moved = Reminder.objects.move_on((one.reminder, one.occurrence_at) for one in notices)
        # Nobody else could, while they are held; what can't be is told of to nobody.
        if moved != len(notices):
            raise RuntimeError("A reminder was moved on while it was held.")
        # The same time may have been told of before, and the clock or the person went back.
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        outside.plan(notices, now)
        told = ((one.owner_id, one.reminder_id) for one in notices)
        webhooks.happened_to_many("reminder.due", told)
    return len(notices)


def next_due() -> datetime.datetime | None:
    """When there will be something to tell next."""
    waiting = Reminder.objects.filter(next_fire_at__isnull=False)
    return waiting.aggregate(next=Min("next_fire_at"))["next"]


def _claimed(now: datetime.datetime, most: int) -> list[Reminder]:
    """What others are at work on is left to them: who waits for nobody can't be in a deadlock."""
    times = ("day", "at", "zone", "rrule", "repeat_from", "due", "snoozed_until", "next_fire_at")
    rows = Reminder.objects.to_fire(now).select_related("owner")
    rows = rows.only("owner__time_zone", "has_own_channels", *times)
    return list(rows.select_for_update(of=("self",), skip_locked=True)[:most])


def _fire(reminder: Reminder, now: datetime.datetime) -> Notice:
    """Set when it is told of next, and return its notice."""
    fired = reminder.next_fire_at
    assert fired
    reminder.next_fire_at, missed = schedule.onward(reminder, fired, now)
    if reminder.snoozed_until == fired and reminder.due and reminder.due > now:
        # It stands at its time again: told of early, it isn't late.
        reminder.snoozed_until = None
    return Notice(
        owner_id=reminder.owner_id,
        reminder=reminder,
        occurrence_at=fired,
        missed=missed,
        made=now,
    )
