"""How often somebody may try to sign in: counted before a password is hashed, which is what costs.

A browser that signed in before has a budget of its own (OWASP: device cookies), so that whoever
tries passwords elsewhere can't lock its person out.
"""

import datetime
import hashlib
import hmac
import logging
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from ahfai import clients, limits

_log = logging.getLogger(__name__)

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
# Per account and address; settings.SIGN_INS_PER_HOUR counts per address over all accounts.
PER_ACCOUNT_AND_HOUR = 10
# From all addresses.
PER_ACCOUNT_AND_DAY = 100
KNOWN_PER_HOUR = 10

_COOKIE_S = 365 * 24 * 3600
_MOST_ACCOUNTS = 5
_PURPOSE = "accounts.known-browser"


def may_try(request: HttpRequest, email: str) -> bool:
    """Count one more try. What is refused by one limit doesn't use up the others."""
    account = email.strip().lower()
    browser, accounts = _known(request)
    if _hash(account) in accounts:
        known = f"{browser}\0{account}"
        return _within(request, "sign-in by a known browser", known, HOUR, KNOWN_PER_HOUR)
    address = clients.for_counting(request)
    return (
        _within(request, "sign-in", address, HOUR, settings.SIGN_INS_PER_HOUR)
        and _within(request, "sign-in to", f"{account}\0{address}", HOUR, PER_ACCOUNT_AND_HOUR)
        and _within(request, "sign-in to", account, DAY, PER_ACCOUNT_AND_DAY)
    )


def _within(
    request: HttpRequest, what: str, who: str, window: datetime.timedelta, most: int
) -> bool:
    used = limits.count(what, who, window)
    if used == most + 1:
        # The first one alone: whoever goes on would fill the log.
        network = clients.shortened(clients.address(request)) or "an unknown address"
        _log.warning("after %d tries to sign in more are refused, the first from %s", most, network)
    return used <= most


def note_failure(email: str) -> None:
    limits.count("wrong password", email.strip().lower(), DAY)


def take_failures(email: str) -> int:
    """How often it failed lately, until now or until this was asked last; today's and yesterday's
    at least are remembered."""
    return limits.take("wrong password", email.strip().lower())


def remember_browser(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """This one signed in with that address."""
    browser, accounts = _known(request)
    mine = _hash(email.strip().lower())
    accounts = [mine, *(one for one in accounts if one != mine)][:_MOST_ACCOUNTS]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE,
        signing.dumps([browser or secrets.token_urlsafe(16), accounts], salt=_PURPOSE),
        max_age=_COOKIE_S,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> tuple[str, list[str]]:
    value: Any = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE, "")
    try:
        browser, accounts = signing.loads(value, salt=_PURPOSE, max_age=_COOKIE_S)
    except signing.BadSignature:
        return "", []
    return browser, accounts


def _hash(account: str) -> str:
    """So that the cookie names nobody."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"{_PURPOSE}\0{account}".encode(), hashlib.sha256).hexdigest()[:32]
