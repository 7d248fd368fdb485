"""Signing in by the API, for front ends that live on another origin."""

import uuid
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings as conf
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from accounts.audit import Event
from accounts.models import AuditEntry, Session
from accounts.programs import api_access, jwts
from accounts.sessions import SessionStore
from accounts.sign_in import passwords, tries
from accounts.tests import factors
from accounts.tests.factors import add_app, code_of
from ahfai.testing import PASSWORD, make_person, signed_in

TOKEN, ME = "/api/token", "/api/me"


def post(path: str, **said):
    return Client().post(path, said, "application/json")


def sign_in(person, **said):
    return post(TOKEN, email=person.email, password=PASSWORD, **said)


def me(access: str, client=None, path=ME):
    return (client or Client()).get(path, headers={"Authorization": f"Bearer {access}"})


def refresh(said: dict):
    return post(f"{TOKEN}/refresh", refresh_token=said["refresh_token"])


@pytest.fixture
def said(owner) -> dict:
    return sign_in(owner).json()


def test_who_signs_in_may_do_what_a_browser_may(owner):
    answer = sign_in(owner)
    said = answer.json()
    assert answer.status_code == 200
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 900)
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert me(said["access_token"]).json()["email"] == owner.email
    headers = {"Authorization": f"Bearer {said['access_token']}"}
    strict = Client(enforce_csrf_checks=True)
    made = strict.post("/api/notes", {"title": "Soup"}, "application/json", headers=headers)
    assert made.status_code == 201
    entry = AuditEntry.objects.get(event=Event.SIGNED_IN)
    assert entry.owner == owner
    owner.refresh_from_db()
    assert owner.last_login


def test_the_tokens_name_a_session_and_nobody(owner, said):
    row = Session.objects.get()
    for text in (said["access_token"], said["refresh_token"]):
        inside = jwt.decode(text, options={"verify_signature": False})
        assert inside.keys() == {"iss", "aud", "sid", "jti", "iat", "exp"}
        assert inside["sid"] == str(row.id)
        assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT"}
    # Nor can what a copy of the database shows be used as a cookie.
    browser = Client()
    for value in (str(row.id), row.session_key, str(row.refresh)):
        browser.cookies[conf.SESSION_COOKIE_NAME] = value
        assert browser.get("/").status_code == 302


def test_wrong_ones_are_refused_like_a_wrong_password_on_the_page(owner):
    wrong = post(TOKEN, email=owner.email, password="wrong horse")
    unknown = post(TOKEN, email="nobody@example.org", password=PASSWORD)
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    owner.is_active = False
    owner.save()
    assert sign_in(owner).json() == wrong.json()
    assert not Session.objects.exists()
    assert post(TOKEN, email="x", password="").status_code == 422


def test_tries_are_counted_together_with_those_of_the_page(owner, monkeypatch):
    monkeypatch.setattr(tries, "PER_ACCOUNT_AND_HOUR", 2)
    Client().post("/account/sign-in/", {"login": owner.email, "password": "wrong"})
    assert post(TOKEN, email=owner.email, password="wrong").status_code == 401
    refused = sign_in(owner)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600


def test_a_second_step_is_needed_here_too(owner):
    secret, codes = add_app(factors.sign_in(owner.email)[0])
    asked = sign_in(owner)
    assert (asked.status_code, asked.json()["needs"]) == (401, "code")
    assert sign_in(owner, code=code_of(secret, 1)).status_code == 200
    # A code counts once.
    assert sign_in(owner, code=code_of(secret, 1)).status_code == 401
    recovery = codes[0].replace(" ", "")
    assert sign_in(owner, code=recovery).status_code == 200
    assert sign_in(owner, code=recovery).status_code == 401
    # By then there were too many, as on the page.
    assert sign_in(owner, code="000000").status_code == 429


def test_whoever_else_is_signed_in_in_that_browser_plays_no_part(owner, client, stranger):
    add_app(factors.sign_in(owner.email)[0])
    browser = signed_in(stranger)
    sent = {"email": owner.email, "password": PASSWORD, "code": "000000"}
    assert browser.post(TOKEN, sent, "application/json").status_code == 401
    sent = {"email": stranger.email, "password": PASSWORD}
    assert client.post(TOKEN, sent, "application/json").status_code == 200


def test_a_refresh_token_works_once_and_then_ends_the_session(owner, said):
    new = refresh(said).json()
    assert me(new["access_token"]).status_code == 200
    assert me(said["access_token"]).status_code == 200
    assert refresh(said).status_code == 401
    # Somebody has a copy, so that nobody goes on.
    assert me(new["access_token"]).status_code == 401
    assert refresh(new).status_code == 401
    assert AuditEntry.objects.filter(event=Event.SESSION_ENDED).exists()


def test_they_last_a_quarter_of_an_hour_and_a_fortnight(owner):
    with time_machine.travel(timezone.now() - timedelta(minutes=16), tick=False):
        said = sign_in(owner).json()
        assert me(said["access_token"]).status_code == 200
    assert me(said["access_token"]).status_code == 401
    assert refresh(said).status_code == 200
    with time_machine.travel(timezone.now() - timedelta(days=14, minutes=1), tick=False):
        said = sign_in(owner).json()
    assert refresh(said).status_code == 401
    SessionStore.clear_expired()
    assert Session.objects.count() == 1


def test_one_is_not_the_other(said):
    assert me(said["refresh_token"]).status_code == 401
    assert post(f"{TOKEN}/refresh", refresh_token=said["access_token"]).status_code == 401


def test_what_is_not_signed_here_opens_nothing(owner, said, settings):
    inside = jwt.decode(said["access_token"], options={"verify_signature": False})
    forged = [
        jwt.encode(inside, None, "none"),
        jwt.encode(inside, settings.SECRET_KEY, "HS256"),
        jwt.encode(inside, jwts._key() * 2, "HS512"),
        jwt.encode(inside | {"iss": "https://evil.example"}, jwts._key(), "HS256"),
        jwt.encode(inside | {"sid": str(uuid.uuid4())}, jwts._key(), "HS256"),
        jwt.encode(inside | {"sid": "x"}, jwts._key(), "HS256"),
        jwt.encode(inside | {"sid": ["x"], "jti": {}}, jwts._key(), "HS256"),
        jwt.encode({"sid": inside["sid"]}, jwts._key(), "HS256"),
        said["access_token"][:-2],
        "..",
        "a.b.\xff",
    ]
    wrong = me("wrong").json()
    for text in forged:
        assert me(text).json() == wrong
    assert me(said["access_token"]).status_code == 200


def test_the_session_of_a_browser_gives_no_token(owner, client):
    row = Session.objects.get()
    text = jwts._written("access", row.id, uuid.uuid4(), jwts.ACCESS_FOR)
    assert me(text).status_code == 401


def test_it_stands_among_the_browsers_and_can_be_signed_out_there(client, owner, said):
    page = client.get("/you/browsers/").content.decode()
    assert "by the API" in page
    row = Session.objects.get(refresh__isnull=False)
    client.post(f"/you/browsers/{row.id}/end")
    assert me(said["access_token"]).status_code == 401
    assert refresh(said).status_code == 401


def test_another_password_suspension_and_signing_out_end_it_at_once(owner):
    def is_over(said: dict) -> bool:
        return {me(said["access_token"]).status_code, refresh(said).status_code} == {401}

    said = sign_in(owner).json()
    passwords.replace(owner, PASSWORD, Event.PASSWORD_CHANGED)
    assert is_over(said)
    said = sign_in(owner).json()
    # By whatever way it is set.
    type(owner).objects.filter(pk=owner.pk).update(password=make_password(PASSWORD + "!"))
    assert is_over(said)
    owner.set_password(PASSWORD)
    owner.save()
    said = sign_in(owner).json()
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    assert is_over(said)
    type(owner).objects.filter(pk=owner.pk).update(is_active=True)
    assert not is_over(said)
    said = sign_in(owner).json()
    for _time in range(2):
        assert post(f"{TOKEN}/revoke", refresh_token=said["refresh_token"]).status_code == 204
        assert is_over(said)
    assert post(f"{TOKEN}/revoke", refresh_token="wrong").status_code == 204


def test_signed_out_twice_at_once_it_is_told_once(owner, said, monkeypatch):
    find = jwts._session

    def find_before_it_is_signed_out_elsewhere(inside):
        monkeypatch.undo()
        session = find(inside)
        post(f"{TOKEN}/revoke", refresh_token=said["refresh_token"])
        return session

    monkeypatch.setattr(jwts, "_session", find_before_it_is_signed_out_elsewhere)
    assert post(f"{TOKEN}/revoke", refresh_token=said["refresh_token"]).status_code == 204
    assert AuditEntry.objects.filter(owner=owner, event=Event.SIGNED_OUT).count() == 1


def test_no_form_of_another_site_signs_anybody_in(owner):
    sent = {"email": owner.email, "password": PASSWORD}
    assert Client().post(TOKEN, sent).status_code == 415


def test_where_a_second_factor_is_needed_who_has_none_gets_no_further(said, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    assert me(said["access_token"]).status_code == 403


def test_it_is_known_for_how_long_it_was_not_used(owner, said):
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(seen=long_ago)
    me(said["access_token"])
    assert Session.objects.get().seen > long_ago


def test_it_outlasts_the_idle_time_of_a_browser(owner, said, settings):
    Session.objects.update(seen=timezone.now() - timedelta(hours=settings.SESSION_IDLE_HOURS + 1))
    assert refresh(said).status_code == 200


def test_erasing_a_person_ends_it(said):
    person = make_person()
    theirs = sign_in(person).json()
    Session.objects.filter(user=person).delete()
    person.delete()
    assert me(theirs["access_token"]).status_code == 401


def test_one_that_is_over_is_no_guess_so_a_front_end_learns_that_it_has_to_refresh(
    said, monkeypatch
):
    monkeypatch.setattr(api_access, "WRONG_PER_HOUR", 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert {me(said["access_token"]).status_code for _try in range(3)} == {401}
        forged = said["access_token"][:-4] + "AAAA"
        assert [me(forged).status_code for _try in range(2)] == [401, 429]
