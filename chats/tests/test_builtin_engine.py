"""Our own client of OpenAI's wire against the real built-in server."""

import pytest

from chats.builtin.weights import TEST
from chats.engines.events import Call, EngineFailed, Finished, Prompt, Text, Turn
from chats.engines.openai import OpenAI
from chats.tests.builtin_model import KEY, kept


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    with kept(tmp_path_factory.mktemp("model")) as running:
        running.wait_until_ready()
        yield running


def prompt(text: str, tokens: int = 8) -> Prompt:
    return Prompt(TEST.name, (Turn("user", text),), num_ctx=8192, num_predict=tokens)


def test_an_answer_comes_as_pieces_of_text_and_an_end(model):
    *pieces, end = OpenAI(model.url, key=KEY).stream(prompt("Tell me something."), Call())
    assert all(isinstance(piece, Text) for piece in pieces)
    assert isinstance(end, Finished)
    assert end.reason in ("stop", "length")
    assert end.counts.prompt_tokens
    assert end.counts.reply_tokens


def test_a_conversation_that_is_too_long_tells_its_length(model):
    with pytest.raises(EngineFailed) as failure:
        list(OpenAI(model.url, key=KEY).stream(prompt("one two three " * 4000), Call()))
    assert failure.value.code == "too_long"
    assert failure.value.prompt_tokens > failure.value.num_ctx == 8192


def test_without_the_key_it_is_refused(model):
    with pytest.raises(EngineFailed) as failure:
        list(OpenAI(model.url, key="wrong").stream(prompt("Hello"), Call()))
    assert failure.value.code == "refused"


def test_it_finds_the_model_and_its_context(model):
    client = OpenAI(model.url, key=KEY)
    assert [(found.name, found.context_length) for found in client.models()] == [(TEST.name, 8192)]
    assert client.look(TEST.name) == "ready"
    assert client.look("another") == "missing"


def test_an_answer_that_was_stopped_leaves_its_place(model):
    call = Call()
    stream = OpenAI(model.url, key=KEY).stream(prompt("Count for long.", tokens=2000), call)
    next(stream)
    stream.close()
    *_pieces, end = OpenAI(model.url, key=KEY).stream(prompt("Hello"), Call())
    assert isinstance(end, Finished)
