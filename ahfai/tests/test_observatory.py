"""The rules by which Mozilla's HTTP Observatory judges a site, for the pages as Django sends them.

The numbers are those of github.com/mdn/mdn-http-observatory (src/grader, 2025): 100 to begin with,
what is missing takes some away, and who keeps 90 gets more for what is better than needed. Nothing
is given here for being on the browsers' list for HSTS, which needs a name of one's own.
"""

import re
import runpy
from html.parser import HTMLParser

import pytest
from django.conf import settings as ours
from django.test import Client
from django.urls import reverse

from ahfai.testing import PASSWORD

pytestmark = pytest.mark.same_everywhere

WANTED, EXTRA_FROM, SIX_MONTHS_S = 130, 90, 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
OURS = (
    "SECURE_",
    "SESSION_COOKIE_",
    "CSRF_COOKIE_",
    "KNOWN_",
    "ALLOWED_",
    "CSRF_TRUSTED_",
    "IS_HTTPS",
)


@pytest.fixture
def https(monkeypatch, settings, tmp_path):
    """The settings of a site that is reached by https."""
    monkeypatch.setenv("SITE_URL", "https://ahfai.example")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KEYS_DIR", str(tmp_path / "keys"))
    for name, value in runpy.run_path(str(ours.BASE_DIR / "ahfai" / "settings.py")).items():
        if name.startswith(OURS):
            setattr(settings, name, value)


def test_the_sign_in_page_and_the_home_page_are_above_a_plus(https, owner):
    browser = Client(SERVER_NAME="ahfai.example")
    door = browser.get(reverse("account_login"), secure=True)
    assert score(door) >= WANTED
    said = {"login": owner.email, "password": PASSWORD}
    home = browser.post(reverse("account_login"), said, secure=True, follow=True)
    assert home.status_code == 200
    assert score(home) >= WANTED


def test_who_comes_by_http_is_led_to_https_on_the_same_host(https, owner):
    answer = Client(SERVER_NAME="ahfai.example").get("/")
    assert (answer.status_code, answer.url) == (301, "https://ahfai.example/")


def test_what_is_missing_is_seen(https, owner):
    page = Client(SERVER_NAME="ahfai.example").get(reverse("account_login"), secure=True)
    whole = score(page)
    for header, costs in {
        "Content-Security-Policy": 30,
        "Strict-Transport-Security": 20,
        "X-Content-Type-Options": 5,
        "Referrer-Policy": 5,
        "Cross-Origin-Resource-Policy": 10,
    }.items():
        value = page.headers.pop(header)
        assert score(page) <= whole - costs, header
        page.headers[header] = value


def score(response) -> int:
    headers, policy = response.headers, _policy(response)
    given = [
        _policy_score(policy),
        _cookie_score(response),
        0 if "Access-Control-Allow-Origin" not in headers else -50,
        5 if headers.get("Referrer-Policy") in PRIVATE else 0,
        0 if _hsts_s(response) >= SIX_MONTHS_S else -20,
        0 if _all_scripts_are_ours(response) else -50,
        0 if headers.get("X-Content-Type-Options") == "nosniff" else -5,
        _framing_score(policy, headers.get("X-Frame-Options", "")),
        10 if headers.get("Cross-Origin-Resource-Policy") in {"same-origin", "same-site"} else 0,
    ]
    without_extra = 100 + sum(one for one in given if one < 0)
    extra = sum(one for one in given if one > 0)
    return without_extra + (extra if without_extra >= EXTRA_FROM else 0)


def _policy(response) -> dict[str, set[str]]:
    parts = response.headers.get("Content-Security-Policy", "").split(";")
    return {words[0]: set(words[1:]) for words in map(str.split, parts) if words}


def _policy_score(policy: dict[str, set[str]]) -> int:
    if not policy:
        return -25
    sources = set().union(*policy.values())
    if sources & {"'unsafe-inline'", "'unsafe-eval'", "data:", "http:", "https:", "*"}:
        return -20
    is_shut = policy.get("default-src") == {"'none'"}
    stays = policy.get("form-action", set()) <= {"'self'", "'none'"} and "form-action" in policy
    return 10 if is_shut and stays and "base-uri" in policy else 5


def _cookie_score(response) -> int:
    cookies = response.cookies.values()
    if not cookies:
        return 0
    if not all(one["secure"] for one in cookies):
        return -40
    if not all(one["httponly"] for one in cookies):
        return -30
    return 5 if all(one["samesite"] in {"Lax", "Strict"} for one in cookies) else 0


def _hsts_s(response) -> int:
    found = re.search(r"max-age=(\d+)", response.headers.get("Strict-Transport-Security", ""))
    return int(found[1]) if found else 0


def _framing_score(policy: dict[str, set[str]], header: str) -> int:
    if policy.get("frame-ancestors", {"*"}) <= {"'none'", "'self'"}:
        return 5
    return 5 if header in {"DENY", "SAMEORIGIN"} else -20


def _all_scripts_are_ours(response) -> bool:
    sources: list[str] = []

    class Scripts(HTMLParser):
        def handle_starttag(self, tag, attrs) -> None:
            if tag == "script" and dict(attrs).get("src"):
                sources.append(dict(attrs)["src"])

    Scripts().feed(response.content.decode())
    return bool(sources) and all(one.startswith("/") and one[:2] != "//" for one in sources)
