"""Files on their way into a message, by the page's script at once."""

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import files
from accounts.pace import MINUTE, at_most
from accounts.requests import SignedInRequest
from chats import attachments


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
    shown = {"file": attachments.shown(file)}
    html = render_to_string("chats/_attached.html", shown, request)
    return JsonResponse({"html": html}, status=201)
