"""Files on their way into a message, by the page's script at once."""

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import files
from accounts.models import SealedFile
from accounts.pace import MINUTE, at_most
from accounts.requests import SignedInRequest
from chats import attachments, calibration, context, servers


@require_POST
@at_most(120, MINUTE, "upload")
def attach(request: SignedInRequest) -> HttpResponse:
    """Keep one file, and tell how the box shows it. It stays for a day without a message."""
    sent = request.FILES.get("file")
    if sent is None:
        return JsonResponse({"sentence": _("Choose a file first.")}, status=422)
    try:
        file = attachments.take_in(request.user, sent)
    except files.TooLarge as refused:
        return JsonResponse({"sentence": str(refused)}, status=413)
    except files.Refused as refused:
        return JsonResponse({"sentence": str(refused)}, status=422)
    shown = {"file": attachments.shown(file), "is_cut": _is_cut(request, file)}
    html = render_to_string("chats/_attached.html", shown, request)
    return JsonResponse({"html": html}, status=201)


def _is_cut(request: SignedInRequest, file: SealedFile) -> bool:
    """Whether the picked model can't read all of it, as far as is known without asking anybody."""
    model = servers.pick(request.user, picked=request.POST.get("model", "")[:200])
    num_ctx = servers.listed_num_ctx(model)
    if file.is_picture or num_ctx is None:
        return False
    window = context.Window(num_ctx, calibration.ratio(model))
    return context.is_surely_cut(file.text.words, window)
