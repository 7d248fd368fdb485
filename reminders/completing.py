"""Doing what one was reminded of, and taking that back."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from reminders import schedule
from reminders.models import Completion, Reminder

Kind = Completion.Kind


@dataclass
class Outcome:
    """What was done, and how many reminders were left alone because they had been changed."""

    completions: list[Completion] = field(default_factory=list)
    changed: int = 0


def complete(user, seen: Mapping[uuid.UUID, int], kind: Kind = Kind.DONE) -> Outcome:
    """Those of the person's reminders are done, each as it was seen in that version of it. Of a
    series this time is done or skipped, and the next one follows; or the whole series is ended.

    A second press of the same button finds them done, and does no more.
    """
    now = timezone.now()
    outcome = Outcome()
    with transaction.atomic():
        for reminder in locked(user, seen):
            version = seen[reminder.pk]
            # The answer to the first press may have got lost.
            if made := reminder.completions.filter(version=version).first():
                outcome.completions.append(made)
            elif reminder.version != version or reminder.done:
                outcome.changed += 1
            elif kind == Kind.DONE or reminder.rrule:
                outcome.completions.append(_complete(reminder, kind, now))
    return outcome


def _complete(reminder: Reminder, kind: Kind, now: datetime.datetime) -> Completion:
    completion = Completion.objects.create(
        owner_id=reminder.owner_id,
        reminder=reminder,
        kind=kind,
        made=now,
        version=reminder.version,
        **reminder.state(),
    )
    following = None
    if reminder.rrule and kind != Kind.ENDED:
        following = schedule.following(reminder, now, is_done=kind == Kind.DONE)
    _write(reminder, **(following or {"done": now, "next_fire_at": None, "snoozed_until": None}))
    reminder.notices.filter(read=None).update(read=now)
    return completion


def undo(user, completion_ids: Iterable[uuid.UUID]) -> tuple[int, int]:
    """Let the reminders be exactly as they were before these completions. Returns how many are so
    again, and how many were left alone because they had been changed since."""
    undone = changed = 0
    with transaction.atomic():
        found = {one.reminder_id: one for one in user.completions.filter(pk__in=completion_ids)}
        for reminder in locked(user, found):
            completion = found[reminder.pk]
            if reminder.version == completion.version + 1:
                _write(reminder, done=None, **completion.state())
                completion.delete()
                undone += 1
            else:
                changed += 1
    return undone, changed


def locked(user, reminder_ids: Iterable[uuid.UUID]) -> list[Reminder]:
    """Always in the same order: two who lock some of the same ones don't wait for each other."""
    reminders = user.reminders.living().listed().filter(pk__in=list(reminder_ids))
    return list(reminders.select_for_update().order_by("pk"))


def _write(reminder: Reminder, **changed: object) -> None:
    Reminder.objects.filter(pk=reminder.pk).update(version=reminder.version + 1, **changed)
