"""The one saver of a process, which writes what its growing replies have gained once a second."""

import datetime
import logging
import threading
import time
import uuid
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.utils import timezone

from ahfai import wakes
from ahfai.crypto import SealError
from chats.generation import registry
from chats.generation.life import Generation
from chats.lifecycle import closing, heartbeat
from chats.models import OPEN, Message, State

log = logging.getLogger(__name__)

SAVE_EVERY_S = 1.0
FORGOTTEN_AFTER_S = 30


class Saver:
    """Writes all growing replies and this process's heartbeat in one transaction a second."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self._look = threading.Event()

    def wake(self) -> None:
        with self.lock:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="saver", daemon=True)
                self.thread.start()

        wakes.when_stopped(self.hurry)

    def hurry(self, reply_id: uuid.UUID) -> None:
        """Somebody wants that one stopped, says another process: look at once, where it is here."""
        if registry.running(reply_id):
            self._look.set()

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            self._look.wait(SAVE_EVERY_S)
            self._look.clear()
            if growing := registry.every():
                idle_since = time.monotonic()
                try:
                    self._save(growing)
                except Exception as error:  # noqa: BLE001 (nothing else would save them)
                    log.error("replies could not be saved: %s", type(error).__name__)
                finally:
                    connections.close_all()
            elif time.monotonic() - idle_since > 10:
                with self.lock:
                    if not registry.every():
                        self.thread = None
                        connections.close_all()
                        return

    def _save(self, growing: list[Generation]) -> None:
        sizes = {generation: generation.size for generation in growing}
        grown = {generation: fields for generation in growing if (fields := _unsaved(generation))}
        with transaction.atomic():
            process = heartbeat.this_process()
            Message.objects.save_growing(
                (generation.reply.pk, fields) for generation, fields in grown.items()
            )
        for generation in grown:
            generation.mark_saved(sizes[generation])
        wakes.tell(wakes.GREW, [generation.reply.pk for generation in grown])
        rows = Message.objects.filter(pk__in=[generation.reply.pk for generation in growing])
        found = {
            key: (state, stop) for key, state, stop in rows.values_list("pk", "state", "stop_asked")
        }
        _close_forgotten(process)
        for generation in growing:
            state, stop = found.get(generation.reply.pk, (None, False))
            if stop:
                generation.stop()
            elif state not in OPEN:
                # Deleted with its chat, or closed by others: nobody waits for the rest.
                generation.interrupt()


def _unsaved(generation: Generation) -> dict[str, Any]:
    try:
        return generation.unsaved()
    except (SealError, ImproperlyConfigured):
        log.error("a growing reply could not be sealed")
        return {}


def _close_forgotten(process: uuid.UUID) -> None:
    """Rows of this living process that nothing works on: their request broke off in between."""
    old = timezone.now() - datetime.timedelta(seconds=FORGOTTEN_AFTER_S)
    known = [generation.reply.pk for generation in registry.every()]
    mine = Message.objects.open().filter(process=process, created__lt=old)
    for reply in mine.exclude(pk__in=known):
        closing.close(reply, State.INTERRUPTED, reason="restarted")


saver = Saver()
