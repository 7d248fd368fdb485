"""How replies begin by the API, and how programs follow them: what a page does, told as JSON."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Annotated, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Field, Status

from accounts.programs import api_access, idempotency
from accounts.requests import SignedInRequest
from ahfai import problems
from ahfai.bodies import Body, one_of
from ahfai.problems import Refused
from chats import api_told, attachments, turns, watching
from chats.api_told import WholeMessage
from chats.attachments import Brought
from chats.forms import MessageForm
from chats.lifecycle import line
from chats.models import Message, UsesNotes
from reminders.phrases import Order
from reminders.quick import order_for

# A program's keys are words of any kind; what a row keeps is an id made of one.
_KEYS = uuid.UUID("6f1d2c3e-6a58-4d0e-9d0c-6d8a4b0f7c11")
# For OpenAPI: the events, in the place of an answer or alone; and from where they go on.
STREAMED: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The reply as it grows, where Accept asks for text/event-stream",
            "content": {"text/event-stream": {}},
        }
    }
}
TAKEN_UP: dict[str, Any] = STREAMED | {
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The id of the last event that came: what follows it is told.",
            "schema": {"type": "string"},
        }
    ]
}
# More files than a message takes, so that the form can say so.
MOST_NAMED = 100


class NewMessage(Body):
    text: str = ""
    # Empty leaves it to the chat, or to what the person used last.
    model: str = ""
    # Whether notes are used from now on; empty leaves it as it is.
    uses_notes: Annotated[str, one_of(["", *UsesNotes.values])] = ""
    # Files of the person's that were uploaded before.
    files: list[uuid.UUID] = Field([], max_length=MOST_NAMED)


def begin(
    request: SignedInRequest,
    said: NewMessage,
    form_class: type[MessageForm],
    verb: Callable[[dict[str, Any], Brought, Order], Message],
    is_same: Callable[[Message], bool],
) -> Message:
    """The reply that `verb` begins, or the one that it began when this request came before;
    `is_same` says whether words that are there stand where they would now. Raises Refused."""
    brought = attachments.named(request.user, said.files)
    data = said.dict() | {"notes": said.uses_notes, "request_id": request_id(request)}
    form = form_class(data, has_files=bool(brought.files))
    if not form.is_valid():
        if "notes" in form.errors:
            # As it is called elsewhere in the API.
            form.errors["uses_notes"] = form.errors.pop("notes")
        raise problems.of_form(form)
    if brought.refused:
        raise problems.of_field("files", brought.refused)
    cleaned = form.cleaned_data
    if words := _stored(request, cleaned["request_id"]):
        if not (words.is_mine and words.content == cleaned["text"] and is_same(words)):
            raise idempotency.used_otherwise()
        return words.replies.in_order()[0]
    try:
        return verb(cleaned, brought, order_for(request))
    except turns.Refused as refused:
        raise Refused(refused.status, refused.sentence) from None


def begin_another(
    request: SignedInRequest,
    reply: Message,
    verb: Callable[[Message, str, uuid.UUID | None], Message],
    model: str,
) -> Message:
    """Another reply to the same words, or the one that came of this request before."""
    key = request_id(request)
    if there := _stored(request, key):
        if there.is_mine or there.parent_id != reply.parent_id:
            raise idempotency.used_otherwise()
        return there
    try:
        return verb(reply, model, key)
    except turns.Refused as refused:
        raise Refused(refused.status, refused.sentence) from None


def request_id(request: HttpRequest) -> uuid.UUID | None:
    """Of the key that the program has made for it, which it repeats when it asks again."""
    key = idempotency.key_of(request)
    return uuid.uuid5(_KEYS, key) if key else None


def _stored(request: SignedInRequest, key: uuid.UUID | None) -> Message | None:
    there = request.user.messages.filter(request_id=key, chat__trashed=None)
    return there.select_related("chat").first() if key else None


def answered(
    request: SignedInRequest, reply: Message, answer: HttpResponse
) -> HttpResponseBase | Status[WholeMessage]:
    """The events where they are wanted; else 202 while the reply is open, and 201 once it is
    there."""
    if watching.are_wanted(request):
        return events(request, reply)
    answer["Location"] = reverse("api:message", args=[reply.pk])
    return Status(202 if reply.is_open else 201, api_told.whole_message(reply))


def events(request: SignedInRequest, reply: Message) -> HttpResponseBase:
    """From its beginning, after what there is of it."""
    return watching.response(_told(request, reply, 0, first=lambda: _begins(reply)))


def events_from(request: SignedInRequest, reply: Message) -> HttpResponseBase:
    """From where `Last-Event-ID` says."""
    last = request.headers.get("Last-Event-ID", "")
    offset = int(last) if re.fullmatch("[0-9]{1,9}", last) else 0
    return watching.response(_told(request, reply, offset))


def _told(
    request: SignedInRequest,
    reply: Message,
    offset: int,
    first: Callable[[], str] | None = None,
) -> Iterator[str]:
    words = watching.AsText(offset)
    return watching.tell(reply, _ForProgram(reply), words, still_allowed(request), first)


def still_allowed(request: SignedInRequest) -> Callable[[], bool]:
    """Asks whether what the request came in by would still be let in."""
    return api_access.still_works(request) or watching.still_signed_in(request)


def _begins(reply: Message) -> str:
    return watching.event("reply", _as_json(api_told.whole_message(reply)))


class _ForProgram:
    """What a program is told besides the words."""

    def __init__(self, reply: Message) -> None:
        self.reply = reply
        self.crowded = watching.is_crowded()

    def waits(self, words: str) -> str:
        place = line.place_in_line(self.reply)
        connections.close_all()
        state = "waiting" if place else "running"
        return watching.event("state", {"state": state, "place": place, "sentence": words})

    def look_ups(self) -> str:
        found = [one.dict() for one in api_told.lookups_of(self.reply)]
        connections.close_all()
        return watching.event("lookups", {"lookups": found})

    def ended(self) -> dict:
        return _as_json(api_told.whole_message(self.reply))

    def leaves_in(self) -> int | None:
        return watching.leaves_in(self.crowded)


def _as_json(message: WholeMessage) -> dict[str, Any]:
    """As the same message is answered elsewhere, with its times in milliseconds."""
    return json.loads(json.dumps(message.dict(), cls=DjangoJSONEncoder))
