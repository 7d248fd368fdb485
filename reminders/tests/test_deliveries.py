"""The page of what was sent outside, and what wasn't."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ahfai import pages
from reminders.channels import Permanent, Temporary
from reminders.models import Delivery
from reminders.tests.sinks import channel, fire, sink, states
from reminders.tests.test_delivering import send_all
from reminders.tests.test_list import main

__all__ = ["sink"]

PAGE = reverse("reminders:deliveries")


def again(delivery: Delivery) -> str:
    return reverse("reminders:delivery_again", args=[delivery.pk])


def refuse(error: Exception):
    def reply(_address: str) -> None:
        raise error

    return reply


def test_each_says_where_it_went_and_what_came_of_it(client, owner, sink):
    channel(owner, name="Phone")
    fire(owner, "Sent")
    send_all()
    sink.reply = refuse(Temporary("Nobody answers."))
    fire(owner, "Waiting")
    send_all()
    sink.reply = refuse(Permanent("Nobody lives here."))
    fire(owner, "Failed")
    send_all()
    page = main(client.get(PAGE))
    assert page.count("<bdi>Phone</bdi>") == 3
    assert re.findall('dir="auto">(Sent|Waiting|Failed)</a>', page) == ["Failed", "Waiting", "Sent"]
    assert re.search(r"sent (today|yesterday) \d+:\d\d", page)
    # A minute before midnight, the next minute is tomorrow's.
    soon = r"(today|tomorrow) \d+:\d\d"
    assert re.search(rf"1 try so far, the next one {soon}. .*Nobody answers\.", page)
    assert re.search(r"failed after 1 try\. .*Nobody lives here\.", page)
    assert page.count("Send again") == 1


def test_an_empty_page_says_what_it_is_for(client):
    assert "Nothing was sent yet" in main(client.get(PAGE))


def test_what_failed_is_sent_again_at_a_press(client, owner, sink):
    channel(owner)
    fire(owner)
    Delivery.objects.update(state="failed", attempts=5)
    delivery = Delivery.objects.get()
    assert client.get(again(delivery)).status_code == 405
    assert client.post(again(delivery)).url == PAGE
    send_all()
    client.post(again(delivery))
    assert states() == ["sent"]
    assert len(sink.came) == 1


def test_a_strangers_are_not_there(client, strangers_client, owner):
    channel(owner)
    fire(owner)
    Delivery.objects.update(state="failed")
    assert strangers_client.post(again(Delivery.objects.get())).status_code == 404
    assert "Call mum" not in main(strangers_client.get(PAGE))
    assert states() == ["failed"]


def test_there_are_pages_of_them_with_the_same_few_questions(client, owner, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    channel(owner)
    fire(owner, "One")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    few = asked()
    for number, title in enumerate(("Two", "Three"), start=1):
        fire(owner, title, now=timezone.now() + timedelta(seconds=number))
    assert asked() == few
    page = main(client.get(PAGE))
    assert ("Three" in page, "Two" in page, "One" in page) == (True, True, False)
    older = re.search(r'href="([^"]*after=[^"]+)"', page)[1].replace("&amp;", "&")
    page = main(client.get(PAGE + older))
    assert ("Two" in page, "One" in page) == (False, True)


@pytest.mark.parametrize("asked", ["after=x", "before=x", "after=20260502T09-x"])
def test_an_address_that_makes_no_sense_shows_the_newest(client, owner, asked):
    channel(owner)
    fire(owner)
    assert "Call mum" in main(client.get(f"{PAGE}?{asked}"))
