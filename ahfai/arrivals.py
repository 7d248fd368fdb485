"""What comes in from a file: everything of our own export, chats of other programs, or notes."""

import json
import uuid
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.db import transaction

from accounts import audit, transfer
from accounts.models import User
from ahfai.exporting import MANIFEST, VERSION
from chats.transfer import arriving as chats
from chats.transfer import settings as chat_settings
from chats.transfer import sources as chat_sources
from chats.transfer.arriving import Places
from chats.transfer.incoming import ChatUnit
from chats.transfer.reasons import SENTENCES as OF_CHATS
from notes.transfer import arriving as notes
from notes.transfer import importing
from notes.transfer import sources as note_sources
from notes.transfer.archives import Archive, Entry
from notes.transfer.arriving import Batch, Remark
from notes.transfer.importing import Told
from notes.transfer.incoming import Unit
from notes.transfer.reasons import SENTENCES as OF_NOTES
from notes.transfer.reasons import Broken, Refused
from reminders import transfer as reminders

SENTENCES = {**OF_NOTES, **OF_CHATS}
AT_ONCE = 100


def take_in(user: User, archive: Archive, rows: Told, first: int) -> bool:
    """Whatever it is. False where it was ended before; raises Refused where it can't be taken in.

    What was begun and not ended begins anew, since what is here already is known: only an archive
    of notes goes on at number `first`.
    """
    manifest = archive.by_name.get(MANIFEST)
    if manifest and _is_ours(_json(archive, manifest)):
        rows.begin_anew()
        return _Everything(user, archive, rows).take_in()
    if files := _files_of_chats(archive):
        rows.begin_anew()
        return _take_in_chats(user, archive, files, rows)
    return importing.notes_of(user, archive, rows, first)


def _is_ours(said: Any) -> bool:
    if not isinstance(said, dict) or said.get("ahfai") != "export":
        return False
    if said.get("version") != VERSION:
        raise Refused("newer")
    return True


def _files_of_chats(archive: Archive) -> list[Entry]:
    found = [one for one in archive.entries if chat_sources.is_of_others(archive, one)]
    return sorted(found, key=lambda entry: entry.name)


def _take_in_chats(user: User, archive: Archive, files: list[Entry], rows: Told) -> bool:
    rows.expect(sum(1 for _unit in _chats_in(archive, files)))
    is_whole = chats.take_in(user, _chats_in(archive, files), rows, Places())
    audit.record(user, audit.Event.IMPORTED, kind="chats")
    return is_whole


def _chats_in(archive: Archive, files: list[Entry]) -> Iterator[ChatUnit]:
    return chain.from_iterable(chat_sources.units_of_others(archive, one) for one in files)


class _Everything:
    """Our own export. Notes come first, since chats and reminders refer to them."""

    def __init__(self, user: User, archive: Archive, rows: Told) -> None:
        self.user, self.archive, self.rows = user, archive, rows
        self.places = Places()

    def take_in(self) -> bool:
        own = self._notes()
        chat_files = self._named("chats/chats-")
        lines = self._named("reminders/reminders")
        self.rows.expect(
            len(own)
            + sum(1 for _unit in self._chats(chat_files))
            + sum(b'"id"' in (line or b"") for line in self._lines(lines))
        )
        return (
            self._take_notes(own)
            and chats.take_in(self.user, self._chats(chat_files), self.rows, self.places)
            and self._take_reminders(lines)
            and self._take_settings()
        )

    def _named(self, beginning: str) -> list[Entry]:
        found = (one for one in self.archive.entries if one.name.startswith(beginning))
        return sorted((one for one in found if one.ending == ".jsonl"), key=lambda one: one.name)

    def _notes(self) -> list[Unit]:
        part = self.archive.within("notes")
        part.entries = [one for one in part.entries if one.name != "not exported.txt"]
        return note_sources.units(part, self.user.zone) if part.entries else []

    def _take_notes(self, units: list[Unit]) -> bool:
        rows = _Noting(self.rows, self.places.notes)
        return notes.take_in(self.user, units, rows) if units else True

    def _chats(self, files: list[Entry]) -> Iterator[ChatUnit]:
        return chain.from_iterable(chat_sources.own_units(self.archive, one) for one in files)

    def _lines(self, files: list[Entry]) -> Iterator[bytes | None]:
        return chain.from_iterable(chat_sources.lines(self.archive, one) for one in files)

    def _take_reminders(self, files: list[Entry]) -> bool:
        lines = (line for line in self._lines(files) if line != b"")
        arrivals = reminders.Arrivals(self.user, self._place_of)
        while some := list(islice(lines, AT_ONCE)):
            with transaction.atomic():
                if not self.rows.may_go_on():
                    return False
                result = arrivals.store(some)
                broken = [Remark(name, "reminder_not_understood") for name in result.broken]
                done = result.added + result.present + len(broken)
                batch = Batch(done, result.added, result.present, len(broken), broken)
                self.rows.enter(batch)
        return True

    def _place_of(self, kind: str, key: uuid.UUID) -> uuid.UUID:
        places = {"note": self.places.notes, "chat": self.places.chats}.get(kind, {})
        return places.get(key, key)

    def _take_settings(self) -> bool:
        entry = self.archive.by_name.get("settings.json")
        said = _json(self.archive, entry) if entry else None
        with transaction.atomic():
            if isinstance(said, dict):
                transfer.take_in(self.user, said)
                chat_settings.take_in(self.user, said)
            audit.record(self.user, audit.Event.IMPORTED, kind="everything")
        return True


class _Noting:
    """Hands on what notes report, and keeps where they are."""

    def __init__(self, rows: Told, places: dict[uuid.UUID, uuid.UUID]) -> None:
        self._rows, self._places = rows, places

    def may_go_on(self) -> bool:
        return self._rows.may_go_on()

    def enter(self, batch: Batch) -> None:
        self._places.update(batch.places)
        self._rows.enter(batch)


def _json(archive: Archive, entry: Entry) -> Any:
    try:
        return json.loads(archive.read(entry))
    except (Broken, ValueError, RecursionError):
        return None
