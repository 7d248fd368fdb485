"""How a note is cut into passages."""

import pytest

from notes.passages import MOST, cut

pytestmark = pytest.mark.same_everywhere

LONG = "Some words about plums and other fruit here.\n" * 12


def texts(body: str) -> list[str]:
    return [body[one.start : one.end] for one in cut(body)]


def test_a_short_note_is_one_passage():
    assert texts("\n\nOne line.\n\n- and\n- a list\n\n") == ["One line.\n\n- and\n- a list"]
    assert (texts(""), texts(" \n\n ")) == ([], [])


def test_a_heading_begins_a_passage_that_knows_the_headings_above():
    body = f"# House\n{LONG}\n## Roof\n{LONG}\n### Tiles\n{LONG}\n## Cellar\n{LONG}"
    assert [one.under for one in cut(body)] == [(), ("House",), ("House", "Roof"), ("House",)]
    starts = ["# House", "## Roof", "### Tiles", "## Cellar"]
    assert [one.splitlines()[0] for one in texts(body)] == starts


def test_short_sections_stay_together():
    body = "## Red\n\nReset once.\n\n## Green\n\nAll well."
    assert texts(body) == [body]


def test_a_paragraph_that_is_too_long_is_cut_between_sentences():
    body = "We walked along the river and ate plums. " * 100
    found = texts(body)
    assert len(found) > 3
    assert all(one.endswith("plums.") and len(one.split()) <= MOST for one in found)
    assert " ".join(found) == body.strip()


def test_code_keeps_its_blank_lines_and_has_no_headings():
    code = "```sh\n# not a heading\n\nls\n```"
    body = f"{LONG}\n{LONG}\n{code}\n\nAfter it."
    assert any(code in one for one in texts(body))
    assert all(one.under == () for one in cut(body))


def test_words_without_spaces_are_cut_too():
    body = "今天天气很好。" * 1000
    assert "".join(texts(body)) == body
    assert len(cut(body)) > 2
