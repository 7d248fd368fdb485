"""Who may use the API: a signed-in browser, or a program that shows a person's token."""

import datetime
import zoneinfo
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from accounts import second_factor, tokens
from accounts.models import ApiToken, Scope, User
from ahfai import clients, disk, limits, problems
from ahfai.middleware import SAFE
from ahfai.problems import Refused

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
REQUESTS_PER_MINUTE, WRONG_PER_HOUR = 300, 60


class Allowed:
    """Lets a request in, as the `auth` of an operation, where its token has the `scope`; None asks
    for none. A browser may do all that its person may.

    Raises Refused. Everything behind it starts at `request.user`, as the pages do.
    """

    def __init__(self, scope: Scope | None = None) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> User:
        if settings.IS_HTTPS and not request.is_secure():
            # No way to https is shown: a program that follows it would go on sending in clear.
            raise Refused(403, _("Ask for this address with https://."))
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        # Another scheme is for a proxy in front, which a browser shows it to with each request.
        is_token = scheme.lower() == "bearer"
        person = self._by_token(request, text) if is_token else self._by_session(request)
        if settings.REQUIRE_SECOND_FACTOR and not second_factor.is_on(person):
            raise Refused(403, _("A second factor is needed here. Set one up in the browser."))
        with disk.not_needed_to_read():
            if limits.count("api", str(person.pk), MINUTE) > REQUESTS_PER_MINUTE:
                raise problems.too_often(MINUTE)
        return person

    def _by_session(self, request: HttpRequest) -> User:
        person: Any = request.user
        if not person.is_authenticated:
            raise _unknown("Bearer")
        _check_type(request)
        if request.method not in SAFE and check_csrf(request):
            sentence = _("The CSRF token is missing or wrong: send it as X-CSRFToken.")
            raise Refused(403, sentence)
        return person

    def _by_token(self, request: HttpRequest, text: str) -> User:
        """A session that comes along is as if it weren't there. No other site's page can make a
        browser send this header, so no CSRF token is needed."""
        token = tokens.find(text.strip())
        if token is None:
            with disk.not_needed_to_read():
                who = clients.for_counting(request)
                if limits.count("wrong token", who, HOUR) > WRONG_PER_HOUR:
                    raise problems.too_often(HOUR)
            raise _unknown('Bearer error="invalid_token"')
        self._check_scope(token)
        _check_type(request)
        with disk.not_needed_to_read():
            tokens.note_use(token)
        request.user = token.owner
        # As the middleware does for a session, which puts back what was before.
        with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError):
            timezone.activate(token.owner.zone)
        return token.owner

    def _check_scope(self, token: ApiToken) -> None:
        if self.scope is None or self.scope in token.may:
            return
        challenge = f'Bearer error="insufficient_scope", scope="{self.scope.value}"'
        sentence = _("This token may not do that: it lacks “%(scope)s”.")
        raise Refused(403, sentence % {"scope": self.scope.value}, {"WWW-Authenticate": challenge})


def _unknown(challenge: str) -> Refused:
    """One that was revoked, is over or never was is told nothing else (RFC 6750, 3.1)."""
    sentence = _("Sign in, or send a token that works: Authorization: Bearer ahfai_…")
    return Refused(401, sentence, {"WWW-Authenticate": challenge})


def _check_type(request: HttpRequest) -> None:
    """Nothing but JSON is read; a form of a page of another site can't send that."""
    has_body = request.headers.get("Content-Length", "") not in ("", "0")
    if request.method not in SAFE and has_body and request.content_type != "application/json":
        raise Refused(415, _("Send JSON, with Content-Type: application/json."))
