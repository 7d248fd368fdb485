"""One person's index, kept in parts by age."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from operator import itemgetter
from uuid import UUID

from ahfai.textindex.documents import NO_BOUNDS, Bounds, Document, Expressed, Hit
from ahfai.textindex.part import Part, Weighed, next_of

# With more hits than this only the newest are weighed: nobody reads on so far.
WEIGHED_HITS = 400
TITLE_WEIGHT = 8.0
WRITERS, FIRST_AMONG = 2, 5


class TextIndex:
    """One person's index. `as_of` and `unfinished` are the caller's marks of how far it is filled,
    `kept_up` is when (seconds since the epoch).

    It is kept in parts by age, the newest last: a search that finds enough among the newer ones
    never looks at the others. Not for two threads at once: `Indexes.of` hands it out to one after
    the other. Only while one fills it, others may search in what is there: the newest words.
    """

    def __init__(self) -> None:
        self.as_of: int | None = None
        self.unfinished: set[UUID] = set()
        self.kept_up = 0.0
        self._parts: list[Part] = []

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def is_empty(self) -> bool:
        return not self._parts

    def fill(self, documents: Iterable[Document]) -> None:
        """Begin anew with these, newest first and each once."""
        self._parts = []
        for part in _made_beside(documents):
            # In one step: somebody may be searching.
            self._parts = [part, *self._parts]

    def put(self, documents: Iterable[Document]) -> None:
        """Add these, newest last, and replace those of the same keys."""
        with self._at_once():
            older = list(self._parts)
            _write_beside(documents, lambda some: self._add_newer(some, older))

    def remove(self, key: UUID) -> None:
        """Forget this, and all that is a part of it."""
        with self._at_once():
            for part in self._parts:
                part.remove("key", key.bytes)
                part.remove("container", key.bytes)

    def search(
        self,
        query: Expressed,
        limit: int = 50,
        bounds: Bounds = NO_BOUNDS,
        among: int | None = None,
        title_weight: float = TITLE_WEIGHT,
    ) -> list[Hit]:
        """The best first, of the newest `among` that match; of equal ones, the newest."""
        expression = query.expression()
        among = WEIGHED_HITS if among is None else among
        weighed: list[Weighed] = []
        if expression:
            for part in reversed(self._parts):
                weighed += part.weigh(expression, among - len(weighed), bounds, title_weight)
                if len(weighed) >= among:
                    break
        weighed.sort(key=itemgetter(0))
        return [
            Hit(kind, UUID(bytes=key), UUID(bytes=container))
            for _weight, kind, key, container in weighed[:limit]
        ]

    def count(self, query: Expressed) -> int:
        """How many documents match."""
        expression = query.expression()
        return sum(part.count(expression) for part in self._parts) if expression else 0

    @contextlib.contextmanager
    def _at_once(self) -> Iterator[None]:
        before = list(self._parts)
        for part in before:
            part.begin()
        try:
            yield
        except BaseException:
            for part in before:
                part.undo()
            self._parts = before
            raise
        for part in before:
            part.keep()
        self._parts = [part for part in self._parts if len(part)]

    def _add_newer(self, some: list[Document], older: "list[Part]") -> None:
        for part in older:
            for one in some:
                part.remove("key", one.key)
        if not self._parts or self._parts[-1].is_full:
            self._parts.append(Part())
        self._parts[-1].add(some)


def _write_beside(documents: Iterable[Document], write: Callable[[list[Document]], None]) -> None:
    """SQLite leaves the interpreter to the thread that reads the next ones meanwhile."""
    rest = iter(documents)
    with ThreadPoolExecutor(1, "search-words") as beside:
        writing: Future[None] | None = None
        while some := next_of(rest):
            if writing:
                writing.result()
            writing = beside.submit(write, some)
        if writing:
            writing.result()


def _made_beside(documents: Iterable[Document]) -> Iterator[Part]:
    """A part of each of the batches, in their order. Two are made at a time: one core is left over
    once all is read."""
    rest = iter(documents)
    with ThreadPoolExecutor(WRITERS, "search-words") as beside:
        making: deque[Future[Part]] = deque()
        # The first part is a small one: who has just asked sees the newest words soon.
        some = next_of(rest, FIRST_AMONG)
        while some:
            making.append(beside.submit(_part_of, some[::-1]))
            while making and (making[0].done() or len(making) > WRITERS):
                yield making.popleft().result()
            some = next_of(rest)
        while making:
            yield making.popleft().result()


def _part_of(some: list[Document]) -> Part:
    part = Part()
    part.add(some)
    return part
