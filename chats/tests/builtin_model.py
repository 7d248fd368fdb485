"""The built-in model as tests run it: the real server, a keeper in a thread, a tiny model."""

import fcntl
import http.client
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ahfai.tests.lacking import skip_or_fail
from ahfai.tests.ports import free_port
from chats.builtin import engine, machine
from chats.builtin.keeper import keep
from chats.builtin.weights import TEST, Progress, WeightsMissing, obtain
from chats.tests.conftest import wait_until

KEY = "a-key-of-the-tests"


def tiny_weights() -> Path:
    """The file of the test model, downloaded once into AHFAI_TEST_CACHE.

    Skips the test where it can't be had; fails it if AHFAI_NO_SKIP is set.
    """
    if lack := machine.what_it_lacks():
        skip_or_fail(lack)
    if not engine.is_installed():
        skip_or_fail("The engine isn't installed: requirements-dev.lock has it.")
    cache = Path(os.environ.get("AHFAI_TEST_CACHE") or Path.home() / ".cache" / "ahfai-tests")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return obtain(TEST, cache, model_file=None, progress=lambda _progress: None)
        except WeightsMissing as missing:
            skip_or_fail(str(missing))


@dataclass
class Kept:
    """A running keeper, and what a caller sees of it."""

    port: int
    folder: Path
    said: list[Progress] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _answers: list["Answer"] = field(default_factory=list)
    _wish: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def states(self) -> list[str]:
        """What was reported, without repetitions."""
        states = [progress.state for progress in self.said]
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state]

    def wish_restart(self) -> None:
        self._wish.set()

    def granted(self) -> bool:
        wished = self._wish.is_set()
        self._wish.clear()
        return wished

    def wait_until_ready(self, times: int = 1) -> None:
        wait_until(
            lambda: "failed" in self.states() or self.states().count("ready") >= times, seconds=60
        )
        assert self.states()[-1] == "ready", self.said[-1]

    def server_pid(self) -> int | None:
        """The process that listens at the port."""
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[1].endswith(f":{self.port:04X}") and columns[3] == "0A":
                return _owner_of(f"socket:[{columns[9]}]")
        return None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> "Answer":
        """One request with the key, unless another Authorization is given."""
        answer = Answer(
            self.port, method, path, body, {"Authorization": f"Bearer {KEY}", **headers}
        )
        self._answers.append(answer)
        return answer

    def hang_up(self) -> None:
        for answer in self._answers:
            answer.close()

    def chat(self, text: str, **options: Any) -> "Answer":
        """A streamed chat completion."""
        return self.ask(
            "POST",
            "/v1/chat/completions",
            {
                "messages": [{"role": "user", "content": text}],
                "stream": True,
                "stream_options": {"include_usage": True},
                "max_tokens": 8,
                **options,
            },
        )


class Answer:
    """The status and the headers at once, the lines as they come."""

    def __init__(
        self, port: int, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, headers)
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers

    def lines(self) -> Iterator[str]:
        for line in self._response:
            yield line.decode().rstrip("\r\n")

    def events(self) -> list[Any]:
        """All that came as data up to the end, decoded; "[DONE]" as it is."""
        said = [line.removeprefix("data: ") for line in self.lines() if line.startswith("data:")]
        return [text if text == "[DONE]" else json.loads(text) for text in said]

    def json(self) -> Any:
        return json.loads(self._response.read())

    def close(self) -> None:
        self._response.close()
        self._connection.close()


@contextmanager
def kept(folder: Path, port: int = 0) -> Iterator[Kept]:
    """A keeper with the tiny model, from its start to its end."""
    running = Kept(port or free_port(), folder)
    thread = threading.Thread(
        target=keep,
        kwargs={
            "weights": TEST,
            "folder": folder,
            "port": running.port,
            "key": KEY,
            "model_file": tiny_weights(),
            "threads": 2,
            "report": running.said.append,
            "restart_wanted": running.granted,
            "stopping": running.stopping,
        },
    )
    thread.start()
    try:
        yield running
    finally:
        running.hang_up()
        running.stopping.set()
        thread.join(20)
        assert not thread.is_alive(), "the keeper doesn't stop"


def _owner_of(link: str) -> int | None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(handle) == link for handle in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return None
