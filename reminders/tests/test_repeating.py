"""What comes again: set by a form, done, skipped, ended, and taken back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reminders import due, words
from reminders.models import Completion, Reminder
from reminders.repeating import UNITS, Repeat
from reminders.tests.test_completing import complete, state, undo
from reminders.tests.test_due import at, every, remind, told
from reminders.tests.test_list import main, sections
from reminders.tests.test_writing import add, edit_address, opened

NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)  # A Wednesday.


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stands still until a test sets it."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_to(NOW)
    return set_to


def act(client, address: str, reminder: Reminder):
    reminder.refresh_from_db()
    picked = f"{reminder.pk}:{reminder.version}"
    return client.post(reverse(f"reminders:{address}"), {"back_to": "list", "reminder": picked})


def due_of(reminder: Reminder) -> str:
    reminder.refresh_from_db()
    return f"{reminder.due:%Y-%m-%dT%H:%M}"


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    ("unit", "interval", "day", "rule"),
    [
        ("hour", 3, "2026-03-26", "FREQ=HOURLY;INTERVAL=3"),
        ("day", 1, "2026-03-26", "FREQ=DAILY"),
        ("weekday", 1, "2026-03-26", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("week", 2, "2026-03-26", "FREQ=WEEKLY;INTERVAL=2"),
        ("month", 1, "2026-03-28", "FREQ=MONTHLY"),
        ("month", 1, "2026-03-30", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("year", 1, "2026-05-01", "FREQ=YEARLY"),
        ("year", 1, "2028-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"),
    ],
)
def test_a_form_sets_a_rule_and_shows_it_again(client, unit, interval, day, rule):
    add(client, day=day, at="09:00", unit=unit, interval=interval, repeat_from="done")
    reminder = Reminder.objects.get()
    assert (reminder.rrule, reminder.repeat_from) == (rule, "done")
    shown = opened(client, reminder)
    assert (shown["unit"], shown["interval"]) == (unit, interval)
    client.post(edit_address(reminder), shown | {"title": "Call dad"})
    reminder.refresh_from_db()
    assert (reminder.rrule, reminder.title) == (rule, "Call dad")
    client.post(edit_address(reminder), opened(client, reminder) | {"unit": ""})
    reminder.refresh_from_db()
    assert (reminder.rrule, reminder.repeat_from) == ("", "")


WHOLE = [
    ({"unit": "week", "weekdays": ["MO", "TH"]}, "FREQ=WEEKLY;BYDAY=MO,TH"),
    ({"unit": "week", "interval": 2, "count": 6}, "FREQ=WEEKLY;INTERVAL=2;COUNT=6"),
    ({"unit": "month", "on": "last"}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    ({"unit": "month", "on": "days", "days": "15, 1"}, "FREQ=MONTHLY;BYMONTHDAY=1,15"),
    ({"unit": "month", "on": "which", "which": -1, "weekday": "FR"}, "FREQ=MONTHLY;BYDAY=-1FR"),
    (
        {"unit": "month", "on": "which", "which": 1, "weekday": "workday"},
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    ),
    (
        {"unit": "year", "on": "which", "which": 1, "weekday": "MO"},
        "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO",
    ),
    ({"unit": "minute", "interval": 30}, "FREQ=MINUTELY;INTERVAL=30"),
]


@pytest.mark.same_everywhere
@pytest.mark.parametrize(("sent", "rule"), WHOLE)
def test_a_form_says_all_that_a_line_can(client, sent, rule):
    add(client, day="2026-03-02", at="09:00", **sent)
    reminder = Reminder.objects.get()
    assert reminder.rrule == rule
    shown = opened(client, reminder)
    assert {name: shown[name] for name in sent} == sent | (
        {"days": "1, 15"} if "days" in sent else {}
    )
    client.post(edit_address(reminder), shown | {"title": "Call dad"})
    reminder.refresh_from_db()
    assert (reminder.rrule, reminder.title) == (rule, "Call dad")


def test_each_repeat_of_the_form_is_known_again():
    for day in (date(2026, 3, 26), date(2026, 3, 31), date(2028, 2, 29), date(2026, 1, 30)):
        for unit in UNITS:
            for until in (None, date(2030, 1, 1)) if unit else (None,):
                repeat = Repeat(unit, 1 if unit in ("", "weekday") else 6, until)
                found = Repeat.of(repeat.rule(day), day)
                assert found
                assert found.rule(day) == repeat.rule(day)


@pytest.mark.parametrize(
    ("rule", "day", "unit"),
    [
        ("FREQ=WEEKLY;BYDAY=FR", "2026-03-27", "week"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-03-31", "month"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", "2026-03-27", "month"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=5", "2026-05-05", "year"),
        ("FREQ=DAILY;UNTIL=20260521T215959Z", "2026-03-27", "day"),
    ],
)
def test_who_changes_something_else_leaves_a_repeat_as_it_was_said(client, owner, rule, day, unit):
    owner.time_zone = "Europe/Berlin"
    owner.save()
    reminder = remind(owner, f"{day}T09:00", **every(rule))
    Reminder.objects.update(snoozed_until=datetime(2026, 6, 1, tzinfo=UTC))
    shown = opened(client, reminder)
    assert shown["unit"] == unit
    client.post(edit_address(reminder), shown | {"title": "Beer"})
    reminder.refresh_from_db()
    assert (reminder.title, reminder.rrule) == ("Beer", rule)
    # It isn't moved either.
    assert reminder.snoozed_until


def test_a_rule_that_the_form_has_no_fields_for_stays_as_it_is(client, owner):
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=15"
    reminder = remind(owner, "2026-03-20T09:00", **every(rule))
    page = main(client.get(edit_address(reminder)))
    assert "every month on the 15th weekday" in page
    client.post(edit_address(reminder), opened(client, reminder) | {"title": "Beer"})
    reminder.refresh_from_db()
    assert (reminder.title, reminder.rrule) == ("Beer", rule)


def test_it_begins_on_the_first_day_that_fits(client):
    add(client, day="2026-03-28", at="09:00", unit="weekday")
    assert Reminder.objects.get().day == date(2026, 3, 30)


@pytest.mark.same_everywhere
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"unit": "day"}, "needs a day to begin with"),
        ({"unit": "hour", "day": "2026-03-26"}, "needs a time"),
        ({"unit": "minute", "day": "2026-03-26", "interval": "30"}, "needs a time"),
        ({"unit": "day", "day": "2026-03-26", "interval": "0"}, "greater than or equal to 1"),
        ({"unit": "day", "day": "2026-03-26", "until": "2026-03-25"}, "before it begins"),
        (
            {"unit": "minute", "day": "2026-03-26", "at": "09:00", "interval": "4"},
            "Every 5 minutes",
        ),
        (
            {"unit": "day", "day": "2026-03-26", "until": "2026-04-01", "count": "3"},
            "A day or a number, not both.",
        ),
        ({"unit": "month", "day": "2026-03-26", "on": "days"}, "Say which days."),
        ({"unit": "month", "day": "2026-03-26", "on": "days", "days": "0 x"}, "from 1 to 31"),
        ({"unit": "eclipse", "day": "2026-03-26"}, "not one of the available choices"),
        ({"unit": "kept", "day": "2026-03-26"}, "not one of the available choices"),
    ],
)
def test_what_cannot_repeat_is_named(client, wrong, sentence):
    answer = add(client, **wrong)
    assert answer.status_code == 422
    assert sentence in main(answer)
    assert not Reminder.objects.exists()


def test_the_next_times_are_shown_before_anything_is_saved(client):
    answer = add(client, day="2026-03-26", at="09:00", unit="day", interval=3, preview="1")
    assert "tomorrow 9:00 · Sunday 9:00 · 1 April 9:00 · 4 April 9:00 · 7 April 9:00" in main(
        answer
    )
    assert 'value="Call mum"' in main(answer)
    assert not Reminder.objects.exists()


def test_a_page_with_scripts_asks_for_the_next_times_by_itself(client):
    sent = {"day": "2026-03-26", "at": "09:00", "unit": "week", "weekdays": ["MO"], "preview": "1"}
    htmx = {"hx-request": "true"}
    new = reverse("reminders:new")
    answer = client.post(new, sent, headers=htmx).content.decode()
    assert "Monday 9:00 · 6 April 9:00" in answer
    assert "<main" not in answer
    no_time = sent | {"unit": "hour"}
    del no_time["at"]
    asked = client.post(new, no_time, headers=htmx).content.decode()
    assert "What repeats by hours or minutes needs a time." in asked
    # The title may come later.
    assert client.post(new, sent | {"interval": 0}, headers=htmx).status_code == 200
    assert not Reminder.objects.exists()


def test_what_is_done_comes_again_and_stays_in_sight(client, owner):
    reminder = remind(owner, "2026-03-25T09:00", since="2026-03-24", **every("FREQ=DAILY"))
    due.fire_due(at("2026-03-25T09:00"))
    before = state(reminder)
    act(client, "complete", reminder)
    assert due_of(reminder) == "2026-03-26T09:00"
    assert state(reminder)["next_fire_at"] == at("2026-03-26T09:00")
    assert state(reminder)["done"] is None
    assert sections(client) == {"Today": ["t"], "Tomorrow": ["t"]}
    undo(client, Completion.objects.get())
    assert state(reminder) == before


def test_what_was_missed_is_done_with_the_last_one(client, owner, clock):
    reminder = remind(owner, "2026-03-20T09:00", since="2026-03-19", **every("FREQ=DAILY"))
    act(client, "complete", reminder)
    assert due_of(reminder) == "2026-03-26T09:00"


def test_what_is_done_early_goes_on_after_its_time(client, owner):
    reminder = remind(owner, "2026-03-27T09:00", **every("FREQ=WEEKLY"))
    act(client, "complete", reminder)
    assert due_of(reminder) == "2026-04-03T09:00"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2026-03-28T09:00"),
        ("FREQ=WEEKLY", "2026-04-01T09:00"),
        ("FREQ=HOURLY;INTERVAL=5", "2026-03-25T15:30"),
    ],
)
def test_what_counts_from_when_it_is_done_does_so(client, owner, rule, expected):
    reminder = remind(owner, "2026-03-20T09:00", rrule=rule, repeat_from="done")
    act(client, "complete", reminder)
    assert due_of(reminder) == expected


def test_a_second_press_does_not_do_the_next_one_too(client, owner):
    reminder = remind(owner, "2026-03-25T09:00", **every("FREQ=DAILY"))
    for _ in range(2):
        complete(client, reminder)
    assert due_of(reminder) == "2026-03-26T09:00"
    assert Completion.objects.count() == 1


def test_this_time_is_skipped(client, owner):
    reminder = remind(owner, "2026-03-26T09:00", rrule="FREQ=DAILY;INTERVAL=3", repeat_from="done")
    act(client, "skip", reminder)
    assert due_of(reminder) == "2026-03-29T09:00"
    assert "skipped 10:30" in main(client.get(reverse("reminders:done")))
    undo(client, Completion.objects.get())
    assert due_of(reminder) == "2026-03-26T09:00"


def test_a_series_is_ended_and_goes_on_after_undo(client, owner):
    reminder = remind(owner, "2026-03-26T09:00", **every("FREQ=DAILY"))
    before = state(reminder)
    assert "The series is over." in main(client.get(act(client, "end_series", reminder).url))
    assert state(reminder)["done"]
    assert due.fire_due(at("2026-03-27")) == 0
    undo(client, Completion.objects.get())
    assert state(reminder) == before


def test_what_is_no_series_is_neither_skipped_nor_ended(client, owner):
    reminder = remind(owner, "2026-03-26T09:00")
    for address in ("skip", "end_series"):
        act(client, address, reminder)
    assert state(reminder)["done"] is None
    assert not Completion.objects.exists()


def test_a_counted_series_counts_down_and_ends(client, owner, clock):
    reminder = remind(owner, "2026-03-25T09:00", **every("FREQ=DAILY;COUNT=4"))
    act(client, "complete", reminder)
    assert (due_of(reminder), reminder.rrule) == ("2026-03-26T09:00", "FREQ=DAILY;COUNT=3")
    clock(at("2026-03-27T12:00"))
    act(client, "complete", reminder)
    assert (due_of(reminder), reminder.rrule) == ("2026-03-28T09:00", "FREQ=DAILY;COUNT=1")
    act(client, "complete", reminder)
    assert state(reminder)["done"]
    undo(client, Completion.objects.order_by("-version").first())
    assert due_of(reminder) == "2026-03-28T09:00"


def test_a_counted_series_from_when_it_is_done_ends_too(client, owner):
    reminder = remind(owner, "2026-03-25T09:00", rrule="FREQ=DAILY;COUNT=2", repeat_from="done")
    act(client, "complete", reminder)
    assert (due_of(reminder), reminder.rrule) == ("2026-03-26T09:00", "FREQ=DAILY;COUNT=1")
    act(client, "complete", reminder)
    assert state(reminder)["done"]


def test_nine_o_clock_stays_nine_o_clock_when_it_is_done_over_the_change(client, owner, clock):
    owner.time_zone = "Europe/Berlin"
    owner.save()
    reminder = remind(owner, "2026-03-28T02:30", **every("FREQ=DAILY"))
    seen = []
    for _ in range(4):
        clock(reminder.due + timedelta(minutes=5))
        act(client, "complete", reminder)
        reminder.refresh_from_db()
        seen.append(f"{reminder.due.astimezone(owner.zone):%d %H:%M}")
        assert reminder.at.isoformat("minutes") == "02:30"
    assert seen == ["29 03:30", "30 02:30", "31 02:30", "01 02:30"]


def test_the_page_of_a_series_says_how_it_goes_on(client, owner):
    reminder = remind(owner, "2026-03-26T09:00", **every("FREQ=DAILY;INTERVAL=2"))
    page = main(client.get(reminder.get_absolute_url()))
    assert "every 2 days" in page
    assert "Saturday 9:00 · Monday 9:00" in page
    assert "9:00 · every 2 days" in main(client.get(reverse("reminders:list")))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "every 2 weeks on Monday, Thursday"),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "every month on the 30th"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on the 1st, 15th"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=3", "every month on the third Friday"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday"),
        ("FREQ=MONTHLY;BYDAY=5MO", "every month on the 5th Monday"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "every month on the 2nd last Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "every month on the 2nd last day"),
        ("FREQ=MONTHLY;BYDAY=+1MO", "every month on the first Monday"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=1MO", "every year on the first Monday of May"),
        ("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=21", "every year on the 21st of June"),
        ("FREQ=DAILY;UNTIL=20270503", "every day until 3 May 2027"),
        ("FREQ=DAILY;COUNT=5", "every day 5 times more"),
        ("FREQ=HOURLY;INTERVAL=12", "every 12 hours"),
        ("FREQ=SECONDLY", "by a rule of its own"),
    ],
)
def test_a_rule_is_said_in_words(rule, said):
    assert words.repeat(rule, "due") == said
    if said != "by a rule of its own":
        assert words.repeat(rule, "done") == f"{said} after it is done"


def test_a_series_of_hours_is_told_of_each_time(owner):
    reminder = remind(owner, "2026-03-25T09:00", **every("FREQ=HOURLY;INTERVAL=12"))
    for number in range(4):
        due.fire_due(at("2026-03-25T09:00") + timedelta(hours=12 * number))
    assert told(reminder)[-1] == "2026-03-26T21:00"
