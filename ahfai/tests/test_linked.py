"""Reminders about notes and chats: from there, back to there, and when that is gone."""

import uuid

import pytest
from django.urls import reverse

from chats.models import Chat
from notes import order, writing
from notes.models import Note
from reminders.models import Reminder

LIST, ADD, NEW = (reverse(f"reminders:{name}") for name in ("list", "add", "new"))


@pytest.fixture
def note(owner) -> Note:
    return writing.create(owner, "Kitchen plan", "Walls first.", None)


@pytest.fixture
def chat(owner) -> Chat:
    return Chat.objects.create(owner=owner, title="Which paint?", model="m")


def page(client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.mark.parametrize("kind", ["note", "chat"])
def test_somebody_is_reminded_of_a_note_or_a_chat(client, note, chat, kind):
    thing, title = (note, "Kitchen plan") if kind == "note" else (chat, "Which paint?")
    query = f"?about={kind}:{thing.pk}"
    assert f'href="{LIST}{query}#quick"' in page(client, thing.get_absolute_url())
    shown = f"<bdi>{title}</bdi>"
    assert shown in page(client, LIST + query)
    read = client.post(
        reverse("reminders:read") + query, {"text": "look again"}, headers={"hx-request": "true"}
    )
    assert shown in read.content.decode()
    line = {"text": "look again tomorrow at 9", "page": uuid.uuid4()}
    assert client.post(ADD + query, line).status_code == 302
    reminder = Reminder.objects.get()
    detail = page(client, reminder.get_absolute_url())
    assert shown in detail
    assert f'href="{thing.get_absolute_url()}' in detail


def test_a_note_shows_what_is_still_to_be_done_about_it(client, note):
    for text in ("look again tomorrow", "ask Sam"):
        client.post(f"{ADD}?about=note:{note.pk}", {"text": text, "page": uuid.uuid4()})
    there = page(client, note.get_absolute_url())
    assert "look again</a> <small" in there
    assert "tomorrow</small>" in there
    first = next(one for one in Reminder.objects.all() if one.title == "ask Sam")
    picked = {"back_to": "list", "reminder": f"{first.pk}:1"}
    client.post(reverse("reminders:complete"), picked)
    assert "ask Sam" not in page(client, note.get_absolute_url())


def test_the_whole_form_keeps_what_it_is_about(client, note):
    query = f"?about=note:{note.pk}"
    hidden = f'name="about" value="note:{note.pk}"'
    assert hidden in page(client, NEW + query)
    more = client.post(NEW + query, {"text": "look again", "more": 1}).content.decode()
    assert hidden in more
    client.post(NEW, {"title": "look again", "about": f"note:{note.pk}"})
    reminder = Reminder.objects.get()
    assert (reminder.about_kind, reminder.about_id) == ("note", note.pk)
    edit = reverse("reminders:edit", args=[reminder.pk])
    assert client.post(edit, {"title": "look twice", "version": 1}).status_code == 302
    reminder.refresh_from_db()
    assert (reminder.title, reminder.about_id) == ("look twice", note.pk)


def test_what_is_gone_is_said_quietly(client, owner, note):
    client.post(f"{ADD}?about=note:{note.pk}", {"text": "look again", "page": uuid.uuid4()})
    reminder = Reminder.objects.get()
    order.move(owner, [note.pk], "trash")
    thrown = page(client, reminder.get_absolute_url())
    assert f'href="{note.get_absolute_url()}' in thrown
    assert "<bdi>Kitchen plan</bdi> (in the trash)" in thrown
    note.delete()
    assert "What it is about is gone" in page(client, reminder.get_absolute_url())


def test_a_link_shows_nothing_of_somebody_elses(strangers_client, client, note):
    query = f"?about=note:{note.pk}"
    assert "Kitchen plan" not in page(strangers_client, LIST + query)
    strangers_client.post(ADD + query, {"text": "look again", "page": uuid.uuid4()})
    theirs = Reminder.objects.get()
    assert "Kitchen plan" not in page(strangers_client, theirs.get_absolute_url())
    assert "look again" not in page(client, note.get_absolute_url())


@pytest.mark.parametrize("about", ["", "note", "note:1", f"planet:{uuid.UUID(int=1)}", "x" * 90])
def test_what_names_nothing_keeps_nothing_from_being_saved(client, about):
    line = {"text": "look again", "page": uuid.uuid4()}
    assert client.post(f"{ADD}?about={about}", line).status_code == 302
    detail = client.get(Reminder.objects.get().get_absolute_url())
    assert detail.status_code == 200
