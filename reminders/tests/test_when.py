"""`manage.py when`: a phrase, understood at the command line."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

NOW = ("--now", "2026-03-25T10:30", "--zone", "Europe/Berlin")


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("when", *arguments, stdout=out)
    return out.getvalue()


def test_for_programs():
    found = json.loads(said("call mum tomorrow at 9am #family !1", *NOW, "--json"))
    assert found == {
        "start": "2026-03-26T09:00",
        "all_day": False,
        "rrule": "",
        "repeat_from": "",
        "title": "call mum",
        "tags": ["family"],
        "priority": 1,
        "next": ["2026-03-26T09:00+01:00"],
        "moved": False,
        "understood": [
            {"kind": "date", "words": "tomorrow"},
            {"kind": "time", "words": "at 9am"},
            {"kind": "tag", "words": "#family"},
            {"kind": "priority", "words": "!1"},
        ],
        "not_understood": [],
    }


def test_the_next_five_times_over_the_change_of_the_clock():
    found = json.loads(said("standup every day at 9:30", *NOW, "--json"))
    assert found["rrule"] == "FREQ=DAILY"
    assert found["next"] == [
        "2026-03-26T09:30+01:00",
        "2026-03-27T09:30+01:00",
        "2026-03-28T09:30+01:00",
        "2026-03-29T09:30+02:00",
        "2026-03-30T09:30+02:00",
    ]


def test_whole_days_have_no_time_and_today_is_one_of_them():
    found = json.loads(said("every! 3 days water plants", *NOW, "--json"))
    assert (found["start"], found["all_day"], found["repeat_from"]) == ("2026-03-25", True, "done")
    assert found["next"][:2] == ["2026-03-25", "2026-03-28"]


def test_a_phrase_without_a_time():
    found = json.loads(said("I may go", *NOW, "--json"))
    assert found["start"] is None
    assert (found["title"], found["next"], found["priority"]) == ("I may go", [], None)


@pytest.mark.parametrize(
    ("phrase", "sentence"),
    [
        ("call mum tomorrow at 9 #family !1",
         "“call mum” on Thursday 26 March 2026 at 09:00 with #family with priority 1."),
        ("buy milk", "“buy milk” without a date or time."),
        ("tomorrow", "Without a title on Thursday 26 March 2026."),
        ("lunch on 31 february", "can't be one: “on 31 february”"),
        ("today at 9", "That has passed."),
        ("lunch sunday 2:30", "The clock skips the time"),
        ("lunch daily", "The next times:\n  Wednesday 25 March 2026\n  Thursday 26 March 2026\n"),
        ("tidy every! 3 days", "counted from when it was done"),
    ],
)  # fmt: skip
def test_for_people(phrase, sentence):
    assert sentence in said(phrase, *NOW)


def test_the_order_of_dates_and_a_moment_in_another_zone():
    found = json.loads(
        said("on 4/5", "--order", "mdy", "--now", "2026-12-31T23:30Z", "--zone", "Asia/Tokyo",
             "--json")
    )  # fmt: skip
    assert found["start"] == "2027-04-05"


def test_without_a_time_it_is_now_in_the_settings_zone(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    found = json.loads(said("in 2 hours", "--json"))
    assert found["next"][0].endswith("+09:00")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x", "--zone", "Mars/Olympus"), "no time zone"),
        (("x", "--zone", "../etc/passwd"), "no time zone"),
        (("x", "--now", "soon"), "no time like"),
        (("x" * 201,), "at most 200"),
    ],
)
def test_what_is_wrong_is_said(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        said(*arguments)
