"""Chats in an export: JSON with all branches, one chat a line, and Markdown of what is shown.

chats/chats-000.jsonl      CHATS_A_FILE of them, with everything
chats/readable/Title.md    the branch that is shown
chats/files/plan.txt       what came with messages, once each
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import tags
from ahfai.crypto import SealError
from chats import sentences
from chats.models import Card, Chat, Fact, FactsTold, Leave, Message, Pin, Preset
from chats.tree import Tree
from notes.transfer.carried import Carried
from notes.transfer.exporting import Folder, Names, entry

VERSION = 1
CHATS_A_FILE = 200
AT_ONCE = 20
STEERING = ("instructions", "temperature", "longest", "reads", "think")
COUNTED = ("left_out", "prompt_tokens", "reply_tokens", "reply_ms", "fullness")


def write(packed: zipfile.ZipFile, user, into: str = "chats/") -> Iterator[int]:
    """Yields 1 behind each chat: what is packed so far can be taken out then."""
    ids = list(user.chats.order_by("created", "pk").values_list("pk", flat=True))
    named = {tag.id: tag.name for tag in tags.all_of(user)}
    names, folder = Names(), Folder(packed, user.zone, into)
    closed: list[str] = []
    for number, first in enumerate(range(0, len(ids), CHATS_A_FILE)):
        lines: list[str] = []
        for chat in _chats(user, ids[first : first + CHATS_A_FILE]):
            attached = [one.file for said in chat.messages.all() for one in said.attachments.all()]
            try:
                carried = yield from folder.put({one.pk: one for one in attached}.values(), "")
                files = {one.id: one for one in carried}
                line = json.dumps(as_json(chat, named, files), ensure_ascii=False)
                name = f"{into}readable/{names.take(chat.title)}"
                text = as_markdown(chat, files)
                lines.append(line)
            except SealError:
                closed.append(str(chat.pk))
                continue
            packed.writestr(entry(name, chat.changed.astimezone(user.zone)), text.encode())
            yield 1
        packed.writestr(f"{into}chats-{number:03}.jsonl", "\n".join([*lines, ""]))
        yield 0
    if closed:
        said = [_("These chats could not be opened, so they are not in here:"), *closed, ""]
        packed.writestr(f"{into}not exported.txt", "\n".join(said))


def _chats(user, ids: list) -> Iterator[Chat]:
    for first in range(0, len(ids), AT_ONCE):
        some = user.chats.filter(pk__in=ids[first : first + AT_ONCE]).order_by("created", "pk")
        yield from some.select_related("draft").prefetch_related(
            *("tags", "pins", "summaries", "messages__attachments__file"),
            *("messages__sources", "messages__uses", "messages__cards"),
        )


def as_json(chat: Chat, named: dict, files: Mapping[UUID, Carried]) -> dict[str, Any]:
    """Everything of a chat. Raises SealError."""
    draft = getattr(chat, "draft", None)
    messages = sorted(chat.messages.all(), key=lambda one: (one.created, one.pk))
    return {
        "ahfai": "chat",
        "version": VERSION,
        "id": str(chat.pk),
        "title": chat.title,
        "titled": chat.titled,
        "model": chat.model,
        "created": moment(chat.created),
        "changed": moment(chat.changed),
        "pinned": chat.pinned,
        "archived": chat.archived,
        "trashed": bool(chat.trashed),
        "tags": sorted(named[tag.pk] for tag in chat.tags.all() if tag.pk in named),
        "uses_notes": chat.uses_notes,
        "keeps_to": sorted(_pins(chat.pins.all(), named), key=json.dumps),
        **{name: getattr(chat, name) for name in STEERING},
        "current": str(chat.current_id) if chat.current_id else None,
        "draft": draft.text if draft else "",
        "messages": [_message(one, files) for one in messages],
        "summaries": [
            {
                "upto": str(one.upto_id),
                "text": one.text,
                "messages": one.messages,
                "created": moment(one.created),
            }
            for one in sorted(chat.summaries.all(), key=lambda one: one.created)
        ],
    }


def _pins(pins: Iterable[Pin], named: dict) -> Iterator[dict[str, str]]:
    for pin in pins:
        if pin.note_id:
            yield {"note": str(pin.note_id)}
        elif pin.tag_id in named:
            yield {"tag": named[pin.tag_id]}


def _message(one: Message, files: Mapping[UUID, Carried]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": str(one.pk),
        "parent": str(one.parent_id) if one.parent_id else None,
        "role": one.role,
        "created": moment(one.created),
        "content": one.content,
    }
    if going := [files[each.file_id] for each in one.attachments.all() if each.file_id in files]:
        said["files"] = [{"id": str(f.id), "name": f.name, "path": f.path} for f in going]
    if one.is_mine:
        return said
    said |= {
        "state": one.state,
        "closed": moment(one.closed) if one.closed else None,
        "model": one.model,
        "thinking": one.thinking,
        "reason": one.reason,
        **{name: getattr(one, name) for name in COUNTED},
    }
    parts = {
        "sources": [
            {
                "number": source.number,
                "note": str(source.note_id) if source.note_id else None,
                "title": source.title,
                "text": source.text,
            }
            for source in one.sources.all()
        ],
        "looked_up": [
            {
                "number": use.number,
                "round": use.round,
                "name": use.name,
                "arguments": use.arguments,
                "result": use.result,
                "shown": use.shown,
                "found": use.found,
            }
            for use in sorted(one.uses.all(), key=lambda use: use.number)
        ],
        "cards": [_card(card) for card in sorted(one.cards.all(), key=lambda card: card.number)],
    }
    return said | {name: found for name, found in parts.items() if found}


def _card(card: Card) -> dict[str, Any]:
    """To be read; a card never acts in another place."""
    return {
        "number": card.number,
        "kind": card.kind,
        "state": card.state,
        "payload": card.payload,
        "created": moment(card.created),
        "decided": moment(card.decided) if card.decided else None,
    }


def as_markdown(chat: Chat, files: Mapping[UUID, Carried]) -> str:
    """The branch that is shown, to be read. Raises SealError."""
    messages = sorted(chat.messages.all(), key=lambda one: (one.created, one.pk))
    lines = [f"# {chat.title}", ""]
    for step in Tree(messages).shown(chat.current_id):
        one = step.message
        who = _("You") if one.is_mine else one.model or _("AhFai")
        lines += [f"**{who}** · {one.created:%Y-%m-%d %H:%M} UTC", "", one.content, ""]
        if ended_early := sentences.sentence(one):
            lines += [f"*{ended_early}*", ""]
        for each in one.attachments.all():
            if file := files.get(each.file_id):
                lines += [f"[{file.name}](<../{file.path}>)", ""]
    return "\n".join(lines)


def steering(user) -> dict[str, Any]:
    """What counts in all chats: presets, facts, and what the model may do. Raises SealError."""
    told = FactsTold.objects.filter(owner=user).first()
    leave = Leave.objects.filter(owner=user).first()
    return {
        "presets": [
            {
                "id": str(one.pk),
                "name": one.name,
                "is_default": one.is_default,
                "created": moment(one.created),
                **{name: getattr(one, name) for name in STEERING},
            }
            for one in Preset.objects.filter(owner=user).order_by("created", "pk")
        ],
        "facts": [
            {"text": one.text, "created": moment(one.created)}
            for one in Fact.objects.filter(owner=user).order_by("created", "pk")
        ],
        "facts_are_told": told.is_on if told else None,
        "may_create": leave.may_create if leave else None,
    }


def moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
