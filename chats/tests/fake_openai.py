"""A fake of llama.cpp's HTTP server: OpenAI's wire, played byte by byte.

In tests::

    with FakeOpenAI(scale=0.01) as server:
        server.play("loading", "plain")

As a program::

    python -m chats.tests.fake_openai --port 8080 --scenario story --delay-ms 50
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chats.tests.fake_ollama import (
    END,
    FOREVER,
    HTML,
    STORY,
    FakeServer,
    Pause,
    Request,
    Send,
    Step,
    chunk,
    joined,
    run,
    whole,
    words_of,
)

DONE = Send(chunk(b"data: [DONE]\n\n"), lines=1)
PING = Send(chunk(b":\n\n"))


class FakeOpenAI(FakeServer):
    """llama.cpp's endpoints as far as the product uses them, with its bytes."""

    everywhere = frozenset(
        {"starting", "html", "html_not_found", "forbidden", "redirect", "bad_gateway"}
    )

    def __init__(
        self, *, port: int = 0, scale: float = 1.0, delay_s: float = 0.05, key: str = ""
    ) -> None:
        super().__init__(port=port, scale=scale, delay_s=delay_s)
        self.key = key
        self.loading = False
        self.models: list[dict[str, Any]] = [MODEL]
        self.abilities: dict[str, list[str]] = {MODEL["id"]: ["completion"]}

    def is_chat(self, request: Request) -> bool:
        return request.method == "POST" and request.path == "/v1/chat/completions"

    @property
    def scenarios(self) -> dict[str, Callable[[Request], Iterable[Step]]]:
        return {
            name.removeprefix("_play_"): getattr(self, name)
            for name in dir(type(self))
            if name.startswith("_play_")
        }

    def answer(self, request: Request) -> Iterable[Step]:
        if request.path == "/health":
            return LOADING if self.loading else whole("200 OK", b'{"status":"ok"}')
        if refused := self.refuse(request):
            return refused
        if request.path == "/v1/models":
            extras = [
                {"name": name, "model": name, "capabilities": abilities}
                for name, abilities in self.abilities.items()
            ]
            listed = {"models": extras, "object": "list", "data": self.models}
            return whole("200 OK", compact(listed))
        if request.path == "/props":
            return whole("200 OK", b'{"build_info":"b10488-0123abc","total_slots":2}')
        return error("404 Not Found", "File Not Found", "not_found_error")

    def refuse(self, request: Request) -> Iterable[Step] | None:
        if self.key and request.header("Authorization") != f"Bearer {self.key}":
            return error("401 Unauthorized", "Invalid API Key", "authentication_error")
        if self.loading:
            return LOADING
        if self.is_chat(request):
            parts = [turn["content"] for turn in request.body["messages"]]
            has_picture = any(isinstance(one, list) for one in parts)
            if has_picture and "multimodal" not in self.abilities.get(request.body["model"], []):
                told = "image input is not supported - hint: provide the mmproj"
                return error("500 Internal Server Error", told, "server_error")
        return None

    # Complete answers

    def _play_plain(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "Hel")
        yield Pause(0.05)
        yield say(request, "lo")
        yield from closing(request)

    def _play_one_segment(self, request: Request) -> Iterator[Step]:
        yield Send(joined(self._play_plain(request)))

    def _play_byte_by_byte(self, request: Request) -> Iterator[Step]:
        for byte in joined(self._play_plain(request)):
            yield Send(bytes([byte]))

    def _play_torn_utf8(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        line = say(request, " wörld 🙂").data
        first = line.index("ö".encode()) + 1
        second = line.index("🙂".encode()) + 2
        for part in (line[:first], line[first:second], line[second:]):
            yield Send(part)
            yield Pause(0.02, exact=True)
        yield from closing(request)

    def _play_lookalikes(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "one\x85two\u2028three <b>bold</b> & four\r\nfive")
        yield from closing(request)

    def _play_unsound(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        line = json.dumps({"choices": [{"index": 0, "delta": {"content": "a\x00b\ud800c"}}]})
        yield Send(chunk(b"data: " + line.encode() + b"\n\n"))
        yield from closing(request)

    def _play_carriage_returns(self, request: Request) -> Iterator[Step]:
        """Lines that end with CR LF, and no space after the colon, as the standard allows."""
        yield Send(HEAD)
        for step in (*opening(request), say(request, "Hello"), *closing(request)):
            if isinstance(step, Send) and b"data: " in step.data:
                line = step.data.split(b"\r\n")[1].strip().replace(b"data: ", b"data:")
                yield Send(chunk(line + b"\r\n\r\n"))
        yield Send(END)

    def _play_cold_load(self, request: Request) -> Iterator[Step]:
        yield Pause(90)
        yield from self._play_plain(request)

    def _play_pings(self, request: Request) -> Iterator[Step]:
        """The prompt is read for a minute and a half, and a ping says so now and then."""
        yield Send(HEAD)
        for _ in range(3):
            yield PING
            yield Pause(30)
        yield say(request, None)
        yield say(request, "Hello")
        yield from closing(request)

    def _play_thinking(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield part(request, {"reasoning_content": "let me "})
        yield part(request, {"reasoning_content": "see"})
        yield say(request, "Answer")
        yield from closing(request)

    def _play_thinking_elsewhere(self, request: Request) -> Iterator[Step]:
        """Thoughts under the name that other servers use."""
        yield from opening(request)
        yield part(request, {"reasoning": "let me see", "content": ""})
        yield say(request, "Answer")
        yield from closing(request)

    def _play_cannot_think(self, request: Request) -> Iterator[Step]:
        """As vLLM does with models of Mistral."""
        if {"chat_template_kwargs", "reasoning_effort"} & request.body.keys():
            message = "chat_template is not supported for Mistral tokenizers."
            yield from error("400 Bad Request", message, "BadRequestError")
        else:
            yield from self._play_plain(request)

    def _play_tools_refused(self, request: Request) -> Iterator[Step]:
        """As llama.cpp does where it was started without the model's own template."""
        if request.body.get("tools"):
            message = "tools param requires --jinja flag"
            yield from error("500 Internal Server Error", message, "server_error")
        else:
            yield from self._play_plain(request)

    def _play_thinking_only(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield part(request, {"reasoning_content": "hmm"})
        yield from closing(request)

    def _play_tool_calls(self, request: Request) -> Iterator[Step]:
        """Two calls, their arguments in pieces that are told apart by the index alone."""
        yield from opening(request)
        yield say(request, "Checking. ")
        for index, pieces in ((0, ['{"ci', 'ty":"Os', 'lo"}']), (1, ['{"city":"Ber', 'gen"}'])):
            named = {"name": "get_weather", "arguments": ""}
            yield call(request, {"index": index, "id": f"x{index}", "type": "function"}, named)
            for piece in pieces:
                yield call(request, {"index": index}, {"arguments": piece})
        yield from closing(request, "tool_calls")

    def _play_tool_calls_alone(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield call(request, {"index": 0}, {"name": "get_time", "arguments": ""})
        yield from closing(request, "tool_calls")

    def _play_tool_call_cut(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield call(request, {"index": 0}, {"name": "get_time", "arguments": '{"zo'})
        yield from closing(request, "length")

    def _play_tool_call_garbled(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield call(request, {"index": 0}, {"name": "get_time", "arguments": '{"zo'})
        yield from closing(request, "tool_calls")

    def _play_giant_line(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "x" * 3_000_000)
        yield from closing(request)

    def _play_in_turn(self, request: Request) -> Iterator[Step]:
        yield from self.before(request)
        yield from self._play_plain(request)

    def _play_whole(self, request: Request) -> Iterable[Step]:
        """A server that can't stream, whatever it was asked for."""
        message = {"role": "assistant", "content": "Hello"}
        choice = {"finish_reason": "stop", "index": 0, "message": message}
        usage = {"completion_tokens": 3, "prompt_tokens": 12, "total_tokens": 15}
        return whole("200 OK", compact(_chunk(request, [choice]) | {"usage": usage}))

    def _play_whole_with_calls(self, request: Request) -> Iterable[Step]:
        calls = [
            {"type": "function", "function": {"name": "get_weather", "arguments": arguments}}
            for arguments in ('{"city":"Oslo"}', '{"city":"Bergen"}')
        ]
        message = {"role": "assistant", "content": "Checking. ", "tool_calls": calls}
        choice = {"finish_reason": "tool_calls", "index": 0, "message": message}
        return whole("200 OK", compact(_chunk(request, [choice])))

    def _play_not_streamed(self, request: Request) -> Iterable[Step]:
        """A whole answer at once, and yet not the end of it."""
        message = {"role": "assistant", "content": "ha ha"}
        choice = {"finish_reason": None, "index": 0, "message": message}
        return whole("200 OK", compact(_chunk(request, [choice])))

    def _play_length(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield from closing(request, "length")

    def _play_sparse(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "!")
        yield part(request, {}, "stop")
        yield DONE
        yield Send(END)

    def _play_story(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        for word in words_of(STORY, self.words):
            yield say(request, word)
            yield Pause(self.delay_s, exact=True)
        yield from closing(request)

    # Answers that go on, stand still or break off

    def _play_endless(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        for number in range(FOREVER):
            yield say(request, f"{number} ")
            yield Pause(self.delay_s, exact=True)

    def _play_stall(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield Pause(FOREVER, exact=True)

    def _play_never_answers(self, request: Request) -> Iterator[Step]:
        yield Pause(FOREVER, exact=True)

    def _play_error_midstream(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield event({"error": {"code": 500, "message": "CUDA error: out of memory"}})
        yield Send(END)

    def _play_error_field(self, request: Request) -> Iterator[Step]:
        """The error as older servers write it: a field of its own, no data."""
        yield from opening(request)
        yield say(request, "abc")
        yield Send(chunk(b'error: {"code":500,"message":"Compute error."}\n\n'))
        yield Send(END)

    def _play_no_done(self, request: Request) -> Iterator[Step]:
        """The answer of a model is complete, and yet its end mark is missing."""
        yield from opening(request)
        yield say(request, "ha ")
        yield part(request, {}, "stop")
        yield Send(END)

    def _play_no_reason(self, request: Request) -> Iterator[Step]:
        """The end mark is there, and yet nobody said why the answer ended."""
        yield from opening(request)
        yield say(request, "ha ")
        yield DONE
        yield Send(END)

    def _play_cut(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        line = say(request, "never seen").data
        yield Send(line[: len(line) // 2])

    def _play_never_ending_line(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield Send(chunk(b'data: {"choices":[{"index":0,"delta":{"content":"'))
        piece = chunk(b"x" * 1_000_000)
        for _ in range(FOREVER):
            yield Send(piece)

    def _play_too_much_call(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        for _ in range(FOREVER):
            yield call(request, {"index": 0}, {"name": "f", "arguments": "x" * 1_000_000})

    def _play_too_much_text(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        for _ in range(FOREVER):
            yield say(request, "x" * 1_000_000)

    def _play_garbled(self, request: Request) -> Iterator[Step]:
        yield from opening(request)
        yield say(request, "abc")
        yield Send(chunk(b"data: <html>proxy</html>\n\n"))
        yield Send(END)

    # Errors before anything

    def _play_missing(self, request: Request) -> Iterable[Step]:
        message = f"The model `{request.body['model']}` does not exist."
        return error("404 Not Found", message, "NotFoundError")

    def _play_invalid(self, request: Request) -> Iterable[Step]:
        message = "Expected 'messages' to be an array"
        return error("400 Bad Request", message, "invalid_request_error")

    def _play_loading(self, request: Request) -> Iterable[Step]:
        return LOADING

    def _play_busy(self, request: Request) -> Iterable[Step]:
        return error("503 Service Unavailable", "Too many requests", "unavailable_error")

    def _play_load_failed(self, request: Request) -> Iterable[Step]:
        return error("500 Internal Server Error", "Compute error.", "server_error", chunked=True)

    def _play_out_of_memory(self, request: Request) -> Iterable[Step]:
        return error("500 Internal Server Error", "CUDA error: out of memory", "server_error")

    def _play_too_long(self, request: Request) -> Iterable[Step]:
        told = {
            "code": 400,
            "message": "request (9000 tokens) exceeds the available context size (4096 tokens), "
            "try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 9000,
            "n_ctx": 4096,
        }
        return whole("400 Bad Request", compact({"error": told}))

    def _play_too_long_elsewhere(self, request: Request) -> Iterable[Step]:
        """The same as vLLM says it, with the request quoted behind."""
        message = (
            "This model's maximum context length is 4096 tokens. However, you requested 9000 "
            f"tokens. {{'type': 'value_error', 'input': {request.body['messages']}}}"
        )
        return error("400 Bad Request", message, "BadRequestError")

    # Something else at the address

    def _play_starting(self, request: Request) -> Iterator[Step]:
        yield Pause(20)
        yield from self._play_plain(request) if self.is_chat(request) else self.answer(request)

    def _play_html(self, request: Request) -> Iterable[Step]:
        return whole("200 OK", HTML, "text/html")

    def _play_html_on_chat(self, request: Request) -> Iterable[Step]:
        return whole("200 OK", HTML, "text/event-stream", chunked=True)

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


MODEL: dict[str, Any] = {
    "id": "qwen2.5-coder-1.5b",
    "object": "model",
    "created": 1795476066,
    "owned_by": "llamacpp",
    "meta": {
        "n_ctx": 4096,
        "n_ctx_train": 32768,
        "n_params": 1543714304,
        "size": 1111376896,
        "ftype": "Q4_K_M",
    },
}

HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: \r\n"
    b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def error(status: str, message: str, kind: str, *, chunked: bool = False) -> list[Step]:
    told = {"error": {"code": int(status[:3]), "message": message, "type": kind}}
    return whole(status, compact(told), chunked=chunked)


LOADING = error("503 Service Unavailable", "Loading model", "unavailable_error")


def opening(request: Request) -> Iterator[Step]:
    """The head, and the first delta, which says null."""
    yield Send(HEAD)
    yield say(request, None)


def closing(request: Request, reason: str = "stop") -> Iterator[Step]:
    """The reason, the usage on a chunk without choices, and the end mark."""
    yield part(request, {}, reason)
    yield event(
        _chunk(request, [])
        | {
            "usage": {"completion_tokens": 3, "prompt_tokens": 12, "total_tokens": 15},
            "timings": {"prompt_n": 12, "prompt_ms": 12.5, "predicted_n": 3, "predicted_ms": 30.25},
        }
    )
    yield DONE
    yield Send(END)


def say(request: Request, text: str | None) -> Send:
    return part(request, {"content": text} | ({"role": "assistant"} if text is None else {}))


def call(request: Request, about: dict[str, Any], function: dict[str, str]) -> Send:
    return part(request, {"tool_calls": [about | {"function": function}]})


def part(request: Request, delta: dict[str, Any], reason: str | None = None) -> Send:
    choice = {"finish_reason": reason, "index": 0, "delta": delta}
    return event(_chunk(request, [choice]))


def event(said: dict[str, Any]) -> Send:
    return Send(chunk(b"data: " + compact(said) + b"\n\n"), lines=1)


def _chunk(request: Request, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "choices": choices,
        "created": 1795476069,
        "id": "chatcmpl-BOizSKuyIn0NvCJSJVJcbhVCnvtKwulx",
        "model": request.body.get("model", ""),
        "object": "chat.completion.chunk",
    }


if __name__ == "__main__":
    run(FakeOpenAI, 8080)
