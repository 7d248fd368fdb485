"""From a note back to where it was opened."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from notes.models import Note

_WORDS = {
    "notes:list": _("Back to the notes"),
    "notes:archive": _("Back to the archive"),
    "notes:trash": _("To the trash"),
    "search": _("Back to what was found"),
}


@dataclass(frozen=True)
class WayBack:
    address: str
    words: Promise


def way_back(request: HttpRequest, note: Note) -> WayBack:
    """To the very page of the list, or of a search, that the browser says it came from; else to the
    list that the note is in."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        parts = urlsplit(came_from)
        for name, words in _WORDS.items():
            if parts.path == reverse(name):
                return WayBack(_without_what_was_done(parts.path, parts.query), words)
    place = "trash" if note.trashed else "archive" if note.archived else "list"
    name = f"notes:{place}"
    return WayBack(reverse(name), _WORDS[name])


def _without_what_was_done(path: str, query: str) -> str:
    asked = QueryDict(query, mutable=True)
    for passing in ("moved", "pick"):
        asked.pop(passing, None)
    return f"{path}?{asked.urlencode()}" if asked else path
