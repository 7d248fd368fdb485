"""Unsent words: kept per chat, sealed, and never overwritten unseen."""

import pytest
from django.urls import reverse

from ahfai.tests.at_once import at_once
from chats import drafts
from chats.models import Chat, Draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(owner) -> Chat:
    return Chat.objects.create(owner=owner, title="t", model="m")


def keep(client, chat: Chat | None, text: str, version: int = 0):
    name, key = ("draft", [chat.pk]) if chat else ("draft_of_new_chat", [])
    return client.post(reverse(f"chats:{name}", args=key), {"text": text, "version": version})


def test_each_chat_and_the_next_one_have_their_own_words(client, owner, chat):
    assert keep(client, chat, "For this chat").json() == {"version": 1}
    assert keep(client, None, "For a new one").json() == {"version": 1}
    assert b"For this chat" in client.get(chat.get_absolute_url()).content
    home = client.get("/").content
    assert b"For a new one" in home
    assert b"For this chat" not in home


def test_an_older_tab_is_told_and_overwrites_nothing(client, owner, chat):
    version = keep(client, chat, "One").json()["version"]
    version = keep(client, chat, "One and more", version).json()["version"]
    refused = keep(client, chat, "From an older tab", 1)
    assert (refused.status_code, refused.json()) == (409, {"version": version})
    assert Draft.objects.get().text == "One and more"
    assert keep(client, chat, "From an older tab", version).status_code == 200


def test_an_emptied_box_leaves_nothing_behind(client, owner, chat):
    keep(client, chat, "One")
    assert keep(client, chat, "  ", 1).json() == {"version": 0}
    assert not Draft.objects.exists()


def test_sent_words_are_no_draft_any_more(client, ollama, owner, chat):
    keep(client, chat, "One")
    keep(client, None, "Two")
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "One"})
    assert Draft.objects.get().text == "Two"
    client.post(reverse("chats:start"), {"text": "Two"})
    assert not Draft.objects.exists()


def test_words_that_were_sent_do_not_come_back_with_a_late_save(client, ollama, owner, chat):
    version = keep(client, chat, "One").json()["version"]
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "One and all"})
    assert keep(client, chat, "One and", version).json() == {"version": 0}
    assert not Draft.objects.exists()


def test_drafts_are_sealed_and_only_ones_own(client, strangers_client, owner, chat):
    keep(client, None, "A canary in the Ardennes")
    assert b"canary" not in Draft._meta.get_field("text").held(Draft.objects.get()).value
    assert b"canary" not in strangers_client.get("/").content
    assert keep(strangers_client, chat, "Mine now").status_code == 404


@pytest.mark.parametrize("fields", [{"text": "x" * 100_001, "version": 0}, {"text": "x"}])
def test_what_is_no_draft_is_refused(client, owner, fields):
    answer = client.post(reverse("chats:draft_of_new_chat"), fields)
    assert answer.status_code == 422
    assert not Draft.objects.exists()


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_of_tabs_that_save_at_once_one_wins_and_the_others_are_told(owner):
    told = []

    def save(number: int) -> None:
        try:
            told.append(drafts.keep(owner, None, f"Tab {number}", 0))
        except drafts.Outdated as newer:
            told.append(-newer.version)

    at_once(save, 4)
    assert sorted(told) == [-1, -1, -1, 1]
