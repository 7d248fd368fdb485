"""What is written in a message box and not sent yet."""

import uuid

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from chats import drafts, sentences
from chats.forms import DraftForm
from chats.models import Chat


@require_POST
def draft(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Keep what is written in the chat's message box; 409 where another tab has saved since."""
    return _keep(request, get_object_or_404(request.user.chats.living(), pk=chat_id))


@require_POST
def draft_of_new_chat(request: SignedInRequest) -> HttpResponse:
    return _keep(request, None)


def _keep(request: SignedInRequest, chat: Chat | None) -> HttpResponse:
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"sentence": sentences.of_faults(form)}, status=422)
    written = form.cleaned_data
    try:
        version = drafts.keep(request.user, chat, written["text"], written["version"])
    except drafts.Outdated as newer:
        return JsonResponse({"version": newer.version}, status=409)
    return JsonResponse({"version": version})
