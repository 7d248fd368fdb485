"""Putting reminders off, which leaves alone when they are due."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import due, snoozing
from reminders.models import Reminder
from reminders.tests.test_due import at, every, remind, told
from reminders.tests.test_list import LIST, main, make, sections

SNOOZE = reverse("reminders:snooze")
NOW = datetime(2026, 3, 25, 10, 30, 20, tzinfo=UTC)  # A Wednesday.


@pytest.fixture(autouse=True)
def wednesday(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def snooze(client, *reminders: Reminder, to: str = "tomorrow"):
    picked = [f"{one.pk}:{one.version}" for one in reminders]
    return client.post(f"{SNOOZE}?to={to}", {"back_to": "list", "reminder": picked})


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("10m", "2026-03-25T10:40"),
        ("1h", "2026-03-25T11:30"),
        ("evening", "2026-03-25T17:00"),
        ("tomorrow", "2026-03-26T08:00"),
        # The clocks change the day before.
        ("week", "2026-03-30T07:00"),
    ],
)
def test_a_press_puts_it_off_by_the_persons_clock(client, owner, to, expected):
    owner.time_zone = "Europe/Berlin"
    owner.save()
    reminder = make(owner, "Call mum", 0, time(9))
    assert snooze(client, reminder, to=to).url == f"{LIST}?just=1"
    before = reminder.due
    reminder.refresh_from_db()
    assert reminder.snoozed_until == reminder.next_fire_at == at(expected)
    assert (reminder.due, reminder.version) == (before, 2)


def test_what_is_put_off_stands_where_it_is_put_off_to(client, owner):
    reminder = make(owner, "Call mum", 0, time(9))
    assert sections(client) == {"Overdue": ["Call mum"]}
    snooze(client, reminder)
    assert sections(client) == {"Tomorrow": ["Call mum"]}
    assert "put off until 9:00, was due today 9:00" in main(client.get(LIST))
    assert "put off until tomorrow 9:00" in main(client.get(reminder.get_absolute_url()))


def test_the_evening_is_offered_until_it_comes(owner):
    names = [one.name for one in snoozing.choices(at("2026-03-25T18:00"), owner.zone)]
    assert names == ["10m", "1h", "tomorrow", "week"]


def test_a_time_is_picked(client, owner):
    reminder = make(owner, "Call mum", 0, time(9))
    address = reverse("reminders:snooze_one", args=[reminder.pk])
    assert "Put off" in main(client.get(address))
    answer = client.post(address, {"day": "2026-04-01", "at": "08:15"})
    assert answer.url == f"{reminder.get_absolute_url()}?just=1"
    page = client.get(answer.url)
    assert "Put off until 1 April 8:15." in main(page)
    assert Reminder.objects.get().snoozed_until == at("2026-04-01T08:15")


@pytest.mark.parametrize("asked", [{"day": "2026-03-25", "at": "10:30"}, {"day": "x"}, {}])
def test_a_time_that_is_over_or_none_is_refused(client, owner, asked):
    reminder = make(owner, "Call mum", 0, time(9))
    answer = client.post(reverse("reminders:snooze_one", args=[reminder.pk]), asked)
    assert answer.status_code == 422
    assert asked.get("day", "") in main(answer)
    assert Reminder.objects.get().snoozed_until is None


@pytest.mark.parametrize("to", ["", "never", "evening "])
def test_what_is_not_offered_changes_nothing(client, owner, to):
    snooze(client, make(owner, "Call mum"), to=to)
    assert Reminder.objects.get().snoozed_until is None


def test_it_is_told_of_once_more_and_its_notice_is_read(client, owner):
    reminder = remind(owner, "2026-03-25T09:00")
    due.fire_due(NOW)
    reminder.refresh_from_db()
    snooze(client, reminder, to="10m")
    assert reminder.notices.get().read
    due.fire_due(NOW + timedelta(minutes=10))
    assert told(reminder) == ["2026-03-25T09:00", "2026-03-25T10:40"]
    reminder.refresh_from_db()
    assert reminder.next_fire_at is None
    assert reminder.due == at("2026-03-25T09:00")


def test_what_is_put_off_over_its_time_is_not_told_of_then(client, owner):
    reminder = remind(owner, "2026-03-25T17:00")
    snooze(client, reminder)
    reminder.refresh_from_db()
    assert reminder.next_fire_at == at("2026-03-26T09:00")


def test_what_is_told_of_early_is_due_at_its_time_all_the_same(client, owner):
    reminder = remind(owner, "2026-03-27T09:00")
    snooze(client, reminder, to="10m")
    due.fire_due(NOW + timedelta(minutes=10))
    reminder.refresh_from_db()
    assert (reminder.snoozed_until, reminder.next_fire_at) == (None, at("2026-03-27T09:00"))


def test_the_next_time_of_a_series_comes_all_the_same(client, owner):
    reminder = remind(owner, "2026-03-25T09:00", since="2026-03-25T08:00", **every("FREQ=DAILY"))
    due.fire_due(at("2026-03-25T09:00"))
    reminder.refresh_from_db()
    snooze(client, reminder, to="week")
    for day in range(26, 31):
        due.fire_due(at(f"2026-03-{day}T09:00"))
    assert told(reminder) == [f"2026-03-{day}T09:00" for day in range(25, 31)]


def press(client, page, act: str):
    """The button of the page that leads there, with all that its form sends."""
    address = reverse(f"reminders:{act}")
    form = re.search(rf"<form[^>]*{address}.*?</form>", page, re.DOTALL)[0]
    sent = re.findall(r'name="(back_to|of|reminder)" value="([^"]*)"', form)
    picked = [value for name, value in sent if name == "reminder"]
    return client.post(address, dict(sent) | {"reminder": picked}, follow=True)


def columns() -> list:
    names = ("due", "snoozed_until", "next_fire_at")
    return list(Reminder.objects.order_by("pk").values_list(*names))


def test_undo_brings_back_exactly_how_it_was(client, owner):
    told_of = make(owner, "a", 0, time(9))
    coming = make(owner, "b", 0, time(17))
    put_off = make(owner, "c", 0, time(9))
    at_eleven = at("2026-03-25T11:00")
    Reminder.objects.filter(pk=told_of.pk).update(next_fire_at=None)
    Reminder.objects.filter(pk=put_off.pk).update(snoozed_until=at_eleven, next_fire_at=at_eleven)
    before = columns()
    page = main(client.get(snooze(client, told_of, coming, put_off).url))
    assert "3 reminders are put off until tomorrow 9:00." in page
    assert columns() != before
    answer = press(client, page, "undo_snooze")
    assert "They are as they were before." in answer.content.decode()
    assert columns() == before


def test_a_time_that_came_meanwhile_is_told_of_once_it_is_not_put_off_any_more(
    client, owner, monkeypatch
):
    reminder = remind(owner, "2026-03-25T10:35", since="2026-03-25")
    page = main(client.get(snooze(client, reminder).url))
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(minutes=10))
    press(client, page, "undo_snooze")
    due.fire_due()
    assert told(reminder) == ["2026-03-25T10:35"]


def test_undo_leaves_alone_what_was_changed_since_and_what_a_stranger_names(
    client, strangers_client, owner
):
    reminder = make(owner, "Call mum", 0, time(9))
    page = main(client.get(snooze(client, reminder).url))
    press(strangers_client, page, "undo_snooze")
    reminder.refresh_from_db()
    snooze(client, reminder, to="week")
    before = columns()
    assert "left alone" in press(client, page, "undo_snooze").content.decode()
    assert columns() == before


def test_who_stops_putting_off_is_told_at_its_time_again(client, owner):
    reminder = remind(owner, "2026-03-25T17:00")
    assert "Stop putting off" not in main(client.get(LIST))
    page = main(client.get(snooze(client, reminder).url))
    assert "Stop putting off" in page
    reminder.refresh_from_db()
    assert "Stop putting off" in main(client.get(reminder.get_absolute_url()))
    before = columns()
    stopped = {"back_to": "list", "reminder": f"{reminder.pk}:{reminder.version}"}
    page = main(client.post(reverse("reminders:stop_snooze"), stopped, follow=True))
    assert "Its time counts again." in page
    assert columns() == [(reminder.due, None, reminder.due)]
    press(client, page, "undo_snooze")
    assert columns() == before


def test_one_without_a_date_is_not_put_off(client, owner):
    reminder = make(owner, "Some time", None)
    snooze(client, reminder)
    assert Reminder.objects.get().snoozed_until is None
    assert client.get(reverse("reminders:snooze_one", args=[reminder.pk])).status_code == 404


def test_a_stranger_puts_nothing_off(strangers_client, owner):
    reminder = make(owner, "Call mum")
    snooze(strangers_client, reminder)
    assert Reminder.objects.get().snoozed_until is None


def test_another_day_takes_back_what_it_was_put_off_to(client, owner):
    reminder = make(owner, "Call mum", 0, time(9))
    snooze(client, reminder)
    form = client.get(reverse("reminders:edit", args=[reminder.pk])).context["form"]
    sent = {name: form[name].value() or [] for name in form.fields} | {"day": "2026-03-28"}
    client.post(reverse("reminders:edit", args=[reminder.pk]), sent)
    reminder.refresh_from_db()
    assert (reminder.snoozed_until, reminder.next_fire_at) == (None, at("2026-03-28T09:00"))
