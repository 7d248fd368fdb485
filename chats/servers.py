"""Which model server this installation talks with, what it has, and how it is doing."""

import os
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from chats.engines import EngineFailed, Model
from chats.engines.ollama import Ollama
from chats.engines.openai import OpenAI

KEEP_S = 10
BUILTIN_CONTEXT = 8192


@dataclass(frozen=True)
class Choice:
    name: str
    label: str


@dataclass(frozen=True)
class Status:
    """How the model server is doing. `kind` is builtin, ollama or openai; `state` is ready,
    installing, downloading, checking, loading, away, missing or failed."""

    kind: str
    state: str
    sentence: str
    done_bytes: int = 0
    total_bytes: int = 0


def kind() -> str:
    """`serve` decides once and says so to its children by the environment."""
    told = os.environ.get("AHFAI_MODEL_SERVER") or settings.MODEL_SERVER
    if told != "auto":
        return told
    return "openai" if settings.OPENAI_URL else "ollama"


def engine() -> Ollama | OpenAI:
    which = kind()
    if which == "builtin":
        port = os.environ.get("AHFAI_BUILTIN_PORT", "0")
        return _engine(
            "openai", f"http://127.0.0.1:{port}", os.environ.get("AHFAI_BUILTIN_KEY", "")
        )
    if which == "openai":
        return _engine("openai", settings.OPENAI_URL, settings.OPENAI_KEY)
    return _engine("ollama", settings.OLLAMA_URL, "")


@lru_cache(maxsize=8)
def _engine(wire: str, url: str, key: str) -> Ollama | OpenAI:
    first_byte_s, line_s = settings.FIRST_BYTE_S, settings.LINE_S
    if wire == "ollama":
        return Ollama(url, first_byte_s=first_byte_s, line_s=line_s)
    return OpenAI(url, key=key, first_byte_s=first_byte_s, line_s=line_s)


class _Shelf:
    """The models that the server listed last, kept for a few seconds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: object = None
        self.at = 0.0
        self.models: list[Model] = []
        self.failure: EngineFailed | None = None

    def models_of(self, server: Ollama | OpenAI) -> list[Model]:
        with self.lock:
            if self.asked is not server or time.monotonic() - self.at > KEEP_S:
                try:
                    self.models, self.failure = server.models(), None
                except EngineFailed as failure:
                    self.models, self.failure = [], failure
                self.asked, self.at = server, time.monotonic()
            if self.failure:
                raise self.failure
            return self.models

    def forget(self) -> None:
        with self.lock:
            self.asked = None


_shelf = _Shelf()
forget = _shelf.forget


def models() -> list[Model]:
    """The chat models of the server. Raises EngineFailed when it can't be asked."""
    if kind() == "builtin" and builtin_status().state != "ready":
        return []
    return _shelf.models_of(engine())


def choices() -> list[Choice]:
    try:
        there = [Choice(model.name, model.name) for model in models()]
    except EngineFailed:
        there = []
    return there or [Choice(default_model(), default_model())]


def default_model() -> str:
    if kind() == "builtin":
        from chats.builtin import weights

        return {"small": weights.SMALL, "test": weights.TEST}.get(
            settings.BUILTIN_MODEL, weights.REGULAR
        ).name
    return settings.OLLAMA_MODEL


def chosen(user) -> str:
    """The model that this person used last, if it is still there."""
    names = [choice.name for choice in choices()]
    last = user.chats.newest_first().values_list("model", flat=True).first()
    for name in (last, default_model()):
        if name in names:
            return name
    return names[0]


def num_ctx(model: str) -> int:
    """The window for every call on `model`, in tokens: another value would reload it."""
    wanted = BUILTIN_CONTEXT if kind() == "builtin" else settings.NUM_CTX
    try:
        limit = next((m.context_length for m in models() if m.name == model), None)
    except EngineFailed:
        limit = None
    return min(wanted, limit or wanted)


def status() -> Status:
    which = kind()
    if which == "builtin":
        return builtin_status()
    try:
        there = models()
    except EngineFailed as failure:
        return Status(which, "away", failure.sentence)
    if not there:
        sentence = _("The model server has no chat model yet. Get one with: ollama pull %(model)s")
        return Status(which, "missing", sentence % {"model": settings.OLLAMA_MODEL})
    return Status(which, "ready", "")


def builtin_status() -> Status:
    from chats.models import BuiltinServer

    row = BuiltinServer.objects.filter(only=1).first()
    if row is None:
        return Status("builtin", "installing", _("The built-in model is being prepared."))
    sentences = {
        "installing": _("The built-in model is being prepared."),
        "downloading": _("The built-in model is on its way."),
        "checking": _("The built-in model is being checked."),
        "loading": _("The built-in model is starting."),
        "ready": "",
    }
    sentence = row.sentence or sentences.get(row.state, "")
    return Status("builtin", row.state, sentence, row.done_bytes, row.total_bytes)
