"""The line for a place at the model server, where replies of this process wait for their turn."""

import logging
import threading
import time
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections

from chats import sentences, servers
from chats.engines import Cancelled, EngineFailed
from chats.generation import registry
from chats.lifecycle.line import runs_alone
from chats.models import Message, State

if TYPE_CHECKING:
    from chats.generation.life import Generation

log = logging.getLogger(__name__)

LINE_EVERY_S = 0.4

_place_freed = threading.Condition()


def look_again() -> None:
    """Have all who wait look at once: a place may be free, or one of them is cancelled."""
    with _place_freed:
        _place_freed.notify_all()


def wait_for_place(generation: "Generation") -> None:
    """Holds no connection to the database meanwhile. Raises Cancelled, and EngineFailed where the
    built-in server has failed."""
    reply = generation.reply
    told_at = 0.0
    # Where nobody was before it, it got its place when it was stored.
    has_place = reply.state == State.RUNNING
    while True:
        if generation.call.cancelled:
            raise Cancelled
        if servers.kind() == "builtin":
            status = servers.builtin_status()
            if status.state == "failed":
                raise EngineFailed("builtin_failed", status.sentence)
            ready = status.state == "ready"
            if not ready:
                generation.say(status.sentence)
        else:
            ready = True
        # A process that shuts down begins nothing.
        ready = ready and not registry.draining()
        if ready and (has_place or generation.claim()):
            if servers.is_ready():
                reply.state = State.RUNNING
                generation.say("")
                return
            # It was sent for a restart between the look and the claim.
            has_place = True
        if has_place:
            generation.give_back()
            reply.state = State.WAITING
            has_place = False
        if ready and time.monotonic() - told_at > 1:
            told_at = time.monotonic()
            generation.say(sentences.in_line(reply))
        connections.close_all()
        with _place_freed:
            _place_freed.wait(LINE_EVERY_S)


def free_builtin(reply: Message) -> None:
    """llama.cpp notices that nobody listens only after the first token; until then a place
    stays taken, so it is started anew unless somebody else is being answered."""
    if servers.kind() != "builtin":
        return
    try:
        if runs_alone(reply.pk):
            servers.restart_builtin()
    except DatabaseError as error:
        log.error("the built-in model could not be freed: %s", type(error).__name__)
    finally:
        connections.close_all()
