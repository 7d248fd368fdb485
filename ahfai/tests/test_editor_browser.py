"""The editor of notes under somebody's fingers, in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from ahfai.tests.test_browser import (
    NARROW,
    WIDE,
    ada,
    chromium,
    expect_no_complaint_in_any_look,
    forgive,
    house,
    new_page,
    ollama,
    pytestmark,
    signed_in,
)
from ahfai.tests.test_notes_browser import text, write

PASTE = """(area, given) => {
  const data = new DataTransfer();
  for (const [type, words] of Object.entries(given)) data.setData(type, words);
  const event = { bubbles: true, cancelable: true, clipboardData: data };
  if (area.dispatchEvent(new ClipboardEvent("paste", event))) {
    document.execCommand("insertText", false, given["text/plain"]);
  }
}"""
__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]


@pytest.fixture(scope="module")
def window(chromium, house, signed_in):
    """One for all: there are many short tests, and a new window takes longer than most of them."""
    page = new_page(chromium, house, storage_state=signed_in)
    yield page
    page.context.close()


@pytest.fixture
def editor(window):
    window.set_viewport_size(WIDE)
    window.emulate_media(color_scheme="light")
    window.goto("/notes/new")
    window.wait_for_load_state()
    yield window
    assert window.faults == []


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
        ("Link", "see <here> now", "see [here](|) now", "see <here> now"),
        ("Link", "a [b|c](https://example.org)", "a [bc](<https://example.org>)", None),
        ("Link", "see <https://example.org>", "see [|](https://example.org)", None),
        ("Link", "see |", "see [|]()", "see |"),
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


def test_a_table_comes_after_the_one_that_the_caret_is_in(editor):
    put(editor, "|| a | b |\n| - | - |\n| c |  |\n\nafter")
    press(editor, "Table")
    table = "| <Column 1> | Column 2 |\n| --- | --- |\n|  |  |"
    assert now(editor) == f"| a | b |\n| - | - |\n| c |  |\n\n{table}\n\n\nafter"


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
    bar = editor.get_by_role("toolbar", name="Formatting")
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


def test_no_words_show_over_the_buttons_however_far_down_one_writes(editor):
    text(editor).fill("line\n" * 100)
    for size in (WIDE, NARROW):
        editor.set_viewport_size(size)
        text(editor).press("Control+End")
        edge = editor.locator(".bar").bounding_box()
        top = editor.get_by_role("toolbar").bounding_box()["y"]
        assert top == pytest.approx(edge["y"] + edge["height"], abs=1)


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
        ("- oak\n- |", "- oak\n\n|"),
        ("- oak\n\n- |", "- oak\n\n|"),
        ("- |", "|"),
        ("- oak\n  - [ ] |\nend", "- oak\n- [ ] |\nend"),
        ("1. oak\n   - ash\n     - |", "1. oak\n   - ash\n   - |"),
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


def test_enter_goes_on_with_a_quote_and_ends_it_so_that_a_paragraph_follows(editor):
    text(editor).fill("> - oak")
    for after in (
        "> - oak\n> - ",
        "> - oak\n>\n> ",
        "> - oak\n>\n",
    ):
        editor.keyboard.press("Enter")
        expect(text(editor)).to_have_value(after)
    text(editor).fill("> oak")
    editor.keyboard.press("Enter")
    editor.keyboard.press("Enter")
    editor.keyboard.type("ash")
    expect(text(editor)).to_have_value("> oak\n\nash")
    editor.get_by_role("button", name="Preview").click()
    expect(editor.locator("#preview .prose > p")).to_have_text("ash")


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


def paste(page: Page, html: str = "", plain: str = "plain") -> None:
    given = {"text/plain": plain} | ({"text/html": html} if html else {})
    text(page).evaluate(PASTE, given)


@pytest.mark.parametrize(
    ("before", "pasted", "after"),
    [
        (
            "see <here> now",
            "https://example.org/a(b)",
            "see [here](https://example.org/a%28b%29)| now",
        ),
        ("see <here >now", "mailto:ada@example.org", "see [here](mailto:ada@example.org) |now"),
        ("see |", "https://example.org/", "see https://example.org/|"),
        ("see <here>", "javascript:alert(1)", "see javascript:alert(1)|"),
        ("see <here>", "https://example.org/ and more", "see https://example.org/ and more|"),
        ("```\n<here>\n```", "https://example.org/", "```\nhttps://example.org/|\n```"),
    ],
)
def test_a_link_is_pasted_around_the_words_that_are_selected(editor, before, pasted, after):
    put(editor, before)
    paste(editor, plain=pasted)
    assert now(editor) == after
    editor.keyboard.press("Control+z")
    expect(text(editor)).to_have_value(before.replace("<", "").replace(">", "").replace("|", ""))


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>Oak <i>and</i> ash</h2><p>One<br>two</p>", "## Oak *and* ash\n\nOne\ntwo"),
        ("<p>a <b>bold </b>and <strong><em>both</em></strong></p>", "a **bold** and ***both***"),
        ('<b style="font-weight:normal"><p>not <b>all</b></p></b>', "not **all**"),
        (
            '<a href="https://example.org/?a=1&amp;b=2">a [1]</a>',
            "[a &#91;1&#93;](https://example.org/?a=1&b=2)",
        ),
        ('<i>x</i> <a href="javascript:alert(1)">a</a> <a href="/b">b</a>', "*x* a b"),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>",
            "- a\n  - b\n- c\n\n  d",
        ),
        ("<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        (
            "<ul><li><input type=checkbox checked> a</li><li><input type=checkbox> b</li></ul>",
            "- [x] a\n- [ ] b",
        ),
        ("<p>run <code>a`b</code></p>", "run `` a`b ``"),
        ('<pre><code class="language-js">a\n  b\n</code></pre>', "```js\na\n  b\n```"),
        (
            "<table><tr><th>a<th>b</tr><tr><td>1|2<td><b>c</b></tr><tr><td>d</tr></table>",
            "| a | b |\n| --- | --- |\n| 1\\|2 | **c** |\n| d |  |",
        ),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        (
            "<p><b>x</b> 2*3 [[a]] &lt;b&gt; snake_case _a_</p><p># no</p><p>1. no</p>",
            "**x** 2\\*3 [[a\\]\\] \\<b> snake_case \\_a\\_\n\n\\# no\n\n1\\. no",
        ),
        (
            "<b>a</b><script>window.bad = 1</script><img src=x onerror='window.bad = 1'>"
            "<iframe src='javascript:window.top.bad = 1'></iframe><style>p {}</style>",
            "**a**",
        ),
        ("<span>only</span> words", "plain"),
    ],
)
def test_html_is_pasted_as_markdown(editor, html, markdown):
    put(editor, "|")
    paste(editor, html)
    expect(text(editor)).to_have_value(markdown)
    assert editor.evaluate("window.bad") is None
    # Said even of what is only read: such a document has the policy of the page.
    forgive(editor, "Content Security Policy")
    editor.keyboard.press("Control+z")
    expect(text(editor)).to_have_value("")


def test_what_was_only_text_stays_text_when_it_is_shown(editor):
    words = "2*3*4, _so_, `no` [a](https://example.org) [[b]] ~~c~~ &copy; $x$ <i>d</i>!"
    put(editor, "|")
    page = words.replace("&", "&amp;").replace("<", "&lt;")
    paste(editor, f"<p>{page}</p><p>- e</p><p>====</p><p><b>f</b></p>")
    editor.get_by_role("button", name="Preview").click()
    expect(editor.locator("#preview .prose p")).to_have_text([words, "- e", "====", "f"])
    expect(
        editor.locator("#preview .prose :is(em, s, code, ul, h1, h2, h3, h4, math)")
    ).to_have_count(0)


def test_a_long_page_is_pasted_without_a_long_wait(editor):
    put(editor, "|")
    paste(editor, "<p>some <b>words</b></p>" * 3000)
    assert text(editor).input_value() == "\n\n".join(["some **words**"] * 3000)
    expect(editor.locator("[data-state]")).to_have_text("saved")


def test_with_shift_and_in_code_html_comes_as_plain_text(editor):
    put(editor, "|")
    # The browser has nothing to paste itself here.
    text(editor).dispatch_event("keydown", {"key": "V", "ctrlKey": True, "shiftKey": True})
    paste(editor, "<b>rich</b>")
    text(editor).dispatch_event("keyup", {"key": "V"})
    assert now(editor) == "plain|"
    put(editor, "```\n|")
    paste(editor, "<b>rich</b>")
    assert now(editor) == "```\nplain|"
    put(editor, "|")
    paste(editor, "<b>rich</b>")
    assert now(editor) == "**rich**|"


@pytest.fixture(scope="module")
def notes_and_a_tag(window):
    for title in ("Window sill", "Cellar window", "Attic"):
        address = write(window, title, "words")
    window.goto(f"{address}tags")
    window.get_by_label("Tags").last.fill("garden/roses")
    window.get_by_role("button", name="Save").click()


@pytest.fixture
def offering(notes_and_a_tag, editor) -> Page:
    """An editor of somebody who has notes and a tag."""
    return editor


def test_titles_are_offered_at_the_caret_and_taken(offering):
    put(offering, "see | there")
    offering.keyboard.type("[[win")
    notes = offering.get_by_role("listbox", name="Notes")
    expect(notes.get_by_role("option").first).to_have_text("Window sill")
    expect(notes.get_by_role("option", selected=True)).to_have_text("Window sill")
    expect(text(offering)).to_have_attribute("aria-activedescendant", "completions-0")
    expect_no_complaint_in_any_look(offering, "titles that are offered")
    offering.keyboard.press("ArrowDown")
    expect(notes.get_by_role("option", selected=True)).to_have_text("Cellar window")
    expect(text(offering)).to_have_attribute("aria-activedescendant", "completions-1")
    offering.keyboard.press("Enter")
    assert now(offering) == "see [[Cellar window]]| there"
    expect(notes).to_be_hidden()
    expect(text(offering)).not_to_have_attribute("aria-activedescendant", "completions-1")
    offering.keyboard.press("Control+z")
    expect(text(offering)).to_have_value("see [[win there")


def test_titles_are_offered_over_the_caret_where_there_is_no_room_under_it(offering):
    put(offering, "line\n" * 60 + "|")
    offering.keyboard.type("[[win")
    notes = offering.get_by_role("listbox", name="Notes")
    expect(notes).to_be_in_viewport(ratio=1)
    scrolled = "document.querySelector('.split > .scroll').scrollTop"
    before = offering.evaluate(scrolled)
    offering.keyboard.press("ArrowDown")
    expect(notes.get_by_role("option", selected=True)).to_have_text("Cellar window")
    assert offering.evaluate(scrolled) == before > 0


def test_tags_are_offered_and_escape_closes_the_list_alone(offering):
    put(offering, "- a\n- |")
    offering.keyboard.type("#ros")
    options = offering.get_by_role("listbox", name="Tags").get_by_role("option")
    expect(options).to_have_text(["garden/roses"])
    offering.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(text(offering)).to_be_focused()
    offering.keyboard.press("Backspace")
    expect(options).to_have_text(["garden/roses"])
    offering.keyboard.press("Tab")
    assert now(offering) == "- a\n- #garden/roses|"


def test_a_title_is_taken_by_a_click(offering):
    put(offering, "|")
    offering.keyboard.type("[[att")
    offering.get_by_role("option", name="Attic").click()
    assert now(offering) == "[[Attic]]|"


def test_nothing_is_offered_in_code_or_after_the_hash_of_a_heading(offering):
    asked: list[str] = []

    def note(request) -> None:
        _, is_question, words = request.url.partition("?q=")
        if is_question:
            asked.append(words)

    put(offering, "```\n|\n```")
    offering.on("request", note)
    offering.keyboard.type("[[win")
    put(offering, "# garden|")
    offering.keyboard.type("# garden [[attic")
    expect(offering.get_by_role("option")).to_have_text(["Attic"])
    offering.remove_listener("request", note)
    # Whoever pauses between the letters is asked for with fewer of them before.
    assert asked[-1] == "attic"
    assert not [words for words in asked if "win" in words or "garden" in words]
