"""Google Keep, as Google Takeout exports it: a JSON file for each note, beside its pictures."""

from functools import partial
from typing import Any
from urllib.parse import quote

from notes.transfer import plain_words
from notes.transfer.archives import Archive, Entry
from notes.transfer.incoming import (
    Incoming,
    IncomingFile,
    Unit,
    file_in,
    fitted,
    since_1970,
    tag_names,
    unix_lines,
)
from notes.transfer.json_files import listed, loaded, text_of

_MARKS = {"textContent", "listContent", "userEditedTimestampUsec", "isTrashed"}


def is_note(said: Any) -> bool:
    return isinstance(said, dict) and bool(_MARKS & said.keys())


def unit(archive: Archive, entry: Entry) -> Unit:
    return Unit(entry.name, partial(_note, archive, entry))


def _note(archive: Archive, entry: Entry) -> Incoming:
    said = loaded(archive, entry)
    text = unix_lines(text_of(said, "textContent"))
    items = [
        f"- [{'x' if item.get('isChecked') else ' '}] {plain_words.escaped(text_of(item, 'text'))}"
        for item in listed(said, "listContent")
    ]
    links = [url for one in listed(said, "annotations") if (url := text_of(one, "url"))]
    names = [name for one in listed(said, "attachments") if (name := text_of(one, "filePath"))]
    files = {name: _file(archive, (entry.path.parent / name).as_posix()) for name in names}
    parts = [
        plain_words.typed(text),
        "\n".join(items),
        "\n".join(f"<{url}>" for url in links if url not in text),
        "\n".join(f"![{name}]({quote(file.name)})" for name, file in files.items()),
    ]
    title, body = fitted(text_of(said, "title"), "\n\n".join(part for part in parts if part))
    return Incoming(
        f"keep:{entry.path.name}",
        title,
        body,
        created=_moment(said, "createdTimestampUsec"),
        updated=_moment(said, "userEditedTimestampUsec") or entry.moment,
        tags=tag_names(text_of(label, "name") for label in listed(said, "labels")),
        pinned=said.get("isPinned") is True,
        archived=said.get("isArchived") is True,
        trashed=said.get("isTrashed") is True,
        attachments={quote(file.name): file for file in files.values()},
    )


def _file(archive: Archive, name: str) -> IncomingFile:
    entry = archive.by_name.get(name)
    return file_in(archive, entry) if entry else IncomingFile(name)


def _moment(said: dict, name: str):
    microseconds = said.get(name)
    return since_1970(microseconds / 1e6) if isinstance(microseconds, int) else None
