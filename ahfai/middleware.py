"""Small middlewares of the house."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from ahfai import clients, disk, logs, problems

_log = logging.getLogger("ahfai.requests")

View = Callable[[HttpRequest], HttpResponse]
# Where a front end signs in.
TOKENS = "/api/token"
# Of what a browser can do for a page; a page of ours may copy to the clipboard and use passkeys.
NOTHING_ALLOWED = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "autoplay", "camera", "display-capture"),
        *("encrypted-media", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer"),
        *(
            "microphone",
            "midi",
            "payment",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
    )
)
SAFE = {"GET", "HEAD", "OPTIONS"}
# Who wants to read comes in by these; and a reply that is stopped takes less room.
WITHOUT_ROOM = {
    *("account_login", "account_logout", "account_reauthenticate"),
    *(
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_login_webauthn",
        "mfa_reauthenticate_webauthn",
    ),
    *("ask_for_passkey", "stop", "token", "token_refresh", "token_revoke"),
}


def number_requests(get_response: View) -> View:
    """Give each request an id, for its answer and the lines of the log; a proxy's own is taken
    where it looks like one. With LOG_REQUESTS also say what was asked, by the name of the page and
    not by its address, in which words may stand."""

    def middleware(request: HttpRequest) -> HttpResponse:
        theirs = request.headers.get("X-Request-ID", "")
        trusted = settings.TRUSTED_PROXIES and re.fullmatch(r"[\w-]{8,36}", theirs, re.ASCII)
        number = theirs if trusted else secrets.token_hex(8)
        request.META[logs.REQUEST_ID] = number
        token = logs.request_id.set(number)
        began = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = number
            if _log.isEnabledFor(logging.INFO):
                _say(request, response, time.perf_counter() - began)
        finally:
            logs.request_id.reset(token)
        return response

    return middleware


def _say(request: HttpRequest, response: HttpResponse, took_s: float) -> None:
    """Of a stream, when it began. The network alone: what is logged can't be shortened later."""
    asked = request.resolver_match
    facts = {
        "method": request.method,
        "view": asked.view_name if asked else "",
        "status": response.status_code,
        "ms": round(took_s * 1000, 1),
        "network": clients.shortened(clients.address(request)),
    }
    _log.info("{method} {view} {status} {ms} ms {network}".format(**facts), extra={"facts": facts})


def say_what_browsers_may_do(get_response: View) -> View:
    """On every answer, also on style sheets and scripts, and on what is refused before a view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", NOTHING_ALLOWED)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def refuse_what_no_text_holds(get_response: View) -> View:
    """Refuse an address with the character NUL, which PostgreSQL takes in no text. Forms refuse it
    by themselves; what isn't UTF-8 comes as U+FFFD."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            if _answers_programs(request):
                return problems.answer(400, _("No address holds the character NUL."))
            return render(request, "400.html", status=400)
        return get_response(request)

    return middleware


def _answers_programs(request: HttpRequest) -> bool:
    """Whether this is for the API, before it is known which view it is for."""
    return request.path.startswith("/api/")


def refuse_other_sites(get_response: View) -> View:
    """Refuse a change that another site's page asks for.

    Beside the CSRF token, so that a server on a home network is not reached through the
    browser of somebody in it (Fetch Metadata, W3C).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
        if request.method not in SAFE and is_foreign and not _is_of_a_front_end(request):
            if _answers_programs(request):
                return problems.answer(403, _("A page of another site may not change anything."))
            return render(request, "403.html", status=403)
        return get_response(request)

    return middleware


def _is_of_a_front_end(request: HttpRequest) -> bool:
    """Whether a page that the settings name asks something of the API by a token, or for one."""
    if request.headers.get("Origin") not in settings.CORS_ALLOWED_ORIGINS:
        return False
    by_token = request.headers.get("Authorization", "").lower().startswith("bearer ")
    return request.path.startswith(TOKENS) or (by_token and _answers_programs(request))


class SignInRequired(LoginRequiredMiddleware):
    """Leads to the sign-in page, and from there back to a page that can be opened."""

    def process_view(
        self, request: HttpRequest, view_func: Callable, view_args: tuple, view_kwargs: dict
    ) -> HttpResponseBase | None:
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is None or not request.headers.get("HX-Request"):
            return answer
        # htmx would follow, and put the sign-in page into a corner of the page that asked.
        refused = HttpResponse(status=401)
        if request.method not in SAFE:
            refused["HX-Redirect"] = answer.headers["Location"]
        # A piece that asked by itself leaves the page alone: somebody may be writing in it.
        return refused

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable
    ) -> HttpResponseRedirect:
        if request.headers.get("HX-Request"):
            page = _page(request, "HX-Current-URL")
        elif request.method in SAFE:
            page = request.get_full_path()
        else:
            page = _page(request, "Referer")
        return redirect_to_login(page, resolve_url(self.get_login_url(view_func)))


def _page(request: HttpRequest, header: str) -> str:
    """The page of ours that `header` says the request came from, else the home page."""
    address = request.headers.get(header, "")
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not ours:
        return resolve_url("home")
    parts = urlsplit(address)
    return parts._replace(scheme="", netloc="", fragment="").geturl() or resolve_url("home")


class RoomRequired:
    """Refuses changes while the disk is almost full (RFC 4918, 11.5: Insufficient Storage)."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable, arguments: tuple, named: dict
    ) -> HttpResponse | None:
        match = request.resolver_match
        may = request.method in SAFE or (match is not None and match.url_name in WITHOUT_ROOM)
        return None if may or not disk.is_short() else _no_room(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not (isinstance(error, OperationalError) and disk.is_full(error)):
            return None
        disk.forget()
        return _no_room(request)


def _no_room(request: HttpRequest) -> HttpResponse:
    sentence = _(
        "The disk of this server is full, so this wasn't saved. All that was saved before is "
        "there and can be read. Tell the one who runs this server to make room."
    )
    match = request.resolver_match
    if match and getattr(match.func, "answers_programs", False):
        return problems.answer(507, sentence)
    if not request.accepts("text/html") or request.headers.get("HX-Request"):
        return JsonResponse({"sentence": sentence}, status=507)
    return render(request, "507.html", {"sentence": sentence}, status=507)


def keep_private_pages_out_of_caches(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response

    return middleware
