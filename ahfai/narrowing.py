"""What the conditions of a search mean: which chats, notes and reminders can hold it."""

import datetime
import itertools
import uuid
from collections.abc import Iterable
from types import ModuleType

from accounts import tags
from accounts.models import User
from ahfai.asked import Asked, Holders
from ahfai.textindex.documents import NO_BOUNDS, Bounds
from ahfai.textindex.words import fold
from chats import hooks as chats
from notes import hooks as notes
from reminders import hooks as reminders

# By the names that stand behind `in:`.
ROOMS = {"chats": chats, "notes": notes, "reminders": reminders}


def rooms(asked: Asked) -> dict[str, ModuleType]:
    return {name: room for name, room in ROOMS.items() if not asked.rooms or name in asked.rooms}


def bounds(user: User, asked: Asked) -> Bounds:
    """The conditions as the index takes them; the trash is left out unless it is asked for."""
    there = rooms(asked)
    kinds = frozenset().union(*(room.KINDS for room in there.values())) if asked.rooms else None
    within, without = None, frozenset[bytes]()
    if asked.is_about_holders:
        # When the chat was changed is another matter than when it was said there.
        wanted = holders(user, asked, with_days=False)
        within = _keys(user, there.values(), wanted) if wanted else frozenset()
    else:
        without = _keys(user, there.values(), Holders(trashed=True))
    if not (asked.has_conditions or without):
        return NO_BOUNDS
    since, until = (
        f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S}" if moment else ""
        for moment in (_midnight(user, asked.since), _midnight(user, asked.until))
    )
    return Bounds(kinds, within, without, since, until)


def holders(user: User, asked: Asked, with_days: bool = True) -> Holders | None:
    """None where a tag is asked for that isn't there: nothing carries it."""
    known = tags.all_of(user) if asked.tags or asked.no_tags else []
    wanted = [_family(known, name) for name in asked.tags]
    if not all(wanted):
        return None
    return Holders(
        wanted,
        [tag_id for name in asked.no_tags for tag_id in _family(known, name)],
        asked.archived,
        asked.trashed,
        _midnight(user, asked.since) if with_days else None,
        _midnight(user, asked.until) if with_days else None,
    )


def _keys(user: User, there: Iterable[ModuleType], wanted: Holders) -> frozenset[bytes]:
    return frozenset(
        key.bytes
        for room in there
        for key in room.holding(user, wanted).values_list("pk", flat=True)
    )


def _family(known: list[tags.Named], name: str) -> list[uuid.UUID]:
    """The tag of this name, without regard to accents where none is written so; and those that are
    nested in it."""
    exactly = (tag.id for tag in known if tags.fold(tag.name) == tags.fold(name))
    nearly = (tag.id for tag in known if fold(tag.name) == fold(name))
    top = next(itertools.chain(exactly, nearly), "")
    return [tag.id for tag in tags.within(known, top)]


def _midnight(user: User, day: datetime.date | None) -> datetime.datetime | None:
    return datetime.datetime.combine(day, datetime.time(), user.zone) if day else None
