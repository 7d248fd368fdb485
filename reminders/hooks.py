"""What reminders hand to the roof: their words for the search, how a found one is shown, and what
ends when somebody leaves."""

import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import opened_rows
from ahfai.asked import Found, Holders
from ahfai.crypto import SealError
from ahfai.textindex.documents import Document
from reminders import order, transfer, words
from reminders.models import Delivery, Reminder, ReminderQuerySet, Tagging

KINDS = frozenset({"reminder"})
# What webhooks can be told of: see `accounts.programs.webhooks`.
EVENTS = {
    "reminder.created": _("A reminder is new"),
    "reminder.changed": _("A reminder is changed"),
    "reminder.due": _("A reminder is due"),
    "reminder.done": _("A reminder is done"),
    "reminder.trashed": _("A reminder is thrown away"),
    "reminder.restored": _("A reminder is back from the trash"),
    "reminder.deleted": _("A reminder is deleted for good"),
}


def documents(user, since: int | None, again: Iterable[uuid.UUID]) -> Iterator[Document]:
    """All, newest first; or what changed after the number `since`, oldest first."""
    if since is None:
        reminders = user.reminders.order_by("-change_number")
    else:
        reminders = user.reminders.filter(change_number__gt=since).order_by("change_number")
    for reminder_id, title, details, when, number in opened_rows(
        reminders, "title", "details", "changed", "change_number"
    ):
        yield Document("reminder", reminder_id, reminder_id, title, details, when, number)


def unfinished(user) -> set[uuid.UUID]:
    """No reminder grows without a number of its own."""
    return set()


def holding(user, asked: Holders) -> ReminderQuerySet:
    """The reminders that what is asked can be in. There is no archive of them."""
    reminders = user.reminders.filter(trashed__isnull=not asked.trashed)
    if asked.archived:
        return reminders.none()
    links = Tagging.objects.filter(reminder=OuterRef("pk"))
    for tags in asked.tags:
        reminders = reminders.filter(Exists(links.filter(tag__in=tags)))
    if asked.no_tags:
        reminders = reminders.exclude(Exists(links.filter(tag__in=asked.no_tags)))
    return reminders


def newest(user, asked: Holders, most: int) -> list[Found]:
    """The reminders themselves, of which nothing was asked but where they are."""
    reminders = holding(user, asked).order_by("-changed", "-pk")
    if asked.since:
        reminders = reminders.filter(changed__gte=asked.since)
    if asked.until:
        reminders = reminders.filter(changed__lt=asked.until)
    return [_found(reminder) for reminder in reminders[:most]]


def show(user, keys: Iterable[uuid.UUID], trashed: bool = False) -> dict[uuid.UUID, Found]:
    """Those of the found reminders that are there, in the trash or not."""
    reminders = user.reminders.filter(pk__in=list(keys), trashed__isnull=not trashed)
    return {reminder.pk: _found(reminder) for reminder in reminders}


@dataclass(frozen=True)
class Open:
    """A reminder that is to be done, and when."""

    title: str
    address: str
    when: str


def open_about(user, kind: str, key: uuid.UUID) -> list[Open]:
    """Those about a thing of another app, the next one first."""
    about = user.reminders.open().filter(about_kind=kind, about_id=key).listed()
    today = timezone.localdate()
    return [
        Open(_opened(one, "title") or "", one.get_absolute_url(), words.when(one, today))
        for one in about.order_by(F("due").asc(nulls_last=True), "created")
    ]


def hush(user) -> bool:
    """Have nothing more be sent for this person; whether nothing is on its way any more."""
    waiting = user.deliveries.filter(state=Delivery.State.WAITING)
    leased = waiting.filter(lease_until__gte=Now())
    waiting.exclude(pk__in=leased.values("pk")).update(
        state=Delivery.State.DROPPED, lease_until=None, lease_token=None
    )
    return not leased.exists()


def in_trash_since(user, moment: datetime) -> QuerySet:
    """What the person put into the trash before that moment."""
    return user.reminders.filter(trashed__lt=moment)


def delete(one: Reminder) -> None:
    """For good."""
    order.delete(one)


def export(user, packed: zipfile.ZipFile) -> Iterator[int]:
    """Yields 1 behind each reminder; what is packed so far can be taken out then."""
    return transfer.write(packed, user)


def to_export(user) -> int:
    return user.reminders.count()


def _found(reminder: Reminder) -> Found:
    title, details = _opened(reminder, "title"), _opened(reminder, "details") or ""
    # What is in the trash can only be put back there.
    address = reverse("reminders:trash") if reminder.trashed else reminder.get_absolute_url()
    return Found(reminder.pk, title, details, address, reminder.changed)


def _opened(reminder: Reminder, column: str) -> str | None:
    """What can't be opened can't be found, and keeps nothing else from being found."""
    try:
        return getattr(reminder, column)
    except SealError:
        return None
