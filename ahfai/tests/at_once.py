"""Several threads that start the same thing together."""

import threading
import time
from collections.abc import Callable

from django.db import connection, connections


def at_once(do: Callable[[int], object], times: int, within_s: float = 30) -> None:
    """Run `do(0)` to `do(times - 1)`, each in a thread with a connection of its own.

    Raises the first error that any of them raised, and TimeoutError where one isn't over in time.
    """
    start = threading.Barrier(times)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait(10)
            do(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(times)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + within_s
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    if errors:
        raise errors[0]
    if any(thread.is_alive() for thread in threads):
        raise TimeoutError


def is_somebody_waiting() -> bool:
    """Whether a transaction waits for another one's lock; SQLite lets none begin beside it."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
