"""Notes on their way in and out, in a real Chromium."""

import random
import re
import zipfile

from playwright.sync_api import Page, expect

from ahfai.tests.test_attachments_browser import DOT
from ahfai.tests.test_browser import (
    ada,
    chromium,
    forgive,
    house,
    ollama,
    pytestmark,
    signed_in,
)
from ahfai.tests.test_notes_browser import write
from notes.tests.test_arriving import packed

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]

# As many as take a machine that is quick a while, too.
MANY = 9_000


def bring(page: Page, name: str, files: dict[str, str | bytes]) -> None:
    page.goto("/notes/transfer")
    page.wait_for_load_state()
    chosen = {"name": name, "mimeType": "application/zip", "buffer": packed(files)}
    page.get_by_label("File").set_input_files(chosen)
    page.get_by_role("button", name="Import").click()


def test_a_long_import_shows_how_far_it_is_and_is_cancelled(ada):
    dice = random.Random(1)
    words = [f"word{number}" for number in range(300)]
    bring(
        ada,
        "Many.zip",
        {f"{number}.md": " ".join(dice.choices(words, k=150)) for number in range(MANY)},
    )
    progress = ada.get_by_role("progressbar", name="Many.zip")
    expect(progress).to_be_visible()
    # It moves on without anybody's doing.
    expect(progress).to_have_attribute("max", str(MANY))
    expect(ada.get_by_text(re.compile(r"^[1-9][\d,]* of 9,000$"))).to_be_visible()
    ada.get_by_role("button", name="Cancel").click()
    expect(ada.get_by_text("You cancelled it. What came in before stays.")).to_be_visible()
    expect(progress).to_be_hidden()
    came_in = ada.get_by_text(re.compile(r"^[\d,]+ notes came in\.$")).inner_text()
    assert 0 < int(re.sub(r"\D", "", came_in)) < MANY
    ada.get_by_role("button", name="Dismiss").click()
    expect(ada.get_by_text("Many.zip")).to_be_hidden()


def test_what_is_picked_and_exported_comes_in_again_with_its_picture(ada, tmp_path):
    bring(ada, "Sea.zip", {"Sea.md": "![the sea](sea.gif)", "sea.gif": DOT, "Land.md": "oak"})
    expect(ada.get_by_text("2 notes came in.")).to_be_visible()
    write(ada, "Not picked", "elm")
    ada.goto("/notes/?pick=1")
    ada.get_by_role("button", name="Export").click()
    expect(ada.get_by_role("alert").filter(has_text="Tick the notes first.")).to_be_visible()
    forgive(ada, "422")
    for title in ("Sea", "Land"):
        ada.get_by_role("checkbox", name=title, exact=True).check()
    with ada.expect_download() as download:
        ada.get_by_role("button", name="Export").click()
    path = tmp_path / "notes.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files.keys() == {"Sea.md", "Land.md", "files/sea.gif"}
    assert files["files/sea.gif"] == DOT
    # What is picked stays so: the page is still there.
    expect(ada.get_by_role("checkbox", name="Sea", exact=True)).to_be_checked()
    bring(ada, "Again.zip", files)
    expect(ada.get_by_text("2 were here already.")).to_be_visible()
    ada.goto("/notes/")
    ada.locator(".rows").get_by_role("link", name=re.compile("^Sea")).click()
    picture = ada.get_by_role("img", name="the sea")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 1)
