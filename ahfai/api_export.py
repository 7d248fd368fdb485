"""Everything that a person has, for programs: asked for, made by the worker, fetched in one file.

The pages ask for no password here, either: who makes a token that may do this is asked who it is.
"""

import datetime
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.api_files import binary
from accounts.models import Export, Scope
from accounts.parting import exports
from accounts.programs.api_access import HOUR, Allowed, at_most
from accounts.requests import SignedInRequest
from ahfai import limits
from ahfai.data_views import export_file
from ahfai.problems import Refused

router = Router()
# For OpenAPI, where an address that takes nothing can lead nowhere.
_NONE: dict[int, Any] = {
    404: {
        "description": "There is none",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
}
_allowed = Allowed(Scope.EXPORT)


class ExportShown(Schema):
    # "waiting", "running", "done" or "failed".
    state: str
    # How many things there are, once that is known, and how many of them are in it.
    total: int
    done: int
    # In bytes, of one that is done.
    size: int
    asked: datetime.datetime
    # Until when one that is done can be fetched.
    until: datetime.datetime | None


@router.get(
    "",
    auth=_allowed,
    response=ExportShown,
    url_name="export",
    openapi_extra={"responses": _NONE},
)
def state(request: SignedInRequest) -> ExportShown:
    """The one that was asked for last; 404 where there is none."""
    found = exports.of(request.user)
    if found is None:
        raise Http404
    return _shown(found)


@router.post("", auth=_allowed, response={202: ExportShown}, url_name="export")
def ask(request: SignedInRequest) -> ExportShown:
    """Have one made, in the place of an earlier one. 409 while one is made."""
    try:
        return _shown(exports.ask(request.user, request))
    except exports.OneIsMade:
        raise Refused(409, _("Your last export isn't made yet.")) from None
    except exports.TooMany:
        said = _("That was asked for %(most)d times today. Please come back tomorrow.")
        headers = {"Retry-After": str(limits.seconds_left(exports.DAY))}
        raise Refused(429, said % {"most": exports.MOST_A_DAY}, headers) from None


@router.delete("", auth=_allowed, response={204: None}, url_name="export")
def drop(request: SignedInRequest) -> None:
    """End it, or delete what was made."""
    exports.drop(request.user)


@router.get(
    "file",
    auth=_allowed,
    url_name="export_file",
    openapi_extra={"responses": binary("application/zip")["responses"] | _NONE},
)
def fetch(request: SignedInRequest) -> HttpResponseBase:
    """The ZIP; 404 before it is done."""
    at_most(request, 60, HOUR, "fetching an export")
    return export_file(request)


def _shown(found: Export) -> ExportShown:
    is_done = found.state == Export.State.DONE
    return ExportShown(
        state=found.state,
        total=found.total,
        done=found.done,
        size=found.size,
        asked=found.asked,
        until=found.ended + exports.KEPT_FOR if is_done and found.ended else None,
    )
