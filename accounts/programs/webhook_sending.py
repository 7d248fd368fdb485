"""What webhooks are to be told, on its way: lease, look once more, send, acknowledge.

As for reminders (`reminders.delivering`): each is sent at least once, and twice only where a sender
died, or its lease ran out, between sending and saying so. Its id stays the same.
"""

import datetime
import json
import logging
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.fields import Sealed, sealed_for
from accounts.models import Webhook, WebhookEvent
from accounts.programs import webhooks
from ahfai import outbound, signing
from ahfai.crypto import SealError

State = WebhookEvent.State
# Much longer than any sending takes: see ahfai.outbound.
LEASE = datetime.timedelta(minutes=2)
# Three days in all, as the standard has it.
RETRY_AFTER = (
    *(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 30)),
    *(datetime.timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
KEPT_FOR = datetime.timedelta(days=30)

log = logging.getLogger("ahfai.webhooks")


@dataclass(frozen=True)
class Lease:
    event_id: uuid.UUID
    token: uuid.UUID

    def rows(self):
        """The event, while it is held by this lease."""
        return WebhookEvent.objects.filter(pk=self.event_id, lease_token=self.token)


@dataclass(frozen=True)
class Outcome:
    """`status` is what the other side answered, `sentence` why it wasn't taken; after `is_final`
    nothing more is sent there, and before `wait_s` seconds nothing again."""

    status: int | None = None
    sentence: str = ""
    is_final: bool = False
    wait_s: int = 0

    @property
    def was_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Ready:
    """All that is needed to send, without the database."""

    lease: Lease
    event: WebhookEvent
    address: str
    secret: str

    @property
    def owner_id(self) -> uuid.UUID:
        return self.event.owner_id

    def send(self) -> Outcome:
        body = json.dumps(_said(self.event)).encode()
        headers = {
            "Content-Type": "application/json",
            **signing.headers(self.secret, str(self.event.pk), body),
        }
        try:
            answer = outbound.post(self.address, body, headers)
        except outbound.Refused as refused:
            return Outcome(sentence=str(refused), is_final=True)
        except outbound.Failed as failed:
            return Outcome(sentence=str(failed))
        except Exception as error:  # noqa: BLE001 (whatever it is, it was not sent)
            # By its class only: the text of an error can hold what a row holds.
            log.error("a webhook failed: %s", type(error).__name__)
            return Outcome(sentence=_("Something went wrong here; it is in AhFai's log."))
        is_gone = answer.status == 410
        return Outcome(answer.status, _sentence(answer.status), is_gone, answer.wait_s)


def _said(event: WebhookEvent) -> dict[str, object]:
    """No word that the person wrote: what it is about is to be read by the API."""
    room, _dot, _what = event.kind.partition(".")
    data = {"id": str(event.thing), "kind": room}
    return {"type": event.kind, "timestamp": event.happened.isoformat(), "data": data}


def _sentence(status: int) -> str:
    if status == 410:
        return _("The other side said that nothing is wanted there any more.")
    if 300 <= status < 400:
        return _("It leads on to another address, and AhFai doesn't follow.")
    return ""


def claim(
    most: int,
    *,
    each: int | None = None,
    busy: Mapping[uuid.UUID, int] | None = None,
    now: datetime.datetime | None = None,
) -> list[Lease]:
    """Take up to so many of those that are to be sent by now, the longest waiting first; of one
    person no more than `each`, with those that are on their way already (`busy`, by person)."""
    now = now or timezone.now()
    is_free = Q(lease_until=None) | Q(lease_until__lt=Now())
    waiting = WebhookEvent.objects.filter(is_free, state=State.WAITING, next_try_at__lte=now)
    # A look first: most rounds find nothing, and take no lock.
    if not waiting.exists():
        return []
    token = uuid.uuid4()
    with transaction.atomic():
        found = _fairly(waiting, most, each or most, busy or {})
        # Said once more, for a database that locks no rows: who comes second finds them taken.
        waiting.filter(pk__in=found).update(
            lease_token=token,
            lease_until=Now() + LEASE,
            attempts=F("attempts") + 1,
            is_fresh=None,
        )
        held = set(WebhookEvent.objects.filter(lease_token=token).values_list("pk", flat=True))
    return [Lease(event_id, token) for event_id in found if event_id in held]


def _fairly(waiting, most: int, each: int, busy: Mapping[uuid.UUID, int]) -> list[uuid.UUID]:
    """Who has more than their part waiting before others leaves the rest of the round to them."""
    found: list[uuid.UUID] = []
    parts = Counter(busy)
    full = [owner_id for owner_id, count in parts.items() if count >= each]
    rows = waiting.exclude(owner__in=full).order_by("next_try_at", "id")
    rows = rows.select_for_update(skip_locked=True, of=("self",))
    for event_id, owner_id in rows.values_list("pk", "owner")[:most]:
        if parts[owner_id] < each:
            parts[owner_id] += 1
            found.append(event_id)
    return found


def give_back(leases: Sequence[Lease]) -> None:
    """Nothing was tried."""
    for lease in leases:
        lease.rows().update(lease_token=None, lease_until=None, attempts=F("attempts") - 1)


def look_at(leases: Sequence[Lease]) -> list[Ready]:
    """Look at them once more, just before they are sent. Left out is what isn't to be sent any
    more, and what is leased for a short time only."""
    rows = WebhookEvent.objects.filter(
        pk__in=[lease.event_id for lease in leases],
        lease_token__in={lease.token for lease in leases},
        lease_until__gt=Now() + LEASE / 2,
    )
    found = {one.pk: one for one in rows.select_related("webhook", "owner")}
    there = [lease for lease in leases if lease.event_id in found]
    return [ready for lease in there if (ready := _looked(lease, found[lease.event_id]))]


def _looked(lease: Lease, event: WebhookEvent) -> Ready | None:
    webhook = event.webhook
    # Known already, and not to be asked for once more.
    webhook.owner = event.owner
    if webhook.off_since or not event.owner.is_active:
        _close(lease, State.DROPPED)
        return None
    if event.attempts > MOST_ATTEMPTS:
        # A sender died each time.
        _close(lease, State.FAILED)
        return None
    try:
        return Ready(lease, event, webhook.address, webhook.secret)
    except SealError:
        _close(lease, State.FAILED)
        return None


def settle(ready: Ready, outcome: Outcome, now: datetime.datetime | None = None) -> None:
    """Say what became of it. Of a lease that ran out meanwhile somebody else says it."""
    now = now or timezone.now()
    if outcome.was_taken:
        _close(ready.lease, State.SENT, sent_at=now, status=outcome.status, error=None)
        return
    event = ready.event
    came = {"status": outcome.status, "error": _sealed(event, "error", outcome.sentence)}
    if not outcome.is_final and event.attempts < MOST_ATTEMPTS:
        again = max(RETRY_AFTER[event.attempts - 1], datetime.timedelta(seconds=outcome.wait_s))
        ready.lease.rows().update(
            lease_token=None, lease_until=None, next_try_at=now + again, **came
        )
        return
    with transaction.atomic():
        if _close(ready.lease, State.FAILED, **came):
            _switch_off(event.webhook, outcome, now)


def _switch_off(webhook: Webhook, outcome: Outcome, now: datetime.datetime) -> None:
    """Until the person switches it on again: for three days nothing was taken, or nothing ever
    will be. Not where something was taken meanwhile."""
    tried_since = now - sum(RETRY_AFTER, datetime.timedelta())
    taken = webhook.sent.filter(state=State.SENT, sent_at__gt=tried_since)
    if not outcome.is_final and taken.exists():
        return
    said = outcome.sentence or _("For three days nothing that was sent there was taken.")
    Webhook.objects.on().filter(pk=webhook.pk).update(
        off_since=now, off_because=_sealed(webhook, "off_because", said)
    )
    webhooks.drop_waiting(webhook.pk)


def _sealed(row: Webhook | WebhookEvent, column: str, sentence: str) -> Sealed | None:
    """None where its person's key is gone or can't be opened, which keeps nobody else's events
    from being written down."""
    try:
        return sealed_for(row, column, sentence) if sentence else None
    except SealError:
        return None


def _close(lease: Lease, state: State, **more: object) -> int:
    return lease.rows().update(state=state, lease_token=None, lease_until=None, **more)


def forget_old() -> None:
    old = WebhookEvent.objects.filter(made__lt=timezone.now() - KEPT_FOR)
    old.exclude(state=State.WAITING).delete()
