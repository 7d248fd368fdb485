"""One process after the other, of all that use this database."""

import contextlib
import time
from collections.abc import Iterator

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number that nobody else takes in this database.
NUMBER = 4_109_781
EVERY_S = 0.5
# Usually it is over by then, and nobody wonders.
SAYS_SO_AFTER_S = 3


@contextlib.contextmanager
def turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Waits until no other process has its turn, however long that takes.

    SQLite serves one machine, where the port lets nobody else begin; and behind PgBouncer nobody
    knows whose lock it would be.
    """
    if connection.vendor != "postgresql" or settings.PGBOUNCER:
        yield
        return
    with connection.cursor() as cursor:
        _wait(cursor)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [NUMBER])


def _wait(cursor) -> None:
    began, said = time.monotonic(), False
    while True:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [NUMBER])
        if cursor.fetchone()[0]:
            return
        if not said and time.monotonic() - began > SAYS_SO_AFTER_S:
            said = True
            print("Another process of AhFai changes the tables; waiting for it.", flush=True)  # noqa: T201
        time.sleep(EVERY_S)
