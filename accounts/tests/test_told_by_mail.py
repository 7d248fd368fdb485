"""The mail that tells that the way in is another one."""

import io

import pytest
from django.core import mail
from django.core.management import call_command

from accounts import letters
from accounts.models import Letter
from accounts.tests.factors import APP, add_app, sign_in
from ahfai.testing import PASSWORD

NEW = "another phrase of my own"


@pytest.fixture(autouse=True)
def with_mail(settings):
    settings.HAS_MAIL = True
    settings.SITE_URL = "https://ahfai.example"


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


def told() -> list[str]:
    mail.outbox.clear()
    letters.send_due()
    assert {address for one in mail.outbox for address in one.to} <= {"owner@example.org"}
    return [one.body for one in mail.outbox]


def test_a_new_password_is_told(client):
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/account/password/", form)
    [body] = told()
    assert "https://ahfai.example/you/activity/" in body
    assert NEW not in body


def test_one_that_an_operator_sets_is_told(owner, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
    call_command("set_password", owner.email, stdout=io.StringIO())
    assert len(told()) == 1


def test_a_second_factor_is_told_when_it_comes_and_when_it_goes(client):
    add_app(client)
    assert len(told()) == 1
    client.post("/account/second-factor/codes/")
    client.post(APP + "remove/")
    assert len(told()) == 1


def test_without_mail_nothing_is_kept_to_be_told(client, settings):
    settings.HAS_MAIL = False
    add_app(client)
    assert not Letter.objects.exists()
