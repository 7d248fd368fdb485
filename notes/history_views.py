"""Earlier versions of a note in the browser."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from notes import writing
from notes.differences import around, lines
from notes.models import Note, Revision

PER_PAGE = 40


@require_GET
def index(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """The newest first; `before` in the address is the version from which the page goes on."""
    note = get_object_or_404(request.user.notes.living().listed(), pk=note_id)
    revisions = note.revisions.defer("body").order_by("-version")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 10:
        revisions = revisions.filter(version__lt=int(before))
    found = list(revisions[: PER_PAGE + 1])
    shown = {"note": note, "revisions": found[:PER_PAGE], "is_more": len(found) > PER_PAGE}
    return render(request, "notes/revision_list.html", shown)


@require_GET
def detail(request: SignedInRequest, revision_id: uuid.UUID) -> HttpResponse:
    """What was changed between this version and now."""
    revision = _revision(request, revision_id)
    note = revision.note
    try:
        found = lines(revision.body, note.body)
    except SealError:
        raise Http404 from None
    shown = {"revision": revision, "note": note, "lines": around(found)}
    return render(request, "notes/revision_detail.html", shown)


@require_POST
def restore(request: SignedInRequest, revision_id: uuid.UUID) -> HttpResponse:
    try:
        note = writing.restore(_revision(request, revision_id))
    except (Note.DoesNotExist, SealError):
        raise Http404 from None
    messages.success(request, _("The note is as it was then. How it was before is kept, too."))
    return redirect(note)


def _revision(request: SignedInRequest, revision_id: uuid.UUID) -> Revision:
    revisions = request.user.note_revisions.filter(note__trashed=None).select_related("note")
    return get_object_or_404(revisions, pk=revision_id)
