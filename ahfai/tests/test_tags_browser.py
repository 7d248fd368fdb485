"""Tags, as a person puts them on by keyboard in a real Chromium."""

import re

from playwright.sync_api import expect

from ahfai.tests.test_browser import (
    NARROW,
    ada,
    ask,
    chromium,
    expect_no_complaint_in_any_look,
    house,
    ollama,
    pytestmark,
    signed_in,
)

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]


def test_enter_in_the_box_for_tags_puts_them_on_and_moves_nothing(ada):
    ask(ada, "Say hello to the roses")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.goto("/chats/?pick=1")
    ada.get_by_role("checkbox").first.check()
    ada.get_by_label("Tags", exact=True).fill("garden")
    ada.keyboard.press("Enter")
    expect(ada.get_by_text("The chat is tagged.")).to_be_visible()
    expect(ada.locator(".rows").get_by_text("#garden")).to_be_visible()
    expect(ada.locator("main").get_by_text("Pinned:")).to_be_hidden()


def test_many_tags_are_one_row_on_a_narrow_screen(ada):
    ada.goto("/notes/new")
    ada.get_by_label("Text", exact=True).fill("words")
    ada.get_by_role("button", name="Save").click()
    ada.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}/$"))
    ada.goto(f"{ada.url}tags")
    ada.get_by_role("textbox").fill(" ".join(f"tag-{number}" for number in range(14)))
    ada.get_by_role("button", name="Save").click()
    ada.goto("/notes/")
    title = ada.locator(".rows a > :first-child").first
    assert title.bounding_box()["width"] > 200
    ada.set_viewport_size(NARROW)
    row = ada.get_by_role("navigation", name="Tags", exact=True)
    assert row.bounding_box()["height"] < 80
    last = row.get_by_role("link", name="Manage tags")
    last.focus()
    expect(last).to_be_in_viewport()
    expect_no_complaint_in_any_look(ada, "many tags")
    ada.locator(".rows summary").first.click()
    option = ada.get_by_role("link", name="Ask about this note")
    assert option.evaluate("(it) => it.scrollHeight <= 44 && it.offsetHeight <= 44")
