"""A phrase as the tables read it: words, tags and the priority, each with its place."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from accounts import tags
from reminders.phrases.meanings import Found

Order = Literal["dmy", "mdy"]
Kind = Literal["date", "time", "repeat", "end", "tag", "priority", "list"]

LOOKAHEAD = 8
# A tag has a letter in it: "#42" is the number of something.
_TAG = re.compile(r"(?<!\S)#(?=[^\s,]*[^\W\d_])[^\s,#]*[^\s,#.;:!?)]")
_PRIORITY = re.compile(r"(?<!\S)!([1-3])(?![^\s,.;])")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[0-9]+|\S")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text, by its place there."""

    kind: Kind
    begin: int
    end: int
    words: str


class Token(NamedTuple):
    """`word` is in small letters, and empty where the text is to be left alone."""

    text: str
    word: str
    begin: int
    end: int
    is_glued: bool


class Said:
    """A text as the tables read it: its words, marks, and what they are to be read against."""

    def __init__(
        self,
        text: str,
        now: datetime,
        order: Order,
        kept: Collection[int],
        lists: Collection[str] = (),
        taken_off: Collection[int] = (),
    ) -> None:
        """`kept` are the places of characters that are to be left alone, `taken_off` those of them
        that would be understood; `lists` the names of the lists that there are."""
        self.text, self.order = text, order
        # On the wall clock, and as a moment.
        self.now, self.moment = now.replace(tzinfo=None), now
        # What has been read, by slot and place.
        self.slots: dict[tuple[str, int], Found] = {}
        self.tags: list[str] = []
        self.priority: int | None = None
        self.in_list = ""
        self.marks: list[Span] = []
        self._read_marks(kept)
        self._read_list(kept, lists)
        self.tokens: list[Token] = []
        self.marked: set[int] = set()
        self._read_tokens(kept)
        self.taken_off = {at for at, token in enumerate(self.tokens) if token.begin in taken_off}
        # Before the first and behind the last one there is none, as far as any pattern looks.
        self._words = [token.word for token in self.tokens] + [""] * LOOKAHEAD

    @property
    def today(self) -> date:
        return self.now.date()

    def word(self, at: int) -> str:
        return self._words[at]

    def is_glued(self, at: int) -> bool:
        """Whether no blank stands before it."""
        return at < len(self.tokens) and self.tokens[at].is_glued

    def is_all(self, begin: int, end: int) -> bool:
        """Whether nothing but marks stands around."""
        return all(begin <= at < end or at in self.marked for at in range(len(self.tokens)))

    def span(self, kind: Kind, first: int, end: int) -> Span:
        begin, over = self.tokens[first].begin, self.tokens[end - 1].end
        return Span(kind, begin, over, self.text[begin:over])

    def _read_marks(self, kept: Collection[int]) -> None:
        for found in _TAG.finditer(self.text):
            if found.start() not in kept:
                self._read_tag(Span("tag", *found.span(), found[0]))
        for found in _PRIORITY.finditer(self.text):
            if self.priority is None and found.start() not in kept:
                self.priority = int(found[1])
                self.marks.append(Span("priority", *found.span(), found[0]))
        self.marks.sort(key=lambda mark: mark.begin)

    def _read_list(self, kept: Collection[int], lists: Collection[str]) -> None:
        """ "+Kitchen"; what no list is called stays text. Of names that begin alike the longest."""
        if not lists:
            return
        known = {tags.fold(name): name for name in lists}
        longest = sorted(lists, key=len, reverse=True)
        names = "|".join(re.escape(name) for name in longest)
        for found in re.finditer(rf"(?<!\S)\+({names})(?![^\s,.;:!?)])", self.text, re.IGNORECASE):
            name = known.get(tags.fold(found[1]))
            if name and not self.in_list and found.start() not in kept:
                self.in_list = name
                self.marks.append(Span("list", *found.span(), found[0]))
                self.marks.sort(key=lambda mark: mark.begin)

    def _read_tag(self, span: Span) -> None:
        try:
            names = tags.parse(span.words)
        except tags.TooLong:
            return
        known = {tags.fold(name) for name in self.tags}
        new = [name for name in names if tags.fold(name) not in known]
        if names and len(self.tags) + len(new) <= tags.MAX_TAGS:
            self.tags += new
            self.marks.append(span)

    def _read_tokens(self, kept: Collection[int]) -> None:
        marked = {at for mark in self.marks for at in range(mark.begin, mark.end)}
        over = 0
        for found in _TOKEN.finditer(self.text):
            if found.start() in marked:
                self.marked.add(len(self.tokens))
            is_away = found.start() in marked or found.start() in kept
            word = "" if is_away else found[0].lower().replace("’", "'")
            is_glued = found.start() == over and bool(self.tokens)
            self.tokens.append(Token(found[0], word, *found.span(), is_glued))
            over = found.end()
