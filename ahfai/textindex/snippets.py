"""Where in an opened text the words of a query stand."""

import re

from ahfai.textindex.queries import Query
from ahfai.textindex.words import WIDE, WIDE_RUN, folded_with_places


def snippet(text: str, query: Query, length: int = 200) -> list[tuple[str, bool]]:
    """About `length` characters around the first match, in pieces with whether they matched."""
    found = marks(text, query)
    start = max(0, found[0][0] - length // 3) if found else 0
    if start and (space := text.find(" ", start, found[0][0])) >= 0:
        start = space + 1
    end = min(len(text), start + length)
    pieces = [("…", False)] if start else []
    at = start
    for begin, stop in found:
        if begin >= end:
            break
        if begin >= at:
            pieces += [(text[at:begin], False), (text[begin:stop], True)]
            at = stop
    pieces.append((text[at : max(at, end)], False))
    if max(at, end) < len(text):
        pieces.append(("…", False))
    return [piece for piece in pieces if piece[0]]


def marks(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the wanted words are in `text`, as ranges of its own characters."""
    folded, places = folded_with_places(text)
    found = []
    for term in query.wanted:
        *whole, last = term.words
        between = rf"[^\w{WIDE}]*_*[^\w{WIDE}]*"
        begins = "" if WIDE_RUN.match(term.words[0]) else r"(?<![^\W_])"
        ends = "" if WIDE_RUN.match(last) else (r"(?![^\W_])" if term.is_phrase else r"[^\W_]*")
        said = between.join(map(re.escape, (*whole, last)))
        for match in re.finditer(f"{begins}{said}{ends}", folded):
            found.append((places[match.start()], places[match.end() - 1] + 1))
    return sorted(found)
