"""The process that keeps the built-in model, and writes for the pages how that is going."""

import logging
import os
import threading

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from ahfai.stopping import StopAsked
from chats.builtin import keeper, weights
from chats.builtin.weights import Progress
from chats.models import BuiltinServer

log = logging.getLogger("ahfai.model")

WEIGHTS = {"regular": weights.REGULAR, "small": weights.SMALL, "test": weights.TEST}


def keep_model() -> None:
    """Until SIGTERM. The keeper has a thread of its own; this one waits for signals."""
    stopping = threading.Event()
    # What the row says is from the last run.
    _report(Progress("installing"))
    keeping = threading.Thread(target=_keep, args=[stopping], name="keeper")
    with StopAsked() as stop:
        keeping.start()
        while keeping.is_alive() and not stop.times:
            stop.wait(2.0)
        asked = stop.times
        stopping.set()
        keeping.join()
    _report(Progress("installing"))
    if not asked:
        raise SystemExit(1)


def _keep(stopping: threading.Event) -> None:
    try:
        keeper.keep(
            weights=WEIGHTS[settings.BUILTIN_MODEL],
            folder=settings.DATA_DIR / "models",
            port=int(os.environ["AHFAI_BUILTIN_PORT"]),
            key=os.environ["AHFAI_BUILTIN_KEY"],
            model_file=settings.MODEL_FILE,
            threads=os.cpu_count() or 1,
            report=_report,
            restart_wanted=_restart_wanted,
            stopping=stopping,
        )
    finally:
        connections.close_all()


def _report(progress: Progress) -> None:
    close_old_connections()
    try:
        BuiltinServer.objects.update_or_create(
            only=1,
            defaults={
                "state": progress.state,
                "sentence": progress.sentence,
                "done_bytes": progress.done_bytes,
                "total_bytes": progress.total_bytes,
                "seen": timezone.now(),
            },
        )
    except DatabaseError as error:
        log.error("the model's progress could not be saved: %s", type(error).__name__)


def _restart_wanted() -> bool:
    close_old_connections()
    wanted = BuiltinServer.objects.filter(only=1, restart_wanted=True)
    try:
        # Looked at twice a second, so it must not take the write lock for nothing.
        return wanted.exists() and bool(wanted.update(restart_wanted=False))
    except DatabaseError as error:
        log.error("a wished restart could not be read: %s", type(error).__name__)
        return False
