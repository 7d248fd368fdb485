"""Marks the words that were searched for in HTML that is safe already."""

import re
from html import escape, unescape

from django.utils.safestring import SafeString

from ahfai.textindex.queries import Query
from ahfai.textindex.snippets import marks

_TAG = re.compile(r"""(<(?:[^"'<>]|"[^"]*"|'[^']*')*>)""")
_NAME = re.compile(r"</?(\w+)")
# A word may begin outside of these and end inside; all other tags end a word.
_INSIDE_WORDS = {"strong", "em", "s", "code", "a", "span"}


def mark(html: SafeString, query: Query) -> SafeString:
    """`html` with <mark> around the text that `query` finds, formulas left out."""
    pieces = _TAG.split(html)
    text, starts = "", []
    in_formula = False
    for place, piece in enumerate(pieces):
        starts.append(len(text))
        if place % 2:
            name = _NAME.match(piece)
            if name and name[1] == "math":
                in_formula = not piece.startswith("</")
            if not name or name[1] not in _INSIDE_WORDS:
                text += "\n"
        elif not in_formula:
            text += unescape(piece)
    ranges = marks(text, query)
    for place in range(0, len(pieces), 2):
        begin = starts[place]
        end = starts[place + 1] if place + 1 < len(pieces) else len(text)
        if here := [one for one in ranges if one[0] < end and one[1] > begin]:
            pieces[place] = _marked(text, begin, end, here)
    return SafeString("".join(pieces))


def _marked(text: str, begin: int, end: int, ranges: list[tuple[int, int]]) -> str:
    parts, at = [], begin
    for start, stop in ranges:
        start, stop = max(start, at), min(stop, end)
        if start < stop:
            parts += [escape(text[at:start]), f"<mark>{escape(text[start:stop])}</mark>"]
            at = stop
    return "".join([*parts, escape(text[at:end])])
