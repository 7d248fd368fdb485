"""The tools that a model may ask for. What each does stands in the `tools.py` of its app."""

import json
from functools import cache
from typing import Any

from django.conf import settings

from ahfai.tools import Found, Proposal, Tool, Unfit
from chats import embedding, hints, pins
from chats.context import Window
from chats.engines import Call, Offer
from chats.models import Message
from chats.tools import remember_fact, search_chats
from notes.tools import append_to_note, change_note, create_note, read_note, search_notes
from reminders.tools import (
    change_reminder,
    complete_reminder,
    list_reminders,
    set_reminder,
    snooze_reminder,
)

# The part of what a model can read that its tools may take.
PART = 0.35
# At most twelve: more confuse models.
TOOLS: dict[str, Tool] = {
    tool.__name__: Tool.of(tool)
    for tool in (
        # Look-ups, which the model may make freely.
        search_notes,
        read_note,
        list_reminders,
        search_chats,
        # Changes, which become cards that the person decides on.
        set_reminder,
        change_reminder,
        complete_reminder,
        snooze_reminder,
        create_note,
        append_to_note,
        change_note,
        remember_fact,
    )
}


def offers(words: str, window: Window, is_small: bool) -> tuple[Offer, ...]:
    """The tools that a model is offered for a question: all, where they leave most of the window
    to what else is read. A small model, or one with a small window, is offered those that the words
    hint at, and none where they don't."""
    room = window.num_ctx - min(settings.NUM_PREDICT, window.num_ctx // 2)
    every = _offers(tuple(TOOLS))
    if not is_small and window.tokens_of(every) <= room * PART:
        return every
    some = _offers(hints.hinted(words))
    if not some or window.tokens_of(some) > room * PART:
        return ()
    return (hints.ANSWER, *some) if is_small else some


@cache
def _offers(names: tuple[str, ...]) -> tuple[Offer, ...]:
    """As a model is told of them."""
    return tuple(
        Offer(tool.name, tool.about, json.dumps(tool.schema))
        for tool in TOOLS.values()
        if tool.name in names
    )


def use(
    reply: Message, name: str, arguments: dict[str, Any], call: Call | None = None
) -> Found | Proposal:
    """What a tool brings for the person whose reply this is. A model server that it asks is let go
    when `call` is cancelled. Raises Unfit."""
    tool = TOOLS.get(name)
    if tool is None:
        raise Unfit(f"There is no such tool. There are: {', '.join(TOOLS)}.")
    return tool.call(
        reply.owner,
        arguments,
        chat=reply.chat,
        within=pins.scope(reply.chat),
        embedder=embedding.embedder(call),
    )
