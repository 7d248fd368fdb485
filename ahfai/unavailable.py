"""The answer while the database is away, or too busy: in words, and when to try again."""

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ahfai import problems

TRY_AGAIN_S = 2
AWAY = (OperationalError, InterfaceError, InternalError)
# Classes of PostgreSQL's error codes (its manual, appendix A): connections, too few of something,
# a transaction that had to make way, the operator's hand, a lock that came too late, and a replica
# in the place of its primary, as while another one is made that.
_PASSING = ("08", "53", "40", "57", "55P03", "25006")


def is_passing(error: BaseException | None) -> bool:
    """Whether the database can't do it just now, and may do it soon. SQLite waits by itself."""
    cause = error.__cause__ if isinstance(error, AWAY) else None
    code = getattr(cause, "sqlstate", "it is no error of PostgreSQL's")
    if cause is None or code is None:
        # PostgreSQL was never reached, or went away in between.
        return cause is not None and not isinstance(error, InternalError)
    return code.startswith(_PASSING)


def answer(request: HttpRequest) -> HttpResponse:
    """Needs no database: neither the person nor the session is looked at."""
    sentence = _("AhFai can't reach its database just now. Please try again in a moment.")
    headers = {"Retry-After": str(TRY_AGAIN_S), "Cache-Control": "no-store"}
    # By its address: it may have failed before that led to a view.
    if request.path.startswith("/api/"):
        return problems.answer(503, sentence, headers)
    if not request.accepts("text/html") or request.headers.get("HX-Request"):
        return JsonResponse({"sentence": sentence}, status=503, headers=headers)
    # Without the request: it would be asked whose it is.
    return HttpResponse(
        render_to_string("503.html", {"sentence": sentence}), status=503, headers=headers
    )
