"""Sessions in the database, from which no cookie can be made."""

import json

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Session
from accounts.sessions import SessionStore, digest
from ahfai.testing import PASSWORD, signed_in


@pytest.fixture
def cookie(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_no_column_of_the_row_holds_the_cookie(client, cookie):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {Session._meta.db_table}")
        rows = cursor.fetchall()
    assert len(rows) == 1
    assert cookie not in repr(rows)
    assert digest(cookie) in repr(rows)


def test_the_opened_data_of_a_session_does_not_hold_the_cookie_either(client, cookie):
    assert cookie not in json.dumps(Session.objects.get().get_decoded())


def test_the_column_of_a_stolen_row_signs_nobody_in(client, cookie):
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = digest(cookie)
    assert thief.get("/notes/").status_code == 302


def test_a_session_knows_its_person(owner, client):
    assert Session.objects.get().user == owner


def test_signing_in_changes_the_cookie_and_leaves_one_row(owner):
    client = Client()
    session = client.session
    session["before"] = "kept"
    session.save()
    before = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    client.post("/account/sign-in/", {"login": owner.email, "password": PASSWORD})
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    assert [row.session_key for row in Session.objects.all()] == [digest(after)]
    assert client.session["before"] == "kept"


def test_a_cookie_that_somebody_made_up_is_never_taken_over(owner):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    client.post("/account/sign-in/", {"login": owner.email, "password": PASSWORD})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "x" * 32


def test_signing_out_deletes_the_row(client):
    client.post("/account/sign-out/")
    assert not Session.objects.exists()


def test_a_visit_that_was_never_saved_is_thrown_away_without_touching_any_other(client):
    SessionStore().flush()
    assert client.get("/notes/").status_code == 200


def test_an_ended_session_opens_nothing_and_is_cleared(client):
    Session.objects.update(expire_date="2020-01-01T00:00Z")
    assert client.get("/notes/").status_code == 302
    SessionStore.clear_expired()
    assert not Session.objects.exists()


def test_deleting_a_person_ends_their_sessions(strangers_client, stranger):
    stranger.delete()
    assert strangers_client.get("/notes/").status_code == 302
    assert not Session.objects.filter(user_id=stranger.pk).exists()


def test_a_session_row_can_be_saved_again_and_again(client):
    for number in range(3):
        session = client.session
        session["number"] = number
        session.save()
    assert client.session["number"] == 2
    assert Session.objects.count() == 1


def test_the_cookies_are_out_of_reach_for_scripts_and_other_sites(owner):
    fresh = Client()
    fresh.post("/account/sign-in/", {"login": owner.email, "password": PASSWORD})
    morsel = fresh.cookies[settings.SESSION_COOKIE_NAME]
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"


def test_two_browsers_of_one_person_have_two_sessions(owner, client):
    other = signed_in(owner)
    client.post("/account/sign-out/")
    assert other.get("/notes/").status_code == 200
