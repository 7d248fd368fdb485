"""What the model gets to read."""

import pytest
from django.urls import reverse

from chats import context
from chats.tests.test_reply_life import closed_reply, start


@pytest.mark.parametrize(
    ("before", "after", "joint"),
    [
        ("The end.", "A new", " "),
        ("the quick ", "brown", ""),
        ("the quick", " brown", ""),
        ("one,\n", "two", ""),
        ("`code", "`", ""),
        ("don'", "t", ""),
        ("日本", "語", ""),
        ("", "Hello", ""),
        ("Hello", "", ""),
        ("Hel", "lo", ""),
        ("Hello", "World", " "),
    ],
)
def test_two_parts_of_an_answer_are_joined_as_they_are_written(before, after, joint):
    assert context.joint(before, after) == joint


@pytest.mark.parametrize(
    ("so_far", "kept"),
    [
        ("It was cut at the le", "It was cut at the "),
        ("Line one\n- **bol", "Line one\n- "),
        ("The value is 3.1", "The value is "),
        ("यह बहुत अच्छी", "यह बहुत "),
        ("日本語は Pyth", "日本語は "),
        ("日本語はPyth", "日本語は"),
        ("It ends here.", "It ends here."),
        ("and then ", "and then "),
        ("日本語", "日本語"),
        ("See " + "x" * 41, "See " + "x" * 41),
        ("Hel", "Hel"),
        ("", ""),
    ],
)
def test_an_answer_is_continued_from_its_last_word_which_may_be_cut(so_far, kept):
    assert context.up_to_last_word(so_far) == kept


@pytest.mark.django_db(transaction=True)
def test_questions_without_an_answer_between_them_become_one(client, ollama):
    ollama.play("out_of_memory", "plain")
    chat = start(client, "One")
    closed_reply(chat)
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Two"})
    closed_reply(chat)
    turns = ollama.chats[-1].body["messages"][1:]
    assert [(turn["role"], turn["content"]) for turn in turns] == [("user", "One\n\nTwo")]
