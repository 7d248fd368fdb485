"""Chats of ChatGPT's export: `conversations.json`, or `conversations-000.json` and so on.

Each has a `mapping` of nodes, which know their parents and children; some nodes have no message at
all, and the model's own instructions, its tools and what it saw stand in nodes like all others.
Times are seconds since 1970 with a fraction, or missing.
"""

from typing import Any

from chats.models import Role
from chats.transfer.incoming import (
    IncomingChat,
    IncomingMessage,
    clean,
    moment,
    object_of,
    taking_turns,
    title,
)

_ROLES = {"user": Role.PERSON, "assistant": Role.ASSISTANT}


def is_chat(said: Any) -> bool:
    return isinstance(said, dict) and isinstance(said.get("mapping"), dict)


def chat(said: dict[str, Any]) -> IncomingChat:
    nodes = {key: node for key, node in said["mapping"].items() if isinstance(node, dict)}
    parts = _Parts()
    kept: dict[str, IncomingMessage] = {}
    for key, node in nodes.items():
        if message := parts.message(key, node):
            kept[key] = message
    for key, message in kept.items():
        message.parent = _nearest(key, nodes, kept)
    current = said.get("current_node")
    if isinstance(current, str) and current not in kept:
        current = _nearest(current, nodes, kept)
    messages, current = taking_turns(kept.values(), current if isinstance(current, str) else None)
    name = said.get("conversation_id") or said.get("id") or ""
    return IncomingChat(
        source=f"chatgpt:{clean(name)}",
        title=title(said.get("title")),
        messages=messages,
        created=moment(said.get("create_time")),
        changed=moment(said.get("update_time")),
        current=current,
        model=clean(said.get("default_model_slug"))[:200],
        archived=said.get("is_archived") is True,
        remarks=["chat_left_out"] if parts.left_out else [],
    )


def _nearest(key: str, nodes: dict[str, Any], kept: dict[str, IncomingMessage]) -> str | None:
    """The message above that comes in; a circle leads nowhere."""
    seen = {key}
    above = nodes.get(key, {}).get("parent")
    while isinstance(above, str) and above not in seen:
        if above in kept:
            return above
        seen.add(above)
        above = nodes.get(above, {}).get("parent")
    return None


class _Parts:
    """What of a message can come in; `left_out` tells whether something couldn't."""

    def __init__(self) -> None:
        self.left_out = False

    def message(self, key: str, node: dict[str, Any]) -> IncomingMessage | None:
        said = object_of(node, "message")
        role = _ROLES.get(clean(object_of(said, "author").get("role")))
        more = object_of(said, "metadata")
        if role is None or more.get("is_visually_hidden_from_conversation"):
            return None
        # What the model says to a tool and not to the person.
        if role == Role.ASSISTANT and said.get("recipient") not in (None, "all"):
            return None
        content, thinking = self._said(object_of(said, "content"))
        if not content.strip() and not thinking.strip():
            return None
        return IncomingMessage(
            key=key,
            parent=None,
            role=role,
            content=content,
            thinking=thinking,
            created=moment(said.get("create_time")),
            model=clean(more.get("model_slug"))[:200] if role == Role.ASSISTANT else "",
        )

    def _said(self, content: dict[str, Any]) -> tuple[str, str]:
        match content.get("content_type"):
            case "thoughts":
                thoughts = content.get("thoughts")
                found = [
                    clean(one.get("content"))
                    for one in (thoughts if isinstance(thoughts, list) else [])
                    if isinstance(one, dict)
                ]
                return "", "\n\n".join(filter(None, found))
            case "reasoning_recap" | "user_editable_context" | "model_editable_context":
                return "", ""
            case "code":
                return f"```\n{clean(content.get('text'))}\n```", ""
        parts = content.get("parts")
        if not isinstance(parts, list):
            return clean(content.get("text")), ""
        found = [self._part(one) for one in parts]
        return "\n\n".join(filter(None, found)), ""

    def _part(self, part: Any) -> str:
        if isinstance(part, str):
            return clean(part)
        if isinstance(part, dict):
            # What was spoken has its words beside the sound.
            if words := clean(part.get("text")):
                return words
            self.left_out = True
        return ""
