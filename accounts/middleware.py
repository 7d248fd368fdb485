"""What a request learns from the person who sends it."""

import datetime
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from accounts.sessions import SessionStore
from accounts.sign_in import doors, second_factor
from ahfai import clients, disk, replica
from ahfai.middleware import SAFE

View = Callable[[HttpRequest], HttpResponse]
# How far behind the time may be at which a session was used last.
SEEN_EVERY = datetime.timedelta(minutes=5)


class SecondFactorRequired:
    """Where everybody needs a second factor, leads who has none to the page that asks for one. What
    is open to all stays so, and the doors: signing out, and what the way there asks for."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.doors = {door.name for door in doors.urlpatterns}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable, arguments: tuple, named: dict
    ) -> HttpResponse | None:
        match = request.resolver_match
        if (
            not settings.REQUIRE_SECOND_FACTOR
            or not request.user.is_authenticated
            or not getattr(view, "login_required", True)
            or (match is not None and match.url_name in self.doors)
            or second_factor.is_on(request.user)
        ):
            return None
        needed = reverse("second_factor_needed")
        if request.headers.get("HX-Request"):
            # htmx would put the page into a corner of the one that asked.
            return HttpResponse(status=403, headers={"HX-Redirect": needed})
        return redirect(needed)


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


def note_who_writes(get_response: View) -> View:
    """So that for some seconds no replica of the database is asked, which may not know it yet."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not replica.is_there() or request.method in SAFE:
            return response
        # Known only by now where a program sent a token.
        person: Any = request.user
        if person.is_authenticated:
            # What was asked for is done by now, whatever becomes of this.
            with suppress(DatabaseError):
                User.objects.filter(pk=person.pk).update(wrote=timezone.now())
        return response

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
            with disk.not_needed_to_read():
                Session.objects.filter(pk=row.pk).update(
                    seen=now, browser=session.browser, address=session.address
                )
        return response

    return middleware
