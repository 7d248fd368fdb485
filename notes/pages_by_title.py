"""The list of notes by title, in pages: the order comes from opened titles in memory, and which
notes are in the list from the database."""

import base64
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import NamedTuple

from accounts.fields import Sealed, sealed_for
from accounts.models import User
from ahfai.crypto import SealError
from notes import titles
from notes.models import Note, NoteQuerySet
from notes.pages import PER_PAGE, Page

_Walk = Callable[[list[titles.Place]], Iterator[uuid.UUID]]


class _Key(NamedTuple):
    """Where a note stands in the list."""

    pinned: bool
    place: titles.Place


def page(user: User, notes: NoteQuerySet, asked: Mapping[str, str]) -> Page:
    """As `pages.page` does, of notes of this person: pinned ones first, then by title."""
    known = titles.of(user)
    # As a list of one, since no index helps SQLite with "AND pinned".
    pinned = notes.filter(pinned__in=[True]).values_list("pk", flat=True)
    above = known.places_of(pinned)
    before, after = _read(user, asked.get("before", "")), _read(user, asked.get("after", ""))
    if before:
        found = _first_of(notes, known, partial(_earlier, above, before))
        shown, is_more = found[:PER_PAGE][::-1], len(found) > PER_PAGE
        return Page(shown, _key(shown, 0) if is_more else "", _key(shown, -1))
    found = _first_of(notes, known, partial(_later, above, after))
    shown, is_more = found[:PER_PAGE], len(found) > PER_PAGE
    return Page(shown, _key(shown, 0) if after else "", _key(shown, -1) if is_more else "")


def _first_of(notes: NoteQuerySet, known: titles.Titles, walk: _Walk) -> list[Note]:
    """The notes of a page, and one more.

    Mostly, those whose titles come next are among the notes. Where they aren't (few notes carry
    the tag, say), the database lists all that are.
    """
    nearest = list(islice(walk(known.places), 2 * PER_PAGE))
    there = set(notes.filter(pk__in=nearest).values_list("pk", flat=True))
    found = [note_id for note_id in nearest if note_id in there]
    if len(found) <= PER_PAGE and len(nearest) == 2 * PER_PAGE:
        places = known.places_of(notes.values_list("pk", flat=True))
        found = list(islice(walk(places), PER_PAGE + 1))
    rows = notes.in_bulk(found[: PER_PAGE + 1])
    return [rows[note_id] for note_id in found if note_id in rows]


def _later(
    above: list[titles.Place], key: _Key | None, places: list[titles.Place]
) -> Iterator[uuid.UUID]:
    """Those of a list that come after the key, or all of it; `above` are the places of pinned
    notes, which come first."""
    if key is None or key.pinned:
        yield from (place.id for place in above[bisect_right(above, key.place) if key else 0 :])
    start = bisect_right(places, key.place) if key and not key.pinned else 0
    pinned = {place.id for place in above}
    yield from (place.id for place in places[start:] if place.id not in pinned)


def _earlier(
    above: list[titles.Place], key: _Key, places: list[titles.Place]
) -> Iterator[uuid.UUID]:
    """Those that come before the key, the nearest first."""
    end = bisect_left(above, key.place) if key.pinned else len(above)
    if not key.pinned:
        pinned = {place.id for place in above}
        below = reversed(places[: bisect_left(places, key.place)])
        yield from (place.id for place in below if place.id not in pinned)
    yield from (place.id for place in reversed(above[:end]))


def _key(notes: list[Note], place: int) -> str:
    """With the title as it is then, since it may become another one before the next page is asked
    for; sealed, since proxies and browsers keep addresses."""
    if not notes:
        return ""
    note = notes[place]
    try:
        title = note.title
    except SealError:
        # It stands where notes without a title do.
        title = ""
    sealed = base64.urlsafe_b64encode(sealed_for(note, "title", title).value).decode()
    return f"{int(note.pinned)}-{note.pk.hex}-{sealed}"


def _read(user: User, text: str) -> _Key | None:
    """None for what is no key of this person's."""
    pinned, _, rest = text.partition("-")
    note_id, _, sealed = rest.partition("-")
    column = Note._meta.get_field("title")
    try:
        note = Note(pk=uuid.UUID(note_id), owner=user)
        title = column.open(note, Sealed(column, base64.urlsafe_b64decode(sealed)))
    except (ValueError, SealError):
        return None
    return _Key(pinned == "1", titles.Place.of(title, note.pk))
