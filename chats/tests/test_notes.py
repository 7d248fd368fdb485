"""From an answer to a note, and from a note to a question."""

import uuid

from django.urls import reverse

from chats.forms import MAX_TEXT
from chats.lifecycle import closing, storing
from chats.models import State
from chats.tests.test_reply_life import reply_of
from notes import writing
from notes.models import Note


def answered(owner, answer: str):
    chat = storing.start(owner, "What about the boiler?", "m", None)[0].chat
    reply = reply_of(chat)
    reply.content = answer
    reply.save(update_fields=["content"])
    closing.close(reply, State.DONE)
    return reply


def test_an_answer_is_kept_as_a_note_once(client, owner):
    reply = answered(owner, "Bleed the *radiators* first.")
    address = reverse("chats:save_as_note", args=[reply.pk])
    assert address in client.get(reply.chat.get_absolute_url()).content.decode()
    for _ in range(2):
        page = client.post(address, follow=True).content.decode()
        assert "Saved as a note." in page
        assert "Bleed the <em>radiators</em> first." in page
    note = Note.objects.get()
    assert (note.owner, note.title) == (owner, "What about the boiler?")
    assert client.get(address).status_code == 405


def test_an_answer_without_words_is_no_note(client, owner):
    reply = answered(owner, "")
    page = client.post(reverse("chats:save_as_note", args=[reply.pk]), follow=True)
    assert "There are no words in it yet." in page.content.decode()
    assert not Note.objects.exists()


def test_a_strangers_answer_is_none(strangers_client, owner):
    reply = answered(owner, "Bleed the radiators first.")
    address = reverse("chats:save_as_note", args=[reply.pk])
    assert strangers_client.post(address).status_code == 404
    assert not Note.objects.exists()


def test_a_question_about_a_note_begins_with_its_words(client, strangers_client, owner):
    note = writing.create(owner, "Cellar", "The boiler leaks.")
    address = f"{reverse('home')}?note={note.pk}"
    assert address in client.get(note.get_absolute_url()).content.decode()
    client.post(reverse("chats:draft_of_new_chat"), {"text": "Unsent words", "version": 0})
    page = client.get(address).content.decode()
    assert "About my note “Cellar”:\n\nThe boiler leaks.\n\nUnsent words</textarea>" in page
    for unknown in (note.pk, uuid.uuid4(), "x"):
        browser = strangers_client if unknown == note.pk else client
        assert browser.get(f"{reverse('home')}?note={unknown}").status_code == 404


def test_of_a_very_long_note_as_much_comes_along_as_can_be_sent(client, owner):
    note = writing.create(owner, "Cellar", "boiler " * 20_000)
    page = client.get(f"{reverse('home')}?note={note.pk}").content.decode()
    assert "Here is its beginning: the first 90,000 of 140,000 characters." in page
    begin = page.index("About my note “Cellar” (the first 90,000 of 140,000 characters):")
    assert MAX_TEXT // 2 < page.index("</textarea>", begin) - begin < MAX_TEXT
