"""Who may use the API: a signed-in browser, or a program that shows a person's token."""

import datetime
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from accounts.models import Scope, Session, User
from accounts.programs import jwts, tokens
from accounts.requests import SignedInRequest
from accounts.sign_in import second_factor
from ahfai import clients, disk, limits, problems
from ahfai.middleware import SAFE
from ahfai.problems import Refused

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
JSON, FORM = "application/json", "multipart/form-data"
REQUESTS_PER_MINUTE, WRONG_PER_HOUR = 300, 60


class Allowed:
    """Lets a request in, as the `auth` of an operation, where its token has the `scope`; None asks
    for none. A browser may do all that its person may. `takes` is the type of what is sent.

    Raises Refused. Everything behind it starts at `request.user`, as the pages do.
    """

    def __init__(self, scope: Scope | None = None, takes: str = JSON) -> None:
        self.scope, self.takes = scope, takes

    def __call__(self, request: HttpRequest) -> User:
        _check_https(request)
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        # Another scheme is for a proxy in front, which a browser shows it to with each request.
        shown = _shown(request, text.strip()) if scheme.lower() == "bearer" else None
        person: Any = shown.person if shown else request.user
        if not person.is_authenticated:
            raise _unknown("Bearer")
        _count(request, "requests", str(person.pk), REQUESTS_PER_MINUTE, MINUTE)
        if shown:
            self._check_scope(shown)
        _check_type(request, self.takes)
        if shown is None and request.method not in SAFE and check_csrf(request):
            # No page of another site can make a browser send a token, so there is none to miss.
            sentence = _("The CSRF token is missing or wrong: send it as X-CSRFToken.")
            raise Refused(403, sentence)
        if settings.REQUIRE_SECOND_FACTOR and not second_factor.is_on(person):
            raise Refused(403, _("A second factor is needed here. Set one up in the browser."))
        if shown:
            _act_for(request, shown)
        return person

    def _check_scope(self, shown: "_Shown") -> None:
        if self.scope is None or shown.may is None or self.scope in shown.may:
            return
        challenge = f'Bearer error="insufficient_scope", scope="{self.scope.value}"'
        sentence = _("This token may not do that: it lacks “%(scope)s”.")
        raise Refused(403, sentence % {"scope": self.scope.value}, {"WWW-Authenticate": challenge})


class OpenToAll:
    """As the `auth` of an operation lets everybody in, for the `reason`; a test lists them."""

    scope = None

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, request: HttpRequest) -> bool:
        _check_https(request)
        _count_of_address(request)
        _check_type(request, JSON)
        return True


@dataclass(frozen=True)
class _Shown:
    """Whom a token stands for, and what it may do: all that the person may where that is None."""

    person: User
    may: list[Scope] | None
    note_use: Callable[[], None]
    still_works: Callable[[], bool]


def pace_headers(request: HttpRequest) -> dict[str, str]:
    """How much may be asked for, and what is left (draft-ietf-httpapi-ratelimit-headers)."""
    policies = (("requests", REQUESTS_PER_MINUTE, MINUTE), ("wrong-tokens", WRONG_PER_HOUR, HOUR))
    said = [f'"{name}";q={most};w={window.seconds}' for name, most, window in policies]
    left = getattr(request, "pace_left", "")
    return {"RateLimit-Policy": ", ".join(said)} | ({"RateLimit": left} if left else {})


def _count(request: Any, name: str, who: str, most: int, window: datetime.timedelta) -> None:
    """Count one more before anything is done. Raises Refused."""
    with disk.not_needed_to_read():
        used = limits.count(name, who, window)
        left, seconds = max(0, most - used), limits.seconds_left(window)
        request.pace_left = f'"{name}";r={left};t={seconds}'
        if used > most:
            raise problems.too_often(window)


def _count_of_address(request: HttpRequest) -> None:
    """Where nobody knows whose request it is."""
    who = f"somebody at {clients.for_counting(request)}"
    _count(request, "requests", who, REQUESTS_PER_MINUTE, MINUTE)


def _shown(request: HttpRequest, text: str) -> _Shown:
    """A session that comes along is as if it weren't there."""
    if text.count(".") == 2 and (session := _session(request, text)):
        assert session.user is not None
        return _Shown(
            session.user,
            None,
            lambda: jwts.note_use(session, request),
            lambda: jwts.goes_on(session),
        )
    token = tokens.find(text)
    if token is None:
        _count(request, "wrong-tokens", clients.for_counting(request), WRONG_PER_HOUR, HOUR)
        raise _unknown('Bearer error="invalid_token"')
    return _Shown(
        token.owner, token.may, lambda: tokens.note_use(token), lambda: tokens.is_usable(token)
    )


def _session(request: HttpRequest, text: str) -> Session | None:
    """Of a front end. One that is over isn't counted as a guess: its pages learn so that they are
    to refresh it, all people of an office at once."""
    try:
        return jwts.find(text)
    except jwts.Over:
        _count_of_address(request)
        raise _unknown('Bearer error="invalid_token"') from None
    except jwts.Refused:
        return None


def _check_https(request: HttpRequest) -> None:
    if settings.IS_HTTPS and not request.is_secure():
        # No way to https is shown: a program that follows it would go on sending in clear.
        raise Refused(403, _("Ask for this address with https://."))


def _act_for(request: HttpRequest, shown: _Shown) -> None:
    with disk.not_needed_to_read():
        shown.note_use()
    request.user = shown.person
    request.shown = shown  # type: ignore[attr-defined]
    # As the middleware does for a session, which puts back what was before.
    with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError):
        timezone.activate(shown.person.zone)


def may(request: HttpRequest, scope: Scope) -> bool:
    """Whether who was let in may do this, too: a browser may."""
    shown = _shown_by(request)
    return shown is None or shown.may is None or scope in shown.may


def by_chosen_scopes(request: HttpRequest) -> bool:
    """Whether a token was shown whose scopes its person chose, after they had said who they are."""
    shown = _shown_by(request)
    return shown is not None and shown.may is not None


def still_works(request: HttpRequest) -> Callable[[], bool] | None:
    """Asks whether the token that a request came with would still be let in; None for a browser."""
    shown = _shown_by(request)
    return shown.still_works if shown else None


def _shown_by(request: HttpRequest) -> _Shown | None:
    return getattr(request, "shown", None)


def at_most(request: SignedInRequest, times: int, window: datetime.timedelta, what: str) -> None:
    """Count what pages count by `accounts.pace.at_most`, together with them. Raises Refused."""
    with disk.not_needed_to_read():
        if limits.count(what, str(request.user.pk), window) > times:
            raise problems.too_often(window)


def _unknown(challenge: str) -> Refused:
    """One that was revoked, is over or never was is told nothing else (RFC 6750, 3.1)."""
    sentence = _("Sign in, or send a token that works: Authorization: Bearer ahfai_…")
    return Refused(401, sentence, {"WWW-Authenticate": challenge})


def _check_type(request: HttpRequest, takes: str = JSON) -> None:
    """A form of a page of another site can't send JSON; where forms are taken, it lacks the CSRF
    token. A body of no said length would be taken for none (RFC 9110, 15.5.12)."""
    if request.method not in SAFE and request.headers.get("Transfer-Encoding"):
        raise Refused(411, _("Say in Content-Length how long it is."))
    has_body = request.headers.get("Content-Length", "") not in ("", "0")
    if request.method not in SAFE and has_body and request.content_type != takes:
        sentences = {
            JSON: _("Send JSON, with Content-Type: application/json."),
            FORM: _("Send a form, with Content-Type: multipart/form-data."),
        }
        raise Refused(415, sentences[takes])
