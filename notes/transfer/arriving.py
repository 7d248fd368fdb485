"""Notes from outside on their way to the disk, in batches of one short transaction each.

A note that came in before is known by a keyed hash of where it came from and what it said, so that
nothing comes in twice, however often an archive is read. A note that was changed here since stays
as it is; one that was changed outside comes in beside it. Nothing is ever overwritten.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from accounts import changes, tags
from accounts.models import Tag
from accounts.programs import webhooks
from accounts.sealing.lookup import fold, hashed, key_of
from ahfai.crypto import SealError
from notes import attachments, links
from notes.models import Link, Note, Tagging
from notes.transfer.files import Files
from notes.transfer.incoming import Incoming, Unit
from notes.transfer.reasons import Broken
from notes.writing import excerpt

AT_ONCE = 100
# Long notes make a batch shorter: others wait for its transaction. Large files do, too: the person
# sees how far it is, and may cancel it.
MOST_LETTERS = 2_000_000


@dataclass(frozen=True)
class Remark:
    """What is to be known of a file: that it didn't come in, or how."""

    name: str
    code: str
    note: Note | None = None


@dataclass
class Batch:
    """What became of the next `done` units."""

    done: int = 0
    added: int = 0
    present: int = 0
    broken: int = 0
    remarks: list[Remark] = field(default_factory=list)
    # Where notes of our own export are here, by the ids that they have there.
    places: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)


class Ledger(Protocol):
    """Keeps account of the batches, each inside the transaction that stores it."""

    def may_go_on(self) -> bool: ...

    def enter(self, batch: Batch) -> None: ...


def take_in(user, units: Sequence[Unit], ledger: Ledger, first: int = 0) -> bool:
    """Take in the units from number `first` on. False where the ledger ended it before the end.

    Raises Refused where the archive turns out to hold too much.
    """
    for batch, incoming in _batches(units[first:]):
        with transaction.atomic():
            if not ledger.may_go_on():
                return False
            files, fresh = _with_files(user, incoming)
        for one in fresh:
            files.bring(one)
        with transaction.atomic():
            if not ledger.may_go_on():
                return False
            _store(user, incoming, files, batch)
            ledger.enter(batch)
    return True


def _with_files(user, incoming: list[tuple[str, Incoming]]) -> tuple[Files, list[Incoming]]:
    """Those of the notes that aren't here yet and have files. Inside the caller's transaction."""
    changes.next_number(user.pk)
    key = key_of(user)
    having = [one for _name, one in incoming if one.attachments]
    known = _Known(user, key, having)
    fresh = [one for one in having if not known.is_here(one, known.hash_of(one))]
    return Files(user, key), fresh


def _batches(units: Sequence[Unit]) -> Iterator[tuple[Batch, list[tuple[str, Incoming]]]]:
    batch, found, letters = Batch(), list[tuple[str, Incoming]](), 0
    for unit in units:
        batch.done += 1
        try:
            incoming = unit.load()
        except Broken as broken:
            batch.broken += 1
            batch.remarks.append(Remark(unit.name, broken.code))
        else:
            found.append((unit.name, incoming))
            letters += len(incoming.body)
            letters += sum(file.size for file in incoming.attachments.values())
        if batch.done == AT_ONCE or letters > MOST_LETTERS:
            yield batch, found
            batch, found, letters = Batch(), [], 0
    if batch.done:
        yield batch, found


def _store(user, incoming: list[tuple[str, Incoming]], files: Files, batch: Batch) -> None:
    """Inside the caller's transaction."""
    number = changes.next_number(user.pk)
    key = key_of(user)
    known = _Known(user, key, [one for _name, one in incoming])
    new: list[tuple[Note, Incoming]] = []
    now = timezone.now()
    for name, one in incoming:
        source_hash = known.hash_of(one)
        if known.is_here(one, source_hash):
            batch.present += 1
            if one.id:
                batch.places[one.id] = known.place_of(one, source_hash)
            continue
        body, out, are_all = files.settle(one)
        note = _note(user, key, replace(one, body=body), now)
        note.pk, note.source_hash, note.change_number = known.id_for(one), source_hash, number
        if one.id in known.differing:
            batch.remarks.append(Remark(name, "kept_both", note))
        if one.remark:
            batch.remarks.append(Remark(name, one.remark, note))
        batch.remarks += [Remark(file, code, note) for file, code in out]
        if not are_all:
            batch.remarks.append(Remark(name, "attachments", note))
        known.add(one, note)
        if one.id:
            batch.places[one.id] = note.pk
        new.append((note, one))
    batch.added = len(new)
    Note.objects.bulk_create(note for note, _one in new)
    webhooks.happened(user.pk, "note.created", [note.pk for note, _one in new])
    carried = _tags(user, (name for _note, one in new for name in one.tags))
    Tagging.objects.bulk_create(
        Tagging(owner=user, note=note, tag=carried[name])
        for note, one in new
        for name in {fold(name): None for name in one.tags}
    )
    Link.objects.bulk_create(
        Link(owner=user, note=note, title_hash=title_hash)
        for note, one in new
        for title_hash in sorted({links.title_hash(key, to) for to in links.titles_in(one.body)})
    )
    attachments.keep_of_new(user, {note.pk: note.body for note, _one in new})


def _note(user, key: bytes, one: Incoming, now: datetime) -> Note:
    updated = min(one.updated or one.created or now, now)
    return Note(
        owner=user,
        title=one.title,
        body=one.body,
        excerpt=excerpt(one.body),
        title_hash=links.title_hash(key, one.title),
        created=min(one.created or updated, now),
        changed=updated,
        pinned=one.pinned and not one.archived and not one.trashed,
        archived=one.archived,
        # Anew: what lay in the trash elsewhere for long must not be gone in an hour here.
        trashed=now if one.trashed else None,
    )


class _Known:
    """Which of some incoming notes are here already."""

    def __init__(self, user, key: bytes, incoming: list[Incoming]) -> None:
        self._key = key
        ids = [one.id for one in incoming if one.id]
        hashes = [self.hash_of(one) for one in incoming]
        notes = user.notes.filter(source_hash__in=hashes)
        self._hashes: dict[str, uuid.UUID] = dict(notes.values_list("source_hash", "pk"))
        self._mine: dict[uuid.UUID, Note] = {
            note.pk: note for note in user.notes.filter(pk__in=ids).only("owner", "title", "body")
        }
        # Somebody else here may have the very same export.
        others = Note.objects.filter(pk__in=ids).exclude(owner=user)
        self._taken = set(others.values_list("pk", flat=True))
        self.differing: set[uuid.UUID] = set()

    def hash_of(self, one: Incoming) -> str:
        said = "\0".join((one.source, one.title, one.body)).encode(errors="replace")
        return hashed(self._key, "note source", hashlib.sha256(said).hexdigest())

    def is_here(self, one: Incoming, source_hash: str) -> bool:
        if source_hash in self._hashes:
            return True
        mine = self._mine.get(one.id) if one.id else None
        if mine is None:
            return False
        try:
            is_same = (mine.title, mine.body) == (one.title, one.body)
        except SealError:
            is_same = False
        if not is_same:
            self.differing.add(mine.pk)
        return is_same

    def place_of(self, one: Incoming, source_hash: str) -> uuid.UUID:
        """Of one that is here."""
        return self._hashes.get(source_hash) or self._mine[one.id].pk  # type: ignore[index]

    def id_for(self, one: Incoming) -> uuid.UUID:
        if one.id is None or one.id in self._mine or one.id in self._taken:
            return uuid.uuid4()
        return one.id

    def add(self, one: Incoming, note: Note) -> None:
        self._hashes[self.hash_of(one)] = note.pk
        if note.pk == one.id:
            self._mine[note.pk] = note


def _tags(user, names: Iterable[str]) -> dict[str, Tag]:
    """The person's tags of these names, by the folded ones."""
    each = list(dict.fromkeys(names))
    return {fold(name): tag for name, tag in zip(each, tags.named(user, each), strict=True)}
