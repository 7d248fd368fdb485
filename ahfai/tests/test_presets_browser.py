"""Presets and counts, as a person sees them in a real Chromium."""

import re

from playwright.sync_api import expect

from ahfai.tests.test_browser import (
    NARROW,
    WIDE,
    ada,
    ask,
    chromium,
    expect_no_complaint,
    expect_no_complaint_in_any_look,
    house,
    ollama,
    pytestmark,
    signed_in,
)

__all__ = ["ada", "chromium", "house", "ollama", "pytestmark", "signed_in"]


def test_a_preset_from_its_making_to_the_chat_that_begins_with_it(ada, ollama):
    ada.goto("/you/settings/")
    ada.get_by_role("link", name="How the model answers").click()
    ada.get_by_label("Instructions").fill("Be brief")
    expect_no_complaint_in_any_look(ada, "the defaults")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_text("Your settings are saved.")).to_be_visible()
    ada.get_by_role("link", name="Your presets").click()
    expect_no_complaint_in_any_look(ada, "no presets")
    ada.get_by_role("link", name="New preset").click()
    ada.get_by_label("Name").fill("Sailor")
    ada.get_by_label("Instructions").fill("Talk like a sailor")
    expect_no_complaint_in_any_look(ada, "a new preset")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("link", name="Sailor", exact=True)).to_be_visible()
    expect_no_complaint_in_any_look(ada, "the presets")

    ada.goto("/")
    expect_no_complaint_in_any_look(ada, "the first page with presets")
    ada.get_by_label("Preset").select_option("Sailor")
    ask(ada, "Ahoy")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    assert ollama.chats[-1].body["messages"][0]["content"].endswith("Talk like a sailor")

    for viewport in (WIDE, NARROW):
        ada.set_viewport_size(viewport)
        counts = ada.locator(".counts > summary")
        counts.focus()
        before = counts.bounding_box()
        ada.keyboard.press("Enter")
        expect(ada.locator(".counts dl")).to_contain_text(re.compile("Tokens written"))
        assert counts.bounding_box() == before
        expect_no_complaint(ada, viewport, "the counts of a reply")
        ada.keyboard.press("Enter")
        expect(ada.locator(".counts dl")).to_be_hidden()

    ada.goto(f"{ada.url}steer")
    ada.get_by_label("Instructions").fill("")
    ada.get_by_label("Save as preset").fill("Plain")
    expect_no_complaint_in_any_look(ada, "steering")
    ada.get_by_label("Save as preset").press("Enter")
    ada.wait_for_url("**/chats/*/")
    ada.goto(f"{ada.url}steer")
    ada.get_by_label("Take a preset").select_option("Sailor")
    ada.get_by_role("button", name="Take it").click()
    expect(ada.get_by_text("The chat has taken the preset.")).to_be_visible()
    expect(ada.get_by_label("Instructions")).to_have_value("Talk like a sailor")
    ada.goto("/chats/presets/")
    ada.get_by_role("link", name="Delete “Plain”").click()
    expect_no_complaint_in_any_look(ada, "the page to delete a preset")
    ada.get_by_role("button", name="Delete it").click()
    expect(ada.get_by_role("link", name="Plain", exact=True)).to_be_hidden()
