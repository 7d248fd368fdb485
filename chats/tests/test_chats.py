"""The list of chats, and what can be done with a whole chat."""

from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ahfai.tests.at_once import at_once
from chats import order, titles
from chats.lifecycle import closing, storing
from chats.models import Chat, Message, State

pytestmark = pytest.mark.django_db

LIST = reverse("chats:list")


def make_chats(owner, titles) -> list[Chat]:
    return [Chat.objects.create(owner=owner, title=title, model="m") for title in titles]


def queries_of(client, address) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_list_has_the_newest_chat_first_and_only_ones_own(client, owner, stranger):
    older, _newer = make_chats(owner, ["Apple cake", "Blue paint"])
    make_chats(stranger, ["Somebody's secret"])
    page = client.get(LIST).content.decode()
    main = page[page.index("<main") :]
    assert main.index("Blue paint") < main.index("Apple cake")
    assert "secret" not in page
    storing.ask(older, "And now?", "m", None)
    page = client.get(LIST).content.decode()
    main = page[page.index("<main") :]
    assert main.index("Apple cake") < main.index("Blue paint")


def test_a_long_list_has_pages_and_a_nonsense_page_number_is_harmless(client, owner):
    make_chats(owner, [f"Chat {number}" for number in range(51)])
    assert b"?page=2" in client.get(LIST).content
    assert b"Chat 0" in client.get(f"{LIST}?page=2").content
    assert client.get(f"{LIST}?page=nonsense").status_code == 200


def test_each_chat_of_a_list_has_its_own_menu(client, owner):
    chats = make_chats(owner, ["One", "Two", "Three", "Four"])
    Chat.objects.filter(pk__in=[chat.pk for chat in chats[2:]]).update(pinned=True)
    page = client.get(LIST).content.decode()
    for chat in chats:
        row = page[page.rindex("<li>", 0, page.index(f'name="chat" value="{chat.pk}"')) :]
        row = row[: row.index("</li>")]
        assert f'href="{chat.get_absolute_url()}"' in row
        assert f'href="{reverse("chats:rename", args=[chat.pk])}"' in row
        assert ('value="unpin"' in row) == (chat in chats[2:])
        assert not [other for other in chats if other != chat and str(other.pk) in row]


def test_twice_as_many_chats_need_no_more_queries(client, owner):
    make_chats(owner, ["One", "Two"])
    before = queries_of(client, LIST)
    make_chats(owner, ["Three", "Four"])
    assert queries_of(client, LIST) == before


def test_a_chat_of_twice_as_many_messages_needs_no_more_queries(client, owner):
    [chat] = make_chats(owner, ["One"])

    def talk() -> None:
        reply = storing.ask(chat, "Well?", "m", None)[0]
        closing.close(reply, State.DONE)

    talk()
    before = queries_of(client, chat.get_absolute_url())
    talk()
    assert queries_of(client, chat.get_absolute_url()) == before


def test_a_chat_gets_a_new_title(client, owner):
    [chat] = make_chats(owner, ["Old"])
    address = reverse("chats:rename", args=[chat.pk])
    assert b"Old" in client.get(address).content
    assert client.post(address, {"title": "New"}).url == chat.get_absolute_url()
    assert Chat.objects.get(pk=chat.pk).title == "New"


@pytest.mark.parametrize("title", ["", "   ", "x" * 121, "nothing \0 at all"])
def test_a_title_that_cannot_be_kept_is_refused_with_a_sentence(client, owner, title):
    [chat] = make_chats(owner, ["Old"])
    answer = client.post(reverse("chats:rename", args=[chat.pk]), {"title": title})
    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert Chat.objects.get(pk=chat.pk).title == "Old"


def test_a_chat_is_deleted_with_its_messages_after_a_question(client, owner):
    [chat] = make_chats(owner, ["Old"])
    storing.ask(chat, "Well?", "m", None)
    address = reverse("chats:delete", args=[chat.pk])
    assert b"Old" in client.get(address).content
    assert Chat.objects.filter(pk=chat.pk).exists()
    assert client.post(address).url == LIST
    assert not Chat.objects.filter(pk=chat.pk).exists()
    assert not Message.objects.exists()
    assert client.get(chat.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("name", ["ask", "rename", "delete", "detail"])
def test_a_strangers_chat_is_not_found(strangers_client, owner, name):
    [chat] = make_chats(owner, ["Mine"])
    address = reverse(f"chats:{name}", args=[chat.pk])
    call = strangers_client.get if name == "detail" else strangers_client.post
    assert call(address, {"text": "Hm", "title": "Hm"}).status_code == 404
    assert Chat.objects.get(pk=chat.pk).title == "Mine"


@pytest.mark.parametrize("name", ["start", "ask", "stop", "retry", "continue"])
def test_a_link_changes_nothing(client, owner, name):
    [chat] = make_chats(owner, ["Mine"])
    reply = storing.ask(chat, "Well?", "m", None)[0]
    key = {"start": [], "ask": [chat.pk]}.get(name, [reply.pk])
    assert client.get(reverse(f"chats:{name}", args=key)).status_code == 405
    assert Message.objects.count() == 2


def test_a_deleted_chat_answers_a_late_question_as_a_missing_one(client, owner, monkeypatch):
    [chat] = make_chats(owner, ["Mine"])
    real = storing.this_process

    def meanwhile(*args):
        Chat.objects.filter(pk=chat.pk).delete()
        return real(*args)

    monkeypatch.setattr(storing, "this_process", meanwhile)
    assert client.post(reverse("chats:ask", args=[chat.pk]), {"text": "Hm"}).status_code == 404


def test_a_chat_that_is_deleted_meanwhile_is_not_renamed_but_missing(client, owner, monkeypatch):
    [chat] = make_chats(owner, ["Mine"])
    monkeypatch.setattr(Chat, "rename", lambda self, title: self.delete() and False)
    address = reverse("chats:rename", args=[chat.pk])
    assert client.post(address, {"title": "New"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "title"),
    [("---\nplease read", "please read"), ("# Plan", "Plan"), ("***", "New chat")],
)
def test_the_first_line_with_a_word_is_the_title(text, title):
    assert titles.from_words(text) == title


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_question_and_a_deletion_at_once_leave_nothing_behind(owner):
    def meet(number: int) -> None:
        with suppress(Chat.DoesNotExist, storing.StillAnswering):
            if number % 2:
                order.delete(Chat.objects.get(pk=chat.pk))
            else:
                storing.ask(Chat.objects.get(pk=chat.pk), "Well?", "m", None)

    for _ in range(5):
        [chat] = make_chats(owner, ["Mine"])
        at_once(meet, 4)
        assert not Chat.objects.exists()
        assert not Message.objects.exists()
