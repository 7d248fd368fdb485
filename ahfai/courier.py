"""Carries what is to be sent outside, in a thread of its own: a slow server on the other side holds
up nothing else of the worker.

What it carries, and how, a module of the app's says: see `Trade`.
"""

import logging
import queue
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from typing import Any, Protocol, Self

from django.db import DatabaseError, close_old_connections, connections, transaction

EVERY_S = 2.0
# At a time: claimed, and being sent.
CLAIMED, SENDING = 20, 32
# Of one person: whose server is dead leaves senders to the others.
EACH = 8
# Who takes longer than this is waited for no more before the next one is sent. Until then one goes
# after the other: where a machine dies, what was sent and isn't written down yet is one message.
STEPS_ASIDE_S = 0.05
# What was claimed is looked at once more where it waited for longer than this.
LOOKED_S = 0.5

log = logging.getLogger("ahfai.courier")


class Ready(Protocol):
    """All that is needed to send something, without the database."""

    @property
    def lease(self) -> Any: ...

    @property
    def owner_id(self) -> uuid.UUID: ...

    def send(self) -> Any:
        """What became of it, which `Trade.settle` understands. Raises nothing."""


class Trade(Protocol):
    """What is carried: the rows that wait for it, each held by a lease while it is on its way."""

    def claim(self, most: int, *, each: int, busy: Mapping[uuid.UUID, int]) -> Sequence[Any]:
        """Leases of what is to be sent by now; of one person `each` at most, with those that are
        on their way already."""

    def look_at(self, leases: Sequence[Any]) -> Sequence[Ready]:
        """Those of them that are still to be sent."""

    def settle(self, ready: Any, outcome: Any) -> None:
        """Write down what became of one."""

    def give_back(self, leases: Sequence[Any]) -> None:
        """Nothing was tried."""


class Courier:
    """`with Courier(trade) as courier`: it looks every two seconds, and at once after `wake()`.

    All that touches the database happens in one thread, and sending in others.
    """

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._came_back: queue.SimpleQueue[tuple[Ready, Any] | None] = queue.SimpleQueue()
        self._claimed: deque[Ready] = deque()
        self._looked_at = 0.0
        # Sent, or not, and to be written down.
        self._outcomes: list[tuple[Ready, Any]] = []
        self._sending = 0
        self._busy = Counter[uuid.UUID]()
        self._look_at = 0.0
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """What is being sent is sent to its end, the rest is left to others."""
        self._stop.set()
        self.wake()
        self._thread.join()

    def wake(self) -> None:
        """There is something new to send."""
        self._came_back.put(None)

    def _run(self) -> None:
        with ThreadPoolExecutor(SENDING, thread_name_prefix="sending") as senders:
            while not self._stop.is_set() or self._sending:
                try:
                    self._round(senders)
                except Exception as error:  # noqa: BLE001 (the next round may well succeed)
                    # By its class only: the text of an error can hold what a row holds.
                    log.error("sending failed: %s", type(error).__name__)
                    # One that broke is made anew, also while there is something claimed.
                    close_old_connections()
                    self._stop.wait(EVERY_S)
            with suppress(DatabaseError):
                self._trade.give_back([ready.lease for ready in self._claimed])
            connections.close_all()

    def _round(self, senders: ThreadPoolExecutor) -> None:
        if not self._stop.is_set() and self._sending < SENDING:
            if not self._claimed and time.monotonic() >= self._look_at:
                self._claim()
            if self._claimed and time.monotonic() - self._looked_at > LOOKED_S:
                self._look([ready.lease for ready in self._claimed])
            if self._claimed:
                ready = self._claimed.popleft()
                self._sending += 1
                self._busy[ready.owner_id] += 1
                senders.submit(self._send, ready)
        self._settle(self._wait_s())

    def _claim(self) -> None:
        close_old_connections()
        leases = self._trade.claim(CLAIMED, each=EACH, busy=self._busy)
        self._look(leases)
        if not leases:
            self._look_at = time.monotonic() + EVERY_S

    def _look(self, leases: Sequence[Any]) -> None:
        self._claimed = deque(self._trade.look_at(leases) if leases else ())
        self._looked_at = time.monotonic()

    def _wait_s(self) -> float:
        if self._claimed and self._sending < SENDING:
            return STEPS_ASIDE_S if self._sending else 0
        if self._stop.is_set():
            return EVERY_S
        # The next look may find more at once.
        return max(self._look_at - time.monotonic(), STEPS_ASIDE_S if self._sending else 0)

    def _send(self, ready: Ready) -> None:
        self._came_back.put((ready, ready.send()))

    def _settle(self, wait_s: float) -> None:
        """Write down what came back, as soon as something has."""
        back = []
        with suppress(queue.Empty):
            back.append(self._came_back.get(block=wait_s > 0, timeout=wait_s or None))
            while True:
                back.append(self._came_back.get_nowait())
        for one in back:
            if one is None:
                self._look_at = 0.0
            else:
                owner_id = one[0].owner_id
                if self._busy[owner_id] >= EACH:
                    # More of theirs may have waited for this.
                    self._look_at = 0.0
                self._sending -= 1
                self._busy[owner_id] -= 1
                self._outcomes.append(one)
        if not self._outcomes:
            return
        # One alone is one statement anyway.
        with transaction.atomic() if len(self._outcomes) > 1 else nullcontext():
            for ready, outcome in self._outcomes:
                self._trade.settle(ready, outcome)
        # Not before: where the database refused it, it is written down in the next round.
        self._outcomes.clear()
