"""JSON from outside, where anything may be something else than it should."""

import json
from typing import Any

from notes.transfer.archives import Archive, Entry, text
from notes.transfer.reasons import Broken

# A whole backup lies in one file.
MAX_JSON = 50 * 2**20


def loaded(archive: Archive, entry: Entry) -> Any:
    """Raises Broken for what isn't JSON."""
    try:
        return json.loads(text(archive.read(entry, MAX_JSON)))
    except (ValueError, RecursionError):
        raise Broken("not_a_note") from None


def text_of(said: Any, name: str) -> str:
    """The text under that name, "" for anything else; half characters are none."""
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, str):
        return ""
    return (
        value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    )


def listed(said: Any, name: str) -> list[dict]:
    """The objects in the list under that name."""
    value = said.get(name) if isinstance(said, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
