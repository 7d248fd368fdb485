"""Letting AhFai tell one in a browser while it is closed."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from ahfai.testing import signed_in
from ahfai.tests.browser_keys import BrowserKeys
from ahfai.webpush import vapid
from reminders import channels, push_views
from reminders.models import Channel

pytestmark = pytest.mark.django_db

HERE = "https://push.example/here"


def sent(endpoint=HERE, **more) -> dict:
    said = json.dumps(BrowserKeys().said(endpoint))
    return {"name": "Firefox, Linux", "subscription": said, **more}


def switch_on(client, endpoint=HERE, **more):
    return client.post("/reminders/told/push", sent(endpoint, **more))


def places(owner) -> list[str]:
    rows = owner.channels.order_by("created")
    return [json.loads(channel.target)["endpoint"] for channel in rows]


def test_the_page_has_the_key_that_the_browser_asks_for(client):
    page = client.get("/reminders/told/push").content.decode()
    assert f'data-push="{vapid.public_key()}"' in page
    assert "the server of your browser's maker (Google, Mozilla, Apple or Microsoft)" in page


def test_a_browser_that_is_switched_on_is_a_channel_and_says_no_words(client, owner):
    assert switch_on(client).status_code == 302
    channel = owner.channels.get()
    assert (channel.kind, channel.name) == ("push", "Firefox, Linux")
    assert (channel.by_default, channel.says_title) == (True, False)
    target = channels.target_of(channel)
    assert (target.endpoint, target.key) == (HERE, vapid.public_key())


def test_the_page_says_whose_server_wakes_it(client):
    switch_on(client, "https://fcm.googleapis.com/fcm/send/abc")
    page = client.get("/reminders/told/push").content.decode()
    assert "The server that wakes it is fcm.googleapis.com (Google)." in page
    assert 'data-endpoint="https://fcm.googleapis.com/fcm/send/abc"' in page


def test_switched_on_again_it_stays_one_channel_with_what_was_said_last(client, owner):
    switch_on(client)
    switch_on(client, name="My laptop", says_title="on")
    channel = owner.channels.get()
    assert (channel.name, channel.says_title) == ("My laptop", True)


def test_two_browsers_are_two_channels_though_they_have_one_name(client, owner):
    switch_on(client)
    switch_on(client, "https://push.example/other")
    assert places(owner) == [HERE, "https://push.example/other"]


def test_another_name_does_not_switch_one_on_that_has_gone(client, owner):
    switch_on(client)
    Channel.objects.update(off_since=timezone.now())
    channel = owner.channels.get()
    client.post(f"/reminders/told/{channel.pk}", {"name": "Old laptop"})
    channel.refresh_from_db()
    assert channel.name == "Old laptop"
    assert channel.off_since


def test_one_that_was_switched_off_comes_back_in_its_place(client, owner):
    switch_on(client)
    Channel.objects.update(off_since=timezone.now())
    assert "data-endpoint" not in client.get("/reminders/told/push").content.decode()
    switch_on(client, "https://push.example/anew")
    assert places(owner) == ["https://push.example/anew"]
    channel = owner.channels.get()
    assert (channel.off_since, channel.off_because) == (None, None)


def test_there_are_not_endlessly_many(client, owner, monkeypatch):
    monkeypatch.setattr(push_views, "MOST", 1)
    switch_on(client)
    answer = switch_on(client, "https://push.example/other")
    assert answer.status_code == 422
    assert "Delete one first." in answer.content.decode()
    assert switch_on(client).status_code == 302


def test_the_page_of_channels_leads_there_and_says_whose_server_it_is(client):
    switch_on(client, "https://fcm.googleapis.com/fcm/send/abc")
    page = client.get("/reminders/told").content.decode()
    assert 'href="/reminders/told/push"' in page
    assert "fcm.googleapis.com (Google)" in page
    assert "send/abc" not in page


def test_its_own_page_does_not_say_that_others_could_read_it(client, owner):
    switch_on(client)
    page = client.get(f"/reminders/told/{owner.channels.get().pk}").content.decode()
    assert "It goes sealed" in page
    assert "other people" not in page


def test_one_that_is_gone_is_switched_on_in_that_browser(client, owner):
    switch_on(client)
    Channel.objects.update(off_since=timezone.now())
    page = client.get(f"/reminders/told/{owner.channels.get().pk}").content.decode()
    assert "It can be switched on again in that browser" in page


@pytest.mark.parametrize(
    "said", ["", "{}", "no JSON", "[" * 3000, json.dumps({"endpoint": "x", "keys": {}})]
)
def test_what_is_no_address_of_a_browser_is_said(client, owner, said):
    answer = client.post("/reminders/told/push", sent() | {"subscription": said})
    assert answer.status_code == 422
    assert "Your browser gave no address. Try once more." in answer.content.decode()
    assert not owner.channels.exists()


def test_a_browser_is_switched_off_by_its_own_address(client, owner, strangers_client, stranger):
    switch_on(client)
    switch_on(client, "https://push.example/other")
    switch_on(strangers_client)
    assert client.get("/reminders/told/push/off").status_code == 405
    client.post("/reminders/told/push/off", {"endpoint": HERE})
    assert places(owner) == ["https://push.example/other"]
    assert places(stranger) == [HERE]


def test_a_browser_that_gets_another_address_is_reached_there(
    client, owner, strangers_client, stranger
):
    switch_on(client)
    switch_on(strangers_client)
    answer = client.post(
        "/reminders/told/push/renewed",
        {"before": HERE, "subscription": sent("https://push.example/new")["subscription"]},
    )
    assert answer.status_code == 204
    assert places(owner) == ["https://push.example/new"]
    assert places(stranger) == [HERE]


def test_one_that_is_not_known_is_not_made_by_that(client, owner):
    said = {"before": HERE, "subscription": sent()["subscription"]}
    assert client.post("/reminders/told/push/renewed", said).status_code == 204
    assert not owner.channels.exists()
    assert client.post("/reminders/told/push/renewed", {"before": HERE}).status_code == 422


def test_the_service_worker_gets_the_token_that_no_page_gives_it(owner):
    client = signed_in(owner)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    said = {"before": HERE, "subscription": sent()["subscription"]}
    assert strict.post("/reminders/told/push/renewed", said).status_code == 403
    token = strict.get("/reminders/told/push/renewed").json()["token"]
    said["csrfmiddlewaretoken"] = token
    assert strict.post("/reminders/told/push/renewed", said).status_code == 204


def test_one_that_cannot_be_read_hides_no_other(client, owner):
    switch_on(client)
    Channel.objects.create(owner=owner, kind="push", name="Old", target="{}")
    assert client.get("/reminders/told/push").content.decode().count("data-endpoint") == 1
