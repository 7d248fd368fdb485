"""Who may sign up: all, the invited, or nobody."""

import datetime
import io
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User

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


def test_an_invitation_ends_after_a_week(by_invitation, nobody, monkeypatch):
    link = _path(_invitation())
    nobody.get(link)
    later = timezone.now() + datetime.timedelta(days=7, minutes=1)
    monkeypatch.setattr(signing.time, "time", later.timestamp)
    assert Client().get(link).status_code == 403
    assert nobody.post(URL, ADA).status_code == 403


def test_a_made_up_invitation_opens_nothing(by_invitation, nobody):
    signed_for_something_else = signing.dumps("sign-up")
    with_other_words = signing.dumps("x", salt="accounts.invitation")
    for made_up in ("", "yes", signed_for_something_else, with_other_words):
        assert nobody.get(URL, {"invite": made_up}).status_code == 403


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
