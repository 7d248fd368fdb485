"""A reply while it is being written: a thread of its own, detached from every request.

It drains the model server into memory at once; who watches reads from there, and one saver
per process writes all growing replies once a second.
"""

import logging
import threading

from chats.generation import registry, saving
from chats.generation.life import Generation
from chats.generation.question import Asked
from chats.generation.registry import begin_drain, drain, draining, running
from chats.models import Message

__all__ = ["Asked", "Generation", "begin", "begin_drain", "drain", "draining", "running"]

log = logging.getLogger(__name__)


def begin(reply: Message) -> Generation:
    """Start to work on `reply` in the background."""
    generation = Generation(reply)
    registry.add(generation)
    # Here is a thread that runs already, with its connection: the model gets its question sooner.
    generation.prepare()
    try:
        saving.saver.wake()
        threading.Thread(target=generation.run, name=f"reply-{reply.pk}", daemon=True).start()
    except RuntimeError:
        # The system gives no more threads.
        log.error("a reply could not be started")
        generation.give_up("overloaded")
    return generation
