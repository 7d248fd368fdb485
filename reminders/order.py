"""Keeping reminders in order: tagged, put into the trash, and back; what they take along."""

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from reminders import schedule
from reminders.models import Notice, Reminder, Tagging

TRASH_KEPT_FOR = datetime.timedelta(days=30)


def trash(user, reminder_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Put those of the person's reminders into the trash, and their steps; nobody is told of them
    there. Returns those of the ids that are there now."""
    now, asked = timezone.now(), list(reminder_ids)
    with transaction.atomic():
        found = _locked(user.reminders.living().filter(_with_steps(asked)))
        ids = [one.pk for one in found]
        Reminder.objects.filter(pk__in=ids).update(trashed=now, next_fire_at=None)
        Notice.objects.filter(reminder__in=ids, read=None).update(read=now)
        webhooks.happened(user.pk, "reminder.trashed", ids)
    return [one for one in ids if one in asked]


def restore(user, reminder_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Take them out of the trash, and the steps that came there along with them. What came due
    while they lay there is told of late. Returns those of the ids that are back."""
    asked = list(reminder_ids)
    with transaction.atomic():
        found = _locked(user.reminders.in_trash().filter(_with_steps(asked)))
        since = {one.pk: one.trashed for one in found if one.pk in asked}
        back = []
        for reminder in found:
            assert reminder.trashed
            came_along = reminder.parent_id and since.get(reminder.parent_id) == reminder.trashed
            if reminder.pk not in asked and not came_along:
                continue
            next_fire_at = None if reminder.done else schedule.coming(reminder, reminder.trashed)
            Reminder.objects.filter(pk=reminder.pk).update(trashed=None, next_fire_at=next_fire_at)
            back.append(reminder.pk)
        webhooks.happened(user.pk, "reminder.restored", back)
    return list(since)


def _with_steps(reminder_ids: list[uuid.UUID]) -> Q:
    return Q(pk__in=reminder_ids) | Q(parent__in=reminder_ids)


def add_tags(user, reminder_ids: Iterable[uuid.UUID], names: Iterable[str]) -> int:
    """Let those of the person's reminders carry these tags, too. Returns how many reminders."""
    with transaction.atomic():
        found = _locked(user.reminders.living().filter(pk__in=list(reminder_ids)))
        changes.next_number(user.pk)
        wanted = tags.named(user, names) if found else []
        for reminder in found:
            reminder.tags.add(*wanted, through_defaults={"owner": user})
        webhooks.happened(user.pk, "reminder.changed", [one.pk for one in found])
    return len(found)


def take_tag_off(user, reminder_ids: Iterable[uuid.UUID], tag_id: uuid.UUID) -> int:
    """Take the tag, and those nested in it, off these reminders. Returns how many reminders."""
    with transaction.atomic():
        found = _locked(user.reminders.living().filter(pk__in=list(reminder_ids)))
        changes.next_number(user.pk)
        unwanted = [tag.id for tag in tags.family(user, tag_id)]
        Tagging.objects.filter(reminder__in=found, tag__in=unwanted).delete()
        webhooks.happened(user.pk, "reminder.changed", [one.pk for one in found])
        tags.drop_unused(user)
    return len(found)


def delete(reminder: Reminder) -> None:
    """For good, with its steps and what was done with them. Steps that were taken out of the trash
    alone stay, as reminders of their own."""
    with transaction.atomic():
        found = _locked(Reminder.objects.filter(_with_steps([reminder.pk])))
        kept = next((one for one in found if one.pk == reminder.pk), None)
        if kept is None:
            return
        apart = [one.pk for one in found if kept.trashed and not one.trashed]
        gone = [one.pk for one in found if one.pk not in apart]
        changes.bury(reminder.owner_id, gone)
        webhooks.happened(reminder.owner_id, "reminder.deleted", gone)
        Reminder.objects.filter(pk__in=apart).update(parent=None)
        reminder.delete()
        tags.drop_unused(reminder.owner)


def purge_reminders() -> int:
    """Delete those that were put into the trash 30 days ago or earlier. Returns how many."""
    old = Reminder.objects.filter(trashed__lt=timezone.now() - TRASH_KEPT_FOR)
    gone = 0
    # One by one, so that no transaction holds others up for long.
    for reminder in old.only("pk", "owner"):
        with transaction.atomic():
            # Somebody may have taken it out of the trash meanwhile.
            if old.select_for_update().filter(pk=reminder.pk).exists():
                delete(reminder)
                gone += 1
    return gone


def _locked(reminders) -> list[Reminder]:
    """Always in the same order: two who lock some of the same ones don't wait for each other."""
    return list(reminders.listed().select_for_update().order_by("pk"))
