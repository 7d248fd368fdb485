"""Which model server answers the questions."""

import http.client
import json
from urllib.parse import urlsplit

from django.conf import settings

LOOK_S = 1.0


def choose() -> str:
    """`ollama`, `openai` or `builtin`. Looks at `OLLAMA_URL` for a second at most."""
    if settings.MODEL_SERVER != "auto":
        return settings.MODEL_SERVER
    if settings.OPENAI_URL:
        return "openai"
    return "ollama" if _ollama_answers() else "builtin"


def _ollama_answers() -> bool:
    address = urlsplit(settings.OLLAMA_URL)
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
