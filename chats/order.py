"""Keeping chats in order: pinned, tagged, put into the archive or the trash, and back; deleted."""

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import changes, tags
from accounts.programs import webhooks
from chats.models import Chat, ChatQuerySet, Message

TRASH_KEPT_FOR = datetime.timedelta(days=30)

# The move that takes each one back.
BACK = {
    "pin": "unpin",
    "unpin": "pin",
    "archive": "unarchive",
    "unarchive": "archive",
    "trash": "restore",
    "restore": "trash",
}
# What programs are told of these moves; of the others that the chat is changed.
MOVED = {"trash": "chat.trashed", "restore": "chat.restored"}


def move(user, chat_ids: Iterable[uuid.UUID], to: str) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """Move those of the person's chats that aren't there yet; `to` is one of BACK.

    Returns the chats that were moved, and their replies that were being written: what is in the
    trash needs none.
    """
    stopped: list[uuid.UUID] = []
    change: dict[str, object]
    with transaction.atomic():
        chats = user.chats.filter(pk__in=chat_ids)
        match to:
            case "pin" | "unpin":
                chats = chats.living().filter(pinned=to == "unpin")
                change = {"pinned": to == "pin"}
            case "archive" | "unarchive":
                chats = chats.living().filter(archived=to == "unarchive")
                change = {"archived": to == "archive"}
            case "trash":
                chats, change = chats.filter(trashed=None), {"trashed": timezone.now()}
            case "restore":
                chats, change = chats.exclude(trashed=None), {"trashed": None}
            case _:
                raise ValueError(to)
        moved = [chat.pk for chat in _locked(chats)]
        Chat.objects.filter(pk__in=moved).update(**change)
        webhooks.happened(user.pk, MOVED.get(to, "chat.changed"), moved)
        if to == "trash":
            growing = Message.objects.open().filter(chat__in=moved)
            stopped = list(growing.values_list("pk", flat=True))
            growing.update(stop_asked=True)
    return moved, stopped


def beside(chat: Chat, by: int) -> Chat | None:
    """The chat that stands next to this one in the list, or in the archive where that is its place:
    the following one `by` 1, the one before `by` -1."""
    how = "lt" if by > 0 else "gt"
    beyond = Q(**{f"changed__{how}": chat.changed}) | Q(**{f"id__{how}": chat.pk})
    further = Q(**{f"changed__{how}e": chat.changed}) & beyond
    chats = chat.owner.chats
    rows = chats.living().in_archive().newest_first() if chat.archived else chats.kept().in_order()
    if by < 0:
        rows = rows.reverse()
    if chat.archived:
        return rows.filter(further).first()
    # Each kind on its own, and as a list of one, so that the database begins to read right there.
    found = rows.filter(further, pinned__in=[chat.pinned]).first()
    if found is None and chat.pinned == (by > 0):
        found = rows.filter(pinned__in=[not chat.pinned]).first()
    return found


def tags_of(chats: Iterable[Chat], known: list[tags.Named]) -> dict[uuid.UUID, list[tags.Named]]:
    """The tags of each chat, by name."""
    links = Chat.tags.through.objects.filter(chat__in=[chat.pk for chat in chats])
    return tags.of_each(links, "chat", known)


def set_tags(chat: Chat, names: Iterable[str]) -> bool:
    """Let the chat carry these tags and no others. False where it was deleted meanwhile."""
    with transaction.atomic():
        if not Chat.objects.select_for_update().filter(pk=chat.pk).exists():
            return False
        changes.next_number(chat.owner_id)
        chat.tags.set(tags.named(chat.owner, names))
        webhooks.happened(chat.owner_id, "chat.changed", [chat.pk])
        tags.drop_unused(chat.owner)
    return True


def add_tags(user, chat_ids: Iterable[uuid.UUID], names: Iterable[str]) -> int:
    """Let those of the person's chats carry these tags, too. Returns how many chats."""
    with transaction.atomic():
        chats = _locked(user.chats.living().filter(pk__in=chat_ids))
        changes.next_number(user.pk)
        wanted = tags.named(user, names) if chats else []
        for chat in chats:
            chat.tags.add(*wanted)
        webhooks.happened(user.pk, "chat.changed", [chat.pk for chat in chats])
    return len(chats)


def take_tag_off(user, chat_ids: Iterable[uuid.UUID], tag_id: uuid.UUID) -> int:
    """Take the tag, and those nested in it, off these chats. Returns how many chats."""
    with transaction.atomic():
        chats = _locked(user.chats.living().filter(pk__in=chat_ids))
        changes.next_number(user.pk)
        unwanted = [tag.id for tag in tags.family(user, tag_id)]
        Chat.tags.through.objects.filter(chat__in=chats, tag__in=unwanted).delete()
        webhooks.happened(user.pk, "chat.changed", [chat.pk for chat in chats])
        tags.drop_unused(user)
    return len(chats)


def _locked(chats: ChatQuerySet) -> list[Chat]:
    """Always in the same order: two who lock some of the same chats don't wait for each other."""
    return list(chats.select_for_update().only("pk", "owner_id").order_by("pk"))


def purge_trash() -> int:
    """Delete the chats that were put into the trash 30 days ago or earlier. Returns how many."""
    old = Chat.objects.filter(trashed__lt=timezone.now() - TRASH_KEPT_FOR)
    gone = 0
    # One by one, so that no transaction holds others up for long.
    for chat in old.only("pk", "owner"):
        with transaction.atomic():
            # Somebody may have taken it out of the trash meanwhile.
            if old.select_for_update().filter(pk=chat.pk).exists():
                delete(chat)
                gone += 1
    return gone


def delete(chat: Chat) -> list[uuid.UUID]:
    """Delete `chat` with all its messages. Returns the replies that were being written.

    The chat is locked first: a question that is being stored comes before or not at all.
    """
    with transaction.atomic():
        if not Chat.objects.select_for_update().filter(pk=chat.pk).exists():
            return []
        growing = list(chat.messages.open().values_list("pk", flat=True))
        changes.bury(chat.owner_id, [chat.pk])
        webhooks.happened(chat.owner_id, "chat.deleted", [chat.pk])
        chat.delete()
        tags.drop_unused(chat.owner)
    return growing
