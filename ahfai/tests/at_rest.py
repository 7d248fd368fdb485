"""Where a word lies in clear: on the disk, in rows, in sessions, in the cache, in temporary files.

A test puts a control word into each place, too: where that isn't found, nothing was searched.
"""

import base64
import contextlib
import logging
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.core.cache import cache
from django.db import connection

from accounts.models import Session
from ahfai.logs import ErrorsByPlace

Places = Mapping[str, bytes]
EVERY_S = 0.001


def holding(word: str, places: Places) -> list[str]:
    """The names of the places that hold the word, also in UTF-16, in digits or in base64."""
    said = word.encode()
    disguises = [said, word.encode("utf-16-le"), said.hex().encode(), *_in_base64(said)]
    return [name for name, held in places.items() if any(one in held for one in disguises)]


def files_in(*folders: Path) -> dict[str, bytes]:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def database_files() -> dict[str, bytes]:
    """On SQLite with its log, on PostgreSQL all files of the server."""
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        return {
            path.name: _read_elsewhere(path) for path in database.parent.glob(f"{database.name}*")
        }
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        return files_in(Path(cursor.fetchone()[0]))


def _read_elsewhere(path: Path) -> bytes:
    """By another process: who closes a file loses all locks on it that this one has (fcntl(2)), and
    SQLite would take away what connections of this process still have in memory."""
    return subprocess.run(["cat", path], capture_output=True, check=True).stdout


def rows() -> dict[str, bytes]:
    """All values of each table, whole: in a file, a long one is cut into pages."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[f"rows of {table}"] = b"\n".join(
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for row in cursor.fetchall()
                for value in row
            )
    return found


def sessions() -> dict[str, bytes]:
    """What the rows of sessions say: they are packed, so a look at them shows nothing."""
    return {f"session {row.pk}": str(row.get_decoded()).encode() for row in Session.objects.all()}


def cached() -> dict[str, bytes]:
    """The cache of this process, with the names under which its values lie."""
    return {f"cache {name}": name.encode() + value for name, value in cache._cache.items()}


@contextlib.contextmanager
def logs() -> Iterator[dict[str, bytes]]:
    """Collects what is logged, by level: all of it, as the product writes it."""
    seen: dict[str, bytes] = {}
    formatter = ErrorsByPlace()

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = formatter.format(record).encode() + b"\n"
            seen[record.levelname] = seen.get(record.levelname, b"") + line

    root, keeping = logging.getLogger(), Keeping()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(keeping)
    try:
        yield seen
    finally:
        root.removeHandler(keeping)
        root.setLevel(before)


@contextlib.contextmanager
def temporary_files(folder: Path, monkeypatch) -> Iterator[dict[str, bytes]]:
    """Lets temporary files lie in that folder, and collects what is ever in one of them, also in
    those without a name."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    seen: dict[str, bytes] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_S):
            _keep_all(seen, [*folder.rglob("*"), *_open_files(folder)])

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _open_files(folder: Path) -> Iterator[Path]:
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(path).startswith(str(folder)):
                yield path


def _keep_all(seen: dict[str, bytes], paths: Iterable[Path]) -> None:
    for path in paths:
        # It may be gone again.
        with contextlib.suppress(OSError):
            if path.is_file():
                seen[str(path)] = seen.get(str(path), b"") + path.read_bytes()


def _in_base64(said: bytes) -> Iterator[bytes]:
    """As it looks behind none, one or two other bytes, without what its neighbours decide."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + said)
        yield whole[4 * bool(before) : len(whole) // 4 * 4 - 4]
