"""What happened to an account, for its person to read."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry
from ahfai.testing import PASSWORD, make_person

URL = "/you/activity/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _lines(client) -> str:
    return client.get(URL).content.decode()


def test_signing_up_and_in_and_out_is_told(nobody):
    person = {"name": "Ada", "email": "ada@example.org", "password1": PASSWORD}
    nobody.post("/account/sign-up/", person)
    nobody.post("/account/sign-out/")
    for password in ("not this one", "nor this", PASSWORD):
        nobody.post(
            "/account/sign-in/",
            {"login": "ADA@example.org", "password": password},
            HTTP_USER_AGENT=FIREFOX,
            REMOTE_ADDR="203.0.113.77",
        )
    told = _lines(nobody)
    places = [
        told.index(sentence)
        for sentence in (
            "Signed in, after 2 tries that failed.",
            "Signed out.",
            "Your account was made.",
        )
    ]
    assert places == sorted(places)
    assert "Firefox on Linux · 203.0.113.0/24" in told
    assert "203.0.113.77" not in told


def test_the_next_time_starts_without_those_failures(nobody, owner):
    for password in ("not this one", PASSWORD):
        nobody.post("/account/sign-in/", {"login": owner.email, "password": password})
    nobody.post("/account/sign-out/")
    nobody.post("/account/sign-in/", {"login": owner.email, "password": PASSWORD})
    assert _lines(nobody).count("Signed in, after a try that failed.") == 1


def test_a_changed_password_and_a_calendar_address_are_told(client):
    new = "another long one of mine"
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    made = {"name": "My <phone>", "shape": "events"}
    client.post("/reminders/calendars/new", made)
    told = _lines(client)
    assert "The password was changed." in told


def test_nobody_reads_what_happened_to_others(owner, client, strangers_client):
    audit.record(owner, audit.Event.TOKEN_MADE, name="garden shed")
    assert "garden shed" in _lines(client)
    assert "garden shed" not in _lines(strangers_client)


def test_the_details_are_sealed(owner):
    audit.record(owner, audit.Event.TOKEN_MADE, name="garden shed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM accounts_auditentry")
        (sealed,) = cursor.fetchone()
    assert b"garden" not in bytes(sealed)
    assert json.loads(AuditEntry.objects.get().details) == {"name": "garden shed"}


def test_many_entries_come_in_pages(owner, client):
    for _ in range(51):
        audit.record(owner, audit.Event.EXPORT_ASKED)
    page = client.get(URL)
    assert len(page.context["rows"]) == 50
    older = client.get(URL, {"after": page.context["page"].after})
    assert len(older.context["rows"]) == 1


def test_an_entry_that_lacks_a_detail_is_told_all_the_same(owner, client):
    audit.record(owner, audit.Event.TOKEN_MADE)
    assert "A token was made: ?." in _lines(client)


@pytest.mark.parametrize(("days", "left"), [(364, 1), (366, 0)])
def test_what_is_older_than_a_year_goes(owner, days, left):
    audit.record(owner, audit.Event.EXPORT_ASKED)
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=days))
    audit.forget_old()
    assert AuditEntry.objects.count() == left


def test_each_event_has_a_sentence():
    owner_words = {audit.told(AuditEntry(event=event)).sentence for event in audit.Event}
    assert len(owner_words) == len(audit.Event)
    assert not {str(event) for event in audit.Event} & owner_words


def test_what_an_administrator_did_stays_when_they_are_gone(owner, stranger, client):
    admin = make_person()
    audit.record(owner, audit.Event.QUOTA_CHANGED, by=admin, quota="2 GB")
    assert "by an administrator" in _lines(client)
