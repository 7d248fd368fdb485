"""What an open page is sent while a reply grows."""

import json
import threading

import psycopg
import pytest
from django.db import OperationalError
from django.urls import reverse

from chats import generation, watching
from chats.generation import registry
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, Pause, Send, final, head, say, think
from chats.tests.test_reply_life import closed_reply, reply_of, start
from chats.watching import COMMENT_EVERY_S

pytestmark = pytest.mark.django_db(transaction=True)


def events(response):
    for part in b"".join(response.streaming_content).decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line)
        if "data" in fields:
            yield fields["event"], int(fields.get("id", 0)), json.loads(fields["data"])


def told(event: bytes) -> str:
    return json.loads(event.decode().split("data: ")[1])["words"]


def assert_covers(got, whole: str, offset: int = 0):
    """No piece of the reply is missing or twice on a page that follows these events."""
    for name, number, data in got:
        if name == "block":
            assert data["from"] <= offset or offset == 0
            assert whole[:number].endswith(data["rest"])
            offset = number
        if name == "tail":
            assert data["from"] == offset
            assert data["text"] == whole[offset:number]
            offset = number
    assert offset == len(whole)


def test_the_asking_tab_reads_the_reply_as_the_answer_to_its_post(client, ollama):
    chat = start(client)
    closed_reply(chat)
    answer = client.post(
        reverse("chats:ask", args=[chat.pk]),
        {"text": "More"},
        headers={"Accept": "text/event-stream"},
    )
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"
    got = list(events(answer))
    assert got[0][0] == "turn"
    assert "More" in got[0][2]["html"]
    assert "csrfmiddlewaretoken" in got[0][2]["html"]
    assert_covers(got, "Hello")
    assert got[-1][0] == "done"
    assert "Hello" in got[-1][2]["html"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_model_that_thinks_is_said_to_until_it_answers(client, ollama, monkeypatch, elsewhere):
    thought = threading.Event()

    def thinks(request):
        yield Send(head())
        yield think(request, "let me see")
        thought.wait(20)
        yield say(request, "Answer")
        yield final(request)
        yield Send(END)

    ollama.play(thinks)
    chat = start(client)
    reply = wait_until(lambda: (reply := reply_of(chat)).thinking and reply)
    page = client.get(chat.get_absolute_url()).content.decode()
    assert "Thinking…" in page
    assert "Writing…" not in page
    if elsewhere:
        monkeypatch.setattr(generation, "running", lambda _: None)
    parts = client.get(reverse("chats:stream", args=[reply.pk])).streaming_content
    assert told(next(part for part in parts if b"event: words" in part)) == "Thinking…"
    thought.set()
    rest = list(parts)
    assert [told(part) for part in rest if b"event: words" in part] == [""]
    assert b"Answer" in rest[-1]


def test_a_page_that_comes_back_goes_on_where_it_was(client, ollama):
    ollama.play("story")
    chat = start(client, "A story")
    reply = reply_of(chat)
    growing = wait_until(lambda: generation.running(reply.pk))
    wait_until(lambda: len(growing.text) > 300)
    seen = growing.text[:200]
    answer = client.get(
        reverse("chats:stream", args=[reply.pk]), headers={"Last-Event-ID": str(len(seen))}
    )
    got = list(events(answer))
    whole = closed_reply(chat).content
    assert all(number > len(seen) for _, number, _ in got if number)
    assert_covers(got, whole, len(seen))
    assert got[-1][0] == "done"


def test_a_page_that_left_in_a_block_gets_the_whole_block_when_it_comes_back(client, ollama):
    """A list is known to be over only by the words that follow it."""
    left = threading.Event()

    def a_list(request):
        yield Send(head())
        yield say(request, "- oil\n- lens\n\nThen the")
        while not left.is_set():
            yield Pause(0.02, exact=True)
        yield say(request, " bell.\n\n")
        yield final(request)
        yield Send(END)

    ollama.play(a_list)
    reply = reply_of(start(client))
    growing = wait_until(lambda: generation.running(reply.pk))
    seen = len(wait_until(lambda: growing.text))
    left.set()
    address = reverse("chats:stream", args=[reply.pk])
    got = list(events(client.get(address, headers={"Last-Event-ID": str(seen)})))
    blocks = [data for name, _, data in got if name == "block"]
    assert "<li>oil</li>" in blocks[0]["html"]
    assert "bell" in blocks[-1]["html"]
    assert blocks[0]["from"] == 0


def test_the_offsets_grow_and_blocks_arrive_rendered(client, ollama):
    ollama.play("story")
    chat = start(client, "A story")
    got = list(events(client.get(reverse("chats:stream", args=[reply_of(chat).pk]))))
    blocks = [data["html"] for name, _, data in got if name == "block"]
    assert any("<table" in html for html in blocks)
    assert any("<pre" in html for html in blocks)
    assert "<table" in got[-1][2]["html"]


def test_a_finished_reply_is_told_from_its_row(client, ollama):
    chat = start(client)
    reply = closed_reply(chat)
    got = list(events(client.get(reverse("chats:stream", args=[reply.pk]))))
    assert_covers(got, "Hello")
    assert got[-1][0] == "done"


def test_another_process_follows_the_saved_row(client, ollama, monkeypatch):
    ollama.play("story")
    chat = start(client, "A story")
    reply = reply_of(chat)
    real = generation.running
    monkeypatch.setattr(generation, "running", lambda _: None)
    got = list(events(client.get(reverse("chats:stream", args=[reply.pk]))))
    monkeypatch.setattr(generation, "running", real)
    assert_covers(got, closed_reply(chat).content)


def test_a_stream_ends_for_a_person_who_signed_out_elsewhere(client, ollama, monkeypatch):
    monkeypatch.setattr("chats.watching.COMMENT_EVERY_S", 0.1)
    ollama.play("endless")
    chat = start(client)
    answer = client.get(reverse("chats:stream", args=[reply_of(chat).pk]))
    client.session.flush()
    got = list(events(answer))
    assert got[-1][0] == "gone"


@pytest.mark.parametrize("last", ["9" * 5000, "-1", "²", "1e3", "elsewhere"])
def test_a_nonsense_offset_is_taken_for_the_beginning(client, ollama, last):
    reply = closed_reply(start(client))
    answer = client.get(reverse("chats:stream", args=[reply.pk]), headers={"Last-Event-ID": last})
    assert_covers(list(events(answer)), "Hello")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_page_that_watches_a_deleted_chat_is_told(client, ollama, monkeypatch, elsewhere):
    ollama.play("endless")
    chat = start(client)
    reply = reply_of(chat)
    if elsewhere:
        monkeypatch.setattr(generation, "running", lambda _: None)
    answer = client.get(reverse("chats:stream", args=[reply.pk]))
    monkeypatch.undo()
    chat.delete()
    assert list(events(answer))[-1][::2] == ("gone", {"deleted": True})


@pytest.mark.parametrize("passes", [True, False])
def test_a_page_is_to_come_back_while_the_database_is_away(client, ollama, monkeypatch, passes):
    def away(_self):
        raise OperationalError from psycopg.errors.AdminShutdown() if passes else None

    ollama.play("endless")
    reply = reply_of(start(client))
    monkeypatch.setattr(generation, "running", lambda _: None)
    monkeypatch.setattr(watching.FromRow, "look", away)
    answer = client.get(reverse("chats:stream", args=[reply.pk]))
    if passes:
        assert list(events(answer))[-1][::2] == ("reconnect", {"after_ms": 2000})
    else:
        with pytest.raises(OperationalError):
            list(events(answer))
    monkeypatch.undo()


def test_watchers_leave_some_threads_for_pages(client, ollama, settings, monkeypatch):
    ollama.play("endless")
    reply = reply_of(start(client))
    monkeypatch.setattr(watching, "_watching", settings.WEB_THREADS)
    address = reverse("chats:stream", args=[reply.pk])
    wait_until(lambda: reply_of(reply.chat).content)
    got = list(events(client.get(address)))
    assert got[-1][::2] == ("reconnect", {"after_ms": 2000})
    assert [name for name, _, _ in got].count("tail") == 1


def test_a_silent_stream_is_kept_open_by_comments(client, ollama, monkeypatch):
    monkeypatch.setattr(watching, "COMMENT_EVERY_S", 0.2)
    ollama.play("never_answers")
    reply = reply_of(start(client))
    answer = client.get(reverse("chats:stream", args=[reply.pk]))
    for piece in answer.streaming_content:
        if piece.startswith(b":"):
            break
    assert piece == b": still here\n\n"
    assert 0 < COMMENT_EVERY_S <= 15
    answer.close()


def test_a_new_try_streams_in_the_place_of_the_earlier_one(client, ollama):
    ollama.play("cut", "plain")
    first = closed_reply(start(client))
    answer = client.post(
        reverse("chats:retry", args=[first.pk]), headers={"Accept": "text/event-stream"}
    )
    got = list(events(answer))
    assert got[0][0] == "turn"
    assert got[0][2]["replaces"] == str(first.pk)
    assert got[0][2]["reply"] in got[0][2]["html"]
    assert_covers(got, "Hello")


def test_a_page_learns_which_message_its_question_follows(client, ollama):
    chat = start(client)
    first = closed_reply(chat)
    answer = client.post(
        reverse("chats:ask", args=[chat.pk]),
        {"text": "More"},
        headers={"Accept": "text/event-stream"},
    )
    assert next(iter(events(answer)))[2]["after"] == str(first.pk)


def test_a_process_that_shuts_down_sends_its_watchers_elsewhere(client, ollama):
    ollama.play("endless")
    chat = start(client)
    answer = client.get(reverse("chats:stream", args=[reply_of(chat).pk]))
    try:
        generation.begin_drain()
        assert [name for name, _, _ in events(answer)][-1] == "reconnect"
    finally:
        registry._draining.clear()


def test_without_a_script_the_page_refreshes_itself_until_the_reply_is_done(client, ollama):
    ollama.play("endless")
    chat = start(client)
    page = client.get(chat.get_absolute_url()).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    client.post(reverse("chats:stop", args=[reply_of(chat).pk]))
    closed_reply(chat)
    assert "http-equiv" not in client.get(chat.get_absolute_url()).content.decode()
