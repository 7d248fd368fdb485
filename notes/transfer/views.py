"""Import and export in the browser. Each lookup starts at the signed-in person."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.pace import HOUR, at_most
from accounts.requests import SignedInRequest
from ahfai import file_names
from ahfai.crypto import SealError
from ahfai.uploads import NotKept
from notes.forms import PickedForm
from notes.list_views import list_page
from notes.models import Import, NoteQuerySet
from notes.transfer import exporting, importing
from notes.transfer.forms import ImportForm
from notes.transfer.reasons import SENTENCES, Refused

MOST_SHOWN = 10
MOST_REMARKS = 200


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, ImportForm())


@require_POST
@at_most(30, HOUR, "import")
def import_(request: SignedInRequest) -> HttpResponse:
    """Keep an archive for the worker, which takes it in."""
    form = ImportForm(request.POST, request.FILES)
    if isinstance(request.FILES.get("file"), NotKept):
        form.errors["file"] = form.error_class([str(SENTENCES["too_large"])])
        return _page(request, form, 413)
    if not form.is_valid():
        return _page(request, form, 422)
    try:
        file = form.cleaned_data["file"]
        importing.start(request.user, file_names.as_sent(file.name), file.read())
    except Refused as refused:
        form.add_error("file", SENTENCES[refused.code])
        return _page(request, form, 422)
    except importing.OneIsRunning:
        form.add_error("file", _("Your last import isn't over yet."))
        return _page(request, form, 422)
    return redirect("notes:transfer")


@require_GET
def imports_now(request: SignedInRequest) -> HttpResponse:
    """For the open page while something is taken in; then the whole page is read anew."""
    answer = render(request, "notes/_imports.html", {"open_imports": _open(request)})
    if not _open(request):
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def cancel(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    importing.cancel(get_object_or_404(request.user.imports, pk=import_id))
    return redirect("notes:transfer")


@require_POST
def go_on(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Let an import that failed go on where it ended."""
    try:
        importing.go_on(get_object_or_404(request.user.imports, pk=import_id))
    except importing.OneIsRunning:
        messages.error(request, _("Your last import isn't over yet."))
    return redirect("notes:transfer")


@require_POST
def dismiss(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Forget what became of an import; the notes stay."""
    one = get_object_or_404(request.user.imports, pk=import_id)
    request.user.imports.filter(pk=one.pk).exclude(ended=None).delete()
    return redirect("notes:transfer")


@require_http_methods(["GET", "POST"])
@at_most(30, HOUR, "export of notes", method="GET")
@at_most(30, HOUR, "export of notes")
def export(request: SignedInRequest) -> HttpResponseBase:
    """All notes, or those that were picked, as a ZIP."""
    notes = request.user.notes.all()
    if request.method == "POST":
        form = PickedForm(request.POST)
        if not form.is_valid():
            return redirect("notes:list")
        picked, place = form.cleaned_data["notes"], form.cleaned_data["back_to"]
        if not picked:
            return list_page(request, place, none_picked=True)
        notes = notes.filter(pk__in=picked)
    day = timezone.localdate()
    return _archive(request, notes, _("AhFai notes %(day)s.zip") % {"day": day.isoformat()})


@require_GET
@at_most(120, HOUR, "export of a note", method="GET")
def export_one(request: SignedInRequest, note_id: uuid.UUID) -> HttpResponseBase:
    """One note as a Markdown file; one that has files as a ZIP with them."""
    note = get_object_or_404(request.user.notes.living(), pk=note_id)
    try:
        text = exporting.page(note, exporting.tags_of(note))
        has_files = note.attachments.filter(revision=None).exists()
        name = exporting.Names().take(note.title, ".zip" if has_files else ".md")
    except SealError:
        # The note's page says that it can't be opened.
        return redirect(note)
    if has_files:
        return _archive(request, request.user.notes.filter(pk=note.pk), name)
    return _download(HttpResponse(text, content_type="text/markdown; charset=utf-8"), name)


def _archive(request: SignedInRequest, notes: NoteQuerySet, name: str) -> HttpResponseBase:
    pieces = exporting.archive(request.user, notes)
    return _download(StreamingHttpResponse(pieces, content_type="application/zip"), name)


def _page(request: SignedInRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    # In this order: one that ends meanwhile is among the open ones, whose page asks again.
    open_imports = _open(request)
    over = request.user.imports.exclude(ended=None).exclude(pk__in=[one.pk for one in open_imports])
    shown = {
        "form": form,
        "notes": request.user.notes.count(),
        "open_imports": open_imports,
        "over": [_result(one) for one in over.order_by("-ended")[:MOST_SHOWN]],
    }
    return render(request, "notes/transfer.html", shown, status=status)


def _open(request: SignedInRequest) -> list[Import]:
    return list(request.user.imports.filter(ended=None))


def _result(one: Import) -> dict[str, object]:
    """An import that is over, with what is to be known of its files."""
    remarks = list(one.remarks.select_related("note")[: MOST_REMARKS + 1])
    return {
        "import": one,
        "failure": SENTENCES.get(one.reason, ""),
        "may_go_on": one.reason in importing.MAY_GO_ON and one.pieces.exists(),
        "remarks": [(remark, SENTENCES.get(remark.code, "")) for remark in remarks[:MOST_REMARKS]],
        "has_more": len(remarks) > MOST_REMARKS,
    }


def _download(answer, name: str):
    answer["Content-Disposition"] = file_names.disposition(name, as_attachment=True)
    return answer
