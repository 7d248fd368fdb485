"""`[[Title]]` in a note's body leads to the note of that title, and back; `[[Title#Heading]]` to a
place in it."""

import re
import uuid
from collections.abc import Iterable

from accounts.sealing import lookup
from ahfai.markdown.titles import PATTERN
from notes.models import Link, Note, NoteQuerySet

MOST_LINKS = 500
MOST_BACK_LINKS = 50


def title_hash(key: bytes, title: str) -> str:
    """How a title is found, "" for none; `key` is `accounts.sealing.lookup.key_of` its owner."""
    title = one_line(title)
    return lookup.hashed(key, "note title", title) if title else ""


def one_line(title: str) -> str:
    return " ".join(title.split())


def titles_in(body: str) -> list[str]:
    """The titles that a body may link to, each once; the first MOST_LINKS of them."""
    found = (one_line(title) for title in PATTERN.findall(body))
    # Only the notes that there are tell whether a title has the sign in it.
    titles = (title for said in found for title in (said, parts(said)[0]))
    return [title for title in dict.fromkeys(titles) if title][:MOST_LINKS]


def parts(said: str) -> tuple[str, str]:
    """The note and the heading in it that a link means where no note is called all of that: the
    same note where the first is empty, its beginning where the other one is."""
    name, sign, heading = said.rpartition("#")
    return (name, heading) if sign and heading and not heading[0].isspace() else (said, "")


def keep(key: bytes, note: Note, body: str) -> None:
    """Let the note have the links of this body and no others."""
    wanted = {title_hash(key, title) for title in titles_in(body)}
    had = set(note.links.values_list("title_hash", flat=True))
    if had - wanted:
        note.links.filter(title_hash__in=had - wanted).delete()
    Link.objects.bulk_create(
        Link(owner_id=note.owner_id, note=note, title_hash=one) for one in sorted(wanted - had)
    )


def leading_to(user, titles: Iterable[str]) -> dict[str, uuid.UUID]:
    """The living note that each title leads to, the oldest of several; left out where none is."""
    titles = list(titles)
    if not titles:
        return {}
    key = lookup.key_of(user)
    hashes = {title: title_hash(key, title) for title in titles}
    notes = user.notes.living().filter(title_hash__in=hashes.values())
    # A later one takes the place of an earlier one here.
    found = dict(notes.order_by("-created", "-id").values_list("title_hash", "pk"))
    return {title: found[one] for title, one in hashes.items() if one in found}


def back_links(note: Note) -> NoteQuerySet:
    """The living notes that link to this one, the newest first."""
    linking = Link.objects.filter(owner=note.owner_id, title_hash=note.title_hash or None)
    notes = Note.objects.living().filter(pk__in=linking.values("note")).exclude(pk=note.pk)
    return notes.order_by("-changed", "-id").defer("body", "excerpt")[:MOST_BACK_LINKS]


def broken_by(note: Note, title: str) -> list[uuid.UUID]:
    """The living notes whose links lead to this one, and no longer would if it had this title.

    None where the new title can't stand in a link.
    """
    if not note.title_hash or not PATTERN.fullmatch(f"[[{title}]]") or _same(note.title, title):
        return []
    alike = Note.objects.living().filter(owner=note.owner_id, title_hash=note.title_hash)
    if alike.order_by("created", "id").values_list("pk", flat=True).first() != note.pk:
        return []
    linking = Link.objects.filter(owner=note.owner_id, title_hash=note.title_hash)
    notes = Note.objects.living().filter(pk__in=linking.values("note")).exclude(pk=note.pk)
    return list(notes.values_list("pk", flat=True))


def renamed(body: str, before: str, title: str) -> str:
    """The body with its links to `before` leading to `title`."""

    def link(found: re.Match[str]) -> str:
        name, heading = parts(found[1])
        if _same(found[1], before):
            return f"[[{title}]]"
        return f"[[{title}#{heading}]]" if heading and _same(name, before) else found[0]

    return PATTERN.sub(link, body)


def renamings(before: str, after: str) -> dict[str, str]:
    """Which links have become which others, each everywhere, where that is all that differs.

    Else, and where nothing does, there are none.
    """
    old, new = PATTERN.split(before), PATTERN.split(after)
    if old[::2] != new[::2]:
        return {}
    pairs = set(zip(old[1::2], new[1::2], strict=True))
    became = dict(pairs)
    if len(became) < len(pairs):
        return {}
    return {title: other for title, other in became.items() if title != other}


def follow(body: str, became: dict[str, str]) -> str:
    """The body with its links as in `renamings`."""
    return PATTERN.sub(lambda found: f"[[{became.get(found[1], found[1])}]]", body)


def _same(one: str, other: str) -> bool:
    return lookup.fold(one_line(one)) == lookup.fold(one_line(other))
