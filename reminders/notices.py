"""What a person was told and has not seen yet, for every page that is open."""

import datetime
import time
import uuid
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from ahfai.models import Heartbeat
from reminders import schedule
from reminders.models import Notice

KEPT_FOR = datetime.timedelta(days=90)
# No more unread ones are counted, and no more reminders that are overdue or of today.
MOST, MOST_COUNTED = 100, 1000
# A notice is seen a moment after the time that it says it was made at, and the clocks of machines
# differ: each time so far back is looked, and what was shown before is left out.
OVERLAP = datetime.timedelta(minutes=1)
# How soon a page asks again, in seconds: where nothing is near, where something should be there
# any moment; and for how long it is that patient. What is set for a minute that has begun is due
# at its beginning.
SELDOM_S, SOON_S, PATIENT_S = 30.0, 1.0, 90.0
WORKER_IS_AWAY_AFTER = datetime.timedelta(minutes=2)
# Enough of an id to know it again among a few.
_NAME = 8
_started = time.monotonic()
# That a worker was there is believed for so long.
TRUSTED_S = 10
_alive_until = 0.0


class Unread(NamedTuple):
    id: uuid.UUID
    made: datetime.datetime


@dataclass(frozen=True)
class Bell:
    """How a person's reminders are at a moment: how many are overdue and still to come today,
    which notices are unread, the newest first, and when the next one will be."""

    now: datetime.datetime
    overdue: int
    today: int
    next_due: datetime.datetime | None
    worker_is_away: bool
    unread: list[Unread]

    @classmethod
    def of(cls, user: User) -> "Bell":
        now = timezone.now()
        today, tomorrow = schedule.midnights(now, user.zone)
        # Several plain questions: to put them together takes longer than to ask them.
        near = user.reminders.dated().filter(moment__lt=tomorrow)
        times = near.values_list("at", "snoozed_until", "due")[:MOST_COUNTED]
        late = sum(_is_late(at, put_off, due, now, today) for at, put_off, due in times)
        waiting = user.reminders.filter(next_fire_at__isnull=False).order_by("next_fire_at")
        unread = user.notices.filter(read=None).order_by("-made").values_list("pk", "made")
        return cls(
            now,
            late,
            len(times) - late,
            waiting.values_list("next_fire_at", flat=True).first(),
            _worker_is_away(),
            [Unread(*one) for one in unread[:MOST]],
        )

    @property
    def ask_in(self) -> float:
        """After how many seconds a page asks again."""
        if self.next_due is None:
            return SELDOM_S
        left = (self.next_due - self.now).total_seconds()
        if left > 0:
            return round(min(left + 0.2, SELDOM_S), 1)
        return SOON_S if left > -PATIENT_S else SELDOM_S

    @property
    def query(self) -> str:
        """What a page asks with next time."""
        since = self.now - OVERLAP
        shown = [one.id.hex[:_NAME] for one in self.unread if one.made > since]
        is_away = int(self.worker_is_away)
        return urlencode({"since": since.timestamp(), "shown": "-".join(shown), "away": is_away})

    def news(self, since: str, shown: str) -> list[uuid.UUID]:
        """The unread notices that a page has not shown, the newest first."""
        try:
            after = datetime.datetime.fromtimestamp(float(since), datetime.UTC)
        except (ValueError, OverflowError, OSError):
            after = self.now - OVERLAP
        before = {*shown.split("-")}
        fresh = (one.id for one in self.unread if one.made > after)
        return [one for one in fresh if one.hex[:_NAME] not in before]


def _is_late(
    at: datetime.time | None,
    snoozed_until: datetime.datetime | None,
    due: datetime.datetime,
    now: datetime.datetime,
    midnight: datetime.datetime,
) -> bool:
    """As `reminders.models.reminder.is_late`."""
    if at is None and snoozed_until is None and due >= midnight:
        return False
    return (snoozed_until or due) < now


def _worker_is_away() -> bool:
    """None for two minutes. It is asked once in a while, whoever opens pages meanwhile."""
    global _alive_until
    if time.monotonic() < _alive_until:
        return False
    since = Now() - WORKER_IS_AWAY_AFTER
    if Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER, seen__gt=since).exists():
        _alive_until = time.monotonic() + TRUSTED_S
        return False
    # A worker that was started with this process may still be on its way.
    return time.monotonic() - _started > WORKER_IS_AWAY_AFTER.total_seconds()


def mark_read(user: User) -> None:
    """All of the person's."""
    user.notices.filter(read=None).update(read=timezone.now())


def forget_old() -> None:
    Notice.objects.filter(made__lt=timezone.now() - KEPT_FOR).delete()


def forget_start() -> None:
    """As if this process had just been started."""
    global _started, _alive_until
    _started, _alive_until = time.monotonic(), 0.0
