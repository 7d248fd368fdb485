"""What a person sees of what they were told."""

import re
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ahfai.models import Heartbeat
from reminders import due, notices
from reminders.models import Notice, Reminder
from reminders.notices import Bell
from reminders.tests.test_list import main, make

NOTICES, NEWS = reverse("reminders:notices"), reverse("reminders:news")


def tell(owner, title: str = "Call mum", ago: timedelta = timedelta()) -> Notice:
    """A notice of what became due so long ago, made now."""
    reminder = make(owner, title, -1, time(9))
    now = timezone.now()
    Reminder.objects.filter(pk=reminder.pk).update(due=now - ago, next_fire_at=now - ago)
    due.fire_due(now)
    return reminder.notices.get()


def news_address(page: str) -> str:
    """What an open page asks next."""
    return re.search('id="news" hidden hx-get="([^"]+)"', page)[1].replace("&amp;", "&")


def ask(client, address: str) -> tuple[list[str], str]:
    """The titles of the notices that come into the page, and what it asks next."""
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    return re.findall(r"data-title>(.*?)</a>", page), news_address(page)


def test_an_open_page_shows_each_notice_once(client, owner):
    address = news_address(client.get("/").content.decode())
    assert ask(client, address)[0] == []
    tell(owner)
    titles, following = ask(client, address)
    assert titles == ["Call mum"]
    assert ask(client, following)[0] == []
    tell(owner, "Call dad")
    assert ask(client, following)[0] == ["Call dad"]
    # Another page that has been open all the time shows both.
    assert ask(client, address)[0] == ["Call mum", "Call dad"]


def test_a_page_that_is_opened_later_shows_no_toast_of_what_was_told_before(client, owner):
    tell(owner)
    address = news_address(client.get("/").content.decode())
    assert ask(client, address)[0] == []


def test_a_notice_that_was_written_a_moment_after_its_time_comes_too(client, owner):
    address = news_address(client.get("/").content.decode())
    notice = tell(owner)
    Notice.objects.filter(pk=notice.pk).update(made=timezone.now() - timedelta(seconds=40))
    titles, following = ask(client, address)
    assert titles == ["Call mum"]
    assert ask(client, following)[0] == []


def test_of_many_only_a_few_are_shown_and_the_others_counted(client, owner):
    address = news_address(client.get("/").content.decode())
    for number in range(7):
        tell(owner, f"Number {number}")
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert len(re.findall("data-title", page)) == 5
    assert "And 2 more" in page
    assert "7 unread notices" in page


@pytest.mark.parametrize("asked", [{}, {"since": "x"}, {"since": "nan"}, {"since": "1e99"}])
def test_a_question_that_makes_no_sense_is_answered_all_the_same(client, owner, asked):
    tell(owner)
    assert client.get(NEWS, asked).status_code == 200


def test_a_page_asks_again_when_the_next_one_is_due():
    now = timezone.now()

    def ask_in(seconds: float | None) -> float:
        next_due = None if seconds is None else now + timedelta(seconds=seconds)
        return Bell(now, 0, 0, next_due, False, []).ask_in

    assert ask_in(None) == ask_in(3600) == notices.SELDOM_S
    assert 4 < ask_in(4) < 5
    assert ask_in(-1) == ask_in(-59) == notices.SOON_S
    # Nobody seems to be at work.
    assert ask_in(-100) == notices.SELDOM_S


def test_the_bell_and_the_rooms_count(client, owner):
    page = client.get("/").content.decode()
    assert 'id="unread-bell" hidden' in page
    assert 'id="reminders-count" hidden' in page
    make(owner, "Today")
    page = client.get("/").content.decode()
    assert re.search('id="reminders-count">1<span class="unseen"> today', page)
    tell(owner, ago=timedelta(hours=2))
    page = client.get("/").content.decode()
    assert re.search('id="reminders-count" data-late>1<span class="unseen"> overdue', page)
    assert ", 1 unread notice<" in page


def test_the_list_says_when_it_was_due_and_what_is_unread(client, owner):
    assert "No notices yet" in main(client.get(NOTICES))
    tell(owner)
    late = tell(owner, "Call dad", ago=timedelta(days=2))
    Notice.objects.filter(pk=late.pk).update(missed=3)
    page = main(client.get(NOTICES))
    assert "Call dad" in page
    assert re.search(r"was due \w+ \d+:\d\d, and 3 times more since", page)
    assert page.count("Unread:") == 2
    assert client.post(reverse("reminders:read_all")).url == NOTICES
    page = main(client.get(NOTICES))
    assert "Unread:" not in page
    assert "All read" not in page


def test_what_is_done_is_read(client, owner):
    notice = tell(owner)
    picked = f"{notice.reminder.pk}:{notice.reminder.version}"
    answer = client.post(
        reverse("reminders:complete"),
        {"back_to": "list", "reminder": picked},
        headers={"HX-Request": "true"},
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["HX-Trigger"] == "look"
    notice.refresh_from_db()
    assert notice.read


def test_a_stranger_sees_and_reads_none_of_it(client, strangers_client, owner):
    address = news_address(strangers_client.get("/").content.decode())
    notice = tell(owner)
    assert ask(strangers_client, address)[0] == []
    assert "Call mum" not in main(strangers_client.get(NOTICES))
    strangers_client.post(reverse("reminders:read_all"))
    notice.refresh_from_db()
    assert notice.read is None


def test_a_list_of_notices_asks_the_same_few_questions(client, owner):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(NOTICES)
        assert not [one for one in queries if '"reminders_reminder"."details"' in one["sql"]]
        return len(queries)

    tell(owner)
    few = asked()
    for _ in range(5):
        tell(owner)
    assert asked() == few


def test_a_page_needs_few_questions_for_what_it_shows_of_reminders(owner):
    tell(owner)
    Heartbeat.objects.create(kind="worker", host="here", pid=1)
    with CaptureQueriesContext(connection) as queries:
        Bell.of(owner)
    assert len(queries) == 4
    with CaptureQueriesContext(connection) as queries:
        Bell.of(owner)
    # The worker was there a moment ago.
    assert len(queries) == 3


def test_everybody_is_told_when_no_worker_has_run_for_two_minutes(client, monkeypatch):
    said = "Nobody is reminded of anything at the moment"
    page = client.get("/").content.decode()
    assert said not in page
    monkeypatch.setattr(notices, "_started", notices._started - 121)
    assert said in client.get(news_address(page)).content.decode()
    page = client.get("/").content.decode()
    assert said in page
    # Not each time anew.
    assert said not in client.get(news_address(page)).content.decode()
    beat = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    assert said not in client.get("/").content.decode()
    Heartbeat.objects.filter(pk=beat.pk).update(seen=timezone.now() - timedelta(seconds=121))
    assert said not in client.get("/").content.decode()
    monkeypatch.setattr(notices, "_alive_until", 0)
    assert said in client.get("/").content.decode()


def test_old_notices_are_forgotten(owner):
    old, young = tell(owner), tell(owner)
    Notice.objects.filter(pk=old.pk).update(made=timezone.now() - timedelta(days=91))
    notices.forget_old()
    assert Notice.objects.get() == young
