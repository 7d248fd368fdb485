"""`[[Title]]` in a note's body leads to the note of that title, and back."""

import re

from accounts.lookup import hashed
from notes.models import MAX_TITLE, Link, Note

MOST_LINKS = 500
_LINK = re.compile(rf"\[\[([^\[\]\n]{{1,{MAX_TITLE}}})\]\]")


def title_hash(key: bytes, title: str) -> str:
    """How a title is found, "" for none; `key` is `accounts.lookup.key_of` its owner."""
    title = one_line(title)
    return hashed(key, "note title", title) if title else ""


def one_line(title: str) -> str:
    return " ".join(title.split())


def titles_in(body: str) -> list[str]:
    """The titles that a body links to, each once; the first MOST_LINKS of them."""
    found = (one_line(title) for title in _LINK.findall(body))
    return [title for title in dict.fromkeys(found) if title][:MOST_LINKS]


def keep(key: bytes, note: Note, body: str) -> None:
    """Let the note have the links of this body and no others."""
    wanted = {title_hash(key, title) for title in titles_in(body)}
    had = set(note.links.values_list("title_hash", flat=True))
    if had - wanted:
        note.links.filter(title_hash__in=had - wanted).delete()
    Link.objects.bulk_create(
        Link(owner_id=note.owner_id, note=note, title_hash=one) for one in sorted(wanted - had)
    )
