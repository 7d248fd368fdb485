"""OpenAI's wire as self-hosted servers speak it: llama.cpp first, vLLM, SGLang, LM Studio.

`stream` reads the connection as fast as it is iterated: iterate it eagerly. The server fixes
the context length, so `num_ctx` isn't sent. llama.cpp notices that a call was cancelled only
after it has read the prompt.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from chats.engines import names
from chats.engines.connection import (
    ANSWER_BYTES,
    Answer,
    ModelServer,
    count,
    json_object,
    sound,
)
from chats.engines.events import (
    Call,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Model,
    Picture,
    Prompt,
    Text,
    Thinking,
    ToolCall,
    Turn,
)
from chats.engines.failures import failed, too_long

LOOK_S = 3.0
LIST_S = 5.0
THINKING_PATIENCE = 2.5


class OpenAI:
    wire = "openai"

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        first_byte_s: float = 900,
        line_s: float = 120,
        connect_s: float = 5,
        retry_after_s: Sequence[float] = (2, 5, 10),
    ) -> None:
        """The url may end in /v1, as other programs want it, or not."""
        self.first_byte_s = first_byte_s
        self.line_s = line_s
        self._server = ModelServer(
            url.rstrip("/").removesuffix("/v1"),
            connect_s=connect_s,
            retry_after_s=retry_after_s,
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )

    def version(self) -> str:
        """The server's build if it tells one, as llama.cpp does, else "". Raises EngineFailed."""
        self._listed(LOOK_S)
        try:
            return str(self._get("/props", LOOK_S).get("build_info") or "")
        except EngineFailed:
            return ""

    def models(self) -> list[Model]:
        """The chat models of the server. Raises EngineFailed."""
        found = (_model(entry, extra) for entry, extra in self._listed(LIST_S))
        return [
            model
            for model in found
            if "completion" in model.abilities and not names.is_cloud(model.name)
        ]

    def look(self, model: str) -> str:
        """What keeps an answer from coming: "ready" (nothing: the model is loaded), "loading",
        "missing", "away" or "not_ready". Takes 3 s at most and raises nothing.
        """
        deadline = monotonic() + LOOK_S
        try:
            with self._server.send(Call(), "GET", "/health", within_s=LOOK_S) as answer:
                if answer.status == 503:
                    return "loading"
            listed = self._listed(max(deadline - monotonic(), 0.1))
        except EngineFailed as failure:
            return "not_ready" if failure.code in ("not_ready", "stalled") else "away"
        return "ready" if any(entry["id"] == model for entry, _extra in listed) else "missing"

    def abilities(self, model: str, call: Call) -> frozenset[str]:
        """The words for what `model` can do, as far as the server lists them. Raises Cancelled."""
        try:
            listed = self.models()
        except EngineFailed:
            listed = []
        call.check()
        return next((one.abilities for one in listed if one.name == model), frozenset())

    def context_length(self, model: str, call: Call) -> int | None:
        """The most tokens that one conversation gets; None if the server doesn't say.

        Raises Cancelled.
        """
        try:
            listed = self.models()
        except EngineFailed:
            # Not every server of this wire lists its models, and asking tells what is wrong.
            listed = []
        call.check()
        return next((found.context_length for found in listed if found.name == model), None)

    def stream(self, prompt: Prompt, call: Call) -> Iterator[Event]:
        """Ask, and yield the answer as it comes; a Finished is the last event of a success.

        Raises EngineFailed (what was yielded before stands) or Cancelled.
        """
        if names.is_cloud(prompt.model):
            # The address may be the OpenAI side of an Ollama, which passes such names on.
            raise failed("cloud", model=prompt.model)
        body: dict[str, Any] = {
            "model": prompt.model,
            "messages": [_message(turn) for turn in prompt.turns],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": prompt.num_predict,
        }
        if prompt.tools:
            body["tools"] = [tool.function for tool in prompt.tools]
        if prompt.temperature is not None:
            body["temperature"] = prompt.temperature
        with self._send(call, body | _about_thinking(prompt), body, prompt) as answer:
            if answer.status != 200:
                raise _refusal(answer, prompt)
            if answer.kind == "text/html":
                raise failed("not_a_model_server")
            is_slow = prompt.think or prompt.tools
            patience_s = self.line_s * (THINKING_PATIENCE if is_slow else 1)
            yield from _events(answer, prompt, patience_s)

    def _send(
        self, call: Call, body: dict[str, Any], plainer: dict[str, Any], prompt: Prompt
    ) -> Answer:
        """Ask, and once more with the plainer body where a field of the other one was refused:
        servers of this wire don't say which model can think."""
        answer = self._server.send_patiently(
            call,
            "POST",
            "/v1/chat/completions",
            body,
            within_s=self.first_byte_s,
            is_loading=_is_loading,
        )
        if answer.status not in (400, 422) or body == plainer:
            return answer
        with answer:
            refusal = _refusal(answer, prompt)
        if refusal.code != "broken":
            raise refusal
        return self._send(call, plainer, plainer, prompt)

    def _listed(self, within_s: float) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each entry of /v1/models, with what llama.cpp says of it in a second list."""
        said = self._get("/v1/models", within_s)
        if not isinstance(said.get("data"), list):
            raise failed("not_a_model_server")
        extras = said.get("models")
        by_name = {
            extra.get("name"): extra
            for extra in (extras if isinstance(extras, list) else [])
            if isinstance(extra, dict)
        }
        return [
            (entry, by_name.get(entry["id"], {}))
            for entry in said["data"]
            if isinstance(entry, dict) and isinstance(entry.get("id"), str)
        ]

    def _get(self, path: str, within_s: float) -> dict[str, Any]:
        try:
            with self._server.send(Call(), "GET", path, within_s=within_s) as answer:
                if answer.status != 200:
                    raise _refusal(answer, None)
                found = json_object(answer.whole())
        except EngineFailed as failure:
            if failure.code == "stalled":
                raise failed("not_ready") from failure
            raise
        if found is None:
            raise failed("not_a_model_server")
        return found


def _message(turn: Turn) -> dict[str, Any]:
    """Arguments are a text here, which holds an object."""
    message: dict[str, Any] = {"role": turn.role, "content": turn.content}
    if turn.pictures:
        message["content"] = [
            *([{"type": "text", "text": turn.content}] if turn.content else []),
            *({"type": "image_url", "image_url": {"url": _url(one)}} for one in turn.pictures),
        ]
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in turn.calls
        ]
    if turn.role == "tool":
        message["tool_call_id"] = turn.call_id
    return message


def _url(picture: Picture) -> str:
    """With the picture in it: no server fetches anything."""
    return f"data:{picture.kind};base64,{picture.base64}"


def _about_thinking(prompt: Prompt) -> dict[str, Any]:
    if prompt.think is None:
        return {}
    fields: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": bool(prompt.think)}}
    if isinstance(prompt.think, str):
        fields["reasoning_effort"] = prompt.think
    return fields


def _events(answer: Answer, prompt: Prompt, between_lines_s: float) -> Iterator[Event]:
    received = 0
    begun = False
    reason: str | None = None
    counts = Counts()
    calls: dict[int, _Fragments] = {}
    for line in _lines(answer):
        field, _colon, value = line.partition(b":")
        value = value.strip()
        if field == b"data" and value == b"[DONE]":
            if reason is None:
                raise failed("unfinished")
            if reason != "length":
                # What the limit cut is no call.
                yield from [call.whole() for _index, call in sorted(calls.items())]
            yield Finished(reason, counts)
            return
        if field not in (b"data", b"error"):
            if not begun and line.lstrip()[:1] in (b"<", b"{"):
                raise failed("not_a_model_server")
            # What is left are blank lines, pings (":" first) and fields that nobody needs.
            continue
        said = json_object(value)
        if said is None:
            raise failed("broken" if begun else "not_a_model_server")
        begun = True
        if field == b"error" or said.get("error"):
            raise _fault(answer.status, _error(said) or said, prompt)
        counts = _counts(said, counts)
        choice = _choice(said)
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise failed("broken")
        for name, event in (
            ("reasoning_content", Thinking),
            ("reasoning", Thinking),
            ("content", Text),
        ):
            piece = delta.get(name)
            if not isinstance(piece, str | None):
                raise failed("broken")
            if piece and not (name == "reasoning" and delta.get("reasoning_content")):
                piece = sound(piece)
                received += len(piece.encode())
                if received > ANSWER_BYTES:
                    raise failed("too_large")
                yield event(piece)
                answer.expect_within(between_lines_s)
        if grown := _gather(delta.get("tool_calls") or [], calls):
            received += grown
            if received > ANSWER_BYTES:
                raise failed("too_large")
            answer.expect_within(between_lines_s)
        if isinstance(choice.get("finish_reason"), str):
            reason = choice["finish_reason"]
            answer.expect_within(between_lines_s)
    raise failed("unfinished")


def _lines(answer: Answer) -> Iterator[bytes]:
    """The lines of the body; a whole answer, of a server that can't stream, as one delta."""
    if answer.kind != "application/json":
        yield from answer.lines()
        return
    body = answer.whole()
    said = json_object(body) or {}
    choice = _choice(said)
    message = choice.get("message")
    if not isinstance(message, dict):
        yield from body.split(b"\n")
        return
    pieces = message.get("tool_calls")
    for index, piece in enumerate(pieces if isinstance(pieces, list) else []):
        if isinstance(piece, dict):
            piece["index"] = index
    choice["delta"] = message
    yield b"data: " + json.dumps(said).encode()
    yield b"data: [DONE]"


@dataclass(slots=True)
class _Fragments:
    """A call of a tool while it is being written: its name comes once, its arguments in pieces."""

    name: str = ""
    arguments: str = ""

    def whole(self) -> ToolCall:
        try:
            arguments = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            arguments = None
        if not self.name or not isinstance(arguments, dict):
            raise failed("broken")
        return ToolCall(self.name, arguments)


def _gather(pieces: object, calls: dict[int, _Fragments]) -> int:
    """Add these pieces to the calls that they belong to. Returns how many bytes they are."""
    grown = 0
    if not isinstance(pieces, list):
        raise failed("broken")
    for piece in pieces:
        index = piece.get("index", 0) if isinstance(piece, dict) else None
        function = (piece.get("function") or {}) if isinstance(piece, dict) else None
        if not isinstance(index, int) or not isinstance(function, dict):
            raise failed("broken")
        name, arguments = function.get("name") or "", function.get("arguments") or ""
        if not isinstance(name, str) or not isinstance(arguments, str):
            raise failed("broken")
        call = calls.setdefault(index, _Fragments())
        call.name = call.name or name
        call.arguments += arguments
        # An empty piece costs memory too.
        grown += len(name.encode()) + len(arguments.encode()) + 1
    return grown


def _choice(said: dict[str, Any]) -> dict[str, Any]:
    """The one choice of a chunk; the chunk with the usage has none."""
    choices = said.get("choices") or [{}]
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise failed("broken")
    return choices[0]


def _counts(said: dict[str, Any], before: Counts) -> Counts:
    """The usage, and llama.cpp's timings in milliseconds, once a chunk brings them."""
    usage = said.get("usage")
    if not isinstance(usage, dict):
        return before
    timings = said.get("timings")
    timings = timings if isinstance(timings, dict) else {}
    return Counts(
        prompt_tokens=count(usage, "prompt_tokens"),
        reply_tokens=count(usage, "completion_tokens"),
        prompt_s=_seconds(timings, "prompt_ms"),
        reply_s=_seconds(timings, "predicted_ms"),
    )


def _seconds(timings: dict[str, Any], field: str) -> float | None:
    milliseconds = timings.get(field)
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def _model(entry: dict[str, Any], extra: dict[str, Any]) -> Model:
    """vLLM has `max_model_len`, llama.cpp `meta`: what one conversation gets, and the model's."""
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    lengths = (count(entry, "max_model_len"), count(meta, "n_ctx"), count(meta, "n_ctx_train"))
    abilities = extra.get("capabilities")
    if not isinstance(abilities, list):
        # LM Studio marks its embedding models by their names alone.
        abilities = [] if entry["id"].startswith("text-embedding-") else ["completion"]
    elif "multimodal" in abilities:
        # llama.cpp's word.
        abilities = [*abilities, "vision"]
    return Model(
        name=entry["id"],
        size_bytes=count(meta, "size") or 0,
        abilities=frozenset(str(ability) for ability in abilities),
        context_length=min((length for length in lengths if length), default=None),
        quantization=str(meta.get("ftype") or ""),
        parameter_size=_billions(count(meta, "n_params")),
    )


def _billions(parameters: int | None) -> str:
    return f"{parameters / 1e9:.1f}B" if parameters else ""


def _is_loading(text: str) -> bool:
    return "Loading model" in text


def _refusal(answer: Answer, prompt: Prompt | None) -> EngineFailed:
    """The failure that an answer with a status other than 200 tells of."""
    text = answer.error_text()
    said = json_object(text.encode())
    error = _error(said) if said else None
    if answer.status in (401, 403):
        return failed("refused")
    if error is None:
        return failed("not_a_model_server")
    return _fault(answer.status, error, prompt)


def _error(said: dict[str, Any]) -> dict[str, Any] | None:
    """The error in an answer: servers write it as an object, as a string, or bare."""
    error = said.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"message": error}
    return said if isinstance(said.get("message"), str) else None


def _fault(status: int, error: dict[str, Any], prompt: Prompt | None) -> EngineFailed:
    """The fixed pieces by which the servers' errors are known; the rest is prose.

    They may come in the middle of a stream too; the status is 200 then.
    """
    message = str(error.get("message", ""))
    model = prompt.model if prompt else ""
    if error.get("type") == "exceed_context_size_error":
        return too_long(count(error, "n_prompt_tokens"), count(error, "n_ctx"))
    if error.get("code") == "context_length_exceeded" or "context length" in message:
        return too_long(None, None)
    if "out of memory" in message:
        return failed("memory")
    if _is_loading(message):
        return failed("not_ready")
    if status in (400, 422, 500, 501) and prompt and _is_about_tools(message.lower(), prompt):
        return failed("no_tools", model=model)
    if status == 404 and "model" in message.lower():
        return failed("model_missing", model=model)
    if status in (404, 405):
        return failed("not_a_model_server")
    if status in (429, 503):
        return failed("busy")
    return failed("broken")


def _is_about_tools(message: str, prompt: Prompt) -> bool:
    """Whether tools were refused. A template may be too old for them, or for a wish to think."""
    if not prompt.tools:
        return False
    return "tool" in message or "jinja" in message or ("template" in message and not prompt.think)
