"""Keeps the built-in model running: gets what it needs, starts its server, starts it again."""

import http.client
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from chats.builtin import engine, environment, machine
from chats.builtin.engine import EngineMissing
from chats.builtin.server import Settings
from chats.builtin.weights import Progress, Weights, WeightsMissing, obtain

LOOK_EVERY_S = 0.5
STEADY_S = 60.0
DEATHS = 5
PROJECT = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


class _Stopped(Exception):
    pass


class _Failed(Exception):
    """The text is a sentence for the person."""


def keep(
    *,
    weights: Weights,
    folder: Path,
    key: str,
    model_file: Path | None,
    threads: int,
    report: Callable[[Progress], None],
    restart_wanted: Callable[[], bool],
    stopping: threading.Event,
    port: int = 0,
) -> None:
    """Run until `stopping` is set; the server is gone when this returns.

    `restart_wanted` is asked twice a second and answers True once for each wish. While the
    state is "failed", a wish means: try again from the start. Neither it nor `report` may raise.
    With `port` 0 each start of the server has another one, which is told when it is ready.
    """

    def tell(progress: Progress) -> None:
        if stopping.is_set():
            raise _Stopped
        report(progress)

    def settle() -> Settings:
        return Settings(
            weights=str(_prepare(weights, folder, model_file, tell)),
            template=str(folder / f"{weights.stem}.jinja"),
            name=weights.name,
            port=port,
            key=key,
            threads=max(1, min(threads, os.cpu_count() or 1)),
            parent=os.getpid(),
        )

    while not stopping.is_set():
        try:
            _serve(settle(), tell, restart_wanted, stopping)
        except _Stopped:
            return
        except (_Failed, EngineMissing, WeightsMissing) as failure:
            sentence = str(failure)
        except Exception as error:
            logger.exception("The built-in model can't be prepared")
            sentence = _why_unprepared(error, folder)
        else:
            continue
        report(Progress("failed", sentence=sentence))
        while not stopping.wait(LOOK_EVERY_S) and not restart_wanted():
            pass


def _prepare(
    weights: Weights, folder: Path, model_file: Path | None, tell: Callable[[Progress], None]
) -> Path:
    if lack := machine.what_it_lacks():
        raise _Failed(lack)
    if not engine.is_installed():
        engine.install(lambda: tell(Progress("installing")))
    return obtain(weights, folder, model_file=model_file, progress=tell)


def _serve(
    settings: Settings,
    tell: Callable[[Progress], None],
    restart_wanted: Callable[[], bool],
    stopping: threading.Event,
) -> None:
    """Start the server as often as needed. Raises _Failed when it doesn't stay alive."""
    deaths = 0
    while not stopping.is_set():
        restart_wanted()  # A wish from before is granted by this very start.
        tell(Progress("loading"))
        child = _start(settings)
        try:
            ready_at = _watch(child, settings.key, tell, restart_wanted, stopping)
        finally:
            child.kill()
            _, errors = child.communicate()
        if ready_at is None:
            continue
        deaths = 1 if monotonic() - ready_at >= STEADY_S else deaths + 1
        logger.warning(
            "The built-in model's server ended with %s: %s",
            child.returncode,
            errors.decode(errors="replace")[-2000:].strip(),
        )
        if deaths >= DEATHS:
            raise _Failed(_why(child.returncode))
        # Before the pause: nobody is to be sent to a server that isn't there.
        tell(Progress("loading"))
        stopping.wait(0.25 * 2**deaths)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    variables = environment.of_server()
    # Threads that wait for each other by spinning keep the processor from those they wait for
    # as soon as anything else runs here: on two busy cores a sixth of the speed is left.
    variables["GOMP_SPINCOUNT"] = "1000"
    child = subprocess.Popen(
        [sys.executable, "-m", "chats.builtin.server"],
        cwd=PROJECT,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    try:
        child.stdin.write(settings.line())
        child.stdin.close()
    except BrokenPipeError:
        pass  # It is dead already, which the watch will see.
    child.stdin = None
    return child


def _watch(
    child: subprocess.Popen[bytes],
    key: str,
    tell: Callable[[Progress], None],
    restart_wanted: Callable[[], bool],
    stopping: threading.Event,
) -> float | None:
    """Wait until the child dies, and tell since when it had been ready (now, if it never was).
    None as soon as a restart or the stop is wanted; the child still runs then."""
    ready_at: float | None = None
    port = 0
    while child.poll() is None:
        port = port or _port_of(child)
        if ready_at is None and port and _answers(port, key):
            ready_at = monotonic()
            tell(Progress("ready", port=port))
        if stopping.wait(LOOK_EVERY_S if ready_at else LOOK_EVERY_S / 5) or (
            ready_at and restart_wanted()
        ):
            return None
    return ready_at or monotonic()


def _port_of(child: subprocess.Popen[bytes]) -> int:
    """Where the server listens; 0 as long as it hasn't said so."""
    assert child.stdout is not None
    has_said, _, _ = select.select([child.stdout], [], [], 0)
    return int(child.stdout.readline() or 0) if has_said else 0


def _answers(port: int, key: str) -> bool:
    """Whether the model is loaded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _why_unprepared(error: Exception, folder: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"The built-in model can't be prepared in {folder}: {error.strerror}."
    return (
        "The built-in model can't be prepared; AhFai's log says more. Try again, or install Ollama."
    )


def _why(code: int) -> str:
    if code == -signal.SIGKILL:
        return (
            "The system keeps stopping the built-in model, most likely because memory runs out. "
            "Close other programs, or set BUILTIN_MODEL=small, and try again."
        )
    if code == -signal.SIGILL:
        return "The built-in model can't run on this processor. Install Ollama instead."
    return (
        "The built-in model can't be started; AhFai's log says more. Try again, or install Ollama."
    )
