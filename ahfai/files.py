"""Small files of the installation, for its owner alone (0600), whole on the disk or not there."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def create_once(path: Path, text: str) -> None:
    """Create the file unless it is there; two processes that start together agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _written_beside(path, text) as fresh, suppress(FileExistsError):
        os.link(fresh, path)
    _save_folder(path)


def replace(path: Path, text: str) -> None:
    """Put `text` in the place of the file's content, which keeps its owner and group."""
    path = path.resolve()
    before = path.stat()
    with _written_beside(path, text, owner=(before.st_uid, before.st_gid)) as fresh:
        fresh.replace(path)
    _save_folder(path)


def put_in_place(fresh: Path, path: Path) -> None:
    """Let the complete file `fresh`, of the same disk, take the place of `path` in one step."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
    _save_folder(path)


@contextmanager
def alone(folder: Path, wait: bool = True) -> Iterator[None]:
    """Nobody else who asks for the same folder gets in meanwhile, in this or any other process.

    Raises BlockingIOError where somebody is in there and `wait` is false.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@contextmanager
def _written_beside(path: Path, text: str, owner: tuple[int, int] | None = None) -> Iterator[Path]:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            if owner not in (None, (os.geteuid(), os.getegid())):
                os.fchown(file.fileno(), *owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)


def _save_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
