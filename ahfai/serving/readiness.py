"""Asks `/health` without ever waiting for the answer."""

import contextlib
import socket
import time
from urllib.parse import urlsplit

from django.conf import settings

PATIENCE_S = 5.0


class Probe:
    def __init__(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self._address = ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)  # noqa: S104
        self._asked: socket.socket | None = None
        self._asked_at = 0.0

    @property
    def sockets(self) -> list[int]:
        """What to wait on for the answer."""
        return [self._asked.fileno()] if self._asked else []

    def look(self) -> bool:
        """Whether `/health` answered 200. Asks if it wasn't asked yet."""
        if self._asked is None:
            self._ask()
            return False
        try:
            answer = self._asked.recv(64)
        except BlockingIOError:
            if time.monotonic() - self._asked_at > PATIENCE_S:
                self.close()
            return False
        except OSError:
            answer = b""
        self.close()
        return answer.split(b" ")[1:2] == [b"200"]

    def close(self) -> None:
        if self._asked:
            self._asked.close()
            self._asked = None

    def _ask(self) -> None:
        # The port listens already, so this ends at once, before any page can be served.
        with contextlib.suppress(OSError):
            self._asked = socket.create_connection(self._address, timeout=1)
            self._asked.setblocking(False)
            host = urlsplit(settings.SITE_URL).netloc
            self._asked.send(
                f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            self._asked_at = time.monotonic()
