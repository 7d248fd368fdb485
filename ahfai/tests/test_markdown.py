"""What Markdown becomes, whole and while it grows."""

import itertools

import pytest

from ahfai import markdown
from chats.tests.fake_ollama import STORY

LISTS = (
    "Intro\n\n1. one\n\n2. two\n   more\n\n   - deep\n\n"
    "End.\n\nTitle\n=====\n\n~~~\ncode\n\n~~~\nlast\n"
)


def test_code_tables_lists_and_formulas_are_readable():
    html = markdown.render(STORY)
    assert '<div class="code" data-language="python">' in html
    assert "<table>" in html
    assert "<math" in html
    assert "<li>" in html
    assert "<h3>" in html
    assert "<h1" not in html


def test_formulas_in_the_ways_models_write_them():
    for source in ("$x^2$", "\\(x^2\\)", "$$\nx^2\n$$", "\\[\nx^2\n\\]"):
        assert "<msup>" in markdown.render(source), source
    assert "<math" not in markdown.render("It costs $5 or $6.")


def test_a_broken_formula_is_shown_as_it_was_typed():
    assert "frac{1}" in markdown.render("$\\frac{1}$")


def test_never_raises_whatever_the_text():
    for text in ("", "\ud800", "\x00", "```", "$$", "|", "\\", "[]()", "<", "&#0;"):
        assert isinstance(markdown.render(text), str)


@pytest.mark.parametrize("text", [STORY, LISTS])
def test_a_closed_block_never_changes_as_the_text_grows(text):
    known: list[tuple[int, int]] = []
    for length in range(1, len(text) + 1):
        blocks = markdown.closed_blocks(text[:length])
        assert blocks[: len(known)] == known
        known = blocks
    assert len(known) > 3
    assert known[0][0] == 0
    assert all(before[1] == after[0] for before, after in itertools.pairwise(known))


def test_closed_blocks_can_be_asked_for_from_the_last_one_on():
    blocks = markdown.closed_blocks(STORY)
    assert markdown.closed_blocks(STORY, blocks[2][1]) == blocks[3:]


def test_an_open_fence_is_the_growing_block_however_long():
    text = "Before\n\n```python\n" + "x = 1\n\n" * 50
    assert len(markdown.closed_blocks(text)) == 1
