"""What a person's own words ask for: a card without any model that understands them."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from chats import asking, cards, hints, servers
from chats.asking import asked_for
from chats.generation import writing as generation_writing
from chats.tests.conftest import wait_until
from chats.tests.test_reply_life import closed_reply, start
from chats.tests.test_rounds import Restarted
from notes import writing
from reminders import writing as reminders
from reminders.proposals import columns
from reminders.tools import in_one_line

pytestmark = pytest.mark.django_db
# A Wednesday in March.
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_a_model_without_tools_gets_a_card_where_the_words_are_clear(client, owner, ollama):
    chat = start(client, "Please remind me to call mum tomorrow at 9.", model="plain:latest")
    reply = closed_reply(chat)
    wait_until(lambda: reply.cards.exists())
    assert reply.content == "Hello"
    assert "call mum" in client.get(chat.get_absolute_url()).content.decode()
    assert not closed_reply(start(client, "What is a boiler?", model="plain:latest")).cards.exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_just_then_costs_no_card(client, ollama, monkeypatch):
    monkeypatch.setattr(generation_writing, "AWAY_S", 0.01)
    restarted, propose = Restarted(cards.propose), cards.propose
    monkeypatch.setattr(cards, "propose", lambda *asked: restarted(propose, *asked))
    words = "Please remind me to call mum tomorrow at 9."
    reply = closed_reply(start(client, words, model="plain:latest"))
    assert (reply.state, reply.cards.count()) == ("done", 1)
    assert not restarted.left


@pytest.mark.django_db(transaction=True)
def test_a_small_model_is_not_asked_where_the_words_are_clear(client, owner, ollama):
    servers.models()
    chat = start(
        client, "Hi! Please remind me to call mum tomorrow at 9, thanks.", model="qwen3:4b"
    )
    reply = closed_reply(chat)
    assert reply.cards.get().kind == "reminder_new"
    assert reply.content == "It would be this. Press the button, and it is done."
    assert not ollama.chats
    chat = start(client, "Remind me to call mum tomorrow at 9", model="llama3.1:8b")
    assert not closed_reply(chat).cards.exists()
    assert len(ollama.chats) == 1


def test_a_remark_in_a_talk_is_left_to_the_model(owner, monkeypatch):
    monkeypatch.setattr(servers, "is_small", lambda _model: True)
    assert asking.answer(owner, "Make a note that the paint is green.", "m")
    assert not asking.answer(owner, "Note that it has to run on Python 3.11.", "m")
    assert not asking.answer(owner, "Remember that I am allergic to nuts!", "m")
    assert not asking.answer(owner, "Remind me to eat. What is good for me?", "m")


@pytest.mark.django_db(transaction=True)
def test_a_small_model_is_told_of_the_card_instead_of_being_offered_tools(client, owner, ollama):
    servers.models()
    said = "What a day! Remind me to call mum tomorrow at 9."
    reply = closed_reply(start(client, said, model="qwen3:4b"))
    assert reply.cards.get().kind == "reminder_new"
    asked = ollama.chats[-1].body
    assert "tools" not in asked
    assert "a card, and decides: a new reminder: call mum" in asked["messages"][-1]["content"]
    # What is asked for beside it may need them.
    mixed = "Remind me to call mum tomorrow at 9. And what do my notes say about her?"
    reply = closed_reply(start(client, mixed, model="qwen3:4b"))
    assert "tools" in ollama.chats[-1].body
    assert reply.cards.get().kind == "reminder_new"


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    ("words", "kind", "piece"),
    [
        ("Remind me to call mum tomorrow at nine, and put it there", "reminder_new", "call mum"),
        ("Remind me tomorrow to water the plants", "reminder_new", "water the plants"),
        ("could you remind me about the rent on friday? thanks", "reminder_new", "the rent"),
        ("Don't let me forget to pay the rent.", "reminder_new", "'pay the rent'"),
        ("Please don't let me miss the talk on friday at 4pm", "reminder_new", "'the talk'"),
        ("We mustn't forget Lena's birthday on 12 May!", "reminder_new", '"Lena\'s birthday"'),
        ("Every sunday I want to be reminded to charge it", "reminder_new", "BYDAY=SU"),
        ("I'd like to be reminded to call mum", "reminder_new", "'call mum'"),
        ("Set a reminder for 2 May: renew the insurance", "reminder_new", "2026-05-02"),
        ("I have to leave at 5:40 tomorrow. Please remind me.", "reminder_new", "'leave'"),
        ("Note that the plumber comes on Monday. And why?", "note_new", "the plumber comes"),
        ("Write down: the code is 4471", "note_new", "the code is 4471"),
        ("Please add brass taps to my Kitchen note", "note_append", "'brass taps'"),
        ('In my Kitchen note, change the top from oak to "ash".', "note_change", "'ash'"),
        ("Remember that I am allergic to nuts.", "fact_new", "I am allergic to nuts"),
        ("I have just been paying the bill, tick it off.", "reminder_complete", "id"),
        ("Tick off the bill", "reminder_complete", "id"),
        ("Snooze the bill until friday at 10", "reminder_snooze", "2026-03-27T10:00"),
        ("Please put off paying the bill by 2 days", "reminder_snooze", "2026-03-27"),
        (
            "Erinnere mich am 15. April an den Zahnarzt",
            "reminder_new",
            "2026-04-15",
        ),
        ("Erinnere mich bitte daran, Mama anzurufen!", "reminder_new", "'Mama anzurufen'"),
        (
            "Kannst du mich am 15. April um 14.30 Uhr an Mama erinnern?",
            "reminder_new",
            "14:30",
        ),
        ("Notiere bitte: der Code ist 4471", "note_new", "der Code ist 4471"),
        ("Schreib auf, dass der Code 4471 ist. Danke", "note_new", "der Code 4471 ist"),
        ("Schreib Messinghähne in meine Notiz Kitchen.", "note_append", "'Messinghähne'"),
        ("Schreib Messinghähne in meine Kitchen-Notiz", "note_append", "'Messinghähne'"),
        ("Merk dir, dass ich keine Nüsse vertrage", "fact_new", "ich keine Nüsse vertrage"),
    ],
)
def test_clear_requests_are_understood_without_any_model(owner, monkeypatch, words, kind, piece):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    writing.create(owner, "Kitchen", "- oak top")
    reminders.create(
        owner, columns(in_one_line(owner, "Pay the bill at 18:00").payload["wanted"]), []
    )
    request = asked_for(owner, words)
    assert request.proposal.kind == kind
    assert piece in str(request.proposal.payload)


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    "words",
    [
        "Erinnerst du dich an mich?",
        "Tick that off",
        "Remind me what we said about the boiler",
        "Remind me of the name of that song",
        "What does it remind you of?",
        "Please put this into my Kitchen note",
        "Add brass taps to my Unknown note",
        "I noted that already",
        "Why do people take notes?",
    ],
)
def test_what_is_not_clear_gets_no_card(owner, words):
    writing.create(owner, "Kitchen", "- oak top")
    assert asked_for(owner, words) is None


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("What do my notes say about the boiler?", {"search_notes", "read_note"}),
        ("Where did I write down the code?", {"search_notes"}),
        ("Was steht heute an?", {"list_reminders"}),
        ("Was haben wir gestern besprochen?", {"search_chats"}),
        ("Kannst du mich an etwas erinnern?", {"list_reminders", "set_reminder"}),
        ("What is another word for reminder?", set()),
        ("Warum ist der Himmel blau?", set()),
    ],
)
def test_a_question_hints_at_look_ups_alone(words, names):
    assert set(hints.hinted(words)) == names
