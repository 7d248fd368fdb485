"""The worker: one loop for all work that goes by the clock.

Run as many as you like; each job is safe beside its twin on another machine.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit, invitations, letters
from accounts.files import drop_unneeded
from accounts.parting import erased, exports
from accounts.parting.leaving import forget_receipts
from accounts.postman import Postman
from accounts.programs import idempotency, webhook_sending
from accounts.sessions import SessionStore
from ahfai import arrivals, disk, exporting, leaving, retention
from ahfai.backups.daily import back_up_daily
from ahfai.courier import Courier
from ahfai.limits import forget_old
from ahfai.models import Heartbeat
from ahfai.search import forget_tombstones
from ahfai.stopping import StopAsked
from chats import cards, embedding, pulls
from chats.lifecycle.closing import close_dead
from chats.order import purge_trash
from chats.sources import forget_deleted
from notes import vectors
from notes.order import purge_notes
from notes.transfer import importing
from reminders import delivering, digests, due
from reminders.notices import forget_old as forget_old_notices
from reminders.order import purge_reminders

EVERY_S = 2
LEAST_PAUSE_S = 0.05
HOUR_S = 3600
FORGET_HEARTBEATS_AFTER = timedelta(days=1)

log = logging.getLogger("ahfai.worker")


def run() -> None:
    """Work until SIGTERM or SIGINT asks to stop; that ends the wait at once."""
    with StopAsked() as stop, Courier(delivering) as courier, Courier(webhook_sending), Postman():
        worker = Worker(on_told=courier.wake)
        while not stop.times:
            close_old_connections()
            worker.work()
            stop.wait(worker.pause_s())
    worker.leave()


class Worker:
    def __init__(self, on_told: Callable[[], object] = lambda: None) -> None:
        """`on_told` is called when somebody was told of something."""
        self.id = uuid.uuid4()
        self._on_told = on_told
        self._next_hour = time.monotonic()
        self._beaten = time.time()
        self._trust_beats_from = 0.0
        self._next_due: datetime | None = None

    def work(self) -> None:
        """One round. A job that fails is named in the log, and the others still get their turn."""
        self._try(self.beat)
        self._try(self.tell_of_reminders)
        self._try(self.tell_of_the_day)
        if self._beats_can_be_trusted():
            self._try(close_dead)
            self._try(pulls.close_dead)
            if not disk.is_short():
                # They store much; until there is room they wait.
                self._try(self.take_up_imports)
                self._try(self.take_up_exports)
        self._try(leaving.take_up)
        self._try(retention.apply)
        self._try(self.take_up_vectors)
        if time.monotonic() >= self._next_hour:
            self._next_hour = time.monotonic() + HOUR_S
            for job in HOURLY:
                self._try(job)

    def _beats_can_be_trusted(self) -> bool:
        """Not right after this worker couldn't beat itself, for the machine's sleep or a database
        that was away: the others couldn't either, and need a moment to beat again."""
        return time.time() >= self._trust_beats_from

    def tell_of_reminders(self) -> None:
        """Of all that are due, in batches, so that nobody else waits for long."""
        self._next_due = None
        while told := due.fire_due():
            self._on_told()
            if told < due.AT_ONCE:
                break
            self.beat()
        self._next_due = due.next_due()

    def tell_of_the_day(self) -> None:
        while digests.plan_due():
            self._on_told()

    def pause_s(self) -> float:
        """Until the next round: shorter where a reminder is due sooner."""
        if self._next_due is None:
            return EVERY_S
        left = (self._next_due - timezone.now()).total_seconds()
        return min(max(left, LEAST_PAUSE_S), EVERY_S)

    def take_up_imports(self) -> None:
        importing.take_up(self.id, arrivals.take_in)

    def take_up_exports(self) -> None:
        exports.take_up(self.id, exporting.make)

    def take_up_vectors(self) -> None:
        vectors.take_up(embedding.embedder())

    def leave(self) -> None:
        self._try(Heartbeat.objects.filter(pk=self.id).delete)

    def beat(self) -> None:
        Heartbeat.objects.update_or_create(
            pk=self.id,
            defaults={"seen": Now()},
            create_defaults={
                "kind": Heartbeat.Kind.WORKER,
                "host": settings.HOST_NAME,
                "pid": os.getpid(),
            },
        )
        now = time.time()
        if now - self._beaten > Heartbeat.DEAD_AFTER_S / 3:
            self._trust_beats_from = now + Heartbeat.DEAD_AFTER_S / 3
        self._beaten = now

    def _try(self, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 (one broken job must not stop the others)
            # By its class only: the text of an error can hold what a row holds.
            log.error("%s failed: %s", job.__name__, type(error).__name__)


def forget_heartbeats() -> None:
    Heartbeat.objects.filter(seen__lt=timezone.now() - FORGET_HEARTBEATS_AFTER).delete()


HOURLY = (
    *(SessionStore.clear_expired, forget_old, forget_heartbeats, forget_tombstones),
    *(purge_trash, purge_notes, purge_reminders, drop_unneeded),
    *(importing.forget_old, forget_old_notices, delivering.forget_old, forget_deleted),
    *(cards.expire, audit.forget_old, invitations.forget_old, erased.leave_out),
    *(forget_receipts, leaving.forget_gone, exports.forget_old, letters.forget_old),
    *(idempotency.forget_old, webhook_sending.forget_old),
    *(back_up_daily, disk.keep_reserve),
)
