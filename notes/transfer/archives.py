"""Archives from outside, opened in memory and within limits. Nothing of them touches the disk.

What an archive says of itself is checked when it is opened; what it holds is counted while it is
read, since it may lie. An archive in an archive stays closed.
"""

import io
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import IO

from ahfai.sizes import MB
from notes.transfer.reasons import Broken, Refused

MAX_PACKED = 20 * MB
MAX_UNPACKED = 200 * MB
MAX_ENTRIES = 10_000
# A note of the longest text, its letters of four bytes, with what stands about it: also the names
# of as many files as it may have.
MAX_TEXT = 2 * 2**20
MAX_PATH = 1000
_PIECE = 64 * 1024
_CENTRAL = b"PK\x01\x02"
_IS_LINK = 0o120000
_KIND = 0o170000
# On a damaged or hostile archive; RuntimeError is its answer to a password that is missing.
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError),
    *(ValueError, RuntimeError, OverflowError, IndexError, KeyError),
)


@dataclass(frozen=True)
class Limits:
    """What goes in at once: bytes packed and unpacked, and how many files."""

    packed: int = MAX_PACKED
    unpacked: int = MAX_UNPACKED
    entries: int = MAX_ENTRIES


BY_PAGE = Limits()
# By whoever has a terminal on the server.
BY_COMMAND = Limits(packed=1024 * MB, unpacked=4096 * MB, entries=200_000)


@dataclass(frozen=True, eq=False)
class Entry:
    """A file of an archive. `moment` is when it was changed, where the archive says so."""

    name: str
    size: int
    moment: datetime | None
    open: Callable[[], IO[bytes]]

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.name)

    @property
    def ending(self) -> str:
        return self.path.suffix.lower()


class Archive:
    """The files of an archive, without the hidden ones. Raises Refused for what is too much."""

    def __init__(self, entries: Iterable[Entry], limits: Limits | None = None) -> None:
        self.limits = limits or BY_PAGE
        found: list[Entry] = []
        size = 0
        for entry in entries:
            found.append(entry)
            size += entry.size
            if len(found) > self.limits.entries:
                raise Refused("too_many")
            if size > self.limits.unpacked:
                raise Refused("too_much")
        found = _at_root(found)
        self.is_vault = any(entry.path.parts[0] == ".obsidian" for entry in found)
        self.entries = [entry for entry in found if not _is_hidden(entry)]
        self.by_name = {entry.name: entry for entry in self.entries}
        self._read: dict[Entry, int] = {}
        self._size = [0]

    def within(self, folder: str) -> "Archive":
        """The files in a folder, as an archive of their own: what is read counts for both."""
        part = copy(self)
        part.is_vault = False
        part.entries = [
            replace(entry, name=entry.name.removeprefix(f"{folder}/"))
            for entry in self.entries
            if entry.name.startswith(f"{folder}/")
        ]
        part.by_name = {entry.name: entry for entry in part.entries}
        return part

    def read(self, entry: Entry, most: int = MAX_TEXT) -> bytes:
        """Raises Broken where it can't be read or has more than `most` bytes."""
        pieces = []
        size = 0
        for piece in self.pieces(entry):
            size += len(piece)
            if size > most:
                raise Broken("too_long")
            pieces.append(piece)
        return b"".join(pieces)

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The same, one small piece after the other, however many there are."""
        size = 0
        with _damage_as(Broken("entry_damaged")), entry.open() as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                self._count(entry, size)
                yield piece

    def _count(self, entry: Entry, size: int) -> None:
        """What is read twice counts once."""
        more = size - self._read.get(entry, 0)
        if more > 0:
            self._read[entry] = size
            self._size[0] += more
        if self._size[0] > self.limits.unpacked:
            raise Refused("too_much")


def opened(name: str, packed: bytes, zone: tzinfo, limits: Limits | None = None) -> Archive:
    """The archive, or the single file, that somebody calls `name`. Raises Refused."""
    limits = limits or BY_PAGE
    if len(packed) > limits.packed:
        raise Refused("too_large")
    if packed[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Archive(_zipped(packed, zone, limits), limits)
    if packed[257:262] == b"ustar":
        return Archive(_tarred(packed), limits)
    if PurePosixPath(name).suffix.lower() in (".md", ".markdown", ".json", ".txt"):
        only = Entry(_checked(name), len(packed), None, lambda: io.BytesIO(packed))
        return Archive([only], limits)
    raise Refused("not_known")


def folder(path: Path) -> Archive:
    """The files in a folder of this machine. Links in it are not followed."""
    return Archive(_lying_in(path))


def text(raw: bytes) -> str:
    """Raises Broken for what isn't UTF-8, nor UTF-16 that says so."""
    try:
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            said = raw.decode("utf-16")
        else:
            said = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Broken("not_text") from None
    return said.replace("\0", "\ufffd")


def _zipped(packed: bytes, zone: tzinfo, limits: Limits) -> Iterator[Entry]:
    # The list of its files alone could take seconds to read.
    if packed.count(_CENTRAL) > 4 * limits.entries:
        raise Refused("too_many")
    with _damage_as(Refused("damaged")):
        files = zipfile.ZipFile(io.BytesIO(packed))
    for info in files.infolist():
        name = _checked(info.orig_filename)
        if info.external_attr >> 16 & _KIND == _IS_LINK:
            raise Refused("link")
        if info.flag_bits & 1:
            raise Refused("locked")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("damaged")
        if not info.is_dir() and name != ".":
            yield Entry(name, info.file_size, _moment(info, zone), _opening(files, info))


def _opening(files: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: files.open(info)


def _moment(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _tarred(packed: bytes) -> Iterator[Entry]:
    """One that is compressed isn't opened: only while reading would it show how much it holds."""
    with _damage_as(Refused("damaged")):
        files = tarfile.open(fileobj=io.BytesIO(packed), mode="r:")  # noqa: SIM115 (in memory)
    while True:
        with _damage_as(Refused("damaged")):
            member = files.next()
        if member is None:
            return
        # No list of what went by: that would be kept twice.
        files.members = []  # type: ignore[attr-defined]
        name = _checked(member.name)
        if member.isdir() or name == ".":
            continue
        if not member.isreg() or member.issparse():
            raise Refused("link")
        first = member.offset_data
        if first + member.size > len(packed):
            raise Refused("damaged")
        yield Entry(name, member.size, None, _part(packed, first, member.size))


def _part(packed: bytes, first: int, size: int) -> Callable[[], IO[bytes]]:
    return lambda: io.BytesIO(packed[first : first + size])


def _lying_in(folder: Path) -> Iterator[Entry]:
    for path, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            file = Path(path, name)
            shown = file.relative_to(folder).as_posix()
            state = file.lstat()
            moment = datetime.fromtimestamp(state.st_mtime, UTC)
            yield Entry(shown, state.st_size, moment, _no_link(file))


def _no_link(file: Path) -> Callable[[], IO[bytes]]:
    def opening() -> IO[bytes]:
        if not file.is_file() or file.is_symlink():
            raise Broken("entry_link")
        return file.open("rb")

    return opening


def _checked(name: str) -> str:
    """The name with slashes; raises Refused for one that leads out of the archive."""
    name = name.replace("\\", "/")
    if "\0" in name or name.startswith("/") or re.match(r"[A-Za-z]:", name):
        raise Refused("bad_name")
    if ".." in name.split("/") or len(name) > MAX_PATH:
        raise Refused("bad_name")
    return PurePosixPath(name).as_posix()


def _at_root(entries: list[Entry]) -> list[Entry]:
    """Where all lies in one folder, as when somebody packed the folder itself, without it."""
    tops = {entry.path.parts[0] for entry in entries if entry.path.parts[0] != "__MACOSX"}
    if len(tops) != 1 or any(len(entry.path.parts) == 1 for entry in entries):
        return entries
    [top] = tops
    return [
        Entry(entry.name.removeprefix(f"{top}/"), entry.size, entry.moment, entry.open)
        for entry in entries
        if entry.path.parts[0] == top
    ]


def _is_hidden(entry: Entry) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in entry.path.parts)


@contextmanager
def _damage_as(failure: Exception) -> Iterator[None]:
    try:
        yield
    except _DAMAGED:
        raise failure from None
