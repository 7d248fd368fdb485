"""Chats of LibreChat's export: one in a file, its messages nested in each other or one after the
other, with the ids of their parents. Times are ISO 8601."""

from collections.abc import Iterator
from typing import Any

from chats.models import Role
from chats.transfer.incoming import (
    IncomingChat,
    IncomingMessage,
    clean,
    moment,
    object_of,
    objects_of,
    taking_turns,
    title,
)


def is_chat(said: Any) -> bool:
    if not isinstance(said, dict) or not said.get("conversationId"):
        return False
    return isinstance(said.get("messages"), list) or isinstance(said.get("messagesTree"), list)


def chat(said: dict[str, Any]) -> IncomingChat:
    name = "messagesTree" if isinstance(said.get("messagesTree"), list) else "messages"
    found = list(_messages(objects_of(said, name)))
    left_out = any(one.get("files") or one.get("attachments") for _parent, one in found)
    messages, current = taking_turns(
        [_message(one, parent) for parent, one in found],
        clean(found[-1][1].get("messageId")) if found else None,
    )
    made = [one.created for one in messages if one.created]
    return IncomingChat(
        source=f"librechat:{clean(said.get('conversationId'))}",
        title=title(said.get("title")),
        messages=messages,
        created=min(made, default=None) or moment(said.get("exportAt")),
        changed=max(made, default=None),
        current=current,
        model=clean(object_of(said, "options").get("model"))[:200],
        remarks=["chat_left_out"] if left_out else [],
    )


def _messages(messages: list[dict[str, Any]]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Each with the id of the one around it, None where they lie flat."""
    waiting: list[tuple[str | None, dict[str, Any]]] = [(None, one) for one in reversed(messages)]
    while waiting:
        parent, one = waiting.pop()
        yield parent, one
        below = objects_of(one, "children")
        waiting += [(clean(one.get("messageId")), child) for child in reversed(below)]


def _message(said: dict[str, Any], parent: str | None) -> IncomingMessage:
    is_mine = said.get("isCreatedByUser") is True
    content, thinking = _said(said)
    return IncomingMessage(
        key=clean(said.get("messageId")),
        parent=parent or clean(said.get("parentMessageId")) or None,
        role=Role.PERSON if is_mine else Role.ASSISTANT,
        content=content,
        thinking=thinking,
        created=moment(said.get("createdAt")),
        model="" if is_mine else clean(said.get("model"))[:200],
    )


def _said(said: dict[str, Any]) -> tuple[str, str]:
    """Newer ones have their words in parts, older ones in one piece."""
    words, thoughts = [], []
    for part in objects_of(said, "content"):
        text = part.get("text")
        words.append(clean(text.get("value") if isinstance(text, dict) else text))
        thoughts.append(clean(part.get("think")))
    found = "\n\n".join(filter(None, words)) or clean(said.get("text"))
    return found, "\n\n".join(filter(None, thoughts))
