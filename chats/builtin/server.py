"""The program `python -m chats.builtin.server`: llama.cpp's HTTP server on the loopback address.

It reads its settings as one line of JSON from standard input, because the command line and the
environment of a process are open to others; the key is among them. When the model is loaded it
writes its port as one line to standard output. It ends with its parent.
"""

import contextlib
import json
import os
import signal
import sys
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ahfai.processes import end_with_parent

CONTEXT_TOKENS = 8192
SLOTS = 2
PROMPT_CACHE_MIB = 256
PING_S = 10


@dataclass(frozen=True)
class Settings:
    """`slots` conversations run at once and share `context_tokens`; one alone may use them all.

    With `port` 0 the system gives a free one, so that no other program can have taken it.
    """

    weights: str
    template: str
    name: str
    port: int
    key: str
    threads: int
    parent: int
    context_tokens: int = CONTEXT_TOKENS
    slots: int = SLOTS
    ping_s: int = PING_S

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; the parent ends us.
    settings = Settings(**json.loads(sys.stdin.readline()))
    end_with_parent(settings.parent)
    with open(os.devnull, "wb") as nowhere, open(os.dup(sys.stdout.fileno()), "w") as parent:
        # The parent expects one line there, and llama.cpp may print others.
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
        try:
            server = _start(settings)
        except (RuntimeError, OSError, KeyError, ValueError) as error:
            print(error, file=sys.stderr, flush=True)  # noqa: T201
            return 1
        # From now on a message could hold words of a conversation.
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
        print(urlsplit(server.listening_address).port, file=parent)
    while server:
        signal.pause()
    return 0


def _start(settings: Settings) -> Any:
    import xllamacpp  # Here: whoever imports Settings may lack this extra.

    template = _chat_template(settings)
    params = _params(settings, settings.context_tokens)
    params.n_parallel = settings.slots
    # Without it each slot would have its own half of the window.
    params.kv_unified = True
    params.port = settings.port
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.sse_ping_interval = settings.ping_s
    params.use_jinja = True
    # The model writes its calls between square brackets if told so, and only then does the
    # server see them as calls: in angle brackets they come out as a code block.
    params.chat_template = template.replace("<tool_call>", "[tool_call]").replace(
        "</tool_call>", "[/tool_call]"
    )
    return xllamacpp.Server(params)


def _params(settings: Settings, context_tokens: int) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings.weights
    params.model_alias = {settings.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings.key]
    params.cors_origins = ""
    params.cors_methods = ""
    params.cors_headers = ""
    params.cors_credentials = False
    params.ui = False
    params.endpoint_slots = False  # It tells the prompts that are being answered.
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.fit_params = False
    params.no_extra_bufts = True  # A second copy of the weights, laid out for this processor.
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    params.verbosity = 1
    return params


def _chat_template(settings: Settings) -> str:
    """The template inside the weights. The first time a server with a tiny context is asked
    for it; then it is kept in a file."""
    kept = Path(settings.template)
    with contextlib.suppress(OSError):
        return kept.read_text()
    template = _asked_template(settings)
    beside = kept.with_name(kept.name + ".new")
    beside.write_text(template)
    beside.replace(kept)
    return template


def _asked_template(settings: Settings) -> str:
    import xllamacpp

    params = _params(settings, 256)
    params.warmup = False
    server = xllamacpp.Server(params)
    request = urllib.request.Request(  # noqa: S310
        f"{server.listening_address}/props", headers={"Authorization": f"Bearer {settings.key}"}
    )
    # No proxy of the environment stands between two ends of one process.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as response:
        return str(json.load(response)["chat_template"])


if __name__ == "__main__":
    sys.exit(main())
