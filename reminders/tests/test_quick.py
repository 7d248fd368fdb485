"""A reminder in one line: read while it is written, and saved as it was shown."""

import html
import re
import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import tags
from reminders.models import Reminder
from reminders.tests.test_list import LIST, UNDATED, main

READ, ADD, NEW = (reverse(f"reminders:{name}") for name in ("read", "add", "new"))
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def later(monkeypatch, **by) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(**by))


def read(client, text: str, **sent):
    return client.post(READ, {"text": text, **sent}, headers={"hx-request": "true"})


def chips(response) -> list[str]:
    found = re.findall(
        r'(?s)<button class="chip[^"]*" name="take_off".*?<bdi>(.*?)</bdi>',
        response.content.decode(),
    )
    return [html.unescape(label) for label in found]


def shown(response) -> dict[str, object]:
    """What the page sends back of how the line was read."""
    form = response.context["quick"]
    return {
        "text": form.said,
        "seen": form.said,
        "seen_at": form.read_at.isoformat(),
        "without": form.taken_off,
    }


def add(client, text: str, **sent):
    return client.post(ADD, {"text": text, "page": uuid.uuid4(), **sent})


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("call mum tomorrow at 9am #family !1", ["tomorrow", "9:00", "#family", "priority: High"]),
        ("call mum at 9", ["tomorrow 9:00"]),
        ("tea in 2 hours", ["today 12:30"]),
        ("water plants every 3 days", ["every 3 days"]),
        ("run every day at 9 until friday", ["every day", "9:00", "until 27 March 2026"]),
        ("call in the evening at 7", ["today 19:00"]),
        ("morning run every morning", ["every day 9:00"]),
        ("1.3.2026 10:00 april fool", ["1 March, over already", "10:00"]),
        ("The 5th Wave", []),
    ],
)
def test_what_is_understood_is_shown_and_saved(client, owner, text, understood):
    response = read(client, text)
    assert chips(response) == understood
    for label in understood:
        assert label in response.content.decode()
    assert not Reminder.objects.exists()
    phrase = response.context["quick"].phrase
    assert add(client, **shown(response)).status_code == 302
    reminder = Reminder.objects.get()
    assert (reminder.title, reminder.rrule) == (phrase.title, phrase.rrule)
    assert [tag.name for tag in tags.all_of(owner)] == list(phrase.tags)


def test_the_first_days_of_a_series_are_shown(client):
    assert "next: today, Saturday, Tuesday" in " ".join(
        read(client, "water plants every 3 days").content.decode().split()
    )


def test_a_piece_that_is_taken_off_stays_in_the_title_and_can_come_back(client):
    response = read(client, "at 9 call mum tomorrow", take_off="at 9")
    assert chips(response) == ["tomorrow"]
    kept = shown(response)
    assert chips(read(client, **kept, put_back="at 9")) == ["9:00", "tomorrow"]
    add(client, **kept)
    reminder = Reminder.objects.get()
    assert reminder.title == "at 9 call mum"
    assert (reminder.day, reminder.at) == (date(2026, 3, 26), None)


def test_what_stands_before_a_piece_that_is_taken_off_stays_understood(client):
    assert chips(read(client, "call mum tomorrow at 9", take_off="at 9")) == ["tomorrow"]
    assert chips(read(client, "call mum at 9 tomorrow", take_off="tomorrow")) == ["tomorrow 9:00"]


def test_a_time_in_two_places_is_taken_off_as_one(client):
    page = read(client, "in the evening at 7 call mum").content.decode()
    value = re.search(r'(?s)name="take_off" value="(.*?)"', page)[1]
    kept = shown(read(client, "in the evening at 7 call mum", take_off=value))
    assert kept["without"] == ["in the evening", "at 7"]


def test_without_a_script_a_piece_is_taken_off_on_a_page(client):
    response = client.post(READ, {"text": "at 9 call mum tomorrow", "take_off": "at 9"})
    assert 'value="at 9 call mum tomorrow"' in main(response)
    assert chips(response) == ["tomorrow"]


def test_the_next_page_says_what_was_understood_with_ways_back(client):
    response = add(client, "call <mum> every week tomorrow at 9 #family !1")
    assert response.url == f"{LIST}?just=1"
    page = main(client.get(response.url))
    reminder = Reminder.objects.get()
    for said in (
        "call &lt;mum&gt;",
        "You will be reminded tomorrow 9:00.",
        "every week</span>",
        "priority: High</span>",
        "<bdi>#family</bdi></span>",
        reverse("reminders:edit", args=[reminder.pk]),
    ):
        assert said in page
    client.post(reverse("reminders:throw"), {"back_to": "list", "reminder": f"{reminder.pk}:1"})
    reminder.refresh_from_db()
    assert reminder.trashed
    assert "You will be reminded" not in main(client.get(response.url))
    undated = add(client, "call dad").url
    assert undated == f"{UNDATED}?just=1"
    # Where one lands, the next one can be written at once.
    assert re.search(r'<input id="quick"[^>]* autofocus', main(client.get(undated)))
    assert "autofocus" not in main(client.get(UNDATED))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("meet sam 31 february at 9", "“31 february” isn&#x27;t a day."),
        ("run every 2 minutes", "“every 2 minutes” isn&#x27;t a way for it to repeat."),
        ("meet sam at 25:00", "“at 25:00” isn&#x27;t a time."),
        ("run every day except sunday", "“except sunday” can&#x27;t limit how it repeats."),
        ("tomorrow at 9 #family", "Say what you want to be reminded of."),
        ("", "Say what you want to be reminded of."),
        ("x" * 201, "A line has at most 200 characters."),
    ],
)
def test_what_cannot_be_read_is_asked_and_stays(client, text, sentence):
    response = add(client, text)
    assert response.status_code == 422
    page = main(response)
    assert sentence in page
    assert f'value="{text}"' in page
    assert not Reminder.objects.exists()


def test_a_doubt_can_be_kept_as_words(client):
    kept = shown(read(client, "song 31 february tomorrow", take_off="31 february"))
    add(client, **kept)
    assert Reminder.objects.get().title == "song 31 february"


def test_what_was_shown_is_saved_though_time_goes_on(client, monkeypatch):
    kept = shown(read(client, "tea in 20 minutes"))
    later(monkeypatch, minutes=5)
    add(client, **kept)
    # Another text than the one that was shown counts from now.
    add(client, **kept | {"text": "coffee in 20 minutes"})
    assert [one.at for one in Reminder.objects.order_by("due")] == [time(10, 50), time(10, 55)]


def test_what_was_shown_and_is_over_is_asked(client, monkeypatch):
    kept = shown(read(client, "tea in 20 minutes"))
    later(monkeypatch, minutes=30)
    response = add(client, **kept)
    assert response.status_code == 422
    assert "is over" in main(response)
    assert chips(response) == ["today 11:20"]
    add(client, **shown(response))
    assert Reminder.objects.get().at == time(11, 20)


def test_a_line_is_read_on_the_persons_clock_and_calendar(client, owner):
    owner.time_zone = "America/New_York"
    owner.save()
    assert chips(read(client, "run every day at 9 until friday")) == [
        "every day",
        "9:00",
        "until 27 March 2026",
    ]
    for language, day in (("en-US", "5 April"), ("en-GB", "4 May"), ("de", "4 May")):
        response = client.post(
            READ,
            {"text": "pay rent on 4/5"},
            headers={"hx-request": "true", "accept-language": language},
        )
        assert chips(response) == [day]


def test_more_leads_to_the_whole_form_with_what_was_understood(client, owner):
    page = client.post(NEW, {"text": "call <mum> every 15th workday at 9 #family !1", "more": 1})
    form = page.context["form"]
    assert 'value="call &lt;mum&gt;"' in main(page)
    sent = {name: form[name].value() or [] for name in form.fields}
    assert (sent["day"], sent["at"], sent["unit"]) == (date(2026, 4, 21), time(9), "kept")
    assert client.post(NEW, sent).status_code == 422
    assert client.post(NEW, sent | {"rrule": form.kept_rule}).status_code == 302
    reminder = Reminder.objects.get()
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=15"
    assert (reminder.rrule, reminder.priority) == (rule, 1)
    assert [tag.name for tag in tags.all_of(owner)] == ["family"]


@pytest.mark.parametrize("text", ["meet 31 february", "x" * 201, ""])
def test_more_loses_nothing_that_is_not_understood(client, text):
    page = client.post(NEW, {"text": text, "more": 1})
    assert page.status_code == 200
    assert page.context["form"]["title"].value() == text


@pytest.mark.parametrize(
    "rrule", ["FREQ=WEEKLY;UNTIL=99999999", "FREQ=WEEKLY;BYDAY=XX", "FREQ=MINUTELY", "x"]
)
def test_a_rule_that_nobody_can_read_is_refused(client, rrule):
    sent = {"title": "x", "day": "2026-03-26", "unit": "kept", "rrule": rrule}
    assert client.post(NEW, sent).status_code == 422


def test_what_is_sent_twice_is_one_reminder(client):
    page = uuid.uuid4()
    for _ in range(2):
        add(client, "call mum tomorrow", page=page)
    assert Reminder.objects.count() == 1
