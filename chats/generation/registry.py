"""What this process writes just now, replies and titles, until it is told to shut down."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chats.engines import Call
from chats.models import Message, State

if TYPE_CHECKING:
    from chats.generation.life import Generation

# More replies than this in a process are a crowd.
CROWD = 16

_running: dict[uuid.UUID, "Generation"] = {}
# Titles that are being made in this process, by their model.
_titles: list[tuple[str, Call]] = []
_lock = threading.Lock()
_draining = threading.Event()


def add(generation: "Generation") -> None:
    """From now on `running` finds it, and titles of its model step back for it."""
    with _lock:
        _running[generation.reply.pk] = generation
        for model, call in _titles:
            if _waits(generation.reply, model):
                call.cancel()


def remove(reply_id: uuid.UUID) -> None:
    with _lock:
        _running.pop(reply_id, None)


def running(reply_id: uuid.UUID) -> "Generation | None":
    with _lock:
        return _running.get(reply_id)


def every() -> list["Generation"]:
    with _lock:
        return list(_running.values())


def is_crowded() -> bool:
    return len(_running) > CROWD


@contextmanager
def naming(model: str) -> Iterator[Call]:
    """A call for a title, which is cancelled as soon as a reply waits for this model here."""
    call = Call()
    with _lock:
        _titles.append((model, call))
        if any(_waits(one.reply, model) for one in _running.values()):
            call.cancel()
    try:
        yield call
    finally:
        with _lock:
            _titles[:] = [(named, other) for named, other in _titles if other is not call]


def _waits(reply: Message, model: str) -> bool:
    return reply.model == model and reply.state == State.WAITING


def draining() -> bool:
    return _draining.is_set()


def begin_drain() -> None:
    """No new replies, and whoever watches is told to come back. Safe in a signal handler."""
    _draining.set()


def drain(seconds: float) -> None:
    """Give the replies of this process `seconds` to finish, then close them with their text. Those
    in line are left to other processes, or to this one's successor."""
    _draining.set()
    for generation in every():
        if not generation.began:
            generation.leave()
    end = time.monotonic() + seconds
    while (left := every()) and time.monotonic() < end:
        time.sleep(0.05)
    for generation in left:
        # One may have been taken over just before nothing was to be any more.
        (generation.interrupt if generation.began else generation.leave)()
    end = time.monotonic() + 3
    while every() and time.monotonic() < end:
        time.sleep(0.05)
