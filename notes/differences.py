"""What differs between two texts, line by line, for somebody who reads it."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from notes.merging import MOST_LINES

# So many equal lines stand around what differs; the others are left out.
AROUND = 3


@dataclass(frozen=True)
class Line:
    """`mark` is "gone" for a line of the earlier text alone, "new" for one of the later, "left out"
    in the place of equal lines that aren't shown, or ""."""

    mark: str
    text: str


def lines(earlier: str, later: str) -> list[Line]:
    """What was taken away and what came, line by line; where that takes too long, all of both."""
    old, new = earlier.split("\n"), later.split("\n")
    if max(len(old), len(new)) > MOST_LINES:
        return [Line("gone", line) for line in old] + [Line("new", line) for line in new]
    found: list[Line] = []
    for what, start, end, from_, to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if what == "equal":
            found += [Line("", line) for line in old[start:end]]
        else:
            found += [Line("gone", line) for line in old[start:end]]
            found += [Line("new", line) for line in new[from_:to]]
    return found


def around(found: list[Line]) -> list[Line]:
    """Without the equal lines that stand far from what differs."""
    near = {
        place + step
        for place, line in enumerate(found)
        if line.mark
        for step in range(-AROUND, AROUND + 1)
    }
    shown: list[Line] = []
    for place, line in enumerate(found):
        if place in near:
            shown.append(line)
        elif not shown or shown[-1].mark != "left out":
            shown.append(Line("left out", ""))
    return shown
