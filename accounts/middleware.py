"""What a request learns from the person who sends it."""

import zoneinfo
from collections.abc import Callable
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

View = Callable[[HttpRequest], HttpResponse]


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
