"""Ticking reminders off, and taking that back."""

from datetime import time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ahfai.tests.at_once import at_once
from reminders import completing
from reminders.models import STATE, Completion, Reminder
from reminders.tests.test_list import DONE, LIST, main, make

COMPLETE, UNDO = reverse("reminders:complete"), reverse("reminders:undo")


def complete(client, *reminders: Reminder, version: int = 1, back_to: str = "list", **more):
    picked = [f"{one.pk}:{version}" for one in reminders]
    return client.post(COMPLETE, {"back_to": back_to, "reminder": picked}, **more)


def undo(client, *completions: Completion, back_to: str = "list", **more):
    ids = [one.pk for one in completions]
    return client.post(UNDO, {"back_to": back_to, "completion": ids}, **more)


def state(reminder: Reminder) -> dict:
    return Reminder.objects.filter(pk=reminder.pk).values("done", *STATE).get()


def test_what_is_done_is_struck_through_today_and_can_be_taken_back(client, owner):
    reminder = make(owner, "Call mum", 1, time(9))
    before = state(reminder)
    page = main(complete(client, reminder, follow=True))
    assert "Done." in page
    assert '<li class="item done">' in page
    reminder.refresh_from_db()
    assert reminder.done
    assert reminder.next_fire_at is None
    assert "Call mum" in main(client.get(DONE))
    answer = undo(client, Completion.objects.get(), follow=True)
    assert "It is as it was before." in answer.content.decode()
    assert state(reminder) == before
    assert not Completion.objects.exists()
    assert "item done" not in main(client.get(LIST))


def test_undo_brings_back_exactly_what_was(client, owner):
    reminder = make(owner, "Call mum", -1, time(9))
    now = timezone.now()
    Reminder.objects.update(snoozed_until=now + timedelta(hours=1), next_fire_at=now)
    before = state(reminder)
    complete(client, reminder)
    undo(client, Completion.objects.get())
    assert state(reminder) == before


def test_several_are_done_at_once_and_taken_back_at_once(client, owner):
    one, two = make(owner, "One"), make(owner, "Two", None)
    page = main(complete(client, one, two, follow=True))
    assert "2 reminders are done." in page
    undo(client, *Completion.objects.all())
    assert not Reminder.objects.exclude(done=None).exists()


def test_a_second_press_changes_nothing(client, owner):
    reminder = make(owner, "Call mum")
    complete(client, reminder)
    response = complete(client, reminder, follow=True)
    assert "changed elsewhere" not in response.content.decode()
    assert Completion.objects.count() == 1


def test_what_was_changed_meanwhile_is_left_alone(client, owner):
    reminder = make(owner, "Call mum")
    Reminder.objects.update(version=2)
    assert "was changed elsewhere" in complete(client, reminder, follow=True).content.decode()
    assert Reminder.objects.get().done is None
    complete(client, reminder, version=2)
    Reminder.objects.update(version=7)
    answer = undo(client, Completion.objects.get(), follow=True)
    assert "was changed elsewhere" in answer.content.decode()
    assert Reminder.objects.get().done
    assert "Undo" not in main(client.get(DONE))


def test_a_done_reminder_shows_a_way_back_and_no_form(client, owner):
    reminder = make(owner, "Call mum")
    complete(client, reminder)
    page = main(client.get(reminder.get_absolute_url()))
    assert "Not done after all" in page
    assert "done just now" in page
    assert client.get(reverse("reminders:edit", args=[reminder.pk])).status_code == 404


def test_one_leads_back_to_the_list_that_one_was_in(client, owner):
    reminder = make(owner, "Call mum", None)
    assert complete(client, reminder, back_to="undated").url == "/reminders/undated?just=1"
    assert complete(client, reminder, back_to="nowhere").url == LIST


@pytest.mark.parametrize("wrong", ["", "x", "x:1", "00000000-0000-0000-0000-000000000000:x"])
def test_what_names_no_reminder_changes_nothing(client, owner, wrong):
    make(owner, "Call mum")
    assert client.post(COMPLETE, {"back_to": "list", "reminder": wrong}).url == LIST
    assert client.post(UNDO, {"back_to": "list", "completion": wrong}).url == LIST
    assert Reminder.objects.get().done is None


def test_a_stranger_does_nothing_to_it(strangers_client, client, owner):
    reminder = make(owner, "Call mum")
    complete(strangers_client, reminder)
    assert Reminder.objects.get().done is None
    complete(client, reminder)
    undo(strangers_client, Completion.objects.get())
    assert Reminder.objects.get().done


def test_a_look_changes_nothing(client):
    assert client.get(COMPLETE).status_code == 405
    assert client.get(UNDO).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one(owner):
    reminder = make(owner, "Call mum")
    at_once(lambda _: completing.complete(owner, {reminder.pk: 1}), 4)
    assert Completion.objects.count() == 1
    reminder.refresh_from_db()
    assert reminder.version == 2
