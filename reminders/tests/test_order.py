"""Reminders in the trash, with tags, one or several."""

from datetime import time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tags
from accounts.models import Tag, Tombstone
from ahfai.worker import Worker
from reminders import due, order
from reminders.models import Reminder
from reminders.tests.test_completing import complete, state
from reminders.tests.test_list import LIST, main, make, sections

TRASH = reverse("reminders:trash")


def send(client, address: str, *reminders: Reminder, **more):
    picked = [f"{one.pk}:1" for one in reminders]
    return client.post(
        reverse(f"reminders:{address}"), {"back_to": "list", "reminder": picked, **more}
    )


def test_what_is_thrown_away_can_be_put_back_exactly(client, owner):
    reminder = make(owner, "Post the letter", 1, time(9))
    before = state(reminder)
    page = main(client.get(send(client, "throw", reminder).url))
    assert "The reminder is in the trash." in page
    assert "Post the letter" not in page
    assert "Post the letter" in main(client.get(TRASH))
    assert state(reminder)["next_fire_at"] is None
    page = main(client.get(send(client, "restore", reminder).url))
    assert "The reminder is back." in page
    assert state(reminder) == before


def test_what_came_due_in_the_trash_is_told_of_when_it_is_back(owner):
    reminder = make(owner, "Call mum", 1, time(9))
    now = timezone.now()
    order.trash(owner, [reminder.pk])
    Reminder.objects.update(due=now + timedelta(seconds=1))
    assert due.fire_due(now + timedelta(minutes=10)) == 0
    order.restore(owner, [reminder.pk])
    assert due.fire_due(now + timedelta(minutes=10)) == 1
    assert reminder.notices.get().is_late


def test_what_is_done_stays_done_in_the_trash_and_back(client, owner):
    reminder = make(owner, "Call mum", 1, time(9))
    complete(client, reminder)
    order.trash(owner, [reminder.pk])
    assert "Call mum" not in main(client.get(reverse("reminders:done")))
    order.restore(owner, [reminder.pk])
    assert state(reminder)["done"]
    assert state(reminder)["next_fire_at"] is None


def test_a_link_to_what_is_in_the_trash_offers_to_put_it_back(client, owner):
    reminder = make(owner, "Call mum")
    order.trash(owner, [reminder.pk])
    answer = client.get(reminder.get_absolute_url())
    assert answer.status_code == 404
    assert "This reminder is in the trash" in main(answer)
    address = reverse("reminders:put_back", args=[reminder.pk])
    assert client.get(address).status_code == 405
    assert client.post(address).url == reminder.get_absolute_url()
    assert client.get(reminder.get_absolute_url()).status_code == 200


def test_it_is_deleted_for_good_after_a_question(client, owner):
    reminder = make(owner, "Call mum", names=["family"])
    order.trash(owner, [reminder.pk])
    address = reverse("reminders:delete", args=[reminder.pk])
    assert "will be gone for good" in main(client.get(address))
    assert client.post(address).url == TRASH
    assert not Reminder.objects.exists()
    assert Tombstone.objects.get().key == reminder.pk
    assert not tags.all_of(owner)


def test_the_trash_is_emptied_after_thirty_days(owner):
    young, old = make(owner, "Young"), make(owner, "Old")
    for reminder, days in ((young, 29), (old, 31)):
        Reminder.objects.filter(pk=reminder.pk).update(
            next_fire_at=None, trashed=timezone.now() - timedelta(days=days)
        )
    Worker().work()
    assert [one.title for one in Reminder.objects.all()] == ["Young"]
    assert order.purge_reminders() == 0


def test_several_are_picked_and_done_thrown_away_and_put_off(client, owner):
    one, two, three, four = (make(owner, title, 1) for title in ("One", "Two", "Three", "Four"))
    page = main(client.get(LIST, {"pick": 1}))
    assert f'value="{one.pk}:1"' in page
    assert "tomorrow" in page
    complete(client, one)
    send(client, "throw", two)
    client.post(
        reverse("reminders:snooze") + "?to=week", {"back_to": "list", "reminder": f"{three.pk}:1"}
    )
    assert "Four" in sections(client)["Tomorrow"]
    assert [bool(state(four)[name]) for name in ("done", "snoozed_until")] == [False, False]
    assert Reminder.objects.get(pk=three.pk).snoozed_until


@pytest.mark.parametrize("address", ["complete", "throw", "tag_several"])
def test_who_ticks_nothing_is_told_so(client, owner, address):
    make(owner, "One")
    answer = client.post(reverse(f"reminders:{address}"), {"back_to": "list", "tags": "garden"})
    assert answer.status_code == 422
    assert "Tick the reminders first." in main(answer)


def test_several_are_tagged_at_once_and_freed_again(client, owner):
    one, two, three = (make(owner, title) for title in ("One", "Two", "Three"))
    answer = send(client, "tag_several", one, two, tags="garden")
    assert "2 reminders are tagged." in client.get(answer.url).content.decode()
    [garden] = [tag.id for tag in tags.all_of(owner)]
    assert sorted(sections(client, tag=garden)["Today"]) == ["One", "Two"]
    address = reverse("reminders:tag_several") + f"?tag={garden}"
    picked = [f"{reminder.pk}:1" for reminder in (one, two)]
    answer = client.post(address, {"back_to": "list", "reminder": picked, "take_off": garden})
    assert answer.url == LIST
    assert not Tag.objects.exists()
    assert three.tags.count() == 0


@pytest.mark.parametrize("text", ["", "x" * 81, " ".join(f"t{number}" for number in range(21))])
def test_bad_tags_are_named_and_stay_in_the_page(client, owner, text):
    reminder = make(owner, "One")
    answer = send(client, "tag_several", reminder, tags=text)
    assert answer.status_code == 422
    assert f'value="{reminder.pk}:1" checked' in main(answer)
    assert f'value="{text}"' in main(answer)
    assert not Tag.objects.exists()


def test_a_stranger_moves_and_deletes_nothing(strangers_client, owner):
    reminder = make(owner, "Mine")
    for address in ("throw", "restore", "complete"):
        send(strangers_client, address, reminder)
    send(strangers_client, "tag_several", reminder, tags="theirs")
    address = reverse("reminders:delete", args=[reminder.pk])
    assert strangers_client.post(address).status_code == 404
    assert state(reminder)["done"] is None
    assert Reminder.objects.get().trashed is None
    assert not tags.all_of(owner)
