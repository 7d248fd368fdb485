"""A month of reminders, day by day."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reminders import completing, order, own_lists, snoozing
from reminders.tests.test_list import main, make

MONTH = reverse("reminders:month")
NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def spring(monkeypatch):
    """Half past ten on a Wednesday in March, by UTC."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def days(client, month: str = "", **asked) -> dict[str, list[str]]:
    """What stands on each day that isn't empty, by its number; of the month alone."""
    page = main(client.get(MONTH, {"month": month, **asked}))
    found = {}
    for cell in re.findall(r"<td>(.*?)</td>", page, re.DOTALL):
        number = re.search(r'<span aria-hidden="true">(\d+)<', cell)[1]
        said = re.findall(r'<span dir="auto">(.*?)</span>', cell)
        if said:
            found[number] = said
    return found


def test_reminders_stand_on_their_days(client, owner):
    make(owner, "Dentist", 1, time(9))
    make(owner, "Bins", 1)
    make(owner, "Taxes", 7)
    make(owner, "Boat", None)
    make(owner, "Late", -2, time(9))
    assert days(client) == {"23": ["Late"], "26": ["Bins", "Dentist"]}
    assert days(client, "2026-04") == {"1": ["Taxes"]}
    assert "9:00" in main(client.get(MONTH))


def test_what_repeats_stands_on_each_of_its_days(client, owner):
    make(owner, "Standup", 0, time(9), rrule="FREQ=WEEKLY;COUNT=3", repeat_from="due")
    make(owner, "Pill", 1, time(8), rrule="FREQ=HOURLY;INTERVAL=12", repeat_from="due")
    make(owner, "Filter", 2, time(8), rrule="FREQ=DAILY", repeat_from="done")
    march = days(client)
    assert march["25"] == ["Standup"]
    assert march["26"] == ["Pill"]
    assert march["27"] == ["Pill", "Filter"]
    assert march["28"] == ["Pill"]
    april = days(client, "2026-04")
    assert [day for day, said in april.items() if "Standup" in said] == ["1", "8"]
    assert len(april) == 30


def test_what_is_put_off_stands_where_it_was_put_off_to(client, owner):
    one = make(owner, "Call", 0, time(11))
    snoozing.snooze(owner, [one.pk], NOW + timedelta(days=2))
    assert days(client) == {"27": ["Call"]}


def test_what_was_done_stays_on_the_day_when_it_was(client, owner):
    one = make(owner, "Call", 3, time(9))
    completing.complete(owner, {one.pk: 1})
    assert days(client) == {"25": ["Call"]}
    assert "done 10:30" in main(client.get(MONTH))
    order.trash(owner, [one.pk])
    assert days(client) == {}


def test_days_are_those_of_the_persons_clock(client, owner):
    owner.time_zone = "Pacific/Auckland"
    owner.save()
    make(owner, "Early", 1, time(0, 30))
    assert days(client) == {"26": ["Early"]}
    assert 'day=2026-03-25#day" aria-current="date"' in main(client.get(MONTH))


def test_steps_that_come_again_with_what_they_are_steps_of_are_nothing_done(client, owner):
    party = make(owner, "Party", 0, time(9), rrule="FREQ=WEEKLY", repeat_from="due")
    make(owner, "Bake", 0, parent_id=party.pk)
    completing.complete(owner, {party.pk: party.version})
    assert days(client)["25"] == ["Party"]


def test_a_full_day_says_how_many_more_and_shows_all_when_opened(client, owner):
    for number in range(5):
        make(owner, f"Guest {number}", 1, time(9 + number))
    assert len(days(client)["26"]) == 3
    page = main(client.get(MONTH))
    assert re.search(r'day=2026-03-26#day">\+2 more<', page)
    assert "Thursday 26 March, 5 reminders" in page
    opened = main(client.get(MONTH, {"day": "2026-03-26"}))
    assert opened.count("Guest 4") == 1
    assert 'value=" 2026-03-26"' in opened


def test_the_line_of_a_day_makes_a_reminder_of_that_day(client, owner):
    page = client.get(MONTH, {"day": "2026-04-02"})
    assert re.search('name="take_off".*?<bdi>2 April</bdi>', page.content.decode(), re.DOTALL)
    said = page.context["quick"]
    sent = {"text": f"Fetch the cake {said.said}", "page": said["page"].value()}
    client.post(reverse("reminders:add"), sent)
    made = owner.reminders.get()
    assert (made.title, made.day) == ("Fetch the cake", date(2026, 4, 2))


@pytest.mark.parametrize(("language", "first"), [("en", "Sunday"), ("de", "Monday")])
def test_weeks_begin_as_the_language_of_the_browser_has_it(client, language, first):
    page = main(client.get(MONTH, headers={"accept-language": language}))
    assert re.search('<th scope="col" abbr="(.*?)"', page)[1] == first


def test_one_goes_from_month_to_month_not_for_ever(client):
    page = main(client.get(MONTH, {"month": "2026-12"}))
    assert {"?month=2026-11", "?month=2027-01"} <= set(re.findall(r'href="(.*?)"', page))
    assert "?month=2037-01" not in main(client.get(MONTH, {"month": "2036-12"}))
    for name in ("2037-01", "1999-01", "2026-13", "march", "2026-1", "٢٠٢٦-٠١"):
        assert client.get(MONTH, {"month": name}).status_code == 404
    assert client.get(MONTH, {"day": "nonsense"}).status_code == 200
    assert client.get(MONTH, {"day": "1999-01-01"}).status_code == 404
    assert client.post(MONTH).status_code == 405


def test_a_reminder_of_a_list_has_its_colour(client, owner):
    garden = own_lists.create(owner, "Garden", "moss")
    make(owner, "Dig", 0, list=garden)
    page = main(client.get(MONTH))
    assert len(re.findall('class="of-list" data-colour="moss"', page)) == 2
    assert "<bdi>Garden</bdi>" in page


def test_a_stranger_sees_an_empty_month(strangers_client, owner):
    make(owner, "Dentist", 1, time(9))
    assert "Dentist" not in main(strangers_client.get(MONTH))


def test_more_reminders_are_no_more_questions(client, owner):
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(MONTH)
        return len(asked)

    def fill(first: int) -> None:
        for number in range(first, first + 4):
            make(owner, f"One {number}", number % 5, time(9))
            make(owner, f"Week {number}", 0, time(9), rrule="FREQ=WEEKLY", repeat_from="due")
        completing.complete(owner, {owner.reminders.filter(done=None)[0].pk: 1})

    fill(0)
    few = questions()
    fill(4)
    assert questions() == few
