"""Which model server answers the questions."""

import http.client
import json
import re
import socket
from urllib.parse import urlsplit

from django.conf import settings

LOOK_S = 1.0


def choose() -> str:
    """`ollama`, `openai` or `builtin`. Looks at each address of `OLLAMA_URL` for a second at
    most, until one answers."""
    if settings.MODEL_SERVER != "auto":
        return settings.MODEL_SERVER
    if settings.OPENAI_URL:
        return "openai"
    answers = any(ollama_answers(url) for url in settings.OLLAMA_URL.split(","))
    return "ollama" if answers else "builtin"


def states(kind: str) -> list[str]:
    """A line for each of several addresses, which takes a second at most; none for a single one."""
    urls = (settings.OPENAI_URL if kind == "openai" else settings.OLLAMA_URL).split(",")
    if len(urls) == 1:
        return []
    answers = ollama_answers if kind == "ollama" else _is_there
    return [
        f"Model server {number}, {without_password(url)}: "
        + ("it answers." if answers(url) else "it doesn't answer yet.")
        for number, url in enumerate(urls, 1)
    ]


def without_password(url: str) -> str:
    """As it may be printed: without a name and password before the host."""
    return re.sub("//.*@", "//", url)


def _is_there(url: str) -> bool:
    address = urlsplit(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), LOOK_S).close()
    except OSError:
        return False
    return True


def ollama_answers(url: str) -> bool:
    """Takes a second at most."""
    address = urlsplit(url)
    connect = (
        http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    )
    connection = connect(address.hostname or "", address.port, timeout=LOOK_S)
    try:
        connection.request("GET", f"{address.path}/api/version")
        response = connection.getresponse()
        answer = json.loads(response.read(4096))
        return response.status == 200 and "version" in answer
    except (OSError, ValueError, TypeError, http.client.HTTPException):
        return False
    finally:
        connection.close()
