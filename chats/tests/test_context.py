"""What the model gets to read."""

import pytest
from django.urls import reverse

from chats import context
from chats.tests.test_reply_life import closed_reply, start


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
