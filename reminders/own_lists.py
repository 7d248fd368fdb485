"""A person's lists of reminders: sealed names, found by a keyed hash, in the order they like.

Letter case makes no difference. A reminder is in one list or in none.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max, Q

from accounts import changes
from accounts.fields import opened_rows, sealed_for
from accounts.programs import webhooks
from accounts.sealing.lookup import fold, hashed, key_of
from reminders.models import List, Reminder

MAX_LISTS = 50


class NameTaken(ValueError):
    """The person has another list of that name."""


class TooMany(ValueError):
    """The person has MAX_LISTS lists already."""


@dataclass(frozen=True)
class Named:
    """A list with its opened name."""

    id: uuid.UUID
    name: str
    colour: str


def all_of(user) -> list[Named]:
    """The person's lists in their order."""
    rows = opened_rows(user.reminder_lists.order_by("place", "id"), "name", "colour")
    return [Named(uuid.UUID(bytes=list_id), name, colour) for list_id, name, colour in rows if name]


def within(lists: Iterable[Named], list_id: object) -> Named | None:
    """The one of this id among lists that were read before."""
    return next((one for one in lists if str(one.id) == str(list_id)), None)


def called(lists: Iterable[Named], name: str) -> Named | None:
    """The one of this name among lists that were read before."""
    return next((one for one in lists if fold(one.name) == fold(name)), None)


def counts(user) -> dict[uuid.UUID, int]:
    """How many open reminders each list has."""
    filed = user.reminders.open().filter(list__isnull=False).order_by()
    return dict(filed.values_list("list_id").annotate(Count("pk")))


def create(user, name: str, colour: str) -> List:
    """A new list, the last one. Raises NameTaken and TooMany."""
    with transaction.atomic():
        name_hash = _free_hash(user, name)
        there = user.reminder_lists.aggregate(count=Count("pk"), last=Max("place"))
        if there["count"] >= MAX_LISTS:
            raise TooMany
        place = 0 if there["last"] is None else there["last"] + 1
        return List.objects.create(
            owner=user, name=name, name_hash=name_hash, colour=colour, place=place
        )


def change(user, list_id: uuid.UUID, name: str, colour: str) -> bool:
    """Give the list another name and colour. False where it is gone. Raises NameTaken."""
    with transaction.atomic():
        name_hash = _free_hash(user, name, but=list_id)
        row = user.reminder_lists.filter(pk=list_id).first()
        if row is None:
            return False
        sealed = sealed_for(row, "name", name)
        List.objects.filter(pk=list_id).update(name=sealed, name_hash=name_hash, colour=colour)
    return True


def move(user, list_id: uuid.UUID, by: int) -> None:
    """So many places down, or up where it is less than nothing."""
    with transaction.atomic():
        changes.next_number(user.pk)
        ids = list(user.reminder_lists.order_by("place", "id").values_list("pk", flat=True))
        if list_id not in ids:
            return
        there = ids.index(list_id)
        ids.insert(max(there + by, 0), ids.pop(there))
        for place, one in enumerate(ids):
            List.objects.filter(pk=one).exclude(place=place).update(place=place)


def delete(user, list_id: uuid.UUID) -> None:
    """The list alone: its reminders stay, in none."""
    with transaction.atomic():
        changes.next_number(user.pk)
        user.reminder_lists.filter(pk=list_id).delete()


def put_into(user, reminder_ids: Iterable[uuid.UUID], list_id: uuid.UUID | None) -> int:
    """Let those of the person's reminders be in this list, or in none, with their steps; a step is
    where its parent is. Returns how many."""
    asked = list(reminder_ids)
    with transaction.atomic():
        found = user.reminders.living().filter(Q(pk__in=asked) | Q(parent__in=asked)).listed()
        moved = [
            one
            for one in found.select_for_update().order_by("pk")
            if one.parent_id is None or one.parent_id in asked
        ]
        changes.next_number(user.pk)
        there = Reminder.objects.filter(pk__in=[one.pk for one in moved])
        there.update(list=still_there(user, list_id))
        webhooks.happened(user.pk, "reminder.changed", [one.pk for one in moved])
    return sum(one.parent_id is None for one in moved)


def still_there(user, list_id: uuid.UUID | None) -> uuid.UUID | None:
    """The list, unless it was deleted meanwhile. Inside the caller's transaction, after
    `changes.next_number`, which lets one writer in."""
    is_there = list_id and user.reminder_lists.filter(pk=list_id).exists()
    return list_id if is_there else None


def _free_hash(user, name: str, but: uuid.UUID | None = None) -> str:
    changes.next_number(user.pk)
    name_hash = hashed(key_of(user), "list", name)
    if user.reminder_lists.filter(name_hash=name_hash).exclude(pk=but).exists():
        raise NameTaken
    return name_hash
