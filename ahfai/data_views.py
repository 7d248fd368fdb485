"""Settings, Your data: everything out, and back in."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit, exports
from accounts.models import Export
from accounts.requests import SignedInRequest
from ahfai import file_names


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return render(request, "data.html", _shown(request))


@require_POST
def export(request: SignedInRequest) -> HttpResponse:
    """Have the worker make one."""
    try:
        exports.ask(request.user, request)
    except exports.OneIsMade:
        messages.error(request, _("Your last export isn't made yet."))
    except exports.TooMany:
        said = _("That was asked for %(most)d times today. Please come back tomorrow.")
        shown = _shown(request) | {"refused": said % {"most": exports.MOST_A_DAY}}
        return render(request, "data.html", shown, status=429)
    return redirect("data")


@require_GET
def export_now(request: SignedInRequest) -> HttpResponse:
    """For the open page while it is made; then the whole page is read anew."""
    shown = _shown(request)
    answer = render(request, "_export.html", shown)
    if not shown["is_open"]:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def drop(request: SignedInRequest) -> HttpResponse:
    """End it, or delete what was made."""
    exports.drop(request.user)
    return redirect("data")


@require_GET
def fetch(request: SignedInRequest) -> HttpResponseBase:
    found = exports.of(request.user)
    if found is None or found.state != Export.State.DONE:
        raise Http404
    audit.record(request.user, audit.Event.EXPORT_FETCHED, request)
    answer = StreamingHttpResponse(exports.pieces(found), content_type="application/zip")
    answer["Content-Length"] = str(found.size)
    day = timezone.localtime(found.asked).date().isoformat()
    name = _("AhFai %(day)s.zip") % {"day": day}
    answer["Content-Disposition"] = file_names.disposition(name, as_attachment=True)
    return answer


def _shown(request: SignedInRequest) -> dict[str, object]:
    found = exports.of(request.user)
    return {
        "export": found,
        "is_open": found is not None and found.ended is None,
        "until": found and found.ended and found.ended + exports.KEPT_FOR,
    }
