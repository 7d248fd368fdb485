"""Chats for programs, by the rows, forms and verbs of the pages."""

import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from accounts import audit, tags
from accounts.api_tags import names_in
from accounts.models import Scope
from accounts.programs import idempotency
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import etags, pages, problems
from ahfai.bodies import Body, Change, TrueOrFalse, one_of
from ahfai.problems import Refused
from ahfai.replica import may_be_behind
from chats import api_replies, api_told, generation, order, pins, servers, steering, turns, watching
from chats.api_told import ChatInList, WholeChat, WholeMessage
from chats.forms import MAX_AT_ONCE, FirstMessageForm, SteerForm, TitleForm, UsesNotesForm
from chats.models import Chat, ChatQuerySet, Think, UsesNotes
from notes import pages as pinned_first

router = Router()
_reading, _writing = Allowed(Scope.CHATS_READ), Allowed(Scope.CHATS_WRITE)
_STEERING = {"instructions", *steering.NUMBERS}


class ChatPage(Schema):
    chats: list[ChatInList]
    # What `after` is for those that follow; null at the end.
    next: str | None


class FirstMessage(api_replies.NewMessage):
    # Of the person's own, whose values the chat begins with.
    preset: uuid.UUID | None = None


class ChatsToMove(Body):
    chats: list[uuid.UUID] = Field(max_length=MAX_AT_ONCE)
    to: Literal["pin", "unpin", "archive", "unarchive", "trash", "restore"]


class MovedChats(Schema):
    chats: list[uuid.UUID]


class NewChat(Schema):
    chat: WholeChat
    reply: WholeMessage


class ChangedChat(Change):
    """What isn't said stays as it is."""

    title: str = ""
    pinned: TrueOrFalse = False
    archived: TrueOrFalse = False
    uses_notes: Annotated[str, one_of(UsesNotes.values)] = ""
    instructions: str | None = None
    temperature: float | None = None
    longest: int | None = None
    reads: int | None = None
    think: Annotated[str, one_of(Think.values)] = ""


class TagsOfChat(Body):
    """All the tags that it shall carry."""

    tags: list[str] | None = None


class NotesOfChat(Body):
    """The notes, and the names of the tags, that the model keeps to; none of either for all."""

    notes: list[uuid.UUID] = Field([], max_length=pins.MOST)
    tags: list[str] = Field([], max_length=pins.MOST)


class Models(Schema):
    # By the names with which `model` is said.
    models: list[str]
    # The one that answers next in a new chat.
    picked: str


@router.get("", auth=_reading, response=ChatPage, url_name="chats")
@may_be_behind
def index(request: SignedInRequest, after: str = "", tag: str = "") -> ChatPage:
    """Those that are neither in the archive nor in the trash: pinned ones first, then those that
    were used last. `tag` is the name or the id of one; those nested in it count."""
    chats = _tagged(request, request.user.chats.kept(), tag)
    page = pinned_first.page(chats, "changed", pinned_first.asked_after(after))
    return _page(request, page.notes, page.after)


@router.get("archive", auth=_reading, response=ChatPage, url_name="chats_archive")
@may_be_behind
def archive(request: SignedInRequest, after: str = "", tag: str = "") -> ChatPage:
    """Those that were used last begin."""
    chats = _tagged(request, request.user.chats.living().in_archive(), tag)
    page = pages.page(chats, "-changed", pages.asked_after(after))
    return _page(request, page.rows, page.after)


@router.get("trash", auth=_reading, response=ChatPage, url_name="chats_trash")
@may_be_behind
def trash(request: SignedInRequest, after: str = "", tag: str = "") -> ChatPage:
    """Those that were thrown away last begin."""
    chats = _tagged(request, request.user.chats.exclude(trashed=None), tag)
    page = pages.page(chats, "-trashed", pages.asked_after(after))
    return _page(request, page.rows, page.after)


@router.post(
    "",
    auth=_writing,
    response={201: NewChat, 202: NewChat},
    openapi_extra=api_replies.STREAMED,
    url_name="chats",
)
@idempotency.by_itself
def create(
    request: SignedInRequest, said: FirstMessage, answer: HttpResponse
) -> HttpResponseBase | Status[NewChat]:
    """A chat begins with the first words of its person. 202 while they are being answered, 201
    where they are already; with `Accept: text/event-stream` the answer is the stream."""
    reply = api_replies.begin(
        request,
        said,
        FirstMessageForm,
        lambda cleaned, brought, order: turns.start(
            request.user, cleaned, brought, order, from_box=False
        ),
        is_same=lambda words: words.parent_id is None,
    )
    chat = get_object_or_404(request.user.chats.living(), pk=reply.chat_id)
    if watching.are_wanted(request):
        return api_replies.events(request, reply)
    answer["Location"] = reverse("api:chat", args=[chat.pk])
    told = NewChat(chat=whole(request, chat, answer), reply=api_told.whole_message(reply))
    return Status(202 if reply.is_open else 201, told)


@router.get("models", auth=_reading, response=Models, url_name="chats_models")
def models(request: SignedInRequest) -> Models:
    """Those that can answer here, as the model server listed them last."""
    there = [one.name for one in servers.choices()]
    return Models(models=there, picked=servers.pick(request.user))


@router.get("{uuid:chat_id}", auth=_reading, response=WholeChat, url_name="chat")
@may_be_behind
def read(request: SignedInRequest, chat_id: uuid.UUID, answer: HttpResponse) -> WholeChat:
    return whole(request, _chat(request, chat_id), answer)


@router.patch("{uuid:chat_id}", auth=_writing, response=WholeChat, url_name="chat")
def change(
    request: SignedInRequest, chat_id: uuid.UUID, said: ChangedChat, answer: HttpResponse
) -> WholeChat:
    """412 where it is no longer at the version that `If-Match` names."""
    chat = _chat(request, chat_id)
    version = etags.asked(request, api_told.version_of(chat))
    wanted = said.dict(exclude_unset=True)
    with transaction.atomic():
        locked = request.user.chats.living().select_for_update()
        chat = get_object_or_404(locked, pk=chat_id)
        present = api_told.version_of(chat)
        if version != present:
            raise etags.outdated(present)
        _change(request, chat, wanted)
    return whole(request, _chat(request, chat_id), answer)


def _change(request: SignedInRequest, chat: Chat, wanted: dict[str, Any]) -> None:
    """All of it or nothing, inside the caller's transaction."""
    if "title" in wanted:
        chat.rename(_cleaned(TitleForm(wanted))["title"])
    if "uses_notes" in wanted:
        chat.use_notes(_cleaned(UsesNotesForm(wanted))["uses_notes"])
    if steered := {name: wanted[name] for name in wanted.keys() & _STEERING}:
        everywhere = steering.defaults(request.user)
        chat.steer(**_cleaned(SteerForm(steering.values(chat) | steered, everywhere=everywhere)))
    for name, moves in (("pinned", ("unpin", "pin")), ("archived", ("unarchive", "archive"))):
        if name in wanted:
            order.move(request.user, [chat.pk], moves[wanted[name]])


def _cleaned(form: Any) -> dict[str, Any]:
    if not form.is_valid():
        raise problems.of_form(form)
    return form.cleaned_data


@router.put("{uuid:chat_id}/tags", auth=_writing, response=WholeChat, url_name="chat_tags")
def set_tags(
    request: SignedInRequest, chat_id: uuid.UUID, said: TagsOfChat, answer: HttpResponse
) -> WholeChat:
    """These and no others; what is new among them is made."""
    chat = _chat(request, chat_id)
    if not order.set_tags(chat, names_in(said.tags)):
        raise Http404
    return whole(request, chat, answer)


@router.put("{uuid:chat_id}/notes", auth=_writing, response=WholeChat, url_name="chat_notes")
def set_notes(
    request: SignedInRequest, chat_id: uuid.UUID, said: NotesOfChat, answer: HttpResponse
) -> WholeChat:
    """What of it isn't there is left out."""
    chat = _chat(request, chat_id)
    known = tags.all_of(request.user)
    chosen = [found[0].id for name in said.tags if (found := tags.sought(known, name))]
    try:
        pins.choose(chat, said.notes, chosen)
    except Chat.DoesNotExist:
        raise Http404 from None
    return whole(request, chat, answer)


@router.post("move", auth=_writing, response=MovedChats, url_name="chats_move")
def move_several(request: SignedInRequest, said: ChatsToMove) -> MovedChats:
    """Those of the person's that weren't there yet; answers with which they were."""
    return MovedChats(chats=_moved(request, said.chats, said.to))


def _moved(request: SignedInRequest, chat_ids: list[uuid.UUID], to: str) -> list[uuid.UUID]:
    moved, stopped = order.move(request.user, chat_ids, to)
    for reply_id in stopped:
        if here := generation.running(reply_id):
            here.stop()
    return moved


def _move(to: str) -> Callable:
    def move(request: SignedInRequest, chat_id: uuid.UUID, answer: HttpResponse) -> WholeChat:
        """Nothing more is done where it is there already."""
        there = request.user.chats.all() if to == "restore" else request.user.chats.living()
        chat = get_object_or_404(there, pk=chat_id)
        _moved(request, [chat.pk], to)
        return whole(request, get_object_or_404(request.user.chats, pk=chat_id), answer)

    # What OpenAPI calls it.
    move.__name__ = f"chat_{to}"
    return move


for _to in order.BACK:
    router.post(
        f"{{uuid:chat_id}}/{_to}", auth=_writing, response=WholeChat, url_name=f"chat_{_to}"
    )(_move(_to))


@router.delete("{uuid:chat_id}", auth=_writing, response={204: None}, url_name="chat")
def delete(request: SignedInRequest, chat_id: uuid.UUID) -> None:
    """For good, with all its messages; 409 where it isn't in the trash."""
    with transaction.atomic():
        # Held, so that one that is being taken out of the trash isn't deleted.
        chat = get_object_or_404(request.user.chats.select_for_update(), pk=chat_id)
        if not chat.trashed:
            raise Refused(409, _("Put it into the trash first: what is deleted is gone for good."))
        order.delete(chat)
        audit.record(request.user, audit.Event.DELETED, request, kind="chats", count=1)


def whole(request: SignedInRequest, chat: Chat, answer: HttpResponse) -> WholeChat:
    told = api_told.whole_chat(request.user, chat)
    answer["ETag"] = etags.of(told.version)
    return told


def _chat(request: SignedInRequest, chat_id: uuid.UUID) -> Chat:
    return get_object_or_404(request.user.chats.living(), pk=chat_id)


def _tagged(request: SignedInRequest, chats: ChatQuerySet, tag: str) -> ChatQuerySet:
    if not tag:
        return chats
    chosen = tags.sought(tags.all_of(request.user), tag)
    if not chosen:
        raise Http404
    carrying = Chat.tags.through.objects.filter(tag__in=[one.id for one in chosen])
    return chats.filter(pk__in=carrying.values("chat"))


def _page(request: SignedInRequest, chats: list[Chat], after: str) -> ChatPage:
    return ChatPage(chats=api_told.chats_in_list(request.user, chats), next=after or None)
