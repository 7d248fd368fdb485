"""A chat as it comes from outside, whichever program it was led in."""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chats.models import Role, State
from notes.transfer.incoming import IncomingFile

MAX_TITLE = 200
MAX_LETTERS = 1_000_000
MAX_MESSAGES = 10_000
_MILLISECONDS = 1e11


@dataclass
class IncomingMessage:
    """`key` is how it is called where it comes from, `parent` the key of what it follows."""

    key: str
    parent: str | None
    role: str
    content: str
    created: datetime | None = None
    model: str = ""
    thinking: str = ""
    state: str = State.DONE
    closed: datetime | None = None
    # Further columns of a message, by their names.
    more: dict[str, Any] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    looked_up: list[dict[str, Any]] = field(default_factory=list)
    files: list[IncomingFile] = field(default_factory=list)

    @property
    def is_mine(self) -> bool:
        return self.role == Role.PERSON


@dataclass
class IncomingChat:
    """`source` is how the chat is called where it comes from, the same each time; `current` the key
    of the message at which it was left. `remarks` are codes of `chats.transfer.reasons`."""

    source: str
    title: str
    messages: list[IncomingMessage]
    created: datetime | None = None
    changed: datetime | None = None
    current: str | None = None
    model: str = ""
    pinned: bool = False
    archived: bool = False
    trashed: bool = False
    tags: list[str] = field(default_factory=list)
    id: uuid.UUID | None = None
    titled: bool = True
    # Further columns of a chat, by their names.
    more: dict[str, Any] = field(default_factory=dict)
    keeps_to: list[dict[str, str]] = field(default_factory=list)
    summaries: list[dict[str, Any]] = field(default_factory=list)
    draft: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ChatUnit:
    """What becomes one chat once it is read; `load` raises Broken where it can't be."""

    name: str
    load: Callable[[], IncomingChat]


def taking_turns(
    messages: Iterable[IncomingMessage], current: str | None
) -> tuple[list[IncomingMessage], str | None]:
    """The same talk as one in which person and model take turns, with all its branches.

    Other programs have several messages of one side in a row, for instance around their tools:
    these become one, on each branch anew. A model that spoke first gets an empty question.
    """
    below: dict[str | None, list[IncomingMessage]] = {}
    known = {one.key: one for one in messages}
    for one in known.values():
        parent = one.parent if one.parent in known else None
        below.setdefault(parent, []).append(one)
    built: list[IncomingMessage] = []
    stands_for: dict[str, str] = {}
    absorbed: set[str] = set()
    waiting: list[tuple[IncomingMessage, IncomingMessage | None]] = [
        (one, None) for one in reversed(below.get(None, []))
    ]
    while waiting:
        one, above = waiting.pop()
        if above is None and not one.is_mine:
            above = IncomingMessage(f"before {one.key}", None, Role.PERSON, "", one.created)
            built.append(above)
        following = below.get(one.key, [])
        if above is not None and above.role == one.role:
            here = _joined(above, one)
            siblings = below.get(one.parent, [])
            if all(other.role == one.role for other in siblings):
                absorbed.add(above.key)
            if len(siblings) == 1 and above.key == stands_for.get(one.parent or ""):
                _become(above, here)
                absorbed.discard(above.key)
                here = above
            else:
                built.append(here)
        else:
            here = IncomingMessage(**{**vars(one), "parent": above.key if above else None})
            built.append(here)
        stands_for[one.key] = here.key
        waiting += [(child, here) for child in reversed(following)]
    used = {one.parent for one in built}
    # What was joined on each branch anew isn't needed without its continuation.
    built = [
        one
        for one in built
        if one.key in used or ((one.content.strip() or one.thinking) and one.key not in absorbed)
    ]
    return built, stands_for.get(current or "")


def _joined(above: IncomingMessage, one: IncomingMessage) -> IncomingMessage:
    parts = [part for part in (above.content, one.content) if part.strip()]
    thought = [part for part in (above.thinking, one.thinking) if part.strip()]
    values = {
        **vars(one),
        "parent": above.parent,
        "content": "\n\n".join(parts),
        "thinking": "\n\n".join(thought),
        "created": above.created,
        "model": one.model or above.model,
    }
    return IncomingMessage(**values)


def _become(above: IncomingMessage, joined: IncomingMessage) -> None:
    above.content, above.thinking, above.model = joined.content, joined.thinking, joined.model


def branches_in_order(messages: list[IncomingMessage]) -> Iterator[IncomingMessage]:
    """What others follow first, as the database wants it; what leads nowhere is left out."""
    below: dict[str | None, list[IncomingMessage]] = {}
    for one in messages:
        below.setdefault(one.parent, []).append(one)
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(below.get(one.key, []))


def clean(said: Any) -> str:
    """As text that can be stored: half characters and NUL are none. "" for what is no text."""
    if not isinstance(said, str):
        return ""
    whole = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd").replace("\r\n", "\n")


def title(said: Any) -> str:
    line = " ".join(clean(said).split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def moment(said: Any) -> datetime | None:
    """Of seconds or milliseconds since 1970, or of ISO 8601; None for what is neither."""
    try:
        if isinstance(said, bool):
            return None
        if isinstance(said, int | float):
            seconds = said / 1000 if abs(said) > _MILLISECONDS else said
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        if isinstance(said, str) and re.fullmatch(r"\d{9,17}(\.\d+)?", said):
            return moment(float(said))
        if isinstance(said, str):
            when = datetime.fromisoformat(said)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def object_of(said: Any, name: str) -> dict[str, Any]:
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, dict) else {}


def objects_of(said: Any, name: str) -> list[dict[str, Any]]:
    value = said.get(name) if isinstance(said, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
