"""A note as it comes from outside, whichever program it was written in."""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial

from accounts import tags
from notes.links import one_line
from notes.models import MAX_BODY, MAX_TITLE
from notes.transfer.archives import Archive, Entry
from notes.transfer.reasons import Broken

MAX_TAGS = 100


@dataclass(frozen=True, eq=False)
class IncomingFile:
    """A picture or another file that a note refers to. `pieces` gives its bytes and raises Broken;
    there are none of a file that the archive doesn't have. `size` is what the archive says;
    `saved_as` is what the person called it, where that is another name, and `id` what our own
    export says of it."""

    name: str
    size: int = 0
    pieces: Callable[[], Iterator[bytes]] | None = None
    id: uuid.UUID | None = None
    saved_as: str = ""


@dataclass(frozen=True)
class Incoming:
    """`source` is how the note is called where it comes from, the same each time.

    `attachments` are the files that its body refers to, by the addresses that stand there;
    `remark` is a code of `notes.transfer.reasons` for what is to be known of it, "" for nothing.
    """

    source: str
    title: str
    body: str
    created: datetime | None = None
    updated: datetime | None = None
    tags: list[str] = field(default_factory=list)
    pinned: bool = False
    archived: bool = False
    trashed: bool = False
    id: uuid.UUID | None = None
    attachments: Mapping[str, IncomingFile] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class Unit:
    """What becomes one note once it is read; `load` raises Broken where it can't be."""

    name: str
    load: Callable[[], Incoming]


def file_in(archive: Archive, entry: Entry) -> IncomingFile:
    return IncomingFile(entry.name, entry.size, partial(archive.pieces, entry))


def fitted(title: str, body: str) -> tuple[str, str]:
    """With a title of one line that isn't too long: what doesn't go in begins the body.

    Raises Broken where the body is too long.
    """
    title = one_line(title)
    if len(title) > MAX_TITLE:
        body = f"{title}\n\n{body}" if body else title
        title = title[: MAX_TITLE - 1].rstrip() + "…"
    if len(body) > MAX_BODY:
        raise Broken("too_long")
    return title, body


def unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tag_names(said: Iterable[str]) -> list[str]:
    """As names of tags: what separates the words of a name here is a hyphen."""
    names: dict[str, None] = {}
    for one in said:
        joined = re.sub(r"[\s,]+", "-", one.strip().lstrip("#")).strip("-")
        names.update(dict.fromkeys(tags.parse(joined[: tags.MAX_NAME])))
    return list(names)[:MAX_TAGS]


def moment(said: str, zone: tzinfo) -> datetime | None:
    """A date, with or without a time and a zone; None for what is none."""
    try:
        when = datetime.fromisoformat(said.strip())
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def since_1970(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
