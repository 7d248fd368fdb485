"""Steps of a reminder: added on its page, done, thrown away and brought back with it."""

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import completing, order, own_lists, writing
from reminders.completing import Kind
from reminders.models import Completion, Reminder
from reminders.tests.test_list import DONE, LIST, UNDATED, main, make

COMPLETE, UNDO, TRASH = (reverse(f"reminders:{name}") for name in ("complete", "undo", "trash"))
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def party(owner) -> Reminder:
    return make(owner, "Party", 2, time(18))


def step(parent: Reminder, title: str, days: int | None = None, **more) -> Reminder:
    return make(parent.owner, title, days, parent_id=parent.pk, **more)


def add_step(client, parent: Reminder, text: str, **sent):
    return client.post(reverse("reminders:add_step", args=[parent.pk]), {"text": text, **sent})


def press_done(client, *reminders: Reminder, **sent):
    picked = [f"{one.pk}:{one.version}" for one in reminders]
    return client.post(COMPLETE, {"back_to": "list", "reminder": picked, **sent})


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="[^"]+" dir="auto">(.*?)</a>', page)


def state(*reminders: Reminder) -> list[tuple]:
    found = Reminder.objects.in_bulk([one.pk for one in reminders])
    columns = ("day", "due", "next_fire_at", "done", "trashed", "snoozed_until")
    return [tuple(getattr(found[one.pk], name) for name in columns) for one in reminders]


def test_a_step_is_added_by_a_line_on_the_page(client, party):
    answer = add_step(client, party, "buy candles tomorrow at 9 #shop", page=uuid.uuid4())
    assert answer.url == f"{party.get_absolute_url()}?next=1#steps"
    page = main(client.get(answer.url))
    assert "buy candles" in page
    assert "tomorrow 9:00" in page
    made = party.steps.get()
    assert (made.title, made.day, [tag.name for tag in made.tags.all()]) == (
        "buy candles",
        date(2026, 3, 26),
        ["shop"],
    )
    itself = main(client.get(made.get_absolute_url()))
    assert "a step of “<bdi>Party</bdi>”" in itself
    assert "A new step" not in itself


def test_what_cant_be_read_is_asked_for_on_the_same_page(client, party):
    answer = add_step(client, party, "buy candles 31 february")
    assert answer.status_code == 422
    assert "isn&#x27;t a day." in main(answer)
    assert not party.steps.exists()
    read = reverse("reminders:read_step", args=[party.pk])
    assert "buy candles" in main(client.post(read, {"text": "buy candles tomorrow"}))
    assert not party.steps.exists()


def test_there_is_one_level_of_steps_on_what_is_open(client, party, stranger):
    first = step(party, "Candles")
    assert add_step(client, first, "Matches").status_code == 404
    for wrong in (first, make(stranger, "Theirs")):
        with pytest.raises(Reminder.DoesNotExist):
            writing.create(party.owner, {"title": "Matches", "parent_id": wrong.pk})
    order.trash(party.owner, [party.pk])
    assert add_step(client, party, "Matches").status_code == 404


def test_there_are_not_endlessly_many(client, party, monkeypatch):
    monkeypatch.setattr(writing, "MAX_STEPS", 1)
    step(party, "Candles")
    answer = add_step(client, party, "Matches")
    assert answer.status_code == 422
    assert "It has 1 steps already." in main(answer)


def test_steps_stand_under_what_they_are_steps_of(client, party):
    step(party, "Candles")
    step(party, "Music", 1)
    completing.complete(party.owner, {step(party, "Guests").pk: 1})
    page = main(client.get(LIST))
    assert "1 of 3 steps done" in page
    # The one with a date also stands under its day.
    assert titles(page) == ["Guests", "Music", "Party", "Candles", "Music"]
    assert "a step of “<bdi>Party</bdi>”" in page
    assert "Candles" not in main(client.get(UNDATED))
    assert titles(main(client.get(party.get_absolute_url()))) == ["Candles", "Music", "Guests"]


def test_a_step_is_done_on_the_page_of_its_parent_and_taken_back_there(client, party):
    candles = step(party, "Candles")
    answer = press_done(client, candles, back_to="detail", of=party.pk)
    assert answer.url == f"{party.get_absolute_url()}?just=1"
    page = main(client.get(answer.url))
    completion = Completion.objects.get()
    assert f'name="completion" value="{completion.pk}"' in page
    sent = {"back_to": "detail", "of": party.pk, "completion": completion.pk}
    assert client.post(UNDO, sent).url == party.get_absolute_url()
    candles.refresh_from_db()
    assert candles.done is None


def test_what_is_done_takes_its_open_steps_along_and_undo_brings_back_exactly_them(client, party):
    candles, music = step(party, "Candles"), step(party, "Music", 1)
    sweep, guests = (
        step(party, "Sweep", 0, rrule="FREQ=DAILY", repeat_from="due"),
        step(party, "Guests"),
    )
    completing.complete(party.owner, {guests.pk: 1})
    before = state(party, candles, music, sweep, guests)
    press_done(client, party)
    assert all(one[3] for one in state(party, candles, music, sweep, guests))
    page = main(client.get(DONE))
    assert sorted(titles(page)) == ["Guests", "Party"]
    completion = party.completions.get()
    answer = client.post(UNDO, {"back_to": "list", "completion": completion.pk}, follow=True)
    assert "It is as it was before." in answer.content.decode()
    assert state(party, candles, music, sweep, guests) == before


def test_a_step_that_was_taken_along_can_be_taken_back_alone(client, party):
    candles = step(party, "Candles")
    press_done(client, party)
    page = main(client.get(candles.get_absolute_url()))
    completion = re.search('name="completion" value="([^"]+)"', page)[1]
    sent = {"back_to": "detail", "of": candles.pk, "completion": completion}
    client.post(reverse("reminders:undo"), sent)
    for one in (candles, party):
        one.refresh_from_db()
    assert (candles.done, bool(party.done)) == (None, True)
    assert "Candles" in titles(main(client.get(UNDATED)))


def test_a_step_that_was_changed_since_is_left_alone(client, party):
    candles, music = step(party, "Candles"), step(party, "Music")
    press_done(client, party)
    Reminder.objects.filter(pk=music.pk).update(version=9)
    assert completing.undo(party.owner, [party.completions.get().pk]) == (1, 1)
    candles.refresh_from_db()
    music.refresh_from_db()
    assert candles.done is None
    assert music.done


def test_what_was_changed_since_keeps_its_steps_done(party):
    candles = step(party, "Candles")
    made = completing.complete(party.owner, {party.pk: 1}).completions[0]
    Reminder.objects.filter(pk=party.pk).update(version=9)
    assert completing.undo(party.owner, [made.pk]) == (0, 1)
    candles.refresh_from_db()
    assert candles.done


@pytest.mark.parametrize("kind", [Kind.DONE, Kind.SKIPPED])
def test_steps_are_to_be_done_again_with_the_next_time(owner, client, kind):
    clean = make(owner, "Clean", 0, rrule="FREQ=WEEKLY", repeat_from="due")
    floor, windows = step(clean, "Floor"), step(clean, "Windows", -1)
    completing.complete(owner, {floor.pk: 1})
    before = state(clean, floor, windows)
    made = completing.complete(owner, {clean.pk: 1, windows.pk: 1}, kind).completions
    assert [one.reminder_id for one in made] == [clean.pk]
    clean.refresh_from_db()
    assert clean.day == date(2026, 4, 1)
    (_day, _due, _next, floor_done, *_), (day, due, next_fire_at, done, *_) = state(floor, windows)
    assert floor_done is None
    assert (day, done) == (date(2026, 3, 31), None)
    assert next_fire_at == due
    assert sorted(titles(main(client.get(DONE)))) == ["Clean", "Floor"]
    completing.undo(owner, [made[0].pk])
    assert state(clean, floor, windows) == before


def test_the_end_of_a_series_takes_its_steps_along(owner):
    clean = make(owner, "Clean", 0, rrule="FREQ=WEEKLY", repeat_from="due")
    floor = step(clean, "Floor")
    completing.complete(owner, {clean.pk: 1}, Kind.ENDED)
    floor.refresh_from_db()
    assert floor.done


def test_the_trash_takes_steps_along_and_gives_them_back(client, owner, party, monkeypatch):
    candles, music, guests = (step(party, title) for title in ("Candles", "Music", "Guests"))
    order.trash(owner, [guests.pk])
    before = state(candles, music, guests)
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=1))
    assert order.trash(owner, [party.pk]) == [party.pk]
    assert all(one[4] for one in state(party, candles, music))
    page = main(client.get(TRASH))
    assert "Party" in page
    assert "Guests" in page
    assert "Candles" not in page
    assert order.restore(owner, [party.pk]) == [party.pk]
    assert state(candles, music, guests) == before


def test_a_step_without_its_parent_isnt_lost(client, owner, party):
    candles, music = step(party, "Candles"), step(party, "Music")
    order.trash(owner, [party.pk])
    order.restore(owner, [candles.pk])
    assert titles(main(client.get(UNDATED))) == ["Candles"]
    party.refresh_from_db()
    order.delete(party)
    candles.refresh_from_db()
    assert candles.parent_id is None
    assert not Reminder.objects.filter(pk=music.pk).exists()


def test_deleting_says_what_goes_along(client, party):
    gone = reverse("reminders:delete", args=[party.pk])
    assert "Its steps" not in main(client.get(gone))
    step(party, "Candles")
    assert "Its steps will be gone, too." in main(client.get(gone))
    client.post(gone)
    assert not Reminder.objects.exists()


def test_steps_are_in_the_list_of_their_parent(client, owner, party):
    home = own_lists.create(owner, "Home", "sky")
    before = step(party, "Candles")
    own_lists.put_into(owner, [party.pk], home.pk)
    after = step(party, "Music")
    edit = reverse("reminders:edit", args=[after.pk])
    assert 'name="list_id"' not in main(client.get(edit))
    assert client.post(edit, {"title": "Loud music", "version": 1}).status_code == 302
    assert own_lists.put_into(owner, [after.pk], None) == 0
    assert own_lists.counts(owner) == {home.pk: 3}
    sent = {"title": "Party", "version": 1, "list_id": ""}
    client.post(reverse("reminders:edit", args=[party.pk]), sent)
    before.refresh_from_db()
    assert before.list_id is None
