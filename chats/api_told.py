"""What programs are told of chats, messages and cards."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import Any

from ninja import Schema

from accounts import tags
from accounts.models import User
from ahfai.templatetags.house import opened
from chats import attachments, cards, pins, sentences, steering, tooluse
from chats.models import Card, Chat, Message, State
from chats.tree import Step


class ChatInList(Schema):
    id: uuid.UUID
    title: str
    # The one that answered last, and answers next where nothing else is said.
    model: str
    tags: list[str]
    pinned: bool
    archived: bool
    # Another number after each change but a new message.
    version: int
    created: datetime.datetime
    changed: datetime.datetime
    # When it was put into the trash; null elsewhere.
    trashed: datetime.datetime | None


class WholeChat(ChatInList):
    # Whether the model reads in the person's notes: off, useful or always.
    uses_notes: str
    # The notes and the tags that it keeps to then; all notes where both are empty.
    only_notes: list[uuid.UUID]
    only_tags: list[str]
    # What steers the model; null and "" are as everywhere. `longest` and `reads` are tokens.
    instructions: str | None
    temperature: float | None
    longest: int | None
    reads: int | None
    think: str
    # The reply that is in line or being written.
    open_reply: uuid.UUID | None


class FileOfMessage(Schema):
    id: uuid.UUID
    name: str
    # In bytes.
    size: int
    is_picture: bool


class SourceOfMessage(Schema):
    """A passage that the model read; the answer names it by its number, as in [1]."""

    number: int
    # Null where the note was deleted since.
    note: uuid.UUID | None
    title: str
    text: str


class LookUp(Schema):
    sentence: str
    about: str


class CardInList(Schema):
    id: uuid.UUID
    kind: str
    # proposed, done, dismissed, expired, undone.
    state: str
    expires: datetime.datetime


class MessageInList(Schema):
    id: uuid.UUID
    chat: uuid.UUID
    parent: uuid.UUID | None
    # user or assistant.
    role: str
    # waiting, running, done, stopped, cut, failed or interrupted.
    state: str
    # Markdown.
    content: str
    thinking: str
    # "" for the person's own words and for what no model has answered.
    model: str
    # Why it ended early, or what it waits for; else "".
    sentence: str
    created: datetime.datetime
    closed: datetime.datetime | None
    # All that stand in this place, itself among them, the oldest first.
    versions: list[uuid.UUID]
    prompt_tokens: int | None
    reply_tokens: int | None
    reply_ms: int | None
    files: list[FileOfMessage]
    sources: list[SourceOfMessage]
    lookups: list[LookUp]
    cards: list[CardInList]


class ChangeOnCard(Schema):
    label: str
    before: str
    after: str


class WholeCard(CardInList):
    """`label` says what it is, `verb` what confirming does; the rest what precisely is stored then,
    or was."""

    label: str
    verb: str
    reply: uuid.UUID
    # To be sent along when it is confirmed: of the thing that is changed by it.
    version: int
    title: str
    facts: list[str]
    changes: list[ChangeOnCard]
    text: str
    warning: str
    # What came of it.
    sentence: str
    may_be_undone: bool


class WholeMessage(MessageInList):
    cards: list[WholeCard]  # type: ignore[assignment]


def version_of(chat: Chat) -> int:
    """A number for all that can be changed of a chat by itself, however it was changed."""
    words = opened(chat, "title"), steering.opened(chat, "instructions")
    names = ("uses_notes", "pinned", "archived", "trashed", *steering.NUMBERS)
    values = *words, *(str(getattr(chat, name)) for name in names)
    digest = hashlib.sha256(json.dumps(values).encode()).digest()
    # As many digits as an ETag is read with.
    return int.from_bytes(digest[:8]) % 10**9


def chats_in_list(user: User, chats: Iterable[Chat]) -> list[ChatInList]:
    there = list(chats)
    known = tags.all_of(user)
    links = Chat.tags.through.objects.filter(chat__in=[chat.pk for chat in there])
    carried = tags.of_each(links, "chat", known)
    return [ChatInList(**_chat(chat, carried.get(chat.pk, []))) for chat in there]


def whole_chat(user: User, chat: Chat) -> WholeChat:
    known = tags.all_of(user)
    links = Chat.tags.through.objects.filter(chat=chat)
    carried = tags.of_each(links, "chat", known).get(chat.pk, [])
    notes, chosen = pins.of(chat)
    return WholeChat(
        **_chat(chat, carried),
        uses_notes=chat.uses_notes,
        only_notes=sorted(notes),
        only_tags=[tag.name for tag in known if tag.id in chosen],
        instructions=opened(chat, "instructions"),
        **{name: getattr(chat, name) for name in steering.NUMBERS},
        open_reply=chat.messages.open().values_list("pk", flat=True).first(),
    )


def _chat(chat: Chat, carried: list[tags.Named]) -> dict[str, Any]:
    same = ("model", "pinned", "archived", "created", "changed", "trashed")
    return {
        "id": chat.pk,
        "title": opened(chat, "title"),
        "tags": [tag.name for tag in carried],
        "version": version_of(chat),
        **{name: getattr(chat, name) for name in same},
    }


def message_in_list(step: Step) -> MessageInList:
    """Of a message with its files, sources, uses and cards at hand, as `chats.pages` fetches it."""
    message = step.message
    return MessageInList(
        **_message(message, step.versions),
        cards=[CardInList(**_card(card)) for card in _in_order(message)],
    )


def whole_message(message: Message) -> WholeMessage:
    """As it is now: its row is read again, with all that comes with it."""
    full = Message.objects.select_related("owner").prefetch_related("sources", "uses", "cards")
    message = full.get(pk=message.pk)
    attachments.fetch([message])
    beside = Message.objects.filter(chat=message.chat_id, parent=message.parent_id).in_order()
    versions = tuple(beside.values_list("pk", flat=True))
    for card in message.cards.all():
        card.owner = message.owner
    shown = [whole_card(view) for view in cards.views(_in_order(message))]
    return WholeMessage(**_message(message, versions), cards=shown)


def whole_card(view: cards.View) -> WholeCard:
    card, shown, told = view.card, view.shown, view.told
    facts = shown.facts if shown else told.facts if told else ()
    return WholeCard(
        **_card(card) | {"state": view.state},
        label=str(view.kind.label),
        verb=str(view.kind.verb),
        reply=card.reply_id,
        version=shown.version if shown else 0,
        title=shown.title if shown else told.title if told else "",
        facts=[str(fact.label) for fact in facts],
        changes=[
            ChangeOnCard(label=str(one.label), before=str(one.before), after=str(one.after))
            for one in (shown.changes if shown else ())
        ],
        text=shown.text if shown else "",
        warning=str(shown.warning) if shown else "",
        sentence=str(view.sentence or (told.sentence if told else "")),
        may_be_undone=bool(told and told.may_be_undone),
    )


def _in_order(message: Message) -> list[Card]:
    return sorted(message.cards.all(), key=lambda card: card.number)


def _card(card: Card) -> dict[str, Any]:
    return {"id": card.pk, "kind": card.kind, "state": card.state, "expires": card.expires}


def _message(message: Message, versions: tuple[uuid.UUID, ...]) -> dict[str, Any]:
    same = ("role", "state", "model", "created", "closed")
    counted = ("prompt_tokens", "reply_tokens", "reply_ms")
    in_line = message.state == State.WAITING
    return {
        "id": message.pk,
        "chat": message.chat_id,
        "parent": message.parent_id,
        "content": opened(message, "content"),
        "thinking": opened(message, "thinking"),
        "sentence": sentences.in_line(message) if in_line else sentences.sentence(message),
        "versions": list(versions),
        **{name: getattr(message, name) for name in (*same, *counted)},
        "files": [
            FileOfMessage(id=one.id, name=one.name, size=one.size, is_picture=one.is_picture)
            for one in attachments.shown_of(message)
        ],
        "sources": [
            SourceOfMessage(
                number=one.number,
                note=one.note_id,
                title=opened(one, "title") or "",
                text=opened(one, "text") or "",
            )
            for one in message.sources.all()
        ],
        "lookups": lookups_of(message),
    }


def lookups_of(message: Message) -> list[LookUp]:
    found = tooluse.look_ups(message.uses.all())
    return [LookUp(sentence=one.sentence, about=one.about) for one in found]
