"""Exports of everything: asked for by a person, made by the worker, kept sealed for a day.

What goes in, and in which form, is none of this module's business: see `ahfai.exporting`.
"""

import datetime
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Export, ExportPart, User
from ahfai import limits
from ahfai.crypto import SealError
from ahfai.models import Heartbeat

MOST_A_DAY = 5
DAY = datetime.timedelta(days=1)
KEPT_FOR = DAY
PART = 1024 * 1024
TELL_EVERY_S = 0.5
State = Export.State

log = logging.getLogger(__name__)
_running: list[threading.Thread] = []

Pieces = Iterator[tuple[int, bytes]]
Make = Callable[[User], tuple[int, Pieces]]
"""How many things a person has; and the pieces of the ZIP, each with how many of them it ends."""


class OneIsMade(Exception):
    """The person's last export isn't made yet."""


class TooMany(Exception):
    """The person has asked MOST_A_DAY times today."""


def ask(user: User, request: HttpRequest | None = None) -> Export:
    """In the place of an earlier one. Raises OneIsMade and TooMany."""
    if user.exports.filter(ended=None).exists():
        raise OneIsMade
    if limits.count("export", str(user.pk), DAY) > MOST_A_DAY:
        raise TooMany
    try:
        with transaction.atomic():
            user.exports.exclude(ended=None).delete()
            audit.record(user, audit.Event.EXPORT_ASKED, request)
            return Export.objects.create(owner=user)
    except IntegrityError:
        raise OneIsMade from None


def of(user: User) -> Export | None:
    """One that is kept for longer than a day isn't shown, even where no worker has removed it."""
    return user.exports.exclude(ended__lt=timezone.now() - KEPT_FOR).first()


def drop(user: User) -> None:
    """Whatever state it is in; whoever makes it just now notices."""
    user.exports.all().delete()


def pieces(export: Export) -> Iterator[bytes]:
    """The ZIP; no read stays open between the pieces. Raises SealError where one is missing."""
    left = export.size
    for number in range(-(-export.size // PART)):
        part = export.parts.filter(number=number).first()
        if part is None or len(part.data) != min(PART, left):
            raise SealError(f"Part {number} of export {export.pk} isn't as it was stored.")
        left -= len(part.data)
        yield part.data


def take_up(process_id: uuid.UUID, make: Make) -> None:
    """Make what waits, in a thread of this process: one at a time."""
    dead = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    left = Q(process=None) | Q(process__seen__lt=dead)
    forsaken = Export.objects.filter(left, state=State.RUNNING)
    # A look first: a transaction takes SQLite's write lock even when there is nothing to write.
    if forsaken.exists():
        _close(forsaken, State.FAILED)
    _running[:] = [thread for thread in _running if thread.is_alive()]
    if _running:
        return
    waiting = Export.objects.filter(state=State.WAITING)
    for key in waiting.order_by("asked").values_list("pk", flat=True):
        if waiting.filter(pk=key).update(state=State.RUNNING, process_id=process_id):
            thread = threading.Thread(
                target=_run_beside, args=(key, process_id, make), name=f"export-{key}", daemon=True
            )
            _running.append(thread)
            thread.start()
            return


def run(export_id: uuid.UUID, process_id: uuid.UUID, make: Make) -> None:
    """Make what this process has claimed."""
    mine = Export.objects.filter(pk=export_id, state=State.RUNNING, process=process_id)
    try:
        _make(mine, make)
        state = State.DONE
    except Exception as error:  # noqa: BLE001 (whatever it is, the row is to be closed)
        log.error("an export failed: %s", type(error).__name__)
        state = State.FAILED
    try:
        _close(mine, state)
    except DatabaseError as error:
        # It is closed when this process is dead.
        log.error("an export was not closed: %s", type(error).__name__)


def _run_beside(export_id: uuid.UUID, process_id: uuid.UUID, make: Make) -> None:
    run(export_id, process_id, make)
    connections.close_all()


def _make(mine, make: Make) -> None:
    one = mine.select_related("owner").first()
    if one is None:
        return
    total, found = make(one.owner)
    mine.update(total=total)
    parts = _Parts(one)
    done, told = 0, time.monotonic()
    for count, piece in found:
        done += count
        parts.add(piece)
        if parts.has_full or time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            with transaction.atomic():
                if not mine.update(done=min(done, total)):
                    # Its person doesn't want it any more, or is gone.
                    return
                parts.store()
    with transaction.atomic():
        if mine.update(done=total, size=parts.size):
            parts.store(is_end=True)


class _Parts:
    """Stores what comes in parts of one size; only the last one may be shorter."""

    def __init__(self, of: Export) -> None:
        self._of = of
        self._held = bytearray()
        self._number = 0
        self.size = 0

    @property
    def has_full(self) -> bool:
        return len(self._held) >= PART

    def add(self, piece: bytes) -> None:
        self._held += piece
        self.size += len(piece)

    def store(self, is_end: bool = False) -> None:
        while self.has_full or (is_end and self._held):
            ExportPart.objects.create(
                owner_id=self._of.owner_id,
                of=self._of,
                number=self._number,
                data=bytes(self._held[:PART]),
            )
            del self._held[:PART]
            self._number += 1


def forget_old() -> None:
    Export.objects.filter(ended__lt=timezone.now() - KEPT_FOR).delete()


def _close(rows, state: str) -> None:
    """What isn't whole is of no use."""
    with transaction.atomic():
        ids = list(rows.values_list("pk", flat=True))
        if state == State.FAILED:
            ExportPart.objects.filter(of__in=ids).delete()
        rows.filter(pk__in=ids).update(state=state, ended=timezone.now(), process=None)
