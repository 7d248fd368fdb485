"""What a person sees in a real Chromium, against whole processes."""

import os
import re
import shutil
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from ahfai.testing import PASSWORD
from ahfai.tests.house import House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM and not os.environ.get("AHFAI_NO_SKIP"),
        reason="Chromium isn't installed: apt-get install chromium",
    ),
]
WIDE, NARROW = {"width": 1280, "height": 820}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def ollama():
    with FakeOllama(scale=0.01, delay_s=0.02) as server:
        yield server


@pytest.fixture(scope="module")
def house(ollama):
    with House(OLLAMA_URL=ollama.url, SIGN_INS_PER_HOUR="1000") as running:
        yield running


def new_page(chromium, house, **options) -> Page:
    context = chromium.new_context(base_url=house.url, viewport=WIDE, **options)
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
    return page


def sign_up(page: Page, email: str) -> None:
    page.goto("/account/sign-up/")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Good .*, Ada"))).to_be_visible()


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def signed_in(chromium, house):
    """Ada's cookies: she signs up once."""
    page = new_page(chromium, house)
    sign_up(page, "ada@example.org")
    state = page.context.storage_state()
    page.context.close()
    return state


@pytest.fixture
def ada(chromium, house, ollama, signed_in):
    ollama.play("plain")
    page = new_page(chromium, house, storage_state=signed_in)
    page.goto("/")
    yield page
    assert page.faults == []
    page.context.close()


def test_the_whole_main_job_with_the_built_in_model(chromium):
    """Sign up, ask, see the words arrive, reload in the middle, see the rest, sign out."""
    with House(MODEL_SERVER="builtin", BUILTIN_MODEL="test", NUM_PREDICT="300") as house:
        page = new_page(chromium, house)
        sign_up(page, "ada@example.org")
        ask(page, "Tell me a very long story about the sea, with many details.")
        page.wait_for_url("**/chats/*/")
        words = page.locator("[data-words]")
        wait_until(lambda: len(words.inner_text()) > 20, 240)
        early = len(words.inner_text())
        page.reload()
        wait_until(lambda: len(page.locator("[data-words]").inner_text()) >= early, 20)
        page.wait_for_selector(".reply:not([aria-busy])", timeout=120_000)
        assert page.locator(".reply").get_attribute("data-state") in {"done", "cut"}
        assert len(page.locator("[data-words]").inner_text()) >= early
        expect(page.get_by_text("built-in model").first).to_be_visible()
        page.locator(".me summary, [data-opens=you], .side details.menu summary").last.click()
        page.get_by_role("button", name="Sign out").first.click()
        page.wait_for_url("**/account/sign-in/**")
        assert page.faults == []


def test_a_reply_streams_in_and_a_reload_in_the_middle_loses_nothing(ada, ollama):
    ollama.play("story")
    ask(ada, "Tell me of the lighthouse")
    ada.wait_for_url("**/chats/*/")
    words = ada.locator("[data-words]")
    wait_until(lambda: len(words.inner_text()) > 100)
    ada.reload()
    assert len(ada.locator("[data-words]").inner_text()) > 50
    expect(ada.locator(".reply[data-state=done]")).to_be_visible(timeout=30_000)
    text = ada.locator("[data-words]").inner_text()
    assert text.count("The lighthouse at Grey Point") == 1
    assert "eleven ships passed" in text
    expect(ada.locator(".reply table")).to_be_visible()
    expect(ada.locator(".code-head [data-copy]")).to_be_visible()


def test_the_growing_reply_never_blanks_or_shrinks(ada, ollama):
    ask(ada, "Hello")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ollama.play("story")
    ask(ada, "And the story")
    reply = ada.locator(".reply").nth(1).locator("[data-words]")
    lengths = []
    while ada.locator(".reply[aria-busy]").count() or len(lengths) < 3:
        if reply.count():
            lengths.append(len("".join((reply.text_content() or "").split())))
        ada.wait_for_timeout(30)
    # Markdown's own signs (|, #, **) go when a block is rendered; more must never go.
    assert all(after >= before - 40 for before, after in pairwise(lengths))
    assert len(set(lengths)) > 10
    assert ada.get_by_label("Your message").input_value() == ""


def test_stop_works_from_another_tab(ada, ollama):
    ollama.play("endless")
    ask(ada, "Count for ever")
    ada.wait_for_url("**/chats/*/")
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_until(lambda: len(other.locator("[data-words]").inner_text()) > 10)
    other.get_by_role("button", name="Stop").click()
    for page in (other, ada):
        expect(page.get_by_text("You stopped this answer.")).to_be_visible()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_the_person_is_told_in_words_when_the_model_is_missing_and_can_try_again(ada, ollama):
    ollama.play("missing", "plain")
    ask(ada, "Anybody there?")
    expect(ada.get_by_text("doesn't have the model")).to_be_visible(timeout=6_000)
    expect(ada.get_by_text("Anybody there?").first).to_be_visible()
    ada.get_by_role("button", name="Try again").click()
    expect(ada.locator(".reply").last).to_contain_text("Hello")


def test_it_works_without_javascript(chromium, house, ollama):
    ollama.play("plain")
    page = new_page(chromium, house, java_script_enabled=False)
    sign_up(page, "noscript@example.org")
    page.get_by_label("Your message").fill("Hello?")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/chats/*/")
    expect(page.locator(".reply[data-state=done]")).to_contain_text("Hello")
    page.get_by_label("Your message").fill("And again?")
    page.get_by_role("button", name="Send").click()
    # The page refreshes itself until the reply is done.
    expect(page.locator(".reply[data-state=done]")).to_have_count(2, timeout=10_000)


def test_keyboard_alone_is_enough(ada):
    ada.keyboard.press("Escape")
    ada.locator("#main").focus()
    ada.keyboard.press("?")
    expect(ada.get_by_role("dialog")).to_be_visible()
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("dialog")).to_be_hidden()
    ada.locator("#main").focus()
    ada.keyboard.press("/")
    expect(ada.get_by_label("Your message")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_to_complain_about(ada, ollama, scheme, viewport):
    ollama.play("story")
    ada.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    ada.set_viewport_size(viewport)
    ask(ada, "The story, please")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible(timeout=30_000)
    chat = ada.url
    paths = [
        chat,
        "/",
        "/chats/",
        f"{chat}rename",
        f"{chat}delete",
        "/notes/",
        "/reminders/",
        "/you/settings/",
        "/model/",
        "/account/password/",
    ]
    for path in paths:
        answer = ada.goto(path)
        assert answer is not None
        assert answer.ok, path
        found = Axe().run(ada).response["violations"]
        assert [(path, one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
        width = ada.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{path} is wider than the window"


def test_the_page_follows_the_answer_only_while_the_reader_is_at_its_end(ada, ollama):
    ada.set_viewport_size({"width": 1280, "height": 420})
    ollama.play("story")
    ask(ada, "The story, please")
    ada.wait_for_url("**/chats/*/")
    view = ada.locator("[data-follow]")
    wait_until(lambda: view.evaluate("v => v.scrollHeight - v.clientHeight") > 150)
    ada.wait_for_timeout(100)
    assert view.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight") < 60
    view.evaluate("v => { v.scrollTop = 0 }")
    ada.wait_for_timeout(100)
    before = len(ada.locator("[data-words]").inner_text())
    wait_until(lambda: len(ada.locator("[data-words]").inner_text()) > before + 50)
    assert view.evaluate("v => v.scrollTop") < 10
