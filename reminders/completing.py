"""Doing what one was reminded of, and taking that back."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.programs import webhooks
from reminders import moving, schedule
from reminders.models import Completion, Reminder

Kind = Completion.Kind
# What programs are told: of a series that was skipped or ended that it is changed.
_WORDS = {Kind.DONE: "reminder.done"}


@dataclass
class Outcome:
    """What was done, and how many reminders were left alone because they had been changed."""

    completions: list[Completion] = field(default_factory=list)
    changed: int = 0


def complete(user, seen: Mapping[uuid.UUID, int], kind: Kind = Kind.DONE) -> Outcome:
    """Those of the person's reminders are done, each as it was seen in that version of it. Of a
    series this time is done or skipped, and the next one follows; or the whole series is ended.

    Steps go along: they are done with what they are steps of, or are to be done again with its
    next time. A second press of the same button finds them done, and does no more.
    """
    now = timezone.now()
    outcome = Outcome()
    with transaction.atomic():
        found = locked(user, seen, with_steps=True)
        for reminder in found:
            if reminder.pk not in seen or reminder.parent_id in seen:
                continue
            version = seen[reminder.pk]
            # The answer to the first press may have got lost.
            if made := reminder.completions.filter(version=version).first():
                outcome.completions.append(made)
            elif reminder.version != version or reminder.done:
                outcome.changed += 1
            elif kind == Kind.DONE or reminder.rrule:
                day = reminder.day
                completion = _complete(reminder, kind, now)
                steps = [one for one in found if one.parent_id == reminder.pk]
                _take_along(steps, completion, reminder, day)
                outcome.completions.append(completion)
                webhooks.happened(user.pk, _WORDS.get(kind, "reminder.changed"), [reminder.pk])
    return outcome


def _complete(
    reminder: Reminder, kind: Kind, now: datetime.datetime, along_with: Completion | None = None
) -> Completion:
    completion = _keep(reminder, kind, now, along_with)
    following = None
    if reminder.rrule and kind != Kind.ENDED:
        following = schedule.following(reminder, now, is_done=kind == Kind.DONE)
    _write(reminder, **(following or {"done": now, "next_fire_at": None, "snoozed_until": None}))
    reminder.notices.filter(read=None).update(read=now)
    return completion


def _keep(
    reminder: Reminder, kind: Kind, now: datetime.datetime, along_with: Completion | None
) -> Completion:
    """How it was before."""
    return Completion.objects.create(
        owner_id=reminder.owner_id,
        reminder=reminder,
        kind=kind,
        made=now,
        along_with=along_with,
        version=reminder.version,
        done=reminder.done,
        **reminder.state(),
    )


def _take_along(
    steps: Iterable[Reminder],
    completion: Completion,
    parent: Reminder,
    day: datetime.date | None,
) -> None:
    """`day` is the one that the time of the parent had that is done now."""
    for step in steps:
        if parent.done:
            if not step.done:
                kind = Kind.ENDED if step.rrule else Kind.DONE
                _complete(step, kind, completion.made, completion)
        elif not step.rrule and (step.done or step.day):
            _keep(step, Kind.AGAIN, completion.made, completion)
            _come_again(step, completion.made, parent.day - day if parent.day and day else None)


def _come_again(step: Reminder, now: datetime.datetime, later: datetime.timedelta | None) -> None:
    """With the next time of what it is a step of, so much later."""
    step.done = None
    if step.day and later:
        step.day += later
    moved = schedule.settle(step, now)
    _write(step, done=None, **{name: getattr(step, name) for name in moved})
    step.notices.filter(read=None).update(read=now)


def undo(user, completion_ids: Iterable[uuid.UUID]) -> tuple[int, int]:
    """Let the reminders be exactly as they were before these completions, and what those took
    along. Returns how many are so again, and how many were left alone because they had been
    changed since; what was taken along isn't counted where it is so again."""
    undone = changed = 0
    ids = set(completion_ids)
    with transaction.atomic():
        asked = Q(pk__in=ids)
        made = user.completions.filter(asked | Q(along_with__in=user.completions.filter(asked)))
        found = {one.reminder_id: one for one in made}
        taken_back = set[uuid.UUID]()
        # What took others along first: where it has changed, they stay as well.
        for reminder in sorted(locked(user, found), key=lambda one: one.parent_id is not None):
            completion = found[reminder.pk]
            is_asked = completion.pk in ids
            if not (is_asked or completion.along_with_id in taken_back):
                continue
            if reminder.version == completion.version + 1:
                taken_back.add(completion.pk)
                undone += is_asked
                _bring_back(reminder, completion)
                webhooks.happened(user.pk, "reminder.changed", [reminder.pk])
                completion.delete()
            else:
                changed += 1
    return undone, changed


def _bring_back(reminder: Reminder, completion: Completion) -> None:
    """As it was, but at its time on the wall, where its person has moved to another zone since."""
    before = completion.state()
    for name, value in before.items():
        setattr(reminder, name, value)
    floats = reminder.day and not (reminder.zone or reminder.done)
    if floats and schedule.due_at(reminder) != reminder.due:
        moving.set_anew(reminder, timezone.now())
    _write(reminder, **{name: getattr(reminder, name) for name in before})


def locked(user, reminder_ids: Iterable[uuid.UUID], with_steps: bool = False) -> list[Reminder]:
    """Always in the same order: two who lock some of the same ones don't wait for each other."""
    ids = list(reminder_ids)
    asked = Q(pk__in=ids) | Q(parent__in=ids) if with_steps else Q(pk__in=ids)
    reminders = user.reminders.living().listed().filter(asked)
    return list(reminders.select_for_update().order_by("pk"))


def _write(reminder: Reminder, **changed: object) -> None:
    reminder.version += 1
    reminder.acted = timezone.now()
    for name, value in changed.items():
        setattr(reminder, name, value)
    reminder.save(update_fields=["version", "acted", *changed])
