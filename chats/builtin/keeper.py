"""Keeps the built-in model running: gets what it needs, starts its server, starts it again."""

import http.client
import logging
import os
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
    port: int,
    key: str,
    model_file: Path | None,
    threads: int,
    report: Callable[[Progress], None],
    restart_wanted: Callable[[], bool],
    stopping: threading.Event,
) -> None:
    """Run until `stopping` is set; the server is gone when this returns.

    `restart_wanted` is asked twice a second and answers True once for each wish. While the
    state is "failed", a wish means: try again from the start.
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
        except OSError as error:
            logger.exception("The built-in model can't be prepared")
            sentence = f"The built-in model can't be prepared in {folder}: {error.strerror}."
        except Exception as error:
            logger.exception("The built-in model can't be prepared")
            sentence = (
                f"The built-in model can't be prepared ({type(error).__name__}); AhFai's log says "
                "more. Try again, or install Ollama."
            )
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
            ready_at = _watch(child, settings, tell, restart_wanted, stopping)
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
        stdout=subprocess.DEVNULL,
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
    settings: Settings,
    tell: Callable[[Progress], None],
    restart_wanted: Callable[[], bool],
    stopping: threading.Event,
) -> float | None:
    """Wait until the child dies, and tell since when it had been ready (now, if it never was).
    None as soon as a restart or the stop is wanted; the child still runs then."""
    ready_at: float | None = None
    while child.poll() is None:
        if ready_at is None and _answers(settings):
            ready_at = monotonic()
            tell(Progress("ready"))
        if stopping.wait(LOOK_EVERY_S if ready_at else LOOK_EVERY_S / 5) or (
            ready_at and restart_wanted()
        ):
            return None
    return ready_at or monotonic()


def _answers(settings: Settings) -> bool:
    """Whether the model is loaded. Asked with the key: something else may be at the port."""
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=2)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {settings.key}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


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
