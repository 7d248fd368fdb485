"""Each case of the model servers' wires, played through the whole product: what the page shows.

One table for both wires; where they differ, the case stands in the list of one of them.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from django.urls import reverse

from chats import calibration, hosts, servers
from chats.engines import ollama as ollama_engine
from chats.engines import openai as openai_engine
from chats.models import Message
from chats.tests.conftest import quick_replies, wait_until, within
from chats.tests.fake_ollama import FakeOllama, FakeServer
from chats.tests.fake_openai import MODEL, FakeOpenAI
from chats.tests.test_reply_life import closed_reply, reply_of, start, told
from chats.tests.test_watching import events

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.same_everywhere]

QUESTION = "What will the weather be?"
AGAIN = ("Try again",)
DONE = ("Copy as Markdown", "Save as a note", "Try again")
GO_ON = ("Continue", "Try again", "Copy as Markdown", "Save as a note")
TOLD = ("Try again", "Copy as Markdown", "Save as a note")

ELSEWHERE = ("html", "html_not_found", "redirect", "bad_gateway")
ELSE = "something else. The address in the settings needs a look."
MEMORY = "hasn't enough memory for this model. Choose a smaller one"


@dataclass(frozen=True)
class Case:
    """What the server plays, one scenario a chat, and what the person sees at the end.

    `says` is a piece of the notice, and "" that there is none; `calls` how often the server was
    asked for an answer.
    """

    plays: str
    state: str = "done"
    words: str = ""
    says: str = ""
    buttons: tuple[str, ...] = DONE
    thoughts: str = ""
    calls: int = 1
    line_s: float = 5


def failed(plays: str, says: str, **more) -> Case:
    return Case(plays, "failed", says=says, buttons=AGAIN, **more)


def interrupted(plays: str, words: str, says: str, **more) -> Case:
    return Case(plays, "interrupted", words, says, GO_ON, **more)


BOTH = [
    # Complete answers
    Case("plain", words="Hello"),
    Case("one_segment", words="Hello"),
    Case("byte_by_byte", words="Hello"),
    Case("torn_utf8", words="wörld 🙂"),
    Case("lookalikes", words="one\x85two\u2028three <b>bold</b> & four\nfive"),
    Case("thinking", words="Answer", thoughts="let me see"),
    failed("thinking_only", "gave an empty answer", thoughts="hmm"),
    Case("tool_calls", "done", "Checking.", "wanted to use a tool", TOLD),
    failed("tool_calls_alone", "wanted to use a tool"),
    Case("sparse", words="!"),
    Case("giant_line", words="x" * 3_000_000),
    Case("unsound", words="a\ufffdb\ufffdc"),
    Case("length", "cut", "abc", "greatest length and was cut", GO_ON),
    # Refused before the first word
    failed("invalid", "reported a fault"),
    failed("load_failed", "reported a fault"),
    failed("out_of_memory", MEMORY),
    failed("busy", "has too much to do. Try again in a minute.", calls=4),
    Case("busy plain", words="Hello", calls=2),
    # Broken off
    interrupted("error_midstream", "abc", MEMORY),
    interrupted("cut", "abc", "The connection to the model server broke."),
    interrupted("stall", "abc", "silent for too long", line_s=0.3),
    failed("never_ending_line", "grew beyond every measure"),
    failed("html_on_chat", ELSE),
    interrupted("garbled", "abc", "reported a fault"),
]


def somebody_else(calls: int) -> list[Case]:
    """Ollama is asked for its models before it gets the question; other servers may list none."""
    cases = [failed(plays, ELSE, calls=calls) for plays in ELSEWHERE]
    return [*cases, failed("forbidden", "Its address, key or list of allowed", calls=calls)]


TOO_LONG = "too long for the model. Start a new chat"

OLLAMA = [
    # Once more without tools.
    failed("too_long", TOO_LONG, calls=2),
    Case("tool_calls_last", "done", "Checking.", "wanted to use a tool", TOLD),
    failed("missing", "Get it with “ollama pull llama3.1:8b”, or choose another one."),
    interrupted("no_done", "ha " * 30 + "ha", "stopped before its answer was complete"),
    failed("load_only", "gave an empty answer"),
    interrupted("not_streamed", "ha ha", "stopped before its answer was complete"),
    *somebody_else(calls=0),
    failed("think_refused", "can't think before it answers. Choose “No”"),
]

OPENAI = [
    failed("missing", "doesn't have the model “llama3.1:8b”. Choose another one"),
    Case("loading loading plain", words="Hello", calls=3),
    interrupted("no_done", "ha", "stopped before its answer was complete"),
    interrupted("no_reason", "ha", "stopped before its answer was complete"),
    failed("too_long", TOO_LONG),
    failed("too_long_elsewhere", TOO_LONG),
    interrupted("not_streamed", "ha ha", "stopped before its answer was complete"),
    Case("whole", words="Hello"),
    *somebody_else(calls=1),
    Case("cannot_think", words="Hello"),
    Case("tool_call_cut", "cut", "abc", "greatest length and was cut", GO_ON),
    Case("thinking_elsewhere", words="Answer", thoughts="let me see"),
    interrupted("error_field", "abc", "reported a fault"),
    Case("pings", words="Hello"),
    Case("carriage_returns", words="Hello"),
]


@pytest.fixture(params=["ollama", "openai"])
def wire(request) -> str:
    return request.param


@pytest.fixture
def server(wire, settings, transactional_db, monkeypatch) -> Iterator[FakeServer]:
    monkeypatch.setattr("chats.engines.connection.LOADING_WAIT_S", 0.02)
    settings.MODEL_SERVER = wire
    kind = FakeOllama if wire == "ollama" else FakeOpenAI
    with kind(scale=0.01, delay_s=0.01) as server, quick_replies(monkeypatch):
        ask_at(monkeypatch, wire, server.url)
        yield server


def ask_at(monkeypatch, wire: str, url: str, line_s: float = 5) -> None:
    """Another address or patience than that of real life."""
    kind = ollama_engine.Ollama if wire == "ollama" else openai_engine.OpenAI
    engine = kind(url, line_s=line_s, retry_after_s=(0.01, 0.02, 0.03))
    monkeypatch.setattr(hosts, "_engine", lambda *_: engine)
    servers.forget()


@dataclass(frozen=True)
class Seen:
    state: str
    words: str
    notice: str
    buttons: tuple[str, ...]
    thoughts: str


def seen(page: str) -> Seen:
    """What stands in the last reply of a page."""
    article = re.findall(r'<article class="turn reply".*?</article>', page, re.DOTALL)[-1]

    def text(pattern: str) -> str:
        found = re.search(pattern, article, re.DOTALL)
        return bare(found[1]) if found else ""

    buttons = re.findall(r"<button.*?>(.*?)</button>", article, re.DOTALL)
    return Seen(
        state=re.search('data-state="(.*?)"', article)[1],
        words=text(r"data-words>(.*?)</div>"),
        notice=text(r'role="status">.*?<p>(.*?)</p>'),
        buttons=tuple(map(bare, buttons)),
        thoughts=text(r"data-thinking [^>]*>(.*?)</div>"),
    )


def bare(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip(" \n")


def page_of(client, reply: Message) -> str:
    return client.get(reply.chat.get_absolute_url()).content.decode()


def last_event(client, reply: Message) -> str:
    """What an open page shows when its reply ends."""
    answer = client.get(reverse("chats:stream", args=[reply.pk]))
    return list(events(answer))[-1][2]["html"]


@pytest.mark.parametrize(
    ("wire", "case"),
    [
        pytest.param(wire, case, id=f"{wire}-{case.plays}")
        for wire, cases in (("ollama", BOTH + OLLAMA), ("openai", BOTH + OPENAI))
        for case in cases
    ],
    indirect=["wire"],
)
def test_how_an_answer_ends_is_seen(client, wire, server, monkeypatch, case):
    ask_at(monkeypatch, wire, server.url, case.line_s)
    if wire == "ollama" and "tool_calls" in case.plays:
        # A model that was offered none.
        server.models[0] = replace(server.models[0], abilities=("completion",))
    server.play(*case.plays.split())
    reply = closed_reply(start(client, QUESTION), seconds=20)
    page = page_of(client, reply)
    for shown in (seen(page), seen(last_event(client, reply))):
        assert shown.state == case.state
        assert shown.words == case.words
        assert case.says in shown.notice
        assert bool(shown.notice) == bool(case.says)
        assert shown.buttons[: len(case.buttons)] == case.buttons
        assert shown.thoughts == case.thoughts
    assert QUESTION in page
    assert len(server.chats) == case.calls
    assert not any(request.path == "/elsewhere" for request in server.requests)


@within(5)
def test_nothing_at_the_address_is_seen_within_five_seconds(
    client, wire, server, monkeypatch, within_s
):
    ask_at(monkeypatch, wire, "http://127.0.0.1:9")
    shown = seen(page_of(client, closed_reply(start(client, QUESTION), seconds=within_s)))
    assert shown.state == "failed"
    assert "can't be reached. Start it, then try again." in shown.notice
    assert shown.buttons[:1] == AGAIN


def test_the_counts_are_seen_where_the_server_gave_them(client, wire, server):
    # Tools leave less room.
    percent = 1 if wire == "ollama" else 0
    server.play("plain", "sparse")
    counted, bare_one = (closed_reply(start(client, QUESTION)) for _ in range(2))
    assert counts(page_of(client, counted)) == {
        "Model": counted.model,
        "Tokens read": "12",
        "Tokens written": "3",
        "Seconds": "0.0",
        "Tokens/s": "100",
        "Chat": f"{percent} % full; at 100 %, older messages are summed up",
    }
    assert counts(page_of(client, bare_one)).keys() == {"Model", "Chat"}


def counts(page: str) -> dict[str, str]:
    [_before, said] = page.split('class="counts"')
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", said.partition("</dl>")[0]))


def test_a_silence_before_the_first_word_is_explained(client, server, wire):
    server.scale = 0.02
    server.play("cold_load")
    if wire == "openai":
        server.models = [MODEL | {"id": "llama3.1:8b"}]
    reply = reply_of(start(client, QUESTION))
    # On OpenAI's wire a server that loads says so by refusing; silence is reading.
    assert told(client, reply, "being loaded" if wire == "ollama" else "Reading")
    assert seen(page_of(client, closed_reply(reply.chat))).words == "Hello"


@pytest.mark.parametrize("wire", ["openai"], indirect=True)
def test_a_server_that_refuses_while_it_loads_is_waited_for_and_named(client, server):
    server.loading = True
    reply = reply_of(start(client, QUESTION))
    assert told(client, reply, "being loaded")
    server.loading = False
    assert seen(page_of(client, closed_reply(reply.chat))).words == "Hello"


def test_a_server_that_is_starting_is_named_as_such(client, server, monkeypatch):
    for engine in (ollama_engine, openai_engine):
        monkeypatch.setattr(engine, "LOOK_S", 0.2)
    server.scale = 0.04
    server.play("starting")
    reply = reply_of(start(client, QUESTION))
    assert told(client, reply, "The model server is starting.")
    assert seen(page_of(client, closed_reply(reply.chat))).words == "Hello"


@within(1)
def test_stop_is_seen_and_felt_within_a_second(client, server, within_s):
    server.play("endless")
    reply = reply_of(start(client, QUESTION))
    wait_until(lambda: reply_of(reply.chat).content)
    assert seen(page_of(client, reply)).buttons == ("Stop",)
    client.post(reverse("chats:stop", args=[reply.pk]))
    assert server.wait_for(lambda: server.chats[0].disconnected, seconds=within_s)
    shown = seen(page_of(client, closed_reply(reply.chat, seconds=within_s)))
    assert (shown.state, shown.notice) == ("stopped", "You stopped this answer.")
    assert shown.buttons[: len(GO_ON)] == GO_ON
    assert shown.words.startswith("0 1")


@pytest.mark.parametrize(("wire", "calls"), [("ollama", 0), ("openai", 1)], indirect=["wire"])
def test_what_surely_does_not_fit_is_sent_only_to_who_may_have_more_room(client, server, calls):
    calibration.learn("llama3.1:8b", 1000, 700)
    reply = closed_reply(start(client, "word " * 12_000))
    assert len(server.chats) == calls
    if not calls:
        assert "Start a new chat, or send a shorter message." in seen(page_of(client, reply)).notice


def test_the_place_in_line_is_seen_and_can_be_left(client, server):
    server.play("endless", "plain")
    first, second, third = (reply_of(start(client, f"{QUESTION} {one}")) for one in range(3))
    wait_until(lambda: reply_of(first.chat).content)
    assert told(client, third, "Waiting in line: number 2.")
    assert told(client, second, "Next in line")
    assert seen(page_of(client, third)).buttons == ("Stop",)
    client.post(reverse("chats:stop", args=[third.pk]))
    shown = seen(page_of(client, closed_reply(third.chat)))
    assert (shown.notice, shown.buttons[:1]) == ("You stopped this answer.", AGAIN)
    client.post(reverse("chats:stop", args=[first.pk]))
    assert seen(page_of(client, closed_reply(second.chat))).words == "Hello"
    assert len(server.chats) == 2
