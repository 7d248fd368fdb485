"""The turns of a chat in the browser: asked, followed, stopped, answered anew, said otherwise."""

import re
import uuid
from collections.abc import Callable

from django.forms import Form
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import SignedInRequest
from ahfai.access import asked_by_the_page
from chats import attachments, branches, generation, page_events, sentences, turns, watching
from chats.attachments import Brought
from chats.composing import composer
from chats.forms import FirstMessageForm, MessageForm, ModelForm
from chats.models import Chat, Message, Role
from chats.views import chat_page, text_of
from reminders.quick import order_for


@require_POST
def start(request: SignedInRequest) -> HttpResponse:
    brought = attachments.brought(request)
    form = FirstMessageForm(request.POST, has_files=bool(brought.files))
    if not form.is_valid() or brought.refused:
        return _refused_start(request, _faults(form, brought), 422, brought)
    try:
        reply = turns.start(request.user, form.cleaned_data, brought, order_for(request))
    except turns.Refused as refused:
        return _refused_start(request, refused.sentence, refused.status, brought)
    return redirect(reply.chat)


@require_POST
def ask(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    brought = attachments.brought(request)
    form = MessageForm(request.POST, has_files=bool(brought.files))
    if not form.is_valid() or brought.refused:
        return _refused(request, chat, _faults(form, brought), 422, brought)
    try:
        reply = turns.ask(chat, form.cleaned_data, brought, order_for(request))
    except turns.Refused as refused:
        return _refused(request, chat, refused.sentence, refused.status, brought)
    except Chat.DoesNotExist:
        raise Http404 from None
    if not watching.are_wanted(request):
        return redirect(reply.chat)
    return _events(request, reply, 0, first=lambda: page_events.turn(request, reply))


def _faults(form: Form, brought: Brought) -> str:
    return " ".join(filter(None, [sentences.of_faults(form), brought.refused]))


@require_POST
def retry(request: SignedInRequest, reply_id: uuid.UUID) -> HttpResponse:
    return _another(request, _reply(request, reply_id), turns.try_again)


@require_POST
def carry_on(request: SignedInRequest, reply_id: uuid.UUID) -> HttpResponse:
    return _another(request, _reply(request, reply_id), turns.carry_on)


def _another(
    request: SignedInRequest, reply: Message, verb: Callable[[Message, str], Message]
) -> HttpResponse:
    form = ModelForm(request.POST)
    if not form.is_valid():
        return _refused(request, reply.chat, sentences.of_faults(form), 422)
    try:
        fresh = verb(reply, form.cleaned_data["model"])
    except turns.Refused as refused:
        return _refused(request, reply.chat, refused.sentence, refused.status)
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    if not watching.are_wanted(request):
        return redirect(reply.chat)
    return _events(request, fresh, 0, first=lambda: page_events.another(request, fresh, reply))


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Other words in the place of the person's own; the earlier ones stay as a version."""
    message = _message(request, message_id, role=Role.PERSON)
    if request.method == "GET":
        there = Brought(attachments.of_message(message))
        return _edit_page(request, message, text_of(message, "content"), there)
    brought = attachments.brought(request)
    form = MessageForm(request.POST, has_files=bool(brought.files))
    text = request.POST.get("text", "")
    if not form.is_valid() or brought.refused:
        return _edit_page(request, message, text, brought, _faults(form, brought), 422)
    try:
        reply = turns.edit(message, form.cleaned_data, brought, order_for(request))
    except turns.Refused as refused:
        return _edit_page(request, message, text, brought, refused.sentence, refused.status)
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    return redirect(reply.chat)


@require_POST
def show(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Show the branch of this version from now on."""
    message = _message(request, message_id)
    branches.show(message)
    return redirect(f"{message.chat.get_absolute_url()}#message-{message.pk}")


@require_http_methods(["GET", "POST"])
def delete_version(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    message = _message(request, message_id)
    if request.method == "GET":
        return render(request, "chats/version_delete.html", {"message": message})
    try:
        growing = branches.delete_version(message)
    except branches.OnlyVersion:
        sentence = _("This is the only version. You can delete the whole chat instead.")
        return _refused(request, message.chat, sentence, 409)
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    for reply_id in growing:
        if here := generation.running(reply_id):
            here.interrupt()
    return redirect(message.chat)


@asked_by_the_page
@require_GET
def stream(request: SignedInRequest, reply_id: uuid.UUID) -> HttpResponse:
    reply = _reply(request, reply_id)
    last = request.headers.get("Last-Event-ID", "")
    return _events(request, reply, int(last) if re.fullmatch("[0-9]{1,9}", last) else 0)


@require_POST
def stop(request: SignedInRequest, reply_id: uuid.UUID) -> HttpResponse:
    """Stop a reply, in whichever process it is being written."""
    reply = _reply(request, reply_id)
    turns.stop(reply)
    if watching.are_wanted(request) or request.htmx:
        return HttpResponse(status=204)
    return redirect(reply.chat)


def _reply(request: SignedInRequest, reply_id: uuid.UUID) -> Message:
    return _message(request, reply_id, role=Role.ASSISTANT)


def _message(request: SignedInRequest, message_id: uuid.UUID, **wanted) -> Message:
    there = request.user.messages.filter(chat__trashed=None, **wanted)
    return get_object_or_404(there.select_related("chat", "parent"), pk=message_id)


def _edit_page(
    request: SignedInRequest,
    message: Message,
    text: str,
    brought: Brought,
    sentence: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = composer(
        request.user,
        chat=message.chat,
        message=message,
        text=text,
        sentence=sentence,
        attached=brought.shown,
    )
    return render(request, "chats/message_edit.html", shown, status=status)


def _refused(
    request: SignedInRequest,
    chat: Chat,
    sentence: str,
    status: int,
    brought: Brought | None = None,
) -> HttpResponse:
    if watching.are_wanted(request):
        return JsonResponse({"sentence": str(sentence)}, status=status)
    attached = brought.shown if brought else ()
    text = request.POST.get("text", "")
    return chat_page(request, chat, text, str(sentence), status, attached=attached)


def _refused_start(
    request: SignedInRequest, sentence: str, status: int, brought: Brought
) -> HttpResponse:
    if watching.are_wanted(request):
        return JsonResponse({"sentence": str(sentence)}, status=status)
    shown = composer(
        request.user,
        sentence=sentence,
        text=request.POST.get("text", ""),
        attached=brought.shown,
        chosen_preset=request.POST.get("preset", ""),
        uses_notes=request.POST.get("notes", ""),
    )
    return render(request, "home.html", shown, status=status)


def _events(
    request: SignedInRequest,
    reply: Message,
    offset: int,
    first: Callable[[], str] | None = None,
):
    allowed = watching.still_signed_in(request)
    return watching.response(page_events.watch(request, reply, offset, allowed, first))
