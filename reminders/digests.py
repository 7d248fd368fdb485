"""One message a day with what is overdue and what is for today, at the hour that a person chose."""

import datetime

from django.db import transaction
from django.utils import timezone

from reminders import quiet, recurrence
from reminders.models import Channel, Delivery, Telling

AT_ONCE = 100
_DAY = datetime.timedelta(days=1)


def plan_due(now: datetime.datetime | None = None) -> int:
    """Write down the digests that are due. Returns of how many people.

    One transaction moves each on to the next day and writes it down; who was away for days gets
    one. In quiet hours it waits for their end, as all does: after a downtime it may be night.
    """
    now = now or timezone.now()
    with transaction.atomic():
        due = Telling.objects.filter(next_digest_at__lte=now).select_related("owner")
        wished = ("digest_at", "next_digest_at", "quiet_from", "quiet_until", "owner__time_zone")
        due = due.only(*wished).order_by("next_digest_at")
        tellings = list(due.select_for_update(of=("self",), skip_locked=True)[:AT_ONCE])
        moved = {one.owner_id: (at, one) for one in tellings if (at := _move(one, now))}
        usual = Channel.objects.on().filter(by_default=True, owner__in=moved).only("owner")
        Delivery.objects.bulk_create(
            [_planned(channel, *moved[channel.owner_id], now) for channel in usual],
            ignore_conflicts=True,
        )
    return len(moved)


def _planned(
    channel: Channel, at: datetime.datetime, telling: Telling, now: datetime.datetime
) -> Delivery:
    return Delivery(
        owner_id=channel.owner_id,
        channel=channel,
        occurrence_at=at,
        made=now,
        next_try_at=quiet.ends_at(telling, now, telling.owner.zone),
    )


def _move(telling: Telling, now: datetime.datetime) -> datetime.datetime | None:
    """To the next day. Returns when it was due; None where somebody else has moved it."""
    assert telling.digest_at
    following = next_at(telling.digest_at, now, telling.owner.zone)
    rows = Telling.objects.filter(pk=telling.pk, next_digest_at=telling.next_digest_at)
    return telling.next_digest_at if rows.update(next_digest_at=following) else None


def next_at(
    hour: datetime.time, after: datetime.datetime, zone: datetime.tzinfo
) -> datetime.datetime:
    """The first moment after another one when the clock on the wall shows this hour."""
    day = after.astimezone(zone).date()
    # Each hour comes within two days.
    walls = (datetime.datetime.combine(day + later * _DAY, hour) for later in range(3))
    moments = (recurrence.occurrence(wall, zone).at for wall in walls)
    return next(moment for moment in moments if moment > after)
