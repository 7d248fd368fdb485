"""An app for codes, and the codes on paper."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts import audit
from accounts.models import SecondFactorSecret, User
from accounts.sign_in import factor_views, second_factor
from accounts.tests.factors import APP, add_app, code_of, codes_on, sign_in
from ahfai.crypto import SealError
from ahfai.testing import PASSWORD
from ahfai.tests.at_rest import cached, holding, rows, sessions

CODE = "/account/sign-in/code/"
PAGE = "/account/second-factor/"


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


@pytest.fixture(autouse=True)
def five_minutes_that_do_not_end_in_a_test(monkeypatch):
    monkeypatch.setattr(second_factor, "FEW_MINUTES", second_factor.DAY)


def test_the_password_alone_no_longer_lets_in(owner, client):
    secret, _codes = add_app(client)
    browser, led_to = sign_in(owner.email)
    assert led_to == CODE
    assert browser.get("/notes/").status_code == 302
    assert browser.post(CODE, {"code": code_of(secret, 1)}).url == "/"
    assert browser.get("/notes/").status_code == 200


def test_a_wrong_code_lets_nobody_in(owner, client):
    add_app(client)
    browser, _ = sign_in(owner.email)
    answer = browser.post(CODE, {"code": "000 000"})
    assert answer.status_code == 422
    assert "That code isn&#x27;t right" in answer.content.decode()
    assert browser.get("/notes/").status_code == 302


def test_a_code_counts_once(owner, client):
    secret, _codes = add_app(client)
    code = code_of(secret, 1)
    assert sign_in(owner.email)[0].post(CODE, {"code": code}).status_code == 302
    # Another process knows nothing of this one's cache.
    cache.clear()
    assert sign_in(owner.email)[0].post(CODE, {"code": code}).status_code == 422


def test_the_code_that_added_the_app_lets_nobody_in(owner, client):
    secret = re.search(r'class="key">(\w+)<', client.get(APP).content.decode())[1]
    code = code_of(secret)
    assert client.post(APP, {"code": code}).status_code == 200
    assert sign_in(owner.email)[0].post(CODE, {"code": code}).status_code == 422


def test_a_recovery_code_lets_in_once_and_the_page_counts_the_rest(owner, client):
    _secret, codes = add_app(client)
    assert len(set(codes)) == 10
    assert sign_in(owner.email)[0].post(CODE, {"code": codes[0]}).url == "/"
    assert sign_in(owner.email)[0].post(CODE, {"code": codes[0]}).status_code == 422
    assert "9 codes are left" in client.get(PAGE).content.decode()


def test_new_recovery_codes_end_the_old_ones(owner, client):
    _secret, old = add_app(client)
    new = codes_on(client.post(PAGE + "codes/").content.decode())
    assert len(set(old) | set(new)) == 20
    assert sign_in(owner.email)[0].post(CODE, {"code": old[0]}).status_code == 422
    assert sign_in(owner.email)[0].post(CODE, {"code": new[0]}).url == "/"


def test_recovery_codes_are_shown_as_the_answer_and_by_no_address(client):
    _secret, codes = add_app(client)
    for address in (APP, PAGE, PAGE + "codes/"):
        assert codes[0] not in client.get(address, follow=True).content.decode()


def test_two_clicks_at_once_add_one_app(client, monkeypatch):
    add_app(client)
    # As it was when the second one came in.
    none = second_factor.Factors(None, [], None)
    monkeypatch.setattr(factor_views, "factors_of", lambda person: none)
    secret = re.search(r'class="key">(\w+)<', client.get(APP).content.decode())[1]
    assert client.post(APP, {"code": code_of(secret, 1)}).url == PAGE
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_without_the_right_code_no_app_is_added(owner, client):
    assert client.get(APP).status_code == 200
    assert client.post(APP, {"code": "123"}).status_code == 422
    assert sign_in(owner.email)[1] == "/"


def test_removing_the_app_makes_the_password_enough_and_leaves_no_secret(owner, client):
    add_app(client)
    assert client.get(APP + "remove/").status_code == 200
    client.post(APP + "remove/")
    assert sign_in(owner.email)[1] == "/"
    assert not SecondFactorSecret.objects.exists()
    assert not Authenticator.objects.exists()


def test_guessing_ends_after_five_tries_and_begins_anew_later(owner, client, monkeypatch):
    _secret, codes = add_app(client)
    browser, _ = sign_in(owner.email)
    # One try was the one that added the app.
    answers = [browser.post(CODE, {"code": "1"}).content.decode() for _ in range(5)]
    assert ["tried too often" in answer for answer in answers] == [False] * 4 + [True]
    assert browser.post(CODE, {"code": codes[0]}).status_code == 422
    monkeypatch.setattr(second_factor, "FEW", 50)
    assert browser.post(CODE, {"code": codes[0]}).url == "/"


def test_what_changes_the_second_factor_asks_who_it_is(owner):
    browser = Client()
    browser.force_login(owner)
    for address in (APP, APP + "remove/", PAGE + "codes/"):
        for method in (browser.get, browser.post):
            assert method(address).url.startswith("/account/again/?next=")
    assert browser.post(f"/account/again/?next={APP}", {"password": PASSWORD}).url == APP
    assert browser.get(APP).status_code == 200


def test_a_code_says_who_it_is_as_well(owner, client):
    _secret, codes = add_app(client)
    browser = Client()
    browser.force_login(owner)
    asked = browser.get(APP + "remove/").url
    assert "/account/again/code/" in browser.get(asked).content.decode()
    again = f"/account/again/code/?next={APP}remove/"
    assert browser.post(again, {"code": "1"}).status_code == 422
    assert browser.post(again, {"code": codes[0]}).url == APP + "remove/"


def test_a_factor_of_somebody_else_opens_for_nobody(owner, stranger, client):
    secret, _codes = add_app(client)
    taken = Authenticator.objects.get(type="totp")
    Authenticator.objects.create(user=stranger, type="totp", data=taken.data)
    browser, _ = sign_in(stranger.email)
    with pytest.raises(SealError):
        browser.post(CODE, {"code": code_of(secret, 1)})


def test_no_secret_lies_in_clear(client):
    def places():
        return rows() | sessions() | cached()

    secret_shown = client.get(APP).content.decode()
    while_adding = places()
    secret, codes = add_app(client)
    sign_in("owner@example.org")[0].post(CODE, {"code": codes[0]})
    after = places()
    assert secret in secret_shown
    for said in (secret, codes[0], codes[1], codes[1].replace(" ", "")):
        assert not holding(said, while_adding)
        assert not holding(said, after)
    # Each place was searched: what may lie there is found.
    assert "rows of accounts_user" in holding("owner@example.org", after)
    assert "rows of mfa_authenticator" in holding("used_mask", after)
    assert any(place.startswith("session") for place in holding("mfa", after))


def test_a_new_data_key_takes_the_secrets_along(owner, client, capsys):
    secret, _codes = add_app(client)
    call_command("keys", "reseal")
    owner.keys.filter(generation=1).delete()
    second_factor.keys.clear_cache()
    browser, _ = sign_in(owner.email)
    assert browser.post(CODE, {"code": code_of(secret, 1)}).url == "/"
    call_command("verify")
    assert "accounts.SecondFactorSecret: 2 opened, 0 not" in capsys.readouterr().out


def test_the_person_can_read_what_happened(owner, client):
    _secret, codes = add_app(client)
    browser, _ = sign_in(owner.email)
    for code in ("1", codes[0]):
        browser.post(CODE, {"code": code})
    browser = sign_in(owner.email)[0]
    for number in range(5):
        browser.post(CODE, {"code": number})
    client.post(APP + "remove/")
    told = [audit.told(entry).sentence for entry in owner.audit_entries.order_by("at")]
    assert [one for one in told if "Signed in" not in one] == [
        "Added as a second step to sign in: an app for codes.",
        "Recovery codes were made.",
        "A recovery code was used.",
        "Wrong codes for the second step were sent too often.",
        "No second step any more: an app for codes.",
    ]


def test_an_operator_lets_in_who_has_lost_all_of_it(owner, client, capsys):
    add_app(client)
    call_command("remove_second_factor", owner.email)
    assert sign_in(owner.email)[1] == "/"
    assert not SecondFactorSecret.objects.exists()


def test_the_secrets_go_with_the_person(stranger):
    add_app(sign_in(stranger.email)[0])
    User.objects.get(pk=stranger.pk).delete()
    assert not Authenticator.objects.exists()
    assert not SecondFactorSecret.objects.exists()


def test_somebody_of_the_staff_needs_the_second_factor_for_the_admin_pages(owner, client):
    secret, _codes = add_app(client)
    assert client.get("/admin/").status_code == 200
    browser, _ = sign_in(owner.email)
    assert browser.get("/admin/").status_code == 302
    browser.post(CODE, {"code": code_of(secret, 1)})
    assert browser.get("/admin/").status_code == 200


def test_the_settings_say_whether_a_second_factor_is_on(client):
    assert "No second factor is on" in client.get("/you/settings/").content.decode()
    add_app(client)
    assert "with 10 recovery codes left" in client.get("/you/settings/").content.decode()


def test_where_everybody_needs_one_nothing_else_opens_before(client, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    asked = client.get("/notes/")
    assert asked.url == PAGE + "needed/"
    assert client.post("/notes/new").url == asked.url
    assert client.get("/admin/").url == asked.url
    assert client.get("/notes/", headers={"HX-Request": "true"})["HX-Redirect"] == asked.url
    page = client.get(asked.url).content.decode()
    assert f'href="{APP}"' in page
    assert client.get("/health").status_code == 200
    add_app(client)
    assert client.get("/notes/").status_code == 200
    assert client.get(asked.url).url == "/"
    client.post(APP + "remove/")
    assert client.get("/notes/").url == asked.url
    assert client.post("/account/sign-out/").url == "/account/sign-in/"


def test_where_nobody_needs_one_nobody_is_asked(client):
    assert client.get(PAGE + "needed/").url == "/"
