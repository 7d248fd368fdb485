"""A fake Ollama: a real HTTP server that plays named scenarios byte by byte.

In tests::

    with FakeOllama(scale=0.01) as server:
        server.play("busy", "plain")  # the first chat gets 503, all later ones an answer

As a program, for trying the product by hand::

    python -m chats.tests.fake_ollama --port 11434 --scenario story --delay-ms 50
"""

import argparse
import base64
import binascii
import contextlib
import hashlib
import itertools
import json
import select
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any, Self

END = b"0\r\n\r\n"
FOREVER = 10**9

STORY = """\
# The lighthouse at Grey Point

Mara kept the light for **eleven years**, and in all that time it failed only once. Every evening \
she climbed the *hundred and eight* steps, wound the clockwork, and wrote one line into the log.

| Night | Wind | Ships |
|-------|------|------:|
| Monday | north-west, strong | 4 |
| Tuesday | calm | 11 |
| Wednesday | fog, none | 0 |

What she checked before dark:

- the oil, up to the brass mark
- the lens, both sides
- the bell, in case of fog
  1. rope
  2. clapper

Her brother, who liked machines, had once written the rhythm of the light down for her:

```python
def flash(seconds: float) -> bool:
    \"\"\"Two short flashes, then darkness: Grey Point and no other.\"\"\"
    phase = seconds % 10
    return phase < 0.5 or 1.5 <= phase < 2.0
```

> A light that is always on is only a star. It is the darkness between that says *where you are*.

How far could it be seen? For a lamp at height $h$ metres, about $d \\approx 3.57\\sqrt{h}$ \
kilometres, and so for the tower's 64 metres:

$$
d \\approx 3.57 \\sqrt{64} \\approx 28.6
$$

That was far enough. On the night it failed, she rang the bell until morning, and all eleven \
ships passed.

"""


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes as one TCP segment. `lines` is how many lines of an answer they end."""

    data: bytes
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Stay silent. With `exact` the scale of the server doesn't shorten it."""

    seconds: float
    exact: bool = False


Step = Send | Pause


@dataclass(slots=True)
class Request:
    """What a client sent, and how it left."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: Any
    arrived: float = field(default_factory=monotonic)
    disconnected: float | None = None
    ended: float | None = None
    written: list[float] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def lines_after(self, moment: float) -> int:
        """How many lines of the answer were still written after this moment."""
        return sum(1 for written in self.written if written > moment)


class FakeServer:
    """A threaded HTTP server on loopback that controls every byte and records every request.

    `scale` shortens the pauses of the scenarios: 0.01 makes a minute 0.6 s.
    """

    # Scenarios that play on every path, not on the chat's alone.
    everywhere: frozenset[str] = frozenset()

    def __init__(self, *, port: int = 0, scale: float = 1.0, delay_s: float = 0.05) -> None:
        self.scale = scale
        self.delay_s = delay_s
        self.words = 0
        self.requests: list[Request] = []
        self._port = port
        self._program: list[str | Callable[[Request], Iterable[Step]]] = ["plain"]
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._now = Counter[str]()
        self._most = Counter[str]()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                fake._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, *_args: object) -> None:
                """A client that leaves is no error here."""

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def play(self, *scenarios: str | Callable[[Request], Iterable[Step]]) -> None:
        """Play these from now on, one a chat; the last one stays.

        A scenario is a name of `scenarios`, or a function from the request to its steps.
        """
        for scenario in scenarios:
            if isinstance(scenario, str):
                assert scenario in self.scenarios, scenario
        with self._lock:
            self._program = list(scenarios)

    @property
    def scenarios(self) -> dict[str, Callable[[Request], Iterable[Step]]]:
        raise NotImplementedError

    @property
    def chats(self) -> list[Request]:
        """The recorded requests for an answer, in order of arrival."""
        return [request for request in list(self.requests) if self.is_chat(request)]

    def is_chat(self, request: Request) -> bool:
        raise NotImplementedError

    def most_at_once(self, model: str) -> int:
        """How many chats of this model were ever open at the same time."""
        return self._most[model]

    def wait_for(self, happened: Callable[[], object], seconds: float = 5.0) -> bool:
        """Wait until something that the recording shows has happened."""
        deadline = monotonic() + seconds
        with self._changed:
            while not happened():
                if monotonic() >= deadline:
                    return False
                self._changed.wait(0.05)
        return True

    def before(self, request: Request) -> Iterator[Step]:
        """Not a byte until every chat that came earlier has ended, as with one place a model."""
        while any(chat.ended is None for chat in self.chats[: self.chats.index(request)]):
            yield Pause(0.02, exact=True)

    def answer(self, request: Request) -> Iterable[Step]:
        """The steps for a request that isn't a chat."""
        raise NotImplementedError

    def refuse(self, request: Request) -> Iterable[Step] | None:
        """The steps for a chat that a real server would refuse before it starts, or None."""
        return None

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = _read_request(connection)
        if request is None:
            return
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
        try:
            for step in self._steps(request):
                if isinstance(step, Pause):
                    self._pause(connection, step.seconds * (1 if step.exact else self.scale))
                else:
                    connection.sendall(step.data)
                    with self._changed:
                        request.written += [monotonic()] * step.lines
                        self._changed.notify_all()
        except (OSError, _Left):
            with self._changed:
                request.disconnected = monotonic()
                self._changed.notify_all()
        finally:
            with self._changed:
                request.ended = monotonic()
                self._changed.notify_all()

    def _steps(self, request: Request) -> Iterator[Step]:
        with self._lock:
            scenario = self._program[0]
            if self.is_chat(request) and len(self._program) > 1:
                self._program.pop(0)
        play = self.scenarios[scenario] if isinstance(scenario, str) else scenario
        if scenario in self.everywhere:
            yield from play(request)
        elif not self.is_chat(request):
            yield from self.answer(request)
        else:
            model = str(request.body.get("model", ""))
            with self._lock:
                self._now[model] += 1
                self._most[model] = max(self._most[model], self._now[model])
            try:
                yield from self.refuse(request) or play(request)
            finally:
                with self._lock:
                    self._now[model] -= 1

    def _pause(self, connection: socket.socket, seconds: float) -> None:
        """Wait, but notice within moments that the client or the test has gone."""
        deadline = monotonic() + seconds
        while (left := deadline - monotonic()) > 0:
            if self._stopping.is_set():
                raise _Left
            readable, _, _ = select.select([connection], [], [], min(left, 0.1))
            if readable and not connection.recv(4096):
                raise _Left


class _Left(Exception):
    """The client closed the connection."""


def _read_request(connection: socket.socket) -> Request | None:
    reader = connection.makefile("rb")
    with reader:
        method, _, rest = reader.readline().decode("latin-1").strip().partition(" ")
        if not method:
            return None
        headers = []
        while line := reader.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
        request = Request(method, rest.rpartition(" ")[0], headers, body=None)
        raw = reader.read(int(request.header("Content-Length") or 0))
    try:
        request.body = json.loads(raw) if raw else None
    except ValueError:
        request.body = raw
    return request


def whole(
    status: str,
    body: bytes,
    kind: str = "application/json; charset=utf-8",
    *,
    chunked: bool = False,
    more: str = "",
) -> list[Step]:
    """A complete answer with its head."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}{length}\r\n\r\n".encode()
    return [Send(head + (chunk(body) + END if chunked else body))]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


HTML = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"


class FakeOllama(FakeServer):
    """Ollama's endpoints as far as the product uses them, with bytes like Go's."""

    everywhere = frozenset(
        {"starting", "html", "html_not_found", "forbidden", "redirect", "bad_gateway"}
    )

    def __init__(
        self,
        *,
        port: int = 0,
        scale: float = 1.0,
        delay_s: float = 0.05,
        models: tuple["FakeModel", ...] = (),
    ) -> None:
        super().__init__(port=port, scale=scale, delay_s=delay_s)
        self.models = list(models or MODELS)
        self.loaded: set[str] = set()
        self.meanings: list[tuple[str, ...]] = []

    def is_chat(self, request: Request) -> bool:
        return request.method == "POST" and request.path == "/api/chat"

    @property
    def scenarios(self) -> dict[str, Callable[[Request], Iterable[Step]]]:
        return {
            name.removeprefix("_play_"): getattr(self, name)
            for name in dir(type(self))
            if name.startswith("_play_")
        }

    def answer(self, request: Request) -> Iterable[Step]:
        known = {
            ("GET", "/"): lambda: whole("200 OK", b"Ollama is running", "text/plain"),
            ("GET", "/api/version"): lambda: whole("200 OK", b'{"version":"0.32.15"}'),
            ("GET", "/api/tags"): self._tags,
            ("GET", "/api/ps"): self._ps,
            ("POST", "/api/show"): lambda: self._show(request),
            ("POST", "/api/pull"): lambda: self._pull(request),
            ("DELETE", "/api/delete"): lambda: self._delete(request),
            ("POST", "/api/embed"): lambda: self._embed(request),
        }
        if (request.method, request.path) in known:
            return known[request.method, request.path]()
        return whole("404 Not Found", b"404 page not found", "text/plain")

    def refuse(self, request: Request) -> Iterable[Step] | None:
        model = self._find(request.body.get("model", ""))
        if model is None:
            return error("404 Not Found", f"model '{request.body.get('model', '')}' not found")
        if "completion" not in model.abilities:
            return error("400 Bad Request", f'"{request.body["model"]}" does not support chat')
        if request.body.get("think") and "thinking" not in model.abilities:
            return error("400 Bad Request", f'"{request.body["model"]}" does not support thinking')
        if request.body.get("tools") and "tools" not in model.abilities:
            return self._play_tools_refused(request)
        if not request.body.get("messages"):
            return self._play_load_only(request)
        pictures = [one for turn in request.body["messages"] for one in turn.get("images", [])]
        if any(not _is_base64(one) for one in pictures):
            return error("400 Bad Request", "illegal base64 data at input byte 4")
        if pictures and "vision" not in model.abilities:
            # The server lets it through, and the runner refuses.
            told = "image input is not supported - hint: provide the mmproj"
            inner = go_json({"error": {"code": 500, "message": told, "type": "server_error"}})
            return error("500 Internal Server Error", inner.decode())
        return None

    def _find(self, name: str) -> "FakeModel | None":
        name = name.lower() if ":" in name else f"{name.lower()}:latest"
        return next((model for model in self.models if model.name.lower() == name), None)

    def _tags(self) -> list[Step]:
        return whole("200 OK", go_json({"models": [model.tag() for model in self.models]}))

    def _ps(self) -> list[Step]:
        running = [model.running() for model in self.models if model.name in self.loaded]
        return whole("200 OK", go_json({"models": running}))

    def _show(self, request: Request) -> list[Step]:
        model = self._find(request.body.get("model", ""))
        if model is None:
            name = request.body.get("model", "")
            return error("404 Not Found", f"model '{name}:latest' not found")
        return whole("200 OK", go_json(model.shown()))

    def _pull(self, request: Request) -> Iterator[Step]:
        """Names tell how it goes: absent…, offline…, hung-up…, forever… fail; all others come."""
        name, size = request.body["model"], 1_000_000_000
        yield Send(head())
        yield _sent({"status": "pulling manifest"})
        faults = {
            "absent": "pull model manifest: file does not exist",
            "offline": "pull model manifest: dial tcp: lookup registry.ollama.ai: no such host",
            "strange": "something new",
        }
        for beginning, fault in faults.items():
            if name.startswith(beginning):
                yield _sent({"error": fault})
                yield Send(b"0\r\n\r\n")
                return
        part = {"status": "pulling 6a0746a1ec1a", "digest": "sha256:6a0746a1ec1a", "total": size}
        yield _sent(part)
        for tenth in range(1, 11) if not name.startswith("forever") else itertools.repeat(3):
            yield Pause(self.delay_s, exact=True)
            yield _sent({**part, "completed": size * tenth // 10})
            if name.startswith("hung-up"):
                return
        yield _sent({"status": "verifying sha256 digest"})
        yield Pause(self.delay_s, exact=True)
        self.models.append(FakeModel(name))
        yield _sent({"status": "success"})
        yield Send(b"0\r\n\r\n")

    def _delete(self, request: Request) -> list[Step]:
        model = self._find(request.body.get("model", ""))
        if model is None:
            return error("404 Not Found", f"model '{request.body.get('model', '')}' not found")
        self.models.remove(model)
        return whole("200 OK", b"")

    def _embed(self, request: Request) -> list[Step]:
        """Vectors that count which of `meanings` a text speaks of, by any of its words."""
        if self._find(request.body["model"]) is None:
            return error("404 Not Found", f"model '{request.body['model']}' not found")
        vectors = [
            [0.1] + [float(sum(word in text.lower() for word in words)) for words in self.meanings]
            for text in request.body["input"]
        ]
        return whole("200 OK", go_json({"model": request.body["model"], "embeddings": vectors}))

    def _answering(self, request: Request) -> Send:
        """The head that comes with the first line; the model is loaded from now on."""
        model = self._find(request.body.get("model", ""))
        if model is not None:
            self.loaded.add(model.name)
        return Send(head())

    # Complete answers

    def _play_plain(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "Hel")
        yield Pause(0.05)
        yield say(request, "lo")
        yield final(request)
        yield Send(END)

    def _play_one_segment(self, request: Request) -> Iterator[Step]:
        yield Send(joined(self._play_plain(request)), lines=3)

    def _play_byte_by_byte(self, request: Request) -> Iterator[Step]:
        for byte in joined(self._play_plain(request)):
            yield Send(bytes([byte]))

    def _play_torn_utf8(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        line = say(request, " wörld 🙂").data
        first = line.index("ö".encode()) + 1
        second = line.index("🙂".encode()) + 2
        for part in (line[:first], line[first:second], line[second:]):
            yield Send(part)
            yield Pause(0.02, exact=True)
        yield final(request)
        yield Send(END)

    def _play_lookalikes(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "one\x85two\u2028three <b>bold</b> & four\r\nfive")
        yield final(request)
        yield Send(END)

    def _play_unsound(self, request: Request) -> Iterator[Step]:
        """Characters that no database takes, escaped as other servers would."""
        yield self._answering(request)
        line = json.dumps(_line(request, {"role": "assistant", "content": "a\x00b\ud800c"}))
        yield Send(chunk(line.encode() + b"\n"), lines=1)
        yield final(request)
        yield Send(END)

    def _play_cold_load(self, request: Request) -> Iterator[Step]:
        self.loaded.clear()
        yield Pause(90)
        yield from self._play_plain(request)

    def _play_thinking(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield think(request, "let me ")
        yield think(request, "see")
        yield say(request, "Answer")
        yield final(request)
        yield Send(END)

    def _play_thinking_only(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield think(request, "hmm")
        yield final(request)
        yield Send(END)

    def _play_tool_calls(self, request: Request) -> Iterator[Step]:
        """Each call on a line of its own, as models send them whose prompt Ollama renders."""
        yield self._answering(request)
        yield say(request, "Checking. ")
        for call in CALLS:
            message = {"role": "assistant", "content": "", "tool_calls": [call]}
            yield _sent(_line(request, message))
        yield final(request)
        yield Send(END)

    def _play_tool_calls_last(self, request: Request) -> Iterator[Step]:
        """All of them on the final line, as with templates out of the model's own file."""
        yield self._answering(request)
        yield say(request, "Checking. ")
        yield final(request, calls=CALLS)
        yield Send(END)

    def _play_tool_calls_alone(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield final(request, calls=CALLS)
        yield Send(END)

    def _play_in_turn(self, request: Request) -> Iterator[Step]:
        yield from self.before(request)
        yield from self._play_plain(request)

    def _play_length(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "abc")
        yield final(request, "length")
        yield Send(END)

    def _play_sparse(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield _sent(_line(request, {"role": "assistant", "content": "!"}, {"done": True}))
        yield Send(END)

    def _play_giant_line(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "x" * 3_000_000)
        yield final(request)
        yield Send(END)

    def _play_story(self, request: Request) -> Iterator[Step]:
        """A tale with a table, code, lists and mathematics, a word at a time.

        `words` is how many; 0 tells it once. A model that is asked to think thinks first.
        """
        yield self._answering(request)
        if request.body.get("think"):
            for word in words_of("The person wants a story. A lighthouse would be calm. ", 10):
                yield think(request, word)
                yield Pause(self.delay_s, exact=True)
        for word in words_of(STORY, self.words):
            yield say(request, word)
            yield Pause(self.delay_s, exact=True)
        yield final(request)
        yield Send(END)

    # Answers that go on, stand still or break off

    def _play_endless(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        for number in range(FOREVER):
            yield say(request, f"{number} ")
            yield Pause(self.delay_s, exact=True)

    def _play_stall(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "abc")
        yield Pause(FOREVER, exact=True)

    def _play_never_answers(self, request: Request) -> Iterator[Step]:
        yield Pause(FOREVER, exact=True)

    def _play_error_midstream(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "abc")
        yield _sent(
            {"error": "an error was encountered while running the model: CUDA error: out of memory"}
        )
        yield Send(END)

    def _play_no_done(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        for _ in range(31):
            yield say(request, "ha ")
        yield Send(END)

    def _play_not_streamed(self, request: Request) -> Iterable[Step]:
        """One whole answer at once, and yet not the end of it."""
        message = {"role": "assistant", "content": "ha ha"}
        return whole("200 OK", go_json(_line(request, message)))

    def _play_load_only(self, request: Request) -> Iterable[Step]:
        """What a question without messages gets."""
        done = {"done": True, "done_reason": "load"}
        return whole("200 OK", go_json(_line(request, {"role": "assistant", "content": ""}, done)))

    def _play_cut(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "abc")
        line = say(request, "never seen").data
        yield Send(line[: len(line) // 2])

    def _play_never_ending_line(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield Send(chunk(b'{"model":"m","message":{"role":"assistant","content":"'))
        piece = chunk(b"x" * 1_000_000)
        for _ in range(FOREVER):
            yield Send(piece)

    def _play_too_much_text(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        for _ in range(FOREVER):
            yield say(request, "x" * 1_000_000)

    def _play_garbled(self, request: Request) -> Iterator[Step]:
        yield self._answering(request)
        yield say(request, "abc")
        yield Send(chunk(b"<html>proxy</html>\n"))
        yield Send(END)

    # Errors before anything

    def _play_missing(self, request: Request) -> Iterable[Step]:
        return error("404 Not Found", f"model '{request.body['model']}' not found")

    def _play_invalid(self, request: Request) -> Iterable[Step]:
        return error("400 Bad Request", "invalid model name")

    def _play_think_refused(self, request: Request) -> Iterable[Step]:
        name = request.body["model"]
        return error("400 Bad Request", f'"{name}" does not support thinking')

    def _play_tools_refused(self, request: Request) -> Iterable[Step]:
        if not request.body.get("tools"):
            return self._play_plain(request)
        return error("400 Bad Request", f'"{request.body["model"]}" does not support tools')

    def _play_busy(self, request: Request) -> Iterable[Step]:
        return error(
            "503 Service Unavailable",
            "server busy, please try again.  maximum pending requests exceeded",
        )

    def _play_load_failed(self, request: Request) -> Iterable[Step]:
        return error(
            "500 Internal Server Error",
            "llama-server process has terminated: exit status 1: error loading model: "
            "missing tensor",
            chunked=True,
        )

    def _play_out_of_memory(self, request: Request) -> Iterable[Step]:
        return error(
            "500 Internal Server Error",
            "llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory",
        )

    def _play_too_long(self, request: Request) -> Iterable[Step]:
        inner = {
            "error": {
                "code": 400,
                "message": "request (9000 tokens) exceeds the available context size "
                "(4096 tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9000,
                "n_ctx": 4096,
            }
        }
        return error("400 Bad Request", go_json(inner).decode())

    # Something else at the address

    def _play_starting(self, request: Request) -> Iterator[Step]:
        yield Pause(20)
        # The connections that waited are answered once the server is up.
        yield from self._play_plain(request) if self.is_chat(request) else self.answer(request)

    def _play_html(self, request: Request) -> Iterable[Step]:
        return whole("200 OK", HTML, "text/html")

    def _play_html_on_chat(self, request: Request) -> Iterable[Step]:
        return whole("200 OK", HTML, "application/x-ndjson", chunked=True)

    def _play_html_not_found(self, request: Request) -> Iterable[Step]:
        return whole("404 Not Found", HTML, "text/html")

    def _play_forbidden(self, request: Request) -> Iterable[Step]:
        return [Send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")]

    def _play_redirect(self, request: Request) -> Iterable[Step]:
        return whole(
            "307 Temporary Redirect", b"", "text/plain", more=f"Location: {self.url}/elsewhere\r\n"
        )

    def _play_bad_gateway(self, request: Request) -> Iterable[Step]:
        return whole("502 Bad Gateway", HTML, "text/html")


CALLS = [
    {
        "id": "call_e8f975km",
        "function": {"index": 0, "name": "get_weather", "arguments": {"city": "Oslo"}},
    },
    # Servers before 0.12.10 send no id.
    {"function": {"index": 1, "name": "get_weather", "arguments": {"city": "Bergen <b>"}}},
]


def asking_for(
    *calls: tuple[str, dict[str, Any]], said: str = "", on_last_line: bool = False
) -> Callable[[Request], Iterable[Step]]:
    """A scenario in which the model asks for these tools, in either of Ollama's two ways."""
    asked = [
        {"function": {"index": index, "name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(calls)
    ]

    def play(request: Request) -> Iterator[Step]:
        yield Send(head())
        if said:
            yield say(request, said)
        if not on_last_line:
            for call in asked:
                message = {"role": "assistant", "content": "", "tool_calls": [call]}
                yield _sent(_line(request, message))
        yield final(request, calls=asked if on_last_line else ())
        yield Send(END)

    return play


@dataclass(frozen=True, slots=True)
class FakeModel:
    """A model as the list and the details describe it; they may disagree, as they really do."""

    name: str
    abilities: tuple[str, ...] = ("completion",)
    size: int = 2_019_393_189
    parameters: str = "3.2B"
    context_length: int = 131_072
    remote: bool = False
    remote_in_list: bool = False
    family: str = "llama"

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def tag(self) -> dict[str, Any]:
        listed = {
            "name": self.name,
            "model": self.name,
            "modified_at": "2026-08-21T09:14:03.123456789+02:00",
            "size": self.size,
            "digest": self.digest,
            "details": self._details() | {"context_length": self.context_length},
            "capabilities": [self.abilities[0]],
        }
        return listed | (REMOTE if self.remote_in_list else {})

    def running(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": self.name,
            "size": self.size,
            "digest": self.digest,
            "details": self._details(),
            "expires_at": "2318-09-10T12:00:00Z",
            "size_vram": 0,
            "context_length": 8192,
        }

    def shown(self) -> dict[str, Any]:
        said = {
            "modelfile": f"FROM {self.name}\n",
            "template": "{{ .Prompt }}",
            "details": self._details(),
            "model_info": {
                "general.architecture": "llama",
                "llama.context_length": self.context_length,
                "tokenizer.ggml.tokens": None,
            },
            "capabilities": list(self.abilities),
            "modified_at": "2026-08-21T09:14:03.123456789+02:00",
        }
        return said | (REMOTE if self.remote else {})

    def _details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.family,
            "families": [self.family],
            "parameter_size": self.parameters,
            "quantization_level": "Q4_K_M",
        }


REMOTE = {"remote_model": "gpt-oss:120b", "remote_host": "https://ollama.com:443"}

MODELS = (
    FakeModel("llama3.1:8b", ("completion", "tools"), 4_920_753_328, "8.0B"),
    FakeModel("plain:latest"),
    FakeModel("qwen3:4b", ("completion", "tools", "thinking"), 2_497_293_931, "4.0B", 40_960),
    FakeModel("nomic-embed-text:latest", ("embedding",), 274_302_450, "137M", 2048),
    FakeModel("gpt-oss:120b-cloud", ("completion", "thinking"), 384, "116.8B"),
    FakeModel("borrowed:latest", size=381, remote_in_list=True),
    FakeModel("hidden:latest", size=382, remote=True),
)


def go_json(value: object) -> bytes:
    """JSON as Go's encoder writes it: compact, some characters escaped, U+0085 not."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def _is_base64(text: str) -> bool:
    with contextlib.suppress(binascii.Error):
        return bool(base64.b64decode(text, validate=True))
    return False


def error(status: str, message: str, *, chunked: bool = False) -> list[Step]:
    return whole(status, go_json({"error": message}), chunked=chunked)


def head() -> bytes:
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return (
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
        f"Date: {date}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()


def say(request: Request, text: str) -> Send:
    return _sent(_line(request, {"role": "assistant", "content": text}))


def think(request: Request, text: str) -> Send:
    return _sent(_line(request, {"role": "assistant", "content": "", "thinking": text}))


def final(
    request: Request,
    reason: str = "stop",
    prompt_tokens: int = 12,
    reply_tokens: int = 3,
    calls: Sequence[dict] = (),
) -> Send:
    metrics = {
        "done": True,
        "done_reason": reason,
        "total_duration": 573_115_978,
        "load_duration": 66_147_992,
        "prompt_eval_count": prompt_tokens,
        "prompt_eval_duration": 12_500_000,
        "eval_count": reply_tokens,
        "eval_duration": 30_250_000,
    }
    message = {"role": "assistant", "content": ""} | ({"tool_calls": calls} if calls else {})
    return _sent(_line(request, message, metrics))


def joined(steps: Iterable[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Send))


def words_of(text: str, words: int) -> Iterator[str]:
    """The text word by word with its white space, told again until there are enough.

    0 means once.
    """
    pieces = [line_word for line in text.splitlines(True) for line_word in _words(line)]
    for number in range(words or len(pieces)):
        yield pieces[number % len(pieces)]


def _words(line: str) -> Iterator[str]:
    start = 0
    while start < len(line):
        end = line.find(" ", start + 1)
        end = len(line) if end < 0 else end
        yield line[start:end]
        start = end


def _line(request: Request, message: dict[str, Any], more: dict[str, Any] | None = None) -> dict:
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    return {
        "model": request.body.get("model", ""),
        "created_at": created,
        "message": message,
    } | (more or {"done": False})


def _sent(line: dict[str, Any]) -> Send:
    return Send(chunk(go_json(line) + b"\n"), lines=1)


def run(server: type[FakeServer], default_port: int) -> None:
    """Serve until Ctrl-C, as a program."""
    parser = argparse.ArgumentParser(description=(server.__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=default_port)
    parser.add_argument("--scenario", default="story", help="what each chat plays")
    parser.add_argument("--delay-ms", type=float, default=50, help="pause after each word")
    parser.add_argument("--words", type=int, default=0, help="words of the story; 0 tells it once")
    parser.add_argument("--scale", type=float, default=1.0, help="factor for the other pauses")
    wanted = parser.parse_args()
    with server(port=wanted.port, scale=wanted.scale, delay_s=wanted.delay_ms / 1000) as fake:
        if wanted.scenario not in fake.scenarios:
            parser.exit(2, f"--scenario is one of: {', '.join(sorted(fake.scenarios))}\n")
        fake.words = wanted.words
        fake.play(wanted.scenario)
        print(fake.url, flush=True)
        try:
            while True:
                sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    run(FakeOllama, 11434)
