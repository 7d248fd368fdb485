"""The model servers of this installation, one or several: which are well, and which has what.

What one has is what it listed last. It is asked in the background, when somebody wants to know; a
call that it fails counts at once. Each process knows this for itself: only the places at the
servers are counted in the database (`chats.lifecycle.places`), by the servers' names.
"""

import logging
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from chats.engines import EngineFailed, Model
from chats.engines.failures import failed
from chats.engines.names import full
from chats.engines.ollama import Ollama
from chats.engines.openai import OpenAI
from chats.models import BuiltinServer

KEEP_S = 10
# Where there are several, the next question goes to one that is well.
KEEP_OF_SEVERAL_S = 4
# Shorter, because somebody may be about to start the server.
KEEP_FAILURE_S = 3
# A page waits so long for the very first list, and so long for a fresh one where it has an old.
FIRST_S = 1.5
MOMENT_S = 0.2
# So long the models of a server that is lost are still offered: it may only be starting anew.
KEEP_LOST_S = 60
# A server that fails a call gets no other one for the model so long, and twice as long each time.
REST_S, LONGEST_REST_S = 3, 60

# The server itself is gone, or on its way back.
LOST = frozenset({"away", "cut", "not_ready"})
# What another server may be able to do.
ELSEWHERE = LOST | {*("busy", "memory", "model_missing", "refused", "not_a_model_server", "broken")}

log = logging.getLogger(__name__)


class Host:
    """One model server. Its `name` is its address, without a password that may be in it; that of
    the built-in one is empty. It is asked for its models by one thread at a time."""

    def __init__(self, name: str, engine: Ollama | OpenAI) -> None:
        self.name = name
        self.engine = engine
        # All that it listed last, also what can't chat; None before the first list.
        self.models: list[Model] | None = None
        # Those of them that can chat.
        self.chat_models: list[Model] = []
        # What was in its memory then, where there are several servers.
        self.loaded: frozenset[str] = frozenset()
        self._failure: EngineFailed | None = None
        self._lost_at = 0.0
        self._answered_at: float | None = None
        self._asked_at = 0.0
        self._asking = False
        self._changed = threading.Condition()
        # Until when it gets no call for a model, and how often in a row it has failed one.
        self._rests_until: dict[str, float] = {}
        self._failed: Counter[str] = Counter()

    @property
    def failure(self) -> EngineFailed | None:
        """Why it can't be asked, as far as is known; None also before it was asked."""
        return self._failure

    @property
    def state(self) -> str:
        """ready, missing (it has no chat model), away, or unknown before it was asked."""
        if self._failure:
            return "away"
        if self.models is None:
            return "unknown"
        return "ready" if self.chat_models else "missing"

    @property
    def is_known(self) -> bool:
        """Whether it has answered, or failed to."""
        return self._answered_at is not None

    @property
    def is_offered(self) -> bool:
        """Whether its models are there to be chosen."""
        return not self._failure or time.monotonic() - self._lost_at < KEEP_LOST_S

    def has(self, model: str) -> bool:
        return any(full(one.name) == full(model) for one in self.models or [])

    def rests(self, model: str) -> bool:
        return self._rests_until.get(full(model), 0.0) > time.monotonic()

    def renew(self) -> None:
        """Have it asked in the background, where what is known of it is no longer fresh."""
        with self._changed:
            self._begin()

    def wait(self, seconds: float) -> None:
        """For what is being asked, until so long after it was asked."""
        with self._changed:
            left = self._asked_at + seconds - time.monotonic()
            self._changed.wait_for(lambda: not self._asking, max(0, left))

    def failed(self, model: str, code: str) -> None:
        """A call for `model` has just failed."""
        now, key = time.monotonic(), full(model)
        with self._changed:
            if code in LOST:
                self._lose(failed(code))
                self._answered_at = now
            if code == "model_missing":
                self._take([one for one in self.models or [] if full(one.name) != key])
            if self._rests_until.get(key, 0.0) <= now:
                # Those that fail together count once.
                self._failed[key] += 1
                rest_s = min(REST_S * 2 ** (self._failed[key] - 1), LONGEST_REST_S)
                self._rests_until[key] = now + rest_s

    def worked(self, model: str) -> None:
        """A call for `model` has just been answered."""
        key = full(model)
        self.loaded |= {key}
        if key in self._failed:
            with self._changed:
                del self._failed[key]
                self._rests_until.pop(key, None)

    def _is_fresh(self) -> bool:
        if self._answered_at is None:
            return False
        keep_s: float = KEEP_OF_SEVERAL_S if are_several() else KEEP_S
        if self._failure:
            keep_s = KEEP_FAILURE_S
        return time.monotonic() - self._answered_at < keep_s

    def _begin(self) -> None:
        if self._asking or self._is_fresh():
            return
        self._asking, self._asked_at = True, time.monotonic()
        try:
            threading.Thread(target=self._ask, name="model-list", daemon=True).start()
        except RuntimeError:
            # The system gives no more threads; the next reader tries again.
            self._asking = False

    def _ask(self) -> None:
        models, loaded, failure = self.models, self.loaded, None
        try:
            if isinstance(self.engine, Ollama):
                models = self.engine.catalogue()
                if are_several():
                    loaded = frozenset(full(name) for name in self.engine.loaded())
            else:
                models = self.engine.models()
        except EngineFailed as known:
            failure = known
        except Exception as error:  # noqa: BLE001 (nothing else would end the asking)
            log.error("the models could not be listed: %s", type(error).__name__)
            failure = failed("broken")
        with self._changed:
            self._take(models)
            self.loaded = loaded
            if failure:
                self._lose(failure)
            else:
                self._failure = None
            self._answered_at = time.monotonic()
            self._asking = False
            self._changed.notify_all()

    def _take(self, models: list[Model] | None) -> None:
        self.models = models
        self.chat_models = [model for model in models or [] if "completion" in model.abilities]

    def _lose(self, failure: EngineFailed) -> None:
        if not self._failure:
            self._lost_at = time.monotonic()
        self._failure = failure


def kind() -> str:
    """builtin, ollama or openai: `serve` decides once and says so to its children by the
    environment."""
    told = os.environ.get("AHFAI_MODEL_SERVER") or settings.MODEL_SERVER
    if told != "auto":
        return told
    return "openai" if settings.OPENAI_URL else "ollama"


def every() -> list[Host]:
    """All of them, in the order of the settings."""
    which = kind()
    if which == "builtin":
        was_open = connection.connection is not None
        port = BuiltinServer.objects.filter(only=1).values_list("port", flat=True).first() or 0
        if not was_open:
            # Who asks here may wait for the model next, and is to hold no connection meanwhile.
            connection.close()
        # To HTTP, port 0 means port 80, where another program may be; nobody is at port 1.
        key = os.environ.get("AHFAI_BUILTIN_KEY", "")
        return [_host("", "openai", f"http://127.0.0.1:{port or 1}", key)]
    if which == "openai":
        return _hosts(which, settings.OPENAI_URL, settings.OPENAI_KEY)
    return _hosts(which, settings.OLLAMA_URL, "")


def names() -> tuple[str, ...]:
    """The names of all of them. Asks nobody."""
    which = kind()
    if which == "builtin":
        return ("",)
    return _names(settings.OPENAI_URL if which == "openai" else settings.OLLAMA_URL)


@lru_cache(maxsize=8)
def _names(urls: str) -> tuple[str, ...]:
    return tuple(name_of(url) for url in urls.split(","))


@lru_cache(maxsize=8)
def _hosts(wire: str, urls: str, key: str) -> list[Host]:
    return [_host(name_of(url), wire, url, key) for url in urls.split(",")]


def name_of(address: str) -> str:
    """What a model server is called where its operators read it: its address, without a name and
    password before the host."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@lru_cache(maxsize=128)
def _host(name: str, wire: str, url: str, key: str) -> Host:
    return Host(name, _engine(wire, url, key))


def _engine(wire: str, url: str, key: str) -> Ollama | OpenAI:
    first_byte_s, line_s = settings.FIRST_BYTE_S, settings.LINE_S
    if wire == "ollama":
        return Ollama(url, first_byte_s=first_byte_s, line_s=line_s)
    return OpenAI(url, key=key, first_byte_s=first_byte_s, line_s=line_s)


def are_several() -> bool:
    return len(names()) > 1


def at(name: str) -> Host:
    """The one of that name; the first where it is no longer among the settings' ones."""
    there = every()
    return next((host for host in there if host.name == name), there[0])


def forget() -> None:
    """Ask all anew at the next look, since a list has turned out to be wrong."""
    _host.cache_clear()
    _hosts.cache_clear()


def renewed(first_s: float = MOMENT_S) -> list[Host]:
    """All of them, with lists that are a few seconds old at most, unless they are slow: where one
    is known, the others get `first_s` for their first."""
    there = every()
    for host in there:
        host.renew()
    for host in there:
        if host.is_known:
            host.wait(MOMENT_S)
        else:
            host.wait(first_s if any(other.is_known for other in there) else FIRST_S)
    return there


def read(first_s: float = MOMENT_S) -> list[Host]:
    """As `renewed`. Raises EngineFailed where none can be asked: how asking the first one went
    last, or "not_ready" where the first answer takes longer than FIRST_S."""
    there = renewed(first_s)
    if any(host.is_known and not host.failure for host in there):
        return there
    known_failures = [host.failure for host in there if host.failure]
    if len(known_failures) < len(there):
        raise failed("not_ready")
    raise EngineFailed(known_failures[0].code, known_failures[0].sentence)


def known_models() -> list[Model] | None:
    """The chat models that the servers have listed, each once; None before the first list. Asks
    nobody.

    Where servers have different ones under a name, that which most of them have speaks for all.
    """
    there = every()
    if len(there) == 1:
        return None if there[0].models is None else there[0].chat_models
    listed = [host for host in there if host.models is not None]
    if not listed:
        return None
    offered = [host for host in listed if host.is_offered] or listed
    found: dict[str, list[Model]] = defaultdict(list)
    for host in offered:
        for model in host.chat_models:
            found[full(model.name)].append(model)
    return [commonest(some) for some in found.values()]


def commonest(models: Sequence[Model]) -> Model:
    """Of those of one name: one that most servers have."""
    digests = Counter(model.digest for model in models)
    return max(models, key=lambda model: digests[model.digest])


def able(model: str, without: Collection[str] = ()) -> list[str]:
    """The names of the servers that a call for `model` may go to now: of those that are well and
    have it, or, where there are none, of those that are likeliest to answer or to say why not.

    `without` are some that have failed it already. Asks nobody, but has all asked in the
    background where there are several.
    """
    if not are_several():
        return [*names()]
    without = without if len(without) < len(names()) else ()
    ranked = [(_rank(host, model), host.name) for host in every() if host.name not in without]
    best = min(ranked, default=(0, ""))[0]
    return [name for rank, name in ranked if rank == best]


def elsewhere(model: str, without: Collection[str]) -> bool:
    """Whether another server may answer a call for `model` that has failed at these."""
    if not are_several():
        return False
    return any(_rank(host, model) <= _UNKNOWN for host in every() if host.name not in without)


def may_go_on(model: str, code: str, without: Collection[str]) -> bool:
    """Whether a call that has failed with this code may be answered elsewhere."""
    return code in ELSEWHERE and elsewhere(model, without)


def likeliest(model: str, without: Collection[str] = ()) -> str:
    """The one of `able` for a call that takes no place: one that has the model in its memory."""
    return min(able(model, without), key=lambda name: not has_loaded(name, model))


_WELL, _RESTING, _UNKNOWN, _LOST, _WITHOUT = range(5)


def _rank(host: Host, model: str) -> int:
    host.renew()
    if not host.is_known:
        return _UNKNOWN
    if host.failure:
        return _LOST if host.models is None or host.has(model) else _WITHOUT
    if not host.has(model):
        return _WITHOUT
    return _RESTING if host.rests(model) else _WELL


def call_failed(name: str, model: str, code: str) -> None:
    """A call for `model` has failed at this server, with this code of `EngineFailed`."""
    if are_several() and (code in ELSEWHERE or code == "stalled"):
        host = at(name)
        log.warning("model server %s failed a call: %s", names().index(host.name) + 1, code)
        host.failed(model, code)


def call_worked(name: str, model: str) -> None:
    if are_several():
        at(name).worked(model)


def has_loaded(name: str, model: str) -> bool:
    """Whether it had the model in its memory when it was last looked at."""
    return are_several() and full(model) in at(name).loaded
