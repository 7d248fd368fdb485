"""Where a person is signed in: shown, ended, and at an end by itself."""

from datetime import timedelta

import pytest
from django.conf import settings as house
from django.test import Client
from django.utils import timezone

from accounts.models import Session
from ahfai.testing import PASSWORD, signed_in

URL = "/you/browsers/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def _rows():
    return Session.objects.order_by("started")


def _use(client, **headers) -> None:
    """Long enough after the last use for it to be written down."""
    _age(seen=timedelta(minutes=6))
    client.get("/notes/", **headers)


def _age(**fields: timedelta) -> None:
    Session.objects.update(**{name: timezone.now() - age for name, age in fields.items()})


def test_each_browser_is_listed_with_where_it_was_last_and_this_one_first(owner, client):
    other = signed_in(owner)
    _use(other, HTTP_USER_AGENT=PHONE, REMOTE_ADDR="2001:db8:1234:5678::9")
    _use(client, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.77")
    page = client.get(URL).content.decode()
    assert page.index("Firefox on Linux") < page.index("this one") < page.index("Safari on iPhone")
    assert "203.0.113.0/24" in page
    assert "2001:db8:1234::/48" in page
    assert "203.0.113.77" not in page


def test_what_a_browser_says_of_itself_is_not_repeated(client):
    _use(client, HTTP_USER_AGENT="<b>Firefox/1</b> on Linux of Mr Canary")
    assert "Canary" not in client.get(URL).content.decode()


def test_another_browser_can_be_signed_out(owner, client):
    other = signed_in(owner)
    row = _rows().last()
    assert client.post(f"{URL}{row.id}/end").url == URL
    assert other.get("/notes/").status_code == 302
    assert client.get("/notes/").status_code == 200


def test_this_browser_and_a_strangers_can_not(client, strangers_client):
    for row in _rows():
        assert client.post(f"{URL}{row.id}/end").status_code == 404
    assert strangers_client.get("/notes/").status_code == 200


def test_all_others_can_be_signed_out_at_once(owner, client, strangers_client):
    others = [signed_in(owner), signed_in(owner)]
    client.post(f"{URL}end-others")
    assert [one.get("/notes/").status_code for one in others] == [302, 302]
    assert client.get("/notes/").status_code == 200
    assert strangers_client.get("/notes/").status_code == 200


def test_a_session_that_nobody_uses_ends(client, settings):
    client.get("/notes/")
    idle = timedelta(hours=settings.SESSION_IDLE_HOURS)
    _age(seen=idle - timedelta(minutes=1))
    assert client.get("/notes/").status_code == 200
    _age(seen=idle + timedelta(minutes=1))
    assert client.get("/notes/").status_code == 302


def test_a_session_ends_after_thirty_days_however_it_is_used(client):
    _age(started=timedelta(days=30, minutes=1))
    assert client.get("/notes/").status_code == 302


def test_saving_a_session_does_not_make_it_younger(client):
    _use(client, HTTP_USER_AGENT=FIREFOX)
    _age(started=timedelta(days=29))
    before = Session.objects.get()
    session = client.session
    session["something"] = "new"
    session.save()
    after = Session.objects.get()
    assert (after.id, after.started, after.browser) == (before.id, before.started, before.browser)


def test_the_time_of_use_is_written_every_five_minutes(client):
    seen = Session.objects.get().seen
    client.get(URL)
    assert Session.objects.get().seen == seen
    _age(seen=timedelta(minutes=6))
    client.get(URL)
    assert Session.objects.get().seen > seen


def test_what_an_open_page_asks_by_itself_is_no_use(client):
    client.get(URL)
    _age(seen=timedelta(minutes=6))
    seen = Session.objects.get().seen
    client.get("/reminders/news")
    client.get("/model/status")
    assert Session.objects.get().seen == seen


@pytest.mark.parametrize("field", ["seen", "started"])
def test_ended_sessions_are_cleared_away(client, field):
    _age(**{field: timedelta(days=31)})
    Session.get_session_store_class().clear_expired()
    assert not Session.objects.exists()


def test_the_cookie_of_an_ended_session_is_of_no_use_anywhere(client):
    cookie = client.cookies[house.SESSION_COOKIE_NAME].value
    _age(seen=timedelta(days=1))
    thief = Client()
    thief.cookies[house.SESSION_COOKIE_NAME] = cookie
    assert thief.get("/notes/").status_code == 302


def test_signing_in_writes_down_where_at_once(nobody, owner):
    nobody.post(
        "/account/sign-in/",
        {"login": owner.email, "password": PASSWORD},
        HTTP_USER_AGENT=FIREFOX,
        REMOTE_ADDR="203.0.113.77",
    )
    row = Session.objects.get(user=owner)
    assert (row.browser, row.address) == ("Firefox on Linux", "203.0.113.0/24")
