"""What notes hand to the roof: their words for the search, how something found is shown, and what
ends when somebody leaves."""

import uuid
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.fields import opened_rows
from ahfai.asked import Found, Holders
from ahfai.crypto import SealError
from ahfai.markdown import files
from ahfai.textindex.documents import Document
from notes import finding, order, titles, vectors
from notes.models import Note, NoteQuerySet, Tagging
from notes.places import PLACE_FOUND
from notes.transfer import exporting, importing

KINDS = frozenset({"note"})
# What webhooks can be told of: see `accounts.programs.webhooks`.
EVENTS = {
    "note.created": _("A note is new"),
    "note.changed": _("A note is changed"),
    "note.trashed": _("A note is thrown away"),
    "note.restored": _("A note is back from the trash"),
    "note.deleted": _("A note is deleted for good"),
}


def documents(user, since: int | None, again: Iterable[uuid.UUID]) -> Iterator[Document]:
    """All, newest first; or what changed after the number `since`, oldest first."""
    if since is None:
        notes = user.notes.order_by("-change_number")
    else:
        notes = user.notes.filter(change_number__gt=since).order_by("change_number")
    for note_id, title, body, when, number in opened_rows(
        notes, "title", "body", "changed", "change_number"
    ):
        yield Document("note", note_id, note_id, title, files.in_words(body), when, number)


def unfinished(user) -> set[uuid.UUID]:
    """No note grows without a number of its own."""
    return set()


def holding(user, asked: Holders) -> NoteQuerySet:
    """The notes that what is asked can be in."""
    notes = user.notes.filter(trashed__isnull=not asked.trashed)
    if asked.archived:
        notes = notes.filter(archived=True)
    links = Tagging.objects.filter(note=OuterRef("pk"))
    for tags in asked.tags:
        notes = notes.filter(Exists(links.filter(tag__in=tags)))
    return notes.exclude(Exists(links.filter(tag__in=asked.no_tags))) if asked.no_tags else notes


def newest(user, asked: Holders, most: int) -> list[Found]:
    """The notes themselves, of which nothing was asked but where they are."""
    notes = holding(user, asked).order_by("-changed", "-pk")
    if asked.since:
        notes = notes.filter(changed__gte=asked.since)
    if asked.until:
        notes = notes.filter(changed__lt=asked.until)
    return [_found(note) for note in notes[:most]]


def show(user, keys: Iterable[uuid.UUID], trashed: bool = False) -> dict[uuid.UUID, Found]:
    """Those of the found notes that are there, in the trash or not."""
    notes = user.notes.filter(pk__in=list(keys), trashed__isnull=not trashed)
    return {note.pk: _found(note) for note in notes}


def hush(user) -> bool:
    """Have the import that runs for this person end; whether none does any more."""
    for one in user.imports.filter(ended=None):
        importing.cancel(one)
    return not user.imports.filter(ended=None).exists()


def in_trash_since(user, moment: datetime) -> QuerySet:
    """What the person put into the trash before that moment."""
    return user.notes.filter(trashed__lt=moment)


def delete(one: Note) -> None:
    """For good."""
    order.delete(one)


def export(user, packed: zipfile.ZipFile) -> Iterator[int]:
    """Yields 1 behind each note; what is packed so far can be taken out then."""
    return exporting.write(packed, user, user.notes.all(), "notes/")


def to_export(user) -> int:
    return user.notes.count()


def in_memory() -> list[uuid.UUID]:
    """Whose notes this process has read."""
    return [*titles.people(), *finding.people(), *vectors.people()]


def forget(person: uuid.UUID) -> None:
    """Drop what this process has of them."""
    titles.forget(person)
    finding.forget_one(person)
    vectors.forget_one(person)


def _found(note: Note) -> Found:
    title, body = _opened(note, "title"), files.in_words(_opened(note, "body") or "")
    address = f"{note.get_absolute_url()}#{PLACE_FOUND}"
    return Found(note.pk, title, body, address, note.changed)


def _opened(note: Note, column: str) -> str | None:
    """What can't be opened can't be found, and keeps nothing else from being found."""
    try:
        return getattr(note, column)
    except SealError:
        return None
