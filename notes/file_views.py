"""Files on their way into a note: by the page's script at once, or with the form."""

from typing import TypeVar

from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import files
from accounts.pace import MINUTE, at_most
from accounts.requests import SignedInRequest
from ahfai import file_names
from notes import attachments
from notes.forms import NoteForm

_Form = TypeVar("_Form", bound=NoteForm)


@require_POST
@at_most(120, MINUTE, "upload")
def attach(request: SignedInRequest) -> HttpResponse:
    """Keep one file, and tell what refers to it. It stays for a day without a note."""
    sent = request.FILES.get("file")
    if sent is None:
        return JsonResponse({"sentence": _("Choose a file first.")}, status=422)
    try:
        written = attachments.take_in(request.user, sent)
    except files.TooLarge as refused:
        return JsonResponse({"sentence": str(refused)}, status=413)
    except files.Refused as refused:
        return JsonResponse({"sentence": str(refused)}, status=422)
    return JsonResponse({"written": written}, status=201)


def with_files(request: SignedInRequest, form_class: type[_Form]) -> _Form:
    """The form that was sent. What refers to the files that came with it stands at the end of its
    text, whether the form holds or not: they are kept, and are not chosen again."""
    data: QueryDict = request.POST
    written: list[str] = []
    refused: list[str] = []
    for sent in request.FILES.getlist("files"):
        try:
            written.append(attachments.take_in(request.user, sent))
        except files.Refused as why:
            name = file_names.as_sent(sent.name or "")
            refused.append(f"{name}: {why}")
    if written:
        typed = data.get("body", "").rstrip()
        data = data.copy()
        data["body"] = "\n\n".join([typed, *written] if typed else written)
    form = form_class(data)
    form.full_clean()
    for sentence in refused:
        form.add_error(None, sentence)
    return form
