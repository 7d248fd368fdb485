"""Web Push to a browser, by a server here that takes what its maker's would take."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from ahfai import outbound
from ahfai.tests.browser_keys import BrowserKeys, claims_of
from ahfai.tests.sinks import http_sink, raw_sink
from ahfai.webpush import Subscription, vapid
from reminders import delivering
from reminders.channels import Message, Permanent, Temporary
from reminders.channels.push import Browser
from reminders.models import Channel, Delivery
from reminders.tests.sinks import fire

TITLE = "You have a reminder"


@pytest.fixture
def browser():
    return BrowserKeys()


@pytest.fixture
def service(settings):
    with http_sink() as sink:
        settings.NOTIFY_ALLOW = {sink.place}
        sink.answers = [(201, {}, b"")]
        yield sink


def target(browser, service) -> Browser:
    return Browser.of(Subscription.of(browser.said(f"{service.url}push/secret")))


def message(title=TITLE, text="") -> Message:
    url = "https://ahfai.example/reminders/1/act?at=5"
    return Message(uuid4(), title, text, url, datetime(2026, 5, 2, 9, tzinfo=UTC))


def test_the_browser_reads_what_was_sent_and_nobody_else(browser, service):
    answer = target(browser, service).send(message("Call mum", "It was due today 0:00."))
    assert answer.sentence == "127.0.0.1 has taken it."
    (request,) = service.requests
    assert b"Call mum" not in request.body
    assert json.loads(browser.read(request.body)) == {
        "title": "Call mum",
        "text": "It was due today 0:00.",
        "page": "/reminders/1/act?at=5",
        "tag": "/reminders/1/act 1777712400",
        "at": 1777712400000,
    }
    claims, key = claims_of(request.headers["Authorization"])
    assert claims["aud"] == service.url.rstrip("/")
    assert key == vapid.public_key()


def test_a_second_try_has_the_same_tag_and_topic(browser, service):
    sent, to = message(), target(browser, service)
    service.answers = [(503, {}, b""), (201, {}, b"")]
    with pytest.raises(Temporary):
        to.send(sent)
    to.send(sent)
    first, second = service.requests
    assert first.headers["Topic"] == second.headers["Topic"]
    assert browser.read(first.body) == browser.read(second.body)


def test_the_longest_title_in_any_script_fits(browser, service):
    target(browser, service).send(message("\U0001f9c1" * 1000, "\U0001f9c1" * 1000))
    said = json.loads(browser.read(service.requests[0].body))
    assert said["title"].endswith("\U0001f9c1…")
    assert said["text"].endswith("\U0001f9c1…")
    target(browser, service).send(message("\x01" * 1000, "\x01" * 1000))
    assert json.loads(browser.read(service.requests[1].body))["text"] == ""


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_told_nothing_any_more(browser, service, status):
    service.answers = [(status, {}, b"")]
    with pytest.raises(Permanent) as gone:
        target(browser, service).send(message())
    assert gone.value.sentence == "The browser doesn't take it any more. Switch it on again, in it."


@pytest.mark.parametrize("status", [301, 400, 403, 413, 429, 500, 503])
def test_any_other_answer_is_one_for_now_and_named(browser, service, status):
    service.answers = [(status, {"Location": service.url}, b"")]
    with pytest.raises(Temporary) as unsent:
        target(browser, service).send(message())
    assert unsent.value.sentence == f"127.0.0.1 didn't take it ({status})."
    assert unsent.value.wait_s == 0
    assert len(service.requests) == 1


def test_a_service_that_asks_to_wait_is_waited_for(browser, service):
    service.answers = [(429, {"Retry-After": "600"}, b"")]
    with pytest.raises(Temporary) as unsent:
        target(browser, service).send(message())
    assert unsent.value.wait_s == 600


def test_a_service_that_says_nothing_is_tried_again(browser, settings, monkeypatch):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.1)
    with raw_sink(lambda connection: connection.recv(1) and connection.recv(65_536)) as url:
        settings.NOTIFY_ALLOW = {url.split("/")[2]}
        with pytest.raises(Temporary):
            Browser.of(Subscription.of(browser.said(url))).send(message())


def test_an_address_inside_is_never_asked(browser):
    inside = Browser.of(Subscription.of(browser.said("https://127.0.0.1:8443/push")))
    with pytest.raises(Permanent) as refused:
        inside.send(message())
    assert "NOTIFY_ALLOW" in refused.value.sentence


def test_with_another_key_nothing_is_sent(browser, service, settings):
    to = target(browser, service)
    settings.VAPID_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
    with pytest.raises(Permanent) as stale:
        to.send(message())
    assert "new key" in stale.value.sentence
    assert service.requests == []


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("fcm.googleapis.com", "fcm.googleapis.com (Google)"),
        ("updates.push.services.mozilla.com", "updates.push.services.mozilla.com (Mozilla)"),
        ("web.push.apple.com", "web.push.apple.com (Apple)"),
        ("wns2-by3p.notify.windows.com", "wns2-by3p.notify.windows.com (Microsoft)"),
        ("push.example.org", "push.example.org"),
        ("googleapis.com.evil.example", "googleapis.com.evil.example"),
    ],
)
def test_it_says_whose_server_carries_it(browser, host, place):
    said = browser.said(f"https://{host}/push/secret")
    assert Browser.of(Subscription.of(said)).place == place


@pytest.fixture
def channel(owner, browser, service) -> Channel:
    to = target(browser, service)
    return Channel.objects.create(
        owner=owner, kind="push", name="Firefox, Linux", target=json.dumps(to.__dict__)
    )


def send() -> None:
    (ready,) = delivering.look_at(delivering.claim(10))
    delivering.settle(ready, ready.send())


@pytest.mark.django_db
def test_a_reminder_that_is_due_comes_to_the_browser_without_its_words(
    owner, channel, browser, service
):
    reminder = fire(owner, "Call mum")
    send()
    said = json.loads(browser.read(service.requests[0].body))
    assert said["title"] == TITLE
    assert said["page"].startswith(f"/reminders/{reminder.pk}/act?at=")
    assert Delivery.objects.get().state == "sent"


@pytest.mark.django_db
def test_its_title_goes_along_where_the_person_allows_it(owner, channel, browser, service):
    Channel.objects.update(says_title=True)
    fire(owner, "Call mum")
    send()
    assert json.loads(browser.read(service.requests[0].body))["title"] == "Call mum"


@pytest.mark.django_db
def test_a_browser_that_is_gone_is_switched_off_with_its_reason(owner, channel, service):
    service.answers = [(410, {}, b"")]
    fire(owner)
    send()
    channel.refresh_from_db()
    assert channel.off_since
    assert channel.off_because.startswith("The browser doesn't take it any more.")
    fire(owner, "The next one")
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_the_next_try_waits_as_long_as_the_service_asks(owner, channel, service):
    service.answers = [(429, {"Retry-After": "600"}, b"")]
    fire(owner)
    send()
    wait = Delivery.objects.get().next_try_at - timezone.now()
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


@pytest.mark.django_db
def test_a_page_that_is_open_shows_the_same_one_and_not_a_second(
    owner, client, channel, browser, service
):
    fire(owner)
    send()
    tag = json.loads(browser.read(service.requests[0].body))["tag"]
    news = client.get("/reminders/notices/news?since=&shown=").content.decode()
    assert f'data-notice="{tag}"' in news
