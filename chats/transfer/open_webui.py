"""Chats of Open WebUI's export: a list of chats, each with a `history` of messages that know their
parents.

Times are seconds since 1970, in some places milliseconds.
"""

import re
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

_ROLES = {"user": Role.PERSON, "assistant": Role.ASSISTANT}
_THOUGHT = re.compile(
    r'<details\b[^>]*type="reasoning"[^>]*>\s*(?:<summary>.*?</summary>)?(.*?)</details>\s*',
    re.DOTALL,
)


def is_chat(said: Any) -> bool:
    whole = object_of(said, "chat") or (said if isinstance(said, dict) else {})
    return isinstance(object_of(whole, "history").get("messages"), dict)


def chat(said: dict[str, Any]) -> IncomingChat:
    whole = object_of(said, "chat") or said
    history = object_of(whole, "history")
    messages = history["messages"]
    found = []
    left_out = False
    for key, one in messages.items():
        if not isinstance(one, dict) or one.get("role") not in _ROLES:
            continue
        left_out = left_out or bool(one.get("files"))
        found.append(_message(key, one))
    current = history.get("currentId")
    turns, current = taking_turns(found, current if isinstance(current, str) else None)
    models = whole.get("models")
    used = models[0] if isinstance(models, list) and models else ""
    tags = _list(whole, "tags") + _list(object_of(said, "meta"), "tags")
    return IncomingChat(
        source=f"open-webui:{clean(said.get('id') or whole.get('id'))}",
        title=title(said.get("title") or whole.get("title")),
        messages=turns,
        created=moment(said.get("created_at")) or moment(whole.get("timestamp")),
        changed=moment(said.get("updated_at")),
        current=current,
        model=clean(used)[:200],
        pinned=said.get("pinned") is True,
        archived=said.get("archived") is True,
        tags=[clean(one) for one in tags if clean(one)],
        remarks=["chat_left_out"] if left_out else [],
    )


def _message(key: str, said: dict[str, Any]) -> IncomingMessage:
    content = said.get("content")
    if isinstance(content, list):
        content = "\n\n".join(clean(one.get("text")) for one in objects_of(said, "content"))
    words = clean(content)
    thoughts = [found.strip() for found in _THOUGHT.findall(words)]
    parent = said.get("parentId")
    return IncomingMessage(
        key=key,
        parent=parent if isinstance(parent, str) else None,
        role=_ROLES[said["role"]],
        content=_THOUGHT.sub("", words).strip() if thoughts else words,
        thinking="\n\n".join(re.sub(r"^&gt; ?|^> ?", "", one, flags=re.M) for one in thoughts),
        created=moment(said.get("timestamp")),
        model=clean(said.get("model"))[:200] if said["role"] == "assistant" else "",
    )


def _list(said: dict[str, Any], name: str) -> list[Any]:
    value = said.get(name)
    return value if isinstance(value, list) else []
