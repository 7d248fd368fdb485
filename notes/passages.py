"""A note in passages: what answers a question is a paragraph or two, seldom all of a note.

It is cut at its headings, then between paragraphs, and inside a paragraph only where that alone is
long. The same text is always cut in the same way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# In words: from so many on a passage ends with its paragraph, a heading ends one sooner, and
# none is longer than the last, which is what a model takes in at a glance.
ENOUGH, BEFORE_HEADING, MOST = 100, 40, 200
# Where there are no spaces, so many characters are taken for a word.
CHARACTERS = 16

_FENCE = re.compile(r"[ ]{0,3}(```|~~~)")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n|(?<=[。！？])")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """`start` and `end` are its place in the note's body; `under` are the headings above it, the
    outermost first."""

    start: int
    end: int
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph with what is below it up to the next blank line, or a heading's line."""

    start: int
    end: int
    size: int
    level: int = 0
    heading: str = ""


def cut(body: str) -> list[Passage]:
    """All of `body` but blank lines, in order."""
    found: list[Passage] = []
    under: list[tuple[int, str]] = []
    begin = end = size = 0
    above: tuple[str, ...] = ()
    for block in _blocks(body):
        ends = size >= ENOUGH or size + block.size > MOST
        if size and (ends or (block.level and size >= BEFORE_HEADING)):
            found.append(Passage(begin, end, above))
            size = 0
        if not size:
            begin, above = block.start, _above(under, block.level)
        if block.level:
            under = [*(one for one in under if one[0] < block.level), (block.level, block.heading)]
        end, size = block.end, size + block.size
    return [*found, Passage(begin, end, above)] if size else found


def _above(under: list[tuple[int, str]], level: int) -> tuple[str, ...]:
    """The headings over a block; over a heading only those of larger ones."""
    return tuple(heading for deep, heading in under if not level or deep < level)


def _blocks(body: str) -> Iterator[_Block]:
    begin: int | None = None
    fence = ""
    at = 0
    for line in body.splitlines(keepends=True):
        start, at = at, at + len(line)
        if marks := _FENCE.match(line):
            # Code keeps its blank lines, and has no headings.
            fence = "" if fence == marks[1] else fence or marks[1]
        elif not fence and (heading := _HEADING.match(line)):
            if begin is not None:
                yield from _sized(body, begin, start)
            begin = None
            words = heading[2]
            yield _Block(start, start + len(line.rstrip()), _size(words), len(heading[1]), words)
            continue
        if line.strip() or fence:
            begin = start if begin is None else begin
        elif begin is not None:
            yield from _sized(body, begin, start)
            begin = None
    if begin is not None:
        yield from _sized(body, begin, at)


def _sized(body: str, start: int, end: int) -> Iterator[_Block]:
    """The block, in parts where it is too long, without the blanks around it."""
    text = body[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    if start >= end:
        return
    size = _size(body[start:end])
    if size <= MOST:
        yield _Block(start, end, size)
        return
    middle = _near_the_middle(body, start, end)
    yield from _sized(body, start, middle)
    yield from _sized(body, middle, end)


def _near_the_middle(body: str, start: int, end: int) -> int:
    """Where a sentence, else a word, ends closest to the middle."""
    middle = (start + end) // 2
    for ending in (_SENTENCE_END, _BLANKS):
        ends = [one.end() for one in ending.finditer(body, start + 1, end - 1)]
        if ends:
            return min(ends, key=lambda place: abs(place - middle))
    return middle


def _size(text: str) -> int:
    """In words."""
    return max(1, len(text.split()), len(text) // CHARACTERS)
