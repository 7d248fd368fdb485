"""Two texts that grew from the same one, made into one again, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

MOST_LINES = 4000
"""Comparing takes up to the square of it."""


@dataclass(frozen=True)
class Merged:
    """`clashes` is how many places both have changed, each its own way: both stand there."""

    text: str
    clashes: int


class _Change(NamedTuple):
    """These lines of the common text are replaced by `lines`."""

    start: int
    end: int
    lines: Sequence[str]


def merge(base: str, theirs: str, mine: str) -> Merged | None:
    """What both have made of `base`. None where it would take too long to find out."""
    common, left, right = (text.split("\n") for text in (base, theirs, mine))
    if max(map(len, (common, left, right))) > MOST_LINES:
        return None
    lines: list[str] = []
    clashes = 0
    done = 0
    for start, end, changes in _places(_changes(common, left), _changes(common, right)):
        lines += common[done:start]
        ours = [_applied(common, start, end, one) for one in changes]
        if ours[0] == ours[1] or not changes[1]:
            lines += ours[0]
        elif not changes[0]:
            lines += ours[1]
        else:
            clashes += 1
            lines += [*ours[0], *ours[1]]
        done = end
    lines += common[done:]
    return Merged("\n".join(lines), clashes)


def _changes(common: list[str], other: list[str]) -> list[_Change]:
    matcher = SequenceMatcher(None, common, other, autojunk=False)
    return [
        _Change(start, end, other[from_:to])
        for what, start, end, from_, to in matcher.get_opcodes()
        if what != "equal"
    ]


def _places(
    left: list[_Change], right: list[_Change]
) -> list[tuple[int, int, tuple[list[_Change], list[_Change]]]]:
    """Where something was changed, in order; what overlaps or touches is one place."""
    found: list[tuple[int, int, tuple[list[_Change], list[_Change]]]] = []
    marked = [(change, 0) for change in left] + [(change, 1) for change in right]
    for change, side in sorted(marked, key=lambda one: (one[0].start, one[0].end)):
        if found and change.start <= found[-1][1]:
            start, end, changes = found.pop()
            end = max(end, change.end)
        else:
            start, end, changes = change.start, change.end, ([], [])
        changes[side].append(change)
        found.append((start, end, changes))
    return found


def _applied(common: list[str], start: int, end: int, changes: list[_Change]) -> list[str]:
    lines: list[str] = []
    for change in changes:
        lines += [*common[start : change.start], *change.lines]
        start = change.end
    return lines + common[start:end]
