"""/remind, /note and /search without any model, and cards for models that have no tools."""

import pytest
from django.urls import reverse

from ahfai import search
from chats.models import Chat, State
from chats.tests.test_reply_life import reply_of, start
from notes import writing

pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody_at_the_model_server(settings):
    settings.OLLAMA_URL = "http://127.0.0.1:9"


def say(client, text: str):
    """The reply and the page, at once: no model is asked."""
    chat = start(client, text)
    reply = reply_of(chat)
    assert (reply.state, reply.model) == (State.DONE, "")
    return reply, client.get(chat.get_absolute_url()).content.decode()


@pytest.mark.usefixtures("nobody_at_the_model_server")
def test_remind_shows_a_card_without_any_model(client, owner):
    reply, page = say(client, "/remind call mum tomorrow at 9 #family")
    assert "Set it</button>" in page
    assert "call mum" in page
    client.post(reverse("chats:card_confirm", args=[reply.cards.get().pk]), {"version": 0})
    assert owner.reminders.get().title == "call mum"
    assert "Try again" not in page


@pytest.mark.usefixtures("nobody_at_the_model_server")
def test_the_order_of_a_date_is_that_of_the_browsers_language(client, owner):
    for language, month in (("en-us", 5), ("en-gb", 12)):
        chat = Chat.objects.create(owner=owner, title="t", model="m")
        address = reverse("chats:ask", args=[chat.pk])
        client.post(address, {"text": "/remind go on 05/12"}, headers={"accept-language": language})
        card = reply_of(chat).cards.get()
        assert f"-{month:02}-" in card.payload


@pytest.mark.usefixtures("nobody_at_the_model_server")
def test_note_makes_a_new_one_or_goes_on_with_the_one_that_is_named(client, owner):
    writing.create(owner, "Kitchen", "- oak top")
    reply, page = say(client, "/note kitchen: - brass taps")
    assert "brass taps</ins>" in page
    assert reply.cards.get().kind == "note_append"
    for said in ("Bathroom: blue tiles", "In the kitchen: blue tiles"):
        reply, page = say(client, f"/note {said}")
        assert said in page
        assert reply.cards.get().kind == "note_new"
    reply, _page = say(client, "/note Trip\nRain trousers\nCharger")
    client.post(reverse("chats:card_confirm", args=[reply.cards.get().pk]), {"version": 0})
    note = owner.notes.order_by("created").last()
    assert (note.title, note.body) == ("Trip", "Rain trousers\nCharger")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nobody_at_the_model_server")
def test_search_shows_what_was_found_opened(client, owner, stranger):
    search.forget()
    note = writing.create(owner, "Kitchen", "The boiler hums.")
    writing.create(owner, "", "Call about the boiler.")
    writing.create(stranger, "Theirs", "A boiler of a stranger.")
    _reply, page = say(client, "/search boiler in:notes")
    assert '<details class="lookup" open>' in page
    assert "Without a title" in page
    assert f'href="{note.get_absolute_url()}' in page
    assert "Theirs" not in page
    _reply, page = say(client, "/search harpsichord in:notes")
    assert "Nothing was found." in page


@pytest.mark.usefixtures("nobody_at_the_model_server")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/remind", "Say what and when"),
        ("/remind pay on 31 february", "isn&#x27;t a day."),
        (f"/remind {'x' * 300}", "too long for a reminder"),
        ("/note", "Say what to write down"),
        ("/search", "Say what to look for"),
    ],
)
def test_what_cannot_be_read_is_said_and_stores_nothing(client, owner, text, sentence):
    reply, page = say(client, text)
    assert sentence in page or sentence.replace("&#x27;", "'") in page
    assert not reply.cards.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nobody_at_the_model_server")
def test_an_open_page_gets_the_card_as_the_answer_to_its_post(client, owner):
    chat = Chat.objects.create(owner=owner, title="t", model="m")
    answer = client.post(
        reverse("chats:ask", args=[chat.pk]),
        {"text": "/remind call mum tomorrow"},
        headers={"accept": "text/event-stream"},
    )
    said = b"".join(answer.streaming_content).decode()
    assert "event: done" in said
    assert "New reminder" in said
    chat.refresh_from_db()
    assert chat.model == "m"
