"""What a model may do with a person's notes: look them up, and propose changes."""

import uuid
from collections.abc import Collection
from typing import Annotated, Any

from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from ahfai.crypto import SealError
from ahfai.proposals import Stale
from ahfai.questions import meant
from ahfai.seeking import seek
from ahfai.tools import Found, Link, Proposal, Said, Unfit, between, short
from notes import finding, links, places, titles
from notes.forms import NewNoteForm, NoteForm
from notes.models import MAX_BODY, MAX_TITLE, Note
from notes.proposals import changed_body
from notes.vectors import Embedder

MOST_FOUND = 8
MOST_READ = 12_000
# How many standard deviations nearer than usual a passage is that may say what is looked for.
NEAR = 2.0
_NOTE = "what the note is called, in the person's words, or its id"


def search_notes(
    user: Any,
    query: Annotated[str, Said("a few words for what the note says", 200)],
    *,
    within: Collection[uuid.UUID] | None = None,
    embedder: Embedder | None = None,
) -> Found:
    """Search the person's notes. Shows the passages that were found, with ids of the notes."""
    lines: list[str] = []
    found: dict[str, Link] = {}
    for one in finding.find(user, query, MOST_FOUND, within, embedder, NEAR):
        lines.append(f"[{short(one.note_id)}] {one.heading}: {one.text}")
        place = places.of_passage(one.note_id, one.passage.start, one.passage.end)
        found.setdefault(short(one.note_id), Link(one.heading, place))
    # A note may say it in its title alone.
    among = None if within is None else {short(one) for one in within}
    for other in (
        seek(user, query, "notes", MOST_FOUND - len(lines)) if len(lines) < MOST_FOUND else []
    ):
        key = _id_in(other.address)
        if key not in found and (among is None or key in among):
            lines.append(f"[{key}] {other.title}: {other.text}")
            found[key] = Link(other.title, other.address)
    said = _("searched notes for %(query)s, %(count)d found")
    return Found(
        "\n\n".join(lines) or "No note was found. Try other or fewer words.",
        said % {"query": query, "count": len(found)},
        about=query,
        number=len(found),
        links=tuple(found.values()),
    )


def read_note(
    user: Any,
    note: Annotated[str, Said(_NOTE, MAX_TITLE)],
    *,
    within: Collection[uuid.UUID] | None = None,
) -> Found:
    """Read one of the person's notes."""
    found = _find(user, note)
    if within is not None and found.pk not in within:
        raise Unfit("The person has chosen other notes for this chat. search_notes finds those.")
    title, body = found.title or _("Without a title"), found.body
    text = f"[{short(found.pk)}] {title}\n\n{body[:MOST_READ]}"
    if len(body) > MOST_READ:
        text += f"\n\n(The note goes on: this is the first {MOST_READ} of {len(body)} letters.)"
    link = Link(title, found.get_absolute_url())
    return Found(text, _("read %(title)s") % {"title": title}, title, 1, (link,))


def create_note(
    user: Any,
    title: Annotated[str, Said("a short title", MAX_TITLE)],
    text: Annotated[str, Said("what the note says, in Markdown, without the title", MAX_BODY)],
) -> Proposal:
    """Propose a new note. The person sees it and decides."""
    form = NewNoteForm({"title": title, "body": text})
    if not form.is_valid():
        raise Unfit(_faults(form))
    words = {name: form.cleaned_data[name] for name in ("title", "body")}
    return Proposal("note_new", words, f"a new note: {words['title']}")


def append_to_note(
    user: Any,
    note: Annotated[str, Said(_NOTE, MAX_TITLE)],
    text: Annotated[str, Said("what to add at the end, in Markdown", MAX_BODY)],
    *,
    is_exact: bool = False,
) -> Proposal:
    """Propose to add something at the end of a note. The person sees it and decides."""
    if not text.strip():
        raise Unfit("The argument 'text' is empty.")
    found = _find(user, note, is_exact)
    return _checked(user, "note_append", found, {"text": text}, f"more in the note: {found.title}")


def change_note(
    user: Any,
    note: Annotated[str, Said(_NOTE, MAX_TITLE)],
    replace: Annotated[str, Said("words of the note, exactly as read_note shows them", MAX_BODY)],
    by: Annotated[str, Said("what stands there instead; empty to take them out", MAX_BODY)],
) -> Proposal:
    """Propose to replace some words of a note. Read the note first. The person sees the difference
    and decides."""
    found = _find(user, note)
    count = found.body.count(replace) if replace else 0
    if count != 1:
        times = "isn't in the note" if not count else "stands there several times; take more of it"
        raise Unfit(f"What 'replace' says {times}. Copy it from what read_note shows.")
    if replace == by:
        raise Unfit("That changes nothing.")
    words = {"replace": replace, "by": by}
    return _checked(user, "note_change", found, words, f"a change in the note: {found.title}")


def _checked(user: Any, kind: str, note: Note, words: dict[str, str], told: str) -> Proposal:
    """What the note would say is what its page would save."""
    payload = {"id": str(note.pk), **words}
    try:
        body = changed_body(kind, note, payload)
    except Stale as stale:
        raise Unfit(stale.sentence) from None
    form = NoteForm({"title": note.title, "body": body})
    if not form.is_valid():
        raise Unfit(_faults(form))
    return Proposal(kind, payload, told, is_foreign=True)


def _find(user: Any, said: str, is_exact: bool = False) -> Note:
    """Somebody else's is missing, too. Raises Unfit."""
    notes = user.notes.living()
    found: list[Note] = []
    if ids := between(said):
        found = list(notes.filter(pk__gte=ids[0], pk__lte=ids[1])[:2])
    if not found:
        leading = links.leading_to(user, [links.one_line(said)])
        found = list(notes.filter(pk__in=leading.values()))
    if not found and not is_exact:
        # Models seldom copy a title exactly, and the person sees which one it is.
        there = titles.of(user).in_order
        meant_ones = meant(said, (one.title for one in there))
        found = list(notes.filter(pk__in=[there[one].id for one in meant_ones])[:2])
    if len(found) != 1:
        raise Unfit("There is no such note. search_notes finds notes and shows their ids.")
    try:
        found[0].title, found[0].body
    except SealError:
        raise Unfit("This note can't be opened.") from None
    return found[0]


def _id_in(address: str) -> str:
    try:
        return short(resolve(address.partition("#")[0]).kwargs["note_id"])
    except (Resolver404, KeyError):
        return "?"


def _faults(form: NoteForm) -> str:
    return " ".join(str(fault) for faults in form.errors.values() for fault in faults)
