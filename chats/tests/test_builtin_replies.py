"""Replies of the built-in model while its server starts, stops and starts again."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse

from ahfai import wakes
from chats import generation, servers, watching
from chats.engines import Call
from chats.generation import life
from chats.generation.growing import Growing
from chats.generation.silence import Silence
from chats.lifecycle import storing
from chats.models import BuiltinServer, State
from chats.tests.conftest import quick_replies, wait_until
from chats.tests.fake_openai import FakeOpenAI, call, closing, opening
from chats.tests.test_reply_life import closed_reply, reply_of, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def builtin(transactional_db, monkeypatch):
    """A server in the place of the built-in one, whose row says that it is ready."""
    with FakeOpenAI(scale=0.01, delay_s=0.01, key="k") as server:
        monkeypatch.setenv("AHFAI_MODEL_SERVER", "builtin")
        monkeypatch.setenv("AHFAI_BUILTIN_KEY", "k")
        port = int(server.url.rpartition(":")[2])
        BuiltinServer.objects.create(state="ready", port=port)
        with quick_replies(monkeypatch):
            yield server


def hang_up(request):
    return []


def test_a_page_elsewhere_is_told_what_the_question_waits_for(client, builtin, owner):
    BuiltinServer.objects.update(state="downloading")
    reply = storing.start(owner, "Well?", "m", None)[0]
    told = watching.FromRow(reply, wakes.Ear()).words
    assert told == servers.builtin_status().sentence
    assert "on its way" in told


def test_a_question_waits_for_a_model_that_is_still_on_its_way(client, builtin):
    BuiltinServer.objects.update(state="downloading")
    chat = start(client)
    growing = wait_until(lambda: generation.running(reply_of(chat).pk))
    wait_until(lambda: growing.words)
    assert reply_of(chat).state == State.WAITING
    BuiltinServer.objects.update(state="ready")
    assert closed_reply(chat).content == "Hello"


def test_whoever_looks_how_the_server_is_keeps_no_connection_to_the_database(owner, builtin):
    silence = Silence(Growing(storing.start(owner, "Well?", "m", None)[0]), Call())

    def look():
        return silence._found(), connection.connection

    with ThreadPoolExecutor(1) as beside:
        found, kept = beside.submit(look).result()
    assert found == "missing"
    assert kept is None


def asks_to_remind(request):
    phrase = json.dumps({"phrase": "call mum tomorrow at nine"})
    yield from opening(request)
    yield call(request, {"index": 0, "id": "x"}, {"name": "set_reminder", "arguments": phrase})
    yield from closing(request, "tool_calls")


def test_the_built_in_model_gets_the_tools_that_the_words_hint_at(client, builtin):
    builtin.play(asks_to_remind, "plain")
    reply = closed_reply(start(client, "I want a reminder for calling mum tomorrow at nine"))
    assert (reply.state, reply.content) == (State.DONE, "Hello")
    assert [card.kind for card in reply.cards.all()] == ["reminder_new"]
    first, second = (chat.body for chat in builtin.chats)
    offered = [one["function"]["name"] for one in first["tools"]]
    assert offered == ["answer", "list_reminders", "set_reminder"]
    called, result = second["messages"][-2:]
    assert called["tool_calls"][0]["function"]["name"] == "set_reminder"
    assert result["tool_call_id"] == called["tool_calls"][0]["id"]
    # What hints at nothing is answered as before.
    closed_reply(start(client, "Why is the sky blue?"))
    assert "tools" not in builtin.chats[-1].body


def test_a_built_in_model_that_refuses_tools_answers_without_them(client, builtin):
    builtin.play("tools_refused")
    reply = closed_reply(start(client, "I want a reminder for calling mum tomorrow at nine"))
    assert (reply.state, reply.content) == (State.DONE, "Hello")
    assert ["tools" in chat.body for chat in builtin.chats] == [True, False]


def test_a_reply_whose_server_restarts_before_the_first_word_is_asked_again(client, builtin):
    builtin.play(hang_up, hang_up, "plain")
    reply = closed_reply(start(client))
    assert (reply.state, reply.content) == (State.DONE, "Hello")
    assert len(builtin.chats) == 3


def test_a_server_that_keeps_breaking_before_the_first_word_is_given_up(
    client, builtin, monkeypatch
):
    monkeypatch.setattr(life, "MAX_LOST", 2)
    builtin.play(hang_up)
    reply = closed_reply(start(client))
    assert (reply.state, reply.reason) == (State.FAILED, "builtin_failed")


def test_a_server_that_breaks_in_the_middle_is_not_asked_twice(client, builtin):
    builtin.play("cut", "plain")
    reply = closed_reply(start(client))
    assert (reply.state, reply.reason) == (State.INTERRUPTED, "cut")
    assert len(builtin.chats) == 1


def test_stop_before_the_first_word_restarts_the_server_and_lets_nobody_in_meanwhile(
    client, builtin
):
    builtin.play("never_answers", "plain")
    stopped, next_one = start(client), start(client)
    wait_until(lambda: builtin.chats)
    client.post(reverse("chats:stop", args=[reply_of(stopped).pk]))
    assert closed_reply(stopped).state == State.STOPPED
    row = BuiltinServer.objects.get()
    assert (row.state, row.restart_wanted) == ("loading", True)
    assert reply_of(next_one).state == State.WAITING
    BuiltinServer.objects.update(state="ready", restart_wanted=False)
    assert closed_reply(next_one).content == "Hello"


def test_stop_in_the_middle_restarts_nothing(client, builtin):
    builtin.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    client.post(reverse("chats:stop", args=[reply_of(chat).pk]))
    closed_reply(chat)
    assert not BuiltinServer.objects.get().restart_wanted
