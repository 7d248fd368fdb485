"""Tags, as a person puts them on by keyboard in a real Chromium."""

from playwright.sync_api import expect

from ahfai.tests.test_browser import ada, ask, chromium, house, ollama, pytestmark, signed_in

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
