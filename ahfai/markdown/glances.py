"""Markdown for one glance, as lists and searches show it: parsing it all would take too long."""

import re
from collections.abc import Iterable, Iterator

_MARKS = re.compile(
    # A task, or what is left of its mark where something was cut off before.
    r"^[ \t]*(?:[-*+]|\d{1,9}[.)]) \[[ xX]\] |(?<=^…)(?:\[[ xX])?\] |"
    r"\*{2,3}|~~(?=\S)|(?<=\S)~~|\[\[(?=\S)|(?<=\S)\]\]|"
    r"(?<!\w)\*(?=\S|$)|(?<=\S)\*(?!\w)|`+|^ {0,3}(?:#{1,6}|>) |"
    r"^[-:| \t]*--[-:| \t]*$",
    re.MULTILINE,
)
_FORMULA = re.compile(r"(\${1,2})(?![\s$])([^$\n]+)(?<!\s)\1(?![\w$])")
_ROW = re.compile(r"^[ \t]*\|.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]+)\]\([^()\s]+\)")


def without_marks(text: str) -> str:
    [said] = pieces_without_marks([_LINK.sub(r"\1", text)])
    return said


def pieces_without_marks(pieces: Iterable[str]) -> list[str]:
    """The pieces of one text: what belongs to a mark shows only in the whole of it."""
    pieces = list(pieces)
    text = "".join(pieces)
    gone = {place for span in _marks(text) for place in range(*span)}
    shown, at = [], 0
    for piece in pieces:
        shown.append("".join(one for place, one in enumerate(piece, at) if place not in gone))
        at += len(piece)
    return shown


def _marks(text: str) -> Iterator[tuple[int, int]]:
    for found in _MARKS.finditer(text):
        yield found.span()
    for found in _FORMULA.finditer(text):
        yield found.span(1)
        yield found.end(2), found.end()
    for row in _ROW.finditer(text):
        for place in range(*row.span()):
            if text[place] == "|":
                yield place, place + 1
