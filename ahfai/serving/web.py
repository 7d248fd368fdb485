"""The web pages: gunicorn with the loaded application, started in a fork."""

import logging
import signal
import socket
import sys
import threading
import time
import warnings
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.template import engines
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from ahfai import leaving, markdown, processes, static_versions
from ahfai.logs import without_secrets
from ahfai.processes import end_with_parent
from chats import generation

log = logging.getLogger(__name__)

# For what a process still has to do after its last answer.
CLOSING_S = 5
# Not in the way of the first page, which may be what somebody waits for.
WARM_UP_AFTER_S = 1.0
# Whoever watches a reply takes it over at once: this is for the others.
TAKE_OVER_EVERY_S = 30
# How long a thread computes before it makes way for the next one. Most need less; twice Python's
# own value costs a crowd of streams a tenth less of the processor.
TURN_S = 0.01


class Pages(BaseApplication):
    """Loads the application at once, in the process that makes it; `run` serves it."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        super().__init__()
        self.application = self._load_all()

    def load_config(self) -> None:
        options = {
            "bind": f"fd://{self.listener.fileno()}",
            "worker_class": Worker,
            "workers": settings.WEB_PROCESSES,
            "threads": settings.WEB_THREADS,
            "preload_app": True,
            "graceful_timeout": settings.DRAIN_S + CLOSING_S,
            "keepalive": 5,
            "accesslog": None,
            "loglevel": "warning",
            "logger_class": QuietLogger,
            # Django alone decides about the proxy's headers, by SITE_URL.
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "post_fork": _after_fork,
            "post_worker_init": _before_serving,
            "worker_exit": _after_serving,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        return self.application

    def _load_all(self):
        with warnings.catch_warnings():
            # Static files are found where they lie; there is no collected folder to miss.
            warnings.filterwarnings("ignore", message="No directory at")
            application = get_wsgi_application()

        # Built before the fork, so that the processes share them.
        get_resolver()._populate()
        engines.all()
        static_versions.version()
        return application


class Worker(ThreadWorker):
    """gunicorn's, which closes the door when it is asked to stop. Else it would leave it open as
    long as it still answers, and who knocks then would wait for nothing: a proxy in front asks the
    next replica at once where nobody listens, but can't repeat a form that nobody answers."""

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            # Whoever stands there already is let in.
            let_in = -1
            while let_in < self.nr_conns:
                let_in = self.nr_conns
                self.accept(listener)
            listener.close()
        self.sockets = []


class WithoutWords(logging.Filter):
    """Takes queries of addresses and secrets in them, request lines and errors' texts out of
    gunicorn's log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_secrets(value.partition("?")[0]) if isinstance(value, str) else value
                for value in record.args
            )
        record.msg = str(record.msg)
        if record.msg.startswith("Invalid request"):
            record.msg = "Invalid request"
        if record.exc_info and record.exc_info[0]:
            record.msg += f" ({record.exc_info[0].__name__})"
            record.exc_info = None
        return True


class QuietLogger(Logger):
    def setup(self, cfg) -> None:
        super().setup(cfg)
        self.error_log.addFilter(WithoutWords())


_stop_asked_at: float | None = None


def _after_fork(arbiter, worker) -> None:
    end_with_parent(arbiter.pid)


def _before_serving(worker) -> None:
    """Tell the watchers to come back elsewhere the moment SIGTERM arrives.

    Their streams hold connections open, which gunicorn would wait for.
    """
    sys.setswitchinterval(TURN_S)
    graceful = signal.getsignal(signal.SIGTERM)
    # Less than the arbiter allows, so that there is time left to close the replies.
    worker.cfg.set("graceful_timeout", settings.DRAIN_S)

    def make_room(number, frame) -> None:
        processes.is_leaving = True
        # Who has an open connection makes another one for what comes next, elsewhere.
        worker.cfg.set("keepalive", 0)

    def stop(number, frame) -> None:
        global _stop_asked_at
        _stop_asked_at = _stop_asked_at or time.monotonic()
        processes.is_leaving = True
        generation.begin_drain()
        if callable(graceful):
            graceful(number, frame)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(processes.LAME_DUCK, make_room)
    warm_up = threading.Timer(WARM_UP_AFTER_S, _warm_up)
    warm_up.daemon = True
    warm_up.start()
    threading.Thread(
        target=leaving.keep_looking, args=(threading.Event().wait,), name="forgetting", daemon=True
    ).start()
    threading.Thread(target=_keep_taking_over, name="taking-over", daemon=True).start()


def _keep_taking_over() -> None:
    """Go on with replies in line that other processes have left, or this one's predecessor."""
    wait_s = WARM_UP_AFTER_S
    while True:
        time.sleep(wait_s)
        wait_s = TAKE_OVER_EVERY_S
        try:
            generation.take_over_all()
        except Exception as error:  # noqa: BLE001 (nobody else would take them over)
            log.error("nothing was taken over: %s", type(error).__name__)
        connections.close_all()


def _warm_up() -> None:
    """Load what the first answer needs before somebody waits for it: Markdown with its formulas
    and the colours of code."""
    markdown.render("$x$\n\n```python\nx\n```")


def _after_serving(arbiter, worker) -> None:
    waited = time.monotonic() - _stop_asked_at if _stop_asked_at else 0.0
    generation.drain(max(0.0, settings.DRAIN_S - waited))
