"""What keeps PostgreSQL from being used, in its own words: a pool tells only that it gave up."""

from typing import Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper

READ_ONLY = "it is a replica, or read-only for another reason: nothing can be stored there"


def fault(connection: BaseDatabaseWrapper) -> str:
    """In PostgreSQL's own words, which name hosts and users, and no passwords; "" for nothing, and
    for a SQLite."""
    if connection.vendor != "postgresql":
        return ""
    library = cast(Any, connection).Database
    try:
        with library.connect(**connection.get_connection_params()) as asked:
            return READ_ONLY if is_read_only(asked.cursor()) else ""
    except library.Error as error:
        # Of several hosts each is told of, after this.
        return " ".join(str(error).rpartition("All failures were:")[2].split())


def is_read_only(cursor: Any) -> bool:
    """As a replica is, where an address leads to the wrong one."""
    cursor.execute("SHOW transaction_read_only")
    return cursor.fetchone()[0] == "on"
