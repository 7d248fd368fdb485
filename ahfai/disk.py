"""Room on the disk of SQLite's file. Changes are refused while there is still enough for what is
being written, so that nothing acknowledged is lost, and reading goes on.

Should the disk fill up all the same, a file of 16 MB makes way, so that what has begun can end.
PostgreSQL looks after its own disk, which may be another machine's.
"""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection

MB = 1024 * 1024
FULL_BELOW = 64 * MB
RESERVE = 16 * MB
# Not made where it would take what it is there to give.
RESERVE_ABOVE = 4 * FULL_BELOW
LOOK_EVERY_S = 2.0

log = logging.getLogger("ahfai.disk")
# When this process looked last, and what it found.
_looked: tuple[float, bool] | None = None


def is_short() -> bool:
    """Whether less than FULL_BELOW is free, as this process saw it within LOOK_EVERY_S."""
    global _looked
    now = time.monotonic()
    if _looked is None or now - _looked[0] >= LOOK_EVERY_S:
        _looked = now, connection.vendor == "sqlite" and _free() < FULL_BELOW
    return _looked[1]


def forget() -> None:
    """Look anew at the next question."""
    global _looked
    _looked = None


def keep_reserve() -> None:
    """Write the file that makes way, where it isn't there and there is plenty of room."""
    path = _reserve()
    if connection.vendor != "sqlite" or path.exists() or _free() < RESERVE_ABOVE:
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            # Zeros take no room where the file system packs them.
            for _part in range(RESERVE // MB):
                file.write(os.urandom(MB))
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def make_way(error: BaseException) -> None:
    """Give the reserve up if the error says that the disk is full."""
    if is_full(error) and _reserve().exists():
        with suppress(OSError):
            _reserve().unlink(missing_ok=True)
            log.error("the disk is full: the reserve of %d MB was given up", RESERVE // MB)


def is_full(error: BaseException) -> bool:
    return "disk is full" in str(error)


@contextmanager
def not_needed_to_read() -> Iterator[None]:
    """What is written beside a page that is read, and left out where the disk is full."""
    try:
        yield
    except OperationalError as error:
        if not is_full(error):
            raise


def _free() -> int:
    return shutil.disk_usage(settings.DATA_DIR).free


def _reserve() -> Path:
    return settings.DATA_DIR / "reserve"
