"""What a model is asked with: what is looked up for a reply, and the prompt that is built of it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils import timezone

from chats import (
    asking,
    calibration,
    context,
    enclosed,
    leave,
    rounds,
    servers,
    sources,
    summaries,
    toolbox,
    tooluse,
)
from chats.enclosed import Enclosures
from chats.engines import Call, Offer, Turn
from chats.models import Message, Summary
from chats.sources import Quoted
from chats.tree import Tree


class Asked(NamedTuple):
    """What the model is asked: the messages before the reply, the tools that it may ask for, what
    tools have brought for earlier replies, the files of the messages, and whether it `sees`."""

    path: Sequence[Message]
    window: context.Window
    summary: Summary | None
    quoted: Sequence[Quoted]
    offers: tuple[Offer, ...]
    earlier: Mapping[uuid.UUID, Sequence[Turn]]
    enclosures: Enclosures = {}
    sees: bool = False
    # What the person's own words ask for, where a card is to be offered for it.
    request: asking.Request | None = None
    # Of an answer that is continued.
    begun: Sequence[Turn] = ()


def gather(reply: Message, num_ctx: int, takes_tools: bool, goes_on: bool, call: Call) -> Asked:
    """Look up what `reply` needs, in a window of `num_ctx` tokens; `call` may be cancelled
    meanwhile. `goes_on` is whether the reply began with the text of an earlier one."""
    path = Tree(reply.chat.messages.in_order()).path_to(reply)[:-1]
    window = context.Window(num_ctx, calibration.ratio(reply.model))
    summary = summaries.newest(reply.chat, path)
    quoted = sources.look(reply, path, call)
    words, is_small = path[-1].content, servers.is_small(reply.model)
    offers = toolbox.offers(words, window, is_small) if takes_tools else ()
    request = None
    if is_small or not offers:
        with timezone.override(reply.owner.zone):
            request = asking.asked_for(reply.owner, words)
        if request and request.is_all:
            # A small model would only copy the words, and not always those.
            offers = ()
    earlier = rounds.earlier([*path, reply] if goes_on else path) if offers else {}
    begun = earlier.pop(reply.pk, [])
    enclosures = enclosed.of_path(context.after(path, summary))
    has_pictures = any(one.is_picture for some in enclosures.values() for one in some)
    sees = has_pictures and servers.can_see(reply.model, call, reply.server)
    return Asked(path, window, summary, quoted, offers, earlier, enclosures, sees, request, begun)


def build(
    reply: Message,
    asked: Asked,
    summary: Summary | None,
    made: rounds.Rounds | None,
    so_far: str,
    kept: float = 1.0,
) -> context.Context:
    """The prompt, with the rounds that were `made` for this reply; `summary`, `so_far` and `kept`
    are as `context.build` takes them."""
    return context.build(
        reply.chat,
        reply.model,
        asked.path,
        asked.window,
        so_far,
        summary,
        kept,
        asked.quoted,
        tools=() if made and made.is_over else asked.offers,
        earlier=asked.earlier,
        told=asked.request.told if asked.request and not asked.offers else "",
        rounds=made.turns if made else (),
        enclosures=asked.enclosures,
        sees=asked.sees,
        begun=asked.begun,
    )


def may_create(reply: Message, asked: Asked, goes_on: bool) -> bool:
    """Whether new things need no press: never where anything foreign is read."""
    has_foreign = bool(asked.quoted or asked.summary or goes_on or asked.enclosures)
    has_foreign = has_foreign or sources.have_read_foreign(asked.path)
    has_foreign = has_foreign or tooluse.have_read_foreign(asked.path)
    return not has_foreign and leave.may_create(reply, asked.path)
