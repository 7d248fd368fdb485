"""What a model asked for on the way to its answer: kept, shown to the person, told to the model
again in later turns."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ahfai.crypto import SealError
from ahfai.tools import Found, Link, Proposal
from chats.models import Card, Message, ToolUse


@dataclass(frozen=True)
class LookUp:
    """What was looked up, in a sentence with the words `about` that it was about."""

    sentence: str
    about: str
    links: list[Link]


def keep(
    reply: Message,
    number: int,
    round_: int,
    name: str,
    arguments: dict[str, Any],
    result: str,
    brought: Found | Proposal | None = None,
    card: Card | None = None,
) -> ToolUse:
    """Store a call with its `result`, as the model gets to read it, at once: nothing that the
    person is shown gets lost."""
    found = brought if isinstance(brought, Found) else None
    shown: dict[str, Any] = {}
    if found:
        shown = {"sentence": found.sentence, "about": found.about, "links": found.links}
    return ToolUse.objects.create(
        owner_id=reply.owner_id,
        reply=reply,
        number=number,
        round=round_,
        name=name,
        arguments=json.dumps(arguments, ensure_ascii=False),
        result=result,
        shown=json.dumps(shown, ensure_ascii=False),
        found=found.number if found else 0,
        card_number=card.number if card else None,
        is_foreign=bool(brought and brought.is_foreign),
    )


def take_over(earlier: Message, reply: Message) -> None:
    """What was looked up and proposed for an answer that `reply` goes on with. A card is there once
    and goes along; what can't be opened stays behind."""
    for use in earlier.uses.order_by("number"):
        try:
            words = {name: getattr(use, name) for name in ("arguments", "result", "shown")}
        except SealError:
            continue
        same = ("number", "round", "name", "found", "card_number", "is_foreign")
        ToolUse.objects.create(
            owner_id=reply.owner_id,
            reply=reply,
            **words,
            **{name: getattr(use, name) for name in same},
        )
    Card.objects.filter(reply=earlier).update(reply=reply)


def have_read_foreign(replies: Iterable[Message]) -> bool:
    """Whether a model read others' words for one of these, and so reads them again."""
    there = ToolUse.objects.filter(reply__in=[reply.pk for reply in replies], is_foreign=True)
    # What somebody looked for by a command no model has read.
    return there.exclude(name="").exists()


def look_ups(uses: Iterable[ToolUse]) -> list[LookUp]:
    """Those that the person is shown; what can't be opened keeps nothing else from being shown."""
    found = []
    for use in sorted(uses, key=lambda one: one.number):
        try:
            shown = json.loads(use.shown)
            if shown:
                links = [Link(*link) for link in shown["links"]]
                found.append(LookUp(shown["sentence"], shown["about"], links))
        except SealError:
            continue
    return found
