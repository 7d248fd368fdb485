"""The files that go along with notes of our own export: in a folder of the archive, named by each
note that has them, so that they come in again as what they were."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import quote, unquote

from notes.transfer import front_matter
from notes.transfer.archives import Archive, Entry, text
from notes.transfer.front_matter import Page
from notes.transfer.reasons import Broken

FIELD = FOLDER = "files"
# What else would be taken for notes.
_LIKE_NOTES = (".md", ".markdown", ".json", ".txt")


@dataclass(frozen=True)
class Carried:
    """A file with its id and name here, at `path` beside the note."""

    id: uuid.UUID
    path: str
    name: str

    @property
    def address(self) -> str:
        """As bodies of exported notes refer to it."""
        return quote(self.path)

    def __str__(self) -> str:
        return f"{self.id} {self.address} {self.name}"


def outward(body: str, files: Iterable[Carried]) -> str:
    """The body as it refers to its files in an archive; `inward` makes the very same of it, if none
    of their addresses stood there before."""
    for file in files:
        body = body.replace(f"](file:{file.id})", f"]({file.address})")
    return body


def inward(body: str, files: Iterable[Carried]) -> str:
    for file in files:
        body = body.replace(f"]({file.address})", f"](file:{file.id})")
    return body


def named(page: Page) -> list[Carried]:
    """The files that a note of our own export says it has."""
    found = []
    for said in page.names(FIELD):
        file_id, _space, rest = said.partition(" ")
        address, _space, name = rest.partition(" ")
        if address and (known := own_id(file_id)):
            found.append(Carried(known, unquote(address), name))
    return found


def own_id(said: str) -> uuid.UUID | None:
    """Only in the form that our own export has."""
    try:
        found = uuid.UUID(said)
    except ValueError:
        return None
    return found if str(found) == said else None


def beside(entry: Entry, path: str) -> str:
    """The path of what lies there, seen from this file, from the root of the archive."""
    return normpath((entry.path.parent / path).as_posix())


def names_in(archive: Archive) -> set[str]:
    """The files that are no notes, whatever they look like, since they go along with some."""
    if not any(map(_may_be_one, archive.entries)):
        return set()
    names: set[str] = set()
    for entry in archive.entries:
        if entry.ending != ".md":
            continue
        try:
            page = front_matter.read(text(archive.read(entry)))
        except Broken:
            # It is named when its turn comes.
            continue
        if own_id(page.text("id")):
            names.update(beside(entry, file.path) for file in named(page))
    return names


def _may_be_one(entry: Entry) -> bool:
    return FOLDER in entry.path.parts[:-1] and entry.ending in _LIKE_NOTES
