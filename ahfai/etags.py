"""Versions of rows, as HTTP says them (RFC 9110, 8.8.3 and 13.1.1)."""

import hashlib
import re

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from django.utils.translation import gettext as _

from ahfai.problems import Refused


def of(version: int) -> str:
    return f'"{version}"'


def asked(request: HttpRequest, version: int) -> int:
    """The version that `If-Match` names, of a row that is at `version`; 0 for what is none. Of
    several the one that it is at, if that is among them.

    Raises Refused where the header is missing: what nobody has seen isn't changed.
    """
    said = request.headers.get("If-Match", "").strip()
    if not said:
        sentence = _("Say in If-Match which version you change: the ETag that came with it.")
        raise Refused(428, sentence)
    if said == "*":
        return version
    # A weak one says nothing of the words themselves, so it doesn't count.
    named = [re.fullmatch('"([0-9]{1,9})"', one.strip()) for one in said.split(",")]
    versions = [int(found[1]) for found in named if found]
    return version if version in versions else next(iter(versions), 0)


def shortened(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """With an ETag of all that it says, where it has none of a version; and 304 without a word
    where the program that asks has that already (RFC 9110, 13.1.2)."""
    is_json = response.get("Content-Type", "").startswith("application/json")
    if not (isinstance(response, HttpResponse) and response.status_code == 200 and is_json):
        return response
    if "ETag" in response:
        return response
    # Weak: it is the same for what says the same.
    etag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    if etag not in parse_etags(request.headers.get("If-None-Match", "")):
        return response
    same = HttpResponseNotModified(headers=response.headers)
    del same["Content-Type"]
    return same


def outdated(version: int) -> Refused:
    sentence = _("It was changed elsewhere meanwhile, so it stays as it is. Read it again first.")
    return Refused(412, sentence, {"ETag": of(version)})
