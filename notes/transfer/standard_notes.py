"""Standard Notes: a decrypted backup, one file with all notes and tags."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Any

from notes.transfer import lexical
from notes.transfer.archives import Entry
from notes.transfer.incoming import Incoming, Unit, fitted, moment, tag_names, unix_lines
from notes.transfer.json_files import listed, text_of
from notes.transfer.reasons import Broken

_APP = "org.standardnotes.sn"
_SUPER = "com.standardnotes.super-editor"


def is_backup(said: Any) -> bool:
    return any(text_of(item, "content_type") for item in listed(said, "items"))


def units(entry: Entry, said: dict) -> list[Unit]:
    items = [item for item in listed(said, "items") if not item.get("deleted")]
    tags = _tags(items)
    notes = [item for item in items if text_of(item, "content_type") == "Note"]
    titles = {text_of(item, "uuid"): text_of(item.get("content"), "title") for item in notes}
    return [
        Unit(_name(entry, item), partial(_note, item, tags[text_of(item, "uuid")], titles))
        for item in notes
    ]


def _name(entry: Entry, item: dict) -> str:
    title = text_of(item.get("content"), "title") or text_of(item, "uuid")
    return f"{entry.name}: {title}"[:500]


def _tags(items: list[dict]) -> dict[str, list[str]]:
    """The names of each note's tags, by its id. A tag may be nested in another one."""
    found = {
        text_of(item, "uuid"): item.get("content")
        for item in items
        if text_of(item, "content_type") == "Tag"
    }

    def named(tag_id: str, inside: frozenset[str] = frozenset()) -> str:
        content = found[tag_id]
        # In older versions a dot nests.
        name = text_of(content, "title").replace("/", "-").replace(".", "/")
        for reference in listed(content, "references"):
            above = text_of(reference, "uuid")
            if above in found and above not in inside | {tag_id} and len(inside) < 10:
                return f"{named(above, inside | {tag_id})}/{name}"
        return name

    names: dict[str, list[str]] = defaultdict(list)
    for tag_id, content in found.items():
        for reference in listed(content, "references"):
            if text_of(reference, "uuid") not in found:
                names[text_of(reference, "uuid")].append(named(tag_id))
    return names


def _note(item: dict, tags: list[str], titles: Mapping[str, str]) -> Incoming:
    content = item.get("content")
    if not isinstance(content, dict):
        raise Broken("locked_note" if isinstance(content, str) else "not_a_note")
    app: Any = content.get("appData")
    state = app.get(_APP) if isinstance(app, dict) else None
    state = state if isinstance(state, dict) else {}
    body, remark = _body(content, titles)
    title, body = fitted(text_of(content, "title"), unix_lines(body))
    return Incoming(
        f"standard notes:{text_of(item, 'uuid')}",
        title,
        body,
        created=moment(text_of(item, "created_at"), UTC),
        updated=_updated(item, state),
        tags=tag_names(tags),
        pinned=state.get("pinned") is True,
        archived=state.get("archived") is True,
        trashed=content.get("trashed") is True or state.get("trashed") is True,
        remark=remark,
    )


def _body(content: dict, titles: Mapping[str, str]) -> tuple[str, str]:
    """The note's text, and what is to be known of it."""
    said = text_of(content, "text")
    is_super = text_of(content, "noteType") == "super"
    if not said or not (is_super or text_of(content, "editorIdentifier") == _SUPER):
        return said, ""
    try:
        return lexical.markdown(said, titles), ""
    except lexical.NotUnderstood:
        return said, "as_it_was"


def _updated(item: dict, state: dict):
    """By the person's own clock where that is said: the server's also runs for changes of state."""
    said = text_of(state, "client_updated_at")
    return moment(said, UTC) or moment(text_of(item, "updated_at"), UTC)
