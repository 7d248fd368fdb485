"""The page behind the link in a message: looking changes nothing, a press acts once."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import completing
from reminders.models import Reminder
from reminders.tests.sinks import channel, fire, sink
from reminders.tests.test_delivering import send_all
from reminders.tests.test_list import main, make

__all__ = ["sink"]


@pytest.fixture
def link(owner, sink):
    """Lets a reminder be due, and gives the way to where its message leads."""

    def lead(**more) -> str:
        channel(owner)
        fire(owner, **more)
        send_all()
        return sink.came[0][1].url.removeprefix("http://localhost:8000")

    return lead


def press(client, address: str, do: str, version: int = 0):
    version = version or Reminder.objects.get().version
    return client.post(address, {"do": do, "version": version}, follow=True)


def test_looking_changes_nothing(client, link):
    address = link()
    before = Reminder.objects.get()
    page = main(client.get(address))
    assert "Call mum" in page
    for button in ("done", "10m", "tomorrow"):
        assert f'name="do" value="{button}"' in page
    after = Reminder.objects.get()
    assert (after.state(), after.version) == (before.state(), before.version)


def test_done_is_done_once(client, link):
    address = link()
    version = Reminder.objects.get().version
    for _ in range(2):
        page = main(press(client, address, "done", version))
        assert "It is taken care of: done" in page
        assert "changed meanwhile" not in page
    assert Reminder.objects.get().done
    assert Reminder.objects.get().completions.count() == 1


def test_a_link_that_is_opened_after_it_was_done_says_so(client, owner, link):
    address = link()
    reminder = Reminder.objects.get()
    completing.complete(owner, {reminder.pk: reminder.version})
    page = main(client.get(address))
    assert "It is taken care of" in page
    assert 'value="done"' not in page
    assert "Undo" in page


def test_of_a_series_this_time_is_done_and_the_link_of_the_next_one_is_open(client, link):
    address = link(rrule="FREQ=DAILY", repeat_from="due")
    page = main(press(client, address, "done"))
    assert "It comes again" in page
    place = address.partition("?")[0]
    following = int((timezone.now() + timedelta(days=1)).timestamp())
    assert 'value="done"' in main(client.get(f"{place}?at={following}"))


def test_put_off_is_put_off_once(client, link):
    address = link()
    version = Reminder.objects.get().version
    page = main(press(client, address, "10m", version))
    assert "put off until" in page
    until = Reminder.objects.get().snoozed_until
    assert timedelta(minutes=8) < until - timezone.now() <= timedelta(minutes=10)
    page = press(client, address, "1h", version).content.decode()
    assert "It was changed meanwhile" in page
    assert Reminder.objects.get().snoozed_until == until


@pytest.mark.parametrize("do", ["", "fly", "99m"])
def test_a_press_that_makes_no_sense_changes_nothing(client, link, do):
    address = link()
    press(client, address, do)
    reminder = Reminder.objects.get()
    assert (reminder.done, reminder.snoozed_until, reminder.version) == (None, None, 1)


@pytest.mark.parametrize("at", ["", "x", "9" * 30, "-1", "1.5"])
def test_a_link_that_was_cut_shows_the_reminder_all_the_same(client, link, at):
    place = link().partition("?")[0]
    assert "Call mum" in main(client.get(place, {"at": at}))


def test_a_stranger_finds_nothing_there(strangers_client, link):
    address = link()
    assert strangers_client.get(address).status_code == 404
    assert strangers_client.post(address, {"do": "done", "version": 1}).status_code == 404
    assert Reminder.objects.get().done is None


def test_what_is_in_the_trash_can_be_put_back_there(client, link):
    address = link()
    Reminder.objects.update(trashed=datetime.now(tz=timezone.get_current_timezone()))
    response = client.get(address)
    assert response.status_code == 404
    assert reverse("reminders:put_back", args=[Reminder.objects.get().pk]) in main(response)


def test_a_step_whose_reminder_comes_again_is_to_be_done_again(client, owner, link):
    party = make(owner, "Party", -1, rrule="FREQ=DAILY", repeat_from="due")
    address = link(parent_id=party.pk)
    completing.complete(owner, {party.pk: party.version})
    page = main(client.get(address))
    assert 'name="do" value="done"' in page
    assert "taken care of" not in page
