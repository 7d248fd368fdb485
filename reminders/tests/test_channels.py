"""What each kind of channel sends, to real servers on this machine."""

import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import replace

import pytest
from django.conf import settings

from accounts.models import User
from ahfai import outbound, signing
from ahfai.signing import new_secret
from ahfai.tests.sinks import http_sink, raw_sink
from reminders.channels import Message, Permanent, Temporary
from reminders.channels.gotify import Gotify
from reminders.channels.mail import Mail
from reminders.channels.ntfy import Ntfy
from reminders.channels.webhook import Webhook
from reminders.tests.smtp_sink import smtp_sink

pytestmark = pytest.mark.same_everywhere

MESSAGE = Message(
    uuid.UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
    "Call müm",
    "It was due yesterday 9:00.",
    "http://localhost:8000/reminders/1/",
    datetime.datetime(2026, 5, 2, 9, tzinfo=datetime.UTC),
)
SECRET = new_secret()


@pytest.fixture
def http(monkeypatch):
    with http_sink() as sink:
        monkeypatch.setattr(settings, "NOTIFY_ALLOW", frozenset({sink.place}))
        yield sink


@pytest.fixture
def smtp(settings):
    with smtp_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.HAS_MAIL, settings.EMAIL_TIMEOUT = True, 0.2
        settings.DEFAULT_FROM_EMAIL = "AhFai <ahfai@example.org>"
        yield sink


@pytest.fixture
def mail() -> Mail:
    return Mail.read({}, User(email="ada@example.org"))


def test_a_mail_is_plain_goes_to_the_persons_own_address_and_keeps_its_name(smtp, mail):
    mail.send(MESSAGE)
    mail.send(MESSAGE)
    (sent, again) = smtp.mails
    assert smtp.recipients == ["ada@example.org"] * 2
    assert (sent["From"], sent["To"]) == ("AhFai <ahfai@example.org>", "ada@example.org")
    assert sent["Subject"] == "Call müm"
    assert sent["Message-ID"] == again["Message-ID"] == f"<{MESSAGE.id}@localhost>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent.get_content_type() == "text/plain"
    assert sent.get_content() == f"{MESSAGE.text}\n\n{MESSAGE.url}\n"


def test_a_mail_of_a_title_alone_has_it_in_the_text_too(smtp, mail):
    mail.send(replace(MESSAGE, text=""))
    assert smtp.mails[0].get_content() == f"Call müm\n\n{MESSAGE.url}\n"


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ({"RCPT": "550 Who?"}, Permanent),
        ({"RCPT": "450 Later."}, Temporary),
        ({"MAIL": "550 Not from you."}, Temporary),
        ({"DATA": "554 No."}, Temporary),
        ({"RCPT": ""}, Temporary),
        ({"EHLO": "500 What?", "HELO": "500 What?"}, Temporary),
    ],
)
def test_a_mail_that_is_not_taken_says_whether_to_try_again(smtp, mail, says, error):
    smtp.says = says
    with pytest.raises(error) as raised:
        mail.send(MESSAGE)
    assert "mail server" in raised.value.sentence
    assert not smtp.mails


def test_a_mail_server_that_is_away_is_tried_again(settings, smtp, mail):
    settings.EMAIL_PORT = 9
    with pytest.raises(Temporary):
        mail.send(MESSAGE)


def test_without_a_mail_server_no_mail_is_called_sent(settings, mail):
    settings.HAS_MAIL = False
    with pytest.raises(Temporary):
        mail.send(MESSAGE)


def test_ntfy_gets_the_topic_the_words_and_a_name_that_hides_doubles(http):
    answer = Ntfy(http.url, "garden", "tk_1").send(MESSAGE)
    assert answer.sentence == "The other side answered 200: taken"
    (request,) = http.requests
    assert request.path == "/"
    assert request.headers["Authorization"] == "Bearer tk_1"
    assert json.loads(request.body) == {
        "topic": "garden",
        "title": "Call müm",
        "message": "It was due yesterday 9:00.",
        "click": MESSAGE.url,
        "sequence_id": MESSAGE.id.hex,
    }


def test_ntfy_without_a_token_sends_none(http):
    Ntfy(http.url.rstrip("/"), "garden").send(replace(MESSAGE, text=""))
    (request,) = http.requests
    assert "Authorization" not in request.headers
    assert json.loads(request.body)["message"] == "Call müm"


def test_gotify_gets_its_token_the_words_and_the_link(http):
    Gotify(http.url + "gotify/", "A1").send(MESSAGE)
    (request,) = http.requests
    assert request.path == "/gotify/message"
    assert request.headers["X-Gotify-Key"] == "A1"
    said = json.loads(request.body)
    assert (said["title"], said["message"]) == ("Call müm", "It was due yesterday 9:00.")
    assert said["extras"]["client::notification"]["click"]["url"] == MESSAGE.url


def test_a_webhook_is_signed_as_standard_webhooks_says(http):
    Webhook(http.url + "hook?a=1", SECRET).send(MESSAGE)
    (request,) = http.requests
    assert request.path == "/hook?a=1"
    sent_id, sent_at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    assert sent_id == str(MESSAGE.id)
    assert abs(int(sent_at) - time.time()) < 10
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    assert len(key) == 32
    signed = hmac.new(key, f"{sent_id}.{sent_at}.".encode() + request.body, hashlib.sha256)
    expected = "v1," + base64.b64encode(signed.digest()).decode()
    assert request.headers["webhook-signature"] == expected
    assert json.loads(request.body) == {
        "type": "reminder.due",
        "timestamp": "2026-05-02T09:00:00+00:00",
        "data": {
            "id": str(MESSAGE.id),
            "title": "Call müm",
            "text": "It was due yesterday 9:00.",
            "url": MESSAGE.url,
        },
    }


def test_the_signature_is_the_one_of_the_standards_example(monkeypatch):
    """github.com/standard-webhooks/standard-webhooks, its libraries' tests."""
    monkeypatch.setattr(time, "time", lambda: 1614265330)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signing.headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "ntfy", "webhook"),
    [
        (400, Temporary, Temporary),
        (401, Permanent, Temporary),
        (403, Permanent, Temporary),
        (404, Permanent, Temporary),
        (410, Permanent, Permanent),
        (429, Temporary, Temporary),
        (500, Temporary, Temporary),
        (302, Temporary, Temporary),
    ],
)
def test_a_refusal_says_whether_to_try_again(http, status, ntfy, webhook):
    headers = {"Retry-After": "120", "Location": http.url}
    http.answers = [(status, headers, b"No,\x00 thanks\n\xff")] * 2
    for target, error in ((Ntfy(http.url, "t"), ntfy), (Webhook(http.url, SECRET), webhook)):
        with pytest.raises(error) as raised:
            target.send(MESSAGE)
        said, _mark, more = raised.value.sentence.partition("\ufffd")
        assert said == f"The other side answered {status}: No, thanks "
        assert ("doesn't follow" in more) == (status == 302)
        if error is Temporary:
            assert raised.value.wait_s == 120
    assert len(http.requests) == 2


def test_a_refusal_without_a_word_is_told_by_its_number(http):
    http.answers = [(503, {}, b"")]
    with pytest.raises(Temporary) as raised:
        Ntfy(http.url, "t").send(MESSAGE)
    assert raised.value.sentence == "The other side answered 503."


def test_a_long_answer_is_cut(http):
    http.answers = [(200, {}, b"long " * 1000)]
    assert len(Ntfy(http.url, "t").send(MESSAGE).sentence) < 250


def test_who_takes_too_long_is_tried_again(monkeypatch):
    monkeypatch.setattr(outbound, "WITHIN_S", 0.2)
    with raw_sink(lambda connection: time.sleep(0.5)) as url:
        monkeypatch.setattr(settings, "NOTIFY_ALLOW", frozenset({url.split("/")[2]}))
        with pytest.raises(Temporary):
            Ntfy(url, "t").send(MESSAGE)


def test_what_the_operator_does_not_allow_is_never_asked(monkeypatch):
    with http_sink() as sink:
        for target in (Ntfy(sink.url, "t"), Gotify(sink.url, "t"), Webhook(sink.url, SECRET)):
            with pytest.raises(Permanent):
                target.send(MESSAGE)
        assert not sink.requests
