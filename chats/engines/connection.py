"""One question to a model server: one fresh connection that can be cut at any moment.

No proxy, no redirect, no cookie, no Origin, no compression: nobody else may see a prompt, and
what we send depends on our arguments alone, not on the environment. That is why the adapter of
requests is driven here without its Session.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic, sleep
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Timeout

from chats.engines.events import Call, EngineFailed
from chats.engines.failures import failed

LINE_BYTES = 64 * 1024 * 1024
ANSWER_BYTES = 4 * 1024 * 1024
ERROR_BYTES = 64 * 1024
READ_BYTES = 64 * 1024

NOT_AN_ADDRESS = (
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)

UNSOUND = re.compile("[\x00\ud800-\udfff]")
# A read that took longer found nothing there at first.
WAITED_S = 0.002
REFUSED_WAIT_S = 0.5
LOADING_WAIT_S = 1.0
ERROR_BODY_S = 5.0


class Answer:
    """A status and a body that is still arriving."""

    def __init__(
        self, response: requests.Response, adapter: HTTPAdapter, call: Call, deadline: float
    ) -> None:
        self.status = response.status_code
        self.kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._response = response
        self._adapter = adapter
        self._call = call
        self._deadline = deadline

    def expect_within(self, seconds: float) -> None:
        """From now on the next sign of life may take this long."""
        self._deadline = monotonic() + seconds

    def lines(self) -> Iterator[bytes]:
        """The body cut at the byte 0x0A and nowhere else.

        A last line without that byte comes too. Raises EngineFailed when the connection breaks,
        when it is silent past the deadline, or when a line is larger than LINE_BYTES.
        """
        buffer = bytearray()
        searched = 0
        while piece := self._read():
            buffer += piece
            while (end := buffer.find(b"\n", searched)) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                searched = 0
                yield line
                self._call.check()
            searched = len(buffer)
            if searched > LINE_BYTES:
                raise failed("too_large")
        if buffer:
            yield bytes(buffer)

    def whole(self, cap: int = LINE_BYTES) -> bytes:
        """The whole body. Raises EngineFailed as `lines` does, "too_large" beyond the cap."""
        body = bytearray()
        while piece := self._read():
            body += piece
            if len(body) > cap:
                raise failed("too_large")
        return bytes(body)

    def error_text(self) -> str:
        """What an error answer says: the plain text or JSON of its body, "" for a web page."""
        self.expect_within(ERROR_BODY_S)
        try:
            text = self.whole(ERROR_BYTES).decode("utf-8", "replace")
        except EngineFailed:
            return ""
        return "" if self.kind == "text/html" or text.lstrip().startswith("<") else text

    def close(self) -> None:
        self._call.release()
        self._response.close()
        self._adapter.close()

    def __enter__(self) -> "Answer":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _read(self) -> bytes:
        began = monotonic()
        left = self._deadline - began
        if left <= 0:
            raise failed("stalled")
        self._call.allow(left)
        try:
            piece = self._response.raw.read1(READ_BYTES, decode_content=False)
        except ReadTimeoutError as error:
            self._call.check()
            raise failed("stalled") from error
        except (HTTPError, OSError, ValueError, AttributeError) as error:
            # The last two: urllib3 may be reading a connection that cancel has just shut.
            self._call.check()
            raise failed("cut") from error
        self._call.check()
        if self._call.rest_s and monotonic() - began > WAITED_S:
            sleep(self._call.rest_s)
        return piece


class ModelServer:
    """Where a model server is, and how patiently it is asked."""

    def __init__(
        self,
        url: str,
        *,
        connect_s: float,
        retry_after_s: Sequence[float],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.connect_s = connect_s
        self.retry_after_s = tuple(retry_after_s)
        self.headers = {
            "User-Agent": "AhFai",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **(headers or {}),
        }

    def send(
        self, call: Call, method: str, path: str, body: object = None, *, within_s: float
    ) -> Answer:
        """Ask once and wait for the status.

        Raises EngineFailed: "away" if there is no connection, "stalled" if nothing comes in
        time, "cut" if the server hangs up. Raises Cancelled.
        """
        call.check()
        deadline = monotonic() + within_s
        request = requests.Request(method, self.url + path, headers=dict(self.headers))
        if body is not None:
            request.data = json.dumps(body, separators=(",", ":")).encode()
            request.headers["Content-Type"] = "application/json"
        adapter = _CuttableAdapter(call)
        try:
            response = adapter.send(
                request.prepare(),
                stream=True,
                # requests takes urllib3's own Timeout too, which its types don't know.
                timeout=Timeout(  # type: ignore[arg-type]
                    connect=min(self.connect_s, within_s), total=within_s
                ),
            )
        except BaseException as error:
            connected = adapter.connected
            call.release()
            adapter.close()
            call.check()
            if isinstance(error, NOT_AN_ADDRESS):
                raise failed("not_a_model_server") from error
            if isinstance(error, requests.ReadTimeout):
                raise failed("stalled") from error
            if isinstance(error, requests.RequestException | HTTPError | OSError | ValueError):
                raise failed("cut" if connected else "away") from error
            raise
        return Answer(response, adapter, call, deadline)

    def send_patiently(
        self,
        call: Call,
        method: str,
        path: str,
        body: object = None,
        *,
        within_s: float,
        is_loading: Callable[[str], bool] = lambda text: False,
    ) -> Answer:
        """Like `send`, but asks again where nothing can have been generated yet.

        That is after a refused connect (once) and after a 503 (as often as `retry_after_s`
        says, or until `within_s` is over while `is_loading` finds in its text that the server
        is loading the model). A 503 that stays is "busy" or "not_ready".
        """
        deadline = monotonic() + within_s
        pauses = list(self.retry_after_s)
        refused_before = False
        while True:
            try:
                answer = self.send(
                    call, method, path, body, within_s=max(deadline - monotonic(), 0.1)
                )
            except EngineFailed as failure:
                if refused_before or not _was_refused(failure):
                    raise
                refused_before = True
                call.wait(REFUSED_WAIT_S)
                continue
            if answer.status != 503:
                return answer
            with answer:
                page = answer.kind == "text/html"
                text = answer.error_text()
            if page:
                raise failed("not_a_model_server")
            if is_loading(text):
                if monotonic() > deadline:
                    raise failed("not_ready")
                call.wait(LOADING_WAIT_S)
            elif pauses:
                call.wait(pauses.pop(0))
            else:
                raise failed("busy")


def json_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes, or None if they hold anything else."""
    try:
        found = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def count(said: Mapping[str, Any], field: str) -> int | None:
    """A number that a server may leave out."""
    value = said.get(field)
    return value if isinstance(value, int) and value >= 0 else None


def sound(text: str) -> str:
    """The text without what no database and no browser takes: NUL and lone surrogates."""
    return UNSOUND.sub("\ufffd", text)


def _was_refused(failure: EngineFailed) -> bool:
    return failure.code == "away" and not isinstance(failure.__cause__, requests.ConnectTimeout)


class _CuttableAdapter(HTTPAdapter):
    """Hands the socket of its connection to the call before a byte is sent, and tells it when all
    are."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.connected = False
        super().__init__(pool_connections=1, pool_maxsize=1)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        adapter = self

        class CuttableConnection(pool.ConnectionCls):
            def connect(self) -> None:
                super().connect()
                adapter.connected = True
                adapter._call.hold(self.sock)

            def getresponse(self) -> Any:
                adapter._call.sent()
                return super().getresponse()

        pool.ConnectionCls = CuttableConnection
        return pool
