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
from chats.lifecycle import closing
from chats.models import Message, State

__all__ = [
    "Asked",
    "Generation",
    "begin",
    "begin_drain",
    "drain",
    "draining",
    "running",
    "take_over",
    "take_over_all",
]

log = logging.getLogger(__name__)


def take_over(reply: Message) -> Generation | None:
    """Go on with a reply in line that another process has left, where nobody was quicker."""
    if registry.draining() or reply.state != State.WAITING:
        return None
    # Read before it is taken: one that was taken and can't be read would stand in line for good.
    found = Message.objects.left_to_others().select_related("chat", "owner")
    left = found.filter(pk=reply.pk).first()
    return begin(left) if left and closing.take_over(left) else None


def take_over_all() -> None:
    """Those that nobody watches, too; in the order in which they stand in line."""
    for reply in Message.objects.left_to_others().in_order():
        take_over(reply)


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
