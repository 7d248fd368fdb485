"""A row that can't be opened, after damage to the disk, takes no page along."""

import datetime
import html

import pytest
from django.db import connection
from django.urls import reverse

from ahfai import search
from chats.lifecycle import closing, storing
from chats.models import Chat, Message, State
from chats.tests.conftest import wait_until
from chats.tests.test_search import found

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SENTENCE = b"This can&#x27;t be opened."


@pytest.fixture
def chat(owner) -> Chat:
    chat = Chat.objects.create(owner=owner, title="Fine", model="m")
    reply = storing.ask(chat, "Well?", "m", None)[0]
    closing.close(reply, State.STOPPED)
    return chat


def damage(row, column: str) -> None:
    table, key = row._meta.db_table, row._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE id = %s",
            [b"\x01\x00\x01" + b"x" * 60, key.get_db_prep_value(row.pk, connection)],
        )


@pytest.mark.parametrize("place", ["home", "chats:list", "accounts:settings"])
def test_a_title_that_cannot_be_opened_is_said_in_its_place(client, chat, place):
    damage(chat, "title")
    answer = client.get(reverse(place))
    assert answer.status_code == 200
    assert SENTENCE in answer.content


@pytest.mark.parametrize("place", ["detail", "rename", "delete"])
def test_the_pages_of_such_a_chat_stay(client, chat, place):
    damage(chat, "title")
    answer = client.get(reverse(f"chats:{place}", args=[chat.pk]))
    assert answer.status_code == 200
    assert SENTENCE in answer.content


@pytest.mark.parametrize(
    ("place", "moved"),
    [("list", {"pinned": True}), ("archive", {"archived": True}), ("trash", {"trashed": NOW})],
)
@pytest.mark.parametrize("picking", ["", "?pick"])
def test_it_is_listed_where_it_was_put(client, chat, place, moved, picking):
    Chat.objects.filter(pk=chat.pk).update(**moved)
    damage(chat, "title")
    answer = client.get(reverse(f"chats:{place}") + picking)
    assert answer.status_code == 200
    assert SENTENCE in answer.content


def test_it_can_be_renamed_and_deleted(client, chat):
    damage(chat, "title")
    client.post(reverse("chats:rename", args=[chat.pk]), {"title": "Fine again"})
    assert Chat.objects.get().title == "Fine again"
    damage(chat, "title")
    client.post(reverse("chats:delete", args=[chat.pk]))
    assert not Chat.objects.exists()


@pytest.mark.parametrize("role", ["user", "assistant"])
@pytest.mark.parametrize("column", ["content", "thinking"])
def test_a_message_that_cannot_be_opened_leaves_the_others_readable(client, chat, role, column):
    damage(Message.objects.get(role=role), column)
    answer = client.get(chat.get_absolute_url())
    assert answer.status_code == 200
    assert (SENTENCE in answer.content) == (role == "assistant" or column == "content")
    assert (b"Well?" in answer.content) == (role == "assistant" or column == "thinking")


def test_such_a_message_can_be_written_anew(client, ollama, chat):
    asked = Message.objects.get(role="user")
    damage(asked, "content")
    edit = reverse("chats:edit", args=[asked.pk])
    assert client.get(edit).status_code == 200
    client.post(edit, {"text": "Well, then?", "model": "m"})
    wait_until(lambda: Message.objects.filter(state="done", role="assistant").exists())
    page = client.get(chat.get_absolute_url()).content
    assert b"Well, then?" in page
    assert SENTENCE not in page


def test_such_a_version_can_be_deleted(client, chat):
    storing.edit(Message.objects.get(role="user"), "Well, then?", "m", None)
    damaged = Message.objects.filter(role="user").earliest("created")
    damage(damaged, "content")
    delete = reverse("chats:delete_version", args=[damaged.pk])
    assert SENTENCE in client.get(delete).content
    client.post(delete)
    assert [asked.content for asked in Message.objects.filter(role="user")] == ["Well, then?"]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_opened_keeps_nothing_else_from_being_found(client, chat):
    damage(chat, "title")
    damage(Message.objects.get(role="assistant"), "content")
    search.forget()
    results = found(client, "well")
    assert f"#message-{Message.objects.get(role='user').pk}" in results
    assert "This can't be opened." in html.unescape(results)
