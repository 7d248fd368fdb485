"""A reply from the question to its one end, against a server that plays each situation."""

import threading
import time
import uuid
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from ahfai.crypto import SealError
from ahfai.models import Heartbeat
from ahfai.tests.at_once import at_once, is_somebody_waiting
from chats import context, generation, servers
from chats.engines import Cancelled
from chats.generation import ending, life, registry, saving
from chats.lifecycle import closing, heartbeat, line, places, storing
from chats.models import Chat, Message, State
from chats.sentences import sentence
from chats.tests.conftest import wait_until, within
from chats.tests.fake_ollama import END, Send, final, go_json, head, say, whole

pytestmark = pytest.mark.django_db(transaction=True)


def start(client, text="Hello?", **more):
    answer = client.post(reverse("chats:start"), {"text": text, **more})
    assert answer.status_code == 302, answer.content
    return Chat.objects.get(pk=answer.url.strip("/").split("/")[-1])


def reply_of(chat) -> Message:
    return chat.messages.filter(role="assistant").in_order().last()


def closed_reply(chat, seconds=10) -> Message:
    wait_until(lambda: not reply_of(chat).is_open, seconds)
    return reply_of(chat)


def test_a_question_is_answered_and_both_are_kept(client, ollama):
    chat = start(client, "Say hello")
    reply = closed_reply(chat)
    assert (reply.state, reply.content) == (State.DONE, "Hello")
    assert reply.parent.content == "Say hello"
    assert chat.title == "Say hello"
    assert reply.tokens_per_second > 0


def test_stop_ends_the_reply_within_a_second_and_keeps_its_text(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    client.post(reverse("chats:stop", args=[reply_of(chat).pk]))
    reply = closed_reply(chat, seconds=1)
    assert reply.state == State.STOPPED
    assert reply.content
    assert ollama.wait_for(lambda: ollama.chats[-1].disconnected)


def test_stop_from_another_process_arrives_by_the_row(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    chat.messages.update(stop_asked=True)
    assert closed_reply(chat, seconds=2).state == State.STOPPED


def test_try_again_keeps_the_earlier_reply(client, ollama):
    ollama.play("cut", "plain")
    chat = start(client)
    first = closed_reply(chat)
    client.post(reverse("chats:retry", args=[first.pk]))
    wait_until(lambda: chat.messages.count() == 3)
    second = closed_reply(chat)
    assert second.content == "Hello"
    assert second.parent_id == first.parent_id
    assert chat.messages.get(pk=first.pk).content == "abc"


def test_try_again_asks_the_model_that_is_picked_by_now(client, ollama):
    ollama.play("out_of_memory", "plain")
    other = ollama.models[1].name
    first = closed_reply(start(client, model=ollama.models[0].name))
    client.post(reverse("chats:retry", args=[first.pk]), {"model": other})
    wait_until(lambda: first.chat.messages.count() == 3)
    assert closed_reply(first.chat).model == other
    assert ollama.chats[-1].body["model"] == other


def test_a_resend_with_the_same_request_id_asks_once(client, ollama):
    same = uuid.uuid4()
    chat = start(client, "Once", request_id=same)
    assert start(client, "Once", request_id=same) == chat
    assert closed_reply(chat).content == "Hello"
    for _ in range(2):
        client.post(
            reverse("chats:ask", args=[chat.pk]), {"text": "Twice", "request_id": uuid.UUID(int=7)}
        )
        closed_reply(chat)
    assert chat.messages.filter(role="user").count() == 2
    assert len(ollama.chats) == 2


def test_other_words_under_an_old_request_id_are_a_new_question(client, ollama):
    same = uuid.uuid4()
    chat = start(client, "Once", request_id=same)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Otherwise", "request_id": same})
    closed_reply(chat)
    assert [words.content for words in chat.messages.filter(role="user").in_order()] == [
        "Once",
        "Otherwise",
    ]


def test_all_growing_replies_are_saved_in_one_transaction(client, ollama, settings, monkeypatch):
    settings.OLLAMA_PARALLEL = settings.RUNS_PER_USER = 3
    saver = saving.Saver()
    # The one of earlier tests may still be awake, and would save a part of what this one counts.
    monkeypatch.setattr(saving.saver, "_save", lambda growing: None)
    monkeypatch.setattr(saving, "saver", saver)
    monkeypatch.setattr(saver, "wake", lambda: None)
    ollama.play("endless")
    chats = [start(client, f"Question {number}") for number in range(3)]
    growing = [wait_until(lambda c=chat: generation.running(reply_of(c).pk)) for chat in chats]
    wait_until(lambda: all(one.text for one in growing))
    with CaptureQueriesContext(connection) as queries:
        saver._save(growing)
    said = [query["sql"] for query in queries]
    begin = next(number for number, sql in enumerate(said) if sql.startswith("BEGIN"))
    inside = said[begin : said.index("COMMIT")]
    assert said.count("COMMIT") == 1
    updates = [sql for sql in inside if 'UPDATE "chats_message"' in sql]
    assert len(updates) == 1
    assert updates[0].startswith("3 times: ")
    assert all(reply_of(chat).content for chat in chats)


def test_two_tabs_that_ask_at_once_make_one_conversation(owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    refused = []

    def ask(number: int) -> None:
        try:
            storing.ask(Chat.objects.get(pk=chat.pk), f"Tab {number}", "m", uuid.uuid4())
        except storing.StillAnswering:
            refused.append(number)

    at_once(ask, 4)
    assert len(refused) == 3
    assert chat.messages.count() == 2


def test_two_tabs_that_try_again_at_once_get_one_more_reply(owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    first = storing.ask(chat, "q", "m", None)[0]
    closing.close(first, State.DONE)
    refused = []

    def again(number: int) -> None:
        try:
            storing.try_again(Message.objects.get(pk=first.pk), "m")
        except storing.StillAnswering:
            refused.append(number)

    at_once(again, 3)
    assert len(refused) == 2
    assert chat.messages.filter(role="assistant").count() == 2


def test_the_first_questions_of_a_fresh_process_are_all_stored(owner, monkeypatch):
    monkeypatch.setattr(heartbeat, "_process", None)
    at_once(lambda number: storing.start(owner, f"Question {number}", "m", uuid.uuid4()), 8)
    assert owner.chats.count() == 8
    assert Heartbeat.objects.count() == 1


def test_a_resend_that_races_the_first_send_is_stored_once(owner):
    same = uuid.uuid4()
    fresh = []
    at_once(lambda _: fresh.append(storing.start(owner, "Once", "m", same)[1]), 4)
    assert sorted(fresh) == [False, False, False, True]
    assert owner.chats.count() == 1


def test_nobody_fills_the_line_alone(client, owner, monkeypatch):
    monkeypatch.setattr(line, "MAX_OPEN_PER_PERSON", 1)
    storing.start(owner, "First", "m", None)
    answer = client.post(reverse("chats:start"), {"text": "Second"})
    assert answer.status_code == 429
    assert b"Second" in answer.content


def test_a_second_question_during_a_reply_is_refused_and_its_text_kept(client, ollama):
    ollama.play("endless")
    chat = start(client)
    answer = client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Wait, also this"})
    assert answer.status_code == 409
    assert b"Wait, also this" in answer.content
    assert b"still answering" in answer.content


def test_an_empty_or_endless_message_is_refused_with_a_sentence(client, ollama):
    answer = client.post(reverse("chats:start"), {"text": "  "})
    assert answer.status_code == 422
    assert b"Write something first." in answer.content
    answer = client.post(reverse("chats:start"), {"text": "x" * 100_001})
    assert answer.status_code == 422
    assert not Chat.objects.exists()


def test_one_reply_at_a_time_in_order_of_arrival(client, ollama):
    ollama.play("story")
    chats = [start(client, f"Question {number}") for number in range(3)]
    ended = [closed_reply(chat, 30) for chat in chats]
    assert ollama.most_at_once("llama3.1:8b") == 1
    assert [reply.state for reply in ended] == [State.DONE] * 3
    assert sorted(ended, key=lambda reply: reply.closed) == ended


def test_whoever_waits_is_told_the_place_in_the_line(client, ollama):
    ollama.play("endless")
    first, second = start(client), start(client)
    wait_until(lambda: reply_of(first).state == State.RUNNING)
    waiting = wait_until(lambda: generation.running(reply_of(second).pk))
    wait_until(lambda: "line" in waiting.words)
    client.post(reverse("chats:stop", args=[reply_of(first).pk]))
    wait_until(lambda: reply_of(second).state == State.RUNNING)


def told(client, reply: Message, wanted: str) -> bool:
    """Whether an open page is told this about its reply, before the reply is over."""
    answer = client.get(reverse("chats:stream", args=[reply.pk]))
    try:
        said = (piece for piece in answer.streaming_content if piece.startswith(b"event: words"))
        return any(wanted.encode() in piece for piece in said)
    finally:
        answer.close()


def test_a_model_that_others_keep_busy_can_be_left_while_it_is_silent(client, ollama, settings):
    settings.OLLAMA_PARALLEL = 2
    ollama.play("endless", "in_turn")
    first = start(client)
    wait_until(lambda: reply_of(first).content)
    second = start(client)
    assert told(client, reply_of(second), "Reading")
    client.post(reverse("chats:stop", args=[reply_of(second).pk]))
    reply = closed_reply(second, seconds=2)
    assert (reply.state, reply.content) == (State.STOPPED, "")
    assert ollama.wait_for(lambda: ollama.chats[1].disconnected)
    assert ollama.chats[1].written == []
    assert reply_of(first).state == State.RUNNING


def test_one_person_runs_so_many_replies_at_once_and_others_go_first(owner, stranger, settings):
    settings.OLLAMA_PARALLEL, settings.RUNS_PER_USER = 4, 2
    # Two models, so that the limit per model alone would let all of them run.
    mine = [storing.start(owner, "q", model, None)[0] for model in ("m", "m", "m", "other")]
    theirs = storing.start(stranger, "q", "m", None)[0]
    assert [reply.state for reply in mine] == ["running", "running", "waiting", "waiting"]
    assert theirs.state == State.RUNNING
    assert not any(places.claim(reply) for reply in mine)
    closing.close(mine[0], State.DONE)
    assert places.claim(mine[3])
    assert not places.claim(mine[2])


def test_replies_that_claim_together_keep_to_the_limits(owner, settings):
    settings.OLLAMA_PARALLEL, settings.RUNS_PER_USER = 0, 2
    replies = [storing.start(owner, "q", f"m{number % 3}", None)[0] for number in range(6)]
    settings.OLLAMA_PARALLEL = 2
    at_once(lambda number: places.claim(replies[number]), 6)
    assert 0 < Message.objects.filter(state=State.RUNNING).count() <= 2


def test_questions_that_come_together_keep_to_the_limits(owner, settings):
    settings.OLLAMA_PARALLEL, settings.RUNS_PER_USER = 2, 2
    at_once(lambda number: storing.start(owner, "q", f"m{number % 3}", None), 6)
    assert Message.objects.filter(state=State.RUNNING).count() == 2


def test_several_free_places_are_taken_by_the_first_in_line_without_waiting_for_each_other(
    owner, stranger, settings
):
    settings.OLLAMA_PARALLEL = 0
    mine = storing.start(owner, "q", "m", None)[0]
    theirs = storing.start(stranger, "q", "m", None)[0]
    last = storing.start(stranger, "q", "m", None)[0]
    settings.OLLAMA_PARALLEL = 2
    assert not places.claim(last)
    assert places.claim(theirs)
    assert places.claim(mine)


def test_what_a_dead_process_left_behind_holds_no_place(owner):
    left = storing.start(owner, "q", "m", None)[0]
    assert left.state == State.RUNNING
    dead = Heartbeat.objects.create(
        kind="web", host="elsewhere", pid=1, seen=timezone.now() - timedelta(minutes=2)
    )
    Message.objects.filter(pk=left.pk).update(process=dead)
    assert storing.start(owner, "q", "m", None)[0].state == State.RUNNING


def test_a_reply_of_a_deleted_chat_lets_go_of_the_model_server(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    # By another process, which knows nothing of the one that writes.
    Chat.objects.filter(pk=chat.pk).delete()
    assert ollama.wait_for(lambda: ollama.chats[-1].disconnected)
    wait_until(lambda: not registry.every())


def test_a_reply_that_cannot_be_sealed_does_not_keep_others_from_being_saved(client, ollama):
    ollama.play("endless")
    with mock.patch.object(settings, "OLLAMA_PARALLEL", 2):
        broken, sound = start(client), start(client)
        wait_until(lambda: reply_of(broken).content and reply_of(sound).content)
        generation.running(reply_of(broken).pk).unsaved = mock.Mock(side_effect=SealError("no"))
        seen = len(reply_of(sound).content)
        wait_until(lambda: len(reply_of(sound).content) > seen + 20)


def test_an_end_that_cannot_be_saved_is_saved_when_the_database_is_back(
    client, ollama, monkeypatch
):
    close, tries = closing.close, []

    def away_for_a_while(*args, **fields):
        tries.append(1)
        if len(tries) < 6:
            raise OperationalError
        return close(*args, **fields)

    monkeypatch.setattr(life, "LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(closing, "close", away_for_a_while)
    assert closed_reply(start(client)).content == "Hello"
    assert len(tries) == 6


def test_a_reply_that_gets_no_thread_is_closed_with_a_sentence(client, ollama, monkeypatch):
    thread = mock.Mock(start=mock.Mock(side_effect=RuntimeError("can't start new thread")))
    monkeypatch.setattr(generation, "threading", SimpleNamespace(Thread=lambda **_: thread))
    reply = closed_reply(start(client))
    assert (reply.state, reply.reason) == (State.FAILED, "overloaded")
    assert not registry.every()


def test_a_cut_answer_is_continued_where_it_stopped(client, ollama):
    ollama.play("length", "plain")
    chat = start(client, "Say it all")
    first = closed_reply(chat)
    assert b"chats/replies" in (page := client.get(chat.get_absolute_url()).content)
    assert reverse("chats:continue", args=[first.pk]).encode() in page
    client.post(reverse("chats:continue", args=[first.pk]))
    wait_until(lambda: chat.messages.count() == 3)
    second = closed_reply(chat)
    assert (second.state, second.content) == (State.DONE, "abc Hello")
    assert chat.messages.get(pk=first.pk).content == "abc"
    turns = ollama.chats[-1].body["messages"]
    assert [turn["content"] for turn in turns[1:3]] == ["Say it all", "abc"]
    assert turns[3]["role"] == "user"
    assert client.post(reverse("chats:continue", args=[second.pk])).status_code == 409


def test_a_word_that_was_cut_is_written_anew(client, ollama):
    def says(words, reason):
        return lambda request: [
            Send(head()),
            say(request, words),
            final(request, reason),
            Send(END),
        ]

    ollama.play(says("It was cut at the le", "length"), says("length of an answer.", "stop"))
    chat = start(client)
    client.post(reverse("chats:continue", args=[closed_reply(chat).pk]))
    wait_until(lambda: chat.messages.count() == 3)
    assert closed_reply(chat).content == "It was cut at the length of an answer."
    assert ollama.chats[-1].body["messages"][2]["content"] == "It was cut at the "


def test_a_process_that_shuts_down_begins_no_waiting_reply(client, ollama):
    ollama.play("endless", "plain")
    running, waiting = start(client), start(client)
    wait_until(lambda: reply_of(running).content)
    try:
        generation.begin_drain()
        client.post(reverse("chats:stop", args=[reply_of(running).pk]))
        closed_reply(running)
        time.sleep(0.3)
        assert reply_of(waiting).state == State.WAITING
        assert len(ollama.chats) == 1
    finally:
        registry._draining.clear()
    assert closed_reply(waiting).content == "Hello"


@pytest.fixture
def left(client, ollama):
    """A chat whose reply stood in line in a process that was restarted."""
    ollama.play("endless", "plain")
    running, waiting = start(client), start(client)
    wait_until(lambda: reply_of(running).content)
    try:
        generation.drain(0.1)
    finally:
        registry._draining.clear()
    assert closed_reply(running).state == State.INTERRUPTED
    return waiting


def test_a_reply_in_line_is_left_to_other_processes_by_one_that_shuts_down(left):
    assert generation.running(reply_of(left).pk) is None
    assert reply_of(left).state == State.WAITING
    assert closing.close_dead() == 0
    generation.take_over_all()
    assert closed_reply(left).content == "Hello"


def test_a_reply_that_comes_while_its_process_leaves_is_left_too(client, ollama, monkeypatch):
    ollama.play("endless", "plain")
    running, late = start(client), start(client)
    wait_until(lambda: reply_of(running).content)
    # It isn't there yet at the first look.
    looks = iter([list])
    every = registry.every
    monkeypatch.setattr(registry, "every", lambda: next(looks, every)())
    try:
        generation.drain(0.1)
    finally:
        registry._draining.clear()
    assert reply_of(late).state == State.WAITING
    generation.take_over_all()
    assert closed_reply(late).content == "Hello"


def test_a_reply_that_gets_its_place_just_when_its_process_leaves_is_left_too(
    client, ollama, monkeypatch
):
    def wait_and_leave(growing):
        growing.leave()
        growing.began = True
        raise Cancelled

    monkeypatch.setattr(life.Generation, "_ask", wait_and_leave)
    chat = start(client)
    wait_until(lambda: generation.running(reply_of(chat).pk) is None)
    assert reply_of(chat).state == State.WAITING
    monkeypatch.undo()
    generation.take_over_all()
    assert closed_reply(chat).content == "Hello"


def test_who_comes_back_for_a_reply_that_was_left_gets_it_at_once(left, client):
    address = reverse("chats:stream", args=[reply_of(left).pk])
    answer = client.get(address, headers={"Accept": "text/event-stream"})
    assert "Hello" in b"".join(answer.streaming_content).decode()
    assert closed_reply(left).state == State.DONE


def test_a_reply_that_was_left_stays_so_where_it_cant_be_read_just_now(left):
    def away(execute, sql, *rest):
        if User._meta.db_table in sql:
            raise OperationalError
        return execute(sql, *rest)

    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        generation.take_over(reply_of(left))
    generation.take_over_all()
    assert closed_reply(left).content == "Hello"


def test_a_reply_that_was_left_can_be_stopped(left, client):
    client.post(reverse("chats:stop", args=[reply_of(left).pk]))
    assert generation.take_over(reply_of(left)) is None
    assert sentence(reply_of(left)) == "You stopped this answer."
    assert closing.close_dead() == 0


def test_a_reply_that_is_stopped_just_when_its_process_ends_keeps_its_words_and_says_so(
    client, ollama
):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    # In another process, from which this one hasn't heard yet.
    growing = generation.running(reply_of(chat).pk)
    chat.messages.update(stop_asked=True)
    growing.interrupt()
    reply = closed_reply(chat)
    assert (reply.state, sentence(reply)) == (State.STOPPED, "You stopped this answer.")
    assert reply.content
    assert reply.can_continue


@pytest.mark.parametrize(
    ("stop_asked", "state"), [(False, State.INTERRUPTED), (True, State.STOPPED)]
)
def test_replies_of_a_dead_process_are_closed_with_their_text(owner, settings, stop_asked, state):
    dead = Heartbeat.objects.create(kind="web", host=settings.HOST_NAME, pid=2**22 + 1)
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    words = Message.objects.create(owner=owner, chat=chat, role="user", content="q")
    reply = Message.objects.create(
        owner=owner,
        chat=chat,
        parent=words,
        role="assistant",
        state=State.RUNNING,
        content="so far",
        process=dead,
        stop_asked=stop_asked,
    )
    assert closing.close_dead() == 1
    reply.refresh_from_db()
    assert (reply.state, reply.content) == (state, "so far")
    assert closing.close_dead() == 0


def test_a_reply_that_is_closed_while_it_is_taken_for_dead_stays_as_it_was_closed(owner, settings):
    reply = storing.start(owner, "q", "m", None)[0]
    dead = Heartbeat.objects.create(kind="web", host=settings.HOST_NAME, pid=2**22 + 1)
    Message.objects.filter(pk=reply.pk).update(process=dead)
    with transaction.atomic():
        closing.close(reply, State.DONE)
        worker = threading.Thread(target=at_once, args=[lambda _: closing.close_dead(), 1])
        worker.start()
        wait_until(is_somebody_waiting)
    worker.join()
    reply.refresh_from_db()
    assert (reply.state, reply.reason) == (State.DONE, "")


def test_replies_of_a_living_process_are_left_alone(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).state == State.RUNNING)
    assert closing.close_dead() == 0


def test_a_row_is_closed_once_whoever_comes_first(owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    reply = storing.ask(chat, "q", "m", None)[0]
    states = [State.STOPPED, State.INTERRUPTED, State.FAILED, State.DONE]
    won = []
    at_once(lambda number: won.append(closing.close(reply, states[number])), len(states))
    assert sum(won) == 1


def test_the_model_reads_the_conversation_so_far(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Second question"})
    closed_reply(chat)
    wait_until(lambda: len(ollama.chats) == 2)
    sent = ollama.chats[-1].body
    assert [turn["content"] for turn in sent["messages"][1:]] == [
        "First question",
        "Hello",
        "Second question",
    ]
    assert sent["messages"][0]["role"] == "system"
    assert sent["truncate"] is False
    assert {chat.body["options"]["num_ctx"] for chat in ollama.chats} == {8192}


def test_a_restart_closes_what_it_could_not_finish(client, ollama, monkeypatch):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    try:
        generation.drain(0.1)
    finally:
        registry._draining.clear()
    reply = closed_reply(chat)
    assert (reply.state, reply.reason) == (State.INTERRUPTED, "restarted")
    assert reply.content


@within(5)
def test_a_model_server_that_says_nothing_at_all_is_told_within_five_seconds(
    client, ollama, within_s
):
    ollama.scale = 1
    ollama.play("starting")
    servers.forget()
    asked = time.monotonic()
    chat = start(client)
    growing = wait_until(lambda: generation.running(reply_of(chat).pk))
    wait_until(lambda: "starting" in growing.words)
    assert time.monotonic() - asked < within_s
    assert chat.messages.filter(role="user").count() == 1


@pytest.mark.parametrize("count", [10**20, 2**31, -1, "many"])
def test_numbers_that_no_column_holds_are_left_out(client, ollama, count):
    numbers = {"eval_count": count, "eval_duration": count, "prompt_eval_count": count}
    last = {"message": {"content": "Hello"}, "done": True, "done_reason": "stop", **numbers}
    ollama.play(lambda request: whole("200 OK", go_json(last), "application/x-ndjson"))
    reply = closed_reply(start(client))
    assert (reply.state, reply.content) == (State.DONE, "Hello")
    assert reply.reply_tokens is None


def test_an_end_that_cannot_be_sealed_is_closed_with_what_was_saved(client, ollama):
    ollama.play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    with mock.patch.object(ending, "sealed_for", side_effect=ImproperlyConfigured):
        client.post(reverse("chats:stop", args=[reply_of(chat).pk]))
        reply = closed_reply(chat)
    assert (reply.state, bool(reply.content)) == (State.STOPPED, True)


def test_a_fault_of_our_own_is_not_blamed_on_the_model_server(client, ollama, monkeypatch):
    monkeypatch.setattr(context, "build", mock.Mock(side_effect=ZeroDivisionError))
    reply = closed_reply(start(client))
    assert (reply.state, reply.reason) == (State.FAILED, "own_fault")
    assert "AhFai" in sentence(reply)


def test_a_row_that_nothing_works_on_is_closed(client, ollama, monkeypatch):
    begin = mock.Mock(wraps=generation.begin, side_effect=[MemoryError, mock.DEFAULT])
    monkeypatch.setattr(generation, "begin", begin)
    with pytest.raises(MemoryError):
        start(client, "Forgotten")
    # As if that had been a while ago; the next one is never so old, however busy the machine is.
    forgotten = timezone.now() - timedelta(seconds=saving.FORGOTTEN_AFTER_S + 1)
    Message.objects.open().update(created=forgotten)
    assert closed_reply(start(client, "Next")).content == "Hello"
    assert Message.objects.filter(reason="restarted").count() == 1


@pytest.fixture
def clock(monkeypatch):
    """Its attribute `behind` is how far the clock is set back."""
    real, clock = timezone.now, SimpleNamespace(behind=timedelta())
    monkeypatch.setattr(timezone, "now", lambda: real() - clock.behind)
    return clock


def test_a_clock_that_is_set_back_hides_no_question(client, ollama, clock):
    chat = start(client, "First question")
    closed_reply(chat)
    clock.behind = timedelta(hours=1)
    ollama.play("endless")
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Second question"})
    assert b"Second question" in client.get(chat.get_absolute_url()).content
    answer = client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Third question"})
    assert answer.status_code == 409
    assert chat.messages.open().count() == 1


def test_a_time_zone_that_this_machine_does_not_know_keeps_nobody_from_an_answer(
    client, owner, ollama
):
    owner.time_zone = "Mars/Olympus"
    owner.save(update_fields=["time_zone"])
    assert closed_reply(start(client)).content == "Hello"


def test_an_answer_that_is_continued_by_nothing_stays_incomplete(client, ollama):
    ollama.play("length", "thinking_only")
    chat = start(client)
    client.post(reverse("chats:continue", args=[closed_reply(chat).pk]))
    wait_until(lambda: chat.messages.count() == 3)
    reply = closed_reply(chat)
    assert (reply.state, reply.reason, reply.content) == (State.INTERRUPTED, "empty", "abc")
    assert reply.can_continue


@pytest.mark.parametrize("name", ["x" * 201, "nothing \0 at all"])
def test_a_model_name_that_no_model_has_is_refused_when_trying_again(client, ollama, name):
    ollama.play("out_of_memory")
    reply = closed_reply(start(client))
    answer = client.post(reverse("chats:retry", args=[reply.pk]), {"model": name})
    assert answer.status_code == 422
    assert reply.chat.messages.count() == 2


def test_the_indent_of_a_first_line_is_kept_and_its_line_ends_are_counted_once(client, ollama):
    text = "    indented()\n" * 2 + "x"
    chat = start(client, text.replace("\n", "\r\n") + "\r\n ")
    assert chat.messages.in_order().first().content == text
    assert chat.title == "indented()"
