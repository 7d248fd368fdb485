"""Two texts that grew from the same one become one, and no line of either is lost."""

import random

import pytest

from notes.merging import MOST_LINES, merge

BASE = "a\nb\nc\nd\ne"


@pytest.mark.parametrize(
    ("theirs", "mine", "text", "clashes"),
    [
        ("A\nb\nc\nd\ne", "a\nb\nc\nd\nE", "A\nb\nc\nd\nE", 0),
        (BASE, "a\nb\ne", "a\nb\ne", 0),
        ("a\nx\nb\nc\nd\ne", "a\nb\nc\ne", "a\nx\nb\nc\ne", 0),
        ("a\nb\nX\nd\ne", "a\nb\nX\nd\ne", "a\nb\nX\nd\ne", 0),
        ("a\nb\nX\nd\ne", "a\nb\nY\nd\ne", "a\nb\nX\nY\nd\ne", 1),
        ("a\nb\nd\ne", "a\nb\nY\nd\ne", "a\nb\nY\nd\ne", 1),
        ("a\nb\nc\nd\ne\nX", "a\nb\nc\nd\ne\nY", "a\nb\nc\nd\ne\nX\nY", 1),
        ("", "a\nb\nc\nd\ne\nY", "\na\nb\nc\nd\ne\nY", 1),
    ],
)
def test_what_both_made_of_the_same_text(theirs, mine, text, clashes):
    merged = merge(BASE, theirs, mine)
    assert (merged.text, merged.clashes) == (text, clashes)


def test_no_new_line_is_ever_lost():
    chance = random.Random(7)
    for _ in range(300):
        base = [chance.choice("abc") for _ in range(chance.randrange(12))]
        sides = []
        for who in "xy":
            lines = list(base)
            for number in range(chance.randrange(5)):
                place = chance.randrange(len(lines) + 1)
                lines[place : place + chance.randrange(3)] = [f"{who}{number}"]
            sides.append(lines)
        merged = merge("\n".join(base), *("\n".join(lines) for lines in sides))
        kept = merged.text.split("\n")
        for lines in sides:
            added = [line for line in lines if line[:1] in ("x", "y")]
            assert [line for line in kept if line in added] == added


def test_of_a_very_long_text_nothing_is_made():
    assert merge("a", "\n" * MOST_LINES, "b") is None
