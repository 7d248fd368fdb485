"""What a page shows whose words grew from an earlier version than the one that is saved."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from notes.forms import NoteForm
from notes.merging import MOST_LINES, Merged, merge
from notes.models import Note


@dataclass(frozen=True)
class Line:
    """`mark` is "gone" for a line of the earlier text alone, "new" for one of the later, or ""."""

    mark: str
    text: str


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
        "lines": lines(saved.body, mine["body"]),
        "other_title": saved.title if saved.title != mine["title"] else "",
    }


def lines(earlier: str, later: str) -> list[Line]:
    """What was taken away and what came, line by line; where that takes too long, all of both."""
    old, new = earlier.split("\n"), later.split("\n")
    if max(len(old), len(new)) > MOST_LINES:
        return [Line("gone", line) for line in old] + [Line("new", line) for line in new]
    found: list[Line] = []
    for what, start, end, from_, to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if what == "equal":
            found += [Line("", line) for line in old[start:end]]
        else:
            found += [Line("gone", line) for line in old[start:end]]
            found += [Line("new", line) for line in new[from_:to]]
    return found
