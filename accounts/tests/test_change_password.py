"""A new password."""

import pytest
from django.core import mail

from ahfai.testing import PASSWORD, signed_in

URL = "/account/password/"
NEW = "another phrase of my own"


def _change(client, old=PASSWORD, new=NEW):
    fields = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(URL, fields)


def test_the_new_password_counts_and_the_old_one_does_not(client, owner):
    assert _change(client).url == "/you/settings/"
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert not owner.check_password(PASSWORD)


def test_this_browser_stays_signed_in_and_the_others_do_not(client, owner):
    other = signed_in(owner)
    _change(client)
    assert client.get("/notes/").status_code == 200
    assert other.get("/notes/").status_code == 302
    assert owner.sessions.count() == 1


def test_the_page_says_that_it_is_done_and_no_mail_goes_out(client):
    _change(client)
    assert "Your password is changed." in client.get("/you/settings/").content.decode()
    assert not mail.outbox


@pytest.mark.parametrize(("old", "new"), [("not mine", NEW), (PASSWORD, "short"), (PASSWORD, "")])
def test_without_the_old_one_or_with_a_weak_new_one_nothing_changes(client, owner, old, new):
    assert _change(client, old, new).status_code == 422
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_words_that_were_sealed_before_still_open(client, owner):
    chat = owner.chats.create(title="Weekend", model="m")
    _change(client)
    chat.refresh_from_db()
    assert chat.title == "Weekend"


def test_confirming_who_one_is_works_for_people_made_on_the_command_line(client):
    url = "/account/again/?next=/notes/"
    assert client.post(url, {"password": "not mine"}).status_code == 422
    assert client.post(url, {"password": PASSWORD}).url == "/notes/"


def test_the_present_password_cannot_be_guessed_without_end(client, owner):
    for number in range(10):
        _change(client, f"guess {number}")
    refused = _change(client)
    assert refused.status_code == 422
    assert "tried too often" in refused.content.decode()
    assert owner.sessions.exists()
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
