"""The search, for what stands below it: the settings name it, as they name the roof's addresses."""

import datetime
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from ahfai.asked import Asked

# Until a person's words have been read, after a start.
PATIENCE_S = 8.0
MOST_WORDS = 6
# Shorter ones stand everywhere.
SHORTEST_WORD = 4


class Place(NamedTuple):
    """Something that was found: `pieces` are parts of the text, each with whether it matched."""

    title: str
    pieces: Sequence[tuple[str, bool]]
    address: str
    when: datetime.datetime

    @property
    def text(self) -> str:
        return "".join(text for text, _is_match in self.pieces)


def seek(user: Any, words: str, room: str = "", most: int = 8) -> list[Place]:
    """What the search finds in one of its rooms, or in all, the best first. Where nothing has all
    of the words, what has most of them. Takes seconds where nothing has been read yet."""
    found = _search(user, words, room)
    if not found:
        long = [
            one
            for one in Asked.parse(words).query.wanted
            if len("".join(one.words)) >= SHORTEST_WORD
        ]
        several = [" ".join(one.words) for one in long][:MOST_WORDS]
        if len(several) > 1:
            found = _by_most(_search(user, word, room) for word in several)
    return found[:most]


def _by_most(of_each: Any) -> list[Place]:
    places: dict[str, Place] = {}
    scores: dict[str, float] = {}
    for found in of_each:
        for rank, place in enumerate(found):
            key = place.address.partition("?")[0]
            places.setdefault(key, place)
            scores[key] = scores.get(key, 0) + 1 + 1 / (rank + 2)
    return [places[key] for key in sorted(scores, key=lambda key: -scores[key])]


def _search(user: Any, words: str, room: str) -> list[Place]:
    search = import_string(settings.SEARCH)
    end = time.monotonic() + PATIENCE_S
    while True:
        page = search(user, f"in:{room} {words}" if room else words)
        if page is not None and not page.is_partial:
            break
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    results = page.results if page else []
    return [
        Place(
            "?" if one.title is None else one.title or _("Without a title"),
            one.pieces,
            one.address,
            one.when,
        )
        for one in results
        if not room or one.room == room
    ]
