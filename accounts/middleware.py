"""What a request learns from the person who sends it."""

import datetime
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore
from ahfai import clients

View = Callable[[HttpRequest], HttpResponse]
# How far behind the time may be at which a session was used last.
SEEN_EVERY = datetime.timedelta(minutes=5)


def use_the_persons_time_zone(get_response: View) -> View:
    """Show times as the clock on the person's wall does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = None
        if request.user.is_authenticated:
            # A zone that this machine doesn't know (any more) must not close every page.
            with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError):
                zone = request.user.zone
        with timezone.override(zone):
            return get_response(request)

    return middleware


def note_the_use_of_a_session(get_response: View) -> View:
    """So that one that nobody uses ends, and its person sees where they are signed in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        session = cast("SessionStore", request.session)
        session.browser = clients.browser(request)
        session.address = clients.shortened(clients.address(request))
        response = get_response(request)
        row, asked = session.row, request.resolver_match
        if row is None or row.user_id is None or asked is None:
            return response
        now = timezone.now()
        if now - row.seen >= SEEN_EVERY and not getattr(asked.func, "is_asked_by_the_page", False):
            # By a condition: it may have ended while this was answered.
            Session.objects.filter(pk=row.pk).update(
                seen=now, browser=session.browser, address=session.address
            )
        return response

    return middleware
