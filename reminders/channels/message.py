"""What all channels speak: a message goes out, an answer comes back, or a reason why none did."""

import datetime
import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """`id` is the same each time it is tried, so that a receiver can tell a double. `title` is one
    line, without a word of the person's unless they allow that for the channel; `text` what else
    is to be said, maybe nothing. `url` leads to a page with buttons. `at` is when it was due.
    `kind` is "reminder.due", or "digest", or "test"."""

    id: uuid.UUID
    title: str
    text: str
    url: str
    at: datetime.datetime
    kind: str = "reminder.due"


@dataclass(frozen=True)
class Answer:
    """That the other side has taken the message, with what it said, as a sentence."""

    sentence: str


class Unsent(Exception):
    """Nobody took the message, for a reason that the person can read."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Temporary(Unsent):
    """Worth another try; the other side may have said how many seconds not to come before."""

    def __init__(self, sentence: str, wait_s: int = 0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class Permanent(Unsent):
    """The other side will never take anything again: the channel is switched off."""
