"""What a person types into a search box, read for the index."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ahfai.textindex.words import WIDE_RUN, fold, words_of

MAX_QUERY = 400
MAX_TERMS = 16
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


@dataclass(frozen=True, slots=True)
class Query:
    """`wanted` and `unwanted` are lists of folded words; a `phrase` stands in its order."""

    wanted: tuple["Term", ...]
    unwanted: tuple["Term", ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read what a person typed: words, "phrases" and -words. Anything means something."""
        wanted: list[Term] = []
        unwanted: list[Term] = []
        for minus, phrase, word in _TERM.findall(text[:MAX_QUERY]):
            term = Term(tuple(words_of(fold(phrase or word))), is_phrase=not word)
            if term.words:
                (unwanted if minus else wanted).append(term)
        return cls(tuple(wanted[:MAX_TERMS]), tuple(unwanted[:MAX_TERMS]))

    def expression(self) -> str:
        """In FTS5's own language. "" where nothing is wanted, which finds nothing."""
        if not self.wanted:
            return ""
        said = " AND ".join(term.expression() for term in self.wanted)
        for term in self.unwanted:
            said = f"({said}) NOT {term.expression()}"
        return said


@dataclass(frozen=True, slots=True)
class Term:
    words: tuple[str, ...]
    is_phrase: bool

    def expression(self) -> str:
        # Only letters and digits are in words, so nothing in them means anything to FTS5.
        return f'"{" ".join(self._pairs())}"{"" if self.is_phrase else "*"}'

    def _pairs(self) -> Iterator[str]:
        run = ""
        for word in (*self.words, ""):
            if WIDE_RUN.fullmatch(word):
                run += word
                continue
            yield from (run[at : at + 2] for at in range(len(run) - 1)) if len(run) > 1 else run
            run = ""
            if word:
                yield word
