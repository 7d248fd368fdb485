"""The OpenAI engine against a server that plays each case of the wire byte by byte."""

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
from chats.engines.openai import OpenAI
from chats.tests.conftest import within
from chats.tests.fake_openai import FakeOpenAI, error

MODEL = "qwen2.5-coder-1.5b"
WORDS = "secret words of the person"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(scale=0.01, delay_s=0.02) as fake:
        yield fake


@pytest.fixture
def engine(server: FakeOpenAI) -> OpenAI:
    return OpenAI(server.url, line_s=5, retry_after_s=(0.01, 0.02, 0.03))


def prompt(model: str = MODEL, *, think: bool | str | None = None) -> Prompt:
    turns = (Turn("system", "Be brief."), Turn("user", WORDS))
    return Prompt(model, turns, num_ctx=4096, num_predict=1024, think=think)


def heard(engine: OpenAI, asked: Prompt | None = None) -> list[Event]:
    return list(engine.stream(asked or prompt(), Call()))


def until_failure(engine: OpenAI, asked: Prompt | None = None) -> tuple[list[Event], EngineFailed]:
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
    assert heard(engine) == [
        Text("Hel"),
        Text("lo"),
        Finished("stop", Counts(12, 3, None, 0.0125, 0.03025)),
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


def test_lines_may_end_with_carriage_returns(server, engine):
    server.play("carriage_returns")
    events = heard(engine)
    assert text(events) == "Hello"
    assert isinstance(events[-1], Finished)


def test_a_cold_start_is_waited_for_without_asking_twice(server, engine):
    server.play("cold_load")
    assert text(heard(engine)) == "Hello"
    assert len(server.chats) == 1


def test_a_model_that_is_still_loading_is_asked_again_until_it_is_there(
    server, engine, monkeypatch
):
    monkeypatch.setattr("chats.engines.connection.LOADING_WAIT_S", 0.01)
    server.play(*["loading"] * 8, "plain")
    assert text(heard(engine)) == "Hello"
    assert len(server.chats) == 9


def test_a_model_that_loads_for_ever_is_given_up_after_the_wait_for_the_first_byte(
    server, monkeypatch
):
    monkeypatch.setattr("chats.engines.connection.LOADING_WAIT_S", 0.05)
    server.play("loading")
    _events, failure = until_failure(OpenAI(server.url, first_byte_s=0.3))
    assert failure.code == "not_ready"
    assert len(server.chats) > 2


def test_a_long_prompt_may_be_read_for_longer_than_the_line_timeout(server):
    server.play("pings")
    assert text(heard(OpenAI(server.url, line_s=0.4))) == "Hello"


@pytest.mark.parametrize(
    ("scenario", "thought"), [("thinking", "let me see"), ("thinking_elsewhere", "let me see")]
)
def test_thoughts_come_apart_from_the_answer(server, engine, scenario, thought):
    server.play(scenario)
    events = heard(engine)
    assert thoughts(events) == thought
    assert text(events) == "Answer"


def test_an_answer_of_thoughts_alone_is_complete(server, engine):
    server.play("thinking_only")
    events = heard(engine)
    assert text(events) == ""
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize("scenario", ["tool_calls", "whole_with_calls"])
def test_calls_of_tools_are_put_together_from_their_pieces_in_order(server, engine, scenario):
    server.play(scenario)
    events = heard(engine)
    assert events[:-1] == [
        Text("Checking. "),
        ToolCall("get_weather", {"city": "Oslo"}),
        ToolCall("get_weather", {"city": "Bergen"}),
    ]
    assert events[-1].reason == "tool_calls"


def test_an_answer_in_one_piece_from_a_server_that_cannot_stream_is_taken(server, engine):
    server.play("whole")
    assert heard(engine) == [Text("Hello"), Finished("stop", Counts(12, 3))]


def test_a_call_without_arguments_is_whole(server, engine):
    server.play("tool_calls_alone")
    assert heard(engine)[:-1] == [ToolCall("get_time", {})]


def test_a_call_that_the_limit_cut_is_none(server, engine):
    server.play("tool_call_cut")
    events = heard(engine)
    assert events[:-1] == [Text("abc")]
    assert events[-1].reason == "length"


def test_a_line_of_three_megabytes_is_taken(server, engine):
    server.play("giant_line")
    assert len(text(heard(engine))) == 3_000_000


def test_a_server_that_is_still_starting_is_waited_for(server, engine):
    server.play("starting")
    assert text(heard(engine)) == "Hello"


def test_a_busy_model_sends_nothing_until_it_is_free(server, engine):
    server.play("story", "in_turn")
    server.words = 20
    first = threading.Thread(target=heard, args=(engine,))
    first.start()
    assert server.wait_for(lambda: server.chats and server.chats[0].written)
    assert text(heard(engine)) == "Hello"
    first.join()
    assert server.chats[1].written[0] >= server.chats[0].ended


def test_an_answer_cut_at_the_limit_says_so(server, engine):
    server.play("length")
    events = heard(engine)
    assert text(events) == "abc"
    assert events[-1].reason == "length"


def test_an_answer_without_numbers_is_complete(server, engine):
    server.play("sparse")
    assert heard(engine) == [Text("!"), Finished("stop", Counts())]


# Errors before anything


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("missing", "model_missing"),
        ("invalid", "broken"),
        ("load_failed", "broken"),
        ("out_of_memory", "memory"),
        ("too_long_elsewhere", "too_long"),
        ("html_on_chat", "not_a_model_server"),
    ],
)
def test_a_refusal_is_told_and_not_retried(server, engine, scenario, code):
    server.play(scenario, "plain")
    events, failure = until_failure(engine)
    assert events == []
    assert failure.code == code
    assert len(server.chats) == 1


def test_a_busy_server_is_asked_four_times(server, engine):
    server.play("busy")
    _events, failure = until_failure(engine)
    assert failure.code == "busy"
    assert len(server.chats) == 4


def test_a_prompt_that_is_too_long_tells_by_how_much(server, engine):
    server.play("too_long")
    _events, failure = until_failure(engine)
    assert failure.code == "too_long"
    assert (failure.prompt_tokens, failure.num_ctx) == (9000, 4096)
    assert len(server.chats) == 1


def test_a_wrong_key_is_refused():
    with FakeOpenAI(key="right") as server:
        _events, failure = until_failure(OpenAI(server.url, key="wrong"))
        assert failure.code == "refused"
        assert text(heard(OpenAI(server.url, key="right"))) == "Hello"


# Answers that break off


@pytest.mark.parametrize(
    ("scenario", "came", "code"),
    [
        ("error_midstream", "abc", "memory"),
        ("error_field", "abc", "broken"),
        ("no_done", "ha ", "unfinished"),
        ("no_reason", "ha ", "unfinished"),
        ("cut", "abc", "cut"),
        ("garbled", "abc", "broken"),
        ("tool_call_garbled", "abc", "broken"),
        ("not_streamed", "ha ha", "unfinished"),
    ],
)
def test_what_came_before_the_break_stands(server, engine, scenario, came, code):
    server.play(scenario, "plain")
    events, failure = until_failure(engine)
    assert text(events) == came
    assert failure.code == code
    assert len(server.chats) == 1


def test_a_silent_server_is_left_after_the_line_timeout(server):
    server.play("stall")
    events, failure = until_failure(OpenAI(server.url, line_s=0.2))
    assert text(events) == "abc"
    assert failure.code == "stalled"
    assert server.wait_for(lambda: server.chats[0].disconnected)
    assert len(server.chats) == 1


def test_a_first_byte_that_never_comes_ends_the_wait(server):
    server.play("never_answers")
    _events, failure = until_failure(OpenAI(server.url, first_byte_s=0.3))
    assert failure.code == "stalled"


@pytest.mark.parametrize("scenario", ["never_ending_line", "too_much_text", "too_much_call"])
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
    assert engine.look(MODEL) == "away"
    assert not any(request.path == "/elsewhere" for request in server.requests)


def test_nothing_at_the_address_is_said_at_once():
    engine = OpenAI(f"http://127.0.0.1:{free_port()}")
    _events, failure = until_failure(engine)
    assert failure.code == "away"
    assert engine.look(MODEL) == "away"


# Cancelling


@within(1)
@pytest.mark.parametrize("scenario", ["never_answers", "endless", "stall", "loading"])
def test_cancelling_closes_the_connection_within_a_second(server, engine, scenario, within_s):
    server.play(scenario)
    call = Call()
    ended: list[float] = []

    def ask() -> None:
        with pytest.raises(Cancelled):
            list(engine.stream(prompt(), call))
        ended.append(monotonic())

    asking = threading.Thread(target=ask)
    asking.start()
    assert server.wait_for(lambda: server.chats)
    sleep(0.2)
    began = monotonic()
    call.cancel()
    asking.join(20)
    assert ended, "the call went on"
    assert ended[0] - began < within_s
    if scenario != "loading":
        assert server.wait_for(lambda: server.chats[0].disconnected, seconds=within_s)
        assert server.chats[0].lines_after(began) <= 2


# What is sent


def test_every_chat_carries_the_agreed_fields_and_the_key(server):
    heard(OpenAI(server.url + "/v1/", key="abc"))
    assert server.chats[0].body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": WORDS},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 1024,
    }
    assert server.chats[0].header("Authorization") == "Bearer abc"


@pytest.mark.parametrize("think", [True, False])
def test_a_wish_about_thinking_reaches_the_chat_template(server, engine, think):
    heard(engine, prompt(think=think))
    assert server.chats[0].body["chat_template_kwargs"] == {"enable_thinking": think}


@pytest.mark.parametrize("think", [True, False, "high"])
def test_a_model_that_takes_no_wish_about_thinking_is_asked_without_it(server, engine, think):
    server.play("cannot_think")
    assert Text("lo") in heard(engine, prompt(think=think))
    asked = [request.body for request in server.chats]
    assert len(asked) == 2
    assert not {"chat_template_kwargs", "reasoning_effort"} & asked[1].keys()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("500 Internal Server Error", "tools param requires --jinja flag"),
        ("400 Bad Request", '"auto" tool choice requires --enable-auto-tool-choice to be set'),
        ("422 Unprocessable Entity", "unknown field `tools`"),
        ("501 Not Implemented", "this chat template has no place for functions"),
    ],
)
def test_a_server_that_refuses_tools_is_known_by_what_it_says(server, engine, status, message):
    server.play(lambda _request: error(status, message, "error"))
    offer = Offer("search_notes", "Search.", "{}")
    assert until_failure(engine, replace(prompt(), tools=(offer,)))[1].code == "no_tools"
    # Who was offered none has refused none.
    assert until_failure(engine)[1].code == "broken"


def test_what_is_refused_for_another_reason_is_not_asked_twice(server, engine):
    server.play("too_long")
    _events, failure = until_failure(engine, prompt(think=True))
    assert failure.code == "too_long"
    assert len(server.chats) == 1


def test_requests_tell_nothing_about_the_browser(server, engine):
    engine.models()
    engine.look(MODEL)
    engine.version()
    heard(engine)
    for request in server.requests:
        names = {name.lower() for name, _value in request.headers}
        assert not names & {"origin", "cookie", "authorization", "referer"}
        assert request.header("Accept-Encoding") == "identity"


def test_a_cloud_name_is_never_sent(server, engine):
    _events, failure = until_failure(engine, prompt("gpt-oss:120b-cloud"))
    assert failure.code == "cloud"
    assert server.requests == []


# What the server has


def test_the_model_is_listed_with_the_context_that_one_conversation_gets(server, engine):
    (model,) = engine.models()
    assert model.name == MODEL
    assert model.context_length == 4096
    assert (model.parameter_size, model.quantization) == ("1.5B", "Q4_K_M")
    assert model.size_bytes == 1_111_376_896


def test_embedding_models_are_left_out(server, engine):
    server.models = [{"id": "text-embedding-nomic"}, {"id": "bge"}, {"id": "a", "object": "model"}]
    server.abilities = {"bge": ["embedding"]}
    assert [model.name for model in engine.models()] == ["a"]


def test_the_context_of_other_servers_is_read_too(server, engine):
    server.models = [{"id": "llama", "max_model_len": 16384}]
    assert engine.models()[0].context_length == 16384


def test_a_look_tells_what_keeps_the_answer(server, engine):
    assert engine.look(MODEL) == "ready"
    assert engine.look("nope") == "missing"
    server.loading = True
    assert engine.look(MODEL) == "loading"


def test_the_version_is_the_servers_build(server, engine):
    assert engine.version() == "b10488-0123abc"


def test_tools_are_offered_and_what_they_brought_goes_along(server, engine):
    heard(engine, with_rounds(prompt()))
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
                "type": "function",
                "function": {"name": "look", "arguments": '{"words":"boiler"}'},
            }
        ],
    }
    assert result == {"role": "tool", "content": "hums", "tool_call_id": "call_0_0"}


def test_pictures_go_along_with_their_message(server, engine):
    server.abilities = {MODEL: ["completion", "multimodal"]}
    assert "vision" in engine.models()[0].abilities
    asked = prompt()
    picture = Picture("image/png", b"\x89PNG")
    heard(engine, replace(asked, turns=(*asked.turns, Turn("user", "Who?", pictures=(picture,)))))
    *_, said = server.chats[-1].body["messages"]
    assert said["content"] == [
        {"type": "text", "text": "Who?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
    ]
