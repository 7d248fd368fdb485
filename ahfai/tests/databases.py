"""Servers of PostgreSQL that a test may stop and start again, and copies of them."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from ahfai.tests import postgres
from ahfai.tests.lacking import skip_or_fail
from ahfai.tests.ports import free_port


def programs() -> Path:
    """Where PostgreSQL's programs lie."""
    found = postgres.programs()
    if found is None:
        skip_or_fail("PostgreSQL isn't installed here.")
    return found


class Database:
    """A server on a port of loopback, whose data outlive `stop`."""

    def __init__(self, folder: Path) -> None:
        self.programs = programs()
        self.folder = folder
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.port = free_port()
        self.url = f"postgres://{self.user}@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen | None = None

    def make(self) -> None:
        made = ("-D", self.folder / "data", "-U", self.user, *postgres.MADE_WITH)
        assert postgres.start(self.folder, self.programs / "initdb", *made).wait() == 0

    def copy(self, other: "Database") -> None:
        """Become a replica that follows `other`."""
        place = ("-h", "127.0.0.1", "-p", str(other.port), "-U", self.user)
        taken = ("-D", self.folder / "data", "--write-recovery-conf", "--checkpoint=fast", *place)
        copying = postgres.start(self.folder, self.programs / "pg_basebackup", *taken)
        assert copying.wait() == 0, (self.folder / "log").read_text()

    def forget(self) -> None:
        """Its data, while it is stopped."""
        shutil.rmtree(self.folder / "data")

    def start(self) -> None:
        self.process = postgres.start(
            self.folder,
            self.programs / "postgres",
            *("-D", self.folder / "data", "-k", self.folder, "-p", str(self.port)),
            *("--listen_addresses=127.0.0.1", "--fsync=off", "--max_connections=100"),
        )
        postgres.wait_until_ready(self.programs, self.folder, self.process, self.port)

    def run(self, statement: str) -> list:
        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def wait_for(self, other: "Database") -> None:
        """Until it knows all that `other` knows now."""
        [(there,)] = other.run("SELECT pg_current_wal_lsn()")
        asked = f"SELECT pg_last_wal_replay_lsn() >= '{there}'::pg_lsn"
        end = time.monotonic() + 10
        while self.run(asked) != [(True,)]:
            assert time.monotonic() < end, "it stays behind"
            time.sleep(0.02)

    def stop(self) -> None:
        """As `pg_ctl stop -m fast` does: whoever is connected is thrown out."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """An empty one that runs."""
    with _folder() as folder:
        made = Database(folder)
        made.make()
        with _running(made):
            yield made


@contextlib.contextmanager
def replica(of: Database) -> Iterator[Database]:
    """A streaming replica that runs."""
    with _folder() as folder:
        made = Database(folder)
        made.copy(of)
        with _running(made):
            yield made


@contextlib.contextmanager
def _running(made: Database) -> Iterator[None]:
    try:
        made.start()
        yield
    finally:
        made.stop()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ahfai-postgres-"))
    if postgres.USER:
        shutil.chown(folder, postgres.USER, postgres.USER)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
