"""The process that keeps the built-in model, and writes for the pages how that is going."""

import logging
import os
import threading
import time
from dataclasses import asdict

from django.conf import settings
from django.db import close_old_connections, connections
from django.utils import timezone

from ahfai.stopping import StopAsked
from chats.builtin import keeper
from chats.builtin.weights import WEIGHTS, Progress
from chats.models import BuiltinServer

log = logging.getLogger("ahfai.model")

# How often the row tells that this process lives, and how often at most how far it is.
BEAT_S = 5.0
WRITE_EVERY_S = 0.5
MOVING = {"installing", "downloading", "checking"}


def keep_model() -> None:
    """Until SIGTERM. The keeper has a thread of its own; this one waits for signals."""
    stopping = threading.Event()
    report = Report()
    # What the row says is from the last run.
    report(Progress("installing"))
    keeping = threading.Thread(target=_keep, args=[report, stopping], name="keeper")
    with StopAsked() as stop:
        keeping.start()
        while keeping.is_alive() and not stop.times:
            stop.wait(BEAT_S)
            report.beat()
        asked = stop.times
        stopping.set()
        keeping.join()
    report(Progress("installing"))
    if not asked:
        raise SystemExit(1)


def _keep(report: "Report", stopping: threading.Event) -> None:
    try:
        keeper.keep(
            weights=WEIGHTS[settings.BUILTIN_MODEL],
            folder=settings.DATA_DIR / "models",
            key=os.environ["AHFAI_BUILTIN_KEY"],
            model_file=settings.MODEL_FILE,
            threads=os.cpu_count() or 1,
            report=report,
            restart_wanted=_restart_wanted,
            stopping=stopping,
        )
    finally:
        connections.close_all()


class Report:
    """Writes the keeper's progress into the row that the pages read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = Progress("")
        self._told_at = 0.0
        self._is_saved = True

    def __call__(self, progress: Progress) -> None:
        """Tell a new state at once, and now and then how far it is."""
        complete = progress.done_bytes >= progress.total_bytes > 0
        lately = time.monotonic() - self._told_at < WRITE_EVERY_S
        same = progress.state == self._told.state and progress.state in MOVING
        if same and lately and not complete:
            return
        with self._lock:
            self._told, self._told_at = progress, time.monotonic()
            self._save(**self._fields())

    def beat(self) -> None:
        """Tell that the keeper is alive, and what could not be saved before.

        Nothing else: pages may have written the wish for a restart into the row meanwhile.
        """
        with self._lock:
            self._save(**({} if self._is_saved else self._fields()))

    def _fields(self) -> dict[str, object]:
        # A sentence may name a long path, and PostgreSQL refuses what is longer than its column.
        most = BuiltinServer._meta.get_field("sentence").max_length
        return asdict(self._told) | {"sentence": self._told.sentence[:most]}

    def _save(self, **fields: object) -> None:
        try:
            close_old_connections()
            BuiltinServer.objects.update_or_create(
                only=1, defaults={**fields, "seen": timezone.now()}
            )
        except Exception as error:  # noqa: BLE001 (the keeper is to outlive whatever happens here)
            self._is_saved = self._is_saved and not fields
            log.error("the model's progress could not be saved: %s", type(error).__name__)
        else:
            self._is_saved = True


def _restart_wanted() -> bool:
    try:
        close_old_connections()
        wanted = BuiltinServer.objects.filter(only=1, restart_wanted=True)
        # Looked at twice a second, so it must not take the write lock for nothing.
        return wanted.exists() and bool(wanted.update(restart_wanted=False))
    except Exception as error:  # noqa: BLE001 (the keeper is to outlive whatever happens here)
        log.error("a wished restart could not be read: %s", type(error).__name__)
        return False
