"""What a person sees in a real Chromium, against whole processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect, sync_playwright

from ahfai.testing import PASSWORD
from ahfai.tests.house import House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama, Pause

WHOLE_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# The same browser without what belongs to windows takes half the time.
CHROMIUM = shutil.which("chromium-headless-shell") or WHOLE_CHROMIUM
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not WHOLE_CHROMIUM and not os.environ.get("AHFAI_NO_SKIP"),
        reason="Chromium isn't installed: apt-get install chromium",
    ),
]
# A busy machine takes its time; a test that fails waits a little longer.
expect.set_options(timeout=15_000)
AXE = Axe().axe_script
OF_COLOURS = ("color-contrast", "link-in-text-block")
WIDE, NARROW = {"width": 1280, "height": 820}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def chromium():
    with launched(CHROMIUM) as browser:
        yield browser


@contextlib.contextmanager
def launched(program: str | None):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                # Even a page that goes wrong calls nobody.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            ],
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


def sign_in(page: Page) -> None:
    page.goto("/account/sign-in/")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Good .*, Ada"))).to_be_visible()
    page.wait_for_load_state()


def sign_out(page: Page) -> None:
    page.goto("/you/settings/")
    page.get_by_label("This browser").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/sign-in/**")


def forgive(page: Page, *expected: str) -> None:
    """Take what the browser says about these refused requests off the page's faults."""
    page.faults[:] = [fault for fault in page.faults if not any(one in fault for one in expected)]


def ask(page: Page, text: str) -> None:
    # Before the scripts are there, Enter only breaks the line.
    page.wait_for_load_state()
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
    with House(MODEL_SERVER="builtin", BUILTIN_MODEL="test", NUM_PREDICT="150") as house:
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
    early = len(words.inner_text())
    ada.reload()
    wait_until(lambda: len(words.inner_text()) >= early)
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
    # After each change of the page, however many of them come between two of our looks.
    ada.evaluate(
        """() => {
          window.lengths = [];
          const place = document.getElementById("conversation");
          new MutationObserver(() => {
            const words = place.querySelectorAll(".reply")[1]?.querySelector("[data-words]");
            if (words) lengths.push(words.textContent.replace(/\\s/g, "").length);
          }).observe(place, { childList: true, subtree: true, characterData: true });
        }"""
    )
    ask(ada, "And the story")
    expect(ada.locator(".reply[data-state=done]")).to_have_count(2, timeout=30_000)
    lengths = ada.evaluate("lengths")
    # Markdown's own signs (|, #, **) go when a block is rendered; more must never go.
    assert [(before, after) for before, after in pairwise(lengths) if after < before - 40] == []
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
    expect(ada.get_by_text("isn't on the model server")).to_be_visible()
    expect(ada.get_by_text("Anybody there?").first).to_be_visible()
    ada.get_by_role("button", name="Try again").click()
    expect(ada.locator(".reply").last).to_contain_text("Hello")


def test_it_works_without_javascript(chromium, house, ollama):
    ollama.play("plain", "story")
    page = new_page(chromium, house, java_script_enabled=False)
    sign_up(page, "noscript@example.org")
    page.get_by_label("Your message").fill("Hello?")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/chats/*/")
    # The page refreshes itself until the reply is done.
    expect(page.locator(".reply[data-state=done]")).to_contain_text("Hello")
    page.get_by_label("Your message").fill("And again?")
    page.get_by_role("button", name="Send").click()
    page.locator("noscript a").click()
    expect(page.locator(".reply[data-state=done]")).to_have_count(2, timeout=30_000)


def test_keyboard_alone_is_enough(ada):
    ada.keyboard.press("Escape")
    ada.locator("#main").focus()
    ada.keyboard.press("?")
    expect(ada.get_by_role("dialog")).to_be_visible()
    listed = ada.get_by_role("dialog").get_by_role("definition").all_inner_texts()
    said = [re.sub(r"\s+", " ", keys) for keys in listed]
    assert {"Ctrl + K or g then s", "e or ↑", "Ctrl + Shift + V"} <= {*said}
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("dialog")).to_be_hidden()
    ada.locator("#main").focus()
    ada.keyboard.press("/")
    expect(ada.get_by_label("Your message")).to_be_focused()


def test_axe_finds_nothing_to_complain_about(ada, ollama):
    ollama.play("story")
    ask(ada, "The story, please")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible(timeout=30_000)
    chat = ada.url
    expect_no_complaint_in_any_look(ada, chat)
    paths = [
        "/",
        "/chats/",
        "/chats/?pick",
        "/chats/archive",
        "/chats/trash",
        "/chats/facts/",
        "/search",
        f"{chat}rename",
        f"{chat}steer",
        f"{chat}delete",
        "/notes/",
        "/reminders/",
        "/you/settings/",
        f"{chat}tags",
        "/you/tags/",
        "/you/data/",
        "/you/data/kept",
        "/you/leave/",
        "/you/tokens/",
        "/you/tokens/new",
        "/models/",
        "/model/",
        "/account/password/",
        "/account/second-factor/",
        "/account/second-factor/app/",
        "/account/second-factor/passkeys/add/",
    ]
    for path in paths:
        answer = ada.goto(path)
        assert answer is not None
        assert answer.ok, path
        expect_no_complaint_in_any_look(ada, path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_in_what_opens_or_goes_wrong(
    chromium, house, ada, ollama, scheme, viewport
):
    ada.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    ada.set_viewport_size(viewport)
    ollama.play("missing")
    ask(ada, "Anybody there?")
    expect(ada.locator(".reply[data-state=failed]")).to_be_visible()
    expect_no_complaint(ada, viewport, "a failed reply")
    ollama.play("length")
    ask(ada, "Then as much as fits")
    expect(ada.locator(".reply[data-state=cut]")).to_be_visible()
    ollama.play("endless")
    ask(ada, "And now count")
    expect(ada.locator("[data-words]").last).to_contain_text("0 1 2 3")
    ask(ada, "While it is busy")
    expect(ada.get_by_role("alert")).to_contain_text("still answering")
    expect_no_complaint(ada, viewport, "a growing reply, and a refused question")
    ada.get_by_role("button", name="Stop").click()
    expect(ada.locator(".reply[data-state=stopped]")).to_be_visible()
    ada.locator("main details.menu > summary").click()
    expect_no_complaint(ada, viewport, "the menu of a chat")
    ada.locator("#main").focus()
    ada.keyboard.press("Escape")
    ada.keyboard.press("?")
    expect(ada.get_by_role("dialog")).to_be_visible()
    expect_no_complaint(ada, viewport, "the shortcuts")
    assert ada.goto("/nowhere").status == 404
    expect_no_complaint(ada, viewport, "a missing page")
    forgive(ada, "status of 404", "status of 409")
    nobody = new_page(chromium, house, color_scheme=scheme)
    nobody.set_viewport_size(viewport)
    for path in ("/api/docs", "/account/sign-in/", "/account/sign-up/"):
        nobody.goto(path)
        expect_no_complaint(nobody, viewport, path)
    nobody.get_by_label("Name").press("Enter")
    expect(nobody.locator(".errorlist").first).to_be_visible()
    expect_no_complaint(nobody, viewport, "mistakes in a form")
    nobody.context.close()


def test_axe_finds_nothing_at_the_seldom_used_doors(ada, house):
    for path in ("/account/sign-out/", "/account/again/?next=/notes/"):
        ada.goto(path)
        expect_no_complaint_in_any_look(ada, path)
    ada.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(t => t.remove())")
    ada.get_by_role("button", name="Go on").click()
    expect(ada.get_by_role("heading", name="This page got too old")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a form without its token")
    other_site = f"<form method=post action='{house.url}/chats/start'><button>Send</button></form>"
    ada.goto(f"data:text/html,{quote(other_site)}")
    ada.get_by_role("button", name="Send").click()
    expect(ada.get_by_role("heading", name="Not for you")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a form of another site")
    forgive(ada, "status of 403")


def test_axe_finds_nothing_in_a_reply_with_thoughts_or_in_line(ada, ollama):
    ollama.play("thinking", "endless")
    ask(ada, "Think first")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.locator(".thinking > summary").click()
    expect_no_complaint_in_any_look(ada, "open thoughts")
    ada.goto("/")
    ask(ada, "Count for ever")
    expect(ada.locator("[data-words]")).to_contain_text("0 1 2 3")
    other = ada.context.new_page()
    other.goto("/")
    ask(other, "And what about me?")
    expect(other.get_by_text("Next in line")).to_be_visible()
    expect_no_complaint_in_any_look(other, "a reply in line")
    for page in (other, ada):
        # A press of a key needs no button that stands still while the text above it grows.
        page.get_by_role("button", name="Stop").press("Enter")
        expect(page.get_by_text("You stopped this answer.")).to_be_visible()


def test_axe_finds_nothing_in_a_reply_that_a_restart_interrupted(ada, house, ollama):
    ollama.play("endless")
    ask(ada, "Count for ever")
    expect(ada.locator("[data-words]")).to_contain_text("0 1 2 3")
    ada.wait_for_url("**/chats/*/")
    os.kill(house.web_pid(), signal.SIGKILL)
    wait_until(house.is_up, 30)
    expect(ada.get_by_text("AhFai was restarted")).to_be_visible(timeout=30_000)
    expect_no_complaint_in_any_look(ada, "an interrupted reply")
    forgive(ada, "net::ERR_")


def test_axe_finds_nothing_in_open_menus_and_what_they_do(ada):
    ask(ada, "A chat with a menu")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.locator(".me > summary").click()
    expect(ada.get_by_role("link", name="Settings")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "the menu of the person")
    ada.set_viewport_size(WIDE)
    ada.goto("/chats/")
    ada.locator(".rows details.menu > summary").first.click()
    expect_no_complaint_in_any_look(ada, "a menu in the list")
    ada.get_by_role("button", name="Archive").first.click()
    expect(ada.get_by_text("The chat is in the archive.")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "the list after a move")
    for path in ("/chats/?pick", "/chats/archive", "/chats/trash"):
        ada.goto(path)
        expect_no_complaint_in_any_look(ada, path)


def test_axe_finds_nothing_where_a_version_is_made_and_deleted(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.get_by_role("link", name="Edit").press("Enter")
    expect(ada.get_by_label("Your message")).to_have_value("First question")
    expect_no_complaint_in_any_look(ada, "the page to edit a message")
    ask(ada, "Better question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.get_by_role("link", name="Delete this version").first.press("Enter")
    expect(ada.get_by_role("heading", name="Delete this version?")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "the page to delete a version")


def test_axe_finds_nothing_in_the_style_guide_and_at_the_sign_up_by_mail(chromium):
    with House(DEBUG="yes") as house:
        page = new_page(chromium, house)
        sign_up(page, "ada@example.org")
        assert page.goto("/styleguide").ok
        expect_no_complaint_in_any_look(page, "the style guide")
        for opener in ("Keyboard shortcuts", "A question"):
            page.get_by_role("main").get_by_role("button", name=opener).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            expect_no_complaint_in_any_look(page, f"the dialog of “{opener}”")
            page.keyboard.press("Escape")
        nobody = new_page(chromium, house)
        nobody.goto("/account/sign-up/")
        expect_no_complaint(nobody, WIDE, "the page that asks for the address alone")
        nobody.get_by_label("E-mail address").fill("grace@example.org")
        nobody.keyboard.press("Enter")
        expect(nobody.get_by_role("heading", name="Look into your mail")).to_be_visible()
        # A developer's mails go to the terminal.
        link = re.compile(r"http\S+/account/sign-up/new/\S+")
        wait_until(lambda: link.search(house.log.read_text()), 20)
        nobody.goto(link.search(house.log.read_text())[0])
        expect_no_complaint_in_any_look(nobody, "the page behind the link")
        nobody.get_by_label("Name").fill("Grace Hopper")
        nobody.get_by_label("Password").fill(PASSWORD)
        nobody.keyboard.press("Enter")
        expect(nobody.get_by_role("heading", name=re.compile("Good .*, Grace"))).to_be_visible()
        page.locator("main [data-dismiss]").first.click()
        expect(page.locator("main .toast")).to_have_count(2)
        assert page.faults == []
        page.context.close()


def test_axe_finds_nothing_in_the_admin_pages(ada):
    for path in ("/admin/", "/admin/chats/chat/"):
        assert ada.goto(path).ok
        expect_no_complaint_in_any_look(ada, path)


def expect_no_complaint_in_any_look(page: Page, place: str) -> None:
    # So that from one look to the next as little as possible is laid out anew.
    for scheme, viewports in (("light", (NARROW, WIDE)), ("dark", (WIDE, NARROW))):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for viewport in viewports:
            page.set_viewport_size(viewport)
            # Django's admin pages fade from one scheme to the other.
            page.evaluate(
                "Promise.allSettled(document.getAnimations()"
                ".filter(a => a instanceof CSSTransition).map(a => a.finished))"
            )
            # Schemes differ by colours alone.
            rules = None if scheme == "light" else OF_COLOURS
            place_seen = f"{place}, {scheme}, {viewport['width']} px"
            expect_no_complaint(page, viewport, place_seen, rules)


def expect_no_complaint(
    page: Page, viewport: dict[str, int], place: str, rules: tuple[str, ...] | None = None
) -> None:
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # What is in order is long, and nobody here looks at it. No rule looks at the style sheets,
    # which would be read anew each time.
    options = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
    options |= {"runOnly": rules} if rules else {}
    found = page.evaluate(
        "options => axe.run(options).then(({ violations }) => violations)", options
    )
    assert [(place, one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"], f"{place} is wider than the window"


def test_the_page_follows_the_answer_only_while_the_reader_is_at_its_end(ada, ollama):
    ada.set_viewport_size({"width": 1280, "height": 420})
    is_up = threading.Event()

    def story(request):
        for number, step in enumerate(ollama.scenarios["story"](request)):
            while number == 200 and not is_up.is_set():
                yield Pause(0.02, exact=True)
            yield step

    ollama.play(story)
    ask(ada, "The story, please")
    ada.wait_for_url("**/chats/*/")
    view = ada.locator("[data-follow]")
    wait_until(lambda: view.evaluate("v => v.scrollHeight - v.clientHeight") > 150)
    wait_until(lambda: view.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight") < 60)
    assert ada.evaluate("document.documentElement.scrollHeight <= innerHeight")
    view.hover()

    def wheel_up() -> bool:
        # One turn may be lost while the page scrolls itself; a person turns on.
        ada.mouse.wheel(0, -5000)
        return view.evaluate("v => v.scrollTop") < 10

    wait_until(wheel_up)
    is_up.set()
    before = len(ada.locator("[data-words]").inner_text())
    wait_until(lambda: len(ada.locator("[data-words]").inner_text()) > before + 50)
    assert view.evaluate("v => v.scrollTop") < 10


def test_a_tall_block_right_behind_the_page_s_own_scrolling_is_followed_too(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.wait_for_load_state()
    view = ada.locator("[data-follow]")
    view.evaluate(
        """view => {
          const grow = () => {
            const block = document.createElement("div");
            block.style.blockSize = "900px";
            view.firstElementChild.append(block);
          };
          grow();
          view.scrollTop = view.scrollHeight;
          grow();
        }"""
    )
    wait_until(lambda: view.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight") < 60)


def test_a_page_that_was_shorter_for_a_moment_is_still_followed(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.wait_for_load_state()
    view = ada.locator("[data-follow]")
    view.evaluate(
        """async view => {
          const frames = count => new Promise(done => {
            const next = () => (count-- > 0 ? requestAnimationFrame(next) : done());
            next();
          });
          const block = document.createElement("div");
          block.style.blockSize = "1500px";
          view.firstElementChild.append(block);
          await frames(5);
          block.style.blockSize = "100px";
          view.scrollTop;
          block.style.blockSize = "1500px";
          document.dispatchEvent(new Event("chat:changed"));
          await frames(5);
        }"""
    )
    wait_until(lambda: view.evaluate("v => v.scrollHeight - v.scrollTop - v.clientHeight") < 60)


@pytest.fixture
def ada_and_a_tab(chromium, house, ollama, signed_in):
    """Ada's page and a second tab, in a session of their own that may be ended."""
    ollama.play("plain")
    page = new_page(chromium, house)
    sign_in(page)
    yield page, page.context.new_page()
    # The token of the ended session was refused, as it must be, and so are pieces of the page.
    forgive(page, "status of 403")
    forgive(page, "status of 401")
    assert page.faults == []
    page.context.close()


@pytest.mark.parametrize("place", ["home", "chat"])
def test_words_survive_a_sign_out_elsewhere_and_are_sent_after_signing_in(ada_and_a_tab, place):
    ada, tab = ada_and_a_tab
    if place == "chat":
        ask(ada, "First question")
        expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    sign_out(tab)
    ask(ada, "Do not lose me")
    expect(ada.get_by_role("alert")).to_contain_text("You are signed out")
    expect(ada.get_by_label("Your message")).to_have_value("Do not lose me")
    sign_in(tab)
    ada.get_by_role("button", name="Send").click()
    expect(ada.locator(".turn.mine").last).to_have_text(re.compile("Do not lose me"))
    expect(ada.locator(".reply").last).to_contain_text("Hello")
    expect(ada.get_by_role("alert")).to_be_hidden()


def test_stop_works_after_signing_in_again_elsewhere(ada_and_a_tab, ollama):
    ada, tab = ada_and_a_tab
    ollama.play("endless", "plain")
    ask(ada, "Count for ever")
    ada.wait_for_url("**/chats/*/")
    sign_out(tab)
    sign_in(tab)
    # Whoever has noticed meanwhile that it is signed out goes on when the person comes back.
    ada.evaluate("dispatchEvent(new Event('focus'))")
    ada.get_by_role("button", name="Stop").click()
    expect(ada.get_by_text("You stopped this answer.")).to_be_visible()
    # What can still be done with it makes no more of itself than with any earlier answer.
    more = ada.get_by_role("button", name="Continue")
    assert more.bounding_box()["width"] > 80
    ask(ada, "And now?")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    assert more.bounding_box()["width"] < 60


def test_try_again_and_continue_keep_a_draft(ada, ollama):
    ollama.play("missing", "endless", "plain")
    ask(ada, "Anybody there?")
    # Where its scripts are there: without them, words unsent are lost.
    ada.wait_for_url("**/chats/*/")
    ada.get_by_role("button", name="Try again").wait_for()
    ada.get_by_label("Your message").fill("What I write meanwhile")
    ada.get_by_role("button", name="Try again").click()
    reply = ada.locator("[data-words]")
    expect(reply).to_contain_text("0 1 2 3")
    ada.get_by_role("button", name="Stop").click()
    before = ada.locator(".reply[data-state=stopped] [data-words]").inner_text()
    ada.get_by_role("button", name="Continue").click()
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    assert reply.count() == 1
    assert reply.inner_text().startswith(before.rstrip())
    expect(reply).to_contain_text("Hello")
    expect(ada.get_by_label("Your message")).to_have_value("What I write meanwhile")


def test_versions_of_a_question_by_keyboard(ada, ollama):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.wait_for_load_state()
    ada.locator("#main").focus()
    ada.keyboard.press("e")
    expect(ada.get_by_label("Your message")).to_have_value("First question")
    expect(ada.get_by_label("Your message")).to_be_focused()
    ada.wait_for_load_state()
    ask(ada, "Better question")
    expect(ada.locator(".turn.mine")).to_have_text(re.compile("Better question"))
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    expect(ada.get_by_text("2 of 2")).to_be_visible()
    later = ada.get_by_role("button", name="Later version")
    expect(later).to_be_disabled()
    assert later.evaluate("button => Number(getComputedStyle(button).opacity)") < 0.5
    ada.get_by_role("button", name="Earlier version").press("Enter")
    expect(ada.locator(".turn.mine")).to_have_text(re.compile("First question"))
    expect(ada.get_by_text("1 of 2")).to_be_visible()
    ada.wait_for_load_state()
    ada.get_by_role("button", name="Try again").click()
    expect(ada.get_by_role("group", name="Versions")).to_have_count(2)
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    expect_no_complaint(ada, WIDE, "versions")


def test_a_narrow_chat_has_a_way_to_a_new_one_beside_its_title(ada):
    ada.set_viewport_size(NARROW)
    ask(ada, "What shall we pack for the weekend?")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    header = ada.get_by_role("main").locator("header")
    assert header.get_by_role("heading").bounding_box()["width"] > NARROW["width"] / 2
    expect(header).to_contain_text("on this machine")
    header.get_by_role("link", name="New chat").press("Enter")
    expect(ada.get_by_role("heading", name=re.compile("Good .*, Ada"))).to_be_visible()


def test_search_and_the_way_between_chats_by_keyboard(ada, ollama):
    ollama.play("story")
    for question in ("Zanzibar by ship", "Nothing of that kind"):
        ada.goto("/")
        ask(ada, question)
        expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.wait_for_load_state()
    ada.keyboard.press("Control+k")
    expect(ada.get_by_role("searchbox")).to_be_focused()
    ada.wait_for_load_state()
    ada.keyboard.type("ZANZI ship")
    # What is found for the first letters goes again.
    found = ada.locator("#results[data-for='ZANZI ship']")
    expect(found.locator("mark").first).to_have_text("Zanzibar")
    expect_no_complaint(ada, WIDE, "search")
    hits = found.locator(".found a")
    expect(hits).to_have_count(2)
    for key, focused in (
        ("ArrowDown", hits.first),
        ("ArrowDown", hits.last),
        ("ArrowDown", hits.last),
        ("ArrowUp", hits.first),
        ("ArrowUp", ada.get_by_role("searchbox")),
    ):
        ada.keyboard.press(key)
        expect(focused).to_be_focused()
    first = hits.first.get_attribute("href")
    ada.keyboard.press("Enter")
    ada.wait_for_url(f"**{first}")
    expect(ada.get_by_role("heading", name="Zanzibar by ship")).to_be_visible()
    ada.wait_for_load_state()
    ada.keyboard.press("g")
    ada.keyboard.press("s")
    expect(ada.get_by_role("searchbox")).to_be_focused()
    ada.wait_for_load_state()
    ada.keyboard.type("ZANZI ship")
    hits.last.press("Enter")
    ada.wait_for_url("**/chats/**")
    expect(ada.get_by_role("heading", name="Zanzibar by ship")).to_be_visible()
    expect(ada.locator("#conversation mark")).to_have_text(["Zanzibar", "ship"])
    marks = ada.locator("#conversation mark").all()
    assert len({mark.bounding_box()["y"] for mark in marks}) == 1
    expect(marks[-1]).to_be_in_viewport()
    ada.wait_for_load_state()
    ada.locator("#main").focus()
    ada.keyboard.press("k")
    expect(ada.get_by_role("heading", name="Nothing of that kind")).to_be_visible()
    ada.wait_for_load_state()
    # Before the first one is none.
    ada.keyboard.press("k")
    ada.wait_for_timeout(300)
    expect(ada.get_by_role("heading", name="Nothing of that kind")).to_be_visible()
    ada.wait_for_load_state()
    ada.keyboard.press("j")
    expect(ada.get_by_role("heading", name="Zanzibar by ship")).to_be_visible()
    ada.wait_for_load_state()
    ada.keyboard.press("/")
    ada.keyboard.press("ArrowUp")
    ada.wait_for_url("**/edit")
    expect(ada.get_by_label("Your message")).to_have_value("Zanzibar by ship")


def test_all_chats_of_a_page_are_picked_with_one_tick(ada):
    for question in ("Pick me", "And me"):
        ada.goto("/")
        ask(ada, question)
        expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.goto("/chats/?pick=1")
    ticks = ada.locator('[name="chat"]')
    everything = ada.get_by_label("All on this page")
    everything.check()
    expect(ada.locator('[name="chat"]:checked')).to_have_count(ticks.count())
    ticks.first.uncheck()
    expect(everything).not_to_be_checked()
    expect(ada.get_by_role("status").filter(has_text="selected")).to_have_text(
        f"{ticks.count() - 1} selected"
    )
    everything.check()
    expect(ticks.first).to_be_checked()
    everything.uncheck()
    expect(ada.locator('[name="chat"]:checked')).to_have_count(0)
    expect_no_complaint(ada, WIDE, "chats to pick")
    ada.set_viewport_size({"width": 390, "height": 300})
    expect(ada.get_by_role("button", name="Pin", exact=True)).to_be_in_viewport()


def test_a_hit_deep_in_a_long_answer_is_what_the_reader_sees(chromium, house, ollama, signed_in):
    page = new_page(chromium, house, storage_state=signed_in)
    page.goto("/")
    ollama.play("story")
    ask(page, "A lighthouse, once more")
    expect(page.locator(".reply[data-state=done]")).to_be_visible()
    page.set_viewport_size({"width": 600, "height": 500})
    page.goto("/search?q=rang+morning")
    page.locator(".found a").filter(has_text="rang the bell").first.click()
    page.wait_for_url("**/chats/**")
    expect(page.get_by_text("the night it failed").locator("mark").first).to_be_in_viewport()
    assert page.faults == []
    page.context.close()


def keeps(words: str) -> Callable[[Response], bool]:
    """The answer to what saves these as a draft, and not that of a page which is left."""
    said = urlencode({"text": words})
    return lambda found: found.url.endswith("/draft") and said in (found.request.post_data or "")


@pytest.mark.parametrize("place", ["home", "chat"])
def test_unsent_words_are_there_again_and_gone_when_they_are_sent(ada, place):
    if place == "chat":
        ask(ada, "First question")
        expect(ada.locator(".reply[data-state=done]")).to_be_visible()
        ada.wait_for_load_state()
    box = ada.get_by_label("Your message")
    with ada.expect_response(keeps("Half a thought")):
        box.fill("Half a thought")
    ada.reload()
    expect(box).to_have_value("Half a thought")
    ask(ada, "A whole thought")
    expect(ada.get_by_text("A whole thought").last).to_be_visible()
    expect(ada.locator(".reply[data-state=done]").last).to_be_visible()
    ada.goto("/" if place == "home" else ada.url)
    expect(box).to_have_value("")


def test_two_tabs_keep_their_own_words_and_the_last_one_written_is_kept(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ada.wait_for_load_state()
    other = ada.context.new_page()
    other.goto(ada.url)
    for tab, words in ((ada, "From one"), (other, "From the other"), (other, "From the other!")):
        with tab.expect_response(keeps(words)):
            tab.get_by_label("Your message").fill(words)
    expect(ada.get_by_label("Your message")).to_have_value("From one")
    expect(other.get_by_role("alert")).to_contain_text("Another tab has kept other unsent words")
    third = ada.context.new_page()
    third.goto(ada.url)
    expect(third.get_by_label("Your message")).to_have_value("From the other!")
    # To leave a tab that has been told is not to write on in it.
    with third.expect_response("**/draft"):
        third.get_by_label("Your message").fill("From the third")
    with other.expect_response("**/draft"):
        other.get_by_label("Your message").fill("Late words")
    other.goto("/notes/")
    third.reload()
    expect(third.get_by_label("Your message")).to_have_value("From the third")
    forgive(ada, "status of 409")


def test_escape_closes_a_menu_first_and_then_stops(ada, ollama):
    ollama.play("endless")
    ask(ada, "Count for ever")
    ada.wait_for_url("**/chats/*/")
    expect(ada.locator("[data-words]")).to_contain_text("0 1 2 3")
    ada.locator("main details.menu > summary").click()
    expect(ada.get_by_role("link", name="Rename")).to_be_visible()
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("link", name="Rename")).to_be_hidden()
    ada.locator("#main").focus()
    ada.keyboard.press("?")
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("dialog")).to_be_hidden()
    ada.wait_for_timeout(300)
    expect(ada.get_by_role("button", name="Stop")).to_be_enabled()
    ada.keyboard.press("Escape")
    expect(ada.get_by_text("You stopped this answer.")).to_be_visible()


def test_only_the_same_words_go_out_again_under_the_same_id(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    tries = []

    def lose(route):
        tries.append(dict(parse_qsl(route.request.post_data)))
        route.abort()

    ada.route("**/ask", lose)
    for number, words in enumerate(["One", "One", "Other"], 1):
        ask(ada, words)
        expect(ada.get_by_role("alert")).to_contain_text("Your words are still here")
        wait_until(lambda number=number: len(tries) == number)
        expect(ada.get_by_label("Your message")).to_have_value(words)
    ids = [sent["request_id"] for sent in tries]
    assert ids[0] == ids[1] != ids[2]
    ada.unroute("**/ask")
    ask(ada, "Other")
    expect(ada.locator(".turn.mine").last).to_have_text(re.compile("Other"))
    expect(ada.locator(".turn.mine")).to_have_count(2)
    forgive(ada, "net::ERR_FAILED")


def test_sending_while_an_answer_is_written_says_why_not_and_keeps_the_words(ada, ollama):
    ollama.play("endless")
    ask(ada, "Count for ever")
    ada.wait_for_url("**/chats/*/")
    for _ in ("followed by its address", "as the answer to the request itself"):
        ask(ada, "And then?")
        expect(ada.get_by_role("alert")).to_contain_text("still answering")
        expect(ada.get_by_label("Your message")).to_have_value("And then?")
        ada.get_by_role("button", name="Stop").click()
        expect(ada.get_by_role("alert")).to_be_hidden()
        ada.get_by_role("button", name="Try again").click()
    ada.get_by_role("button", name="Stop").click()
    expect(ada.get_by_text("You stopped this answer.")).to_be_visible()


def test_a_tab_that_missed_a_turn_shows_it_when_it_asks(ada):
    ask(ada, "First question")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    other = ada.context.new_page()
    other.goto(ada.url)
    ask(other, "Second question")
    expect(other.locator(".reply[data-state=done]")).to_have_count(2)
    ask(ada, "Third question")
    expect(ada.locator(".reply[data-state=done]")).to_have_count(3)
    questions = ada.locator(".turn.mine .words").all_inner_texts()
    assert questions == ["First question", "Second question", "Third question"]


def test_three_tabs_on_one_reply_show_the_same_whoever_reloads_or_comes_later(ada, ollama):
    all_there = threading.Event()

    def story(request):
        for number, step in enumerate(ollama.scenarios["story"](request)):
            while number == 200 and not all_there.is_set():
                yield Pause(0.02, exact=True)
            yield step

    ollama.play(story)
    asked = len(ollama.chats)
    ask(ada, "The story, for all of us")
    ada.wait_for_url("**/chats/*/")

    def new_tab() -> Page:
        tab = ada.context.new_page()
        tab.goto(ada.url)
        wait_until(lambda: len(tab.locator("[data-words]").inner_text()) > 50)
        return tab

    reloaded, closed = new_tab(), new_tab()
    closed.close()
    reloaded.reload()
    tabs = [ada, reloaded, new_tab()]
    assert [tab.locator(".reply").get_attribute("aria-busy") for tab in tabs] == ["true"] * 3
    all_there.set()
    for tab in tabs:
        expect(tab.locator(".reply[data-state=done]")).to_be_visible(timeout=30_000)
    texts = [tab.locator("[data-words]").inner_text() for tab in tabs]
    assert "eleven ships passed" in texts[0]
    assert texts[1:] == texts[:1] * 2
    assert len(ollama.chats) == asked + 1


def test_a_chat_that_is_deleted_elsewhere_says_so(ada, ollama):
    ollama.play("endless")
    ask(ada, "Count for ever")
    ada.wait_for_url("**/chats/*/")
    expect(ada.locator("[data-words]")).to_contain_text("0 1 2 3")
    other = ada.context.new_page()
    other.goto(f"{ada.url}delete")
    other.get_by_role("button", name="Delete it").click()
    expect(ada.get_by_role("alert")).to_contain_text("deleted")
    expect(ada.get_by_role("button", name="Stop")).to_be_hidden()
    forgive(ada, "status of 404")


def test_a_screen_reader_hears_each_word_once(ada, ollama):
    ada.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.heard = [];
          const place = document.getElementById("heard");
          if (place) new MutationObserver((changes) => {
            for (const { addedNodes } of changes)
              for (const node of addedNodes) heard.push(node.textContent);
          }).observe(place, { childList: true });
        })"""
    )
    ask(ada, "Hello")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    # In the page itself: one that is opened meanwhile has the first words already.
    ollama.play("story")
    ada.evaluate("heard.length = 0")
    ask(ada, "Tell me of the lighthouse")
    expect(ada.locator(".reply[data-state=done]")).to_have_count(2, timeout=30_000)
    heard = ada.evaluate("heard")
    assert heard[-1] == "The answer is complete."
    assert len(heard) > 5
    assert not any(sentence[0] in ".,;:!?)]" for sentence in heard)
    words = ada.locator("[data-words]").last.evaluate(
        "words => (words = words.cloneNode(true), "
        "words.querySelectorAll('button').forEach(b => b.remove()), words.textContent)"
    )
    assert letters(" ".join(heard[:-1])) == letters(words)


def letters(text: str) -> str:
    """Without the numbers of list items, which a page draws and doesn't have as text."""
    return "".join(filter(str.isalnum, re.sub(r"\b\d+\. ", "", text)))


def test_a_model_that_pauses_in_the_middle_is_not_taken_for_a_frozen_page(ada, ollama):
    ollama.play("stall")
    ada.clock.install()
    ask(ada, "Begin and stand still")
    ada.wait_for_url("**/chats/*/")
    expect(ada.locator("[data-words]")).to_contain_text("abc")
    ada.clock.fast_forward(11_000)
    expect(ada.get_by_text("The model has paused")).to_be_visible()
    ada.get_by_role("button", name="Stop").click()
    expect(ada.get_by_text("The model has paused")).to_be_hidden()


def test_back_from_a_new_chat_leads_to_an_empty_box(ada):
    ask(ada, "Only once")
    ada.wait_for_url("**/chats/*/")
    ada.go_back()
    expect(ada.get_by_label("Your message")).to_have_value("")


def test_a_temporary_chat_is_in_its_page_alone_and_asks_before_it_is_left(ada, ollama):
    ada.get_by_role("link", name="Temporary").click()
    ask(ada, "My dog is called Wackel")
    expect(ada.locator(".reply[data-state=done]")).to_be_visible()
    ollama.play("endless")
    ask(ada, "Count with me and him")
    expect(ada.locator(".reply .tail")).to_contain_text("7 8 9")
    said = [turn["content"] for turn in ollama.chats[-1].body["messages"][1:]]
    assert said == ["My dog is called Wackel", "Hello", "Count with me and him"]
    ada.keyboard.press("Escape")
    expect(ada.get_by_text("You stopped this answer.")).to_be_visible()
    ada.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["words"], "plan.txt"));
          document.body.dispatchEvent(
            new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }),
          );
        }"""
    )
    expect(ada.get_by_role("alert").filter(has_text="takes no files")).to_be_visible()
    expect_no_complaint_in_any_look(ada, "a temporary chat")
    ask(ada, "Go on")
    expect(ada.locator(".reply .tail")).to_contain_text("7 8 9")
    assert "7 8 9" in ollama.chats[-1].body["messages"][-2]["content"]
    questions = []
    ada.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    ada.goto("/chats/")
    assert questions == ["beforeunload"]
    assert "Wackel" not in ada.content()
    assert ollama.wait_for(lambda: ollama.chats[-1].disconnected)


def test_a_temporary_answer_whose_connection_breaks_says_that_it_is_lost(ada):
    ada.goto("/chats/temporary")
    article = "<article class='turn reply' id='message-1'><p data-words></p></article>"
    turn = json.dumps({"html": article, "reply": "1"})
    ada.route(
        "**/chats/temporary", lambda route: route.fulfill(body=f"event: turn\ndata: {turn}\n\n")
    )
    ask(ada, "Hello")
    expect(ada.get_by_text("The connection is lost, and with it the rest")).to_be_visible()


def test_an_appearance_is_saved_when_it_is_chosen_and_nothing_else_is(ada):
    ada.goto("/you/settings/")
    ada.get_by_label("Name").fill("Half a na")
    ada.get_by_label("Dark").check()
    expect(ada.get_by_text("Your choice is saved.")).to_be_visible()
    ada.goto("/you/settings/")
    expect(ada.locator("html[data-theme=dark]")).to_have_count(1)
    expect(ada.get_by_label("Name")).to_have_value("Ada Lovelace")
    ada.get_by_label("As the system").or_(ada.locator("[name=theme][value=system]")).first.check()
    expect(ada.get_by_text("Your choice is saved.")).to_be_visible()
