"""Messages for programs: asked, read, streamed, stopped; and the cards under them."""

import uuid
from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from accounts.models import Scope
from accounts.programs import idempotency
from accounts.programs.api_access import Allowed
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body
from ahfai.crypto import SealError
from ahfai.problems import Refused
from ahfai.proposals import Stale
from ahfai.replica import may_be_behind
from chats import api_replies, api_told, branches, cards, generation, pages, turns
from chats.api_replies import STREAMED, TAKEN_UP, NewMessage
from chats.api_told import MessageInList, WholeCard, WholeMessage
from chats.forms import DecisionForm, MessageForm, ModelForm
from chats.models import Card, Chat, Message, Role
from chats.tree import Tree

router = Router()
_reading, _writing = Allowed(Scope.CHATS_READ), Allowed(Scope.CHATS_WRITE)
Answer = HttpResponseBase | Status[WholeMessage]
_begun = {201: WholeMessage, 202: WholeMessage}


class Branch(Schema):
    """A part of one way through the tree of a chat, in order."""

    messages: list[MessageInList]
    # What `before` and `after` are for the parts beside it; null where there is no more.
    before: uuid.UUID | None
    after: uuid.UUID | None
    # Where the whole way ends; null in a chat without messages.
    leaf: uuid.UUID | None


class NextMessage(NewMessage):
    # The last message that the program knows of: what was said elsewhere meanwhile isn't taken for
    # what this answers.
    after: uuid.UUID | None = None


class AnotherReply(Body):
    # Which one answers; empty leaves it as it is.
    model: str = ""


class CardDecision(Body):
    # The one that the card told.
    version: int = 0


@router.get(
    "chats/{uuid:chat_id}/messages", auth=_reading, response=Branch, url_name="chat_messages"
)
@may_be_behind
def index(
    request: SignedInRequest,
    chat_id: uuid.UUID,
    leaf: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
) -> Branch:
    """The last 30 messages of the branch that is shown; `before` and `after` one of them those
    beside it. `leaf` is a message of another branch, which is followed down to its newest end."""
    chat = _chat(request, chat_id)
    tree = Tree(chat.messages.only("pk", "chat_id", "parent_id", "state").in_order())
    if leaf is not None and tree.get(str(leaf)) is None:
        raise Http404
    path = tree.shown(leaf or chat.current_id)
    there = {step.message.pk for step in path}
    asked = {"before": before, "after": after}
    if any(one and one not in there for one in asked.values()):
        raise Http404
    part = pages.part(chat, path, {name: str(one) for name, one in asked.items() if one})
    return Branch(
        messages=[api_told.message_in_list(step) for step in part.steps],
        before=part.before,
        after=part.after,
        leaf=path[-1].message.pk if path else None,
    )


@router.post(
    "chats/{uuid:chat_id}/messages",
    auth=_writing,
    response=_begun,
    openapi_extra=STREAMED,
    url_name="chat_messages",
)
@idempotency.by_itself
def ask(
    request: SignedInRequest, chat_id: uuid.UUID, said: NextMessage, answer: HttpResponse
) -> Answer:
    """Words of the person's, and the reply to them: 202 while it is being written. With
    `Accept: text/event-stream` the answer is its stream."""
    chat = _chat(request, chat_id)
    try:
        reply = api_replies.begin(
            request,
            said,
            MessageForm,
            lambda cleaned, brought, order: turns.ask(chat, cleaned, brought, order, False),
            is_same=lambda words: words.chat_id == chat.pk,
        )
    except Chat.DoesNotExist:
        raise Http404 from None
    return api_replies.answered(request, reply, answer)


@router.get("messages/{uuid:message_id}", auth=_reading, response=WholeMessage, url_name="message")
def read(request: SignedInRequest, message_id: uuid.UUID) -> WholeMessage:
    return api_told.whole_message(_message(request, message_id))


@router.post(
    "messages/{uuid:message_id}/edit",
    auth=_writing,
    response=_begun,
    openapi_extra=STREAMED,
    url_name="message_edit",
)
@idempotency.by_itself
def edit(
    request: SignedInRequest, message_id: uuid.UUID, said: NewMessage, answer: HttpResponse
) -> Answer:
    """Other words in the place of the person's own, and the reply to them; the earlier ones stay as
    a version."""
    message = _message(request, message_id, role=Role.PERSON)
    try:
        reply = api_replies.begin(
            request,
            said,
            MessageForm,
            lambda cleaned, brought, order: turns.edit(message, cleaned, brought, order),
            is_same=lambda words: (
                (words.chat_id, words.parent_id) == (message.chat_id, message.parent_id)
            ),
        )
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    return api_replies.answered(request, reply, answer)


@router.post(
    "messages/{uuid:message_id}/retry",
    auth=_writing,
    response=_begun,
    openapi_extra=STREAMED,
    url_name="message_retry",
)
@idempotency.by_itself
def retry(
    request: SignedInRequest,
    message_id: uuid.UUID,
    answer: HttpResponse,
    said: AnotherReply | None = None,
) -> Answer:
    """Another reply to the same words; this one stays as a version."""
    return _another(request, message_id, answer, said, turns.try_again)


@router.post(
    "messages/{uuid:message_id}/continue",
    auth=_writing,
    response=_begun,
    openapi_extra=STREAMED,
    url_name="message_continue",
)
@idempotency.by_itself
def carry_on(
    request: SignedInRequest,
    message_id: uuid.UUID,
    answer: HttpResponse,
    said: AnotherReply | None = None,
) -> Answer:
    """Another reply that begins with the words of this one, which was cut, stopped or interrupted,
    and goes on there."""
    return _another(request, message_id, answer, said, turns.carry_on)


def _another(
    request: SignedInRequest,
    message_id: uuid.UUID,
    answer: HttpResponse,
    said: AnotherReply | None,
    verb: Callable[[Message, str, uuid.UUID | None], Message],
) -> Answer:
    reply = _message(request, message_id, role=Role.ASSISTANT)
    form = ModelForm({"model": said.model if said else ""})
    if not form.is_valid():
        raise problems.of_form(form)
    try:
        fresh = api_replies.begin_another(request, reply, verb, form.cleaned_data["model"])
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    return api_replies.answered(request, fresh, answer)


@router.get(
    "messages/{uuid:message_id}/stream",
    auth=_reading,
    response={200: None},
    openapi_extra=TAKEN_UP,
    url_name="message_stream",
)
def stream(request: SignedInRequest, message_id: uuid.UUID) -> HttpResponseBase:
    """The events of a reply, from `Last-Event-ID` on, in whichever process it is written."""
    reply = _message(request, message_id, role=Role.ASSISTANT)
    return api_replies.events_from(request, reply)


@router.post(
    "messages/{uuid:message_id}/stop", auth=_writing, response={204: None}, url_name="message_stop"
)
@idempotency.by_itself
def stop(request: SignedInRequest, message_id: uuid.UUID) -> None:
    """In whichever process it is being written; its words so far stay."""
    turns.stop(_message(request, message_id, role=Role.ASSISTANT))


@router.post(
    "messages/{uuid:message_id}/show", auth=_writing, response={204: None}, url_name="message_show"
)
def show(request: SignedInRequest, message_id: uuid.UUID) -> None:
    """The chat shows the branch of this version from now on, and goes on there."""
    branches.show(_message(request, message_id))


@router.delete(
    "messages/{uuid:message_id}", auth=_writing, response={204: None}, url_name="message"
)
def delete_version(request: SignedInRequest, message_id: uuid.UUID) -> None:
    """With all that grew from it; 409 where it is the only version in its place."""
    try:
        growing = branches.delete_version(_message(request, message_id))
    except branches.OnlyVersion:
        sentence = _("This is the only version. You can delete the whole chat instead.")
        raise Refused(409, sentence) from None
    except (Chat.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    for reply_id in growing:
        if here := generation.running(reply_id):
            here.interrupt()


@router.get("cards/{uuid:card_id}", auth=_reading, response=WholeCard, url_name="card")
def card(request: SignedInRequest, card_id: uuid.UUID) -> WholeCard:
    """What a model proposes, and what precisely would be stored."""
    return _told(_card(request, card_id))


@router.post(
    "cards/{uuid:card_id}/confirm", auth=_writing, response=WholeCard, url_name="card_confirm"
)
def confirm(
    request: SignedInRequest, card_id: uuid.UUID, said: CardDecision | None = None
) -> WholeCard:
    """Do what the card says, once. Nothing else does it: a model has no token."""
    form = DecisionForm({"version": said.version if said else 0})
    if not form.is_valid():
        raise problems.of_form(form)
    version = form.cleaned_data["version"] or 0
    return _decide(request, card_id, lambda card: cards.confirm(card, version))


@router.post(
    "cards/{uuid:card_id}/dismiss", auth=_writing, response=WholeCard, url_name="card_dismiss"
)
def dismiss(request: SignedInRequest, card_id: uuid.UUID) -> WholeCard:
    """Leave everything as it is."""
    return _decide(request, card_id, cards.dismiss)


@router.post("cards/{uuid:card_id}/undo", auth=_writing, response=WholeCard, url_name="card_undo")
def undo(request: SignedInRequest, card_id: uuid.UUID) -> WholeCard:
    """Take back what the card did; 409 where something else was done to it since."""
    return _decide(request, card_id, cards.undo)


def _decide(
    request: SignedInRequest, card_id: uuid.UUID, verb: Callable[[Card], None]
) -> WholeCard:
    there = _card(request, card_id)
    try:
        verb(there)
    except Stale as stale:
        raise Refused(409, stale.sentence) from None
    except SealError:
        raise Refused(409, _("This can't be opened, so nothing was done.")) from None
    return _told(_card(request, card_id))


def _told(card: Card) -> WholeCard:
    [view] = cards.views([card])
    return api_told.whole_card(view)


def _card(request: SignedInRequest, card_id: uuid.UUID) -> Card:
    return get_object_or_404(cards.to_decide(request.user).select_related("owner"), pk=card_id)


def _chat(request: SignedInRequest, chat_id: uuid.UUID) -> Chat:
    return get_object_or_404(request.user.chats.living(), pk=chat_id)


def _message(request: SignedInRequest, message_id: uuid.UUID, **wanted: str) -> Message:
    there = request.user.messages.filter(chat__trashed=None, **wanted)
    return get_object_or_404(there.select_related("chat", "parent"), pk=message_id)
