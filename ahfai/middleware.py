"""Small middlewares of the house."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

View = Callable[[HttpRequest], HttpResponse]
SAFE = {"GET", "HEAD", "OPTIONS"}


def refuse_other_sites(get_response: View) -> View:
    """Refuse a change that another site's page asks for.

    Beside the CSRF token, so that a server on a home network is not reached through the
    browser of somebody in it (Fetch Metadata, W3C).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return render(request, "403.html", status=403)
        return get_response(request)

    return middleware


def keep_private_pages_out_of_caches(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware
