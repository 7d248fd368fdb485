"""The titles of a person's notes, opened and in order, in the memory of this process.

They are kept up with the database by the running number of the person's changes, as the search is:
each call knows what any process has saved before. Which notes are in the list, the archive or the
trash isn't known here: these change without a number, and the database is asked.
"""

import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from accounts.fields import opened_rows
from accounts.models import Tombstone, User
from ahfai.textindex.words import fold

# Of all people together; of the one who came last, all.
MOST_TITLES = 50_000
_NUMBER = re.compile(r"(\d+)")

_known: OrderedDict[uuid.UUID, "Titles"] = OrderedDict()
_lock = threading.Lock()


class Place(NamedTuple):
    """Where a title stands: without regard to case and accents, numbers by their size, and what
    has no title at the end."""

    is_empty: bool
    parts: tuple[str | int, ...]
    id: uuid.UUID

    @classmethod
    def of(cls, title: str, note_id: uuid.UUID) -> "Place":
        # Text and numbers take turns, so that only like is compared with like.
        turns = enumerate(_NUMBER.split(fold(title)))
        parts = tuple(int(part) if turn % 2 else part for turn, part in turns)
        return cls(not title, parts, note_id)


class Titled(NamedTuple):
    """A note; `changed` is in UTC and begins with "2026-05-31 23:59:59"."""

    place: Place
    title: str
    changed: str

    @property
    def id(self) -> uuid.UUID:
        return self.place.id


@dataclass(frozen=True)
class Titles:
    """As they were at the change of this number, those in the archive and the trash among them."""

    as_of: int
    in_order: list[Titled]

    @cached_property
    def places(self) -> list[Place]:
        return [one.place for one in self.in_order]

    def places_of(self, ids: Iterable[uuid.UUID]) -> list[Place]:
        """Also in order."""
        return sorted(self._by_id[one] for one in ids if one in self._by_id)

    @cached_property
    def _by_id(self) -> dict[uuid.UUID, Place]:
        return {place.id: place for place in self.places}

    @cached_property
    def newest_first(self) -> list[tuple[Titled, str]]:
        """What was changed last comes first; each with its folded title."""
        found = sorted(self.in_order, key=lambda one: (one.changed, one.id), reverse=True)
        return [(one, fold(one.title)) for one in found]


def of(user: User) -> Titles:
    """As everybody has saved them until now."""
    now = User.objects.values_list("change_number", flat=True).get(pk=user.pk)
    with _lock:
        known = _known.get(user.pk)
    if known is None or known.as_of != now:
        known = _kept_up(user, known, now)
    _remember(user.pk, known)
    return known


def people() -> list[uuid.UUID]:
    """Whose titles this process has."""
    with _lock:
        return list(_known)


def forget(person: uuid.UUID) -> None:
    with _lock:
        _known.pop(person, None)


def _kept_up(user: User, known: Titles | None, now: int) -> Titles:
    """What comes or goes while this reads is read once more the next time."""
    notes = user.notes.all()
    gone = set[uuid.UUID]()
    if known is not None:
        notes = notes.filter(change_number__gt=known.as_of)
        tombstones = Tombstone.objects.filter(owner=user, change_number__gt=known.as_of)
        # Before the notes: one that was deleted may have come in again, under its own id.
        gone |= set(tombstones.values_list("key", flat=True))
    rows = opened_rows(notes, "title", "changed")
    new = [
        Titled(Place.of(title, uuid.UUID(bytes=note_id)), title, changed)
        for note_id, title, changed in rows
    ]
    gone |= {one.id for one in new}
    old = [one for one in known.in_order if one.id not in gone] if known is not None else []
    return Titles(now, sorted([*old, *new]))


def _remember(person: uuid.UUID, titles: Titles) -> None:
    with _lock:
        _known[person] = titles
        _known.move_to_end(person)
        count = sum(len(one.in_order) for one in _known.values())
        while count > MOST_TITLES and len(_known) > 1:
            _person, oldest = _known.popitem(last=False)
            count -= len(oldest.in_order)
