"""What a page shows whose words grew from an earlier version than the one that is saved."""

from notes.differences import around, lines
from notes.forms import NoteForm
from notes.merging import Merged, merge
from notes.models import Note


def between(saved: Note, mine: dict) -> dict:
    """Both texts, and a form with what they make together, which grows from the saved version."""
    base = saved.revisions.filter(version=mine["version"] or 0).first()
    merged = merge(base.body, saved.body, mine["body"]) if base else None
    title = mine["title"]
    if base and title == base.title:
        title = saved.title
    together = merged or Merged(mine["body"], 0)
    form = NoteForm(initial={"title": title, "body": together.text, "version": saved.version})
    return {
        "note": saved,
        "form": form,
        "merged": merged,
        "mine": mine,
        "lines": around(lines(saved.body, mine["body"])),
        "other_title": saved.title if saved.title != mine["title"] else "",
    }
