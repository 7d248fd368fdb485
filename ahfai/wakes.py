"""Waking those who wait in other processes, by Valkey or Redis where there is one.

A wake says only that somebody should look, and at which id; what there is stands in the database.
So one that is lost costs a moment: who waits looks by itself after a while.
"""

import contextlib
import hashlib
import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)

# A reply has more words, or is over; somebody wants it stopped.
GREW, STOP = "grew", "stop"
AGAIN_S = 1.0
BEAT_S = 5.0


class Ear:
    """Hears of one thing, from when it was made."""

    def __init__(self) -> None:
        self._told = threading.Event()

    def wait(self, otherwise_s: float, most_s: float) -> None:
        """Until it is told of, but `most_s` at most; where nothing is heard, `otherwise_s`."""
        if self._told.wait(most_s if _hearing.is_set() else otherwise_s):
            self._told.clear()

    def tell(self) -> None:
        self._told.set()


_lock = threading.Lock()
_ears: defaultdict[uuid.UUID, set[Ear]] = defaultdict(set)
_stopping: list[Callable[[uuid.UUID], object]] = []
_thread: threading.Thread | None = None
_hearing = threading.Event()
_telling: Any = None


def is_there() -> bool:
    """Whether the settings name a server for it."""
    return bool(settings.CACHE_URL)


def tell(topic: str, keys: Iterable[uuid.UUID]) -> None:
    """Have all processes look at these, this one, too. Takes a moment at most, and never fails."""
    told = ",".join(key.hex for key in keys)
    if not told or not is_there():
        return
    # Where there is none, nobody needs its library.
    from ahfai import cache

    def publish() -> None:
        global _telling
        _telling = _telling or cache.connected()
        _telling.publish(_channel(), f"{topic} {told}")

    cache.rest.tried(publish, otherwise=None)


@contextlib.contextmanager
def ear(key: uuid.UUID) -> Iterator[Ear]:
    """For who waits for more of that."""
    one = Ear()
    if is_there():
        listen()
    with _lock:
        _ears[key].add(one)
    try:
        yield one
    finally:
        with _lock:
            _ears[key].discard(one)
            if not _ears[key]:
                del _ears[key]


def when_stopped(act: Callable[[uuid.UUID], object]) -> None:
    """Have `act` called with the id of each thing that somebody wants stopped, from now on."""
    if act not in _stopping:
        _stopping.append(act)
    if is_there():
        listen()


def listen() -> None:
    """One connection for all who wait in this process, made by the first of them."""
    global _thread
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_keep_listening, name="wakes", daemon=True)
            _thread.start()


def _keep_listening() -> None:
    from ahfai import cache

    while True:
        try:
            with cache.connected(answer_s=BEAT_S).pubsub() as told:
                told.subscribe(_channel())
                _take_all(told)
        except cache.AWAY as error:
            if _hearing.is_set():
                log.warning("nothing is heard of other processes: %s", type(error).__name__)
            _hearing.clear()
            time.sleep(AGAIN_S)


def _take_all(told: Any) -> None:
    heard = time.monotonic()
    while time.monotonic() - heard < 3 * BEAT_S:
        if message := told.get_message(timeout=BEAT_S):
            heard = time.monotonic()
            _take(message)
        else:
            # A server that is gone without a word answers this no more.
            told.ping()
    raise TimeoutError


def _take(message: dict[str, Any]) -> None:
    if message["type"] == "subscribe":
        _hearing.set()
        # What was told before was not heard.
        with _lock:
            waiting = [one for some in _ears.values() for one in some]
        for one in waiting:
            one.tell()
    if message["type"] != "message":
        return
    # Whoever else may write there can wake, and nothing else.
    with contextlib.suppress(ValueError, UnicodeDecodeError):
        topic, _space, told = message["data"].decode().partition(" ")
        for key in map(uuid.UUID, told.split(",")):
            if topic == STOP:
                for act in _stopping:
                    act(key)
            with _lock:
                waiting = list(_ears.get(key, ()))
            for one in waiting:
                one.tell()


def _channel() -> str:
    """One for each installation: databases of one server share their channels."""
    return f"ahfai:{hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()[:16]}"
