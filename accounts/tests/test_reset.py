"""A forgotten password."""

import io
import re
import statistics
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import audit, letters
from accounts.models import Letter
from accounts.postman import Postman
from accounts.sign_in import passwords, reset
from accounts.tests.factors import sign_in
from ahfai.testing import PASSWORD

ASK, CHOOSE = "/account/reset/", "/account/reset/new/"
NEW = "another phrase of my own"


@pytest.fixture(autouse=True)
def with_mail(settings):
    settings.HAS_MAIL = True
    settings.SITE_URL = "https://ahfai.example"


def ask(browser, email):
    return browser.post(ASK, {"email": email})


def key_in_mail(browser, email) -> str:
    ask(browser, email)
    letters.send_due()
    return re.search(r"https://ahfai\.example/account/reset/new/\?key=(\S+)", mail.outbox[-1].body)[
        1
    ]


def choose(browser, key, password=NEW):
    return browser.post(CHOOSE, {"key": key, "password": password})


def test_the_link_in_the_mail_leads_to_a_new_password(owner, nobody):
    key = key_in_mail(nobody, f" {owner.email.upper()}")
    assert mail.outbox[0].to == [owner.email]
    assert mail.outbox[0].extra_headers["Message-ID"].endswith("@ahfai.example>")
    assert nobody.get(CHOOSE, {"key": key}).status_code == 200
    assert owner.check_password(PASSWORD)
    assert choose(nobody, key).url == "/account/sign-in/"
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert "Sign in with the new one" in nobody.get("/account/sign-in/").content.decode()


def test_a_new_password_signs_out_everywhere_and_nobody_in(owner, client, nobody):
    choose(nobody, key_in_mail(nobody, owner.email))
    assert client.get("/notes/").status_code == nobody.get("/notes/").status_code == 302
    assert not owner.sessions.exists()


def test_the_person_can_read_that_it_happened(owner, nobody):
    choose(nobody, key_in_mail(nobody, owner.email))
    told = [audit.told(entry).sentence for entry in owner.audit_entries.order_by("at")]
    assert told == [
        "A link to set a new password was asked for.",
        "A new password was set by the link of a mail.",
    ]


def test_a_link_acts_once_and_no_longer_than_an_hour(owner, nobody, settings):
    key = key_in_mail(nobody, owner.email)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert nobody.get(CHOOSE, {"key": key}).status_code == 404
    settings.PASSWORD_RESET_TIMEOUT = 3600
    assert choose(nobody, key, "short").status_code == 422
    assert choose(nobody, key).status_code == 302
    assert choose(nobody, key, "a third phrase of mine").status_code == 404


def test_signing_in_ends_the_link(owner, nobody):
    key = key_in_mail(nobody, owner.email)
    sign_in(owner.email)
    assert nobody.get(CHOOSE, {"key": key}).status_code == 404


def test_of_two_who_have_the_link_one_is_first(owner, nobody, monkeypatch):
    key = key_in_mail(nobody, owner.email)
    replace = passwords.replace

    def somebody_else_is_first(person, password, *more):
        monkeypatch.setattr(passwords, "replace", replace)
        choose(Client(), key, "the words of the first one")
        return replace(person, password, *more)

    monkeypatch.setattr(passwords, "replace", somebody_else_is_first)
    assert choose(nobody, key).status_code == 404
    owner.refresh_from_db()
    assert owner.check_password("the words of the first one")


@pytest.mark.parametrize(
    "key", ["", "x", "x.y", "00000000-0000-4000-8000-000000000000.c-d", "\ud800"]
)
def test_an_invented_key_opens_nothing(owner, nobody, key):
    assert nobody.get(CHOOSE, {"key": key.encode(errors="replace")}).status_code == 404


def test_an_unknown_address_gets_the_same_page_and_no_mail(owner, stranger, nobody):
    pages = [ask(nobody, email) for email in (owner.email, "nobody@example.org")]
    assert pages[0].status_code == pages[1].status_code == 200
    assert pages[0].content == pages[1].content
    stranger.is_active = False
    stranger.save(update_fields=["is_active"])
    ask(nobody, stranger.email)
    letters.send_due()
    assert [one.to for one in mail.outbox] == [[owner.email]]
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("asked", "tolerance", "clock"),
    [
        # Beside other tests the processor's time alone says how much there was to do.
        (15, 0.5, time.thread_time),
        pytest.param(300, 0.05, time.perf_counter, marks=pytest.mark.prove),
    ],
)
def test_known_and_unknown_addresses_take_the_same_time(
    owner, nobody, monkeypatch, record_property, asked, tolerance, clock
):
    monkeypatch.setattr(reset, "ASKED_PER_HOUR", 10 * asked)
    monkeypatch.setattr(reset, "LETTERS_PER_HOUR", 10 * asked)
    took = {owner.email: [], "nobody@example.org": []}
    for _ in range(asked):
        for email, times in took.items():
            start = clock()
            ask(nobody, email)
            times.append(clock() - start)
    known, unknown = map(statistics.median, took.values())
    record_property("known ms", round(1000 * known, 2))
    record_property("unknown ms", round(1000 * unknown, 2))
    assert abs(known - unknown) < tolerance * min(known, unknown)


def test_an_address_longer_than_any_can_be_is_refused_in_words(nobody):
    page = ask(nobody, f"a@{'.'.join(['b' * 60] * 5)}.org")
    assert page.status_code == 422
    assert "at most 254 characters" in page.content.decode()


def test_one_address_gets_few_mails_and_one_network_asks_seldom(owner, nobody):
    for _ in range(reset.ASKED_PER_HOUR):
        assert ask(nobody, owner.email).status_code == 200
    refused = ask(nobody, owner.email)
    assert refused.status_code == 422
    assert "tried too often" in refused.content.decode()
    assert Letter.objects.count() == reset.LETTERS_PER_HOUR


def test_what_cannot_be_sent_is_tried_again_and_given_up_after_an_hour(owner, nobody, monkeypatch):
    def refuse(*_mails):
        raise ConnectionError("no way to the mail server")

    ask(nobody, owner.email)
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", refuse)
        with pytest.raises(ConnectionError):
            letters.send_due()
    letters.send_due()
    assert not mail.outbox
    then = Letter.objects.get().asked - timedelta(minutes=6)
    Letter.objects.update(asked=then, next_try=then + letters.AGAIN_AFTER)
    letters.send_due()
    assert len(mail.outbox) == owner.audit_entries.count() == 1
    ask(nobody, owner.email)
    Letter.objects.update(asked=Letter.objects.get().asked - letters.GIVEN_UP_AFTER)
    letters.send_due()
    assert not Letter.objects.exists()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_the_worker_sends_it(owner, nobody, monkeypatch):
    monkeypatch.setattr("accounts.postman.EVERY_S", 0.01)
    ask(nobody, owner.email)
    with Postman():
        end = time.monotonic() + 10
        while Letter.objects.exists() and time.monotonic() < end:
            time.sleep(0.01)
    assert len(mail.outbox) == 1


def test_the_sign_in_page_says_how_to_get_a_new_password(owner, nobody, settings):
    page = nobody.get("/account/sign-in/").content.decode()
    assert f'href="{ASK}"' in page
    settings.HAS_MAIL = False
    page = nobody.get("/account/sign-in/").content.decode()
    assert "manage.py set_password" in page
    assert ASK not in page
    assert nobody.post(ASK, {"email": "a@example.org"}).url == "/account/sign-in/"
    assert not Letter.objects.exists()


@pytest.mark.parametrize("page", ["/account/again/", "/account/password/"])
def test_pages_that_ask_for_the_password_lead_nowhere_without_mail(client, settings, page):
    assert f'href="{ASK}"' in client.get(page).content.decode()
    settings.HAS_MAIL = False
    text = client.get(page).content.decode()
    assert "manage.py set_password" in text
    assert ASK not in text


def test_an_operator_sets_a_password_and_ends_the_sessions(owner, client, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="10 characters"):
        call_command("set_password", owner.email)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
    call_command("set_password", owner.email.upper(), stdout=io.StringIO())
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert client.get("/notes/").status_code == 302
    assert not owner.sessions.exists()
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("set_password", "nobody@example.org")
