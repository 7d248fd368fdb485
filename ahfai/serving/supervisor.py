"""One parent that keeps its children running, and takes them along when it goes."""

import os
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from ahfai.processes import LAME_DUCK, end_with_parent
from ahfai.serving import door
from ahfai.serving.readiness import Probe
from ahfai.stopping import StopAsked

DEATHS = 5
WITHIN_S = 60
LONGEST_PAUSE_S = 8
# What a child gets for ending beyond the time that replies have.
CLOSING_S = 7
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass
class Child:
    name: str
    main: Callable[[], object]
    pid: int = 0
    start_at: float = 0.0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS + 1))

    def died(self) -> None:
        """Note it, and when to try again: at once, then after 1, 2, 4 … seconds."""
        now = time.monotonic()
        self.pid = 0
        self.deaths.append(now)
        recent = sum(now - death < WITHIN_S for death in self.deaths)
        self.start_at = now + (min(2 ** (recent - 2), LONGEST_PAUSE_S) if recent > 1 else 0)

    @property
    def keeps_dying(self) -> bool:
        return len(self.deaths) > DEATHS and time.monotonic() - self.deaths[0] < WITHIN_S


class Supervisor:
    def __init__(
        self,
        children: list[Child],
        listener: socket.socket,
        welcome: Callable[[], str],
        is_lent: bool = False,
    ) -> None:
        """The first of the children serves the pages. `welcome` gives the words to print when
        the first page can be served. A listener that `is_lent` stays open elsewhere."""
        self.children = children
        self.listener = listener
        self.is_lent = is_lent
        self.probe = Probe(listener)
        self.welcome = welcome

    def run(self) -> int:
        """Returns the exit code: 0 after being asked to stop, 1 when a child keeps dying."""
        with StopAsked(signal.SIGCHLD) as self.stop:
            code = self._watch()
            self._end_all()
        return code

    def _watch(self) -> int:
        ready = False
        while not self.stop.times:
            self._reap()
            for child in self.children:
                if child.keeps_dying:
                    _say(f"AhFai ends: its {child.name} process keeps dying. See the lines above.")
                    return 1
                if not child.pid and time.monotonic() >= child.start_at:
                    self._start(child)
            if not ready and self.probe.look():
                ready = True
                print(self.welcome(), flush=True)  # noqa: T201
            self.stop.wait(self._pause(ready), *([] if ready else self.probe.sockets))
        return 0

    def _pause(self, ready: bool) -> float:
        waiting = [child.start_at - time.monotonic() for child in self.children if not child.pid]
        return min([*waiting, 60.0 if ready else 0.5])

    def _start(self, child: Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        # Held back until the child has its own way of ending, or a stop could get lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        child.pid = os.fork()
        if child.pid == 0:
            _be(child, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _reap(self) -> None:
        for child in self.children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                child.died()
                if not self.stop.times:
                    code = os.waitstatus_to_exitcode(status)
                    how = f"code {code}" if code >= 0 else signal.Signals(-code).name
                    _say(f"The {child.name} process ended ({how}); it is started again.")

    def _end_all(self) -> None:
        """The first child, and when it is gone all others: the replies that it still gives need
        them. A second Ctrl-C doesn't wait."""
        self._stand_aside()
        if not self.is_lent:
            door.shut(self.listener)
        self.listener.close()
        asked = self.stop.times
        first, *others = self.children
        self._end([first], settings.DRAIN_S + CLOSING_S, asked)
        self._end(others, CLOSING_S, asked)

    def _stand_aside(self) -> None:
        """For LAME_DUCK_S all is answered as ever but `/ready`, so that balancers send people
        elsewhere before anything ends. Another signal cuts that short."""
        asked, deadline = self.stop.times, time.monotonic() + settings.LAME_DUCK_S
        if settings.LAME_DUCK_S and asked and self.children[0].pid:
            os.kill(self.children[0].pid, LAME_DUCK)
            while time.monotonic() < deadline and self.stop.times <= asked:
                self.stop.wait(deadline - time.monotonic())
                self._reap()

    def _end(self, children: list[Child], seconds: float, asked: int) -> None:
        """SIGTERM, then time to finish, then SIGKILL."""

        def living() -> list[Child]:
            return [child for child in children if child.pid]

        # gunicorn's SIGTERM is the gentle one; each child passes it on to its own.
        for child in living():
            os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while living() and time.monotonic() < deadline and self.stop.times <= asked:
            self.stop.wait(deadline - time.monotonic())
            self._reap()
        for child in living():
            os.killpg(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            child.pid = 0


def _be(child: Child, parent: int) -> None:
    code = 1
    try:
        # A group of its own: Ctrl-C in the terminal reaches the parent only, which decides.
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        end_with_parent(parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        child.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # noqa: BLE001 (it ends here, whatever it was)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
