"""Markdown without its marks, in lists and in what a search shows."""

import pytest

from ahfai.markdown.glances import without_marks
from ahfai.templatetags.house import at_a_glance
from ahfai.textindex.queries import Query
from ahfai.textindex.snippets import snippet


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~~gone~~ **bold** *star* `code`", "gone bold star code"),
        ("# Heading\n> said", "Heading said"),
        ("so $e=mc^2$ and $$a+b$$", "so e=mc^2 and a+b"),
        ("$5 and $6, 2 * 3 ~ 4, a || b", "$5 and $6, 2 * 3 ~ 4, a || b"),
        ("| a | zebra |\n|:--|---|\n| 1 | 2 |", "a zebra 1 2"),
        ("see [[Other]] and [the site](https://a.example/x)", "see Other and the site"),
        ("[ ] open, a[0] (1)", "[ ] open, a[0] (1)"),
        ("- [ ] milk\n  1. [x] eggs", "milk eggs"),
        ("…[ ] milk", "…milk"),
        ("…] milk", "…milk"),
    ],
)
def test_marks_are_gone_and_words_stay(text, shown):
    assert " ".join(without_marks(text).split()) == shown


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("and [[Other Todo note]].", "todo", "and Other <mark>Todo</mark> note."),
        ("[[Other]]", "other", "<mark>Other</mark>"),
        ("text *star* end", "star", "text <mark>star</mark> end"),
        ("~~gone~~ & `x`", "gone", "<mark>gone</mark> &amp; x"),
        ("a\n| zebra | b |", "zebra", "a\n <mark>zebra</mark>  b "),
        ("foo*bar*", "bar", "foo*<mark>bar</mark>"),
        ("- [ ] milk & eggs", "milk", "<mark>milk</mark> &amp; eggs"),
    ],
)
def test_what_was_found_stands_without_its_marks(text, query, shown):
    assert at_a_glance(snippet(text, Query.parse(query))) == shown
