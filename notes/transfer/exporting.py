"""Notes as Markdown with front matter, one by one or all in a ZIP that `arriving` takes in again.

Their files go along, in a folder of the ZIP. A ZIP goes out piece by piece, as it is made: it never
lies on the disk, and no more than one part of a file is in memory.
"""

import io
import re
import unicodedata
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from accounts import files, tags
from accounts.models import SealedFile
from ahfai.crypto import SealError
from notes.models import Attachment, Note, NoteQuerySet, Tagging
from notes.transfer import carried, front_matter
from notes.transfer.carried import Carried

AT_ONCE = 200
MAX_NAME_BYTES = 180
# Names that Windows keeps for devices, whatever follows after a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def page(note: Note, tag_names: list[str], going_along: Iterable[Carried] = ()) -> str:
    """One note as a file, which says where its own files lie. Raises SealError where it can't be
    opened."""
    fields: list[tuple[str, str | list[str]]] = [
        ("title", front_matter.quoted(note.title)),
        ("created", _moment(note.created)),
        ("updated", _moment(note.changed)),
        ("tags", tag_names),
        ("id", str(note.pk)),
    ]
    states = {"pinned": note.pinned, "archived": note.archived, "trashed": bool(note.trashed)}
    fields += [(name, "true") for name, is_set in states.items() if is_set]
    if names := [str(one) for one in going_along]:
        fields.append((carried.FIELD, names))
    return front_matter.write(fields, carried.outward(note.body, going_along))


def archive(user, notes: NoteQuerySet) -> Iterator[bytes]:
    """Those of the person's notes as a ZIP, in pieces."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for _step in write(packed, user, notes):
            yield sink.take()
    yield sink.take()


def write(packed: zipfile.ZipFile, user, notes: NoteQuerySet, into: str = "") -> Iterator[int]:
    """Put those of the person's notes into a ZIP, below `into`, which ends with a slash.

    Yields 1 behind each note and 0 within its files: what is packed so far can be taken out then.
    """
    ids = list(notes.order_by("created", "pk").values_list("pk", flat=True))
    named = {tag.id: tag.name for tag in tags.all_of(user)}
    names, closed = Names(), []
    folder = Folder(packed, user.zone, into)
    for first in range(0, len(ids), AT_ONCE):
        some = user.notes.filter(pk__in=ids[first : first + AT_ONCE])
        carrying, having = _tags_of(some, named), _files_of(some)
        for note in some.order_by("created", "pk"):
            try:
                going_along = yield from folder.put(having[note.pk], note.body)
                text = page(note, carrying[note.pk], going_along)
                name = into + names.take(note.title)
            except SealError:
                closed.append(str(note.pk))
                continue
            packed.writestr(entry(name, note.changed.astimezone(user.zone)), text.encode())
            yield 1
    said = []
    if closed:
        said += [_("These notes could not be opened, so they are not in here:"), *closed, ""]
    if folder.closed:
        files_said = _("These files could not be opened, so they are not in here:")
        said += [files_said, *folder.closed, ""]
    if said:
        packed.writestr(into + "not exported.txt", "\n".join(said))


class Folder:
    """The files in a ZIP, each once."""

    def __init__(self, packed: zipfile.ZipFile, zone: tzinfo, into: str) -> None:
        self._packed = packed
        self._into = into
        self._zone = zone
        self._names = Names()
        self._there: dict[uuid.UUID, Carried] = {}
        # The ids of those that can't be opened.
        self.closed: dict[str, None] = {}

    def put(self, some: Iterable[SealedFile], body: str) -> Generator[int, None, list[Carried]]:
        """Put the files of this body into the ZIP, which goes out meanwhile."""
        going_along = []
        for file in some:
            if str(file.pk) in self.closed:
                continue
            one = self._there.get(file.pk)
            # Once more under another name where the words say by chance what would refer to it.
            while one is None or f"]({one.address})" in body:
                one = Carried(file.pk, f"{carried.FOLDER}/{self._take(file)}", _name_of(file))
            if self._there.get(file.pk) != one:
                if not _is_whole(file):
                    self.closed[str(file.pk)] = None
                    continue
                yield from self._pack(file, one)
                self._there[file.pk] = one
            going_along.append(one)
        return going_along

    def _take(self, file: SealedFile) -> str:
        name = PurePosixPath(_name_of(file))
        if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", name.suffix):
            return self._names.take(name.stem, name.suffix)
        return self._names.take(name.name, "")

    def _pack(self, file: SealedFile, one: Carried) -> Iterator[int]:
        info = entry(self._into + one.path, file.made.astimezone(self._zone))
        info.file_size = file.size
        with self._packed.open(info, "w") as target:
            for piece in files.read(file):
                target.write(piece)
                yield 0


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


def _files_of(notes: NoteQuerySet) -> dict[uuid.UUID, list[SealedFile]]:
    having: dict[uuid.UUID, list[SealedFile]] = defaultdict(list)
    rows = Attachment.objects.filter(note__in=notes, revision=None).select_related("file")
    for row in rows.order_by("file__made", "file"):
        having[row.note_id].append(row.file)
    return having


def _name_of(file: SealedFile) -> str:
    try:
        return file.name
    except SealError:
        # The bytes may open.
        return str(file.pk)


def _is_whole(file: SealedFile) -> bool:
    """Asked first, since what went out can't be taken back."""
    try:
        for _piece in files.read(file):
            pass
    except SealError:
        return False
    return True


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def entry(name: str, when: datetime) -> zipfile.ZipInfo:
    year = min(max(when.year, 1980), 2107)
    info = zipfile.ZipInfo(name, (year, *when.timetuple()[1:6]))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


class Sink(io.RawIOBase):
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
