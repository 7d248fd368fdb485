"""Copies of the SQLite file, by SQLite itself, while others go on writing."""

import contextlib
import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]

from ahfai import files
from ahfai.backups import BackupFailed
from ahfai.sqlite.base import close_kept

BUSY_S = 20
ALONE_MS = 200


def size() -> int:
    """About how large a copy will be, in bytes."""
    return _live().stat().st_size


def dump(to: Path, left_out: Iterable[str]) -> tuple[dict[str, int], list[uuid.UUID]]:
    """Copy the database as it is at one moment, without the rows of the tables `left_out`.

    Returns how many rows each table has, and the ids of all people in it. `to` is there and empty.
    """
    try:
        with _opened(_live()) as source:
            source.execute("VACUUM INTO ?", [str(to)])
        with _opened(to) as copy:
            # What is deleted is overwritten, and no page of it goes to a journal on the disk.
            copy.execute("PRAGMA secure_delete=ON")
            copy.execute("PRAGMA journal_mode=MEMORY")
            for table in left_out:
                copy.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608 (names of our own)
            return counts(copy), people(copy)
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite can't copy the database: {error}.") from None


def check(path: Path) -> None:
    """Read all of the copy; raises BackupFailed where anything in it is damaged."""
    try:
        with _opened(path) as copy:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
            orphan = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        found, orphan = str(error), None
    if found != "ok":
        raise BackupFailed(f"{path.name} is damaged: {found}.")
    if orphan:
        raise BackupFailed(f"{path.name} isn't consistent: a row of {orphan[0]} lacks another one.")


@contextlib.contextmanager
def loaded(path: Path) -> Iterator[dict[str, int]]:
    """The database is that backup meanwhile, and for good where no error comes of it.

    Gives how many rows each table has. The old file is replaced at the end, in one step.
    """
    settings = connections[DEFAULT_DB_ALIAS].settings_dict
    live = _live()
    fresh = live.with_name(f"{live.name}.restoring")
    try:
        _remove(fresh)
        shutil.copyfile(path, _empty(fresh))
        with _opened(fresh) as copy:
            found = counts(copy)
        close_kept()
        settings["NAME"] = fresh
        yield found
        close_kept()
        settings["NAME"] = live
        _put_in_place(fresh, live)
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite can't use the copy: {error}.") from None
    finally:
        close_kept()
        settings["NAME"] = live
        _remove(fresh)


def _put_in_place(fresh: Path, live: Path) -> None:
    # Leaving the write-ahead log is only possible for one who has the database alone.
    for database in (live, fresh):
        with _opened(database) as alone:
            alone.execute(f"PRAGMA busy_timeout={ALONE_MS}")
            try:
                alone.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.OperationalError:
                raise BackupFailed(f"Another program uses {database}. Stop it first.") from None
    files.put_in_place(fresh, live)


def _empty(path: Path) -> Path:
    """Made for its owner alone, before anything is in it."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def _remove(database: Path) -> None:
    """With its logs: one that a run left which was killed would be played into the next file."""
    for more in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + more).unlink(missing_ok=True)


def counts(copy: sqlite3.Connection) -> dict[str, int]:
    tables = copy.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    ).fetchall()
    count = "SELECT count(*) FROM "
    return {table: copy.execute(count + _quoted(table)).fetchone()[0] for (table,) in tables}


def people(copy: sqlite3.Connection) -> list[uuid.UUID]:
    return [uuid.UUID(found) for (found,) in copy.execute("SELECT id FROM accounts_user")]


def _live() -> Path:
    return Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Outside of any transaction; the pinned library is in the place of Python's (ahfai)."""
    with contextlib.closing(
        sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    ) as connection:
        # The constraints of our tables use them.
        register(connection)
        connection.execute("PRAGMA temp_store=MEMORY")
        yield connection


def _quoted(table: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(table)
