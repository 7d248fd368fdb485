"""What stands about a note at the top of its file."""

import pytest

from notes.transfer import front_matter

ODD = [
    "",
    "plain",
    "say \"hello\", \\ and 'bye'",
    "a: b # c",
    "[x, y]",
    "---",
    "null",
    "two\nlines\tand a tab",
    "木 🌳 é e\u0301",
    "\u2028\x85\ufeff\x7f",
    "x" * 200,
]


@pytest.mark.parametrize("text", ODD)
def test_what_is_written_is_read_again(text):
    fields = [("title", front_matter.quoted(text)), ("tags", ["a/b", 'c"d', "e,f]", "g'"])]
    for body in (text, f"---\n{text}\n---", f"\n\n{text}  \n\n", f"a\r\n{text}\r\n"):
        page = front_matter.read(front_matter.write(fields, body))
        assert (page.text("title"), page.names("tags"), page.body) == (
            text,
            ["a/b", 'c"d', "e,f]", "g'"],
            body,
        )


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("Plain words # and a remark", "Plain words"),
        ("'it''s'", "it's"),
        ('"caf\\u00e9 \\x41 \\U0001F333"', "café A 🌳"),
        ('"half \\ud800"', "half \ufffd"),
        ("|\n  one\n  two", "one\ntwo"),
        (">-\n  one\n  two", "one two"),
        ("\n  folded over\n  two lines", "folded over two lines"),
        ("!!python/object/apply:os.system ['true']", "!!python/object/apply:os.system ['true']"),
        ("*reference", "*reference"),
        ("~", ""),
    ],
)
def test_a_value_is_text_and_nothing_else(value, meant):
    assert front_matter.read(f"---\ntitle: {value}\n---\nwords").text("title") == meant


@pytest.mark.parametrize(
    "said",
    ["[a, 'b c', \"d\"]", "\n- a\n- b c\n- d", "\n  - a\n  - 'b c'\n  - d", "[a,\n  b c,\n  d\n]"],
)
def test_lists_are_read_in_each_of_their_forms(said):
    page = front_matter.read(f"---\ntags: {said}\ntitle: t\n---\n")
    assert (page.names("tags"), page.text("title")) == (["a", "b c", "d"], "t")


def test_names_may_stand_in_one_text_with_commas():
    assert front_matter.read("---\ntags: a, b\n---\n").names("tags") == ["a", " b"]


@pytest.mark.parametrize(
    "text",
    [
        "no lines at all",
        "---\nthis is a rule, and no field\n---\nmore",
        "---\ntitle: without an end",
        "---\n\n---\nempty",
        "----\ntitle: t\n----",
    ],
)
def test_a_text_that_has_none_is_all_body(text):
    page = front_matter.read(text)
    assert (page.fields, page.body) == ({}, text)


def test_the_lines_of_a_field_are_kept_as_they_stood_there():
    page = front_matter.read("---\naliases:\n  - one\n  - two\ntitle: t\n---\n")
    assert page.lines == {"aliases": "aliases:\n  - one\n  - two", "title": "title: t"}


def test_a_bomb_of_references_stays_as_small_as_it_is():
    bomb = "---\na: &a [x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
    )
    page = front_matter.read(f"{bomb}---\nwords")
    assert page.body == "words"
    assert sum(len(str(value)) for value in page.fields.values()) < 5000
