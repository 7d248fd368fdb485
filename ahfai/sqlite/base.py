"""Django's SQLite, in which the writers of one process take turns and connections are kept.

SQLite lets one write at a time; who finds it taken sleeps, up to a tenth of a second, and looks
again, while others that come later get in. With dozens of threads in a process some wait for
seconds. Here they wait for a lock that wakes the next one at once. Other processes are still
waited for in SQLite's own way.

A thread that waits for the model gives its connection back, as it must on PostgreSQL. Opening
another one costs as much as several queries, since Django teaches each its functions; so the next
thread gets what the last one gave back.
"""

import os
import threading
from collections import deque
from weakref import WeakSet

from django.db import connections
from django.db.backends.sqlite3 import base

from ahfai import disk

_turn = threading.Lock()
# Connections that nobody uses, by process and file: none is ever used after a fork.
_kept: dict[tuple[int, str], deque] = {}
MOST_KEPT = 8
# As long as SQLite itself waits; then it decides, and says that it is locked.
PATIENCE_S = 20
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


# The checker doesn't know what Django's backends override of each other.
class DatabaseWrapper(base.DatabaseWrapper):
    _has_turn = False
    # Of the present connection.
    _cursors: WeakSet["Cursor"]

    def create_cursor(self, name=None):
        cursor = self.connection.cursor(factory=Cursor)
        cursor.of = self
        self._cursors.add(cursor)
        return cursor

    def get_new_connection(self, conn_params):
        self._cursors = WeakSet()
        try:
            return self._kept().pop()
        except IndexError:
            return super().get_new_connection(conn_params)

    def _kept(self) -> deque:
        return _kept.setdefault((os.getpid(), str(self.settings_dict["NAME"])), deque())

    def take_turn(self) -> None:
        self._has_turn = _turn.acquire(timeout=PATIENCE_S)

    def end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turn.release()

    def _start_transaction_under_autocommit(self) -> None:
        self.take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self.end_turn()
            raise

    def _commit(self) -> None:
        # A commit that fails leaves the transaction open; the rollback after it ends the turn.
        try:
            super()._commit()  # type: ignore[misc]
        except Exception as error:
            disk.make_way(error)
            raise
        self.end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self.end_turn()

    def _close(self) -> None:
        connection = self.connection
        try:
            if connection is None or self.is_in_memory_db() or not self._keep(connection):
                super()._close()  # type: ignore[misc]
        finally:
            self.end_turn()

    def _keep(self, connection) -> bool:
        """Whether the connection waits for its next user now; one that gives trouble is closed."""
        kept = self._kept()
        if self.errors_occurred or len(kept) >= MOST_KEPT:
            return False
        # What was begun and not ended is over, as it would be by closing. While something is still
        # being read, the connection sees the database as it was when that began.
        for cursor in list(self._cursors):
            cursor.close()
        connection.rollback()
        kept.append(connection)
        return True


def close_kept() -> None:
    """Close what this thread and nobody else has open, so that the file can be replaced."""
    connections.close_all()
    for (pid, _name), kept in _kept.items():
        while pid == os.getpid() and kept:
            kept.pop().close()


class Cursor(base.SQLiteCursorWrapper):
    of: DatabaseWrapper

    def execute(self, query, params=None):
        with _Alone(self.of, query):
            return super().execute(query, params)

    def executemany(self, query, param_list):
        with _Alone(self.of, query):
            return super().executemany(query, param_list)


class _Alone:
    """A write outside a transaction is one of its own."""

    def __init__(self, of: DatabaseWrapper, query: str) -> None:
        self.of = of
        self.is_alone = not of.in_atomic_block and query.startswith(WRITES)

    def __enter__(self) -> None:
        if self.is_alone:
            self.of.take_turn()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self.is_alone:
            self.of.end_turn()
        if error is not None:
            disk.make_way(error)
