"""The one closed vocabulary between a model server and the rest of the product."""

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer."""

    delta: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The next piece of what the model thinks before it answers."""

    delta: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants to use a tool: always a whole call, in the order in which it was written.

    Nobody has checked the name or the arguments against what the model was offered.
    """

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the server measured; None where it said nothing. Times are seconds.

    A server may reuse what it has read before: `prompt_tokens` then counts all tokens,
    `prompt_s` only the work done, so one is never divided by the other.
    """

    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    load_s: float | None = None
    prompt_s: float | None = None
    reply_s: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete: always the last event, and the only sign of success.

    `reason` is "stop", "length" (cut at the limit), or what else the server said; "" if it
    said nothing.
    """

    reason: str
    counts: Counts


Event = Text | Thinking | ToolCall | Finished


@dataclass(frozen=True, slots=True)
class Called:
    """A call that the model made earlier, as it is told again; `arguments` is a JSON object.

    `id` ties the result to it.
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is in its file; `kind` is "image/png", "image/jpeg" or "image/webp"."""

    kind: str
    data: bytes

    @property
    def base64(self) -> str:
        return b64encode(self.data).decode()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation; the role is "system", "user", "assistant" or "tool".

    `pictures` belong to a user's message, and go to models alone that see them.

    `calls` are those that an assistant's message made; `tool` and `call_id` say of which one a
    tool's message is the result.
    """

    role: str
    content: str
    calls: tuple[Called, ...] = ()
    tool: str = ""
    call_id: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool that the model may ask for; `parameters` is a JSON Schema."""

    name: str
    about: str
    parameters: str

    @property
    def function(self) -> dict[str, Any]:
        """As both wires take it."""
        about = {"name": self.name, "description": self.about}
        return {
            "type": "function",
            "function": {**about, "parameters": json.loads(self.parameters)},
        }


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked of a model. `num_ctx` and `num_predict` are tokens.

    Every call on one model carries the same `num_ctx`: another one reloads the model.
    `think` is True, False or a level ("low", "medium", "high"); None is False where the model
    can think. `temperature` None leaves it to the model.
    """

    model: str
    turns: tuple[Turn, ...]
    num_ctx: int
    num_predict: int
    think: bool | str | None = None
    temperature: float | None = None
    tools: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far a part of a model has come; without a digest it is about the whole."""

    digest: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """A chat model that runs on the model server itself.

    `abilities` are the server's words ("completion", "tools", "thinking", "vision", …);
    `context_length` is the most tokens that the model takes, None if the server didn't say.
    """

    name: str
    size_bytes: int
    abilities: frozenset[str]
    context_length: int | None
    quantization: str = ""
    parameter_size: str = ""
    digest: str = ""
    family: str = ""


class EngineFailed(Exception):
    """The model server gave no complete answer.

    `code` is one of:

    - away: nothing listens at the address
    - not_ready: it listens, but answers nothing yet
    - model_missing: it doesn't have the model
    - unsuitable: the model can't do what was asked
    - cannot_think: the model was to think first, and can't
    - no_tools: it was offered tools, and can't use any
    - too_long: the prompt doesn't fit; `prompt_tokens` and `num_ctx` tell how much, if known
    - busy: too many requests at once
    - memory: the model doesn't fit into the server's memory
    - cut: the connection broke
    - unfinished: the answer ended in order, but without its end mark
    - stalled: nothing came for too long
    - refused: the server doesn't let us in
    - not_a_model_server: something else answers at the address
    - cloud: the model runs on somebody else's machines
    - broken: the server reported a fault of its own, or its answer made no sense
    - too_large: the answer outgrew what we are willing to hold

    `sentence` is for the person: what happened and what to do. The server's own prose isn't
    kept, since servers quote the conversation in it; `str()` gives the code alone.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        prompt_tokens: int | None = None,
        num_ctx: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.prompt_tokens = prompt_tokens
        self.num_ctx = num_ctx


class Cancelled(Exception):
    """Somebody cancelled the call."""


@dataclass(slots=True)
class Call:
    """One running question to a model server, which any thread may cancel at any time.

    `cancel` and `cut` are for everyone; the other methods are for the engines.
    """

    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _socket: socket.socket | None = None
    # How long whoever reads the connection rests after each time that it had to wait.
    rest_s: float = 0.0
    # Called when a question is on its way, and its answer is waited for.
    when_sent: Callable[[], None] | None = None
    # The time-out that the connection has; 0 before it was set.
    _allowed: float = 0.0

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Close the connection at once, whatever it is waiting for. Twice does no harm."""
        with self._lock:
            self._cancelled.set()
            self._shut()

    def cut(self) -> None:
        """Close the connection, as if the server had: the call itself may go on elsewhere."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # The plain socket's method: the TLS one would reset state that the reading thread
                # is using, whereas a shut connection simply wakes it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def hold(self, connected: socket.socket) -> None:
        """Remember the connection that `cancel` is to close. Raises Cancelled if it is late."""
        with self._lock:
            self._socket = connected
            self._allowed = 0.0
        self.check()

    def sent(self) -> None:
        if self.when_sent:
            self.when_sent()

    def release(self) -> None:
        """Forget the connection before its number is given to another one."""
        with self._lock:
            self._socket = None

    def check(self) -> None:
        """Raise Cancelled if somebody cancelled."""
        if self.cancelled:
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Sleep, but raise Cancelled as soon as somebody cancels."""
        if self._cancelled.wait(seconds):
            raise Cancelled

    def allow(self, seconds: float) -> None:
        """Let the next read of the connection take this long, to about a hundredth of it."""
        # Setting it costs as much as reading, for each token.
        if abs(seconds - self._allowed) <= self._allowed / 100:
            return
        with self._lock:
            if self._socket is not None:
                self._allowed = seconds
                # A connection that has delivered everything may be closed by now.
                with suppress(OSError):
                    self._socket.settimeout(max(seconds, 0.001))
