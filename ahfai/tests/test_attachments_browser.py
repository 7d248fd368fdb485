"""Pictures and files on their way into notes and messages, in a real Chromium."""

import base64
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ahfai.tests.house import House
from ahfai.tests.test_browser import (
    NARROW,
    WIDE,
    ada,
    chromium,
    forgive,
    new_page,
    ollama,
    pytestmark,
    signed_in,
)
from chats import pictures
from chats.tests.fake_ollama import FakeModel

__all__ = ["ada", "chromium", "ollama", "pytestmark", "signed_in"]

# A picture of one dot.
DOT = bytes.fromhex("47494638396101000100800000ff0000ffffff2c00000000010001000002024401003b")
# Another one, which models take.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SEEING = "gemma3:4b"
DROP = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
  document.querySelector("main").dispatchEvent(event);
}"""
PASTE_LARGE = """async () => {
  const canvas = new OffscreenCanvas(3000, 30);
  const drawing = canvas.getContext("2d");
  const dots = drawing.createImageData(3000, 30);
  dots.data.forEach((_dot, place) => (dots.data[place] = (place * 7919) % 251));
  drawing.putImageData(dots, 0, 0);
  const data = new DataTransfer();
  const type = "image/png";
  data.items.add(new File([await canvas.convertToBlob({ type })], "image.png", { type }));
  const given = { bubbles: true, cancelable: true, clipboardData: data };
  const event = new ClipboardEvent("paste", given);
  document.querySelector("#composer textarea").dispatchEvent(event);
}"""
GIVE = """([how, name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  const event = how === "paste"
    ? new ClipboardEvent(how, { bubbles: true, cancelable: true, clipboardData: data })
    : new DragEvent(how, { bubbles: true, cancelable: true, dataTransfer: data });
  document.querySelector("#editor textarea").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def house(ollama):
    ollama.models.append(FakeModel(SEEING, abilities=("completion", "vision")))
    with House(OLLAMA_URL=ollama.url, SIGN_INS_PER_HOUR="1000", UPLOAD_MB="1") as running:
        yield running


@pytest.fixture
def editor(ada) -> Page:
    ada.goto("/notes/new")
    ada.wait_for_load_state()
    ada.get_by_label("Title").fill("Kitchen")
    return ada


def pick(page: Page, *files: tuple[str, bytes]) -> None:
    chosen = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    page.get_by_label("Add pictures or files").set_input_files(chosen)


def text(page: Page):
    return page.get_by_label("Text")


def test_files_are_picked_dropped_and_pasted_and_stand_in_the_note(editor):
    text(editor).fill("Before after")
    text(editor).evaluate("area => area.setSelectionRange(6, 6)")
    pick(editor, ("oak.gif", DOT), ("offer.txt", b"words"))
    expect(text(editor)).to_have_value(
        re.compile(r"^Before\n\n!\[oak\]\(file:\S+\)\n\n\[offer\.txt\]\(file:\S+\) after$")
    )
    expect(
        editor.get_by_role("status").filter(has_text="offer.txt is in the text")
    ).to_be_attached()
    editor.evaluate(GIVE, ["drop", "dropped.gif", list(DOT)])
    editor.evaluate(GIVE, ["paste", "pasted.gif", list(DOT)])
    expect(text(editor)).to_have_value(re.compile("pasted"))
    editor.get_by_role("button", name="Save").click()
    editor.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}/$"))
    for name in ("oak", "dropped", "pasted"):
        picture = editor.get_by_role("img", name=name)
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 1)
    with editor.expect_download() as download:
        editor.get_by_role("region", name="Files").get_by_role("link", name="offer.txt").click()
    assert download.value.suggested_filename == "offer.txt"


def test_saving_waits_for_the_files_that_are_on_their_way(editor):
    pick(editor, ("slow.bin", b"x" * 900_000), ("oak.gif", DOT))
    editor.get_by_role("button", name="Save").click()
    editor.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}/$"))
    files = editor.get_by_role("region", name="Files").get_by_role("listitem")
    expect(files).to_have_text([re.compile("slow.bin"), re.compile("oak.gif")])


def test_what_is_refused_is_said_and_the_text_stays(editor):
    typed = "typed\n" * 200
    text(editor).fill(typed)
    text(editor).press("Control+Home")
    pick(editor, ("film.mp4", b"x" * 1_100_000), ("nothing.txt", b""))
    # Where the eyes are, however long the text is.
    for reason in ("This file is too large", "This file is empty"):
        alert = editor.get_by_role("alert").filter(has_text=reason)
        expect(alert).to_be_in_viewport(ratio=1)
    expect(editor.get_by_role("toolbar")).to_be_in_viewport(ratio=1)
    expect(text(editor)).to_have_value(typed)
    editor.get_by_role("button", name="Don't add it").first.click()
    expect(editor.get_by_text("film.mp4")).to_be_hidden()
    forgive(editor, "422")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_everybody_can_use_it(editor, size, scheme):
    editor.set_viewport_size(size)
    editor.emulate_media(color_scheme=scheme)
    pick(editor, ("oak.gif", DOT), ("film.mp4", b"x" * 1_100_000))
    expect(text(editor)).to_have_value(re.compile("oak"))
    look(editor, size)
    editor.get_by_role("button", name="Save").click()
    editor.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}/$"))
    look(editor, size)


def look(page: Page, size) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_without_scripts_the_files_go_with_the_form(chromium, house, signed_in):
    page = new_page(chromium, house, storage_state=signed_in, java_script_enabled=False)
    page.goto("/notes/new")
    text(page).fill("typed")
    pick(page, ("oak.gif", DOT))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("img", name="oak")).to_be_visible()
    expect(page.get_by_role("region", name="Files").get_by_role("link")).to_have_text(
        re.compile(r"oak\.gif")
    )
    page.context.close()


def test_files_go_along_with_a_message_and_are_there_again(ada, ollama):
    ada.goto("/")
    box = ada.get_by_label("Your message")
    chips = ada.locator("#composer .attachments").get_by_role("listitem")
    files = [("cat.png", PICTURE), ("plan.txt", b"The boiler leaks."), ("film.mp4", b"\0film")]
    chosen = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    ada.get_by_label("Attach pictures or text files").set_input_files(chosen)
    expect(chips).to_have_text([re.compile(name) for name, _data in files])
    expect(chips.nth(2)).to_contain_text("AhFai can't read this kind of file.")
    expect(chips.nth(0).locator("img")).to_have_js_property("naturalWidth", 1)
    forgive(ada, "422")
    look(ada, WIDE)
    ada.set_viewport_size(NARROW)
    look(ada, NARROW)
    ada.set_viewport_size(WIDE)
    box.fill("Who is that?")
    box.press("Enter")
    refused = ada.get_by_role("alert").filter(has_text="can't see pictures")
    expect(refused).to_be_visible()
    forgive(ada, "422")
    expect(box).to_have_value("Who is that?")
    ada.get_by_role("button", name="Take cat.png off").click()
    ada.get_by_role("button", name="Send").click()
    ada.wait_for_url(re.compile(r"/chats/[0-9a-f-]{36}/$"))
    turn = ada.locator(".turn.mine").first
    expect(turn.get_by_role("link", name="plan.txt")).to_be_visible()
    # With a model that sees, dropped anywhere on the page or pasted, and sent without a word.
    expect(ada.locator(".reply[data-state=done]")).to_have_count(1)
    ada.get_by_label("Model", exact=True).select_option(SEEING)
    ada.evaluate(DROP, ["cat.png", list(PICTURE)])
    ada.evaluate(PASTE_LARGE)
    expect(chips).to_have_count(2)
    box.press("Enter")
    picture = ada.locator(".turn.mine").nth(1).get_by_role("img", name="cat.png")
    expect(picture).to_have_js_property("naturalWidth", 1)
    expect(chips).to_have_count(0)
    expect(ada.locator(".reply[data-state=done]")).to_have_count(2)
    seen = [base64.b64decode(one) for one in ollama.chats[-1].body["messages"][-1]["images"]]
    assert [pictures.size(one) for one in seen] == [(1, 1), (2048, 20)]
    ada.reload()
    expect(turn.get_by_role("link", name="plan.txt")).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 1)
    look(ada, WIDE)
