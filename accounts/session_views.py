"""Where a person is signed in, and what happened to their account."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.requests import SignedInRequest
from accounts.sessions import digest, open_since
from ahfai import pages


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """This browser first, then those that were used last."""
    own = _own(request)
    rows = request.user.sessions.filter(open_since(timezone.now())).order_by("-seen", "id")
    found = sorted(rows, key=lambda row: row.session_key != own)
    return render(request, "accounts/session_list.html", {"sessions": found, "own": own})


@require_POST
def end(request: SignedInRequest, session_id: uuid.UUID) -> HttpResponse:
    """Sign another browser out; what it has open ends within seconds."""
    with transaction.atomic():
        others = request.user.sessions.exclude(session_key=_own(request))
        session = get_object_or_404(others, id=session_id)
        session.delete()
        audit.record(
            request.user,
            audit.Event.SESSION_ENDED,
            request,
            browser=session.browser or _("a browser"),
        )
    messages.success(request, _("That browser is signed out."))
    return redirect("accounts:sessions")


@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    with transaction.atomic():
        ended, _each = request.user.sessions.exclude(session_key=_own(request)).delete()
        if ended:
            audit.record(request.user, audit.Event.SESSIONS_ENDED, request)
    messages.success(request, _("All your other browsers are signed out."))
    return redirect("accounts:sessions")


@require_GET
def activity(request: SignedInRequest) -> HttpResponse:
    """The newest first."""
    page = pages.page(request.user.audit_entries.all(), "-at", request.GET)
    rows = [audit.told(entry) for entry in page.rows]
    return render(request, "accounts/activity.html", {"page": page, "rows": rows})


def _own(request: SignedInRequest) -> str:
    return digest(request.session.session_key or "")
