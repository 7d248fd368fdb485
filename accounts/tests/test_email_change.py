"""Another address to sign in with."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core import mail
from django.test import Client

from accounts import audit, letters
from accounts.models import Letter, User
from accounts.sign_in import email_change
from accounts.tests.factors import sign_in
from ahfai.testing import PASSWORD, signed_in

CHANGE, CONFIRM = "/account/email/", "/account/email/confirm/"
NEW = "olivia@example.net"


@pytest.fixture(autouse=True)
def with_mail(settings):
    settings.HAS_MAIL = True
    settings.SITE_URL = "https://ahfai.example"


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


def link_in_mail(client, email=NEW) -> dict[str, str]:
    assert client.post(CHANGE, {"email": email}).status_code == 200
    letters.send_due()
    assert mail.outbox[-1].to == [email.lower()]
    address = next(word for word in mail.outbox[-1].body.split() if "://" in word and "?" in word)
    assert address.startswith(f"https://ahfai.example{CONFIRM}?")
    return dict(parse_qsl(urlsplit(address).query))


def can_sign_in(email: str) -> bool:
    form = {"login": email, "password": PASSWORD}
    return Client().post("/account/sign-in/", form).status_code == 302


def test_nothing_changes_until_the_button_behind_the_link_is_pressed(owner, client):
    sent = link_in_mail(client, "Olivia@Example.net")
    browser = Client()
    assert NEW in browser.get(CONFIRM, sent).content.decode()
    owner.refresh_from_db()
    assert owner.email == "owner@example.org"
    assert browser.post(CONFIRM, sent).url == "/you/settings/"
    owner.refresh_from_db()
    assert owner.email == NEW
    assert can_sign_in(NEW)
    assert not can_sign_in("owner@example.org")


def test_somebody_who_signed_up_here_has_no_second_address_left(nobody):
    form = {"email": "ada@example.org", "name": "Ada", "password1": PASSWORD}
    nobody.post("/account/sign-up/", form)
    nobody.post(CONFIRM, link_in_mail(nobody))
    assert can_sign_in(NEW)
    assert not can_sign_in("ada@example.org")


def test_nobody_can_send_words_of_their_own_to_an_address(owner, client):
    owner.name = "WIN at https://evil.example"
    owner.save(update_fields=["name"])
    link_in_mail(client)
    assert "evil" not in mail.outbox[-1].body


def test_the_old_address_is_told(owner, client):
    client.post(CONFIRM, link_in_mail(client))
    letters.send_due()
    assert mail.outbox[-1].to == ["owner@example.org"]
    assert "was changed" in mail.outbox[-1].body
    assert NEW not in mail.outbox[-1].body


def test_a_link_acts_once_for_one_address_and_no_longer_than_an_hour(owner, client, settings):
    sent = link_in_mail(client)
    assert client.post(CONFIRM, sent | {"to": "evil@example.org"}).status_code == 404
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert client.get(CONFIRM, sent).status_code == 404
    settings.PASSWORD_RESET_TIMEOUT = 3600
    assert client.post(CONFIRM, sent).status_code == 302
    assert client.post(CONFIRM, sent).status_code == 404


def test_a_new_password_ends_the_link(owner, client):
    sent = link_in_mail(client)
    owner.set_password("another phrase of my own")
    owner.save(update_fields=["password"])
    assert client.post(CONFIRM, sent).status_code == 404


def test_that_an_address_is_taken_is_not_told(owner, stranger, client):
    free = client.post(CHANGE, {"email": NEW}).content.decode()
    taken = client.post(CHANGE, {"email": stranger.email}).content.decode()
    assert free.replace(NEW, "") == taken.replace(stranger.email, "")
    letters.send_due()
    assert [one.to for one in mail.outbox] == [[NEW]]


def test_who_takes_the_address_meanwhile_keeps_it(owner, stranger, client):
    sent = link_in_mail(client)
    User.objects.filter(pk=stranger.pk).update(email=NEW)
    assert client.post(CONFIRM, sent).status_code == 404
    owner.refresh_from_db()
    assert owner.email == "owner@example.org"


def test_without_mail_it_is_changed_at_once_and_taken_ones_are_told(
    owner, stranger, client, settings
):
    settings.HAS_MAIL = False
    assert client.post(CHANGE, {"email": stranger.email.upper()}).status_code == 422
    assert client.post(CHANGE, {"email": NEW}).url == "/you/settings/"
    assert can_sign_in(NEW)
    assert not Letter.objects.exists()


@pytest.mark.parametrize("email", ["", "no address", "Owner@example.org", "a@b@c"])
def test_what_is_no_new_address_changes_nothing(client, email):
    assert client.post(CHANGE, {"email": email}).status_code == 422
    assert not Letter.objects.exists()


def test_it_asks_who_it_is_and_ends_after_some_tries(owner, client):
    assert signed_in(owner).post(CHANGE, {"email": NEW}).url.startswith("/account/again/")
    for number in range(email_change.ASKED_PER_HOUR):
        client.post(CHANGE, {"email": f"a{number}@example.net"})
    refused = client.post(CHANGE, {"email": NEW})
    assert refused.status_code == 422
    assert "tried too often" in refused.content.decode()


def test_one_address_gets_few_mails(owner, client, monkeypatch):
    monkeypatch.setattr(email_change, "ASKED_PER_HOUR", 50)
    for _ in range(5):
        client.post(CHANGE, {"email": NEW})
    assert Letter.objects.count() == email_change.LETTERS_PER_HOUR


def test_the_person_can_read_that_it_happened(owner, client):
    client.post(CONFIRM, link_in_mail(client))
    told = [audit.told(entry).sentence for entry in owner.audit_entries.order_by("at")]
    assert told[-2:] == [
        "Another e-mail address was asked for.",
        "The e-mail address was changed; before, it was owner@example.org.",
    ]
