"""Deleting what a person hasn't used for as long as they said, once a day."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts import audit
from accounts.models import Retention, User
from chats import hooks as chats
from notes import hooks as notes
from reminders import hooks as reminders

ROOMS: tuple[Any, ...] = (chats, notes, reminders)
EVERY = datetime.timedelta(days=1)
# In one round of the worker: reminders are told of in between.
AT_ONCE = 50
TRASH_DAYS = 30
"""As long as everywhere: see `purge_trash` and its like."""


@dataclass(frozen=True)
class Outdated:
    """What would go now: chats that weren't used, and what lies in the trash."""

    chats: int
    trash: int


def of(user: User) -> Retention:
    """What the person has said; nothing for who never did."""
    return Retention.objects.filter(owner=user).first() or Retention(owner=user)


def is_shorter(wanted: Retention, before: Retention) -> bool:
    """Whether something may go by it that stays by the one before."""
    chats = wanted.chats and (before.chats is None or wanted.chats < before.chats)
    return bool(chats) or (wanted.trash or TRASH_DAYS) < (before.trash or TRASH_DAYS)


def outdated(retention: Retention) -> Outdated:
    now = timezone.now()
    unused, *thrown = [rows.count() for rows, _delete in _rows(retention, now)]
    return Outdated(unused, sum(thrown))


def keep(user: User, chats_days: int | None, trash_days: int | None, request: Any = None) -> None:
    """From now on, and what is older goes with the worker's next round."""
    said = {"chats": chats_days, "trash": trash_days}
    with transaction.atomic():
        due = timezone.now() - EVERY
        Retention.objects.update_or_create(owner=user, defaults={**said, "applied": due})
        audit.record(user, audit.Event.RETENTION_CHANGED, request, what=in_words(said))


def in_words(said: dict[str, int | None]) -> str:
    with override("en"):
        days = {name: f"{count} days" if count else "" for name, count in said.items()}
        return f"chats {days['chats'] or 'for ever'}, trash {days['trash'] or '30 days'}"


def apply() -> None:
    """A part of what is due, for each person; the rest at the next round."""
    now = timezone.now()
    for retention in Retention.objects.filter(applied__lte=now - EVERY).select_related("owner"):
        counts = [_delete_some(rows, delete) for rows, delete in _rows(retention, now)]
        if any(counts):
            what = _said(counts[0], sum(counts[1:]))
            audit.record(retention.owner, audit.Event.RETENTION_APPLIED, what=what)
        if max(counts) < AT_ONCE:
            # Not where it was changed meanwhile.
            same = Retention.objects.filter(pk=retention.pk, applied=retention.applied)
            same.update(applied=now)


def _said(unused: int, thrown: int) -> str:
    found = []
    if unused:
        found.append(ngettext("%(count)d chat", "%(count)d chats", unused) % {"count": unused})
    if thrown:
        found.append(_("%(count)d from the trash") % {"count": thrown})
    return ", ".join(found)


def _rows(
    retention: Retention, now: datetime.datetime
) -> Iterator[tuple[QuerySet[Any], Callable[[Any], object]]]:
    """Unused chats first, then what lies in the trash of each room."""
    user = retention.owner
    unused = user.chats.none()
    if retention.chats:
        unused = chats.unused_since(user, now - datetime.timedelta(days=retention.chats))
    yield unused, chats.delete
    since = now - datetime.timedelta(days=retention.trash or TRASH_DAYS)
    for room in ROOMS:
        yield room.in_trash_since(user, since), room.delete


def _delete_some(rows: QuerySet[Any], delete: Callable[[Any], object]) -> int:
    gone = 0
    for key in list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        # One by one, so that no transaction holds others up for long.
        with transaction.atomic():
            # Somebody may have used it, or taken it out of the trash, meanwhile.
            still = rows.filter(pk=key).select_for_update().only("pk", "owner").first()
            if still:
                delete(still)
                gone += 1
    return gone
