"""The Ollama engine against a server that plays each case of the wire byte by byte."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic, sleep

import pytest

from ahfai.tests.ports import free_port
from chats.engines import (
    Call,
    Called,
    Cancelled,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Offer,
    Picture,
    Prompt,
    Text,
    Thinking,
    ToolCall,
    Turn,
)
from chats.engines.ollama import Ollama
from chats.tests.conftest import within
from chats.tests.fake_ollama import FakeModel, FakeOllama, go_json, whole

WORDS = "secret words of the person"


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    with FakeOllama(scale=0.01, delay_s=0.02) as fake:
        yield fake


@pytest.fixture
def engine(server: FakeOllama) -> Ollama:
    return Ollama(server.url + "/", line_s=5, retry_after_s=(0.01, 0.02, 0.03))


def prompt(model: str = "plain", *, think: bool | None = None) -> Prompt:
    turns = (Turn("system", "Be brief."), Turn("user", WORDS))
    return Prompt(model, turns, num_ctx=8192, num_predict=2048, think=think)


def heard(engine: Ollama, asked: Prompt | None = None) -> list[Event]:
    return list(engine.stream(asked or prompt(), Call()))


def until_failure(engine: Ollama, asked: Prompt | None = None) -> tuple[list[Event], EngineFailed]:
    """What came before the failure, and the failure."""
    events: list[Event] = []
    with pytest.raises(EngineFailed) as failure:
        events.extend(engine.stream(asked or prompt(), Call()))
    assert not any(isinstance(event, Finished) for event in events)
    for told in (failure.value.sentence, str(failure.value)):
        assert WORDS not in told
        assert "<html" not in told
    assert failure.value.sentence
    return events, failure.value


def text(events: list[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, Text))


def thoughts(events: list[Event]) -> str:
    return "".join(event.delta for event in events if isinstance(event, Thinking))


def with_rounds(asked: Prompt) -> Prompt:
    """After a tool was asked for, and brought something."""
    offer = Offer("look", "Look it up.", '{"type":"object","properties":{}}')
    call = Called("call_0_0", "look", '{"words":"boiler"}')
    turns = (Turn("assistant", "", (call,)), Turn("tool", "hums", tool="look", call_id=call.id))
    return replace(asked, turns=(*asked.turns, *turns), tools=(offer,))


# Complete answers


def test_a_plain_answer_arrives_in_pieces_and_ends_with_its_counts(server, engine):
    events = heard(engine)
    assert events == [
        Text("Hel"),
        Text("lo"),
        Finished("stop", Counts(12, 3, 0.066147992, 0.0125, 0.03025)),
    ]


@pytest.mark.parametrize("scenario", ["one_segment", "byte_by_byte"])
def test_the_way_the_bytes_are_cut_changes_nothing(server, engine, scenario):
    server.play(scenario)
    events = heard(engine)
    assert events[:2] == [Text("Hel"), Text("lo")]
    assert isinstance(events[-1], Finished)


def test_a_torn_utf8_character_arrives_whole(server, engine):
    server.play("torn_utf8")
    assert text(heard(engine)) == " wörld 🙂"


def test_characters_that_look_like_line_breaks_stay_in_their_line(server, engine):
    server.play("lookalikes")
    assert heard(engine)[0] == Text("one\x85two\u2028three <b>bold</b> & four\r\nfive")


def test_characters_that_no_database_takes_are_replaced(server, engine):
    server.play("unsound")
    assert text(heard(engine)) == "a\ufffdb\ufffdc"


def test_a_cold_load_is_waited_for_without_asking_twice(server, engine):
    server.play("cold_load")
    answer: list[Event] = []
    asking = threading.Thread(target=lambda: answer.extend(heard(engine)))
    asking.start()
    assert server.wait_for(lambda: server.chats)
    assert engine.look("plain") == "loading"
    asking.join()
    assert text(answer) == "Hello"
    assert len(server.chats) == 1
    assert engine.look("plain") == "ready"


def test_a_server_that_is_still_starting_is_waited_for(server, engine):
    server.play("starting")
    assert text(heard(engine)) == "Hello"


def test_thoughts_come_apart_from_the_answer(server, engine):
    server.play("thinking")
    events = heard(engine, prompt("qwen3:4b", think=True))
    assert thoughts(events) == "let me see"
    assert text(events) == "Answer"
    assert isinstance(events[-1], Finished)


def test_an_answer_of_thoughts_alone_is_complete(server, engine):
    server.play("thinking_only")
    events = heard(engine, prompt("qwen3:4b", think=True))
    assert text(events) == ""
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("scenario", ["tool_calls", "tool_calls_last"])
def test_calls_of_tools_come_in_order_and_the_text_before_them_stays(server, engine, scenario):
    server.play(scenario)
    events = heard(engine)
    assert events[:-1] == [
        Text("Checking. "),
        ToolCall("get_weather", {"city": "Oslo"}),
        ToolCall("get_weather", {"city": "Bergen <b>"}),
    ]
    assert events[-1].reason == "stop"


@pytest.mark.parametrize(
    "calls",
    [
        "all",
        [7],
        [{}],
        [{"function": {"name": 7}}],
        [{"function": {"arguments": {}}}],
        [{"function": {"name": "f", "arguments": "{}"}}],
    ],
)
def test_a_call_that_makes_no_sense_is_a_fault_of_the_server(server, engine, calls):
    last = {"message": {"content": "abc", "tool_calls": calls}, "done": True}
    server.play(lambda request: whole("200 OK", go_json(last), "application/x-ndjson"))
    events, failure = until_failure(engine)
    assert (text(events), failure.code) == ("abc", "broken")


def test_a_busy_model_sends_nothing_until_it_is_free(server, engine):
    server.play("story", "in_turn")
    server.words = 20
    first = threading.Thread(target=heard, args=(engine,))
    first.start()
    assert server.wait_for(lambda: server.chats and server.chats[0].written)
    assert text(heard(engine)) == "Hello"
    first.join()
    assert server.chats[1].written[0] >= server.chats[0].ended
    assert len(server.chats) == 2


def test_an_answer_cut_at_the_limit_says_so(server, engine):
    server.play("length")
    events = heard(engine)
    assert text(events) == "abc"
    assert events[-1].reason == "length"


def test_a_last_line_without_numbers_is_enough(server, engine):
    server.play("sparse")
    assert heard(engine) == [Text("!"), Finished("", Counts())]


def test_a_line_of_three_megabytes_is_taken(server, engine):
    server.play("giant_line")
    assert len(text(heard(engine))) == 3_000_000


# Errors before anything


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("missing", "model_missing"),
        ("invalid", "broken"),
        ("load_failed", "broken"),
        ("out_of_memory", "memory"),
        ("html_on_chat", "not_a_model_server"),
    ],
)
def test_a_refusal_is_told_and_not_retried(server, engine, scenario, code):
    server.play(scenario, "plain")
    events, failure = until_failure(engine)
    assert events == []
    assert failure.code == code
    assert len(server.chats) == 1


def test_a_busy_server_is_asked_again(server, engine):
    server.play("busy", "busy", "plain")
    assert text(heard(engine)) == "Hello"
    assert len(server.chats) == 3


def test_a_server_that_stays_busy_is_asked_four_times(server, engine):
    server.play("busy")
    _events, failure = until_failure(engine)
    assert failure.code == "busy"
    assert len(server.chats) == 4


def test_a_model_that_refuses_to_think_is_named_and_not_asked_again(server, engine):
    server.play("think_refused", "plain")
    events, failure = until_failure(engine, prompt("qwen3:4b", think=True))
    assert (events, failure.code) == ([], "cannot_think")
    assert "qwen3:4b" in failure.sentence
    assert len(server.chats) == 1


def test_a_prompt_that_is_too_long_tells_by_how_much(server, engine):
    server.play("too_long")
    _events, failure = until_failure(engine)
    assert failure.code == "too_long"
    assert (failure.prompt_tokens, failure.num_ctx) == (9000, 4096)
    assert len(server.chats) == 1


def test_a_model_that_was_never_pulled_is_missing_before_a_word_is_sent(server, engine):
    _events, failure = until_failure(engine, prompt("nope:7b"))
    assert failure.code == "model_missing"
    assert "nope:7b" in failure.sentence
    assert server.chats == []


def test_a_model_that_only_embeds_cannot_chat(server, engine):
    _events, failure = until_failure(engine, prompt("nomic-embed-text"))
    assert failure.code == "unsuitable"


# Answers that break off


def test_an_error_in_the_middle_keeps_the_text_so_far(server, engine):
    server.play("error_midstream")
    events, failure = until_failure(engine)
    assert text(events) == "abc"
    assert failure.code == "memory"
    assert len(server.chats) == 1


def test_a_clean_end_without_done_is_not_complete(server, engine):
    server.play("no_done")
    events, failure = until_failure(engine)
    assert text(events) == "ha " * 31
    assert failure.code == "unfinished"


def test_an_answer_in_one_piece_that_is_not_done_is_not_complete(server, engine):
    server.play("not_streamed")
    events, failure = until_failure(engine)
    assert (text(events), failure.code) == ("ha ha", "unfinished")


def test_a_cut_connection_keeps_whole_lines_and_drops_the_half_one(server, engine):
    server.play("cut")
    events, failure = until_failure(engine)
    assert text(events) == "abc"
    assert failure.code == "cut"
    assert len(server.chats) == 1


def test_a_silent_server_is_left_after_the_line_timeout(server):
    server.play("stall")
    events, failure = until_failure(Ollama(server.url, line_s=0.2))
    assert text(events) == "abc"
    assert failure.code == "stalled"
    assert server.wait_for(lambda: server.chats[0].disconnected)
    assert len(server.chats) == 1


def test_a_thinking_model_may_be_silent_for_longer(server):
    server.play("stall")
    began = monotonic()
    until_failure(Ollama(server.url, line_s=0.2), prompt("qwen3:4b", think=True))
    assert monotonic() - began >= 0.5


def test_a_first_byte_that_never_comes_ends_the_wait(server):
    server.play("never_answers")
    _events, failure = until_failure(Ollama(server.url, first_byte_s=0.3))
    assert failure.code == "stalled"
    assert len(server.chats) == 1


def test_a_line_that_is_no_json_keeps_the_text_so_far(server, engine):
    server.play("garbled")
    events, failure = until_failure(engine)
    assert text(events) == "abc"
    assert failure.code == "broken"


@pytest.mark.parametrize("scenario", ["never_ending_line", "too_much_text"])
def test_an_answer_without_measure_is_stopped(server, engine, scenario):
    server.play(scenario)
    events, failure = until_failure(engine)
    assert failure.code == "too_large"
    assert len(text(events)) <= 4 * 1024 * 1024
    assert server.wait_for(lambda: server.chats[0].disconnected)


# Something else at the address


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("html", "not_a_model_server"),
        ("html_not_found", "not_a_model_server"),
        ("redirect", "not_a_model_server"),
        ("bad_gateway", "not_a_model_server"),
        ("forbidden", "refused"),
    ],
)
def test_something_else_at_the_address_is_recognised(server, engine, scenario, code):
    server.play(scenario)
    _events, failure = until_failure(engine)
    assert failure.code == code
    with pytest.raises(EngineFailed) as listing:
        engine.models()
    assert listing.value.code == code
    assert engine.look("plain") == "away"
    assert not any(request.path == "/elsewhere" for request in server.requests)


def test_nothing_at_the_address_is_said_at_once():
    engine = Ollama(f"http://127.0.0.1:{free_port()}")
    began = monotonic()
    _events, failure = until_failure(engine)
    assert failure.code == "away"
    assert engine.look("plain") == "away"
    assert monotonic() - began < 5


def test_a_refused_connect_is_tried_once_more():
    port = free_port()
    answer: list[Event] = []
    asking = threading.Thread(
        target=lambda: answer.extend(heard(Ollama(f"http://127.0.0.1:{port}")))
    )
    asking.start()
    sleep(0.2)
    with FakeOllama(port=port):
        asking.join()
    assert text(answer) == "Hello"


# Cancelling


def cancelled_after(
    engine: Ollama, server: FakeOllama, moment: float, asked: Prompt | None = None
) -> tuple[list[Event], float]:
    """What came until the call was cancelled, and how long the engine took to notice."""
    call = Call()
    events: list[Event] = []
    ended: list[float] = []

    def ask() -> None:
        with pytest.raises(Cancelled):
            events.extend(engine.stream(asked or prompt(), call))
        ended.append(monotonic())

    asking = threading.Thread(target=ask)
    asking.start()
    assert server.wait_for(lambda: server.chats)
    sleep(moment)
    began = monotonic()
    call.cancel()
    call.cancel()
    asking.join(20)
    assert call.cancelled
    assert ended, "the call went on"
    return events, ended[0] - began


@within(1)
@pytest.mark.parametrize("scenario", ["never_answers", "endless", "stall"])
def test_cancelling_closes_the_connection_within_a_second(server, engine, scenario, within_s):
    server.play(scenario)
    _events, noticed_s = cancelled_after(engine, server, 0.2)
    assert noticed_s < within_s
    assert server.wait_for(lambda: server.chats[0].disconnected, seconds=within_s)
    stopped = server.chats[0].disconnected
    assert server.chats[0].lines_after(stopped) == 0


def test_cancelling_an_endless_answer_stops_the_writing(server, engine):
    server.play("endless")
    cancelled_after(engine, server, 0.3)
    cancelled = monotonic()
    assert server.wait_for(lambda: server.chats[0].disconnected)
    assert server.chats[0].lines_after(cancelled) <= 2


def test_cancelling_ends_the_wait_between_two_tries(server):
    server.play("busy")
    engine = Ollama(server.url, retry_after_s=(60,))
    _events, noticed_s = cancelled_after(engine, server, 0.2)
    # Of the minute that was left.
    assert noticed_s < 10
    assert len(server.chats) == 1


def test_a_call_cancelled_beforehand_sends_nothing(server, engine):
    call = Call()
    call.cancel()
    with pytest.raises(Cancelled):
        list(engine.stream(prompt(), call))
    assert server.requests == []


def test_leaving_the_answer_closes_the_connection(server, engine):
    server.play("endless")
    answer = engine.stream(prompt(), Call())
    assert next(answer) == Text("0 ")
    answer.close()
    assert server.wait_for(lambda: server.chats[0].disconnected, seconds=1)


# What is sent


def test_every_chat_carries_the_agreed_fields(server, engine):
    heard(engine)
    assert server.chats[0].body == {
        "model": "plain",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": WORDS},
        ],
        "stream": True,
        "truncate": False,
        "keep_alive": "10m",
        "options": {"num_ctx": 8192, "num_predict": 2048},
    }


@pytest.mark.parametrize(("think", "sent"), [(None, False), (False, False), (True, True)])
def test_a_thinking_model_is_told_whether_to_think(server, engine, think, sent):
    heard(engine, prompt("qwen3:4b", think=think))
    assert server.chats[0].body["think"] is sent


def test_a_model_that_cannot_think_is_not_asked_to(server, engine):
    heard(engine, prompt("plain", think=True))
    assert "think" not in server.chats[0].body


def test_requests_tell_nothing_about_the_browser_or_the_environment(server, engine, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    engine.models()
    engine.look("plain")
    engine.version()
    heard(engine)
    heard(engine, prompt("qwen3:4b"))
    for request in server.requests:
        names = {name.lower() for name, _value in request.headers}
        assert not names & {"origin", "cookie", "authorization", "referer"}
        assert request.header("Accept-Encoding") == "identity"
    assert {chat.body["options"]["num_ctx"] for chat in server.chats} == {8192}
    assert all("//" not in request.path for request in server.requests)


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "GPT-OSS:120B-Cloud", "x:cloud"])
def test_a_cloud_name_is_never_sent(server, engine, name):
    _events, failure = until_failure(engine, prompt(name))
    assert failure.code == "cloud"
    assert server.requests == []


@pytest.mark.parametrize("name", ["borrowed", "hidden"])
def test_a_local_name_that_stands_for_a_remote_model_gets_no_words(server, engine, name):
    _events, failure = until_failure(engine, prompt(name))
    assert failure.code == "cloud"
    assert server.chats == []


# What the server has


def test_only_local_chat_models_are_listed(server, engine):
    models = engine.models()
    assert [model.name for model in models] == ["llama3.1:8b", "plain:latest", "qwen3:4b"]
    assert models[2].abilities == {"completion", "tools", "thinking"}
    assert models[2].context_length == 40_960
    assert (models[0].parameter_size, models[0].quantization) == ("8.0B", "Q4_K_M")
    assert models[0].size_bytes == 4_920_753_328


def test_abilities_are_asked_once_per_digest(server, engine):
    def shows() -> int:
        return sum(request.path == "/api/show" for request in server.requests)

    engine.models()
    first = shows()
    engine.models()
    heard(engine)
    assert shows() == first


def test_the_version_is_the_servers_own(server, engine):
    assert engine.version() == "0.32.15"


def test_a_look_tells_what_keeps_the_answer(server, engine):
    assert engine.look("plain") == "loading"
    assert engine.look("nope") == "missing"
    server.loaded.add("plain:latest")
    assert engine.look("PLAIN") == "ready"


def test_a_look_at_a_server_that_answers_nothing_gives_up_soon(monkeypatch):
    monkeypatch.setattr("chats.engines.ollama.LOOK_S", 0.3)
    with FakeOllama() as server:
        server.play("starting")
        began = monotonic()
        assert Ollama(server.url).look("plain") == "not_ready"
        # It would be starting for longer.
        assert monotonic() - began < 10


def test_tools_are_offered_and_what_they_brought_goes_along(server, engine):
    heard(engine, with_rounds(prompt("llama3.1:8b")))
    body = server.chats[-1].body
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "look",
                "description": "Look it up.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]
    *_, called, result = body["messages"]
    assert called == {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": "call_0_0",
                "function": {"name": "look", "arguments": {"words": "boiler"}},
            }
        ],
    }
    assert result == {
        "role": "tool",
        "content": "hums",
        "tool_name": "look",
        "tool_call_id": "call_0_0",
    }


def test_a_model_that_lists_no_tools_is_offered_none(server, engine):
    heard(engine, with_rounds(prompt()))
    assert "tools" not in server.chats[-1].body


def test_pictures_go_along_with_their_message(server, engine):
    server.models.append(FakeModel("eyes:latest", abilities=("completion", "vision")))
    asked = prompt("eyes:latest")
    picture = Picture("image/png", b"\x89PNG")
    heard(engine, replace(asked, turns=(*asked.turns, Turn("user", "Who?", pictures=(picture,)))))
    *_, said = server.chats[-1].body["messages"]
    assert said == {"role": "user", "content": "Who?", "images": ["iVBORw=="]}
