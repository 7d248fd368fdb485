"""Settings, Your data: everything out, and back in."""

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.models import Export
from accounts.pace import HOUR, at_most
from accounts.parting import exports
from accounts.requests import SignedInRequest
from ahfai import file_names
from ahfai.arrivals import SENTENCES
from ahfai.uploads import NotKept
from notes.models import Import
from notes.transfer import importing
from notes.transfer.reasons import Refused

MOST_SHOWN = 10
MOST_REMARKS = 200


class DataForm(forms.Form):
    """An archive, or a single file; `ahfai.arrivals` looks into it."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A ZIP, or a single file. At most 20 MB; more by a command."),
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".zip,.json,.jex,.md,.markdown,.txt"}),
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "max_length": gettext_lazy("Its name is too long."),
        },
    )


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    return _page(request, DataForm())


@require_POST
@at_most(30, HOUR, "import")
def import_(request: SignedInRequest) -> HttpResponse:
    """Keep a file for the worker, which takes it in."""
    form = DataForm(request.POST, request.FILES)
    if isinstance(request.FILES.get("file"), NotKept):
        form.errors["file"] = form.error_class([str(SENTENCES["too_large"])])
        return _page(request, form, 413)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            importing.start(request.user, file_names.as_sent(file.name), file.read())
            return redirect("data")
        except Refused as refused:
            form.add_error("file", str(SENTENCES[refused.code]))
        except importing.OneIsRunning:
            form.add_error("file", _("Your last import isn't over yet."))
    return _page(request, form, 422)


@require_GET
def imports_now(request: SignedInRequest) -> HttpResponse:
    """For the open page while something is taken in; then the whole page is read anew."""
    open_imports = _open(request)
    answer = render(request, "_arriving.html", {"open_imports": open_imports})
    if not open_imports:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def cancel(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    importing.cancel(get_object_or_404(request.user.imports, pk=import_id))
    return redirect("data")


@require_POST
def go_on(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    try:
        importing.go_on(get_object_or_404(request.user.imports, pk=import_id))
    except importing.OneIsRunning:
        messages.error(request, _("Your last import isn't over yet."))
    return redirect("data")


@require_POST
def dismiss(request: SignedInRequest, import_id: uuid.UUID) -> HttpResponse:
    """Forget what became of an import; what came in stays."""
    one = get_object_or_404(request.user.imports, pk=import_id)
    request.user.imports.filter(pk=one.pk).exclude(ended=None).delete()
    return redirect("data")


@require_POST
def export(request: SignedInRequest) -> HttpResponse:
    """Have the worker make one."""
    try:
        exports.ask(request.user, request)
    except exports.OneIsMade:
        messages.error(request, _("Your last export isn't made yet."))
    except exports.TooMany:
        said = _("That was asked for %(most)d times today. Please come back tomorrow.")
        return _page(request, DataForm(), 429, refused=said % {"most": exports.MOST_A_DAY})
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
@at_most(60, HOUR, "fetching an export", method="GET")
def fetch(request: SignedInRequest) -> HttpResponseBase:
    return export_file(request)


def export_file(request: SignedInRequest) -> HttpResponseBase:
    """The ZIP, and a line about it for its person to read. Raises Http404 before it is done."""
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


def _page(request: SignedInRequest, form: DataForm, status: int = 200, **more: str) -> HttpResponse:
    # In this order: one that ends meanwhile is among the open ones, whose page asks again.
    open_imports = _open(request)
    over = request.user.imports.exclude(ended=None).exclude(pk__in=[one.pk for one in open_imports])
    shown = {
        "form": form,
        "open_imports": open_imports,
        "over": [_result(one) for one in over.order_by("-ended")[:MOST_SHOWN]],
        **_shown(request),
        **more,
    }
    return render(request, "data.html", shown, status=status)


def _open(request: SignedInRequest) -> list[Import]:
    return list(request.user.imports.filter(ended=None))


def _result(one: Import) -> dict[str, object]:
    """An import that is over, with what is to be known of single things."""
    remarks = list(one.remarks.select_related("note")[: MOST_REMARKS + 1])
    return {
        "import": one,
        "failure": SENTENCES.get(one.reason, ""),
        "may_go_on": one.reason in importing.MAY_GO_ON and one.pieces.exists(),
        "remarks": [(remark, SENTENCES.get(remark.code, "")) for remark in remarks[:MOST_REMARKS]],
        "has_more": len(remarks) > MOST_REMARKS,
    }


def _shown(request: SignedInRequest) -> dict[str, object]:
    found = exports.of(request.user)
    return {
        "export": found,
        "is_open": found is not None and found.ended is None,
        "until": found and found.ended and found.ended + exports.KEPT_FOR,
    }
