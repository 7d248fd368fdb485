"""A reminder's words and times on their way to the disk."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from accounts.sealing.lookup import fold
from reminders import own_lists, schedule
from reminders.models import ChosenChannel, Reminder

MAX_STEPS = 100
TIMES = ("day", "at", "zone", "rrule", "repeat_from")


class TooManySteps(Exception):
    """There are MAX_STEPS steps of it already."""


class Outdated(Exception):
    """Somebody has changed it since; `reminder` is how they left it."""

    def __init__(self, reminder: Reminder) -> None:
        super().__init__()
        self.reminder = reminder


def create(
    user,
    wanted: dict[str, Any],
    names: Collection[str] = (),
    page: uuid.UUID | None = None,
    told_by: Collection[uuid.UUID] | None = None,
) -> Reminder:
    """A new reminder with the tags of these names, unless the page `page` has made the very same
    one before. Another one from there is a second reminder: somebody went back to the page.

    `wanted` are columns: the words, the priority, the list or the parent, and what TIMES says.
    `told_by` are channels of its own.
    Raises for a step Reminder.DoesNotExist, where its parent can have none, and TooManySteps.
    """
    made = user.reminders.open().filter(made_by=page).first() if page else None
    if made and _is_as(made, wanted, names, told_by):
        return made
    try:
        with transaction.atomic():
            return _create(user, wanted, names, None if made else page, told_by)
    except IntegrityError:
        # The twin of this request was quicker by a moment, or the page's reminder is done.
        made = user.reminders.open().filter(made_by=page).first()
        if made and _is_as(made, wanted, names, told_by):
            return made
    with transaction.atomic():
        return _create(user, wanted, names, None, told_by)


def _create(
    user,
    wanted: dict[str, Any],
    names: Collection[str],
    page: uuid.UUID | None,
    told_by: Collection[uuid.UUID] | None,
) -> Reminder:
    parent = _parent_with_room(user, wanted.get("parent_id"))
    number = changes.next_number(user.pk)
    reminder = Reminder(owner=user, made_by=page, change_number=number, **wanted)
    reminder.list_id = parent.list_id if parent else own_lists.still_there(user, reminder.list_id)
    schedule.settle(reminder, timezone.now())
    reminder.save(force_insert=True)
    reminder.tags.set(tags.named(user, names), through_defaults={"owner": user})
    _choose(reminder, told_by)
    webhooks.happened(user.pk, "reminder.created", [reminder.pk])
    return reminder


def _parent_with_room(user, parent_id: uuid.UUID | None) -> Reminder | None:
    """It has to be there, open, and a step of nothing itself."""
    if parent_id is None:
        return None
    there = user.reminders.open().filter(parent=None).listed()
    parent = there.select_for_update().get(pk=parent_id)
    if parent.steps.living().count() >= MAX_STEPS:
        raise TooManySteps
    return parent


def _choose(reminder: Reminder, told_by: Collection[uuid.UUID] | None) -> None:
    """Let it have these of its owner's channels; None leaves them as they are."""
    if told_by is None:
        return
    reminder.chosen.exclude(channel__in=told_by).delete()
    there = reminder.owner.channels.filter(pk__in=told_by)
    ChosenChannel.objects.bulk_create(
        [ChosenChannel(owner=reminder.owner, reminder=reminder, channel=one) for one in there],
        ignore_conflicts=True,
    )


def save(
    reminder: Reminder,
    version: int,
    wanted: dict[str, Any],
    names: Collection[str],
    told_by: Collection[uuid.UUID] | None = None,
) -> Reminder:
    """What was made of `version` of the reminder. Returns it as saved.

    Raises Outdated, Reminder.DoesNotExist when it is no longer there to be changed, and SealError
    when the earlier words can't be opened.
    """
    with transaction.atomic():
        kept = Reminder.objects.open().select_for_update().get(pk=reminder.pk)
        if kept.version != version:
            # A page whose answer got lost sends the same again.
            if _is_as(kept, wanted, names, told_by):
                return kept
            raise Outdated(kept)
        number = changes.next_number(kept.owner_id)
        # What can't be opened isn't overwritten.
        before = {name: getattr(kept, name) for name in wanted}
        for name, value in wanted.items():
            setattr(kept, name, value)
        if kept.parent:
            # A step is where its parent is.
            kept.list_id = kept.parent.list_id
        else:
            kept.list_id = own_lists.still_there(kept.owner, kept.list_id)
        moved: tuple[str, ...] = ()
        if any(before[name] != wanted[name] for name in TIMES):
            moved = schedule.settle(kept, timezone.now())
        kept.version, kept.changed, kept.change_number = version + 1, timezone.now(), number
        kept.save(update_fields=["version", "changed", "change_number", *wanted, *moved])
        kept.steps.exclude(list=kept.list_id).update(list=kept.list_id)
        kept.tags.set(tags.named(kept.owner, names), through_defaults={"owner": kept.owner})
        _choose(kept, told_by)
        webhooks.happened(kept.owner_id, "reminder.changed", [kept.pk])
        tags.drop_unused(kept.owner)
    return kept


def _is_as(
    reminder: Reminder,
    wanted: dict[str, Any],
    names: Collection[str],
    told_by: Collection[uuid.UUID] | None,
) -> bool:
    """Whether it is just what a page asks for, with its tags and channels: nothing is lost where
    the page isn't listened to."""
    if any(getattr(reminder, name) != value for name, value in wanted.items()):
        return False
    if {fold(tag.name) for tag in reminder.tags.all()} != set(map(fold, names)):
        return False
    chosen = reminder.chosen.values_list("channel", flat=True)
    return told_by is None or set(chosen) == set(told_by)
