"""A part of one person's index: some of the documents, in a database of their own."""

import itertools
import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Literal

from ahfai.textindex.documents import NO_BOUNDS, Bounds, Document
from ahfai.textindex.words import cut

# So much goes into the index by one statement, and so much makes a part full; the words collect in
# FTS5's buffer meanwhile, whose own 1 MB doubles the time.
DOCUMENTS_AT_ONCE, CHARACTERS_AT_ONCE = 10_000, 4_000_000
BUFFER_BYTES = 32 * 2**20
BODY_WEIGHT = 1.0
_SIZES = ("page_count", "page_size")
Weighed = list[Any]


class Part:
    """Some of the documents, in a database of their own."""

    def __init__(self) -> None:
        self._characters = 0
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE words USING fts5(title, body, content='', contentless_delete=1, "
            "prefix='1 2', tokenize='ascii')"
        )
        self._db.execute("INSERT INTO words(words, rank) VALUES ('hashsize', ?)", (BUFFER_BYTES,))
        self._db.execute(
            "CREATE TABLE documents "
            "(id INTEGER PRIMARY KEY, kind TEXT, key BLOB, container BLOB, moment TEXT)"
        )

    @property
    def size_bytes(self) -> int:
        pages, page = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIZES)
        return pages * page

    @property
    def is_full(self) -> bool:
        return len(self) >= DOCUMENTS_AT_ONCE or self._characters >= CHARACTERS_AT_ONCE

    def __len__(self) -> int:
        return self._db.execute("SELECT count(*) FROM documents").fetchone()[0]

    def add(self, some: list[Document]) -> None:
        """These, cut. By few statements: between two of them, this thread waits for its turn."""
        [last] = self._db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        first = last + 1
        self._db.execute(
            "INSERT INTO documents SELECT :first + key, value, substr(:keys, 32 * key + 1, 16), "
            "substr(:keys, 32 * key + 17, 16), "
            # Of bytes: to find a place in a text, SQLite counts its letters.
            "CAST(substr(:moments, 19 * key + 1, 19) AS TEXT) "
            "FROM json_each(:kinds)",
            {
                "first": first,
                "kinds": json.dumps([one.kind for one in some]),
                "moments": "".join(f"{one.when:19.19}" for one in some).encode(),
                "keys": b"".join(one.key + one.container for one in some),
            },
        )
        rows = ", ".join(["(?, ?, ?)"] * len(some))
        self._db.execute(
            f"INSERT INTO words (rowid, title, body) VALUES {rows}",  # noqa: S608
            [
                value
                for row, one in enumerate(some, first)
                for value in (row, cut(one.title), cut(one.body))
            ],
        )
        self._characters += sum(len(one.title) + len(one.body) for one in some)
        if not last:
            # Made when the rows are there, these take a fraction of the time. There they are where
            # all that stood here was just replaced.
            self._db.execute("CREATE INDEX IF NOT EXISTS by_key ON documents (key)")
            self._db.execute("CREATE INDEX IF NOT EXISTS of_container ON documents (container)")

    def remove(self, column: Literal["key", "container"], key: bytes) -> None:
        found = f"SELECT id FROM documents WHERE {column} = ?"  # noqa: S608
        if rows := self._db.execute(found, (key,)).fetchall():
            self._db.executemany("DELETE FROM words WHERE rowid = ?", rows)
            self._db.executemany("DELETE FROM documents WHERE id = ?", rows)

    def weigh(
        self, expression: str, most: int, bounds: Bounds, title_weight: float
    ) -> list[Weighed]:
        """The newest `most` of what matches, the best first; of equal ones, the newest."""
        newest = self._newest(expression, most, bounds)
        if not newest:
            return []
        rows = self._db.execute(
            "SELECT words.rowid, bm25(words, ?, ?) AS weight, kind, key, container "
            "FROM words JOIN documents ON id = words.rowid "
            "WHERE words MATCH ? AND words.rowid >= ? ORDER BY weight, words.rowid DESC",
            (title_weight, BODY_WEIGHT, expression, min(newest)),
        )
        return [rest for row, *rest in rows if row in newest]

    def count(self, expression: str) -> int:
        found = "SELECT count(*) FROM words WHERE words MATCH ?"
        return self._db.execute(found, (expression,)).fetchone()[0]

    def _newest(self, expression: str, most: int, bounds: Bounds) -> set[int]:
        if bounds is NO_BOUNDS:
            rows = self._db.execute(
                "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?",
                (expression, most),
            )
            return {row for [row] in rows}
        condition, values = bounds.condition()
        rows = self._db.execute(
            "SELECT words.rowid, container FROM words JOIN documents ON id = words.rowid "  # noqa: S608
            f"WHERE words MATCH ?{condition} ORDER BY words.rowid DESC",
            (expression, *values),
        )
        allowed = (row for row, container in rows if bounds.allows(container))
        return set(itertools.islice(allowed, most))

    def begin(self) -> None:
        self._db.execute("BEGIN")

    def keep(self) -> None:
        self._db.execute("COMMIT")

    def undo(self) -> None:
        self._db.execute("ROLLBACK")


def next_of(documents: Iterator[Document], among: int = 1) -> list[Document]:
    """The next ones: as many as go in at once, or of that one part `among` so many."""
    some: list[Document] = []
    length = 0
    for one in documents:
        some.append(one)
        length += len(one.title) + len(one.body)
        if len(some) * among >= DOCUMENTS_AT_ONCE or length * among >= CHARACTERS_AT_ONCE:
            break
    return some
