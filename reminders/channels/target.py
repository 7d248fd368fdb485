"""What a file in here offers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from accounts.models import User
from reminders.channels.message import Answer, Message


class Target(ABC):
    """Where a channel leads; a dataclass, so that it can be kept in JSON, sealed."""

    @classmethod
    def read(cls, kept: Mapping[str, Any], owner: User) -> Self:
        """From what was kept. Raises TypeError and ValueError where it doesn't fit."""
        return cls(**kept)

    @abstractmethod
    def send(self, message: Message) -> Answer:
        """Within a few seconds. Raises Temporary and Permanent."""


@dataclass(frozen=True)
class Way:
    """A kind of channel."""

    target: type[Target]
