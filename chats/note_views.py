"""From an answer to a note: to one that it is kept as, and to those that it was made from."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from chats.models import Role
from notes import places, writing
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


@require_GET
def source(request: SignedInRequest, source_id: uuid.UUID) -> HttpResponse:
    """To the note that an answer names, at the passage that was read for it."""
    there = request.user.sources.filter(reply__chat__trashed=None)
    named = get_object_or_404(there.select_related("note", "reply__chat"), pk=source_id)
    if named.note is None:
        messages.info(request, _("This note was deleted."))
        return redirect(f"{named.reply.chat.get_absolute_url()}#message-{named.reply_id}")
    try:
        address = places.address(named.note, named.text or "")
    except SealError:
        return redirect(named.note)
    if address is None:
        messages.info(request, _("This note says something else there by now."))
    return redirect(address or named.note)
