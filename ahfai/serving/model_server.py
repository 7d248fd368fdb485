"""Which model server answers the questions."""

import http.client
import json
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
