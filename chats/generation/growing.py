"""The words of a reply while they grow: one thread appends to them, and any others read them."""

import threading
from typing import Any

from accounts.fields import sealed_for
from chats import sentences
from chats.models import Message

MAX_THINKING = 400_000


class Growing:
    """What watchers may read: `text`, `thinking`, `words` (about waiting) and `over`.

    Only its own thread appends to the text; `changed` wakes who waits for more.
    """

    def __init__(self, reply: Message) -> None:
        self.reply = reply
        # Whether it has its place, and is being asked for.
        self.began = False
        self.asked = False
        self.changed = threading.Condition()
        self.words = ""
        self.over = False
        self.looked_up = 0
        # A reply that goes on from an earlier one begins with its text.
        self._parts: list[str] = [reply.content] if reply.content else []
        self._thoughts: list[str] = [reply.thinking] if reply.thinking else []
        self._begin = self._saved = len(self._parts), len(self._thoughts)
        self._joined = self._joined_thoughts = ("", 0)
        self._thought_length = len(reply.thinking)

    @property
    def text(self) -> str:
        self._joined = _joined(self._joined, self._parts)
        return self._joined[0]

    @property
    def thinking(self) -> str:
        self._joined_thoughts = _joined(self._joined_thoughts, self._thoughts)
        return self._joined_thoughts[0]

    @property
    def version(self) -> tuple[int, int, str, int, bool]:
        return len(self._parts), len(self._thoughts), self.words, self.looked_up, self.over

    @property
    def size(self) -> tuple[int, int]:
        return len(self._parts), len(self._thoughts)

    @property
    def silent(self) -> bool:
        """Whether nothing of the answer has arrived yet."""
        return self.size == self._begin

    @property
    def goes_on(self) -> bool:
        """Whether it began with the text of an earlier reply."""
        return bool(self._begin[0])

    @property
    def so_far(self) -> str:
        """The text of the earlier reply that it goes on from."""
        return "".join(self._parts[: self._begin[0]])

    @property
    def added(self) -> str:
        """The text without that of the earlier reply."""
        return "".join(self._parts[self._begin[0] :])

    def wait_until_asked(self, seconds: float) -> None:
        """Until the model has its question, but no longer than this."""
        with self.changed:
            self.changed.wait_for(lambda: self.asked or not self.silent or self.over, seconds)

    def say(self, words: str) -> None:
        with self.changed:
            self.words = words
            self.changed.notify_all()

    def _write(self, delta: str) -> None:
        with self.changed:
            self._parts.append(delta)
            self.words = ""
            self.changed.notify_all()

    def _think(self, delta: str) -> None:
        if self._thought_length >= MAX_THINKING:
            return
        self._thought_length += len(delta)
        with self.changed:
            self._thoughts.append(delta)
            self.words = str(sentences.THINKING)
            self.changed.notify_all()

    def _end(self) -> None:
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def unsaved(self) -> dict[str, Any]:
        """The sealed columns that have grown since the last save. Raises SealError."""
        fields = {}
        if len(self._parts) != self._saved[0]:
            fields["content"] = sealed_for(self.reply, "content", self.text)
        if len(self._thoughts) != self._saved[1]:
            fields["thinking"] = sealed_for(self.reply, "thinking", self.thinking)
        return fields

    def mark_saved(self, size: tuple[int, int]) -> None:
        """What it had when its size was `size` is in the database."""
        self._saved = size


def _joined(before: tuple[str, int], parts: list[str]) -> tuple[str, int]:
    """The parts as one text, and how many they are; `before` is what was joined last."""
    text, taken = before
    fresh = parts[taken:]
    return (text + "".join(fresh), taken + len(fresh)) if fresh else before
