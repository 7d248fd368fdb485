"""How often one person may do what costs the server much. What they ask the model is limited by how
many of their replies may be open; see `chats.lifecycle.line`."""

import datetime
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import ngettext

from accounts.requests import SignedInRequest
from ahfai import limits

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)

View = Callable[..., HttpResponseBase]


def at_most(
    times: int, window: datetime.timedelta, what: str, method: str = "POST"
) -> Callable[[View], View]:
    """Answer requests with `method` with 429 (RFC 6585) from the next one on, until the window is
    over. Views that do the same `what` are counted together."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_counted = request.method == method
            if is_counted and limits.count(what, str(request.user.pk), window) > times:
                return _too_often(request, window)
            return view(request, *args, **kwargs)

        return counted

    return decorate


def _too_often(request: SignedInRequest, window: datetime.timedelta) -> HttpResponse:
    left = limits.seconds_left(window)
    minutes = math.ceil(left / 60)
    sentence = ngettext(
        "That was too often in a short time. Try again in a minute.",
        "That was too often in a short time. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
    headers = {"Retry-After": str(left)}
    if not request.accepts("text/html") or request.htmx:
        return JsonResponse({"sentence": sentence}, status=429, headers=headers)
    response = render(request, "429.html", {"sentence": sentence}, status=429)
    response["Retry-After"] = headers["Retry-After"]
    return response
