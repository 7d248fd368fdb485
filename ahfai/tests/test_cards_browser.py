"""Look-ups and cards, as a person sees them in a real Chromium."""

import re

from playwright.sync_api import Page, expect

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
from chats.tests.fake_ollama import asking_for

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]


def ask_next(page: Page, text: str) -> None:
    """A card can be there a moment before its answer is over."""
    expect(page.locator("#composer")).not_to_have_attribute("data-busy", "")
    ask(page, text)


def test_a_card_from_the_question_to_undo(ada, ollama):
    ada.goto("/notes/new")
    ada.get_by_label("Title").fill("Packing")
    ada.get_by_label("Text", exact=True).fill("- rain trousers\n- cash for the parking")
    ada.get_by_role("button", name="Save", exact=True).click()
    ada.wait_for_url(re.compile("/notes/[0-9a-f-]+/$"))
    ada.goto("/")
    ollama.play(
        asking_for(
            ("search_notes", {"query": "packing"}),
            ("set_reminder", {"phrase": "Book the cabin every friday at 9 #trip"}),
            ("append_to_note", {"note": "Packing", "text": "- car charger"}),
        ),
        "plain",
    )
    ask(ada, "What should we not forget? And remind me to book the cabin.")
    ada.wait_for_url("**/chats/*/")
    reminder = ada.get_by_role("group", name="New reminder")
    note = ada.get_by_role("group", name="Add to a note")
    expect(reminder).to_contain_text(re.compile(r"Fri .* 9:00.*every week on Friday.*#trip", re.S))
    expect(note.locator("ins")).to_have_text(re.compile("car charger"))
    ada.get_by_text("searched notes for packing, 1 found").click()
    expect(ada.locator(".lookup").get_by_role("link", name="Packing")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "cards")

    # In a stream's end as in a page of its own, and by the keyboard: what is said is heard.
    reminder.get_by_role("button", name="Set it").press("Enter")
    expect(reminder).to_contain_text("Set. You will be reminded Friday 9:00.")
    expect(reminder).to_be_focused()
    ada.reload()
    expect(reminder.get_by_role("link", name="Book the cabin")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a card that is done")
    reminder.get_by_role("button", name="Undo").click()
    expect(reminder).to_contain_text("Taken back")
    note.get_by_role("button", name="Edit first").click()
    expect(ada.get_by_label("Text", exact=True)).to_have_value(re.compile("parking\n- car charger"))
    # Who only looks, and leaves, has saved nothing.
    ada.go_back()
    note.get_by_role("link", name="Packing").click()
    expect(ada.get_by_text("cash for the parking", exact=True)).to_be_visible()
    expect(ada.get_by_text("car charger")).to_have_count(0)
    ada.go_back()
    note.get_by_role("button", name="Dismiss").click()
    expect(note).to_contain_text("You dismissed this.")
    expect_no_complaint_in_any_look(ada, "cards that are over")

    # All of what would be stored is there to be read, without spaces and on a phone, too.
    ada.set_viewport_size(NARROW)
    ask(ada, f"/remind {'w' * 150} tomorrow at 9")
    long = ada.get_by_role("group", name="New reminder").last
    expect(long).to_contain_text("www")
    assert long.evaluate("card => card.scrollWidth <= card.clientWidth")

    # Without any model, and with the card as the whole answer.
    ask_next(ada, "/remind call mum tomorrow at 9")
    card = ada.get_by_role("group", name="New reminder").last
    expect(card).to_contain_text("call mum")
    # Who goes on to write while it is on its way isn't taken away from that.
    box = ada.get_by_label("Your message")
    with ada.expect_response("**/dismiss"):
        card.get_by_role("button", name="Dismiss").click()
        box.focus()
    expect(card).to_contain_text("You dismissed this.")
    expect(box).to_be_focused()
    ask_next(ada, "/search parking")
    expect(ada.locator(".lookup").last.get_by_role("link", name="Packing")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "what commands answer")
    ada.goto("/chats/acting")
    expect_no_complaint_in_any_look(ada, "what the model may do")
