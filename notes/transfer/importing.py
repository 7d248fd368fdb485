"""Archives that somebody uploaded: kept sealed in rows, and worked off by the worker.

A page or process can see how far an import is and cancel it, since both stand in its row, which is
written together with each batch. What a process leaves that ends in order, another one goes on
with; what one leaves that died is closed with its reason, and its owner may let it go on: an
archive that brings a worker down must not bring down the next one, and the next one.
"""

import base64
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from ahfai.models import Heartbeat
from notes.models import Import, ImportPiece, ImportRemark
from notes.transfer import archives, arriving, sources
from notes.transfer.reasons import Refused

PIECE_BYTES = 512 * 1024
TRY_AGAIN_S = 1
# Why it ended, where its archive is kept so that it may go on.
MAY_GO_ON = ("interrupted", "failed")
KEPT_FOR = timedelta(days=7)

log = logging.getLogger(__name__)
_running: list[threading.Thread] = []


class OneIsRunning(Exception):
    """The person's last import isn't over yet."""


def start(user, name: str, packed: bytes) -> Import:
    """Keep the archive until a worker takes it in. Raises Refused, and OneIsRunning."""
    archives.opened(name, packed, user.zone)
    pieces = range(0, len(packed), PIECE_BYTES)
    try:
        with transaction.atomic():
            kept = Import.objects.create(owner=user, name=name[:500], size=len(packed))
            ImportPiece.objects.bulk_create(
                ImportPiece(
                    owner=user,
                    of=kept,
                    number=number,
                    content=base64.b64encode(packed[at : at + PIECE_BYTES]).decode(),
                )
                for number, at in enumerate(pieces)
            )
    except IntegrityError:
        raise OneIsRunning from None
    return kept


def cancel(one: Import) -> None:
    """End it before its next batch, in whichever process; what came in stays."""
    is_waiting = Import.objects.filter(pk=one.pk, state=Import.State.WAITING)
    if not _close(is_waiting, Import.State.CANCELLED):
        Import.objects.filter(pk=one.pk, state=Import.State.RUNNING).update(stop_asked=True)


def go_on(one: Import) -> None:
    """Let one that failed go on where it ended, if its archive is still there. Raises
    OneIsRunning."""
    failed = Import.objects.filter(pk=one.pk, state=Import.State.FAILED, pieces__isnull=False)
    ids = list(failed.values_list("pk", flat=True)[:1])
    again = Import.objects.filter(pk__in=ids, state=Import.State.FAILED)
    try:
        with transaction.atomic():
            again.update(
                state=Import.State.WAITING, reason="", stop_asked=False, ended=None, process=None
            )
    except IntegrityError:
        raise OneIsRunning from None


def notes_of(user, archive: archives.Archive, rows: "Told", first: int) -> bool:
    """Take in the notes of an archive from number `first` on. False where it was ended before."""
    units = sources.units(archive, user.zone)
    rows.expect(len(units))
    return arriving.take_in(user, units, rows, first)


def take_up(process_id: uuid.UUID, take: "Take" = notes_of) -> None:
    """Work off what waits, in a thread of this process: one at a time."""
    _close_dead()
    _running[:] = [thread for thread in _running if thread.is_alive()]
    if _running:
        return
    left = Q(state=Import.State.WAITING) | Q(state=Import.State.RUNNING, process=None)
    for one in Import.objects.filter(left).order_by("started").only("pk"):
        claimed = Import.objects.filter(left, pk=one.pk).update(
            state=Import.State.RUNNING, process_id=process_id
        )
        if claimed:
            thread = threading.Thread(
                target=_run_beside,
                args=(one.pk, process_id, take),
                name=f"import-{one.pk}",
                daemon=True,
            )
            _running.append(thread)
            thread.start()
            return


def run(import_id: uuid.UUID, process_id: uuid.UUID, take: "Take" = notes_of) -> None:
    """Take in what this process has claimed."""
    mine = Import.objects.filter(pk=import_id, state=Import.State.RUNNING, process=process_id)
    state, reason = Import.State.FAILED, "failed"
    try:
        one = mine.select_related("owner").get()
        archive = archives.opened(one.name, _packed(one), one.owner.zone)
        is_whole = take(one.owner, archive, Rows(mine), one.done)
        state, reason = (Import.State.DONE if is_whole else Import.State.CANCELLED), ""
    except Refused as refused:
        reason = refused.code
    except Exception as error:  # noqa: BLE001 (whatever it is, the row is to be closed)
        log.error("an import failed: %s", type(error).__name__)
    _close_for_sure(mine, state, reason)


def _run_beside(import_id: uuid.UUID, process_id: uuid.UUID, take: "Take") -> None:
    run(import_id, process_id, take)
    connections.close_all()


def forget_old() -> None:
    Import.objects.filter(ended__lt=timezone.now() - KEPT_FOR).delete()


class Rows:
    """The import's own row, in which each batch is entered together with what is stored."""

    def __init__(self, mine) -> None:
        self._mine = mine

    def expect(self, total: int) -> None:
        self._mine.update(total=total)

    def begin_anew(self) -> None:
        """What came in before is found again."""
        with transaction.atomic():
            ImportRemark.objects.filter(of__in=self._mine.values("pk")).delete()
            self._mine.update(done=0, added=0, present=0, broken=0)

    def may_go_on(self) -> bool:
        return self._mine.select_for_update().filter(stop_asked=False).exists()

    def enter(self, batch: arriving.Batch) -> None:
        one = self._mine.only("pk", "owner").get()
        first = one.remarks.count()
        ImportRemark.objects.bulk_create(
            ImportRemark(
                owner_id=one.owner_id,
                of=one,
                number=number,
                name=remark.name,
                code=remark.code,
                note=remark.note,
            )
            for number, remark in enumerate(batch.remarks, first)
        )
        self._mine.update(
            done=F("done") + batch.done,
            added=F("added") + batch.added,
            present=F("present") + batch.present,
            broken=F("broken") + batch.broken,
        )


class Counts:
    """The same for who has no row: counts, and hands on each batch."""

    def __init__(self, tell: Callable[[arriving.Batch], object]) -> None:
        self._tell = tell
        self.added = self.present = self.broken = 0

    def expect(self, total: int) -> None:
        """Nobody looks."""

    def begin_anew(self) -> None:
        """It has just begun."""

    def may_go_on(self) -> bool:
        return True

    def enter(self, batch: arriving.Batch) -> None:
        self.added += batch.added
        self.present += batch.present
        self.broken += batch.broken
        self._tell(batch)


class Told(arriving.Ledger, Protocol):
    """What an import reports, beside its batches."""

    def expect(self, total: int) -> None: ...

    def begin_anew(self) -> None: ...


Take = Callable[[Any, archives.Archive, Told, int], bool]
"""Takes in an archive for a person; so much of it was done before."""


def _packed(one: Import) -> bytes:
    """The archive as it was uploaded."""
    pieces = one.pieces.order_by("number")
    packed = b"".join(base64.b64decode(piece.content) for piece in pieces)
    if len(packed) != one.size:
        raise Refused("damaged")
    return packed


def _close_dead() -> None:
    dead = Now() - timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    left = Import.objects.filter(state=Import.State.RUNNING, process__seen__lt=dead)
    ids = list(left.values_list("pk", flat=True))
    for stopped, state, reason in (
        (True, Import.State.CANCELLED, ""),
        (False, Import.State.FAILED, "interrupted"),
    ):
        _close(Import.objects.filter(pk__in=ids, stop_asked=stopped), state, reason)


def _close(rows, state: str, reason: str = "") -> int:
    """The archive itself is kept only where the import may go on."""
    with transaction.atomic():
        ids = list(rows.select_for_update().values_list("pk", flat=True))
        if reason not in MAY_GO_ON:
            ImportPiece.objects.filter(of__in=ids).delete()
        return Import.objects.filter(pk__in=ids).update(
            state=state, reason=reason, ended=timezone.now()
        )


def _close_for_sure(rows, state: str, reason: str) -> None:
    """However long the database is away: what is over must not be shown as running."""
    while True:
        try:
            _close(rows, state, reason)
        except DatabaseError as error:
            log.error("an import was not closed: %s", type(error).__name__)
            connections.close_all()
            time.sleep(TRY_AGAIN_S)
        else:
            return
