"""Coming in and leaving."""

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.sign_in import tries
from ahfai import limits
from ahfai.models import RateCount
from ahfai.testing import PASSWORD, make_person, signed_in
from ahfai.tests.at_once import at_once

URL = "/account/sign-in/"


def _try(client, email, password, **extra):
    return client.post(URL, {"login": email, "password": password}, **extra)


def test_the_right_password_opens_the_page_that_was_asked_for(owner, nobody):
    asked = nobody.get("/notes/")
    assert asked.url == f"{URL}?next=/notes/"
    response = nobody.post(
        asked.url, {"login": owner.email, "password": PASSWORD, "next": "/notes/"}
    )
    assert response.url == "/notes/"
    assert nobody.get("/notes/").status_code == 200


def test_the_address_may_be_typed_in_any_letter_case(owner, nobody):
    assert _try(nobody, f" {owner.email.upper()} ", PASSWORD).url == "/"


def test_nobody_is_sent_to_another_site_after_signing_in(owner, nobody):
    response = nobody.post(
        URL, {"login": owner.email, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(owner, nobody):
    wrong = _try(nobody, owner.email, "not this one")
    unknown = _try(nobody, "nobody@example.org", "not this one")
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert "not this one" not in wrong.content.decode()


def test_an_account_that_is_switched_off_says_so_only_to_its_person(stranger, nobody):
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    assert _try(nobody, stranger.email, "not this one").status_code == 422
    response = nobody.post(URL, {"login": stranger.email, "password": PASSWORD}, follow=True)
    assert "switched off" in response.content.decode()
    assert nobody.get("/").status_code == 302


def test_switching_an_account_off_ends_its_sessions(owner, strangers_client, stranger):
    assert strangers_client.get("/notes/").status_code == 200
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    assert strangers_client.get("/notes/").status_code == 302


def test_guessing_at_one_account_ends_and_others_still_get_in(owner, stranger, nobody):
    for _ in range(tries.PER_ACCOUNT_AND_HOUR):
        assert "belong together" in _try(nobody, owner.email, "a guess").content.decode()
    refused = _try(nobody, owner.email, PASSWORD)
    assert refused.status_code == 422
    assert "tried too often" in refused.content.decode()
    assert _try(nobody, stranger.email, PASSWORD).status_code == 302


def test_guessing_does_not_lock_the_person_out_at_another_address(owner, nobody):
    for _ in range(tries.PER_ACCOUNT_AND_HOUR + 1):
        _try(nobody, owner.email, "a guess")
    assert _try(Client(), owner.email, PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_guessing_over_many_accounts_ends_too(owner, nobody, settings):
    settings.SIGN_INS_PER_HOUR = 5
    for number in range(5):
        _try(nobody, f"person{number}@example.org", "a guess")
    assert "tried too often" in _try(nobody, owner.email, PASSWORD).content.decode()


def test_that_guessing_has_ended_is_logged_once_without_whose_account_it_is(nobody, caplog):
    for _ in range(tries.PER_ACCOUNT_AND_HOUR + 3):
        _try(nobody, "somebody@example.org", "a guess", REMOTE_ADDR="192.0.2.7")
    (line,) = [said for said in caplog.messages if "tries to sign in" in said]
    assert line == "after 10 tries to sign in more are refused, the first from 192.0.2.0/24"


def test_an_invented_forwarded_address_gives_no_new_tries(owner, nobody, settings):
    settings.SIGN_INS_PER_HOUR = 3
    for number in range(3):
        _try(nobody, f"p{number}@example.org", "x", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    refused = _try(nobody, owner.email, PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99")
    assert "tried too often" in refused.content.decode()


def test_tries_are_counted_before_a_password_is_hashed(owner, nobody, settings, monkeypatch):
    hashed = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: hashed.append(raw))
    settings.SIGN_INS_PER_HOUR = 1
    _try(nobody, owner.email, "first")
    _try(nobody, owner.email, "second")
    assert hashed == ["first"]


@pytest.mark.django_db(transaction=True)
def test_tries_that_come_together_are_all_counted(settings):
    settings.SIGN_INS_PER_HOUR = 4
    make_person("owner@example.org")
    answers = []

    def guess(_number):
        answers.append(_try(Client(), "owner@example.org", "a guess").content.decode())

    at_once(guess, 10)
    assert sum("belong together" in answer for answer in answers) == 4


def test_who_is_signed_in_already_goes_home(client):
    assert client.get(URL).url == "/"


def test_signing_out_takes_a_press_of_the_button(client):
    url = reverse("account_logout")
    assert client.get(url).status_code == 200
    assert client.get("/notes/").status_code == 200
    response = client.post(url)
    assert response.url == URL
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/notes/").status_code == 302


def test_signing_out_twice_ends_at_the_same_page(client):
    client.post(reverse("account_logout"))
    assert client.post(reverse("account_logout")).url == URL


def test_a_form_without_its_token_is_refused_in_words(owner):
    client = Client(enforce_csrf_checks=True)
    response = _try(client, owner.email, PASSWORD)
    assert response.status_code == 403
    assert "This page got too old" in response.content.decode()
    assert PASSWORD not in response.content.decode()


def test_a_form_of_another_site_is_refused(owner):
    client = signed_in(owner)
    response = client.post("/you/settings/", {"name": "x"}, HTTP_SEC_FETCH_SITE="cross-site")
    assert response.status_code == 403
    owner.refresh_from_db()
    assert owner.name == "Olivia Owner"


def test_asking_for_json_does_not_hand_back_the_password(owner, nobody):
    response = _try(nobody, owner.email, "not this one", HTTP_X_REQUESTED_WITH="XMLHttpRequest")
    assert "not this one" not in response.content.decode()
    assert response["Content-Type"].startswith("text/html")


def test_guessing_from_everywhere_at_one_account_ends_for_the_day(owner, monkeypatch):
    hashed = []
    monkeypatch.setattr(User, "check_password", lambda self, raw: hashed.append(raw))
    for number in range(tries.PER_ACCOUNT_AND_DAY + 20):
        address = f"198.51.{number // 100}.{number % 100}"
        _try(Client(), owner.email, "a guess", REMOTE_ADDR=address)
    assert len(hashed) == tries.PER_ACCOUNT_AND_DAY


def test_meanwhile_a_browser_that_signed_in_before_still_gets_in(owner, nobody, stranger):
    _try(nobody, owner.email, PASSWORD)
    nobody.post("/account/sign-out/")
    limits.count("sign-in to", owner.email, tries.DAY)
    RateCount.objects.update(count=tries.PER_ACCOUNT_AND_DAY + 1)
    assert "tried too often" in _try(Client(), owner.email, PASSWORD).content.decode()
    assert "tried too often" in _try(nobody, stranger.email, PASSWORD).content.decode()
    assert _try(nobody, owner.email, PASSWORD).status_code == 302


def test_a_known_browser_may_not_guess_without_end_either(owner, nobody):
    _try(nobody, owner.email, PASSWORD)
    nobody.post("/account/sign-out/")
    for _ in range(tries.KNOWN_PER_HOUR):
        _try(nobody, owner.email, "a guess")
    assert "tried too often" in _try(nobody, owner.email, PASSWORD).content.decode()


def test_a_made_up_cookie_makes_no_browser_known(owner, nobody, settings):
    nobody.cookies[settings.KNOWN_BROWSER_COOKIE] = "WyJ4IixbXV0:1:made-up"
    settings.SIGN_INS_PER_HOUR = 1
    _try(nobody, owner.email, "a guess")
    assert "tried too often" in _try(nobody, owner.email, PASSWORD).content.decode()


def test_the_cookie_of_a_known_browser_names_nobody(owner, nobody, settings):
    _try(nobody, owner.email, PASSWORD)
    cookie = nobody.cookies[settings.KNOWN_BROWSER_COOKIE]
    said = signing.b64_decode(cookie.value.split(":")[0].encode()).decode()
    assert owner.email not in said
    assert str(owner.pk) not in said
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_behind_a_proxy_the_address_that_it_heard_from_counts(owner, nobody, settings):
    settings.TRUSTED_PROXIES, settings.SIGN_INS_PER_HOUR = 1, 3
    for number in range(4):
        made_up = f"192.0.2.{number}, 203.0.113.9"
        refused = _try(nobody, f"p{number}@example.org", "x", HTTP_X_FORWARDED_FOR=made_up)
    assert "tried too often" in refused.content.decode()
    other = _try(nobody, owner.email, PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9, 203.0.113.10")
    assert other.status_code == 302


def test_addresses_of_one_home_in_ipv6_are_counted_together(nobody, settings):
    settings.SIGN_INS_PER_HOUR = 3
    for number in range(4):
        refused = _try(nobody, f"p{number}@example.org", "x", REMOTE_ADDR=f"2001:db8::{number}")
    assert "tried too often" in refused.content.decode()
