"""A card from the proposal to the person's decision: it acts once, and says what is stored."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ahfai.testing import signed_in
from ahfai.tests.at_once import at_once
from ahfai.tools import Tool
from chats import cards, facts, tooluse
from chats import tools as chat_tools
from chats.models import Card, Chat, Message
from notes import order as note_order
from notes import proposals as note_proposals
from notes import tools as note_tools
from notes import writing
from reminders import order as reminder_order
from reminders import proposals as reminder_proposals
from reminders import tools as reminder_tools
from reminders.tests.test_list import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply(owner) -> Message:
    chat = Chat.objects.create(owner=owner, title="Trip", model="m")
    words = Message.objects.create(owner=owner, chat=chat, role="user", content="Remind me")
    return Message.objects.create(
        owner=owner,
        chat=chat,
        parent=words,
        role="assistant",
        content="Of course.",
        closed=timezone.now(),
    )


def propose(reply, tool, **arguments) -> Card:
    return cards.propose(reply, Tool.of(tool).call(reply.owner, arguments))


def cabin(reply) -> Card:
    return propose(reply, reminder_tools.set_reminder, phrase="book the cabin tomorrow at 9")


def press(client, card, what, **sent):
    return client.post(reverse(f"chats:card_{what}", args=[card.pk]), sent)


def page(client, reply) -> str:
    return client.get(reply.chat.get_absolute_url()).content.decode()


def test_a_card_shows_what_will_be_stored_and_stores_nothing(client, owner, reply):
    cabin(reply)
    shown = page(client, reply)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for words in ("New reminder", "book the cabin", f"{tomorrow.day} ", "9:00", "UTC", "once"):
        assert words in shown
    for button in ("Set it", "Edit first", "Dismiss"):
        assert f"{button}</button>" in shown
    assert not owner.reminders.exists()


def test_a_confirmed_card_says_what_was_done_and_can_be_taken_back(client, owner, reply):
    phrase = "book the cabin tomorrow at 9 #trip !1"
    card = propose(reply, reminder_tools.set_reminder, phrase=phrase)
    answer = press(client, card, "confirm", version=0)
    assert answer.status_code == 302
    assert answer.url.endswith(f"#card-{card.pk}")
    reminder = owner.reminders.get()
    shown = page(client, reply)
    assert "Set. You will be reminded tomorrow 9:00." in shown
    assert reminder.get_absolute_url() in shown
    assert "#trip" in shown
    assert "priority: High" in shown
    assert "Undo</button>" in shown
    press(client, card, "undo")
    assert owner.reminders.in_trash().get() == reminder
    assert "Taken back" in page(client, reply)


def test_a_second_press_changes_nothing(client, owner, reply):
    card = cabin(reply)
    for _ in range(3):
        press(client, card, "confirm", version=0)
    assert owner.reminders.count() == 1
    press(client, card, "dismiss")
    assert "Set. You will be reminded" in page(client, reply)
    for _ in range(2):
        press(client, card, "undo")
    press(client, card, "confirm", version=0)
    assert owner.reminders.living().count() == 0
    assert owner.reminders.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_confirm_at_once_have_one_effect(owner, reply):
    card = cabin(reply)
    at_once(lambda _number: cards.confirm(Card.objects.get(pk=card.pk), 0), 2)
    assert owner.reminders.count() == 1


def test_a_dismissed_card_does_nothing_any_more(client, owner, reply):
    card = cabin(reply)
    press(client, card, "dismiss")
    press(client, card, "confirm", version=0)
    assert not owner.reminders.exists()
    assert "You dismissed this." in page(client, reply)


def test_a_card_expires_after_a_day(client, owner, reply):
    card = cabin(reply)
    Card.objects.filter(pk=card.pk).update(expires=timezone.now() - timedelta(seconds=1))
    assert "Nobody decided on this within a day" in page(client, reply)
    press(client, card, "confirm", version=0)
    assert not owner.reminders.exists()
    assert cards.expire() == 1
    card.refresh_from_db()
    assert card.state == Card.State.EXPIRED


def test_a_strangers_card_and_a_missing_one_are_the_same(strangers_client, owner, reply):
    card = cabin(reply)
    for what in ("confirm", "dismiss", "undo"):
        assert press(strangers_client, card, what, version=0).status_code == 404
        nobodys = reverse(f"chats:card_{what}", args=[uuid.uuid4()])
        assert strangers_client.post(nobodys).status_code == 404
        assert strangers_client.get(nobodys).status_code == 405
    assert not owner.reminders.exists()


def test_a_note_that_changed_meanwhile_is_not_overwritten(client, owner, reply):
    note = writing.create(owner, "Kitchen", "- oak top")
    card = propose(reply, note_tools.append_to_note, note="Kitchen", text="- brass taps")
    assert "brass taps</ins>" in page(client, reply)
    writing.save(note, "Kitchen", "- oak top\n- green tiles", 1)
    answer = press(client, card, "confirm", version=1)
    assert answer.status_code == 409
    assert "changed elsewhere meanwhile" in answer.content.decode()
    assert "green tiles" in answer.content.decode()
    assert owner.notes.get().version == 2
    press(client, card, "confirm", version=2)
    assert owner.notes.get().body == "- oak top\n- green tiles\n- brass taps"
    press(client, card, "undo")
    assert owner.notes.get().body == "- oak top\n- green tiles"


def test_undo_leaves_alone_what_was_written_since(client, owner, reply):
    note = writing.create(owner, "Kitchen", "- oak top")
    card = propose(reply, note_tools.append_to_note, note="Kitchen", text="- brass taps")
    press(client, card, "confirm", version=1)
    writing.save(note, "Kitchen", "Mine", 2)
    answer = press(client, card, "undo")
    assert answer.status_code == 409
    assert owner.notes.get().body == "Mine"
    assert "Undo</button>" not in page(client, reply)


def test_undo_at_the_moment_of_another_change_leaves_that_alone(client, owner, reply, monkeypatch):
    note = writing.create(owner, "Kitchen", "- oak top")
    reminder = make(owner, "Call mum", 1)
    of_note = propose(reply, note_tools.append_to_note, note="Kitchen", text="- brass taps")
    title = {"reminder": str(reminder.pk), "title": "Call dad"}
    of_reminder = propose(reply, reminder_tools.change_reminder, **title)
    for card in (of_note, of_reminder):
        press(client, card, "confirm", version=1)

    def then(change, proposals):
        looked_for = proposals._untouched

        def found(user, outcome):
            row = looked_for(user, outcome)
            change()
            return row

        monkeypatch.setattr(proposals, "_untouched", found)

    then(lambda: writing.save(note, "Kitchen", "Mine", 2), note_proposals)
    then(owner.reminders.all().delete, reminder_proposals)
    for card in (of_note, of_reminder):
        answer = press(client, card, "undo")
        assert answer.status_code == 409
        assert "so it is left as it is" in answer.content.decode()
    # That change was part of the same transaction here, and is undone with it.
    assert owner.notes.get().body == "- oak top\n- brass taps"
    assert owner.reminders.get().title == "Call dad"


def test_what_was_made_and_is_gone_since_is_said_to_be(client, owner, reply):
    press(client, cabin(reply), "confirm")
    press(client, propose(reply, note_tools.create_note, title="Trip", text="Alps"), "confirm")
    reminder_order.trash(owner, owner.reminders.values_list("pk", flat=True))
    note_order.move(owner, owner.notes.values_list("pk", flat=True), "trash")
    for what in ("reminder", "note"):
        assert f"The {what} is in the trash by now." in page(client, reply)
    owner.reminders.all().delete()
    owner.notes.all().delete()
    for what in ("reminder", "note"):
        assert f"The {what} was deleted since." in page(client, reply)


def test_a_card_about_what_is_no_longer_open_says_so_and_can_only_be_dismissed(
    client, owner, reply
):
    reminder = make(owner, "Call mum", 1)
    propose(reply, reminder_tools.complete_reminder, reminder=str(reminder.pk))
    assert "Tick it off</button>" in page(client, reply)
    reminder_order.trash(owner, [reminder.pk])
    shown = page(client, reply)
    assert "This reminder is done, deleted or in the trash by now." in shown
    assert "Tick it off</button>" not in shown


def test_nothing_is_put_off_until_a_time_that_is_over(client, owner, reply):
    reminder = make(owner, "Call mum", 1)
    until = {"reminder": str(reminder.pk), "until": "in 2 hours"}
    card = propose(reply, reminder_tools.snooze_reminder, **until)
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        answer = press(client, card, "confirm", version=reminder.version)
    assert answer.status_code == 409
    assert "That time is over by now." in answer.content.decode()
    reminder.refresh_from_db()
    assert reminder.snoozed_until is None


def test_what_was_edited_first_and_saved_is_done(client, owner, reply):
    card = cabin(reply)
    [view] = cards.views([card])
    fields = dict(view.shown.form.fields)
    assert client.post(view.shown.form.address, fields).status_code == 200
    del fields["preview"]
    client.post(view.shown.form.address, {**fields, "title": "Book the hut"})
    shown = page(client, reply)
    assert "Book the hut" in shown
    assert "Set it</button>" not in shown
    press(client, card, "confirm", version=0)
    assert owner.reminders.get().title == "Book the hut"


def test_a_change_that_was_edited_first_and_saved_is_done(client, owner, reply, stranger):
    note = writing.create(owner, "Kitchen", "- oak top")
    card = propose(reply, note_tools.append_to_note, note="Kitchen", text="- brass taps")
    opened = cards.views([card])[0].shown.form
    shown = client.post(opened.address, opened.fields)
    assert shown.context["form"]["page"].value() == str(card.pk)
    assert "data-proposed" in shown.content.decode()
    edit = reverse("notes:edit", args=[note.pk])
    signed_in(stranger).post(edit, opened.fields)
    other = writing.create(owner, "Other", "x")
    client.post(reverse("notes:edit", args=[other.pk]), {**opened.fields, "version": 1})
    assert "Add it</button>" in page(client, reply)
    client.post(edit, {**opened.fields, "body": "- oak top\n- steel taps"})
    shown = page(client, reply)
    assert "Added to the note." in shown
    assert "Add it</button>" not in shown
    assert "Undo</button>" not in shown
    press(client, card, "confirm", version=2)
    assert press(client, card, "undo").status_code == 409
    assert owner.notes.get(pk=note.pk).body == "- oak top\n- steel taps"


def test_a_changed_reminder_that_was_edited_first_and_saved_is_done(client, owner, reply):
    press(client, cabin(reply), "confirm", version=0)
    card = propose(
        reply, reminder_tools.change_reminder, reminder="Book the cabin", title="Book the hut"
    )
    opened = cards.views([card])[0].shown.form
    fields = {name: value for name, value in opened.fields.items() if name != "preview"}
    client.post(opened.address, {**fields, "title": "Book the tent"})
    card.refresh_from_db()
    assert card.state == Card.State.DONE
    assert owner.reminders.get().title == "Book the tent"


def test_a_fact_is_remembered_once_it_is_accepted(client, owner, reply):
    card = propose(reply, chat_tools.remember_fact, fact="Is allergic  to nuts")
    assert "Remember it</button>" in page(client, reply)
    assert facts.told(owner) == []
    press(client, card, "confirm", version=0)
    assert facts.told(owner) == ["Is allergic to nuts"]
    assert "AhFai remembers that now." in page(client, reply)
    press(client, card, "undo")
    assert facts.told(owner) == []


def test_what_is_known_already_stays_when_its_card_is_taken_back(client, owner, reply):
    facts.remember(owner, "Is allergic to nuts")
    card = propose(reply, chat_tools.remember_fact, fact="is allergic to nuts")
    press(client, card, "confirm", version=0)
    assert "AhFai knew that already." in page(client, reply)
    assert press(client, card, "undo").status_code == 409
    assert facts.told(owner) == ["Is allergic to nuts"]


def test_a_press_in_an_open_page_gives_the_card_alone(client, owner, reply):
    card = cabin(reply)
    address = reverse("chats:card_confirm", args=[card.pk])
    answer = client.post(address, {"version": 0}, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith("<div")
    assert "Undo" in answer.content.decode()


def test_what_a_card_holds_is_escaped(client, owner, reply):
    propose(reply, note_tools.create_note, title="<script>1</script>", text="<img src=x>")
    shown = page(client, reply)
    assert "&lt;script&gt;1" in shown
    assert "<img src=x>" not in shown


def test_look_ups_stand_above_the_answer_and_open(client, owner, reply):
    note = writing.create(owner, "Kitchen", "- oak top")
    found = Tool.of(note_tools.read_note).call(owner, {"note": "Kitchen"})
    tooluse.keep(reply, 0, 0, "read_note", {"note": "Kitchen"}, found.text, found)
    shown = page(client, reply)
    assert "read <em>Kitchen</em>" in shown
    assert shown.index("<em>Kitchen</em>") < shown.index("Of course.")
    assert f'href="{note.get_absolute_url()}"' in shown


def test_more_look_ups_need_no_more_questions(client, owner, reply):
    writing.create(owner, "Kitchen", "- oak top")
    found = Tool.of(note_tools.read_note).call(owner, {"note": "Kitchen"})
    asked = []
    page(client, reply)
    for number in (0, 1, 2):
        tooluse.keep(reply, number, 0, "read_note", {}, found.text, found)
        with CaptureQueriesContext(connection) as queries:
            page(client, reply)
        asked.append(len(queries))
    assert asked[0] == asked[2]
