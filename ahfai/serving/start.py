"""The start: load Django once, then fork everything from that one parent.

The parent opens no database connection and starts no thread before a fork: neither survives one.
What is loaded before the fork is memory that all processes share.
"""

import gc
import importlib
import os
import socket

from django.conf import settings

from ahfai.serving import model_server, prepare, web
from ahfai.serving.supervisor import Child, Supervisor
from chats.builtin.key import key as builtin_key

# SD_LISTEN_FDS_START
FIRST_LENT = 3


def serve(has_worker: bool = True) -> int:
    """Run until asked to stop. Returns the exit code."""
    lent = _lent()
    listener = lent or _listen()
    preparing = prepare.begin()
    server = model_server.choose()
    os.environ["AHFAI_MODEL_SERVER"] = server
    if server == "builtin":
        os.environ["AHFAI_BUILTIN_KEY"] = builtin_key()
    pages = web.Pages(listener)
    first_start = prepare.wait_for(preparing)

    # Objects that are never looked at again by the collector stay shared between the processes.
    gc.collect()
    gc.freeze()
    children = _children(pages, listener, server, has_worker)
    return Supervisor(children, listener, lambda: _welcome(server, first_start), bool(lent)).run()


def _lent() -> socket.socket | None:
    """What systemd has opened already, and keeps open over restarts: sd_listen_fds(3)."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    if os.environ.pop("LISTEN_FDS", "") != "1":
        raise SystemExit("AhFai can't start: systemd gives it no socket, or more than one.")
    lent = socket.socket(fileno=FIRST_LENT)
    if lent.family not in (socket.AF_INET, socket.AF_INET6):
        raise SystemExit("AhFai can't start: the socket that systemd gives it has no port.")
    lent.set_inheritable(False)
    return lent


def _listen() -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.BIND else socket.AF_INET
    try:
        return socket.create_server((settings.BIND, settings.PORT), family=family, backlog=2048)
    except OSError as error:
        raise SystemExit(
            f"AhFai can't start: port {settings.PORT} on {settings.BIND} can't be used "
            f"({_reason(error)}). Another program may have it; choose another one with PORT=…"
        ) from None


def _reason(error: OSError) -> str:
    """In the system's own words; Python puts its own around them."""
    return os.strerror(error.errno) if error.errno else str(error)


def _children(
    pages: web.Pages, listener: socket.socket, server: str, has_worker: bool
) -> list[Child]:
    """The pages first: see Supervisor."""
    children = [Child("web", pages.run)]
    if has_worker:
        children.append(Child("worker", lambda: _without(listener, "ahfai.worker", "run")))
    if server == "builtin":
        children.append(
            Child("model", lambda: _without(listener, "ahfai.serving.builtin", "keep_model"))
        )
    return children


def _without(listener: socket.socket, module: str, function: str) -> None:
    """Run in a child that serves no pages: it must not keep the port taken."""
    listener.close()
    getattr(importlib.import_module(module), function)()


def _welcome(server: str, first_start: bool) -> str:
    lines = []
    if first_start and not settings.MASTER_KEY:
        lines.append(
            f"Keep a copy of {settings.MASTER_KEY_FILE} in a safe place, away from this machine: "
            "without that key nobody, you included, can read what AhFai has saved. "
            "For a sheet of paper: .venv/bin/python manage.py keys sheet"
        )
    if server != "builtin":
        lines += model_server.states(server)
    else:
        places = ", ".join(map(model_server.without_password, settings.OLLAMA_URL.split(",")))
        lines.append(
            f"No Ollama answers at {places}: the built-in model is used."
            if settings.MODEL_SERVER == "auto"
            else "The built-in model is used."
        )
    lines.append(f"AhFai is ready: {settings.SITE_URL}")
    return "\n".join(lines)
