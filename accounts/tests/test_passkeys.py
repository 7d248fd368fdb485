"""Passkeys, as far as no browser is needed: what is not one, and whose it is."""

import json

import pytest
from allauth.mfa.models import Authenticator

from accounts.sign_in import factor_views
from accounts.sign_in.second_factor import factors_of, seal
from accounts.tests.factors import sign_in
from ahfai.testing import signed_in

SIGN_IN, ASK = "/account/sign-in/passkey/", "/account/sign-in/passkey/ask/"
PASSKEYS = "/account/second-factor/passkeys/"
NOT_ONE = [
    "",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"id": 1}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": []}',
    json.dumps(
        {
            "id": "eA",
            "rawId": "eA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "e30",
                "authenticatorData": "eA",
                "signature": "eA",
                "userHandle": "eA",
                "attestationObject": "eA",
            },
        }
    ),
]


@pytest.fixture
def client(owner):
    """The owner's browser, a moment after the sign-in."""
    return sign_in(owner.email)[0]


def passkey_of(person, name="my phone") -> Authenticator:
    data = {"name": seal(person, name), "credential": {}}
    return Authenticator.objects.create(user=person, type="webauthn", data=data)


@pytest.mark.parametrize("credential", NOT_ONE)
def test_what_is_no_passkey_signs_nobody_in_and_is_not_added(owner, client, nobody, credential):
    assert nobody.post(ASK).json()["publicKey"]["userVerification"] == "required"
    assert nobody.post(SIGN_IN, {"credential": credential}).url == "/account/sign-in/"
    assert nobody.get("/notes/").status_code == 302
    assert client.get(PASSKEYS + "add/").status_code == 200
    added = client.post(PASSKEYS + "add/", {"credential": credential, "name": "x"})
    assert added.status_code == 422
    again = "/account/again/passkey/"
    assert client.post(again, {"credential": credential}).status_code in (302, 422)
    assert not factors_of(owner).is_on


def test_asking_for_passkeys_without_end_is_refused(nobody, monkeypatch):
    monkeypatch.setattr(factor_views, "PASSKEYS_PER_HOUR", 2)
    assert [nobody.post(ASK).status_code for _ in range(3)] == [200, 200, 429]


def test_a_passkey_gets_another_name_and_is_removed(owner, client):
    page = f"{PASSKEYS}{passkey_of(owner).pk}/"
    assert "my phone" in client.get(page).content.decode()
    assert client.post(page, {"name": ""}).status_code == 422
    client.post(page, {"name": "my other phone"})
    assert [one.name for one in factors_of(owner).passkeys] == ["my other phone"]
    client.post(page + "remove/")
    assert not factors_of(owner).is_on


def test_removing_one_asks_who_it_is_and_leads_back(owner):
    page = f"{PASSKEYS}{passkey_of(owner).pk}/"
    browser = signed_in(owner)
    for answer in (browser.get(page), browser.post(page + "remove/")):
        assert answer.url.endswith(f"?next={page.replace('/', '%2F')}")
    assert factors_of(owner).is_on


def test_where_no_passkey_can_work_the_pages_say_so(client, nobody, settings):
    settings.HAS_PASSKEYS = False
    assert "with a passkey" not in nobody.get("/account/sign-in/").content.decode()
    assert "by a name and with https" in client.get(PASSKEYS + "add/").content.decode()
