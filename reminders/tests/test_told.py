"""The pages about how a person is told."""

import json
import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from ahfai.tests.sinks import http_sink
from reminders import channel_views
from reminders.channels.ntfy import Ntfy
from reminders.models import Channel, Telling
from reminders.tests.test_list import main

TOLD, NEW, TIMES = (reverse(f"reminders:{name}") for name in ("told", "channel_new", "save_times"))
NTFY = {"server": "https://ntfy.example", "topic": "garden", "token": "tk_1", "name": "Phone"}


def of(channel: Channel, act: str = "channel") -> str:
    return reverse(f"reminders:{act}", args=[channel.pk])


def make(client, kind: str = "ntfy", **fields) -> Channel:
    answer = client.post(f"{NEW}?kind={kind}", fields or NTFY)
    assert answer.status_code == 302, main(answer)
    return Channel.objects.latest("created")


def kept(channel: Channel) -> dict:
    channel.refresh_from_db()
    return json.loads(channel.target)


@pytest.fixture
def mail(settings):
    settings.HAS_MAIL = True


def test_the_settings_and_the_notices_lead_there(client):
    for address in (reverse("accounts:settings"), reverse("reminders:notices")):
        assert f'href="{TOLD}"' in main(client.get(address))


def test_a_new_channel_is_usual_and_says_no_title_unless_asked_to(client, owner):
    channel = make(client, **NTFY, by_default="on")
    assert (channel.owner, channel.kind, channel.name) == (owner, "ntfy", "Phone")
    assert (channel.by_default, channel.says_title) == (True, False)
    assert kept(channel) == {name: NTFY[name] for name in ("server", "topic", "token")}
    page = main(client.get(TOLD))
    assert "ntfy.example/garden" in page
    assert "tk_1" not in page
    assert "says what it is" not in page


def test_what_is_wrong_in_a_channel_is_said(client):
    wrong = {"server": "ftp://x", "topic": "my garden", "name": ""}
    answer = client.post(f"{NEW}?kind=ntfy", wrong)
    assert answer.status_code == 422
    page = main(answer)
    for said in ("begins with https://", "letters, digits", "This field is required"):
        assert said in page
    assert not Channel.objects.exists()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://169.254.169.254/latest", "AhFai may not send there"),
        ("https://[::1]/", "AhFai may not send there"),
        ("https://localhost:8765/", "AhFai may not send there"),
        ("https://example.org:22/", "AhFai may not send there"),
        ("http://localhost:8765/", "must begin with https:// or be one that NOTIFY_ALLOW lists"),
        ("https://[example.org/", "An address begins with https://"),
        ("https://0x7f000001/", "isn&#x27;t an address like https://host/path"),
    ],
)
def test_an_address_that_is_never_asked_is_not_saved(client, address, sentence):
    answer = client.post(f"{NEW}?kind=webhook", {"name": "Mine", "address": address})
    assert answer.status_code == 422
    assert sentence in main(answer)
    assert not Channel.objects.exists()


def test_a_token_is_never_shown_again_and_stays_with_its_server_alone(client):
    channel = make(client)
    assert "tk_1" not in client.get(of(channel)).content.decode()
    client.post(of(channel), NTFY | {"token": "", "topic": "roses"})
    assert kept(channel)["token"] == "tk_1"
    # Nobody who borrows the browser for a minute has it sent to them.
    client.post(of(channel), NTFY | {"token": "", "server": "https://evil.example"})
    assert kept(channel)["token"] == ""


def test_what_is_ticked_is_what_is_saved(client):
    channel = make(client)
    client.post(of(channel), NTFY | {"says_title": "on"})
    channel.refresh_from_db()
    assert (channel.by_default, channel.says_title) == (False, True)
    page = main(client.get(TOLD))
    assert "only where you choose it" in page
    assert "says what it is" in page


def test_mails_go_to_the_own_address_and_only_one_channel_is_for_them(client, owner, mail):
    assert f"{NEW}?kind=email" in main(client.get(TOLD))
    assert owner.email in main(client.get(f"{NEW}?kind=email"))
    make(client, "email", name="Mail", address="other@example.org")
    page = main(client.get(TOLD))
    assert owner.email in page
    assert f"{NEW}?kind=email" not in page
    assert client.post(f"{NEW}?kind=email", {"name": "Again"}).url == TOLD
    assert Channel.objects.count() == 1


def test_without_a_mail_server_mails_are_not_offered(client):
    page = main(client.get(TOLD))
    assert "?kind=email" not in page
    assert "EMAIL_URL" in page


@pytest.mark.parametrize("kind", ["", "pigeon", "push"])
def test_what_no_form_makes_is_not_made(client, kind):
    assert client.get(f"{NEW}?kind={kind}").url == TOLD


def test_there_is_an_end_to_the_number_of_channels(client, monkeypatch):
    monkeypatch.setattr(channel_views, "MOST", 1)
    make(client)
    assert client.post(f"{NEW}?kind=ntfy", NTFY).url == TOLD
    assert Channel.objects.count() == 1


def test_a_test_shows_what_the_other_side_answered(client, monkeypatch):
    with http_sink() as sink:
        monkeypatch.setattr(settings, "NOTIFY_ALLOW", frozenset({sink.place}))
        channel = make(client, **NTFY | {"server": sink.url})
        sink.answers = [(200, {}, b"taken"), (507, {}, b"<b>no room</b>")]
        page = main(client.post(of(channel, "channel_test")))
        assert "It was sent." in page
        assert "The other side answered 200: taken" in page
        page = main(client.post(of(channel, "channel_test")))
        assert "It didn&#x27;t get there." in page or "It didn't get there." in page
        assert "507: &lt;b&gt;no room&lt;/b&gt;" in page
        assert json.loads(sink.requests[0].body)["title"] == "A test of AhFai"


def test_of_a_long_answer_the_beginning_is_shown(client, monkeypatch):
    with http_sink() as sink:
        monkeypatch.setattr(settings, "NOTIFY_ALLOW", frozenset({sink.place}))
        channel = make(client, **NTFY | {"server": sink.url})
        sink.answers = [(200, {}, b"taken " * 100)]
        page = main(client.post(of(channel, "channel_test")))
    assert "taken taken" in page
    assert len(re.search("answered 200: ([^<]*)", page)[1]) == 200


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("gotify", {"server": "https://push.example.org/gotify", "token": "Aquetzal1"}),
        ("webhook", {"address": "https://push.example.org/mine?key=Aquetzal1"}),
    ],
)
def test_the_list_says_where_each_leads_without_its_secrets(client, kind, fields):
    make(client, kind, name="Mine", **fields)
    page = main(client.get(TOLD))
    assert "push.example.org" in page
    # As long as no random letters of the page could be.
    assert "Aquetzal1" not in page


def test_a_test_of_what_is_no_longer_allowed_says_so(client, settings):
    settings.NOTIFY_ALLOW = {"127.0.0.1:9"}
    channel = make(client, **NTFY | {"server": "http://127.0.0.1:9"})
    settings.NOTIFY_ALLOW = frozenset()
    assert "NOTIFY_ALLOW" in main(client.post(of(channel, "channel_test")))


def test_a_test_that_breaks_says_so_and_nothing_of_it_is_in_the_log(client, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(Ntfy, "send", broken)
    answer = client.post(of(make(client), "channel_test"))
    assert answer.status_code == 200
    assert "Something went wrong here" in main(answer)
    assert "canary" not in caplog.text


def test_tests_have_a_limit(client, monkeypatch):
    monkeypatch.setattr(channel_views, "TESTS_PER_HOUR", 0)
    assert "That was often" in main(client.post(of(make(client), "channel_test")))


def test_a_channel_that_was_switched_off_says_why_until_it_is_saved(client):
    channel = make(client)
    channel.off_since, channel.off_because = timezone.now(), "Nobody lives here any more."
    channel.save()
    assert "switched off" in main(client.get(TOLD))
    page = main(client.get(of(channel)))
    assert "Nobody lives here any more." in page
    assert "switched off" in main(client.get(reverse("reminders:notices")))
    client.post(of(channel), NTFY)
    channel.refresh_from_db()
    assert (channel.off_since, channel.off_because) == (None, None)


def test_the_secret_of_a_webhook_is_shown_once(client):
    channel = make(client, "webhook", address="https://hook.example/in", name="Hook")
    first = kept(channel)["secret"]
    assert first not in client.get(of(channel)).content.decode()
    shown = re.search(r"whsec_[^<]+", main(client.post(of(channel, "channel_secret"))))[0]
    assert kept(channel)["secret"] == shown != first
    assert "whsec_" not in client.get(of(channel)).content.decode()
    client.post(of(channel), {"address": "https://hook.example/other", "name": "Hook"})
    assert kept(channel)["secret"] == shown


def test_only_what_has_a_secret_gets_a_new_one(client):
    assert client.post(of(make(client), "channel_secret")).status_code == 404


def test_a_channel_is_deleted_after_a_question(client):
    channel = make(client)
    assert "Phone" in main(client.get(of(channel, "channel_delete")))
    assert Channel.objects.exists()
    client.post(of(channel, "channel_delete"))
    assert not Channel.objects.exists()


def test_quiet_hours_and_the_digest_are_kept(client, owner):
    owner.time_zone = "Asia/Tokyo"
    owner.save()
    sent = {"quiet_from": "22:00", "quiet_until": "07:00", "digest_at": "07:30"}
    assert client.post(TIMES, sent).url == TOLD
    page = main(client.get(TOLD))
    for hour in sent.values():
        assert f'value="{hour}"' in page
    next_digest_at = Telling.objects.get().next_digest_at
    assert next_digest_at > timezone.now()
    assert f"{next_digest_at:%H:%M}" == "22:30"
    client.post(TIMES, {})
    telling = Telling.objects.get()
    assert (telling.quiet_from, telling.digest_at, telling.next_digest_at) == (None, None, None)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"quiet_from": "22:00"}, "a beginning and an end"),
        ({"quiet_until": "22:00"}, "a beginning and an end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "never end"),
        ({"digest_at": "25:00"}, "valid time"),
    ],
)
def test_hours_that_make_no_sense_are_refused(client, sent, said):
    answer = client.post(TIMES, sent)
    assert answer.status_code == 422
    assert said in main(answer)
    assert not Telling.objects.exists()


@pytest.mark.parametrize("act", ["channel_test", "channel_secret"])
def test_looking_changes_nothing(client, act):
    channel = make(client, "webhook", address="https://hook.example", name="Hook")
    assert client.get(of(channel, act)).status_code == 405


@pytest.mark.parametrize("act", ["channel", "channel_test", "channel_secret", "channel_delete"])
def test_a_strangers_channel_is_not_there(client, strangers_client, act):
    channel = make(client)
    assert strangers_client.post(of(channel, act), NTFY).status_code == 404
    assert "Phone" not in main(strangers_client.get(TOLD))
