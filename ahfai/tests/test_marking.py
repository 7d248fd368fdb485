"""Words of a search marked in rendered HTML."""

import pytest

from ahfai import markdown, marking
from ahfai.textindex.queries import Query


def marked(text: str, query: str) -> str:
    return marking.mark(markdown.render(text), Query.parse(query))


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("The boiler leaks", "BOIL", "<p>The <mark>boiler</mark> leaks</p>"),
        ("Zoë & co", "zoe", "<p><mark>Zoë</mark> &amp; co</p>"),
        ("lig**hth**ouse", "lighthouse", "<p><mark>lig</mark><strong><mark>hth</mark></strong>"),
        ("a [red boat](https://x.org/boat)", "boat", "red <mark>boat</mark></a>"),
        ("東京都に行く", "東京", "<mark>東京</mark>都"),
        ("a < b", "b", "a &lt; <mark>b</mark>"),
        ("`<mark>`", "mark", "&lt;<mark>mark</mark>&gt;"),
        ("light lighthouse", "light lighthouse", "<mark>light</mark> <mark>lighthouse</mark>"),
    ],
)
def test_words_are_marked_as_the_search_found_them(text, query, found):
    assert found in marked(text, query)


@pytest.mark.parametrize("query", ["p", "strong", "amp", "lt", "href", "class", "-boat", "$", ""])
def test_what_isnt_text_is_never_marked(query):
    text = "**Boats** & [ships](https://x.org/p) < trains"
    assert marked(text, query) == markdown.render(text)


def test_no_word_reaches_from_one_paragraph_into_the_next():
    assert "<mark>" not in marked("sail\n\nboat", "sailboat")


def test_formulas_stay_whole():
    html = marked("mass $m = 2 mass$ mass", "mass")
    assert html.count("<mark>") == 2
    assert "<mark>" not in html[html.index("<math") : html.index("</math>")]
