"""What a model may do with reminders: look, and propose what the person then decides."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from ahfai.proposals import Stale
from ahfai.tools import Tool, Unfit, short
from reminders import tools, writing
from reminders.models import Reminder
from reminders.proposals import KINDS

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)
PAGE = uuid.UUID(int=1)


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def make(owner, title="Call mum", day=date(2026, 3, 26), at=time(9), **more) -> Reminder:
    wanted = {"title": title, "details": "", "priority": 0, "day": day, "at": at, "zone": ""}
    wanted |= {"rrule": "", "repeat_from": "", "list_id": None}
    return writing.create(owner, wanted | more)


def call(owner, tool, **arguments):
    return Tool.of(tool).call(owner, arguments)


def fault(owner, tool, **arguments) -> str:
    with pytest.raises(Unfit) as refused:
        call(owner, tool, **arguments)
    return refused.value.sentence


def shown(owner, proposal):
    return KINDS[proposal.kind].show(owner, proposal.payload, PAGE)


def labels(owner, proposal) -> list[str]:
    return [fact.label for fact in shown(owner, proposal).facts]


def act(owner, proposal):
    """The way that a card goes: shown, done to what was shown, told of."""
    kind, payload = KINDS[proposal.kind], proposal.payload
    outcome = kind.act(owner, payload, kind.show(owner, payload, PAGE).version, PAGE)
    return outcome, kind.tell(owner, payload, outcome)


def test_open_reminders_are_looked_up_with_their_ids_and_the_day(owner, stranger):
    late = make(owner, "Pay the rent", date(2026, 3, 24))
    mum = make(owner)
    make(owner, "Read a book", None, None)
    make(owner, "Far away", date(2026, 5, 1))
    make(stranger, "Not mine")
    found = call(owner, tools.list_reminders)
    assert found.text.splitlines() == [
        "Today is Wednesday, 25 March 2026.",
        "Overdue:",
        f"[{short(late.pk)}] Pay the rent, yesterday 9:00",
        "The next 7 days:",
        f"[{short(mum.pk)}] Call mum, tomorrow 9:00",
        "Without a date:",
        found.text.splitlines()[-1],
    ]
    assert found.sentence == "looked at your reminders, 3 there"
    assert found.is_foreign
    assert found.links[1].address == mum.get_absolute_url()
    assert "Overdue" not in call(owner, tools.list_reminders, days=1).text.partition("Today:")[2]


def test_a_new_reminder_is_read_by_the_grammar_and_shown_in_full(owner):
    asked = call(owner, tools.set_reminder, phrase="book the cabin tomorrow at 9 #trip !1")
    assert labels(owner, asked) == [
        "Thu 26 Mar, 9:00",
        "UTC",
        "once",
        "#trip",
        "priority: High",
    ]
    assert shown(owner, asked).title == "book the cabin"
    weekly = call(owner, tools.set_reminder, phrase="water the plants every friday at 18:00")
    assert labels(owner, weekly) == ["Fri 27 Mar, 18:00", "UTC", "every week on Friday"]
    assert labels(owner, call(owner, tools.set_reminder, phrase="call mum tomorrow"))[0] == (
        "Thu 26 Mar, all day"
    )
    assert not owner.reminders.exists()


def test_what_the_grammar_doubts_goes_back_in_words(owner):
    assert fault(owner, tools.set_reminder, phrase="pay on 31 february") == (
        "“on 31 february” isn't a day."
    )
    assert fault(owner, tools.set_reminder, phrase="tomorrow at 9") == (
        "Say what you want to be reminded of."
    )


def test_a_proposed_reminder_is_made_told_of_and_taken_back(owner):
    asked = call(owner, tools.set_reminder, phrase="book the cabin tomorrow at 9 #trip")
    outcome, told = act(owner, asked)
    reminder = owner.reminders.get()
    assert (reminder.title, reminder.day, reminder.at) == (
        "book the cabin",
        date(2026, 3, 26),
        time(9),
    )
    assert [tag.name for tag in reminder.tags.all()] == ["trip"]
    assert told.sentence == "Set. You will be reminded tomorrow 9:00."
    assert (told.address, told.may_be_undone) == (reminder.get_absolute_url(), True)
    KINDS[asked.kind].undo(owner, asked.payload, outcome)
    assert owner.reminders.in_trash().get() == reminder
    assert "in the trash" in KINDS[asked.kind].tell(owner, asked.payload, outcome).sentence


def test_what_was_changed_since_is_not_taken_back(owner):
    asked = call(owner, tools.set_reminder, phrase="book the cabin tomorrow at 9")
    outcome, _told = act(owner, asked)
    reminder = owner.reminders.get()
    changed = {name: getattr(reminder, name) for name in writing.TIMES}
    writing.save(reminder, 1, changed | {"title": "Book the hut"}, [])
    assert not KINDS[asked.kind].tell(owner, asked.payload, outcome).may_be_undone
    with pytest.raises(Stale):
        KINDS[asked.kind].undo(owner, asked.payload, outcome)


def test_a_time_that_is_over_by_now_is_said_so(owner, monkeypatch):
    asked = call(owner, tools.set_reminder, phrase="take the pizza out in 10 minutes")
    assert shown(owner, asked).warning == ""
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(hours=1))
    assert shown(owner, asked).warning == "That time is over by now."


def test_a_change_shows_before_and_after_and_can_be_taken_back(owner):
    reminder = make(owner)
    asked = call(
        owner, tools.change_reminder, reminder=short(reminder.pk), when="every friday at 10"
    )
    assert [tuple(one) for one in shown(owner, asked).changes] == [
        ("When", "Thu 26 Mar, 9:00, UTC, once", "Fri 27 Mar, 10:00, UTC, every week on Friday"),
    ]
    outcome, told = act(owner, asked)
    assert told.sentence == "Changed. You will be reminded Friday 10:00."
    KINDS[asked.kind].undo(owner, asked.payload, outcome)
    kept = owner.reminders.get()
    assert (kept.title, kept.day, kept.at, kept.rrule) == (
        "Call mum",
        date(2026, 3, 26),
        time(9),
        "",
    )


def test_nothing_is_done_to_a_reminder_that_changed_after_it_was_shown(owner):
    reminder = make(owner)
    for asked in (
        call(owner, tools.change_reminder, reminder="call mum", title="Call dad"),
        call(owner, tools.complete_reminder, reminder="call mum"),
        call(owner, tools.snooze_reminder, reminder="call mum", until="in 2 days"),
    ):
        with pytest.raises(Stale):
            KINDS[asked.kind].act(owner, asked.payload, reminder.version + 5, PAGE)
    assert (reminder.title, owner.reminders.get().version) == ("Call mum", 1)


def test_ticking_off_and_putting_off_can_be_taken_back(owner):
    make(owner)
    snoozed = call(owner, tools.snooze_reminder, reminder="Call mum", until="friday at 8")
    assert labels(owner, snoozed) == ["until Fri 27 Mar, 8:00", "UTC", "due tomorrow 9:00"]
    outcome, told = act(owner, snoozed)
    assert told.sentence.startswith("Put off until Friday 8:00.")
    KINDS[snoozed.kind].undo(owner, snoozed.payload, outcome)
    assert owner.reminders.get().snoozed_until is None
    done = call(owner, tools.complete_reminder, reminder="Call mum")
    outcome, told = act(owner, done)
    assert (owner.reminders.get().done, told.sentence) == (NOW, "Ticked off.")
    assert told.may_be_undone
    KINDS[done.kind].undo(owner, done.payload, outcome)
    assert owner.reminders.get().done is None


def test_a_strangers_reminder_and_a_missing_one_are_the_same(owner, stranger):
    theirs = make(stranger, "Secret")
    missing = fault(owner, tools.complete_reminder, reminder="0" * 8)
    for said in (short(theirs.pk), str(theirs.pk), "Secret"):
        assert fault(owner, tools.complete_reminder, reminder=said) == missing
        assert fault(owner, tools.change_reminder, reminder=said, title="x") == missing
        assert fault(owner, tools.snooze_reminder, reminder=said, until="tomorrow") == missing
    for name, kind in KINDS.items():
        if name != "reminder_new":
            payload = {"id": str(theirs.pk), "wanted": {}, "until": NOW.isoformat()}
            with pytest.raises(Stale):
                kind.show(owner, payload, PAGE)
            with pytest.raises(Stale):
                kind.act(owner, payload, 1, PAGE)


@pytest.mark.parametrize(
    "said", ["electricity bill", "Paying the electricity bill", "pay the electricity bill at 9 pm"]
)
def test_a_reminder_is_found_by_words_that_are_nearly_its_title(owner, said):
    bill = make(owner, "Pay the electricity bill")
    make(owner, "Pay the rent")
    assert call(owner, tools.complete_reminder, reminder=said).payload == {"id": str(bill.pk)}
    make(owner, "Question the electricity bill")
    if said == "electricity bill":
        assert "Several" in fault(owner, tools.complete_reminder, reminder=said)


def test_no_days_at_all_are_today(owner):
    make(owner)
    assert "Call mum" not in call(owner, tools.list_reminders, days=0).text


def test_a_time_is_said_in_words_and_is_nothing_but_a_time(owner):
    make(owner)
    said = fault(owner, tools.snooze_reminder, reminder="Call mum", until="when I am home")
    assert said.startswith("“when I am home” isn't a time.")
    past = fault(owner, tools.snooze_reminder, reminder="Call mum", until="on 1.3.2026 at 10")
    assert past == "The argument 'until' names a time that is over."


def test_the_form_of_a_proposal_opens_with_all_of_it(owner, client):
    asked = call(owner, tools.set_reminder, phrase="water the plants every friday at 18:00 #home")
    form = shown(owner, asked).form
    page = client.post(form.address, form.fields)
    assert page.status_code == 200
    first = page.context["form"]
    assert (first["title"].value(), first["at"].value()) == ("water the plants", "18:00")
    assert (first["unit"].value(), first["weekdays"].value()) == ("week", [])
    assert not owner.reminders.exists()
    sent = {name: value for name, value in form.fields.items() if name != "preview"}
    client.post(form.address, sent)
    outcome = KINDS[asked.kind].made(owner, asked.payload, PAGE)
    assert outcome["id"] == str(owner.reminders.get().pk)
