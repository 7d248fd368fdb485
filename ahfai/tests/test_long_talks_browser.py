"""A talk that outgrows the window, in a real browser: the line that tells of it, and the gauge."""

from playwright.sync_api import expect

from ahfai.tests.house import House
from ahfai.tests.test_browser import (
    WIDE,
    ask,
    chromium,
    expect_no_complaint_in_any_look,
    forgive,
    new_page,
    pytestmark,
    sign_up,
)
from chats.tests.fake_ollama import FakeOllama
from chats.tests.test_long_talks import StrictModel
from chats.tests.test_titles import answers

__all__ = ["chromium", "pytestmark"]


def begins(page, selector: str) -> float:
    """In pixels from the left."""
    return page.locator(selector).last.bounding_box()["x"]


def test_older_messages_are_summed_up_before_the_readers_eyes(chromium):
    with FakeOllama(delay_s=0.005) as ollama, House(OLLAMA_URL=ollama.url, NUM_CTX="4096") as house:
        ollama.play(*[StrictModel(3)] * 20)
        page = new_page(chromium, house)
        page.set_viewport_size(WIDE)
        sign_up(page, "ada@example.org")
        ask(page, "FACT-harbour " + "word " * 1100)
        expect(page.locator(".reply[data-state=done]")).to_have_count(1)
        page.wait_for_url("**/chats/*/")
        ask(page, "word " * 1100)
        expect(page.locator(".reply[data-state=done]")).to_have_count(2)
        line = page.get_by_text("2 messages above were summed up for the model")
        expect(line).to_be_visible()
        line.press("Enter")
        expect(page.get_by_text("Notes: FACT-harbour")).to_be_visible()
        expect(page.locator(".gauge meter:visible")).to_have_count(1)
        expect_no_complaint_in_any_look(page, "a long talk")
        page.set_viewport_size({"width": 240, "height": 700})
        assert begins(page, ".gauge:visible meter") >= begins(page, ".reply .words") - 1
        page.set_viewport_size(WIDE)
        page.reload()
        expect(line).to_be_visible()
        assert page.faults == []
        page.context.close()


def test_a_long_chat_loads_the_rest_as_the_reader_scrolls_without_jumping(chromium):
    with FakeOllama(delay_s=0.001) as ollama, House(OLLAMA_URL=ollama.url) as house:
        page = new_page(chromium, house)
        sign_up(page, "ada@example.org")
        ask(page, "Question 0")
        page.wait_for_url("**/chats/*/")
        for number in range(1, 40):
            expect(page.locator(".reply[data-state=done]")).to_have_count(number)
            ask(page, f"Question {number}")
        expect(page.locator(".reply[data-state=done]")).to_have_count(40)
        page.reload()
        page.wait_for_load_state()
        turns = page.locator(".turn")
        expect(turns).to_have_count(30)
        view = page.locator("[data-follow]")
        assert view.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight") < 2
        reading = page.locator(".turn").nth(4)
        reading.scroll_into_view_if_needed()
        before = reading.element_handle()
        place = before.bounding_box()["y"]
        expect(turns).to_have_count(60)
        assert abs(before.bounding_box()["y"] - place) < 2
        for _press in range(3):
            view.press("Home")
        expect(turns).to_have_count(80)
        expect(page.locator("[data-more]")).to_have_count(0)
        expect(page.get_by_text("Question 0", exact=True).last).to_be_visible()
        hit = turns.nth(20).get_attribute("id")
        chat = page.url
        page.goto(f"{chat}?at={hit.removeprefix('message-')}&q=Question#{hit}")
        page.wait_for_load_state()
        expect(page.locator(f"#{hit} mark")).to_be_in_viewport()
        bar = page.locator(".bar").bounding_box()
        gap = page.locator(f"#{hit}").bounding_box()["y"] - bar["y"] - bar["height"]
        assert gap >= 8, "the hit sticks to the bar"
        expect(page.get_by_role("link", name="Later messages")).to_have_count(1)
        page.route("**/ask", lambda route: route.fulfill(status=409, json={"sentence": "Wait."}))
        before = page.locator(f"#{hit}").element_handle()
        place = before.bounding_box()["y"]
        with page.expect_response(chat):
            ask(page, "Question 40")
        expect(page.get_by_text("Wait.")).to_be_visible()
        assert abs(before.bounding_box()["y"] - place) < 2
        page.unroute("**/ask")
        # It looks at the chat as it is by now before it sends again.
        expect(page.locator("#composer")).not_to_have_attribute("data-busy", "")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Question 40", exact=True).last).to_be_in_viewport()
        expect(turns.last).to_have_attribute("data-state", "done")
        expect(turns.last).to_be_in_viewport(ratio=1)
        assert page.url == chat
        forgive(page, "409")
        assert page.faults == []
        page.context.close()


def test_a_new_chat_gets_its_title_while_the_page_is_open(chromium):
    with (
        FakeOllama(delay_s=0.005) as ollama,
        House(OLLAMA_URL=ollama.url, TITLES="yes") as house,
    ):
        ollama.play(*[answers] * 5)
        page = new_page(chromium, house)
        sign_up(page, "ada@example.org")
        ask(page, "Say hello to my grandmother")
        expect(page.get_by_role("heading", name="A fine greeting")).to_be_visible()
        expect(page.locator("#recent").get_by_text("A fine greeting")).to_be_visible()
        expect(page).to_have_title("A fine greeting · AhFai")
        expect_no_complaint_in_any_look(page, "a chat with its title")
        assert page.faults == []
        page.context.close()
