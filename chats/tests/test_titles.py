"""Titles by the model, after the first answer."""

import threading
from collections.abc import Iterable

import pytest
from django.db import InterfaceError, OperationalError
from django.urls import reverse

from chats import pages, titles
from chats.lifecycle import places
from chats.models import Chat, Message
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, Pause, Request, Send, Step, final, head, say
from chats.tests.test_reply_life import closed_reply, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def with_titles(settings, ollama):
    settings.TITLES = True
    ollama.play(*[answers] * 20)


def answers(request: Request, title: str = "A **fine** greeting.") -> Iterable[Step]:
    yield Send(head())
    yield say(request, title if asks_for_title(request) else "Hello there")
    yield final(request)
    yield Send(END)


def asks_for_title(request: Request) -> bool:
    return request.body["messages"][-1]["content"].endswith(titles.TASK)


def titled(chat: Chat) -> str:
    wait_until(lambda: Chat.objects.filter(pk=chat.pk, titled=True, titling=None).exists())
    return Chat.objects.get(pk=chat.pk).title


def test_the_first_answer_brings_a_title_by_the_same_model_with_the_same_options(client, ollama):
    chat = start(client, "Say hello to my grandmother")
    assert titled(chat) == "A fine greeting"
    answer, title = ollama.chats
    same = ("model", "keep_alive", "truncate")
    assert [title.body.get(name) for name in same] == [answer.body.get(name) for name in same]
    assert title.body["options"]["num_ctx"] == answer.body["options"]["num_ctx"]
    # What the server has read already comes first, so that it is not read anew.
    before = answer.body["messages"]
    assert title.body["messages"][: len(before)] == before
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Once more"})
    closed_reply(chat)
    wait_until(lambda: len(ollama.chats) == 3)
    assert not asks_for_title(ollama.chats[-1])


def test_a_title_that_the_person_gave_stays(client, ollama):
    chat = start(client, "Hello")
    chat.rename("My own")
    closed_reply(chat)
    assert titled(chat) == "My own"
    assert not any(map(asks_for_title, ollama.chats))


def test_who_is_writing_on_comes_first_and_the_title_later(client, ollama):
    def slow(request: Request) -> Iterable[Step]:
        if not asks_for_title(request):
            return answers(request)
        return [Send(head()), *[say(request, "word "), Pause(0.2)] * 500, Send(END)]

    ollama.play(slow, slow, *[answers] * 5)
    chat = start(client, "One")
    closed_reply(chat)
    wait_until(lambda: any(map(asks_for_title, ollama.chats)))
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Two"})
    assert closed_reply(chat).state == "done"
    assert titled(chat) == "A fine greeting"
    assert [asks_for_title(request) for request in ollama.chats] == [False, True, False, True]
    assert ollama.most_at_once("llama3.1:8b") == 1


def test_who_has_a_place_beside_it_leaves_the_title_alone(client, ollama, settings):
    settings.OLLAMA_PARALLEL = 2
    begun, asked = threading.Event(), threading.Event()

    def patient(request: Request) -> Iterable[Step]:
        if asks_for_title(request):
            begun.set()
            asked.wait(10)
        return answers(request)

    ollama.play(*[patient] * 5)
    chat = start(client, "One")
    assert begun.wait(10)
    other = start(client, "Two")
    closed_reply(other)
    asked.set()
    assert titled(chat) == titled(other) == "A fine greeting"
    assert len(ollama.chats) == 4


def test_the_place_of_a_title_is_free_again_though_the_database_was_away(
    client, ollama, monkeypatch
):
    give_back, tries = places.give_back_title, []

    def away_for_a_while(reply: Message) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise [OperationalError, InterfaceError][len(tries) % 2]
        give_back(reply)

    monkeypatch.setattr(titles, "TRY_AGAIN_S", 0.05)
    monkeypatch.setattr(places, "give_back_title", away_for_a_while)
    assert titled(start(client, "One")) == "A fine greeting"
    assert closed_reply(start(client, "Two")).state == "done"


def test_nobody_who_has_begun_to_write_waits_for_a_title(client, ollama, owner):
    written = threading.Event()

    def patient(request: Request) -> Iterable[Step]:
        written.wait(10)
        return answers(request)

    ollama.play(patient)
    chat = start(client, "One")
    client.post(reverse("chats:draft", args=[chat.pk]), {"text": "And wh", "version": 0})
    written.set()
    closed_reply(chat)
    reply = Message.objects.select_related("chat").get(role="assistant")
    assert not titles.wanted(reply)


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ('"Greetings to Grandmother"', "Greetings to Grandmother"),
        ("Title: Two cats\nand more", "Two cats"),
        ("<think>Hm, a title</think>\n\n## Two  cats.", "Two cats"),
        ("<think>never ends", ""),
        ("…", ""),
        ("Katzen & Hunde", "Katzen & Hunde"),
        ("日本語の挨拶", "日本語の挨拶"),
        ("word " * 40, ("word " * 16)[:-2].rsplit(" ", 1)[0] + "…"),
    ],
)
def test_what_models_put_around_a_title_is_taken_off(said, title):
    assert titles._cleaned(said) == title


def test_a_model_that_finds_none_is_not_asked_again(client, ollama):
    ollama.play(*[lambda request: answers(request, "…")] * 5)
    chat = start(client, "Say hello")
    assert titled(chat) == "Say hello"


def test_the_open_page_asks_for_the_title_until_it_is_settled(client, ollama):
    chat = start(client, "Say hello")
    address = reverse("chats:title", args=[chat.pk])
    assert b"hx-get" in client.get(address).content
    titled(chat)
    settled = client.get(address).content.decode()
    assert "hx-get" not in settled
    assert "<title>A fine greeting · AhFai</title>" in settled
    assert f'id="recent-{chat.pk}"' in settled


def test_the_page_of_an_answer_that_ends_while_it_is_made_asks_for_the_title(
    client, ollama, monkeypatch
):
    read, read_on = threading.Event(), pages.part

    def patient(request: Request) -> Iterable[Step]:
        read.wait(10)
        return answers(request)

    def ending(chat, *rest):
        read.set()
        closed_reply(chat)
        return read_on(chat, *rest)

    ollama.play(patient, *[answers] * 5)
    chat = start(client, "Say hello")
    monkeypatch.setattr(pages, "part", ending)
    page = client.get(chat.get_absolute_url()).content.decode()
    assert "data-stream" not in page
    assert "chat:done" not in page
    assert f'hx-get="{reverse("chats:title", args=[chat.pk])}"' in page
    titled(chat)
