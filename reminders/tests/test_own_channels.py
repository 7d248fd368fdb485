"""A reminder that is told by channels of its own."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from ahfai.testing import make_person
from reminders.models import Reminder
from reminders.tests.sinks import channel
from reminders.tests.test_list import main, make

pytestmark = pytest.mark.django_db

NEW = reverse("reminders:new")


@pytest.fixture
def phone(owner):
    return channel(owner, name="Phone")


def sent(**more) -> dict[str, object]:
    return {"title": "Call mum", "day": timezone.localdate().isoformat()} | more


def chosen() -> set:
    return set(Reminder.objects.get().chosen.values_list("channel", flat=True))


def test_who_has_no_channels_is_asked_nothing(client, owner):
    channel(make_person(), name="Somebody else's")
    assert "Channels" not in main(client.get(NEW))
    client.post(NEW, sent(has_own_channels="on"))
    assert not Reminder.objects.get().has_own_channels


def test_a_new_reminder_is_told_as_usual_unless_the_person_says_otherwise(client, owner, phone):
    assert "Phone" in main(client.get(NEW))
    client.post(NEW, sent())
    assert (Reminder.objects.get().has_own_channels, chosen()) == (False, set())


def test_the_channels_that_are_ticked_are_its_own(client, owner, phone):
    work = channel(owner, name="Work")
    client.post(NEW, sent(has_own_channels="on", channels=[phone.pk, work.pk]))
    reminder = Reminder.objects.get()
    assert (reminder.has_own_channels, chosen()) == (True, {phone.pk, work.pk})
    assert "<bdi>Work</bdi>" in main(client.get(reminder.get_absolute_url()))
    edit = reverse("reminders:edit", args=[reminder.pk])
    page = main(client.get(edit))
    assert len(re.findall('name="channels"[^>]+checked', page)) == 2
    client.post(edit, sent(has_own_channels="on", channels=[work.pk], version=1))
    assert chosen() == {work.pk}
    # None at all is a choice, too.
    client.post(edit, sent(has_own_channels="on", version=2))
    assert (Reminder.objects.get().has_own_channels, chosen()) == (True, set())
    assert "told in AhFai only" in main(client.get(reminder.get_absolute_url()))
    client.post(edit, sent(channels=[work.pk], version=3))
    assert (Reminder.objects.get().has_own_channels, chosen()) == (False, set())


def test_somebody_elses_channel_is_refused(client, owner, phone):
    other = channel(make_person(), name="Somebody else's")
    answer = client.post(NEW, sent(has_own_channels="on", channels=[other.pk]))
    assert answer.status_code == 422
    assert "Somebody else" not in main(answer)


def test_without_its_last_channel_it_is_told_as_usual(client, owner, phone):
    work = channel(owner, name="Work")
    for channels in ([phone.pk], [phone.pk, work.pk], []):
        client.post(NEW, sent(has_own_channels="on", channels=channels))
    make(owner, "As usual")
    client.post(reverse("reminders:channel_delete", args=[phone.pk]))
    assert not phone.__class__.objects.filter(pk=phone.pk).exists()
    # One had another one left, and one was to be told by none.
    assert Reminder.objects.filter(has_own_channels=True).count() == 2
