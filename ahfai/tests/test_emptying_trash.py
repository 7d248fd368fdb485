"""Deleting for good what lies in a trash, all of it or what was picked."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Tombstone
from chats.models import Chat
from notes.models import Note
from reminders.models import Reminder

pytestmark = pytest.mark.django_db

WITH = {"chats": Chat, "notes": Note, "reminders": Reminder}


@pytest.fixture(params=WITH)
def room(request) -> str:
    return request.param


def put_away(room: str, owner, title: str):
    return WITH[room].objects.create(owner=owner, title=title, trashed=timezone.now())


def tick(room: str, row) -> dict[str, str]:
    value = f"{row.pk}:{row.version}" if room == "reminders" else str(row.pk)
    return {room.removesuffix("s"): value, "back_to": "trash"}


def address(room: str) -> str:
    return reverse(f"{room}:delete_several")


def fields(response) -> dict[str, str]:
    """What the page that asks sends when one says yes."""
    shown = response.context
    sent = {"is_sure": "1", "back_to": "trash", shown["named"]: shown["values"]}
    return sent | ({"until": shown["until"].isoformat()} if shown["until"] else {})


def left(room: str) -> set[str]:
    return {row.title for row in WITH[room].objects.all()}


def test_a_trash_is_emptied_once_one_has_said_so(client, owner, stranger, room):
    for title in ("one", "two"):
        put_away(room, owner, title)
    put_away(room, stranger, "theirs")
    WITH[room].objects.create(owner=owner, title="kept")
    assert address(room) in client.get(reverse(f"{room}:trash")).content.decode()
    asked = client.get(address(room))
    assert "Delete all 2" in asked.content.decode()
    # In another tab, while this one reads.
    put_away(room, owner, "later")
    answer = client.post(address(room), fields(asked), follow=True)
    assert "2 are gone for good" in answer.content.decode()
    assert left(room) == {"theirs", "kept", "later"}
    assert Tombstone.objects.count() == 2


def test_what_was_picked_is_deleted_once_one_has_said_so(client, owner, stranger, room):
    gone, _other = (put_away(room, owner, title) for title in ("gone", "other"))
    asked = client.post(address(room), tick(room, gone))
    assert "will be gone for good" in asked.content.decode()
    assert len(left(room)) == 2
    client.post(address(room), fields(asked))
    assert left(room) == {"other"}
    told = client.get(reverse("accounts:activity")).content.decode()
    assert f"Deleted for good from the trash: 1 ({room})." in told


def test_neither_a_strangers_nor_what_is_not_in_the_trash_is_deleted(client, owner, stranger, room):
    theirs = put_away(room, stranger, "theirs")
    kept = WITH[room].objects.create(owner=owner, title="kept")
    for row in (theirs, kept):
        answer = client.post(address(room), tick(room, row) | {"is_sure": "1"})
        assert answer.url == reverse(f"{room}:trash")
    assert left(room) == {"theirs", "kept"}


def test_without_a_tick_one_is_told_and_an_empty_trash_asks_nothing(client, owner, room):
    assert client.get(address(room)).url == reverse(f"{room}:trash")
    put_away(room, owner, "one")
    answer = client.post(address(room), {"back_to": "trash"})
    assert answer.status_code == 422
    assert f"Tick the {room} first" in answer.content.decode()
