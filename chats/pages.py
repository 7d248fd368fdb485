"""The part of a long chat that a page shows; it loads the rest as the reader scrolls."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chats import attachments
from chats.models import Chat
from chats.tree import Step

# How many messages a page shows, and how many of them stand before the one that was asked for.
MOST = 30
BEFORE = 10


@dataclass(frozen=True)
class Part:
    """Steps of a chat's path in full, and the ids next to which earlier and later ones begin."""

    steps: list[Step]
    before: uuid.UUID | None
    after: uuid.UUID | None


def part(chat: Chat, path: Sequence[Step], asked: Mapping[str, str]) -> Part:
    """The end of `path`, or what `asked` says: "at" a message, "before" or "after" one."""
    places = {str(step.message.pk): place for place, step in enumerate(path)}
    end = len(path)
    if (place := places.get(asked.get("before", ""))) is not None:
        end = place
    elif (place := places.get(asked.get("after", ""))) is not None:
        end = min(end, place + 1 + MOST)
    elif (place := places.get(asked.get("at", ""))) is not None:
        end = min(end, max(place - BEFORE, 0) + MOST)
    begin = max(0, end - MOST)
    shown = path[begin:end]
    full = chat.messages.select_related("summary").prefetch_related("sources", "uses", "cards")
    messages = full.in_bulk([step.message.pk for step in shown])
    attachments.fetch(list(messages.values()))
    # What was deleted a moment ago is left out.
    steps = [
        replace(step, message=messages[step.message.pk])
        for step in shown
        if step.message.pk in messages
    ]
    return Part(
        steps,
        before=shown[0].message.pk if begin > 0 else None,
        after=shown[-1].message.pk if shown and end < len(path) else None,
    )
