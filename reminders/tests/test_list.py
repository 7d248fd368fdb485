"""The lists of reminders: in order, with few questions to the database."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import tags
from ahfai import pages
from reminders import writing
from reminders.models import Reminder
from reminders.notices import Bell

LIST, UNDATED, DONE = (reverse(f"reminders:{place}") for place in ("list", "undated", "done"))


def make(
    owner, title: str, days: int | None = 0, at: time | None = None, names=(), **more
) -> Reminder:
    """A reminder so many days from today."""
    day = None if days is None else timezone.localdate() + timedelta(days=days)
    wanted = {"title": title, "details": "", "priority": 0, "day": day, "at": at, "zone": ""}
    return writing.create(owner, wanted | more, names)


def main(response) -> str:
    return re.search("<main.*</main>", response.content.decode(), re.DOTALL)[0]


def sections(client, **asked) -> dict[str, list[str]]:
    """The titles under each heading of the list."""
    found = re.findall(r'<section class="day">(.*?)</section>', main(client.get(LIST, asked)), re.S)
    return {
        re.search("<h2.*?>(.*?)</h2>", one)[1].partition(" · ")[0]: re.findall(
            r'<a href="[^"]+" dir="auto">(.*?)</a>', one
        )
        for one in found
    }


@pytest.fixture
def noon(monkeypatch):
    """It is noon, whenever the test runs."""
    now = datetime.combine(timezone.localdate(), time(12), timezone.get_current_timezone())
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def test_reminders_stand_under_their_days(client, owner, noon):
    make(owner, "Contract", -1, time(17))
    make(owner, "Books", -2)
    make(owner, "Plants", 0, time(19, 30))
    make(owner, "Bins", 0)
    make(owner, "Call", 0, time(11))
    make(owner, "Cabin", 1, time(9))
    make(owner, "Boat", None)
    assert sections(client) == {
        "Overdue": ["Books", "Contract", "Call"],
        "Today": ["Bins", "Plants"],
        "Tomorrow": ["Cabin"],
    }
    page = main(client.get(LIST))
    assert "Overdue · 3" in page
    assert "yesterday 17:00" in page
    assert re.search(r"overdue by</span> 2 days", page)
    assert re.search(r"overdue by</span> 1 hour<", page)
    assert "Boat" not in page
    assert "Boat" in main(client.get(UNDATED))


def test_the_day_is_the_one_of_the_persons_clock(client, owner, monkeypatch):
    """Half past eleven in the evening in Honolulu, which is the next day by UTC."""
    owner.time_zone = "Pacific/Honolulu"
    owner.save()
    now = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    for number in (1, 2):
        make(owner, f"May {number}", day=date(2026, 5, number))
    assert sections(client) == {"Today": ["May 1"], "Tomorrow": ["May 2"]}


def test_an_empty_list_says_what_it_is_for(client):
    assert "keep in your head" in main(client.get(LIST))
    assert "Nothing without a date" in main(client.get(UNDATED))
    assert "Nothing done yet" in main(client.get(DONE))


def test_of_many_tags_the_first_are_shown_and_a_link_shows_all(client, owner):
    make(owner, "Trip", names=[f"tag{number:02}" for number in range(14)])
    tags_of = re.compile(r"<nav [^>]*aria-label=.Tags.*?</nav>", re.DOTALL)
    [few] = tags_of.findall(main(client.get(LIST)))
    assert ("#tag11" in few, "#tag12" in few, "2 more tags" in few) == (True, False, True)
    [all_of_them] = tags_of.findall(main(client.get(LIST, {"tags": "all"})))
    assert ("#tag13" in all_of_them, "more" in all_of_them) == (True, False)


def test_a_list_is_narrowed_to_a_tag(client, owner):
    make(owner, "Roses", names=["garden/roses"])
    make(owner, "Rent")
    [garden] = [one.id for one in tags.all_of(owner) if one.name == "garden"]
    assert sections(client, tag=garden) == {"Today": ["Roses"]}
    assert "1 reminder<" in main(client.get(reverse("accounts:tags")))
    assert client.get(LIST, {"tag": owner.pk}).status_code == 404


def test_a_stranger_sees_nothing_of_it(strangers_client, owner):
    make(owner, "Secret")
    for address in (LIST, UNDATED, DONE):
        assert "Secret" not in main(strangers_client.get(address))


def test_the_pages_hold_each_reminder_once_and_lead_back(client, owner):
    for number in range(120):
        make(owner, f"Reminder {number}", number // 3)
    expected = {f"Reminder {number}" for number in range(120)}
    found, address = [], LIST
    while address:
        page = main(client.get(address))
        found.append(re.findall(r'dir="auto">(Reminder \d+)</a>', page))
        after = re.search('<a class="button" href="([^"]+)">Later</a>', page)
        address = after and after[1].replace("&amp;", "&")
    assert [len(one) for one in found] == [50, 50, 20]
    assert {title for one in found for title in one} == expected
    before = re.search('<a class="button" href="([^"]+)">Earlier</a>', page)
    page = main(client.get(before[1].replace("&amp;", "&")))
    assert re.findall(r'dir="auto">(Reminder \d+)</a>', page) == found[1]


def test_a_list_opens_no_details_and_asks_the_same_few_questions(client, owner):
    def asked(address: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return [query["sql"] for query in queries]

    def fill(count: int) -> None:
        for number in range(count):
            make(owner, f"Soon {number}", 1, names=["garden"])
            make(owner, f"Some time {number}", None)
            done = make(owner, f"Done {number}")
            client.post(
                reverse("reminders:complete"), {"back_to": "list", "reminder": f"{done.pk}:1"}
            )

    fill(3)
    few = {address: asked(address) for address in (LIST, UNDATED, DONE)}
    fill(5)
    for address, before in few.items():
        assert len(asked(address)) == len(before), address
        assert not [sql for sql in before if '"reminders_reminder"."details"' in sql]


@pytest.mark.only_on_sqlite
def test_the_database_begins_to_read_where_the_page_begins(owner):
    make(owner, "One", 1)
    [one] = owner.reminders.dated()
    key = pages._read(pages._key([one], 0, "moment"))
    rows = owner.reminders.dated().order_by("moment", "id")
    plan = rows.filter(pages._beyond(key, "moment", "gt")).explain()
    assert "reminder_by_moment (owner_id=? AND <expr>>?)" in plan
    assert "TEMP B-TREE" not in plan
    assert (
        "reminder_undated_newest_first"
        in owner.reminders.undated().order_by("-created", "-id").explain()
    )


def test_what_the_side_bar_counts_is_what_the_list_shows(client, owner, noon):
    make(owner, "Contract", -1, time(17))
    make(owner, "Bins", 0)
    make(owner, "Plants", 0, time(19, 30))
    make(owner, "Cabin", 1)
    bell = Bell.of(owner)
    assert (bell.overdue, bell.today) == (1, 2)
