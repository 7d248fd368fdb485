"""Import and export in the browser. Each lookup starts at the signed-in person."""

import uuid

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from notes.transfer import exporting
from notes.transfer.forms import PickedForm


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return render(request, "notes/transfer.html", {"notes": request.user.notes.count()})


@require_http_methods(["GET", "POST"])
def export(request: SignedInRequest) -> HttpResponseBase:
    """All notes, or those that were picked, as a ZIP."""
    notes = request.user.notes.all()
    if request.method == "POST":
        form = PickedForm(request.POST)
        if not form.is_valid():
            return redirect("notes:list")
        notes = notes.filter(pk__in=form.cleaned_data["notes"])
    day = timezone.localdate()
    answer = StreamingHttpResponse(
        exporting.archive(request.user, notes), content_type="application/zip"
    )
    return _download(answer, _("AhFai notes %(day)s.zip") % {"day": day.isoformat()})


@require_GET
def export_one(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponse:
    """One note as a Markdown file."""
    note = get_object_or_404(request.user.notes.living(), pk=note_id)
    try:
        text = exporting.page(note, exporting.tags_of(note))
        name = exporting.Names().take(note.title)
    except SealError:
        # The note's page says that it can't be opened.
        return redirect(note)
    return _download(HttpResponse(text, content_type="text/markdown; charset=utf-8"), name)


def _download(answer, name: str):
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer
