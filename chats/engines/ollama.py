"""Ollama's own wire: /api/chat and the calls around it, as the server's source has them.

`stream` reads the connection as fast as it is iterated. Iterate it eagerly and keep slow
viewers elsewhere: a reader that stalls and then leaves can block the model for everybody.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from chats.engines import names
from chats.engines.connection import ANSWER_BYTES, Answer, ModelServer, count, json_object, sound
from chats.engines.events import (
    Call,
    Counts,
    EngineFailed,
    Event,
    Finished,
    Model,
    Prompt,
    Pulled,
    Text,
    Thinking,
    ToolCall,
    Turn,
)
from chats.engines.failures import failed, too_long

KEEP_ALIVE = "10m"
LOOK_S = 3.0
LIST_S = 5.0
# So long a list is trusted: a question shortly after another one, or after the page that showed
# the models, costs one call.
LIST_KEPT_S = 10.0
SHOW_S = 15.0
# A model that makes vectors may have to be loaded first.
EMBED_S = 60.0
# Checking a large model takes minutes, in silence.
PULL_LINE_S = 600.0
# A thinking model is silent while the server waits for its closing tag.
THINKING_PATIENCE = 2.5


@dataclass(frozen=True, slots=True)
class _Shown:
    """What /api/show says of a model, which its digest fixes."""

    abilities: frozenset[str]
    context_length: int | None
    remote: bool


class Ollama:
    wire = "ollama"

    def __init__(
        self,
        url: str,
        *,
        first_byte_s: float = 900,
        line_s: float = 120,
        connect_s: float = 5,
        retry_after_s: Sequence[float] = (2, 5, 10),
    ) -> None:
        self.first_byte_s = first_byte_s
        self.line_s = line_s
        self._server = ModelServer(url, connect_s=connect_s, retry_after_s=retry_after_s)
        self._shown: dict[str, _Shown] = {}
        # What was listed last, and when.
        self._listed: tuple[list[dict[str, Any]], float] = [], -LIST_KEPT_S

    def version(self) -> str:
        """The server's version, such as "0.32.15". Raises EngineFailed."""
        return str(self._get("/api/version", LOOK_S).get("version", ""))

    def models(self) -> list[Model]:
        """The chat models that run on the server itself, newest first. Raises EngineFailed."""
        return [model for model in self.catalogue() if "completion" in model.abilities]

    def catalogue(self) -> list[Model]:
        """All models that run on the server itself, newest first. Raises EngineFailed."""
        call = Call()
        listed = _listed(self._get("/api/tags", LIST_S))
        self._listed = listed, monotonic()
        digests = {entry.get("digest") for entry in listed}
        # A copy, since replies that begin meanwhile add to it.
        shown_before = list(self._shown.items())
        self._shown = {digest: shown for digest, shown in shown_before if digest in digests}
        found = []
        for entry in listed:
            if _is_remote(entry) or names.is_cloud(entry["name"]):
                continue
            try:
                shown = self._show(call, entry, SHOW_S)
            except EngineFailed as failure:
                if failure.code in ("away", "stalled"):
                    raise
                continue
            if not shown.remote:
                found.append(_model(entry, shown))
        return found

    def loaded(self) -> list[str]:
        """The names of the models in the server's memory. Raises EngineFailed."""
        return [entry["name"] for entry in _listed(self._get("/api/ps", LOOK_S))]

    def pull(self, model: str, call: Call) -> Iterator[Pulled]:
        """Have the server fetch `model` from its library, and yield how far it is.

        The end is a success. Raises EngineFailed, with a code that begins with "pull_" where the
        server says why, or Cancelled. What has come is kept, and the next pull goes on from there.
        """
        if names.is_cloud(model):
            raise failed("cloud", model=model)
        with self._server.send(
            call, "POST", "/api/pull", {"model": model}, within_s=LIST_S
        ) as answer:
            if answer.status != 200:
                raise _pull_failure(answer.error_text(), model)
            for line in answer.lines():
                said = json_object(line)
                if said is None:
                    raise failed("not_a_model_server")
                if "error" in said:
                    # The first line goes out before anything can fail, so the status was 200.
                    raise _pull_failure(str(said["error"]), model)
                if said.get("status") == "success":
                    return
                digest, total = str(said.get("digest") or ""), count(said, "total") or 0
                yield Pulled(digest, min(count(said, "completed") or 0, total), total)
                answer.expect_within(PULL_LINE_S)
        raise failed("cut")

    def delete(self, model: str) -> None:
        """Remove `model` from the server. Raises EngineFailed."""
        with self._server.send(
            Call(), "DELETE", "/api/delete", {"model": model}, within_s=SHOW_S
        ) as answer:
            if answer.status != 200:
                raise _refusal(answer, model)

    def look(self, model: str) -> str:
        """What keeps an answer from coming: "ready" (nothing: the model is loaded), "loading",
        "missing", "away" or "not_ready". Takes 3 s at most and raises nothing.
        """
        deadline = monotonic() + LOOK_S
        try:
            self._get("/api/version", LOOK_S)
            for path, here in (("/api/ps", "ready"), ("/api/tags", "loading")):
                for entry in _listed(self._get(path, max(deadline - monotonic(), 0.1))):
                    if names.full(entry["name"]) == names.full(model):
                        return here
        except EngineFailed as failure:
            return "not_ready" if failure.code == "not_ready" else "away"
        return "missing"

    def abilities(self, model: str, call: Call) -> frozenset[str]:
        """The server's words for what `model` can do. Raises as `context_length` does."""
        return self._look_up(model, call).abilities

    def context_length(self, model: str, call: Call) -> int | None:
        """The most tokens that `model` takes, None if the server didn't say.

        Raises EngineFailed, also for a model that isn't there, or Cancelled.
        """
        return self._look_up(model, call).context_length

    def stream(self, prompt: Prompt, call: Call) -> Iterator[Event]:
        """Ask, and yield the answer as it comes; a Finished is the last event of a success.

        Raises EngineFailed (what was yielded before stands) or Cancelled.
        """
        shown = self._look_up(prompt.model, call)
        thinks = "thinking" in shown.abilities
        body: dict[str, Any] = {
            "model": prompt.model,
            "messages": [_message(turn) for turn in prompt.turns],
            "stream": True,
            "truncate": False,
            "keep_alive": KEEP_ALIVE,
            "options": {"num_ctx": prompt.num_ctx, "num_predict": prompt.num_predict},
        }
        if thinks:
            # Left out it would mean true.
            body["think"] = prompt.think or False
        if prompt.tools and "tools" in shown.abilities:
            body["tools"] = [tool.function for tool in prompt.tools]
        if prompt.temperature is not None:
            body["options"]["temperature"] = prompt.temperature
        with self._server.send_patiently(
            call, "POST", "/api/chat", body, within_s=self.first_byte_s
        ) as answer:
            if answer.status != 200:
                raise _refusal(answer, prompt.model, prompt.num_ctx)
            if answer.kind == "text/html":
                raise failed("not_a_model_server")
            # While a call is written nothing comes either.
            is_slow = thinks or prompt.tools
            between_lines_s = self.line_s * (THINKING_PATIENCE if is_slow else 1)
            yield from _events(answer, prompt, between_lines_s)

    def embed(self, model: str, texts: Sequence[str], call: Call) -> list[list[float]]:
        """A vector for each text, by a model that makes such. Raises EngineFailed, or Cancelled."""
        self._look_up(model, call)
        body = {"model": model, "input": list(texts), "truncate": True, "keep_alive": KEEP_ALIVE}
        with self._server.send_patiently(
            call, "POST", "/api/embed", body, within_s=EMBED_S
        ) as answer:
            vectors: Any = _object(answer).get("embeddings")
        if not _are_vectors(vectors, len(texts)):
            raise failed("broken")
        return vectors

    def _get(self, path: str, within_s: float) -> dict[str, Any]:
        try:
            with self._server.send(Call(), "GET", path, within_s=within_s) as answer:
                return _object(answer)
        except EngineFailed as failure:
            if failure.code == "stalled":
                raise failed("not_ready") from failure
            raise

    def _look_up(self, model: str, call: Call) -> _Shown:
        """What the server says of this model. Refuses what would leave the machine."""
        if names.is_cloud(model):
            raise failed("cloud", model=model)
        listed, listed_at = self._listed
        entry = _find(listed, model)
        if entry is None or monotonic() - listed_at > LIST_KEPT_S:
            with self._server.send_patiently(
                call, "GET", "/api/tags", within_s=self.first_byte_s
            ) as answer:
                listed = _listed(_object(answer))
            self._listed = listed, monotonic()
            entry = _find(listed, model)
        if entry is None:
            raise failed("model_missing", model=model)
        if _is_remote(entry):
            raise failed("cloud", model=model)
        shown = self._show(call, entry, self.first_byte_s)
        if shown.remote:
            raise failed("cloud", model=model)
        return shown

    def _show(self, call: Call, entry: dict[str, Any], within_s: float) -> _Shown:
        digest = str(entry.get("digest", ""))
        if digest in self._shown:
            return self._shown[digest]
        with self._server.send(
            call, "POST", "/api/show", {"model": entry["name"]}, within_s=within_s
        ) as answer:
            if answer.status != 200:
                raise _refusal(answer, entry["name"])
            said = _object(answer)
        about = said.get("model_info")
        length = None
        if isinstance(about, dict):
            length = count(about, f"{about.get('general.architecture')}.context_length")
        abilities = said.get("capabilities")
        shown = _Shown(
            abilities=frozenset(
                str(ability)
                for ability in (abilities if isinstance(abilities, list) else ["completion"])
            ),
            context_length=length,
            remote=_is_remote(said),
        )
        if digest:
            self._shown[digest] = shown
        return shown


def _are_vectors(said: Any, wanted: int) -> bool:
    """As many as are wanted, all of one length."""
    return (
        isinstance(said, list)
        and len(said) == wanted
        and all(isinstance(vector, list) and vector for vector in said)
        and len({len(vector) for vector in said}) <= 1
        and all(isinstance(part, int | float) for vector in said for part in vector)
    )


def _message(turn: Turn) -> dict[str, Any]:
    """Arguments are an object here, in both directions."""
    message: dict[str, Any] = {"role": turn.role, "content": turn.content}
    if turn.pictures:
        message["images"] = [picture.base64 for picture in turn.pictures]
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "function": {"name": call.name, "arguments": json.loads(call.arguments)},
            }
            for call in turn.calls
        ]
    if turn.role == "tool":
        message |= {"tool_name": turn.tool, "tool_call_id": turn.call_id}
    return message


def _events(answer: Answer, prompt: Prompt, between_lines_s: float) -> Iterator[Event]:
    received = 0
    begun = False
    for line in answer.lines():
        if not line.strip():
            continue
        said = json_object(line)
        if said is None:
            raise failed("broken" if begun else "not_a_model_server")
        if "error" in said:
            raise _fault(200, str(said["error"]), prompt.model, prompt.num_ctx)
        message = said.get("message", {})
        if not isinstance(message, dict):
            raise failed("broken")
        begun = True
        for field, event in (("thinking", Thinking), ("content", Text)):
            delta = message.get(field, "")
            if not isinstance(delta, str):
                raise failed("broken")
            if delta:
                delta = sound(delta)
                received += len(delta) if delta.isascii() else len(delta.encode())
                if received > ANSWER_BYTES:
                    raise failed("too_large")
                yield event(delta)
        for called in _tool_calls(message):
            received += len(json.dumps(called.arguments))
            if received > ANSWER_BYTES:
                raise failed("too_large")
            yield called
        if said.get("done") is True:
            reason = said.get("done_reason")
            yield Finished(reason if isinstance(reason, str) else "", _counts(said))
            return
        answer.expect_within(between_lines_s)
    raise failed("unfinished")


def _tool_calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    """Those of one line. Some models send each on a line of its own, others all on the last one."""
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise failed("broken")
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            raise failed("broken")
        name, arguments = function.get("name"), function.get("arguments") or {}
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise failed("broken")
        yield ToolCall(name, arguments)


def _counts(said: dict[str, Any]) -> Counts:
    """Go leaves out what is zero, so any of these may be absent. Durations are nanoseconds."""
    return Counts(
        prompt_tokens=count(said, "prompt_eval_count"),
        reply_tokens=count(said, "eval_count"),
        load_s=_seconds(said, "load_duration"),
        prompt_s=_seconds(said, "prompt_eval_duration"),
        reply_s=_seconds(said, "eval_duration"),
    )


def _seconds(said: dict[str, Any], field: str) -> float | None:
    nanoseconds = count(said, field)
    return None if nanoseconds is None else nanoseconds / 1e9


def _object(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise _refusal(answer)
    found = json_object(answer.whole())
    if found is None:
        raise failed("not_a_model_server")
    return found


def _listed(said: dict[str, Any]) -> list[dict[str, Any]]:
    models = said.get("models") or []
    if not isinstance(models, list):
        raise failed("not_a_model_server")
    return [
        entry for entry in models if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    ]


def _find(listed: list[dict[str, Any]], model: str) -> dict[str, Any] | None:
    return next((one for one in listed if names.full(one["name"]) == names.full(model)), None)


def _is_remote(said: dict[str, Any]) -> bool:
    return bool(said.get("remote_host") or said.get("remote_model"))


def _model(entry: dict[str, Any], shown: _Shown) -> Model:
    details = entry.get("details")
    details = details if isinstance(details, dict) else {}
    return Model(
        name=entry["name"],
        size_bytes=count(entry, "size") or 0,
        abilities=shown.abilities,
        context_length=shown.context_length,
        quantization=str(details.get("quantization_level") or ""),
        parameter_size=str(details.get("parameter_size") or ""),
        digest=str(entry.get("digest") or ""),
        family=str(details.get("family") or ""),
    )


def _pull_failure(error: str, model: str) -> EngineFailed:
    """Errors are prose of several authors: what isn't known here is "pull_failed"."""
    pieces = {
        "file does not exist": "pull_unknown",
        "not found": "pull_unknown",
        "invalid model name": "pull_unknown",
        "no such host": "pull_offline",
        "dial tcp": "pull_offline",
        "no space left": "pull_disk",
        "newer version of Ollama": "pull_old",
    }
    found = (code for piece, code in pieces.items() if piece in error)
    return failed(next(found, "pull_failed"), model=model)


def _refusal(answer: Answer, model: str = "", num_ctx: int | None = None) -> EngineFailed:
    """The failure that an answer with a status other than 200 tells of."""
    text = answer.error_text()
    said = json_object(text.encode())
    error = said.get("error") if said else None
    if answer.status in (401, 403) and not (isinstance(error, str) and "cloud" in error):
        return failed("refused")
    if not isinstance(error, str):
        return failed("not_a_model_server")
    return _fault(answer.status, error, model, num_ctx)


def _fault(status: int, error: str, model: str, num_ctx: int | None) -> EngineFailed:
    """Errors are prose, so only a few fixed pieces of them are trusted.

    They may come as the last line of a stream too; the status is 200 then.
    """
    if "exceed_context_size_error" in error:
        return _overflow(error, num_ctx)
    if "longer than the context length" in error:
        return too_long(None, num_ctx)
    if "out of memory" in error or "more system memory" in error:
        return failed("memory")
    if status == 404:
        return failed("model_missing", model=model)
    if status in (401, 403):
        return failed("cloud", model=model)
    if status == 400 and "does not support thinking" in error:
        return failed("cannot_think", model=model)
    if status == 400 and "does not support tools" in error:
        return failed("no_tools", model=model)
    if status == 400 and "does not support" in error:
        return failed("unsuitable", model=model)
    if status in (429, 503):
        return failed("busy")
    return failed("broken")


def _overflow(error: str, num_ctx: int | None) -> EngineFailed:
    """The runner's whole body stands as a string in the server's: decoded a second time."""
    inner = json_object(error.encode())
    told = inner.get("error") if inner else None
    if not isinstance(told, dict):
        return too_long(None, num_ctx)
    limit = count(told, "n_ctx")
    return too_long(count(told, "n_prompt_tokens"), num_ctx if limit is None else limit)
