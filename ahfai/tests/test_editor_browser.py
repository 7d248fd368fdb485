"""The editor of notes under somebody's fingers, in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from ahfai.tests.test_browser import (
    NARROW,
    ada,
    chromium,
    expect_no_complaint_in_any_look,
    house,
    new_page,
    ollama,
    pytestmark,
    signed_in,
)
from ahfai.tests.test_notes_browser import text

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]


@pytest.fixture
def editor(ada) -> Page:
    ada.goto("/notes/new")
    ada.wait_for_load_state()
    return ada


def put(page: Page, words: str) -> None:
    """Let the text be these words, `<` and `>` around what is selected, or `|` at the caret."""
    start, end = (words.find(mark) for mark in "<>") if "<" in words else (words.find("|"),) * 2
    plain = words.replace("<", "").replace(">", "").replace("|", "", 1 if "<" not in words else 0)
    text(page).fill(plain)
    end -= "<" in words
    text(page).evaluate("(area, at) => area.setSelectionRange(...at)", [start, end])


def now(page: Page) -> str:
    """The text, with the caret or the selection as in `put`."""
    words, start, end = text(page).evaluate("a => [a.value, a.selectionStart, a.selectionEnd]")
    if start == end:
        return f"{words[:start]}|{words[start:]}"
    return f"{words[:start]}<{words[start:end]}>{words[end:]}"


def press(page: Page, name: str) -> None:
    page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(
    ("name", "before", "after", "again"),
    [
        ("Heading", "Ga|rden", "# Ga|rden", "## Ga|rden"),
        ("Heading", "### Ga|rden", "Ga|rden", "# Ga|rden"),
        ("Bold", "an <old> oak", "an **<old>** oak", "an <old> oak"),
        ("Bold", "an <old >oak", "an **<old>** oak", "an <old> oak"),
        ("Bold", "an o|ld oak", "an **o|ld** oak", "an o|ld oak"),
        ("Bold", "an |", "an **|**", "an |"),
        ("Italic", "an **<old>** oak", "an ***<old>*** oak", "an **<old>** oak"),
        ("Bold", "an <*old*> oak", "an ***<old>*** oak", "an *<old>* oak"),
        ("Bold", "<- a\n\n- b>", "<- **a**\n\n- **b**>", "<- a\n\n- b>"),
        ("List", "a|", "- a|", "a|"),
        ("List", "<a\n- [ ] b\n1. c>", "<- a\n- b\n- c>", "<a\nb\nc>"),
        ("Checklist", "<- a\n\n  b>", "<- [ ] a\n\n  - [ ] b>", "<a\n\n  b>"),
        ("Quote", "<a\n> b>", None, None),
        ("Code", "call <run()> now", "call `<run()>` now", "call <run()> now"),
        ("Code", "<a`b>", "`` <a`b> ``", None),
        ("Code", "so <a\nb>", "```\n<so a\nb>\n```", None),
        ("Link", "see <here> now", "see [here](|) now", None),
        ("Link", "see <https://example.org>", "see [|](https://example.org)", None),
        ("Link", "see |", "see [|]()", None),
    ],
)
def test_a_button_puts_marks_on_and_takes_them_off(editor, name, before, after, again):
    if after is None:
        # The signs of the tests mean something in quotes.
        text(editor).fill("a\n> b\n\nc")
        text(editor).press("Control+a")
        press(editor, name)
        expect(text(editor)).to_have_value("> a\n> b\n\n> c")
        press(editor, name)
        expect(text(editor)).to_have_value("a\nb\n\nc")
        return
    put(editor, before)
    press(editor, name)
    assert now(editor) == after
    if again is not None:
        press(editor, name)
        assert now(editor) == again


def test_a_table_stands_between_the_paragraphs_with_its_first_name_selected(editor):
    put(editor, "bef|ore\nafter")
    press(editor, "Table")
    table = "| <Column 1> | Column 2 |\n| --- | --- |\n|  |  |"
    assert now(editor) == f"before\n\n{table}\n\n\nafter"
    editor.get_by_role("button", name="Preview").click()
    expect(editor.locator("#preview table th")).to_have_text(["Column 1", "Column 2"])


def test_what_a_button_or_a_key_did_can_be_undone(editor):
    text(editor).press_sequentially("an old oak")
    text(editor).evaluate("area => area.setSelectionRange(3, 6)")
    editor.keyboard.press("Control+b")
    assert now(editor) == "an **<old>** oak"
    editor.keyboard.press("Control+i")
    assert now(editor) == "an ***<old>*** oak"
    press(editor, "Quote")
    expect(text(editor)).to_have_value("> an ***old*** oak")
    for before in ("an ***old*** oak", "an **old** oak", "an old oak"):
        editor.keyboard.press("Control+z")
        expect(text(editor)).to_have_value(before)
    editor.keyboard.press("Control+Shift+z")
    expect(text(editor)).to_have_value("an **old** oak")
    expect(editor.locator("[data-state]")).to_have_text("saved")


def test_the_arrow_keys_go_from_button_to_button_and_tab_leaves_them(editor):
    bar = editor.get_by_role("toolbar", name="Format the text")
    editor.get_by_label("Title").focus()
    editor.keyboard.press("Tab")
    for key, name in (
        ("ArrowRight", "Bold"),
        ("End", "Table"),
        ("ArrowRight", "Heading"),
        ("ArrowLeft", "Table"),
        ("Home", "Heading"),
        ("ArrowRight", "Bold"),
    ):
        editor.keyboard.press(key)
        expect(bar.get_by_role("button", name=name, exact=True)).to_be_focused()
    editor.keyboard.press("Tab")
    expect(text(editor)).to_be_focused()
    editor.keyboard.press("Shift+Tab")
    expect(bar.get_by_role("button", name="Bold")).to_be_focused()
    editor.keyboard.press("Enter")
    assert now(editor) == "**|**"


def test_everybody_can_use_the_buttons(editor):
    expect_no_complaint_in_any_look(editor, "an editor with its buttons")
    editor.set_viewport_size(NARROW)
    for button in editor.get_by_role("toolbar").get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44


def test_buttons_that_need_the_script_are_not_there_without_it(chromium, house, signed_in):
    page = new_page(chromium, house, storage_state=signed_in, java_script_enabled=False)
    page.goto("/notes/new")
    expect(text(page)).to_be_visible()
    expect(page.get_by_role("toolbar")).to_be_hidden()
    page.context.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- oak|", "- oak\n- |"),
        ("  * oa|k", "  * oa\n  * |k"),
        ("- [x] oak|", "- [x] oak\n- [ ] |"),
        ("9. oak|", "9. oak\n10. |"),
        ("1) oak|", "1) oak\n2) |"),
        ("- oak\n- |", "- oak\n|"),
        ("- oak\n  - [ ] |\nend", "- oak\n|\nend"),
        ("|- oak", "\n|- oak"),
        ("-oak|", "-oak\n|"),
        ("```\n- oak|\n```", "```\n- oak\n|\n```"),
        ("```\na\n```\n- oak|", "```\na\n```\n- oak\n- |"),
    ],
)
def test_enter_goes_on_with_a_list_and_ends_it(editor, before, after):
    put(editor, before)
    editor.keyboard.press("Enter")
    assert now(editor) == after
    editor.keyboard.press("Control+z")
    expect(text(editor)).to_have_value(before.replace("|", ""))


def test_enter_goes_on_with_a_quote_and_ends_it(editor):
    text(editor).fill("> - oak")
    editor.keyboard.press("Enter")
    expect(text(editor)).to_have_value("> - oak\n> - ")
    editor.keyboard.press("Enter")
    expect(text(editor)).to_have_value("> - oak\n> ")
    editor.keyboard.press("Enter")
    expect(text(editor)).to_have_value("> - oak\n")


def test_shift_and_enter_only_break_the_line(editor):
    put(editor, "- oak|")
    editor.keyboard.press("Shift+Enter")
    assert now(editor) == "- oak\n|"


@pytest.mark.parametrize(
    ("before", "inside", "back"),
    [
        ("- a\n- b|", "- a\n  - b|", "- a\n- b|"),
        ("1. a\n2. |b", "1. a\n   2. |b", "1. a\n2. |b"),
        ("- [ ] a\n- [ ] |", "- [ ] a\n  - [ ] |", "- [ ] a\n- [ ] |"),
        ("- a\n<- b\n\n- c>", "- a\n  <- b\n\n  - c>", "- a\n<- b\n\n- c>"),
        ("- a\n\t- b|", None, "- a\n- b|"),
    ],
)
def test_tab_moves_items_of_a_list_in_and_out(editor, before, inside, back):
    put(editor, before)
    if inside:
        editor.keyboard.press("Tab")
        assert now(editor) == inside
    editor.keyboard.press("Shift+Tab")
    assert now(editor) == back
    expect(text(editor)).to_be_focused()


@pytest.mark.parametrize("words", ["words|", "- the first|", "- a\n  - deep|", "```\n- a\n- b|"])
def test_tab_leaves_the_text_where_nothing_can_be_moved(editor, words):
    put(editor, words)
    editor.keyboard.press("Tab")
    expect(text(editor)).not_to_be_focused()
    expect(text(editor)).to_have_value(words.replace("|", ""))
    put(editor, words.replace("  - deep", "- deep"))
    editor.keyboard.press("Shift+Tab")
    expect(editor.get_by_role("button", name="Heading")).to_be_focused()


def test_escape_then_tab_leave_the_text_in_a_list_too(editor):
    put(editor, "- a\n- b|")
    editor.keyboard.press("Escape")
    editor.keyboard.press("Tab")
    expect(editor.get_by_label("Add pictures or files")).to_be_focused()
    expect(text(editor)).to_have_value("- a\n- b")
