"""The tree of a chat's messages: one path through it is shown, earlier versions lie beside it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from chats.models import Message


@dataclass(frozen=True)
class Step:
    """A message on a path, with the ids of all versions in its place, oldest first."""

    message: Message
    versions: tuple[uuid.UUID, ...]

    @property
    def number(self) -> int:
        return self.versions.index(self.message.pk) + 1

    @property
    def of(self) -> int:
        return len(self.versions)

    @property
    def before(self) -> uuid.UUID | None:
        return self.versions[self.number - 2] if self.number > 1 else None

    @property
    def after(self) -> uuid.UUID | None:
        return self.versions[self.number] if self.number < self.of else None


class Tree:
    """Made of all messages of one chat, in order."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._by_id: dict[uuid.UUID, Message] = {}
        self._below: dict[uuid.UUID | None, list[Message]] = {}
        for message in messages:
            self._by_id[message.pk] = message
            self._below.setdefault(message.parent_id, []).append(message)

    def get(self, key: str) -> Message | None:
        """The message of this id, as an address has it."""
        try:
            return self._by_id.get(uuid.UUID(key))
        except ValueError:
            return None

    def shown(self, current_id: uuid.UUID | None) -> list[Step]:
        """The path to the newest answer under `current_id`; under the newest question if None."""
        leaf = self.leaf(current_id)
        return [self.step(message) for message in self.path_to(leaf)] if leaf else []

    def leaf(self, above: uuid.UUID | None) -> Message | None:
        """The end of the path that goes down from `above` by the newest version each time."""
        leaf = self._by_id.get(above) if above else None
        while below := self._below.get(leaf.pk if leaf else None):
            leaf = below[-1]
        return leaf

    def path_to(self, message: Message) -> list[Message]:
        """The messages from the first one down to `message`."""
        path: list[Message] = []
        step: Message | None = message
        while step is not None:
            path.append(step)
            step = self._by_id.get(step.parent_id) if step.parent_id else None
        return path[::-1]

    def step(self, message: Message) -> Step:
        versions = self._below.get(message.parent_id, [message])
        return Step(message, tuple(version.pk for version in versions))

    def under(self, message: Message) -> list[Message]:
        """`message` and all that grew from it."""
        found = [message]
        for one in found:
            found.extend(self._below.get(one.pk, []))
        return found
