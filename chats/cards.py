"""Changes that a person is asked about under a reply: shown, made once, told of, taken back.

What can be changed, and how, each app says itself (`ahfai.proposals`). Whatever proposed it, the
person's press decides, and what is said then comes from the rows that it made.
"""

import datetime
import json
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.fields import sealed_for
from ahfai.crypto import SealError
from ahfai.proposals import Json, Kind, Shown, Stale, Told
from ahfai.tools import Proposal
from chats import fact_proposals as of_facts
from chats.models import Card, Message
from notes import proposals as of_notes
from reminders import proposals as of_reminders

KINDS: dict[str, Kind] = {**of_notes.KINDS, **of_reminders.KINDS, **of_facts.KINDS}
KEPT_FOR = datetime.timedelta(days=1)
State = Card.State


@dataclass(frozen=True)
class View:
    """A card as it is now: `shown` while the person may decide, `told` once it was done; `sentence`
    is what came of the last press."""

    card: Card
    kind: Kind
    state: str
    shown: Shown | None = None
    told: Told | None = None
    sentence: str = ""


def propose(reply: Message, proposal: Proposal) -> Card:
    """Ask the person about a change, under `reply`."""
    last = reply.cards.aggregate(last=Max("number"))["last"]
    return Card.objects.create(
        owner_id=reply.owner_id,
        reply=reply,
        number=0 if last is None else last + 1,
        kind=proposal.kind,
        payload=json.dumps(proposal.payload),
        expires=timezone.now() + KEPT_FOR,
    )


def to_decide(user: Any) -> QuerySet[Card]:
    """Those of this person's that can be decided on, or were: of chats that aren't in the trash,
    and of kinds that this version knows."""
    return user.cards.filter(reply__chat__trashed=None, kind__in=KINDS)


def confirm(card: Card, version: int) -> None:
    """Make the change, if nobody has yet, to the version of the thing that the person saw.

    Raises Stale where there is another one by now, or nothing; the card stays then.
    """
    with transaction.atomic(), timezone.override(card.owner.zone):
        now = timezone.now()
        kept = Card.objects.select_for_update().get(pk=card.pk)
        if kept.state != State.PROPOSED or kept.expires <= now:
            return
        kind, payload = KINDS[kept.kind], _payload(kept)
        person = card.owner
        outcome = kind.made(person, payload, kept.pk)
        if outcome is None:
            outcome = kind.act(person, payload, version, kept.pk)
        # The condition is in the update itself, whatever a database makes of the lock.
        done = Card.objects.filter(pk=kept.pk, state=State.PROPOSED).update(
            state=State.DONE,
            decided=now,
            outcome=sealed_for(kept, "outcome", json.dumps(outcome)),
        )
        if not done:
            raise Stale(_("This was decided elsewhere a moment ago."))


def saved_by_form(user: Any, page: uuid.UUID, thing: uuid.UUID) -> None:
    """The person has edited what a card proposed to change, and saved it: the card is done. What
    they made of it isn't the card's to take back."""
    there = user.cards.filter(pk=page, state=State.PROPOSED, expires__gt=timezone.now())
    for card in there:
        with suppress(SealError):
            if card.kind in KINDS and _payload(card).get("id") == str(thing):
                outcome = json.dumps({"id": str(thing), "version": 0})
                sealed = sealed_for(card, "outcome", outcome)
                there.update(state=State.DONE, decided=timezone.now(), outcome=sealed)


def create_at_once(card: Card) -> bool:
    """Make something new without a press, where the person lets the model. Whether it was made."""
    if not KINDS[card.kind].creates:
        return False
    try:
        confirm(card, 0)
    except Stale:
        return False
    return Card.objects.filter(pk=card.pk, state=State.DONE).exists()


def dismiss(card: Card) -> None:
    """Leave everything as it is."""
    Card.objects.filter(pk=card.pk, state=State.PROPOSED).update(
        state=State.DISMISSED, decided=timezone.now()
    )


def undo(card: Card) -> None:
    """Take back what the card did. Raises Stale where something else was done to it since."""
    with transaction.atomic():
        kept = Card.objects.select_for_update().get(pk=card.pk)
        if kept.state != State.DONE:
            return
        KINDS[kept.kind].undo(card.owner, _payload(kept), json.loads(kept.outcome or "{}"))
        if not Card.objects.filter(pk=kept.pk, state=State.DONE).update(state=State.UNDONE):
            raise Stale(_("This was decided elsewhere a moment ago."))


def expire() -> int:
    """Close those that nobody has decided on within a day. Returns how many."""
    now = timezone.now()
    old = Card.objects.filter(state=State.PROPOSED, expires__lte=now)
    return old.update(state=State.EXPIRED, decided=now) if old.exists() else 0


def views(cards: Iterable[Card], sentences: dict[uuid.UUID, str] | None = None) -> list[View]:
    """How each is shown; `sentences` say what came of a press."""
    said = sentences or {}
    found = []
    for card in cards:
        # Also where no page is made: at the end of a stream.
        with timezone.override(card.owner.zone):
            if card.kind in KINDS:
                found.append(replace(_view(card), sentence=said.get(card.pk, "")))
    return found


def _view(card: Card) -> View:
    kind, person = KINDS[card.kind], card.owner
    try:
        payload = _payload(card)
        if card.state == State.DONE:
            told = kind.tell(person, payload, json.loads(card.outcome or "{}"))
            return View(card, kind, State.DONE, told=told)
        if card.state == State.PROPOSED and card.expires > timezone.now():
            return _proposed(card, kind, payload)
    except SealError:
        return View(card, kind, "unreadable")
    return View(card, kind, State.EXPIRED if card.state == State.PROPOSED else card.state)


def _proposed(card: Card, kind: Kind, payload: Json) -> View:
    # A form that was opened from the card may have stored it.
    if outcome := kind.made(card.owner, payload, card.pk):
        return View(card, kind, State.DONE, told=_without_undo(kind, card.owner, payload, outcome))
    try:
        shown = kind.show(card.owner, payload, card.pk)
    except Stale as stale:
        return View(card, kind, "stale", told=Told(stale.sentence))
    return View(card, kind, State.PROPOSED, shown=shown)


def _without_undo(kind: Kind, person: Any, payload: Json, outcome: Json) -> Told:
    return replace(kind.tell(person, payload, outcome), may_be_undone=False)


def _payload(card: Card) -> Json:
    return json.loads(card.payload)
