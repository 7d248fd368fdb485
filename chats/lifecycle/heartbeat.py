"""The heartbeat of this process, by which the others know that it lives."""

import datetime
import os
import threading
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from ahfai.models import Heartbeat

BEAT_EVERY_S = 5


@dataclass
class _Process:
    """`beaten` is when it last wrote its heartbeat, on the monotonic clock."""

    pid: int
    key: uuid.UUID
    beaten: float = -BEAT_EVERY_S


_process_lock = threading.Lock()
_process: _Process | None = None


def this_process() -> uuid.UUID:
    """The id of this process's heartbeat, which has beaten within BEAT_EVERY_S."""
    global _process
    with _process_lock:
        if _process is None or _process.pid != os.getpid():
            _process = _Process(os.getpid(), uuid.uuid4())
        process = _process
    now = time.monotonic()
    # A row that has just been written is there: only those that are old for days are deleted.
    if now - process.beaten < BEAT_EVERY_S:
        return process.key
    if not Heartbeat.objects.filter(pk=process.key).update(seen=Now()):
        beat = Heartbeat(
            pk=process.key, kind=Heartbeat.Kind.WEB, host=settings.HOST_NAME, pid=process.pid
        )
        # Two threads may come here together.
        Heartbeat.objects.bulk_create([beat], ignore_conflicts=True)
    process.beaten = now
    return process.key


def forget_process() -> None:
    """The heartbeat's row is gone, as after each test."""
    global _process
    _process = None


def beating(process: str = "process") -> Q:
    limit = Now() - datetime.timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    return Q(**{f"{process}__seen__gte": limit})


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
