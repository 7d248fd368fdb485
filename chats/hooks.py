"""What chats hand to the roof: their words for the search, how something found is shown, and what
ends when somebody leaves."""

import uuid
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from operator import attrgetter

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.fields import opened_rows
from ahfai.asked import Found, Holders
from ahfai.crypto import SealError
from ahfai.textindex.documents import Document
from chats import order
from chats.models import Chat, ChatQuerySet, Message, State
from chats.transfer import exporting

KINDS = frozenset({"chat", "message"})
# What webhooks can be told of: see `accounts.programs.webhooks`.
EVENTS = {
    "chat.created": _("A chat is new"),
    "chat.changed": _("A chat has another title, tag or place"),
    "chat.trashed": _("A chat is thrown away"),
    "chat.restored": _("A chat is back from the trash"),
    "chat.deleted": _("A chat is deleted for good"),
    "reply.finished": _("A reply is finished"),
    "reply.failed": _("A reply failed"),
}


def documents(user, since: int | None, again: Iterable[uuid.UUID]) -> Iterator[Document]:
    """All, newest first; or what changed after the number `since`, and the rows `again`, oldest
    first."""
    return merge(
        _titles(_changed(user.chats.all(), since, [])),
        _messages(_changed(user.messages.all(), since, again)),
        key=attrgetter("number"),
        reverse=since is None,
    )


def unfinished(user) -> set[uuid.UUID]:
    """Rows that grow without a number of their own; they are read again at each search."""
    return set(user.messages.open().values_list("pk", flat=True))


def holding(user, asked: Holders) -> ChatQuerySet:
    """The chats that what is asked can be in."""
    chats = user.chats.filter(trashed__isnull=not asked.trashed)
    if asked.archived:
        chats = chats.in_archive()
    links = Chat.tags.through.objects.filter(chat=OuterRef("pk"))
    for tags in asked.tags:
        chats = chats.filter(Exists(links.filter(tag__in=tags)))
    return chats.exclude(Exists(links.filter(tag__in=asked.no_tags))) if asked.no_tags else chats


def newest(user, asked: Holders, most: int) -> list[Found]:
    """The chats themselves, of which nothing was asked but where they are."""
    chats = holding(user, asked).newest_first()
    if asked.since:
        chats = chats.filter(changed__gte=asked.since)
    if asked.until:
        chats = chats.filter(changed__lt=asked.until)
    return list(_found(user, list(chats[:most])).values())


def show(user, keys: Iterable[uuid.UUID], trashed: bool = False) -> dict[uuid.UUID, Found]:
    """Those of the found rows that are there, in the trash or not."""
    keys = list(keys)
    messages = user.messages.filter(pk__in=keys).only("owner_id", "chat_id", "content", "created")
    of = [message.chat_id for message in messages]
    there = user.chats.filter(pk__in=[*keys, *of], trashed__isnull=not trashed)
    chats = there.only("owner_id", "title", "changed", "trashed").in_bulk()
    shown = _found(user, [chats[key] for key in keys if key in chats], is_by_title=True)
    for message in messages:
        if chat := chats.get(message.chat_id):
            address = f"{chat.get_absolute_url()}?at={message.pk}#message-{message.pk}"
            title, text = _opened(chat, "title"), _opened(message, "content") or ""
            place, when = _address(chat, address), message.created
            shown[message.pk] = Found(chat.pk, title, text, place, when, part=message.pk)
    return shown


def hush(user) -> bool:
    """Have the replies that are written for this person end, as *Stop* does, in whichever process;
    whether none is left."""
    growing = (user.messages.open(), user.temporary_places.all())
    for rows in growing:
        rows.update(stop_asked=True)
    return not any(rows.exists() for rows in growing)


def unused_since(user, moment: datetime) -> ChatQuerySet:
    """The chats in which nothing was said since, without pinned ones and those being answered."""
    growing = Message.objects.open().filter(chat=OuterRef("pk"))
    unused = user.chats.living().filter(changed__lt=moment, pinned=False)
    return unused.exclude(Exists(growing))


def in_trash_since(user, moment: datetime) -> QuerySet:
    """What the person put into the trash before that moment."""
    return user.chats.filter(trashed__lt=moment)


def delete(one: Chat) -> None:
    """For good."""
    order.delete(one)


def export(user, packed: zipfile.ZipFile) -> Iterator[int]:
    """Yields 1 behind each chat; what is packed so far can be taken out then."""
    return exporting.write(packed, user)


def to_export(user) -> int:
    return user.chats.count()


def _titles(chats: ChatQuerySet) -> Iterator[Document]:
    rows = opened_rows(chats, "title", "created", "change_number")
    for chat_id, title, when, number in rows:
        yield Document("chat", chat_id, chat_id, title=title, when=when, number=number)


def _messages(messages) -> Iterator[Document]:
    for message_id, text, chat_id, when, number in opened_rows(
        messages, "content", "chat", "created", "change_number"
    ):
        yield Document("message", message_id, chat_id, body=text, when=when, number=number)


def _changed(rows, since: int | None, again: Iterable[uuid.UUID]):
    if since is None:
        return rows.order_by("-change_number")
    changed = rows.filter(change_number__gt=since) | rows.filter(pk__in=list(again))
    return changed.order_by("change_number")


def _found(user, chats: list[Chat], is_by_title: bool = False) -> dict[uuid.UUID, Found]:
    """The chats themselves, with their newest words: those at which a chat is opened."""
    newest = Message.objects.filter(chat=OuterRef("pk"), state=State.DONE).order_by("-created")
    wanted = Chat.objects.filter(pk__in=[chat.pk for chat in chats])
    found = user.messages.filter(pk__in=wanted.values(newest=Subquery(newest.values("pk")[:1])))
    said = {one.chat_id: one for one in found.only("owner_id", "chat_id", "content")}
    return {
        chat.pk: Found(
            chat.pk,
            _opened(chat, "title"),
            (_opened(said[chat.pk], "content") if chat.pk in said else None) or "",
            # The fragment keeps the keyboard out of the message box: its single keys work at once.
            _address(chat, f"{chat.get_absolute_url()}#main"),
            chat.changed,
            is_by_title,
        )
        for chat in chats
    }


def _address(chat: Chat, address: str) -> str:
    """What is in the trash can only be put back there."""
    return reverse("chats:trash") if chat.trashed else address


def _opened(row: Chat | Message, column: str) -> str | None:
    """What can't be opened can't be found, and keeps nothing else from being found."""
    try:
        return getattr(row, column)
    except SealError:
        return None
