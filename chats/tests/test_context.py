"""What the model gets to read."""

import pytest
from django.urls import reverse

from chats import context
from chats.tests.test_reply_life import closed_reply, start


@pytest.mark.django_db(transaction=True)
def test_what_no_longer_fits_is_counted_and_said(client, ollama, settings):
    settings.NUM_CTX, settings.NUM_PREDICT = 1024, 128
    chat = start(client, "First " + "word " * 500)
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Second " + "word " * 400})
    reply = closed_reply(chat)
    assert reply.left_out == 2
    assert [turn["role"] for turn in ollama.chats[-1].body["messages"]] == ["system", "user"]
    assert b"2 older messages no longer fit" in client.get(chat.get_absolute_url()).content


@pytest.mark.parametrize(
    ("before", "after", "joint"),
    [
        ("the quick", "brown fox", " "),
        ("The end.", "A new", " "),
        ("the quick ", "brown", ""),
        ("the quick", " brown", ""),
        ("one,\n", "two", ""),
        ("`code", "`", ""),
        ("日本", "語", ""),
        ("", "Hello", ""),
        ("Hello", "", ""),
    ],
)
def test_two_parts_of_an_answer_are_joined_as_they_are_written(before, after, joint):
    assert context.joint(before, after) == joint


@pytest.mark.django_db(transaction=True)
def test_questions_without_an_answer_between_them_become_one(client, ollama):
    ollama.play("out_of_memory", "plain")
    chat = start(client, "One")
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Two"})
    closed_reply(chat)
    turns = ollama.chats[-1].body["messages"][1:]
    assert [(turn["role"], turn["content"]) for turn in turns] == [("user", "One\n\nTwo")]
