"""What the model server of this installation has, or have if they are several, and how it does."""

import contextlib
import ipaddress
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from chats import hosts
from chats.builtin.key import key as builtin_key
from chats.builtin.server import CONTEXT_TOKENS
from chats.builtin.weights import WEIGHTS
from chats.engines import Call, EngineFailed, Model
from chats.engines.names import full
from chats.engines.ollama import Ollama
from chats.engines.openai import OpenAI
from chats.hosts import kind
from chats.models import BuiltinServer, Chat, DefaultModel, Think

# The keeper writes every few seconds; an older row is that of a keeper that was killed.
KEEPER_SILENT = timedelta(seconds=20)

# So long it counts that a server has refused tools for a model, which may have another template by
# then.
KEEP_REFUSED_S = 3600

# In billions of parameters. The one of 1.5 that was measured (docs/figures.md) gets many arguments
# wrong, and calls tools in small talk. Those of 3 and 4 weren't measured; nothing that is clear is
# lost by counting them in.
SMALL = 4.0


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

    @property
    def is_local(self) -> bool:
        """Whether the words stay on this machine, as far as the addresses of the servers tell."""
        if self.kind == "builtin":
            return True
        urls = settings.OPENAI_URL if self.kind == "openai" else settings.OLLAMA_URL
        return all(_is_loopback(url) for url in urls.split(","))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def join_running() -> None:
    """For a command beside what `serve` has started: have it talk with the built-in model, too,
    where that is what answers here."""
    if "AHFAI_MODEL_SERVER" in os.environ or settings.MODEL_SERVER not in ("auto", "builtin"):
        return
    fresh = timezone.now() - KEEPER_SILENT
    if BuiltinServer.objects.filter(only=1, seen__gte=fresh).exists():
        os.environ["AHFAI_MODEL_SERVER"] = "builtin"
        os.environ["AHFAI_BUILTIN_KEY"] = builtin_key()


def engine(server: str = "") -> Ollama | OpenAI:
    """The model server of this name (`chats.hosts`), or the first one."""
    return hosts.at(server).engine


def forget() -> None:
    """Ask anew at the next look, since the list has turned out to be wrong."""
    hosts.forget()
    _refused_tools.clear()


def models() -> list[Model]:
    """The chat models of the servers, from lists that are a few seconds old at most, unless a
    server is slow. Raises EngineFailed when none can be asked."""
    hosts.read()
    return hosts.known_models() or []


@dataclass(frozen=True)
class Found:
    """A model, with the names of the servers that have it, and of those where it is in memory."""

    model: Model
    at: tuple[str, ...]
    loaded_at: tuple[str, ...]
    # Whether servers have different ones under its name.
    differs: bool = False


def catalogue() -> list[Found]:
    """All models as they are now, or some seconds ago where there are several servers; also those
    that can't chat. Raises EngineFailed where no server can be asked."""
    if not hosts.are_several():
        return _of_one(hosts.every()[0])
    hosts.read(hosts.FIRST_S)
    found: dict[str, list[tuple[hosts.Host, Model]]] = {}
    for host in hosts.every():
        for model in host.models or [] if not host.failure else []:
            found.setdefault(full(model.name), []).append((host, model))
    return [
        Found(
            hosts.commonest([model for _host, model in some]),
            tuple(host.name for host, _model in some),
            tuple(host.name for host, model in some if full(model.name) in host.loaded),
            len({model.digest for _host, model in some}) > 1,
        )
        for some in found.values()
    ]


def _of_one(host: hosts.Host) -> list[Found]:
    engine = host.engine
    if not isinstance(engine, Ollama):
        return [Found(model, (host.name,), ()) for model in engine.models()]
    found = engine.catalogue()
    loaded = {full(name) for name in engine.loaded()}
    return [
        Found(model, (host.name,), (host.name,) if full(model.name) in loaded else ())
        for model in found
    ]


def listed() -> list[str] | None:
    """The names of the models that were listed last, or None where that isn't known yet.

    Never waits for the server.
    """
    if kind() == "builtin":
        return [default_model()]
    known = hosts.known_models()
    return None if known is None else [model.name for model in known]


def thinks(model: str) -> bool | None:
    """Whether the model can think before it answers; None where the server didn't say.

    Never waits for the server. Servers of OpenAI's wire don't say it of any model.
    """
    which = kind()
    if which == "builtin":
        return False
    if which == "openai":
        return None
    found = _listed(model)
    return "thinking" in found.abilities if found else None


def is_small(model: str) -> bool:
    """Whether the model is known to have SMALL parameters or fewer, in billions."""
    if kind() == "builtin":
        return True
    found = _listed(model)
    size = re.fullmatch(r"([0-9.]+) ?([BM])", found.parameter_size if found else "")
    if size is None:
        return False
    return float(size[1]) * (1 if size[2] == "B" else 0.001) <= SMALL


def takes_tools(model: str) -> bool | None:
    """Whether the server says that the model can call tools; None where it would have to be asked.

    Never waits for the server. The built-in one is started so that it can.
    """
    if _refused_tools.get(_as_listed(model), -KEEP_REFUSED_S) > time.monotonic() - KEEP_REFUSED_S:
        return False
    if kind() == "builtin":
        return True
    found = _listed(model)
    return "tools" in found.abilities if found else None


def can_take_tools(model: str, call: Call, server: str = "") -> bool:
    """As `takes_tools`, also where the server has to be asked. Raises EngineFailed, Cancelled."""
    known = takes_tools(model)
    return "tools" in engine(server).abilities(model, call) if known is None else known


def remember_no_tools(model: str) -> None:
    """The server has refused tools for this model, whatever it says of it."""
    _refused_tools[_as_listed(model)] = time.monotonic()


# When, on the monotonic clock.
_refused_tools: dict[tuple[str, str, str], float] = {}


def _as_listed(model: str) -> tuple[str, str, str]:
    """What tells a model from another one of its name."""
    found = None if kind() == "builtin" else _listed(model)
    return kind(), full(model), found.digest if found else ""


def sees(model: str) -> bool | None:
    """Whether the server says that the model can look at pictures; None where it would have to be
    asked.

    Never waits for the server. The built-in model can't.
    """
    if kind() == "builtin":
        return False
    found = _listed(model)
    return "vision" in found.abilities if found else None


def can_see(model: str, call: Call, server: str = "") -> bool:
    """As `sees`, also where the server has to be asked. Raises EngineFailed, Cancelled."""
    known = sees(model)
    return "vision" in engine(server).abilities(model, call) if known is None else known


def seeing() -> list[str]:
    """The listed models that can look at pictures. Never waits for the server."""
    return [name for name in listed() or [] if sees(name)]


def levels(model: str) -> set[Think] | None:
    """Which choices of thinking make a difference to the model; None where nobody knows.

    Never waits for the server. Of Ollama's models, gpt-oss alone knows levels, and always thinks;
    the others take a level for yes (its docs, "Thinking").
    """
    if kind() != "ollama" or not thinks(model):
        return None
    found = _listed(model)
    if found and found.family in ("gptoss", "gpt-oss"):
        return {Think.LOW, Think.MEDIUM, Think.HIGH}
    return {Think.OFF, Think.ON}


def choices() -> list[Choice]:
    if kind() != "builtin":
        # What was there last is offered while the server can't be asked.
        with contextlib.suppress(EngineFailed):
            models()
    return [Choice(name, name) for name in listed() or [default_model()]]


def default_model() -> str:
    if kind() == "builtin":
        return WEIGHTS[settings.BUILTIN_MODEL].name
    chosen = DefaultModel.objects.first()
    return chosen.model if chosen else settings.OLLAMA_MODEL


def pick(user, chat: Chat | None = None, picked: str = "") -> str:
    """The model that was picked, the chat's own, the one this person used last, or the default:
    the first that is there, by the name under which the server lists it.

    Never asks the server: the words are stored first, however long it is silent.
    """
    names = listed()
    wishes = _wishes(user, chat, picked)
    if names is None:
        return next(wishes)
    there = {full(name): name for name in reversed(names)}
    for wish in wishes:
        if wish in names:
            return wish
        if full(wish) in there:
            return there[full(wish)]
    return names[0] if names else default_model()


def _wishes(user, chat: Chat | None, picked: str) -> Iterator[str]:
    """Mostly the first is there, and nobody asks the database for the others."""
    if picked:
        yield picked
    if chat and chat.model:
        yield chat.model
    used = user.chats.newest_first().values_list("model", "changed").first()
    last, since = used or ("", None)
    # A default that was chosen since comes first in the next chat.
    if last and (chat or not DefaultModel.objects.filter(chosen__gt=since).exists()):
        yield last
    yield default_model()


def num_ctx(model: str, call: Call, server: str = "") -> int:
    """The window for every call on `model`, in tokens: another value would reload it.

    Raises EngineFailed and Cancelled where the server has to be asked for the model's limit.
    """
    known = listed_num_ctx(model)
    if known is not None:
        return known
    return min(settings.NUM_CTX, engine(server).context_length(model, call) or settings.NUM_CTX)


def listed_num_ctx(model: str) -> int | None:
    """As `num_ctx`; None where the server would have to be asked."""
    if kind() == "builtin":
        return CONTEXT_TOKENS
    found = _listed(model)
    return window(found) if found else None


def window(model: Model) -> int:
    """How many tokens of a chat the model gets to read here."""
    return min(settings.NUM_CTX, model.context_length or settings.NUM_CTX)


def limit(model: str, num_ctx: int) -> int | None:
    """From how many tokens on a prompt is refused where `num_ctx` is planned with.

    Servers of OpenAI's wire aren't told that number, and may take more: None where they haven't
    said how much. Never waits for the server.
    """
    if kind() != "openai":
        return num_ctx
    found = _listed(model)
    return found.context_length if found else None


def _listed(model: str) -> Model | None:
    """As the server listed it last, if it did. Never waits for the server."""
    known = hosts.known_models() or []
    return next((one for one in known if full(one.name) == full(model)), None)


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


def is_ready() -> bool:
    """Whether a reply can begin now, as far as is known without asking the server."""
    return kind() != "builtin" or builtin_status().state == "ready"


def builtin_status() -> Status:
    row = BuiltinServer.objects.filter(only=1).first()
    if row is None:
        return Status("builtin", "installing", _("The built-in model is being prepared."))
    if row.state != "failed" and timezone.now() - row.seen > KEEPER_SILENT:
        return Status("builtin", "loading", _("The built-in model is starting again."))
    sentences = {
        "installing": _("The built-in model is being prepared."),
        "downloading": _("The built-in model is on its way."),
        "checking": _("The built-in model is being checked."),
        "loading": _("The built-in model is starting."),
        "ready": "",
    }
    sentence = row.sentence or sentences.get(row.state, "")
    return Status("builtin", row.state, sentence, row.done_bytes, row.total_bytes)


def restart_builtin() -> None:
    """Have the built-in model's server started anew; nobody is given a place there meanwhile.

    One that is being started or fetched anyway is left to that.
    """
    BuiltinServer.objects.filter(only=1, state__in=["ready", "failed"]).update(
        state="loading", sentence="", restart_wanted=True
    )
