"""Databases with all tables and nothing in them, of which those of the tests are copies.

Migrating takes seconds, so all processes of a test run share what the first of them has made.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
# The processes of a run know by it where the tables are.
PLACE = "AHFAI_TABLES_OF_TESTS"


def place() -> Path:
    """A folder of this run; it goes with the process that asks first."""
    if PLACE not in os.environ:
        os.environ[PLACE] = tempfile.mkdtemp(prefix="ahfai-tables-")
        atexit.register(shutil.rmtree, os.environ[PLACE], ignore_errors=True)
    return Path(os.environ[PLACE])


def make() -> None:
    """Those that this run needs, where they aren't there yet."""
    if connection.vendor == "sqlite":
        migrated_file()
    else:
        migrated_database()


def migrated_file() -> Path:
    """SQLite's."""
    data, done = place() / "data", place() / "file is made"
    with _one_at_a_time():
        if not done.exists():
            _migrate(DATA_DIR=str(data), KEYS_DIR=str(place() / "keys"), DATABASE_URL="")
            done.touch()
    return data / "ahfai.sqlite3"


def migrated_database() -> str:
    """The name of PostgreSQL's, as a pattern for others; it goes with the server."""
    noted = place() / "name of the database"
    with _one_at_a_time():
        if not noted.exists():
            name = f"tables_{secrets.token_hex(8)}"
            create_database(name)
            _migrate(DATABASE_URL=f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}")
            noted.write_text(name)
    return noted.read_text()


def create_database(name: str, like: str = "template1") -> None:
    said = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _ask_server(said.format(sql.Identifier(name), sql.Identifier(like)))


def drop_database(name: str) -> None:
    _ask_server(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _ask_server(statement: sql.Composed) -> None:
    known = connection.settings_dict
    places = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"]}
    places = {place: value for place, value in places.items() if value}
    password = known["PASSWORD"] or None
    with psycopg.connect(dbname="postgres", password=password, autocommit=True, **places) as server:
        server.execute(statement)


def _migrate(**settings: str) -> None:
    known = {"ENV_FILE": "none", "DJANGO_SETTINGS_MODULE": "ahfai.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | known | settings, check=True)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (place() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
