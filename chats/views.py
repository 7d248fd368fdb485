"""Chats in the browser. Each lookup starts at the signed-in person."""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, tags
from accounts.forms import TagSeveralForm
from accounts.models import User
from accounts.ownership import is_owner
from accounts.requests import SignedInRequest
from ahfai import rowmenus
from ahfai import trash as trash_can
from ahfai.access import asked_by_the_page
from ahfai.crypto import SealError
from ahfai.replica import may_be_behind
from ahfai.textindex import MAX_QUERY
from chats import (
    attachments,
    branches,
    drafts,
    generation,
    order,
    pages,
    sentences,
    servers,
    turns,
    watching,
)
from chats.attachments import Brought, Shown
from chats.composing import composer
from chats.forms import (
    DraftForm,
    FirstMessageForm,
    MessageForm,
    ModelForm,
    MoveForm,
    PickedForm,
    TitleForm,
)
from chats.lifecycle import places
from chats.models import Chat, ChatQuerySet, Message, Role, UsesNotes
from chats.tree import Tree
from reminders.quick import order_for

PER_PAGE = 40
# How long after a question the answer, and then the title, is likely to come.
NAMED_WITHIN = timedelta(minutes=1)


@require_GET
@may_be_behind
def index(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "list")


@require_GET
@may_be_behind
def archive(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "archive")


@require_GET
@may_be_behind
def trash(request: SignedInRequest) -> HttpResponse:
    return list_page(request, "trash")


def list_page(
    request: SignedInRequest,
    place: str,
    refused: TagSeveralForm | None = None,
    none_picked: bool = False,
) -> HttpResponse:
    """The chats of a place, of one tag if the address names it; with what was `refused` there."""
    known = tags.all_of(request.user)
    chosen = tags.within(known, request.GET.get("tag", ""))
    if "tag" in request.GET and not chosen:
        raise Http404
    chats = _chats_of(request.user, place)
    if chosen:
        carrying = Chat.tags.through.objects.filter(tag__in=[tag.id for tag in chosen])
        chats = chats.filter(pk__in=carrying.values("chat"))
    page = Paginator(chats, PER_PAGE).get_page(request.GET.get("page"))
    carried = _tags_of(page.object_list, known)
    # The move just made, which can be taken back: its ids are in the session, not in the address.
    moved = request.session.get("moved") if "moved" in request.GET else None
    chosen_tag = chosen[0] if chosen else None
    is_picking = "pick" in request.GET or refused or none_picked
    menus = (
        {}
        if is_picking
        else rowmenus.draw(
            request,
            "chats/_row_menu.html",
            "chat",
            page.object_list,
            lambda chat: (chat.pinned, chat.archived, bool(chat.trashed)),
            back_to=place,
            tag=chosen_tag,
        )
    )
    shown = {
        "page": page,
        "place": place,
        "moved": moved,
        "picking": is_picking,
        "none_picked": none_picked,
        "picked": request.POST.getlist("chat"),
        "refused": refused,
        "tag": chosen_tag,
        "tags": tags.leading_on(
            request.user,
            Chat.tags.through.objects.filter(chat__in=_chats_of(request.user, place)),
            known,
            chosen,
        ),
        "rows": [
            (chat, carried.get(chat.pk, []), menus.get(chat.pk, "")) for chat in page.object_list
        ],
    }
    status = 422 if refused or none_picked else 200
    return render(request, "chats/chat_list.html", shown, status=status)


def _chats_of(user: User, place: str) -> ChatQuerySet:
    match place:
        case "archive":
            return user.chats.living().in_archive().newest_first()
        case "trash":
            return user.chats.exclude(trashed=None).order_by("-trashed", "-id")
        case _:
            return user.chats.kept().in_order()


def _tags_of(chats: Iterable[Chat], known: list[tags.Named]) -> dict[uuid.UUID, list[tags.Named]]:
    """The tags of each chat, by name."""
    links = Chat.tags.through.objects.filter(chat__in=[chat.pk for chat in chats])
    return tags.of_each(links, "chat", known)


def address_of(
    request: SignedInRequest, place: str, moved: bool = False, keep_tag: bool = True
) -> str:
    """The list that a form was sent from."""
    kept = {"tag": request.GET["tag"]} if keep_tag and "tag" in request.GET else {}
    query = urlencode({**kept, "moved": 1} if moved else kept)
    return reverse(f"chats:{place}") + (f"?{query}" if query else "")


@require_POST
def move(request: SignedInRequest) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        place = request.POST.get("back_to", "")
        return redirect(f"chats:{place if place in ('list', 'archive', 'trash') else 'list'}")
    asked = form.cleaned_data
    if not asked["chats"]:
        return list_page(request, asked["back_to"], none_picked=True)
    moved, stopped = order.move(request.user, asked["chats"], asked["to"])
    for reply_id in stopped:
        if here := generation.running(reply_id):
            here.stop()
    request.session["moved"] = {
        "to": asked["to"],
        "back": order.BACK[asked["to"]],
        "chats": [str(chat_id) for chat_id in moved],
    }
    return redirect(address_of(request, asked["back_to"], moved=bool(moved)))


@require_http_methods(["GET", "POST"])
def delete_several(request: SignedInRequest) -> HttpResponse:
    """For good, what was picked in the trash or all that is in it; asked for before."""
    is_picked = request.method == "POST" and "until" not in request.POST
    form = PickedForm(request.POST)
    if is_picked and not form.is_valid():
        return redirect("chats:trash")
    if is_picked and not form.cleaned_data["chats"]:
        return list_page(request, "trash", none_picked=True)
    picked = form.cleaned_data["chats"] if is_picked else None
    there = request.user.chats.filter(trashed__isnull=False)
    return trash_can.delete(
        request,
        there,
        order.delete,
        "chats:trash",
        _gone_for_good,
        picked,
        "chat",
        tell=lambda count: audit.record(
            request.user, audit.Event.DELETED, request, kind="chats", count=count
        ),
    )


def _gone_for_good(count: int) -> str:
    return ngettext(
        "The chat and all its messages will be gone for good.",
        "%(count)d chats and all their messages will be gone for good.",
        count,
    ) % {"count": count}


@require_GET
@may_be_behind
def detail(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats, pk=chat_id)
    if chat.trashed:
        return render(request, "chats/chat_trashed.html", {"chat": chat}, status=404)
    sought = request.GET.get("q", "")[:MAX_QUERY]
    return chat_page(request, chat, at=request.GET.get("at", ""), sought=sought)


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
    return _events(request, reply, 0, first=lambda: watching.turn_event(request, reply))


def _faults(form: Form, brought: Brought) -> str:
    return " ".join(filter(None, [sentences.of_faults(form), brought.refused]))


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
    return _events(request, fresh, 0, first=lambda: watching.another_event(request, fresh, reply))


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponse:
    """Other words in the place of the person's own; the earlier ones stay as a version."""
    message = _message(request, message_id, role=Role.PERSON)
    if request.method == "GET":
        there = Brought(attachments.of_message(message))
        return _edit_page(request, message, _text_of(message, "content"), there)
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


@require_http_methods(["GET", "POST"])
def rename(request: SignedInRequest, chat_id: uuid.UUID) -> HttpResponse:
    chat = get_object_or_404(request.user.chats.living(), pk=chat_id)
    form = TitleForm(_posted(request), initial={"title": _text_of(chat, "title")})
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


@require_GET
def model_help(request: SignedInRequest) -> HttpResponse:
    shown = {"model_status": servers.status(), "is_owner": is_owner(request.user)}
    return render(request, "model_help.html", shown)


@asked_by_the_page
@require_GET
def model_status(request: SignedInRequest) -> HttpResponse:
    return render(request, "shared/_model_status.html", {"model_status": servers.status()})


def _reply(request: SignedInRequest, reply_id: uuid.UUID) -> Message:
    return _message(request, reply_id, role=Role.ASSISTANT)


def _message(request: SignedInRequest, message_id: uuid.UUID, **wanted) -> Message:
    there = request.user.messages.filter(chat__trashed=None, **wanted)
    return get_object_or_404(there.select_related("chat", "parent"), pk=message_id)


def _form_page(request: SignedInRequest, chat: Chat, form: Form, heading: str) -> HttpResponse:
    back = chat.get_absolute_url()
    shown = {"chat": chat, "form": form, "heading": heading, "back": back}
    return render(request, "chats/chat_form.html", shown, status=422 if form.is_bound else 200)


def _posted(request: SignedInRequest) -> QueryDict | None:
    """An empty form that was sent isn't one that wasn't."""
    return request.POST if request.method == "POST" else None


def _text_of(row: Chat | Message, column: str) -> str:
    """What a form begins with: nothing where it can't be opened."""
    try:
        return getattr(row, column)
    except SealError:
        return ""


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
        tags=_tags_of([chat], tags.all_of(request.user)).get(chat.pk, []),
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


def _title_comes(chat: Chat, last: Message | None) -> str:
    """Whether the model is making a title "now", or may begin to "soon"."""
    if chat.titled or not last or last.is_open:
        return ""
    if places.is_naming(chat):
        return "now"
    fresh = timezone.now() - chat.changed < NAMED_WITHIN
    return "soon" if settings.TITLES and fresh else ""


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
    return watching.response(watching.watch(request, reply, offset, allowed, first))
