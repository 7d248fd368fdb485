"""Who may sign up: all, the invited, or nobody."""

import datetime
import io
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import Invitation, User

URL = "/account/sign-up/"
ADA = {"name": "Ada", "email": "ada@example.org", "password1": "a phrase of my own"}


@pytest.fixture
def by_invitation(settings):
    settings.SIGN_UP = "invite"


def _invitation() -> str:
    out = io.StringIO()
    call_command("invite", stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def _path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def test_without_an_invitation_the_page_says_whom_to_ask(by_invitation, nobody):
    response = nobody.get(URL)
    assert response.status_code == 403
    assert "By invitation" in response.content.decode()
    assert nobody.post(URL, ADA).status_code == 403
    assert not User.objects.exists()


def test_an_invitation_opens_the_page_and_leaves_the_address_bar(by_invitation, nobody):
    link = _invitation()
    assert link.startswith("http://localhost:8000/account/sign-up/?invite=")
    assert nobody.get(_path(link)).url == URL
    assert nobody.get(URL).status_code == 200
    assert nobody.post(URL, ADA).url == "/"
    assert User.objects.get().email == "ada@example.org"


def test_an_invitation_is_for_the_browser_that_opened_it(by_invitation, nobody):
    nobody.get(_path(_invitation()))
    assert Client().get(URL).status_code == 403


def test_an_invitation_ends_after_a_week(by_invitation, nobody):
    link = _path(_invitation())
    nobody.get(link)
    Invitation.objects.update(until=timezone.now() - datetime.timedelta(minutes=1))
    assert Client().get(link).status_code == 403
    assert nobody.post(URL, ADA).status_code == 403


def test_an_invitation_is_for_one_person(by_invitation, nobody):
    link = _path(_invitation())
    second = Client()
    for browser in (nobody, second):
        browser.get(link)
    assert nobody.post(URL, ADA).url == "/"
    assert second.post(URL, ADA | {"email": "grace@example.org"}).status_code == 403
    assert User.objects.get().email == "ada@example.org"
    assert Invitation.objects.get().used_by == User.objects.get()


def test_of_two_who_use_it_at_once_one_gets_in(by_invitation, nobody, monkeypatch):
    nobody.get(_path(_invitation()))
    monkeypatch.setattr(invitations, "use", lambda secret, person: False)
    assert nobody.post(URL, ADA).url == URL
    assert not User.objects.exists()


@pytest.mark.parametrize("made_up", ["", "yes", "x" * 3000, "\ud800"])
def test_a_made_up_invitation_opens_nothing(by_invitation, nobody, made_up):
    assert nobody.get(URL, {"invite": made_up.encode("utf-8", "replace")}).status_code == 403


def test_the_database_holds_no_link(nobody):
    secret = _invitation().partition("invite=")[2]
    assert secret not in repr(list(Invitation.objects.values()))


def test_when_sign_up_is_closed_an_invitation_opens_nothing_and_says_so(settings, nobody):
    settings.SIGN_UP = "closed"
    err = io.StringIO()
    call_command("invite", stdout=io.StringIO(), stderr=err)
    assert "SIGN_UP is closed" in err.getvalue()
    nobody.get(_path(_invitation()))
    assert nobody.get(URL).status_code == 403


def test_the_sign_in_page_offers_sign_up_only_where_it_is_open(settings, owner, nobody):
    assert URL in nobody.get("/account/sign-in/").content.decode()
    settings.SIGN_UP = "closed"
    assert URL not in nobody.get("/account/sign-in/").content.decode()
