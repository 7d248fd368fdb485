"""Notes as Markdown with front matter, one by one or all in a ZIP that `arriving` takes in again.

A ZIP goes out piece by piece, as it is made: it never lies on the disk.
"""

import io
import re
import unicodedata
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from accounts import tags
from ahfai.crypto import SealError
from notes.models import Note, NoteQuerySet, Tagging
from notes.transfer import front_matter

AT_ONCE = 200
MAX_NAME_BYTES = 180
# Names that Windows keeps for devices, whatever follows after a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def page(note: Note, tag_names: list[str]) -> str:
    """One note as a file. Raises SealError where it can't be opened."""
    fields: list[tuple[str, str | list[str]]] = [
        ("title", front_matter.quoted(note.title)),
        ("created", _moment(note.created)),
        ("updated", _moment(note.changed)),
        ("tags", tag_names),
        ("id", str(note.pk)),
    ]
    states = {"pinned": note.pinned, "archived": note.archived, "trashed": bool(note.trashed)}
    fields += [(name, "true") for name, is_set in states.items() if is_set]
    return front_matter.write(fields, note.body)


def archive(user, notes: NoteQuerySet) -> Iterator[bytes]:
    """Those of the person's notes as a ZIP, in pieces."""
    ids = list(notes.order_by("created", "pk").values_list("pk", flat=True))
    named = {tag.id: tag.name for tag in tags.all_of(user)}
    sink, names, closed = _Sink(), Names(), []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for first in range(0, len(ids), AT_ONCE):
            some = user.notes.filter(pk__in=ids[first : first + AT_ONCE])
            carried = _tags_of(some, named)
            for note in some.order_by("created", "pk"):
                try:
                    text, name = page(note, carried[note.pk]), names.take(note.title)
                except SealError:
                    closed.append(str(note.pk))
                    continue
                packed.writestr(_entry(name, note.changed.astimezone(user.zone)), text.encode())
                yield sink.take()
        if closed:
            said = _("These notes could not be opened, so they are not in here:")
            packed.writestr("not exported.txt", "\n".join([said, *closed, ""]))
    yield sink.take()


def tags_of(note: Note) -> list[str]:
    named = {tag.id: tag.name for tag in tags.all_of(note.owner)}
    return _tags_of(Note.objects.filter(pk=note.pk), named)[note.pk]


class Names:
    """File names that are good everywhere, no two of them alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, title: str, ending: str = ".md") -> str:
        stem = file_name(title) or _("Untitled")
        name, number = stem + ending, 2
        while unicodedata.normalize("NFKC", name).casefold() in self._taken:
            name, number = f"{stem} {number}{ending}", number + 1
        self._taken.add(unicodedata.normalize("NFKC", name).casefold())
        return name


def file_name(title: str) -> str:
    """The title as a name that Windows, macOS and Linux take; "" where nothing is left of it."""
    shown = (" " if unicodedata.category(one)[0] in "CZ" else one for one in title)
    name = re.sub(r'[<>:"/\\|?*]', "-", "".join(shown))
    # No hidden file, and no dot or space at the end, which Windows drops.
    name = " ".join(name.split()).lstrip(". ")
    name = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").rstrip(". ")
    return f"_{name}" if _DEVICES.match(name) else name


def _tags_of(notes: NoteQuerySet, named: dict[uuid.UUID, str]) -> dict[uuid.UUID, list[str]]:
    carried: dict[uuid.UUID, list[str]] = defaultdict(list)
    for note_id, tag_id in Tagging.objects.filter(note__in=notes).values_list("note", "tag"):
        if tag_id in named:
            carried[note_id].append(named[tag_id])
    return defaultdict(list, {note_id: sorted(names) for note_id, names in carried.items()})


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _entry(name: str, when: datetime) -> zipfile.ZipInfo:
    year = min(max(when.year, 1980), 2107)
    entry = zipfile.ZipInfo(name, (year, *when.timetuple()[1:6]))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Sink(io.RawIOBase):
    """Takes what `zipfile` writes, until somebody fetches it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
