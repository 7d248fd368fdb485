"""Addresses of static files that browsers and caches keep for good.

All files together have one version, which stands in their addresses as a folder: modules and styles
that name each other stay of one version by themselves, and nothing has to be collected, renamed or
rewritten. What is joined has its own: see ahfai.bundles.
"""

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse

KEPT = "public, max-age=31536000, immutable"
# What is there instead of what was asked for. The next page will ask for what it needs.
ASKED_AGAIN = "public, no-cache"
# By nginx where another replica may have another version: it asks that one then.
ONLY_THIS = "X-Only-This-Version"


class Versioned(StaticFilesStorage):
    def url(self, name: str | None) -> str:
        return super().url(name if settings.DEBUG else f"{version()}/{name}")


@lru_cache
def version() -> str:
    """Of the names and bytes of all static files."""
    hashed = hashlib.sha256()
    for name, path in sorted(_files().items()):
        hashed.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()[:16]


def _files() -> dict[str, Path]:
    """Of several with one name the first one is served."""
    found: dict[str, Path] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list(None):
            found.setdefault(name, Path(storage.path(name)))
    return found


def serve_versions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    def middleware(request: HttpRequest) -> HttpResponse:
        versioned = re.compile(re.escape(settings.STATIC_URL) + "([0-9a-f]{16})/(.+)")
        found = versioned.fullmatch(request.path_info)
        if not found:
            return get_response(request)
        if missed := refused_version(request, is_here := found[1] == version()):
            return missed
        request.path_info = settings.STATIC_URL + found[2]
        answer = get_response(request)
        if answer.status_code in {200, 206, 304}:
            answer.headers["Cache-Control"] = KEPT if is_here else ASKED_AGAIN
        return answer

    return middleware


def refused_version(request: HttpRequest, is_here: bool) -> HttpResponse | None:
    """404 for who takes nothing instead of a version that isn't here."""
    if is_here or ONLY_THIS not in request.headers:
        return None
    return HttpResponse(status=404, headers={"Cache-Control": "no-store"})
