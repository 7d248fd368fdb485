"""Reminders get another day, one or several; what repeats follows its rule."""

from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import snoozing
from reminders.models import Reminder
from reminders.tests.test_list import LIST, main, make

SEVERAL = reverse("reminders:reschedule")


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 25, 10, 30, tzinfo=UTC))


def picked(*reminders: Reminder) -> dict[str, object]:
    return {"back_to": "list", "reminder": [f"{one.pk}:{one.version}" for one in reminders]}


def said(response) -> list[str]:
    return [str(one) for one in response.wsgi_request._messages._queued_messages]


@pytest.mark.parametrize(
    ("to", "day", "named"),
    [
        ("today", date(2026, 3, 25), "today"),
        ("tomorrow", date(2026, 3, 26), "tomorrow"),
        ("week", date(2026, 3, 30), "Monday"),
    ],
)
def test_several_move_to_another_day_at_their_times(client, owner, to, day, named):
    timed, whole, some_day = (
        make(owner, "a", -1, time(17)),
        make(owner, "b", 3),
        make(owner, "c", None),
    )
    snoozing.snooze(owner, [timed.pk], datetime(2026, 3, 29, 9, tzinfo=UTC))
    timed.refresh_from_db()
    answer = client.post(f"{SEVERAL}?to={to}", picked(timed, whole, some_day))
    assert said(answer) == [f"Moved to {named}."]
    for one in (timed, whole, some_day):
        one.refresh_from_db()
    assert [one.day for one in (timed, whole, some_day)] == [day] * 3
    assert (timed.at, timed.snoozed_until) == (time(17), None)
    assert timed.next_fire_at == timed.due == datetime.combine(day, time(17), UTC)


def test_several_move_to_a_day_that_is_picked(client, owner):
    reminder = make(owner, "Call mum", 0)
    client.post(SEVERAL, picked(reminder) | {"day": "2026-05-01"})
    reminder.refresh_from_db()
    assert reminder.day == date(2026, 5, 1)
    assert said(client.post(SEVERAL, picked(reminder))) == ["Say which day."]
    assert client.post(SEVERAL, {"back_to": "list", "day": "2026-05-01"}).status_code == 422
    assert 'name="day" type="date"' in main(client.get(LIST, {"pick": 1}))


def test_a_series_and_what_was_changed_meanwhile_are_left_alone(client, owner):
    series = make(owner, "Clean", 0, rrule="FREQ=DAILY", repeat_from="due")
    changed = make(owner, "Call mum", 0)
    sent = picked(series, changed)
    Reminder.objects.filter(pk=changed.pk).update(version=2)
    answer = client.post(f"{SEVERAL}?to=tomorrow", sent)
    assert said(answer)[0].startswith("2 reminders were left alone")
    assert {one.day for one in Reminder.objects.all()} == {date(2026, 3, 25)}


def test_one_moves_by_a_page_of_its_own(client, owner):
    reminder = make(owner, "Call mum", 0, time(9))
    address = reverse("reminders:reschedule_one", args=[reminder.pk])
    assert address in main(client.get(reminder.get_absolute_url()))
    assert f"{SEVERAL}?to=tomorrow" in main(client.get(address))
    for wrong in ("soon", "9999-12-31"):
        assert client.post(address, {"day": wrong}).status_code == 422
    assert client.post(address, {"day": "2026-05-01"}).url == reminder.get_absolute_url()
    reminder.refresh_from_db()
    assert (reminder.day, reminder.at) == (date(2026, 5, 1), time(9))


def test_a_series_has_no_such_page(client, owner):
    series = make(owner, "Clean", 0, rrule="FREQ=DAILY", repeat_from="due")
    address = reverse("reminders:reschedule_one", args=[series.pk])
    assert client.get(address).status_code == 404
    assert address not in main(client.get(series.get_absolute_url()))
