"""Making an account where mail is set up."""

import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit, invitations, letters
from accounts.models import Invitation, Letter, User
from accounts.sign_in import sign_up_by_mail
from accounts.sign_in.adapter import SIGN_UPS_PER_HOUR
from accounts.sign_in.sign_up_by_mail import LETTERS_PER_HOUR

ASK, MAKE = "/account/sign-up/", "/account/sign-up/new/"
NEW = "ada@example.org"
ADA = {"name": "Ada Lovelace", "password1": "a phrase of my own"}


@pytest.fixture(autouse=True)
def with_mail(settings):
    settings.HAS_MAIL = True
    settings.SITE_URL = "https://ahfai.example"


def ask(browser, email=NEW):
    return browser.post(ASK, {"email": email})


def mail_to(browser, email=NEW) -> str:
    assert ask(browser, email).status_code == 200
    letters.send_due()
    assert mail.outbox[-1].to == [email.lower()]
    return mail.outbox[-1].body


def link_in_mail(browser, email=NEW) -> dict[str, str]:
    address = next(word for word in mail_to(browser, email).split() if "?" in word and "//" in word)
    assert address.startswith(f"https://ahfai.example{MAKE}?")
    return dict(parse_qsl(urlsplit(address).query))


def invite(browser) -> None:
    assert browser.get(urlsplit(invitations.make())._replace(scheme="", netloc="").geturl()).url


def test_the_link_leads_to_an_account_in_whatever_browser_it_is_opened(owner, nobody):
    sent = link_in_mail(nobody, "Ada@Example.org")
    browser = Client()
    assert NEW in browser.get(MAKE, sent).content.decode()
    assert not User.objects.filter(email=NEW).exists()
    made = browser.post(MAKE, sent | ADA | {"time_zone": "Europe/Brussels"}, follow=True)
    assert made.redirect_chain == [("/", 302)]
    person = made.context["user"]
    assert (person.email, person.name, person.time_zone) == (NEW, ADA["name"], "Europe/Brussels")
    assert person.check_password(ADA["password1"])
    assert not person.is_staff
    assert EmailAddress.objects.get(user=person).verified
    told = [audit.told(entry).sentence for entry in person.audit_entries.all()]
    assert told == ["Your account was made."]


def test_known_and_unknown_addresses_get_the_same_page_for_the_same_work(owner, nobody):
    answers = []
    for email in (owner.email, NEW):
        with CaptureQueriesContext(connection) as asked:
            page = ask(nobody, email)
        statements = [query["sql"].split(" VALUES")[0].split("'")[0] for query in asked]
        answers.append((page.status_code, page.content, statements))
    assert answers[0] == answers[1]
    assert "Look into your mail" in answers[0][1].decode()
    assert not any("accounts_user" in statement for statement in answers[0][2])


def test_whoever_has_an_account_is_told_so_by_mail_alone(owner, nobody):
    body = mail_to(nobody, owner.email.upper())
    assert "You have one already" in body
    assert "https://ahfai.example/account/sign-in/\n" in body
    assert "https://ahfai.example/account/reset/\n" in body
    assert "?" not in body
    assert not Letter.objects.exists()


def test_a_link_makes_one_account(owner, nobody):
    sent = link_in_mail(nobody)
    again = link_in_mail(nobody)
    assert Client().post(MAKE, sent | ADA).url == "/"
    for link in (sent, again):
        ended = Client().post(MAKE, link | ADA | {"name": "Eve"})
        assert ended.status_code == Client().get(MAKE, link).status_code == 404
        assert "This link has ended" in ended.content.decode()
    assert User.objects.get(email=NEW).name == ADA["name"]


def test_a_used_link_stays_so_when_its_person_takes_another_address(owner, nobody):
    sent = link_in_mail(nobody)
    assert Client().post(MAKE, sent | ADA).url == "/"
    User.objects.filter(email=NEW).update(email="ada@example.net")
    assert nobody.get(MAKE, sent).status_code == nobody.post(MAKE, sent | ADA).status_code == 404


def test_of_two_who_press_at_once_one_makes_the_account(owner, nobody, monkeypatch):
    sent = link_in_mail(nobody)
    confirmed = sign_up_by_mail.confirmed

    def somebody_else_is_first(key):
        found = confirmed(key)
        monkeypatch.setattr(sign_up_by_mail, "confirmed", confirmed)
        Client().post(MAKE, sent | ADA)
        return found

    monkeypatch.setattr(sign_up_by_mail, "confirmed", somebody_else_is_first)
    assert nobody.post(MAKE, sent | ADA | {"name": "Eve"}).url == "/account/sign-in/"
    assert User.objects.get(email=NEW).name == ADA["name"]


def test_a_link_works_for_a_day(owner, nobody, monkeypatch):
    sent = link_in_mail(nobody)
    now = time.time()
    for hours, status in ((23, 200), (25, 404)):
        monkeypatch.setattr(signing.time, "time", lambda later=now + 3600 * hours: later)
        assert nobody.get(MAKE, sent).status_code == status
    assert nobody.post(MAKE, sent | ADA).status_code == 404


@pytest.mark.parametrize(
    "key",
    ["", "x", "x:y:z", "\ud800", signing.dumps([NEW, ""])],
    ids=["empty", "short", "unsigned", "half", "signed for something else"],
)
def test_a_made_up_link_opens_nothing(owner, nobody, key):
    assert nobody.get(MAKE, {"key": key.encode(errors="replace")}).status_code == 404


def test_the_address_is_the_one_that_got_the_mail(owner, nobody):
    sent = link_in_mail(nobody)
    assert nobody.post(MAKE, sent | ADA | {"email": "eve@example.org"}).url == "/"
    assert not User.objects.filter(email="eve@example.org").exists()
    assert User.objects.filter(email=NEW).exists()


def test_what_is_wrong_is_said_and_the_link_goes_on_working(owner, nobody):
    wrong = ask(nobody, "nowhere")
    assert wrong.status_code == 422
    assert 'value="nowhere"' in wrong.content.decode()
    sent = link_in_mail(nobody)
    for password in ("short", NEW):
        page = nobody.post(MAKE, sent | ADA | {"password1": password})
        assert page.status_code == 422
        assert "Ada Lovelace" in page.content.decode()
        assert NEW in page.content.decode()
    assert nobody.post(MAKE, sent | ADA).url == "/"


def test_one_address_gets_few_mails_and_one_network_asks_seldom(owner, nobody):
    for _ in range(SIGN_UPS_PER_HOUR):
        assert ask(nobody).status_code == 200
    assert Letter.objects.count() == LETTERS_PER_HOUR
    for email in (NEW, owner.email):
        refused = ask(nobody, email)
        assert refused.status_code == 422
        assert "tried too often" in refused.content.decode()


def test_an_invitation_is_used_up_when_the_account_is_made(owner, nobody, settings):
    settings.SIGN_UP = "invite"
    assert ask(nobody).status_code == nobody.get(ASK).status_code == 403
    assert not Letter.objects.exists()
    invite(nobody)
    sent = link_in_mail(nobody)
    assert Invitation.objects.get().used is None
    assert Client().post(MAKE, sent | ADA).url == "/"
    assert Invitation.objects.get().used_by == User.objects.get(email=NEW)
    assert nobody.get(ASK).status_code == 403


def test_of_two_links_by_one_invitation_one_makes_an_account(owner, nobody, settings):
    settings.SIGN_UP = "invite"
    invite(nobody)
    sent, other = link_in_mail(nobody), link_in_mail(nobody, "eve@example.org")
    assert Client().post(MAKE, sent | ADA).url == "/"
    assert Client().post(MAKE, other | ADA).status_code == 404
    assert User.objects.count() == 2


@pytest.mark.parametrize("ended", ["run out", "revoked", "not needed before", "closed"])
def test_a_link_without_a_valid_invitation_opens_nothing(owner, nobody, settings, ended):
    settings.SIGN_UP = "open" if ended == "not needed before" else "invite"
    if settings.SIGN_UP == "invite":
        invite(nobody)
    sent = link_in_mail(nobody)
    settings.SIGN_UP = "closed" if ended == "closed" else "invite"
    if ended == "run out":
        Invitation.objects.update(until=timezone.now())
    elif ended == "revoked":
        Invitation.objects.all().delete()
    assert nobody.get(MAKE, sent).status_code == 404
    assert nobody.post(MAKE, sent | ADA).status_code == 404


def test_neither_the_row_nor_the_mail_holds_the_invitation(owner, nobody, settings):
    settings.SIGN_UP = "invite"
    invite(nobody)
    secret = nobody.session[invitations.IN_SESSION]
    ask(nobody)
    assert secret not in repr(list(Letter.objects.values()))
    assert secret not in str(link_in_mail(nobody))


def test_the_first_person_needs_no_mail(nobody):
    page = nobody.get(ASK).content.decode()
    assert "You are the first one here" in page
    assert nobody.post(ASK, ADA | {"email": NEW}).url == "/"
    assert User.objects.get().is_staff


def test_without_mail_the_account_is_made_at_once(owner, nobody, settings):
    settings.HAS_MAIL = False
    assert nobody.post(ASK, ADA | {"email": NEW}).url == "/"
    assert not Letter.objects.exists()


def test_whoever_is_signed_in_needs_no_account(owner, client, nobody):
    assert client.get(ASK).url == client.post(MAKE, link_in_mail(nobody) | ADA).url == "/"
    assert not User.objects.filter(email=NEW).exists()
