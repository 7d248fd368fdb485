"""The indexes of many people in this process's memory."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from ahfai.textindex.index import TextIndex


@dataclass
class _Shelf:
    index: TextIndex = field(default_factory=TextIndex)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Indexes:
    """The indexes of many people, at most `max_bytes` of them; who searched longest ago goes."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._shelves: OrderedDict[UUID, _Shelf] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, person: UUID, wait_s: float = -1) -> Iterator[TextIndex | None]:
        """The person's index, for this thread alone; None if another one has it for `wait_s`."""
        with self._lock:
            shelf = self._shelves.setdefault(person, _Shelf())
            self._shelves.move_to_end(person)
        if not shelf.lock.acquire(timeout=wait_s):
            yield None
            return
        try:
            yield shelf.index
        finally:
            shelf.lock.release()
        self._make_room()

    def in_use(self, person: UUID) -> TextIndex | None:
        """The person's index while another thread has it, to search in as it is being filled."""
        with self._lock:
            shelf = self._shelves.get(person)
        return shelf.index if shelf else None

    def forget(self, person: UUID) -> None:
        with self._lock:
            self._shelves.pop(person, None)

    def people(self) -> list[UUID]:
        with self._lock:
            return list(self._shelves)

    def _make_room(self) -> None:
        with self._lock:
            size = sum(shelf.index.size_bytes for shelf in self._shelves.values())
            while size > self.max_bytes and len(self._shelves) > 1:
                _person, shelf = self._shelves.popitem(last=False)
                size -= shelf.index.size_bytes
