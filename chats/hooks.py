"""What chats hand to the roof: their words for the search, and how something found is shown."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.fields import opened_rows
from ahfai.crypto import SealError
from ahfai.textindex import Document
from chats.models import Chat, Message


@dataclass(frozen=True)
class Found:
    """Something that was found, with the text that it was found in."""

    title: str
    text: str
    address: str
    when: datetime


def documents(user, since: int | None, again: Iterable[uuid.UUID]) -> Iterator[Document]:
    """What changed after the number `since`, or all; and the rows `again`, oldest first."""
    chats = _changed(user.chats.all(), since, []).order_by("change_number")
    for chat_id, title in opened_rows(chats, "title"):
        yield Document("chat", chat_id, chat_id, title=title)
    messages = _changed(user.messages.all(), since, again).order_by("change_number")
    for message_id, text, chat_id in opened_rows(messages, "content", "chat_id"):
        yield Document("message", message_id, chat_id, body=text)


def unfinished(user) -> set[uuid.UUID]:
    """Rows that grow without a number of their own; they are read again at each search."""
    return set(user.messages.open().values_list("pk", flat=True))


def show(user, keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Found]:
    """Those of the found rows that are there and not in the trash."""
    keys = list(keys)
    shown = {}
    chats = user.chats.living().filter(pk__in=keys)
    for chat in chats.only("owner_id", "title", "changed"):
        title = _opened(chat, "title")
        shown[chat.pk] = Found(title, title, chat.get_absolute_url(), chat.changed)
    messages = user.messages.filter(pk__in=keys, chat__trashed=None).only(
        "owner_id", "chat_id", "content", "created"
    )
    of = user.chats.only("owner_id", "title").in_bulk([message.chat_id for message in messages])
    for message in messages:
        if chat := of.get(message.chat_id):
            address = f"{chat.get_absolute_url()}?at={message.pk}#message-{message.pk}"
            title, text = _opened(chat, "title"), _opened(message, "content")
            shown[message.pk] = Found(title, text, address, message.created)
    return shown


def _changed(rows, since: int | None, again: Iterable[uuid.UUID]):
    if since is None:
        return rows
    return rows.filter(change_number__gt=since) | rows.filter(pk__in=list(again))


def _opened(row: Chat | Message, column: str) -> str:
    """What can't be opened can't be found, and keeps nothing else from being found."""
    try:
        return getattr(row, column)
    except SealError:
        return ""
