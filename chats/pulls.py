"""Fetching models: a thread of its own for each, whose progress is in the database, so that every
page and process can show and cancel it."""

import logging
import threading
import time
import uuid
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.db.models import Q
from django.db.models.functions import Now

from ahfai.models import Heartbeat
from chats import hosts, servers
from chats.engines import Call, Cancelled, EngineFailed
from chats.engines.failures import failed
from chats.engines.names import tagged
from chats.engines.ollama import Ollama
from chats.engines.openai import OpenAI
from chats.lifecycle import heartbeat
from chats.models import Pull

SAVE_EVERY_S = 0.7

log = logging.getLogger(__name__)


class NotPossible(Exception):
    """The model server is of a kind that fetches nothing."""


def start(model: str, server: str = "") -> None:
    """Have `model` fetched by the model server of this name, or by all where it is empty; or go on
    with what is being fetched. Raises NotPossible."""
    if servers.kind() != "ollama":
        raise NotPossible
    if not hosts.are_several():
        _start(model, "")
        return
    # It was asked for when there was one server, and failed.
    Pull.objects.filter(model__iexact=tagged(model), server="").exclude(reason="").delete()
    for name in hosts.names():
        if server in ("", name):
            _start(model, name)


def _start(model: str, server: str) -> None:
    name = tagged(model)
    pull, is_new = Pull.objects.get_or_create(
        model__iexact=name,
        server=server,
        defaults={"model": name, "process_id": heartbeat.this_process()},
    )
    if not is_new:
        # Whoever turns the failed one into a running one runs it.
        is_new = bool(
            Pull.objects.filter(pk=pull.pk)
            .exclude(reason="")
            .update(reason="", stop_asked=False, process=heartbeat.this_process())
        )
    if is_new:
        thread = f"pull-{pull.pk}"
        threading.Thread(target=_run, args=[pull], name=thread, daemon=True).start()


def cancel(pull: Pull) -> None:
    """Stop fetching, in whichever process, and forget what failed. What came is kept by the
    server, and the next fetch goes on from there."""
    if not Pull.objects.filter(pk=pull.pk, reason="").update(stop_asked=True):
        Pull.objects.filter(pk=pull.pk).delete()


def close_dead() -> None:
    """Fail what a process was fetching that is no longer there."""
    dead = Now() - timedelta(seconds=Heartbeat.DEAD_AFTER_S)
    gone = Q(process=None) | Q(process__seen__lt=dead)
    left = Pull.objects.filter(gone, reason="")
    left.filter(stop_asked=True).delete()
    left.update(reason="pull_interrupted")


class _Fetch:
    """What a thread has read of the server's progress so far."""

    def __init__(self, model: str, server: Ollama | OpenAI) -> None:
        self.model = model
        self.server = server
        self.call = Call()
        self.reason = ""
        self.is_checking = False
        # Done and total bytes of each part, by its digest.
        self._parts: dict[str, tuple[int, int]] = {}

    def read(self) -> None:
        try:
            if not isinstance(self.server, Ollama):
                raise failed("pull_failed")
            for told in self.server.pull(self.model, self.call):
                self.is_checking = not told.digest and bool(self._parts)
                if told.digest:
                    self._parts[told.digest] = told.done_bytes, told.total_bytes
        except Cancelled:
            # As if it had come: the row goes, and nothing is left to say.
            pass
        except EngineFailed as failure:
            self.reason = failure.code
        except Exception as error:  # noqa: BLE001 (whatever it is, the row is to be closed)
            log.error("a model could not be fetched: %s", type(error).__name__)
            self.reason = "pull_failed"

    def progress(self) -> dict[str, object]:
        parts = list(self._parts.values())
        return {
            "is_checking": self.is_checking,
            "done_bytes": sum(done for done, _total in parts),
            "total_bytes": sum(total for _done, total in parts),
        }


def _run(pull: Pull) -> None:
    fetch = _Fetch(pull.model, servers.engine(pull.server))
    reader = threading.Thread(target=fetch.read, name=f"{pull.pk}-reader", daemon=True)
    reader.start()
    while reader.is_alive():
        reader.join(SAVE_EVERY_S)
        _try_to_save(pull.pk, fetch)
    if not fetch.reason:
        servers.forget()
    _close(pull.pk, fetch.reason)
    connections.close_all()


def _try_to_save(pull_id: uuid.UUID, fetch: _Fetch) -> None:
    """The next round tries again."""
    close_old_connections()
    try:
        heartbeat.this_process()
        rows = Pull.objects.filter(pk=pull_id)
        rows.update(**fetch.progress())
        if not rows.filter(stop_asked=False).exists():
            fetch.call.cancel()
    except DatabaseError as error:
        log.error("the progress of a fetch was not saved: %s", type(error).__name__)


def _close(pull_id: uuid.UUID, reason: str) -> None:
    """However long the database is away: what is over must not be shown as running, nor what came
    as interrupted."""
    while True:
        try:
            rows = Pull.objects.filter(pk=pull_id)
            if reason:
                rows.update(reason=reason)
            else:
                rows.delete()
        except DatabaseError as error:
            log.error("a fetch was not closed: %s", type(error).__name__)
            connections.close_all()
            time.sleep(SAVE_EVERY_S)
        else:
            return
