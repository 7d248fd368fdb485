"""What a page shows whose words grew from an earlier version than the one that is saved."""

import uuid

from notes import links
from notes.differences import around, lines
from notes.forms import NoteForm
from notes.merging import Merged, merge
from notes.models import Note


def as_saved(note: Note) -> NoteForm:
    """What a page begins with that is to change a note."""
    return _form(note, note.title, note.body)


def between(saved: Note, mine: dict) -> dict:
    """Both texts, and a form with what they make together, which grows from the saved version."""
    base = mine["base"]
    merged = merge(base, saved.body, mine["body"]) if base is not None else None
    title = mine["title"]
    if base is not None and title == mine["base_title"]:
        title = saved.title
    together = merged or Merged(mine["body"], 0)
    return {
        "note": saved,
        "form": _form(saved, title, together.text, mine["page"]),
        "merged": merged,
        "mine": mine,
        "lines": around(lines(saved.body, mine["body"])),
        "other_title": saved.title if saved.title != mine["title"] else "",
    }


def renamings(saved: Note, mine: dict) -> dict[str, str]:
    """The links that have led on to other titles meanwhile, where that is all that was changed.

    That happens when their writer renames the notes that they lead to: no reason to ask them.
    """
    if mine["base"] is None or saved.title != mine["base_title"]:
        return {}
    return links.renamings(mine["base"], saved.body)


def _form(saved: Note, title: str, body: str, page: uuid.UUID | None = None) -> NoteForm:
    """The saved words go along, so that they are known however many versions come between."""
    words = {"base_title": saved.title, "base": saved.body, "version": saved.version, "page": page}
    return NoteForm(initial={"title": title, "body": body, **words})
