"""The roof's search: one index per person over the words of all apps, kept up with the database.

The index is in this process's memory. Before each search it takes over what has changed since the
last one, so every process finds the same.
"""

import logging
import threading
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter

from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models import Tombstone, User
from ahfai import narrowing, replica
from ahfai.asked import Asked, Found
from ahfai.narrowing import ROOMS
from ahfai.sizes import MB
from ahfai.textindex.documents import Bounds, Hit
from ahfai.textindex.index import TextIndex
from ahfai.textindex.queries import Query
from ahfai.textindex.shelves import Indexes
from ahfai.textindex.snippets import snippet

# A search that finds its index still being filled tells so after this long.
PATIENCE_S = 0.6
PER_PAGE = 20
KEEP_UP_WITHIN = timedelta(days=30)

log = logging.getLogger(__name__)
_indexes = Indexes(settings.SEARCH_MEMORY_MB * MB)


@dataclass(frozen=True)
class Result:
    """`pieces` are parts of the text, each with whether it matched; `room` is where it lives, `key`
    which thing it is there, `part` which message of a chat; `title` is None where it can't be
    opened; `is_by_title` where that alone was found."""

    room: str
    key: uuid.UUID
    part: uuid.UUID | None
    title: str | None
    pieces: list[tuple[str, bool]]
    address: str
    when: datetime
    is_by_title: bool


@dataclass(frozen=True)
class Page:
    """Some of what is found, the best first; `has_more` tells whether another page follows,
    `is_partial` that only the newest words have been read so far, `needs_word` that nothing was
    asked for but what to leave out."""

    results: list[Result]
    has_more: bool = False
    is_partial: bool = False
    needs_word: bool = False


def search(
    user: User, text: str, page: int = 1, among: Collection[str] = tuple(ROOMS)
) -> Page | None:
    """What is found in the rooms `among` that are meant, by pages from 1; None while nothing of the
    person's words has been read since this process was started."""
    asked = Asked.parse(text)
    if asked.query.unwanted and not asked.query.wanted:
        # The index can leave something out only of what it finds, also where conditions are met.
        return Page([], needs_word=True)
    if not asked.query.wanted and not asked.has_conditions:
        return Page([])
    if ROOMS.keys() - among:
        asked = replace(asked, rooms=frozenset(asked.rooms or ROOMS) & frozenset(among))
        if not asked.rooms:
            return Page([])
    if not asked.query.wanted:
        return _newest(user, asked, page)
    with _indexes.of(user.pk, wait_s=PATIENCE_S) as index:
        is_filled = index is not None and index.as_of is not None
        if index is not None and time.time() - index.kept_up > KEEP_UP_WITHIN.total_seconds():
            is_filled = False
            _indexes.forget(user.pk)
    bounds = narrowing.bounds(user, asked)
    if index is None or not (is_filled or _fill_beside(user).wait(PATIENCE_S)):
        return _search_partly(user, asked, page, bounds)
    with _indexes.of(user.pk, wait_s=PATIENCE_S) as index:
        if index is None or index.as_of is None:
            return _search_partly(user, asked, page, bounds)
        _keep_up(index, user)
        hits = index.search(asked.query, page * PER_PAGE + 1, bounds)
    return _page(user, asked, page, hits)


def _search_partly(user: User, asked: Asked, page: int, bounds: Bounds) -> Page | None:
    """In what has been read so far."""
    index = _indexes.in_use(user.pk)
    if index is None or index.is_empty:
        return None
    hits = index.search(asked.query, page * PER_PAGE + 1, bounds)
    return replace(_page(user, asked, page, hits), is_partial=True)


def _page(user: User, asked: Asked, page: int, hits: list[Hit]) -> Page:
    here = hits[(page - 1) * PER_PAGE : page * PER_PAGE]
    shown: dict[uuid.UUID, tuple[str, Found]] = {}
    for name, room in ROOMS.items():
        if keys := [hit.key for hit in here if hit.kind in room.KINDS]:
            found = room.show(user, keys, trashed=asked.trashed)
            shown |= {key: (name, one) for key, one in found.items()}
    results = [_result(*shown[hit.key], asked.query) for hit in here if hit.key in shown]
    return Page(results, has_more=len(hits) > page * PER_PAGE)


def _newest(user: User, asked: Asked, page: int) -> Page:
    """Where no words are asked for: what there is, the newest first."""
    wanted = narrowing.holders(user, asked)
    found = [
        (name, one)
        for name, room in narrowing.rooms(asked).items()
        if wanted is not None
        for one in room.newest(user, wanted, page * PER_PAGE + 1)
    ]
    found.sort(key=lambda place: place[1].when, reverse=True)
    here = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    results = [_result(name, one, asked.query) for name, one in here]
    return Page(results, has_more=len(found) > page * PER_PAGE)


def _result(room: str, found: Found, query: Query) -> Result:
    pieces = snippet(found.text, query)
    return Result(
        room,
        found.key,
        found.part,
        found.title,
        pieces,
        found.address,
        found.when,
        found.is_by_title,
    )


def prepare(user: User) -> None:
    """Read the person's words beside, if this process hasn't yet: they are about to search."""
    with _indexes.of(user.pk, wait_s=0) as index:
        is_read = index is None or index.as_of is not None
    if not is_read:
        _fill_beside(user)


def forget() -> None:
    """Drop all indexes; the next search of each person reads their words again."""
    global _indexes
    _indexes = Indexes(settings.SEARCH_MEMORY_MB * MB)


def in_memory() -> list[uuid.UUID]:
    """Whose words this process has read."""
    return _indexes.people()


def forget_one(person: uuid.UUID) -> None:
    _indexes.forget(person)


def _fill_beside(user: User) -> threading.Event:
    """Read everything in a thread of its own; the event is set when that is over."""
    over = threading.Event()

    def fill() -> None:
        try:
            with _indexes.of(user.pk) as index:
                # Another one may have filled it while this one waited.
                if index is not None and index.as_of is None:
                    # What came since is read by the search itself.
                    replica.prefer(user, lambda: _keep_up(index, user))
        except Exception as error:  # noqa: BLE001 (by its class only: a message could hold words)
            log.error("a search index could not be filled: %s", type(error).__name__)
        finally:
            connections.close_all()
            over.set()

    threading.Thread(target=fill, name="search-index", daemon=True).start()
    return over


def _keep_up(index: TextIndex, user: User) -> None:
    """Take over what changed since the last time; what comes meanwhile is read once more."""
    numbers = User.objects.using(replica.where()).values_list("change_number", flat=True)
    now = numbers.get(pk=user.pk)
    growing = set().union(*(room.unfinished(user) for room in ROOMS.values()))
    if index.as_of is not None:
        tombstones = Tombstone.objects.filter(owner=user, change_number__gt=index.as_of)
        for key in tombstones.order_by("change_number").values_list("key", flat=True):
            index.remove(key)
    if index.as_of != now or index.unfinished:
        is_first = index.as_of is None
        found = [room.documents(user, index.as_of, index.unfinished) for room in ROOMS.values()]
        in_order = merge(*found, key=attrgetter("number"), reverse=is_first)
        (index.fill if is_first else index.put)(in_order)
    index.as_of, index.unfinished, index.kept_up = now, growing, time.time()


def forget_tombstones() -> None:
    """No index goes so long without a look at them: an older one is filled anew."""
    Tombstone.objects.filter(made__lt=timezone.now() - 2 * KEEP_UP_WITHIN).delete()
