"""From an answer to a note."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from chats.models import Role
from notes import writing
from notes.models import MAX_BODY, MAX_TITLE


@require_POST
def save(request: SignedInRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Keep an answer as a note of its own; the very same answer isn't kept twice."""
    replies = request.user.messages.filter(chat__trashed=None, role=Role.ASSISTANT)
    reply = get_object_or_404(replies.select_related("chat"), pk=reply_id)
    try:
        title, text = reply.chat.title, reply.content
    except SealError:
        messages.error(request, _("This can't be opened, so it can't be saved."))
        return redirect(reply.chat)
    if not text.strip():
        messages.error(request, _("There are no words in it yet."))
        return redirect(reply.chat)
    note = writing.create(request.user, title[:MAX_TITLE], text[:MAX_BODY], page=reply.pk)
    messages.success(request, _("Saved as a note."))
    return redirect(note)
