"""What is to be sent outside, on its way: lease, look once more, send, acknowledge.

A lease is taken in the database, by its clock, and only who holds its token says what became of a
delivery. Nothing is sent inside a transaction. So each is sent at least once, and twice only where
a sender died, or its lease ran out, between sending and saying so.
"""

import datetime
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.fields import Sealed, sealed_for
from ahfai.crypto import SealError
from reminders import channels, quiet, wording
from reminders.channels import Answer, Message, Permanent, Target, Temporary, Unsent
from reminders.models import Channel, Completion, Delivery, Notice, Telling

State = Delivery.State
# Much longer than any sending takes: see EMAIL_TIMEOUT and ahfai.outbound.
LEASE = datetime.timedelta(minutes=2)
RETRY_AFTER = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
KEPT_FOR = datetime.timedelta(days=90)


@dataclass(frozen=True)
class Lease:
    delivery_id: uuid.UUID
    token: uuid.UUID

    def rows(self):
        """The delivery, while it is held by this lease."""
        return Delivery.objects.filter(pk=self.delivery_id, lease_token=self.token)


@dataclass(frozen=True)
class Ready:
    """All that is needed to send, without the database."""

    lease: Lease
    delivery: Delivery
    target: Target
    message: Message

    @property
    def owner_id(self) -> uuid.UUID:
        return self.delivery.owner_id

    def send(self) -> Answer | Unsent:
        try:
            return channels.send(self.target, self.message)
        except Unsent as unsent:
            return unsent


def claim(
    most: int,
    now: datetime.datetime | None = None,
    each: int | None = None,
    busy: Mapping[uuid.UUID, int] = MappingProxyType({}),
) -> list[Lease]:
    """Take up to so many of those that are to be sent by now, the longest waiting first; of one
    person no more than `each`, with those that are on their way already (`busy`, by person)."""
    now = now or timezone.now()
    is_free = Q(lease_until=None) | Q(lease_until__lt=Now())
    waiting = Delivery.objects.filter(is_free, state=State.WAITING, next_try_at__lte=now)
    token = uuid.uuid4()
    with transaction.atomic():
        found = _fairly(waiting, most, each or most, busy)
        if not found:
            return []
        # Said once more, for a database that locks no rows: who comes second finds them taken.
        waiting.filter(pk__in=found).update(
            lease_token=token, lease_until=Now() + LEASE, attempts=F("attempts") + 1
        )
        held = set(Delivery.objects.filter(lease_token=token).values_list("pk", flat=True))
    return [Lease(delivery_id, token) for delivery_id in found if delivery_id in held]


def _fairly(waiting, most: int, each: int, busy: Mapping[uuid.UUID, int]) -> list[uuid.UUID]:
    """Asks once more only where somebody has more than their part waiting before others."""
    found: list[uuid.UUID] = []
    parts = Counter(busy)
    while True:
        full = [owner_id for owner_id, count in parts.items() if count >= each]
        rows = waiting.exclude(owner__in=full).exclude(pk__in=found)
        rows = rows.order_by("next_try_at", "id").select_for_update(skip_locked=True)
        is_whole = True
        for delivery_id, owner_id in rows.values_list("pk", "owner")[: most - len(found)]:
            if parts[owner_id] < each:
                parts[owner_id] += 1
                found.append(delivery_id)
            else:
                is_whole = False
        if is_whole:
            return found


def give_back(leases: Sequence[Lease]) -> None:
    """Nothing was tried."""
    for lease in leases:
        lease.rows().update(lease_token=None, lease_until=None, attempts=F("attempts") - 1)


def look_at(leases: Sequence[Lease], now: datetime.datetime | None = None) -> list[Ready]:
    """Look at them once more, just before they are sent. Left out is what isn't to be sent any
    more, and what is leased for a short time only."""
    now = now or timezone.now()
    done_since = Completion.objects.filter(
        reminder=OuterRef("reminder"), made__gte=OuterRef("occurrence_at")
    )
    rows = Delivery.objects.filter(
        pk__in=[lease.delivery_id for lease in leases],
        lease_token__in={lease.token for lease in leases},
        lease_until__gt=Now() + LEASE / 2,
    )
    # Who puts a reminder off has read what they were told: while they haven't, it was put off
    # before this time of it came.
    unread = Notice.objects.filter(
        reminder=OuterRef("reminder"), occurrence_at=OuterRef("occurrence_at"), read=None
    )
    put_off_since = Q(reminder__snoozed_until__gt=F("occurrence_at")) & ~Q(Exists(unread))
    was_answered = ExpressionWrapper(Q(Exists(done_since)) | put_off_since, BooleanField())
    rows = rows.select_related("reminder", "channel", "owner").only(*_NEEDED)
    found = {one.pk: (one, one.was_answered) for one in rows.annotate(was_answered=was_answered)}
    there = [lease for lease in leases if lease.delivery_id in found]
    looked = (_looked(lease, *found[lease.delivery_id], now) for lease in there)
    return [ready for ready in looked if ready]


_NEEDED = (
    *("occurrence_at", "missed", "attempts"),
    *(f"reminder__{name}" for name in ("owner", "title", "due", "changed")),
    *(f"reminder__{name}" for name in ("done", "trashed")),
    *(f"channel__{name}" for name in ("owner", "kind", "target", "says_title", "off_since")),
    *("owner__email", "owner__time_zone", "owner__is_active"),
)


def _looked(
    lease: Lease, delivery: Delivery, was_answered: bool, now: datetime.datetime
) -> Ready | None:
    # Known already, and not to be asked for once more.
    delivery.channel.owner = delivery.owner
    if not delivery.owner.is_active:
        # Who may not sign in any more is told nothing; their calendars can't be read either.
        _close(lease, State.DROPPED)
        return None
    message = wording.of(delivery, now)
    if message is None or _came_to_nothing(delivery, was_answered):
        _close(lease, State.DROPPED)
        return None
    try:
        if delivery.channel.off_since:
            raise Permanent(_("This channel is switched off."))
        if delivery.attempts > MOST_ATTEMPTS:
            raise Permanent(_("AhFai stopped each time while it was being sent."))
        target = channels.target_of(delivery.channel)
    except Unsent as unsent:
        _close(lease, State.FAILED, error=_sealed(delivery, "error", unsent))
        return None
    return Ready(lease, delivery, target, message)


def _came_to_nothing(delivery: Delivery, was_answered: bool) -> bool:
    """Done or put off, moved or thrown away, since it was due."""
    reminder, at = delivery.reminder, delivery.occurrence_at
    if reminder is None:
        return False
    if reminder.done or reminder.trashed or reminder.due is None or was_answered:
        return True
    return reminder.due > at and reminder.changed > at


def settle(ready: Ready, outcome: Answer | Unsent, now: datetime.datetime | None = None) -> None:
    """Say what became of it. Of a lease that ran out meanwhile somebody else says it."""
    now = now or timezone.now()
    if isinstance(outcome, Answer):
        _close(ready.lease, State.SENT, sent_at=now, error=None)
        return
    delivery = ready.delivery
    error = _sealed(delivery, "error", outcome)
    if isinstance(outcome, Temporary) and delivery.attempts < MOST_ATTEMPTS:
        asked = datetime.timedelta(seconds=outcome.wait_s)
        again = now + max(RETRY_AFTER[delivery.attempts - 1], asked)
        telling = Telling.objects.filter(owner=delivery.owner_id).first()
        ready.lease.rows().update(
            lease_token=None,
            lease_until=None,
            next_try_at=quiet.ends_at(telling, again, delivery.owner.zone),
            error=error,
        )
        return
    with transaction.atomic():
        if _close(ready.lease, State.FAILED, error=error) and isinstance(outcome, Permanent):
            switch_off(delivery.channel, outcome, now)


def _sealed(row: Delivery | Channel, column: str, unsent: Unsent) -> Sealed | None:
    """The sentence, sealed; none where its person's key is gone or can't be opened, which keeps
    nobody else's messages from being sent and written down."""
    try:
        return sealed_for(row, column, unsent.sentence)
    except SealError:
        return None


def _close(lease: Lease, state: State, **more: object) -> int:
    return lease.rows().update(state=state, lease_token=None, lease_until=None, **more)


def switch_off(channel: Channel, because: Permanent, now: datetime.datetime) -> None:
    """Until the person switches it on again."""
    Channel.objects.on().filter(pk=channel.pk).update(
        off_since=now, off_because=_sealed(channel, "off_because", because)
    )


def again(user, delivery_id: uuid.UUID) -> bool:
    """Try one anew that had failed, with all its tries. Returns whether it had."""
    return bool(
        user.deliveries.filter(pk=delivery_id, state=State.FAILED).update(
            state=State.WAITING, attempts=0, next_try_at=timezone.now(), error=None
        )
    )


def forget_old() -> None:
    Delivery.objects.filter(made__lt=timezone.now() - KEPT_FOR).exclude(
        state=State.WAITING
    ).delete()
