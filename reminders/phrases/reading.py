"""From a text to what it says: see the package."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Literal

from reminders.phrases.choosing import Piece, choose
from reminders.phrases.meanings import CANNOT_BE
from reminders.phrases.said import Kind, Order, Said, Span
from reminders.phrases.settling import Impossible, settle

MAX_PHRASE = 200
_QUOTED = r'"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»'
_QUOTE = r'["“”„«»]'
_EDGES, _MARKS = " ,;:–—-", ".,;:!?–—-()"


class TooLong(ValueError):
    """A phrase of more than MAX_PHRASE characters."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What was understood. `start` is on the wall clock, a date where the whole day is meant, None
    where the phrase names no time. `is_moved`: the clock skips the time that was named."""

    title: str
    start: datetime | date | None = None
    rrule: str = ""
    repeat_from: Literal["due", "done", ""] = ""
    tags: tuple[str, ...] = ()
    priority: int | None = None
    in_list: str = ""
    spans: tuple[Span, ...] = ()
    doubts: tuple[Span, ...] = ()
    is_moved: bool = False

    @property
    def all_day(self) -> bool:
        return self.start is not None and not isinstance(self.start, datetime)


def read(
    text: str,
    now: datetime,
    zone: tzinfo,
    order: Order = "dmy",
    without: Collection[str] = (),
    lists: Collection[str] = (),
) -> Phrase:
    """Understand a phrase. `without` holds the words of spans that are to be left alone, wherever
    they stand; `lists` the names of lists that it can go to. Raises TooLong."""
    if len(text) > MAX_PHRASE:
        raise TooLong
    here = now.astimezone(zone)
    kept = {at for words in without if words for at in _places(re.escape(words), text)}
    quoted = set(_places(_QUOTED, text))
    phrase = _understand(Said(text, here, order, kept | quoted, lists, kept), zone)
    quotes = set[int]()
    if quoted:
        # Quotes that kept something from being understood have done their work, others are text.
        blank = re.sub(_QUOTE, " ", text)
        open_phrase = _understand(Said(blank, here, order, kept, lists, kept), zone)
        taken = _covered((*open_phrase.spans, *open_phrase.doubts))
        for found in re.finditer(_QUOTED, text):
            if not taken.isdisjoint(range(*found.span())):
                quotes |= {found.start(), found.end() - 1}
    return replace(phrase, title=_title(text, phrase.spans, quotes))


def _places(pattern: str, text: str) -> Iterator[int]:
    return (at for found in re.finditer(pattern, text) for at in range(*found.span()))


def _covered(spans: Iterable[Span]) -> set[int]:
    return {at for span in spans for at in range(span.begin, span.end)}


def _understand(said: Said, zone: tzinfo) -> Phrase:
    marked = Phrase(
        said.text,
        tags=tuple(said.tags),
        priority=said.priority,
        in_list=said.in_list,
        spans=tuple(said.marks),
    )
    chosen = choose(said)
    doubts = [piece for piece in chosen.values() if piece.value is CANNOT_BE]
    if not chosen or doubts:
        return replace(marked, doubts=_spans(said, doubts))
    try:
        plan = settle(said, zone, chosen)
    except Impossible as error:
        return replace(marked, doubts=_spans(said, [error.piece]))
    spans = (*said.marks, *_spans(said, chosen.values()))
    return replace(
        marked,
        start=plan.start,
        rrule=plan.rrule,
        repeat_from=("done" if plan.from_done else "due") if plan.rrule else "",
        spans=tuple(sorted(spans, key=lambda span: span.begin)),
        is_moved=plan.is_moved,
    )


def _spans(said: Said, pieces: Iterable[Piece]) -> tuple[Span, ...]:
    kinds: dict[str, Kind] = {"date": "date", "repeat": "repeat", "end": "end"}
    return tuple(
        said.span(kinds.get(piece.kind, "time"), piece.first, piece.end)
        for piece in sorted(pieces, key=lambda piece: piece.first)
    )


def _title(text: str, spans: Sequence[Span], quotes: Collection[int]) -> str:
    """What remains, with single blanks; commas and the like go with what they stood beside."""
    rest = "".join(" " if at in quotes else character for at, character in enumerate(text))
    for span in reversed(spans):
        before, after = rest[: span.begin], rest[span.end :]
        if before.rstrip().endswith("(") and after.lstrip().startswith(")"):
            before, after = before.rstrip()[:-1], after.lstrip()[1:]
        if not before.strip(_EDGES):
            rest = after.lstrip(_EDGES)
        elif not after.strip(_EDGES):
            rest = before.rstrip(_EDGES)
        elif after[0] in ",.;:!?)":
            rest = before.rstrip() + after
        else:
            rest = f"{before} {after}"
    words = rest.split()
    return " ".join(words) if any(word.strip(_MARKS) for word in words) or not spans else ""
