"""Writing reminders in the browser, as plain forms."""

import re
import uuid
from datetime import UTC, date, datetime, time

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tags
from reminders.models import Reminder
from reminders.tests.test_list import LIST, UNDATED, main

NEW = reverse("reminders:new")


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 25, 10, 30, tzinfo=UTC))


@pytest.fixture
def berlin(owner):
    owner.time_zone = "Europe/Berlin"
    owner.save()


def add(client, title: str = "Call mum", **fields):
    return client.post(NEW, {"title": title, "page": uuid.uuid4(), **fields})


def edit_address(reminder: Reminder) -> str:
    return reverse("reminders:edit", args=[reminder.pk])


def opened(client, reminder: Reminder) -> dict[str, str]:
    """What the form sends if nothing is changed in it."""
    form = client.get(edit_address(reminder)).context["form"]
    return {name: "" if form[name].value() is None else form[name].value() for name in form.fields}


def test_a_reminder_is_set_for_a_time_on_the_persons_clock(client, owner, berlin):
    response = add(client, " Call   mum ", day="2026-03-26", at="9:00", tags="family #home")
    assert response.url == LIST
    reminder = Reminder.objects.get()
    assert (reminder.title, reminder.day, reminder.at) == ("Call mum", date(2026, 3, 26), time(9))
    assert reminder.due == reminder.next_fire_at == datetime(2026, 3, 26, 8, tzinfo=UTC)
    page = main(client.get(LIST))
    assert "Tomorrow · Thursday 26 March" in page
    assert "9:00" in page
    assert "#family" in page


def test_who_sets_one_is_told_when_it_comes(client):
    assert "You will be reminded tomorrow 9:00." in said(add(client, day="2026-03-26", at="09:00"))
    assert "You will be reminded tomorrow 9:00." in said(add(client, day="2026-03-26"))
    assert "without a date" in said(add(client))
    assert "its time is over" in said(add(client, day="2026-03-24", at="09:00"))


def test_a_whole_day_is_not_over_before_its_end(client):
    today = said(add(client, day="2026-03-25"))
    assert today == "It is in your list for today. No message comes today, since 9:00 is over."
    series = said(add(client, day="2026-03-25", unit="month", interval=3))
    assert series == f"{today} You will be reminded 25 June 9:00."


def test_before_it_is_saved_a_form_says_which_times_are_over(client):
    def preview(**fields) -> str:
        answer = add(client, preview="1", unit="day", interval=1, **fields)
        return re.sub(r"\s+", " ", main(answer))

    tomorrow = "tomorrow 9:00 · Friday 9:00"
    assert f"Next: today, all day · {tomorrow}" in preview(day="2026-03-25")
    assert f"Next: today 9:00 (over already) · {tomorrow}" in preview(day="2026-03-25", at="09:00")


def said(response) -> str:
    return response.wsgi_request._messages._queued_messages[0].message


def test_a_whole_day_is_told_of_in_its_morning(client, owner, berlin):
    add(client, day="2026-03-29")
    # That night the clock goes forward.
    assert Reminder.objects.get().next_fire_at == datetime(2026, 3, 29, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "due"),
    [
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30"),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45"),
        ("Asia/Kathmandu", "2028-02-29", "00:00", "2028-02-28T18:15"),
        ("UTC", "2026-12-31", "23:59", "2026-12-31T23:59"),
    ],
)
def test_a_time_of_another_place_is_due_when_its_clock_says_so(client, zone, day, at, due):
    add(client, day=day, at=at, zone=zone)
    assert Reminder.objects.get().due == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_the_time_of_another_place_is_shown_by_both_clocks(client, berlin):
    add(client, day="2026-03-26", at="09:00", zone="America/New_York")
    reminder = Reminder.objects.get()
    page = main(client.get(reminder.get_absolute_url()))
    assert "tomorrow 14:00" in page
    assert "9:00 America/New_York" in page


def test_one_without_a_day_stands_apart(client):
    assert add(client, details="*Oak*").url == UNDATED
    reminder = Reminder.objects.get()
    assert reminder.next_fire_at is None
    assert "<em>Oak</em>" in main(client.get(reminder.get_absolute_url()))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": " "}, "Say what you want to be reminded of."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"day": "2026-02-31"}, "valid date"),
        ({"day": "9999-12-31", "at": "23:00", "zone": "America/New_York"}, "years 1900 to 9000"),
        ({"day": "0001-01-01", "at": "00:30", "zone": "Asia/Tokyo"}, "years 1900 to 9000"),
        ({"at": "25:00", "day": "2026-04-01"}, "valid time"),
        ({"at": "09:00"}, "A time needs a day, too."),
        ({"zone": "Moon/Base"}, "not one of the available choices"),
        ({"priority": "9"}, "not one of the available choices"),
        ({"tags": "x" * 81}, "at most 80 characters"),
        ({"details": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(client, wrong, sentence):
    response = add(client, **{"title": "Call mum", "details": "words", **wrong})
    assert response.status_code == 422
    page = main(response)
    assert sentence in page
    for typed in wrong.values():
        assert typed.strip() in page
    assert not Reminder.objects.exists()


def test_what_is_sent_twice_is_one_reminder(client):
    sent = {"page": uuid.uuid4(), "day": "2026-04-01"}
    for _ in range(2):
        add(client, **sent)
    assert Reminder.objects.count() == 1
    add(client, "Another from the same page", **sent)
    add(client, "Another from the same page", **sent)
    assert Reminder.objects.count() == 3


def test_a_reminder_is_changed(client, owner):
    add(client, day="2026-03-26", at="09:00", tags="family")
    reminder = Reminder.objects.get()
    before = owner.__class__.objects.get(pk=owner.pk).change_number
    sent = opened(client, reminder) | {"title": "Call dad", "at": "10:00", "tags": "house"}
    assert client.post(edit_address(reminder), sent).url == reminder.get_absolute_url()
    reminder.refresh_from_db()
    assert (reminder.title, reminder.version) == ("Call dad", 2)
    assert reminder.next_fire_at == datetime(2026, 3, 26, 10, tzinfo=UTC)
    assert reminder.change_number > before
    assert [tag.name for tag in tags.all_of(owner)] == ["house"]


def test_other_words_leave_the_times_alone(client):
    add(client, day="2026-03-26", at="09:00")
    reminder = Reminder.objects.get()
    # It was put off, and told of meanwhile.
    later = datetime(2026, 3, 27, tzinfo=UTC)
    Reminder.objects.update(snoozed_until=later, next_fire_at=None)
    client.post(edit_address(reminder), opened(client, reminder) | {"title": "Call dad"})
    reminder.refresh_from_db()
    assert (reminder.snoozed_until, reminder.next_fire_at) == (later, None)


def test_a_second_tab_is_told_what_was_changed_and_keeps_what_was_typed(client):
    add(client, day="2026-03-26", at="09:00")
    reminder = Reminder.objects.get()
    tab = opened(client, reminder)
    client.post(edit_address(reminder), tab | {"at": "11:00", "tags": "family"})
    response = client.post(edit_address(reminder), tab | {"title": "Call dad"})
    assert response.status_code == 409
    page = main(response)
    assert "changed elsewhere meanwhile" in page
    for label, saved in (("What", "Call mum"), ("Time", "11:00"), ("Tags", "family")):
        assert f'<dt>{label}</dt><dd dir="auto">{saved}' in page
    assert "<dt>Day</dt>" not in page
    assert 'value="Call dad"' in page
    assert Reminder.objects.get().title == "Call mum"
    form = response.context["form"]
    sent = {name: form[name].value() or [] for name in form.fields}
    assert client.post(edit_address(reminder), sent).status_code == 302
    assert Reminder.objects.get().title == "Call dad"


def test_what_was_saved_without_an_answer_is_no_conflict(client):
    add(client, day="2026-03-26", at="09:00")
    reminder = Reminder.objects.get()
    sent = opened(client, reminder) | {"title": "Call dad"}
    for _ in range(2):
        assert client.post(edit_address(reminder), sent).status_code == 302
    assert Reminder.objects.get().version == 2


def test_a_second_tab_that_changes_the_tags_alone_is_a_conflict_too(client, owner):
    add(client, tags="family")
    reminder = Reminder.objects.get()
    tab = opened(client, reminder)
    client.post(edit_address(reminder), tab | {"tags": "family, house"})
    response = client.post(edit_address(reminder), tab | {"tags": "garden"})
    assert response.status_code == 409
    assert "family house" in main(response)
    assert {tag.name for tag in tags.all_of(owner)} == {"family", "house"}


def test_what_cannot_be_opened_says_so_and_is_never_overwritten(client, owner):
    add(client)
    add(client, "Other")
    reminder, other = Reminder.objects.order_by("created", "version")
    Reminder.objects.filter(pk=reminder.pk).update(
        title=Reminder.objects.get(pk=other.pk).__dict__["title"]
    )
    for address in (UNDATED, reminder.get_absolute_url()):
        assert "This can&#x27;t be opened." in main(client.get(address))
    assert client.get(edit_address(reminder)).url == reminder.get_absolute_url()
    response = client.post(edit_address(reminder), {"title": "New words", "version": 1})
    assert response.status_code == 422
    assert "New words" in main(response)
    assert "isn&#x27;t overwritten" in main(response)


def test_a_stranger_can_neither_read_nor_change_it(strangers_client, client):
    add(client)
    reminder = Reminder.objects.get()
    assert strangers_client.get(reminder.get_absolute_url()).status_code == 404
    assert strangers_client.get(edit_address(reminder)).status_code == 404
    sent = {"title": "Mine now", "version": 1}
    assert strangers_client.post(edit_address(reminder), sent).status_code == 404
    assert Reminder.objects.get().title == "Call mum"
