"""Chats in the browser. Each lookup starts at the signed-in person."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import tags
from accounts.requests import SignedInRequest
from ahfai.crypto import SealError
from ahfai.replica import may_be_behind
from ahfai.textindex.queries import MAX_QUERY
from chats import generation, order, pages
from chats.attachments import Shown
from chats.composing import composer
from chats.forms import TitleForm
from chats.lifecycle import places
from chats.models import Chat, Message, UsesNotes
from chats.tree import Tree

# How long after a question the answer, and then the title, is likely to come.
NAMED_WITHIN = timedelta(minutes=1)


@require_GET
@may_be_behind
def detail(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats, pk=chat_id)
    if chat.trashed:
        return render(request, "chats/chat_trashed.html", {"chat": chat}, status=404)
    sought = request.GET.get("q", "")[:MAX_QUERY]
    return chat_page(request, chat, at=request.GET.get("at", ""), sought=sought)


@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    form = TitleForm(_posted(request), initial={"title": text_of(chat, "title")})
    if request.method == "POST" and form.is_valid():
        if not chat.rename(form.cleaned_data["title"]):
            raise Http404
        return redirect(chat)
    return _form_page(request, chat, form, _("Rename this chat"))


@require_GET
def title(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """For the open page of a chat whose title the model is about to make."""
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    shown = {"chat": chat, "title_comes": "now" if places.is_naming(chat) else ""}
    return render(request, "chats/title.html", shown)


@require_GET
def step(request: SignedInRequest, chat_id: uuid.UUID, by: int) -> HttpResponse:
    """To the next or previous chat; where there is none, the browser stays at its page."""
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    other = order.beside(chat, by)
    # The fragment keeps the keyboard out of the message box there: the same key leads on.
    return redirect(f"{other.get_absolute_url()}#main") if other else HttpResponse(status=204)


@require_POST
def put_back(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """Take the chat out of the trash, and open it."""
    chat = get_object_or_404(request.user.chats, pk=chat_id)
    order.move(request.user, [chat.pk], "restore")
    messages.success(request, _("The chat is back."))
    return redirect(chat)


@require_http_methods(["GET", "POST"])
def delete(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    """For good; what is put into the trash can come back."""
    chat = get_object_or_404(request.user.chats, pk=chat_id)
    if request.method == "GET":
        return render(request, "chats/chat_delete.html", {"chat": chat})
    for reply_id in order.delete(chat):
        if here := generation.running(reply_id):
            here.interrupt()
    return redirect("chats:trash" if chat.trashed else "chats:list")


def chat_page(
    request: SignedInRequest,
    chat: Chat,
    text: str = "",
    sentence: str = "",
    status: int = 200,
    at: str = "",
    sought: str = "",
    card_said: dict[uuid.UUID, str] | None = None,
    attached: Sequence[Shown] = (),
) -> HttpResponse:
    """The chat, as far as it is shown; `card_said` is what came of a press on a card."""
    # The place of each message first: only those that are shown are read in full.
    tree = Tree(chat.messages.only("pk", "chat_id", "parent_id", "state").in_order())
    steps = tree.shown(chat.current_id)
    # A place that was searched for may be on another branch than the one that goes on.
    place = aside = tree.get(at) if at else None
    if aside and aside in [step.message for step in steps]:
        aside = None
    if aside:
        steps = tree.shown(aside.pk)
    part = pages.part(chat, steps, request.GET)
    # An answer may end while the page is made: what the page shows of it counts.
    end = steps if part.after else part.steps
    last = end[-1].message if end else None
    shown = composer(
        request.user,
        chat=chat,
        tags=order.tags_of([chat], tags.all_of(request.user)).get(chat.pk, []),
        part=part,
        card_said=card_said or {},
        aside=aside,
        pin_count=0 if chat.uses_notes == UsesNotes.OFF else chat.pins.count(),
        sought=sought,
        sought_id=place.pk if place else None,
        title_comes=_title_comes(chat, last),
        open_reply=last if last and last.is_open else None,
        text=text,
        sentence=sentence,
        attached=attached,
        after=steps[-1].message.pk if steps else "",
    )
    return render(request, "chats/chat_detail.html", shown, status=status)


def text_of(row: Chat | Message, column: str) -> str:
    """What a form begins with: nothing where it can't be opened."""
    try:
        return getattr(row, column)
    except SealError:
        return ""


def _form_page(request: SignedInRequest, chat: Chat, form: Form, heading: str) -> HttpResponse:
    back = chat.get_absolute_url()
    shown = {"chat": chat, "form": form, "heading": heading, "back": back}
    return render(request, "chats/chat_form.html", shown, status=422 if form.is_bound else 200)


def _posted(request: SignedInRequest) -> QueryDict | None:
    """An empty form that was sent isn't one that wasn't."""
    return request.POST if request.method == "POST" else None


def _title_comes(chat: Chat, last: Message | None) -> str:
    """Whether the model is making a title "now", or may begin to "soon"."""
    if chat.titled or not last or last.is_open:
        return ""
    if places.is_naming(chat):
        return "now"
    fresh = timezone.now() - chat.changed < NAMED_WITHIN
    return "soon" if settings.TITLES and fresh else ""
