"""What a person asks the search for: words, and conditions on what holds them.

    boiler -garden "in the cellar" tag:house in:notes after:2026-05 before:2026-06-15

Nothing is an error: what is no condition that can be understood is a word like any other.
"""

import datetime
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from ahfai.textindex.queries import MAX_QUERY, Query

ROOMS = ("chats", "notes", "reminders")
MAX_CONDITIONS = 16
# A condition stands outside of quotes, and its value may be quoted.
_PIECE = re.compile(r'(?P<quoted>-?"[^"]*"?)|(?P<said>\S+?:"[^"]*"|\S+)')
_CONDITION = re.compile(r'(?P<minus>-?)(?P<name>tag|in|before|after):"?(?P<value>[^"]*)"?', re.I)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """`rooms` is empty where all are meant. `since` is the first day, `until` the day after the
    last one, both by the person's own calendar. `not_understood` are among the words, though they
    begin as conditions do."""

    query: Query
    rooms: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    archived: bool = False
    trashed: bool = False
    since: datetime.date | None = None
    until: datetime.date | None = None
    not_understood: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Asked":
        words: list[str] = []
        not_understood: list[str] = []
        found: dict[str, list[str]] = {"tags": [], "no_tags": [], "places": []}
        since = until = None
        for piece in _PIECE.finditer(text[:MAX_QUERY]):
            said = _CONDITION.fullmatch(piece["said"] or "")
            match said and (said["minus"] + said["name"].lower(), said["value"]):
                case ("tag" | "-tag") as name, value if value.strip("#/"):
                    found["tags" if name == "tag" else "no_tags"].append(value.strip("#/"))
                case "in", value if value.lower() in (*ROOMS, "archive", "trash"):
                    found["places"].append(value.lower())
                case "after", value if day := _day(value):
                    since = max(since or day, day)
                case "before", value if day := _day(value):
                    until = min(until or day, day)
                case _:
                    words.append(piece[0])
                    if said:
                        not_understood.append(piece[0])
        places = set(found["places"])
        return cls(
            Query.parse(" ".join(words)),
            rooms=frozenset(places & set(ROOMS)),
            tags=tuple(found["tags"][:MAX_CONDITIONS]),
            no_tags=tuple(found["no_tags"][:MAX_CONDITIONS]),
            archived="archive" in places,
            trashed="trash" in places,
            since=since,
            until=until,
            not_understood=tuple(not_understood),
        )

    @property
    def has_conditions(self) -> bool:
        return bool(self.rooms or self.since or self.until or self.is_about_holders)

    @property
    def is_about_holders(self) -> bool:
        """Whether a condition is on what holds the words, which the index knows nothing of."""
        return bool(self.tags or self.no_tags or self.archived or self.trashed)


def _day(text: str) -> datetime.date | None:
    """A day, or the first one of a month or a year."""
    found = _DATE.fullmatch(text)
    try:
        return found and datetime.date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Holders:
    """Which chats, notes or reminders are meant: those that carry one tag of each of `tags` and
    none of `no_tags`, in the archive or the trash where that is said, changed since and until
    then."""

    tags: Sequence[Sequence[uuid.UUID]] = ()
    no_tags: Sequence[uuid.UUID] = ()
    archived: bool = False
    trashed: bool = False
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found, with the text that it was found in: `key` is the chat, the note or
    the reminder, `part` the message of a chat. `title` is None where it can't be opened;
    `is_by_title` where that alone was found, and the text only stands beside it."""

    key: uuid.UUID
    title: str | None
    text: str
    address: str
    when: datetime.datetime
    is_by_title: bool = False
    part: uuid.UUID | None = None
