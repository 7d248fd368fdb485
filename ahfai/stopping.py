"""Waiting that a signal ends at once."""

import contextlib
import os
import select
import signal
from collections.abc import Sequence
from typing import Self

STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopAsked:
    """Counts the signals that ask this process to stop, and wakes its `wait`.

    A `threading.Event` would do for one thread, but setting it from a signal handler can
    deadlock with the `wait` that the handler interrupted.
    """

    def __init__(self, *wake_on: signal.Signals) -> None:
        """`wake_on`: signals that only wake `wait`, such as SIGCHLD."""
        self.times = 0
        self._wake_on = wake_on

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._count)
        for number in self._wake_on:
            signal.signal(number, lambda *_: None)
        return self

    def __exit__(self, *_) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)
        for number in (*STOPPING, *self._wake_on):
            signal.signal(number, signal.SIG_DFL)

    def wait(self, seconds: float, *readable: int) -> Sequence[int]:
        """Sleep for `seconds` at most; less when a signal comes or one of `readable` (file
        descriptors) has something to read. Returns those that have."""
        ready, _, _ = select.select([self._reader, *readable], [], [], max(seconds, 0))
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)
        return [one for one in ready if one != self._reader]

    def _count(self, *_) -> None:
        self.times += 1
