"""Notes and chats: an answer that is kept as a note, the notes that it was made from, and those
that a chat keeps to."""

import contextlib
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tags
from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from chats import pins
from chats.forms import ChatNotesForm
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


@require_http_methods(["GET", "POST"])
def of_chat(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Whether a chat uses notes, and which; what is looked for among them stays in the form."""
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    known = tags.all_of(request.user)
    notes, chosen = pins.of(chat)
    looks = "look" in request.POST
    sought = request.POST.get("sought", "")[:MAX_TITLE]
    ticked = _ids(request.POST.getlist("notes")) if request.method == "POST" else notes
    titled = pins.titled(request.user, sought, ticked)
    begin: dict[str, object] = {
        "uses_notes": chat.uses_notes,
        "notes": [str(note) for note in notes],
        "tags": [str(tag) for tag in chosen],
    }
    if looks:
        begin = {
            "uses_notes": request.POST.get("uses_notes", chat.uses_notes),
            **{name: request.POST.getlist(name) for name in ("notes", "tags")},
        }
    posted = request.POST if request.method == "POST" and not looks else None
    form = ChatNotesForm(posted, known=known, titled=titled, initial=begin)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        chat.use_notes(said["uses_notes"])
        pins.choose(chat, _ids(said.get("notes", [])), _ids(said.get("tags", [])))
        return redirect(chat)
    shown = {"chat": chat, "form": form, "sought": sought, "back": chat.get_absolute_url()}
    status = 422 if form.is_bound else 200
    return render(request, "chats/chat_notes.html", shown, status=status)


def _ids(said: list[str]) -> set[uuid.UUID]:
    """What is no id names nothing."""
    found = set()
    for one in said:
        with contextlib.suppress(ValueError):
            found.add(uuid.UUID(one))
    return found
