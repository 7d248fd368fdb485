"""Webhooks: making one, and writing down what its program is to be told.

    webhooks.happened(user.pk, "note.changed", [note.pk])

Call it in the transaction of the change: the event is there with it, or not at all. It holds the
id of the thing and no word of it. Whoever has no webhook pays for one look into a small table.
"""

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User, Webhook, WebhookEvent
from ahfai import signing

MAX_WEBHOOKS = 10
# Of one webhook; what comes on top is counted only.
MAX_WAITING = 1000
# Somebody who types saves every few seconds: their program is told once for all of it.
SETTLES = datetime.timedelta(seconds=5)
TEST = "webhook.test"

State = WebhookEvent.State


class TooMany(Exception):
    """The person has as many webhooks as one may have."""


def make(user: User, address: str, events: Iterable[str]) -> tuple[Webhook, str]:
    """A webhook, and its secret, which nobody is told again. Raises TooMany.

    Call it in a transaction.
    """
    # One after the other, so that two at a time don't make one too many.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.webhooks.count() >= MAX_WEBHOOKS:
        raise TooMany
    secret = signing.new_secret()
    made = Webhook.objects.create(
        owner=user, address=address, secret=secret, events=" ".join(events)
    )
    return made, secret


def happened(owner_id: uuid.UUID, kind: str, things: Iterable[uuid.UUID]) -> None:
    """That this happened to some of a person's things. Inside the caller's transaction."""
    happened_to_many(kind, ((owner_id, thing) for thing in things))


def happened_to_many(kind: str, owned: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """The same for things of several people, each with its owner's id before it."""
    things = list(owned)
    if not things:
        return
    listening: dict[uuid.UUID, list[uuid.UUID]] = {}
    hooks = Webhook.objects.on().filter(owner__in={owner_id for owner_id, _thing in things})
    for key, owner_id, events in hooks.values_list("pk", "owner", "events"):
        if kind in events.split():
            listening.setdefault(owner_id, []).append(key)
    wanted: dict[uuid.UUID, set[tuple[uuid.UUID, uuid.UUID]]] = {}
    for owner_id, thing in things:
        for key in listening.get(owner_id, ()):
            wanted.setdefault(key, set()).add((owner_id, thing))
    # Always in the same order: two who write down some of the same don't wait for each other.
    for key in sorted(wanted):
        _write(key, kind, sorted(wanted[key]))


def _write(key: uuid.UUID, kind: str, owned: list[tuple[uuid.UUID, uuid.UUID]]) -> None:
    now = timezone.now()
    room = MAX_WAITING - WebhookEvent.objects.filter(webhook=key, state=State.WAITING).count()
    kept = owned[: max(room, 0)]
    WebhookEvent.objects.bulk_create(
        (
            WebhookEvent(
                owner_id=owner_id,
                webhook_id=key,
                kind=kind,
                thing=thing,
                happened=now,
                made=now,
                next_try_at=now + SETTLES if kind.endswith(".changed") else now,
            )
            for owner_id, thing in kept
        ),
        # One that waits already is held until the end of this transaction: nobody sends it before
        # its reader would find this change.
        update_conflicts=True,
        update_fields=["happened"],
        unique_fields=["webhook", "kind", "thing", "is_fresh"],
    )
    if left_out := len(owned) - len(kept):
        Webhook.objects.filter(pk=key).update(left_out=F("left_out") + left_out)


def test(webhook: Webhook) -> None:
    """Have something sent that says nothing happened."""
    _write(webhook.pk, TEST, [(webhook.owner_id, webhook.pk)])


def switch_off(webhook: Webhook) -> None:
    """What waits comes to nothing."""
    with transaction.atomic():
        Webhook.objects.on().filter(pk=webhook.pk).update(off_since=timezone.now())
        drop_waiting(webhook.pk)


def drop_waiting(webhook_id: uuid.UUID) -> None:
    """Inside the caller's transaction. What is being sent now is written down by who sends it."""
    WebhookEvent.objects.filter(webhook=webhook_id, state=State.WAITING, lease_until=None).update(
        state=State.DROPPED, is_fresh=None
    )


def switch_on(webhook: Webhook) -> None:
    """For what happens from now on."""
    Webhook.objects.filter(pk=webhook.pk).update(off_since=None, off_because=None, left_out=0)


def hush(user: User) -> bool:
    """Have nothing more be sent for this person; whether nothing is on its way any more."""
    for webhook in user.webhooks.on():
        switch_off(webhook)
    on_its_way = user.webhook_events.filter(state=State.WAITING, lease_until__gte=Now())
    return not on_its_way.exists()
