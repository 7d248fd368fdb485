"""Sends letters in a thread of its own: a slow mail server holds up nothing else of the worker."""

import logging
import threading
from typing import Self

from django.conf import settings
from django.db import close_old_connections, connections

from accounts import letters

EVERY_S = 2.0

log = logging.getLogger("ahfai.postman")


class Postman:
    """`with Postman():` looks for letters every two seconds; one that is being sent is sent."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def __enter__(self) -> Self:
        if settings.HAS_MAIL:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            close_old_connections()
            try:
                letters.send_due()
            except Exception as error:  # noqa: BLE001 (the next round may well succeed)
                # By its class only: what a mail server says repeats addresses.
                log.error("sending failed: %s", type(error).__name__)
        connections.close_all()
