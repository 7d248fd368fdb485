"""Chats of our own export."""

import json
import uuid
from dataclasses import replace
from typing import Any

from chats.models import OPEN, Role, State, Think, UsesNotes
from chats.transfer.exporting import COUNTED, STEERING
from chats.transfer.incoming import (
    MAX_MESSAGES,
    IncomingChat,
    IncomingMessage,
    clean,
    moment,
    objects_of,
    title,
)
from notes.transfer.archives import Archive
from notes.transfer.incoming import IncomingFile, file_in
from notes.transfer.reasons import Broken


def read(line: bytes, archive: Archive) -> IncomingChat:
    """Raises Broken."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise Broken("chat_damaged") from None
    if not isinstance(said, dict) or said.get("ahfai") != "chat":
        raise Broken("chat_not_understood")
    chat_id = own_id(said.get("id"))
    messages = [_message(one, archive) for one in objects_of(said, "messages")]
    if chat_id is None or len(messages) > MAX_MESSAGES:
        raise Broken("chat_not_understood" if chat_id is None else "chat_too_long")
    _check(messages)
    return IncomingChat(
        source=f"ahfai:{chat_id}",
        id=chat_id,
        title=title(said.get("title")),
        titled=said.get("titled") is True,
        model=clean(said.get("model"))[:200],
        created=moment(said.get("created")),
        changed=moment(said.get("changed")),
        current=said.get("current") if isinstance(said.get("current"), str) else None,
        pinned=said.get("pinned") is True,
        archived=said.get("archived") is True,
        trashed=said.get("trashed") is True,
        tags=[clean(one) for one in _list(said, "tags") if clean(one)],
        messages=messages,
        keeps_to=objects_of(said, "keeps_to"),
        summaries=objects_of(said, "summaries"),
        draft=clean(said.get("draft")),
        more=steering(said)
        | {
            "uses_notes": said["uses_notes"]
            if said.get("uses_notes") in UsesNotes.values
            else UsesNotes.OFF
        },
    )


def steering(said: dict[str, Any]) -> dict[str, Any]:
    """What steers the model, where it can be so."""
    found: dict[str, Any] = {name: said.get(name) for name in STEERING}
    found["instructions"] = clean(found["instructions"])[:8000] or None
    warmth = found["temperature"]
    is_number = isinstance(warmth, int | float) and not isinstance(warmth, bool)
    found["temperature"] = warmth if is_number and 0 <= warmth <= 2 else None
    for name in ("longest", "reads"):
        found[name] = _count(found[name])
    if found["think"] not in Think.values:
        found["think"] = Think.EVERYWHERE
    return found


def own_id(said: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _message(said: dict[str, Any], archive: Archive) -> IncomingMessage:
    role = said.get("role")
    if role not in Role.values or own_id(said.get("id")) is None:
        raise Broken("chat_not_understood")
    parent = said.get("parent")
    found = IncomingMessage(
        key=said["id"],
        parent=parent if isinstance(parent, str) else None,
        role=role,
        content=clean(said.get("content")),
        created=moment(said.get("created")),
    )
    found.files = [_file(one, archive) for one in objects_of(said, "files")]
    if found.is_mine:
        return found
    state = said.get("state")
    # What was being written there isn't here.
    found.state = state if state in State.values and state not in OPEN else State.INTERRUPTED
    found.closed = moment(said.get("closed"))
    found.model = clean(said.get("model"))[:200]
    found.thinking = clean(said.get("thinking"))
    found.more = {name: _count(said.get(name)) for name in COUNTED}
    found.more["left_out"] = found.more["left_out"] or 0
    found.more["fullness"] = min(found.more["fullness"], 32_767) if found.more["fullness"] else None
    found.more["reason"] = clean(said.get("reason"))[:32]
    found.sources = objects_of(said, "sources")
    found.looked_up = objects_of(said, "looked_up")
    return found


def _file(said: dict[str, Any], archive: Archive) -> IncomingFile:
    """One that isn't there is named when its turn comes."""
    path = f"chats/{clean(said.get('path'))}"
    file_id = own_id(said.get("id"))
    entry = archive.by_name.get(path)
    if entry is None:
        return IncomingFile(path, id=file_id)
    return replace(file_in(archive, entry), saved_as=clean(said.get("name")), id=file_id)


def _check(messages: list[IncomingMessage]) -> None:
    """Each follows one that stands before it; so there is no circle."""
    seen: set[str] = set()
    for one in messages:
        is_placed = one.parent in seen if one.parent else one.is_mine
        if one.key in seen or not is_placed:
            raise Broken("chat_not_understood")
        seen.add(one.key)


def _count(said: Any) -> int | None:
    is_count = isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**31
    return said if is_count else None


def _list(said: dict[str, Any], name: str) -> list[Any]:
    value = said.get(name)
    return value if isinstance(value, list) else []
