"""What guessing at passwords costs the server, and what it tells; the limits one by one are in
`test_sign_in`."""

import statistics
import time

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client

from accounts.models import User
from accounts.sign_in import tries
from ahfai.testing import PASSWORD, make_person

# Each limit meets the other database in tests of its own.
pytestmark = pytest.mark.same_everywhere

URL = "/account/sign-in/"


@pytest.fixture
def hashed(owner, monkeypatch) -> list[str]:
    """The passwords that were hashed."""
    hasher, passwords = type(get_hasher()), []
    encode = hasher.encode

    def noting(self, password, *arguments):
        passwords.append(password)
        return encode(self, password, *arguments)

    monkeypatch.setattr(hasher, "encode", noting)
    return passwords


def guess(client: Client, email: str, **headers: str):
    return client.post(URL, {"login": email, "password": "a guess"}, **headers)


@pytest.mark.prove
@pytest.mark.parametrize("times", [1000])
def test_one_peer_that_invents_addresses_has_few_passwords_hashed(
    owner, hashed, times, record_property
):
    for number in range(times):
        made_up = f"192.0.2.{number % 256}, 198.51.100.{number % 250}"
        email = owner.email if number % 2 else f"person{number}@example.org"
        guess(Client(), email, HTTP_X_FORWARDED_FOR=made_up, HTTP_FORWARDED=f"for={made_up}")
    record_property("hashed", str(len(hashed)))
    assert len(hashed) <= 20


@pytest.mark.prove
@pytest.mark.parametrize("addresses", [1000])
def test_guessing_from_everywhere_ends_and_a_known_browser_gets_in(
    owner, nobody, hashed, addresses, record_property
):
    nobody.post(URL, {"login": owner.email, "password": PASSWORD})
    nobody.post("/account/sign-out/")
    hashed.clear()
    for number in range(addresses):
        guess(Client(), owner.email, REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}")
    record_property("hashed", str(len(hashed)))
    assert len(hashed) <= 100
    assert nobody.post(URL, {"login": owner.email, "password": PASSWORD}).status_code == 302


def test_any_address_costs_one_hash(owner, stranger, hashed):
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    for email in (owner.email, stranger.email, "nobody@example.org"):
        hashed.clear()
        guess(Client(), email)
        assert hashed == ["a guess"], email


@pytest.mark.prove
@pytest.mark.parametrize("times", [100])
def test_signing_in_takes_the_same_time_with_known_and_unknown_addresses(
    db, settings, monkeypatch, times, record_property
):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    settings.SIGN_INS_PER_HOUR = 10 * times
    for limit in ("PER_ACCOUNT_AND_HOUR", "PER_ACCOUNT_AND_DAY"):
        monkeypatch.setattr(tries, limit, 10 * times)
    known = make_person("owner@example.org").email
    took: dict[str, list[float]] = {known: [], "nobody@example.org": []}
    for _ in range(times):
        for email, seconds in took.items():
            start = time.perf_counter()
            guess(Client(), email)
            seconds.append(time.perf_counter() - start)
    medians = [statistics.median(seconds) for seconds in took.values()]
    apart = abs(medians[0] - medians[1]) / min(medians)
    record_property("medians", " and ".join(f"{one * 1000:.1f} ms" for one in medians))
    assert apart < 0.05
