"""What an index holds, and what is asked for and found in it."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

FEW_CONTAINERS = 500


class Document(NamedTuple):
    """What is found. `kind` and `key` name its row; `container` is what it is a part of; both are
    the bytes of ids, which for very many documents is quicker than ids.

    `when` is in UTC and begins with "2026-05-31 23:59:59"; documents come in the order of `number`.
    """

    kind: str
    key: bytes
    container: bytes
    title: str = ""
    body: str = ""
    when: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a search leaves out. `within` and `without` are the bytes of containers' ids; of the
    moments `since` and `until`, the first is meant too, and the second isn't."""

    kinds: frozenset[str] | None = None
    within: frozenset[bytes] | None = None
    without: frozenset[bytes] = frozenset()
    since: str = ""
    until: str = ""

    def allows(self, container: bytes) -> bool:
        return (self.within is None or container in self.within) and container not in self.without

    def condition(self) -> tuple[str, list[str | bytes]]:
        """In SQL, on a row of `documents`, as far as that is the quicker way."""
        said, values = "", list[str | bytes]()
        if self.within is not None and len(self.within) <= FEW_CONTAINERS:
            said += f" AND container IN ({', '.join('?' * len(self.within))})"
            values += self.within
        if self.kinds is not None:
            said += f" AND kind IN ({', '.join('?' * len(self.kinds))})"
            values += sorted(self.kinds)
        for limit, sign in ((self.since, ">="), (self.until, "<")):
            if limit:
                said += f" AND moment {sign} ?"
                values.append(limit)
        return said, values


NO_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Hit:
    kind: str
    key: UUID
    container: UUID


class Expressed(Protocol):
    """What an index can be asked."""

    def expression(self) -> str:
        """In FTS5's own language; "" finds nothing."""
