"""llama.cpp as a Python package: an extra of the project, installed when it is first needed."""

import importlib
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from chats.builtin import environment
from chats.builtin.sources import uv

PACKAGE = "xllamacpp"
LOCK = Path(__file__).resolve().parents[2] / "requirements-builtin.lock"
LIMIT_S = 900

logger = logging.getLogger(__name__)


class EngineMissing(Exception):
    """The engine can't be installed; the text tells a person what to do."""


def is_installed() -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec(PACKAGE) is not None


def install(wait: Callable[[], None], command: list[str] | None = None) -> None:
    """Install the engine as it is pinned. `wait` is called again and again, and may raise.

    Raises EngineMissing.
    """
    process = subprocess.Popen(  # noqa: S603
        command or _command(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment.of_installer(),
    )
    until = monotonic() + LIMIT_S
    try:
        while process.poll() is None and monotonic() < until:
            wait()
            sleep(0.25)
    finally:
        process.kill()
        _, errors = process.communicate()
    if process.returncode != 0 or not is_installed():
        logger.error("Installing the engine failed: %s", errors.decode(errors="replace")[-2000:])
        raise EngineMissing(
            "The program that runs the built-in model can't be installed. Check the connection "
            "to the internet and try again, or install Ollama."
        )


def _command() -> list[str]:
    """Only what the lock names, with its hashes, into the environment that is running."""
    wanted = ["--require-hashes", "--no-deps", "--quiet", "-r", str(LOCK)]
    if found := uv():
        return [found, "pip", "install", "--python", sys.executable, *wanted]
    return [
        *(sys.executable, "-P", "-m", "pip", "install", "--disable-pip-version-check"),
        *("--only-binary=xllamacpp", *wanted),
    ]
