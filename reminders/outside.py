"""What is to be sent outside AhFai when a reminder is due: by which channels, and from when on."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Q

from reminders import quiet
from reminders.models import Channel, ChosenChannel, Delivery, Notice, Reminder, Telling


def plan(notices: Sequence[Notice], now: datetime.datetime) -> None:
    """Inside the transaction that makes these notices; a few statements, however many they are.

    Each has its reminder, and that its owner, loaded. The same time is sent once by each channel,
    also where it was told of before.
    """
    planned = list(_planned(notices, now))
    if planned:
        Delivery.objects.bulk_create(planned, ignore_conflicts=True)


def _planned(notices: Sequence[Notice], now: datetime.datetime) -> Iterator[Delivery]:
    owners = {notice.owner_id for notice in notices}
    channels: dict[uuid.UUID, list[Channel]] = defaultdict(list)
    for channel in Channel.objects.on().filter(owner__in=owners).only("owner", "by_default"):
        channels[channel.owner_id].append(channel)
    if not channels:
        return
    own = [notice.reminder_id for notice in notices if notice.reminder.has_own_channels]
    links = ChosenChannel.objects.filter(reminder__in=own) if own else ChosenChannel.objects.none()
    chosen = set(links.values_list("reminder", "channel"))
    tellings = Telling.objects.filter(~Q(quiet_from=None), owner__in=channels)
    wished = {telling.owner_id: telling for telling in tellings}
    for notice in notices:
        reminder = notice.reminder
        for channel in channels[notice.owner_id]:
            is_chosen = (reminder.pk, channel.pk) in chosen
            if is_chosen if reminder.has_own_channels else channel.by_default:
                yield Delivery(
                    owner_id=notice.owner_id,
                    reminder=reminder,
                    channel=channel,
                    occurrence_at=notice.occurrence_at,
                    missed=notice.missed,
                    made=now,
                    next_try_at=quiet.ends_at(
                        wished.get(notice.owner_id), now, reminder.owner.zone
                    ),
                )


def delete(channel: Channel) -> None:
    """What had no other channel of its own is told of as usual again, not by none at all."""
    with transaction.atomic():
        others = ChosenChannel.objects.exclude(channel=channel).values("reminder")
        alone = Reminder.objects.filter(owner=channel.owner_id, chosen__channel=channel)
        alone.exclude(pk__in=others).update(has_own_channels=False)
        channel.delete()
