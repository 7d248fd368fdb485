"""The numbers in an answer that name its sources: `[1]`, or `[1, 3]`."""

import re
from collections.abc import Iterable
from html import escape
from typing import Protocol

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ahfai.crypto import SealError
from ahfai.questions import Question
from chats.models import Source

_NUMBERS = re.compile(r"(?P<before>[ \u00a0]?)\[(?P<numbers>\d{1,2}(?:, ?\d{1,2})*)\]")
_CODE = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n")
_TAG = re.compile(r"""(<(?:[^"'<>]|"[^"]*"|'[^']*')*>)""")
_NAME = re.compile(r"</?(\w+)")
# No number in these is one of a passage.
_APART = {"a", "code", "pre", "math"}
# What says less may be said of anything.
TELLING = 2
# In characters before a number: an answer may be nothing but numbers, and each looks back.
LONGEST_SENTENCE = 1000


class Passage(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def title(self) -> str | None: ...
    @property
    def text(self) -> str | None: ...


def said_in(content: str) -> set[int]:
    return {
        int(number)
        for found in _NUMBERS.finditer(content)
        for number in found["numbers"].split(",")
    }


def without(content: str) -> str:
    """An earlier answer as the model gets it again: its numbers would be taken for new ones."""
    return _NUMBERS.sub("", content)


def checked(content: str, passages: Iterable[Passage]) -> str:
    """The answer without numbers that no passage has, and without those behind a sentence that
    shares no word with theirs: a model puts numbers where it likes."""
    known = {one.number: f"{one.title}\n{one.text}" for one in passages}
    if not known:
        return content
    pieces = _CODE.split(content)
    for place in range(0, len(pieces), 2):
        pieces[place] = _NUMBERS.sub(lambda found: _supported(found, known), pieces[place])
    return "".join(pieces)


def _supported(found: re.Match, known: dict[int, str]) -> str:
    near = max(0, found.start() - LONGEST_SENTENCE)
    before = without(found.string[near : found.start()]).rstrip()
    sentence = Question.parse(_SENTENCE_END.split(before)[-1])
    kept = [
        number
        for number in map(int, found["numbers"].split(","))
        if number in known and (len(sentence.words) < TELLING or sentence.said_in(known[number]))
    ]
    if kept:
        return f"{found['before']}[{', '.join(map(str, kept))}]"
    return found[0] if _is_no_number(found) else ""


def linked(html: str, sources: Iterable[Source]) -> SafeString:
    """The safe HTML of an answer, in which the numbers of its sources lead to them. A number that
    no source has is taken out."""
    known = {one.number: one for one in sources}
    if not known or "[" not in html:
        return SafeString(html)
    pieces = _TAG.split(html)
    apart = 0
    for place, piece in enumerate(pieces):
        if place % 2:
            name = _NAME.match(piece)
            if name and name[1] in _APART:
                apart += -1 if piece.startswith("</") else 1
        elif not apart:
            pieces[place] = _NUMBERS.sub(lambda found: _links(found, known), piece)
    return SafeString("".join(pieces))


def _links(found: re.Match, known: dict[int, Source]) -> str:
    numbers = map(int, found["numbers"].split(","))
    said = "".join(_link(known[number]) for number in numbers if number in known)
    return found[0] if not said and _is_no_number(found) else said


def _is_no_number(found: re.Match) -> bool:
    """Behind a letter without a space it may be anything, as in a[7]."""
    return not found["before"] and found.string[found.start() - 1 : found.start()].isalnum()


def _link(source: Source) -> str:
    try:
        title = source.title or ""
    except SealError:
        title = _("This can't be opened.")
    label = _("Source %(number)d: %(title)s") % {
        "number": source.number,
        "title": title or _("Untitled note"),
    }
    address = reverse("chats:source", args=[source.pk])
    return (
        f'<sup class="cite"><a href="{address}" title="{escape(title)}" '
        f'aria-label="{escape(label)}">{source.number}</a></sup>'
    )
