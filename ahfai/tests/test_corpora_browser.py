"""Collected attacks, said by a model and by a person, in a real Chromium: nothing happens.

The tab that asks has the content security policy, which must find nothing to refuse. A second
one goes without the policy, so that whatever the page itself lets through would run there.
"""

import json
import random
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from ahfai.tests import corpora
from ahfai.tests.house import House
from ahfai.tests.test_browser import ask, chromium, new_page, pytestmark, sign_up
from ahfai.tests.test_markdown_safety import ATTRIBUTES, SCHEMES, TAGS
from chats.tests.fake_ollama import (
    END,
    FakeOllama,
    Pause,
    Request,
    Send,
    Step,
    final,
    head,
    say,
    think,
)
from chats.tests.test_titles import asks_for_title

__all__ = ["chromium", "pytestmark"]

# At every change of the page, so that what stands there for a moment is seen too.
WATCHER = """
({ tags, attributes, schemes }) => {
  const prose = "[data-words], [data-thinking], .mine > .words, #title, #recent span";
  const judge = (element) => {
    if (!element.closest(prose) || element.matches(prose)) return;
    const copy = document.getElementById("code-copy")?.content.firstElementChild;
    if (element.closest("[data-copy]")?.isEqualNode(copy)) return;
    const strange = element.getAttributeNames().filter((name) => !attributes.includes(name));
    const href = element.getAttribute("href");
    if (!tags.includes(element.localName) || !element.closest("[data-words]")) strange.push("tag");
    if (href !== null && element.localName !== "a") strange.push("href");
    if (href !== null && !schemes.includes(new URL(element.href).protocol)) strange.push("scheme");
    if (href !== null && new URL(element.href).origin === location.origin) strange.push("inside");
    if (strange.length) window.outside.add(`${strange}: ${element.outerHTML.slice(0, 300)}`);
    window.judged += 1;
  };
  const walk = (root) => [root, ...root.querySelectorAll("*")].forEach(judge);
  window.outside = new Set();
  window.judged = 0;
  window.lookAtAll = () => walk(document.documentElement);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") judge(target);
      for (const node of addedNodes) if (node instanceof Element) walk(node);
    }
  }).observe(document, { attributes: true, childList: true, subtree: true });
  addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) =>
    window.outside.add(`refused: ${effectiveDirective} ${blockedURI} ${sample}`));
}
"""
ALLOWED = json.dumps(
    {
        "tags": sorted(TAGS),
        "attributes": sorted(ATTRIBUTES),
        "schemes": [f"{scheme}:" for scheme in sorted(SCHEMES)],
    }
)
# Each kind of element around the words, and each attribute that isn't a passing state of it.
AROUND = """
() => {
  const page = document.documentElement.cloneNode(true);
  page.querySelectorAll("[data-words]").forEach((words) => words.replaceChildren());
  return [...page.querySelectorAll("*")].flatMap(({ localName, attributes }) =>
    [localName, ...[...attributes].map(({ name }) => `${localName} ${name}`)])
    .filter((one) => !/ (hidden|open|aria-.*|data-.*)$/.test(one));
}
"""
# Where words of chats are shown too: their titles, and what a search found.
ELSEWHERE = ("/chats/", "/search?q=alert")


class Model:
    """Thinks its words and, once both tabs watch, says them, in small pieces; and gives a title."""

    def __init__(self, words: str, title: str) -> None:
        self.words, self.title = words, title
        self.chance = random.Random(words)
        self.is_watched = threading.Event()

    def __call__(self, request: Request) -> Iterator[Step]:
        yield Send(head())
        if asks_for_title(request):
            yield say(request, self.title)
        else:
            for piece in corpora.pieces(self.words, self.chance):
                yield think(request, piece)
            while not self.is_watched.is_set():
                yield Pause(0.02, exact=True)
            for piece in corpora.pieces(self.words, self.chance):
                yield say(request, piece)
                if self.chance.random() < 1 / 3:
                    yield Pause(0.001, exact=True)
        yield final(request)
        yield Send(END)


class Tab:
    """A page, and whatever it does that it shouldn't."""

    def __init__(self, chromium, house: House, **options) -> None:
        self.page = new_page(chromium, house, **options)
        self.page.add_init_script(f"({WATCHER})({ALLOWED})")
        self.judged = 0
        self.deeds: list[str] = self.page.faults
        self.page.on("dialog", self._dismiss)
        self.page.on("websocket", lambda socket: self.deeds.append(f"called {socket.url}"))
        self.page.context.on("page", lambda page: self.deeds.append(f"opened {page.url}"))
        self.page.context.on("request", lambda request: self._asked(request.url, house.url))

    def assert_harmless(self) -> None:
        self.page.evaluate("lookAtAll()")
        assert self.page.evaluate("[...outside]") == []
        assert self.deeds == []
        self.judged += self.page.evaluate("judged")

    def around(self, path: str = "") -> set[str]:
        """What the page is made of; `path` is where to look, if not here."""
        if path:
            self.page.goto(path)
        else:
            self.page.reload()
        self.page.wait_for_load_state()
        # While the search reads the words for the first time, it looks again by itself.
        expect(self.page.locator("#results[hx-get]")).to_have_count(0)
        self.assert_harmless()
        return set(self.page.evaluate(AROUND))

    def _dismiss(self, dialog) -> None:
        self.deeds.append(f"said {dialog.message}")
        dialog.dismiss()

    def _asked(self, address: str, house: str) -> None:
        if not address.startswith(house + "/"):
            self.deeds.append(f"asked {address}")


@pytest.mark.parametrize("attacks", [100, pytest.param(None, marks=pytest.mark.prove, id="all")])
def test_nothing_happens_whatever_a_model_or_a_person_says(chromium, attacks, record_property):
    texts = corpora.some(attacks)
    with (
        FakeOllama() as ollama,
        House(OLLAMA_URL=ollama.url, TITLES="yes", NUM_CTX="262144", NUM_PREDICT="65536") as house,
    ):
        asking = Tab(chromium, house)
        sign_up(asking.page, "ada@example.org")
        state = asking.page.context.storage_state()
        watching = Tab(chromium, house, storage_state=state, bypass_csp=True)

        def talk(number: int, answer: str, title: str) -> None:
            question = f"{title}\n{answer}".replace("\0", "").replace("\r", "\n").strip()
            model = Model(answer, f"Number {number} {title}")
            ollama.play(model)
            asking.page.goto("/")
            ask(asking.page, question)
            asking.page.wait_for_url("**/chats/*/")
            watching.page.goto(asking.page.url)
            for tab in (asking, watching):
                expect(tab.page.locator("[data-thinking]")).not_to_be_empty()
            model.is_watched.set()
            for tab in (asking, watching):
                expect(tab.page.locator(".reply[data-state=done]")).to_be_visible(timeout=60_000)
                expect(tab.page.locator("#title")).to_contain_text(f"Number {number}")
                assert tab.page.locator(".mine > .words").text_content() == question
                tab.assert_harmless()

        talk(0, "Some words to alert you.\n\nAnd *others*.\n\n", "of them")
        usual = {path: watching.around(path) for path in ("", *ELSEWHERE)}
        titles = [text for text in texts if re.search(r"^.{,9}<\w.{,20}\bon\w+=.{,20}$", text)]
        for number, answer in enumerate(corpora.answers(texts, most=12_000), 1):
            talk(number, answer, titles[number])
            for tab in (asking, watching):
                assert tab.around() <= usual[""]
        for path in ELSEWHERE:
            assert watching.around(path) <= usual[path]
        for tab in (asking, watching):
            assert tab.judged > len(texts)
            tab.page.context.close()
    record_property("attacks", f"{len(texts):,}")
    record_property("elements looked at", f"{asking.judged + watching.judged:,}")
