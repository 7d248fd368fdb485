"""What notes hand to the roof: their words for the search, and how something found is shown."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.fields import opened_rows
from ahfai.crypto import SealError
from ahfai.textindex import Document
from notes.models import Note


@dataclass(frozen=True)
class Found:
    """Something that was found, with the text that it was found in."""

    title: str
    text: str
    address: str
    when: datetime


def documents(user, since: int | None, again: Iterable[uuid.UUID]) -> Iterator[Document]:
    """What changed after the number `since`, or all; oldest first."""
    notes = user.notes.all() if since is None else user.notes.filter(change_number__gt=since)
    notes = notes.order_by("change_number")
    titles = dict(opened_rows(notes, "title"))
    for note_id, body in opened_rows(notes, "body"):
        # What was made a moment ago, between the two, is read once more at the next search.
        yield Document("note", note_id, note_id, title=titles.get(note_id, ""), body=body)


def unfinished(user) -> set[uuid.UUID]:
    """No note grows without a number of its own."""
    return set()


def show(user, keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Found]:
    """Those of the found notes that are there and not in the trash."""
    shown = {}
    for note in user.notes.living().filter(pk__in=list(keys)):
        title, body = _opened(note, "title"), _opened(note, "body")
        shown[note.pk] = Found(title, body or title, note.get_absolute_url(), note.changed)
    return shown


def _opened(note: Note, column: str) -> str:
    """What can't be opened can't be found, and keeps nothing else from being found."""
    try:
        return getattr(note, column)
    except SealError:
        return ""
