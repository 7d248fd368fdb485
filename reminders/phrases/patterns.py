"""Patterns over words, and tables of them."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial

from reminders.phrases.meanings import CANNOT_BE, Found, Value
from reminders.phrases.said import Said
from reminders.phrases.slots import NUMBER, SLOTS, Reader


class Sure(IntEnum):
    """How sure a row is that it is meant."""

    WITH_LEAD = 0  # only behind a preposition
    ALONE = 1  # only where nothing else is said
    WEAK = 2  # with a time, date or preposition beside it
    LAST = 3  # also at the end of a sentence
    PLAIN = 4  # also at its beginning
    FIRM = 5  # anywhere


WITH_LEAD, ALONE, WEAK, LAST, PLAIN, FIRM = Sure


@dataclass(frozen=True, slots=True)
class _Step:
    """A place in a pattern: for one of some words, or for what a slot reads. `first` are the
    words with which it can begin."""

    first: Collection[str]
    read: Reader
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Row:
    """In patterns, `a|b` is one of two words, `a?` may be missing, `{slot}` is one of SLOTS.
    `make` gets the values that the slots have; None means that it is something else. A row that
    `ends` holds where the sentence ends or goes on, not before a noun; one `behind_day` only there.
    """

    pattern: str
    sure: Sure
    make: Callable[..., Value]
    ends: bool = False
    behind_day: bool = False
    steps: tuple[_Step, ...] = ()

    def compiled(self) -> "Row":
        pieces = re.findall(r"\{[^}]*\}\??|\S+", self.pattern)
        return replace(self, steps=tuple(_step(piece) for piece in pieces))

    def match(self, said: Said, at: int) -> Found:
        values = []
        for step in self.steps:
            found = step.read(said, at)
            if found:
                value, at = found
                if value is not None:
                    values.append(value)
            elif not step.is_optional:
                return None
        if CANNOT_BE in values:
            return CANNOT_BE, at
        made = self.make(said, *values)
        return None if made is None else (made, at)


def _step(piece: str) -> _Step:
    is_optional = piece.endswith("?")
    piece = piece.removesuffix("?")
    if piece.startswith("{"):
        name = piece[1:-1]
        return _Step(SLOTS[name].first, partial(_read_slot, name), is_optional)
    words = frozenset(piece.split("|"))
    return _Step(words, partial(_read_word, words), is_optional)


def _read_slot(name: str, said: Said, at: int) -> Found:
    """Once at each place: many rows begin alike."""
    key = name, at
    if key not in said.slots:
        said.slots[key] = SLOTS[name].read(said, at)
    return said.slots[key]


def _read_word(words: Collection[str], said: Said, at: int) -> Found:
    return (None, at + 1) if said.word(at) in words else None


class Table:
    """Rows by the words that they can begin with."""

    def __init__(self, *rows: Row) -> None:
        self.by_word: dict[str, list[Row]] = {}
        for row in rows:
            compiled = row.compiled()
            for word in _first_words(compiled):
                self.by_word.setdefault(word, []).append(compiled)

    def matches(self, said: Said, at: int) -> Iterator[tuple[Row, Value, int]]:
        word = said.word(at)
        numbers = self.by_word.get(NUMBER, ()) if word.isdecimal() else ()
        for row in (*numbers, *self.by_word.get(word, ())):
            if found := row.match(said, at):
                yield row, *found


def _first_words(row: Row) -> set[str]:
    words: set[str] = set()
    for step in row.steps:
        words.update(step.first)
        if not step.is_optional:
            break
    return words
