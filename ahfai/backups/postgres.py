"""Copies of a PostgreSQL database, by its own programs."""

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from ahfai.backups import BackupFailed
from ahfai.postgres import limits

DEBIANS = Path("/usr/lib/postgresql")
# What an address says of how AhFai speaks with PostgreSQL, and not of where that is.
OF_AHFAI = {"application_name", "client_encoding", "options"}


def size() -> int:
    """About how large a copy will be at most, in bytes."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return cursor.fetchone()[0]


def dump(to: Path, left_out: Iterable[str]) -> tuple[dict[str, int], list[uuid.UUID]]:
    """Copy the database as it is at one moment, without the rows of the tables `left_out`.

    Returns how many rows each table has, and the ids of all people in it.
    """
    # A connection of its own: it holds the moment that the program and the counting share.
    own = connections[DEFAULT_DB_ALIAS].copy()
    left_out = list(left_out)
    try:
        with own.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            limits.lift(own)
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            run(
                "pg_dump",
                *("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"),
                *(f"--exclude-table-data={own.ops.quote_name(table)}" for table in left_out),
                f"--file={to}",
            )
            rows = counts(cursor) | dict.fromkeys(left_out, 0)
            cursor.execute("SELECT id FROM accounts_user")
            people = [found for (found,) in cursor.fetchall()]
            # Else the pool would warn of it, and cron mail that each night.
            cursor.execute("COMMIT")
            return rows, people
    except DatabaseError as error:
        raise BackupFailed(f"PostgreSQL can't be read ({type(error).__name__}).") from None
    finally:
        own.close()


def check(path: Path) -> None:
    """Read all of the copy; raises BackupFailed where anything in it is damaged."""
    run("pg_restore", "--file=/dev/null", str(path))


@contextlib.contextmanager
def loaded(path: Path) -> Iterator[dict[str, int]]:
    """The database holds that backup from now on, in the place of all tables that were there.

    Gives how many rows each table has.
    """
    own = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(), own.cursor() as cursor:
        for table in own.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE {own.ops.quote_name(table)} CASCADE")
    run(
        "pg_restore",
        *("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
        f"--dbname={_environment().get('PGDATABASE', '')}",
        str(path),
    )
    with own.cursor() as cursor:
        found = counts(cursor)
    yield found


def counts(cursor: Any) -> dict[str, int]:
    found = {}
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    for table in sorted(connections[DEFAULT_DB_ALIAS].introspection.table_names(cursor)):
        cursor.execute(f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 (our own)
        found[table] = cursor.fetchone()[0]
    return found


def run(name: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, on AhFai's database."""
    done = subprocess.run(  # noqa: S603 (a program of PostgreSQL's, without a shell)
        [program(name), *arguments],
        env=os.environ | _environment() | {"LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[0]
        raise BackupFailed(f"{name} failed: {said.removeprefix(f'{name}: ')}")


def program(name: str) -> Path:
    """Where the program lies: in POSTGRES_BIN, on the PATH, or where Debian puts the newest."""
    if settings.POSTGRES_BIN:
        found = settings.POSTGRES_BIN / name
        if found.is_file():
            return found
        raise BackupFailed(f"POSTGRES_BIN names {settings.POSTGRES_BIN}, and {name} isn't there.")
    if on_path := shutil.which(name):
        return Path(on_path)
    debians = sorted(DEBIANS.glob(f"*/bin/{name}"), key=lambda path: _number(path.parts[-3]))
    if debians:
        return debians[-1]
    raise BackupFailed(
        f"PostgreSQL's program {name} isn't here. Install it (on Debian: apt install "
        "postgresql-client), or say with POSTGRES_BIN in which folder it lies."
    )


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0


def _environment() -> dict[str, str]:
    """All that the address of the database says, as libpq calls it in the environment. No password
    is ever on a command line, which others on this machine can read."""
    # Where the database is a SQLite, nobody needs its library.
    from psycopg import pq

    known = connections[DEFAULT_DB_ALIAS].get_connection_params()
    return {
        one.envvar.decode(): str(value)
        for one in pq.Conninfo.get_defaults()
        if (name := one.keyword.decode()) not in OF_AHFAI
        and one.envvar
        and (value := known.get(name))
    }
