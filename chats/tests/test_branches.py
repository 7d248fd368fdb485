"""Versions of a message: other words, other answers, and the way between them."""

import uuid

import pytest
from django.urls import reverse

from chats import branches
from chats.generation import registry
from chats.lifecycle import closing, storing
from chats.models import Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.test_reply_life import closed_reply, reply_of, start

pytestmark = pytest.mark.django_db(transaction=True)


def go(client, name: str, message: Message, **fields):
    return client.post(reverse(f"chats:{name}", args=[message.pk]), fields)


def ask(client, chat: Chat, text: str) -> Message:
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": text})
    return closed_reply(chat)


def page(client, chat: Chat) -> str:
    whole = client.get(chat.get_absolute_url()).content.decode()
    return whole[whole.index('id="conversation"') : whole.index('class="dock"')]


def question(chat: Chat, text: str) -> Message:
    return next(one for one in chat.messages.filter(role="user") if one.content == text)


def test_what_is_about_to_be_deleted_is_shown_without_marks(client, ollama):
    chat = start(client, "A **bold** question")
    closed_reply(chat)
    go(client, "edit", question(chat, "A **bold** question"), text="Better question")
    closed_reply(chat)
    address = reverse("chats:delete_version", args=[question(chat, "A **bold** question").pk])
    assert "A bold question</blockquote>" in client.get(address).content.decode()


def test_an_answer_that_was_cut_can_be_continued_when_the_talk_has_gone_on(client, ollama):
    ollama.play("length", "plain")
    chat = start(client, "Say it all")
    cut = closed_reply(chat)
    wait_until(lambda: len(ollama.chats) == 1)
    ask(client, chat, "Something else")
    shown = page(client, chat)
    assert reverse("chats:continue", args=[cut.pk]) in shown
    assert shown.count("/continue") == 1
    assert go(client, "continue", cut).url == chat.get_absolute_url()
    wait_until(lambda: chat.messages.count() == 5)
    assert closed_reply(chat).content == "abc Hello"
    shown = page(client, chat)
    assert "2 of 2" in shown
    assert "Something else" not in shown


def test_an_edited_message_gets_its_own_answer_and_the_earlier_ones_stay(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    ask(client, chat, "Second question")
    answer = go(client, "edit", question(chat, "First question"), text="Better question")
    assert answer.url == chat.get_absolute_url()
    closed_reply(chat)
    said = ollama.chats[-1].body["messages"]
    assert [turn["content"] for turn in said[1:]] == ["Better question"]
    shown = page(client, chat)
    assert "Better question" in shown
    assert "Second question" not in shown
    assert "2 of 2" in shown
    assert chat.messages.count() == 6


def test_the_other_version_comes_back_with_all_that_followed_it(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    ask(client, chat, "Second question")
    first = question(chat, "First question")
    go(client, "edit", first, text="Better question")
    closed_reply(chat)
    answer = go(client, "show", first)
    assert answer.url == f"{chat.get_absolute_url()}#message-{first.pk}"
    shown = page(client, chat)
    assert "1 of 2" in shown
    assert "Second question" in shown
    assert "Better question" not in shown
    ask(client, chat, "Third question")
    said = [turn["content"] for turn in ollama.chats[-1].body["messages"] if turn["role"] == "user"]
    assert said == ["First question", "Second question", "Third question"]


def test_an_earlier_answer_can_be_tried_again(client, ollama):
    chat = start(client, "First question")
    first = closed_reply(chat)
    ask(client, chat, "Second question")
    ollama.play("story")
    go(client, "retry", first)
    reply = closed_reply(chat, 30)
    assert reply.parent_id == first.parent_id
    shown = page(client, chat)
    assert "2 of 2" in shown
    assert "Second question" not in shown


def test_a_version_is_deleted_with_what_follows_and_its_neighbour_is_shown(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    go(client, "edit", question(chat, "First question"), text="Better question")
    closed_reply(chat)
    ask(client, chat, "And then?")
    better = question(chat, "Better question")
    assert (
        b"Better question" in client.get(reverse("chats:delete_version", args=[better.pk])).content
    )
    assert go(client, "delete_version", better).url == chat.get_absolute_url()
    shown = page(client, chat)
    assert "First question" in shown
    assert "Better question" not in shown
    assert "of 2" not in shown
    assert chat.messages.count() == 2


def test_a_version_that_is_not_shown_is_deleted_without_a_change_of_what_is(client, ollama):
    chat = start(client, "First question")
    first = closed_reply(chat)
    go(client, "retry", first)
    second = closed_reply(chat)
    go(client, "retry", first)
    third = closed_reply(chat)
    go(client, "delete_version", second)
    chat.refresh_from_db()
    assert chat.current_id == third.pk


def test_the_only_version_stays(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    answer = go(client, "delete_version", question(chat, "First question"))
    assert answer.status_code == 409
    assert b"only version" in answer.content
    assert chat.messages.count() == 2


def test_a_deleted_version_lets_go_of_the_model(client, ollama):
    ollama.play("plain", "endless")
    chat = start(client, "First question")
    closed_reply(chat)
    go(client, "edit", question(chat, "First question"), text="Better question")
    better = question(chat, "Better question")
    wait_until(lambda: better.last_reply.content)
    go(client, "delete_version", better)
    assert ollama.wait_for(lambda: ollama.chats[-1].disconnected)
    wait_until(lambda: not registry.every())


def test_while_an_answer_is_written_an_edit_is_refused_and_its_words_kept(client, ollama):
    ollama.play("endless")
    chat = start(client, "First question")
    answer = go(client, "edit", question(chat, "First question"), text="Better question")
    assert answer.status_code == 409
    assert b"Better question" in answer.content
    assert b"still answering" in answer.content


def test_an_edit_that_is_sent_twice_is_stored_once(client, ollama):
    chat = start(client, "First question")
    closed_reply(chat)
    same = uuid.uuid4()
    for _ in range(2):
        go(client, "edit", question(chat, "First question"), text="Better", request_id=same)
        closed_reply(chat)
    assert chat.messages.filter(role="user").count() == 2


def test_an_answer_is_no_message_to_edit(client, owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    reply = storing.ask(chat, "Well?", "m", None)[0]
    closing.close(reply, State.DONE)
    assert go(client, "edit", reply, text="I never said that").status_code == 404


def test_an_empty_edit_is_refused_with_a_sentence(client, owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    reply = storing.ask(chat, "Well?", "m", None)[0]
    closing.close(reply, State.DONE)
    answer = go(client, "edit", reply.parent, text="  ")
    assert answer.status_code == 422
    assert b"Write something first." in answer.content


def test_a_question_goes_where_its_page_is_whatever_another_tab_shows(client, owner):
    """One tab goes back to an earlier version; the other one still shows the newer."""
    chat = storing.start(owner, "One", "m", None)[0].chat
    first = reply_of(chat)
    closing.close(first, State.DONE)
    question = first.parent
    second = storing.edit(question, "Two", "m", None)[0]
    closing.close(second, State.DONE)
    branches.show(question)
    said = {"text": "And then?", "after": second.pk}
    assert client.post(reverse("chats:ask", args=[chat.pk]), said).status_code == 302
    asked = chat.messages.get(role="user", parent=second)
    reply = asked.replies.get()
    closing.close(reply, State.DONE)
    # A tab that has missed a turn of the same branch goes on at its end.
    storing.ask(chat, "Once more", "m", None, after=second.pk)
    assert chat.messages.filter(role="user", parent=reply).count() == 1


def test_a_question_to_words_that_were_deleted_elsewhere_is_given_back(client, owner):
    chat = storing.start(owner, "One", "m", None)[0].chat
    reply = reply_of(chat)
    closing.close(reply, State.DONE)
    said = {"text": "And then?", "after": uuid.uuid4()}
    answer = client.post(reverse("chats:ask", args=[chat.pk]), said)
    assert answer.status_code == 409
    assert "deleted elsewhere" in answer.content.decode()
    assert "And then?</textarea>" in answer.content.decode()
    assert f'name="after" value="{reply.pk}"' in answer.content.decode()
    assert chat.messages.count() == 2
