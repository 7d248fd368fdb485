"""Joplin's own export (RAW, or the same in a .jex): each note, notebook and tag is a file that is
named by its id and ends in lines that tell about it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from functools import partial
from urllib.parse import quote

from notes.transfer.archives import Archive, Entry, text
from notes.transfer.incoming import (
    Incoming,
    IncomingFile,
    Unit,
    file_in,
    fitted,
    moment,
    tag_names,
    unix_lines,
)
from notes.transfer.markdown import link_to, outside_code
from notes.transfer.reasons import Broken

_ID = re.compile(r"[0-9a-f]{32}")
_FIELD = re.compile(r"([a-z_]+): ?(.*)")
_LINK = re.compile(r"(!?)\[([^\[\]\n]{0,500})\]\(:/([0-9a-f]{32})[^()\n]{0,200}\)")


class Kind(StrEnum):
    """As in `type_` of a file; what else there is has no words."""

    NOTE = "1"
    NOTEBOOK = "2"
    FILE = "4"
    TAG = "5"
    TAGGING = "6"


@dataclass(frozen=True)
class Item:
    title: str
    body: str
    fields: dict[str, str]


def is_export(archive: Archive) -> bool:
    """Some of its files are named by ids, and say what they are."""
    for entry in archive.entries:
        if _is_item(entry):
            try:
                return "type_" in read(text(archive.read(entry))).fields
            except Broken:
                return False
    return False


def units(archive: Archive) -> list[Unit]:
    export = _Export(archive)
    return [Unit(entry.name, partial(export.note, entry)) for entry in export.notes]


def read(said: str) -> Item:
    lines = unix_lines(said).rstrip("\n").split("\n")
    fields: dict[str, str] = {}
    while lines and (found := _FIELD.fullmatch(lines[-1])):
        fields[found[1]] = found[2]
        lines.pop()
    if lines and not lines[-1]:
        lines.pop()
    title, *rest = lines or [""]
    return Item(title, "\n".join(rest).removeprefix("\n"), fields)


class _Export:
    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.notes: list[Entry] = []
        self._titles: dict[str, str] = {}
        self._notebooks: dict[str, Item] = {}
        self._tags: dict[str, list[str]] = {}
        self._files = {entry.path.stem: entry for entry in archive.entries if not _is_item(entry)}
        self._file_names: dict[str, str] = {}
        names: dict[str, str] = {}
        taggings: list[dict[str, str]] = []
        for entry in archive.entries:
            if not _is_item(entry):
                continue
            try:
                item = read(text(archive.read(entry)))
            except Broken:
                # It is named when its turn comes.
                self.notes.append(entry)
                continue
            match item.fields.get("type_"):
                case Kind.NOTE:
                    self.notes.append(entry)
                    self._titles[entry.path.stem] = item.title
                case Kind.NOTEBOOK:
                    self._notebooks[entry.path.stem] = item
                case Kind.FILE:
                    self._file_names[entry.path.stem] = item.title
                case Kind.TAG:
                    names[entry.path.stem] = item.title
                case Kind.TAGGING:
                    taggings.append(item.fields)
        for fields in taggings:
            if name := names.get(fields.get("tag_id", "")):
                self._tags.setdefault(fields.get("note_id", ""), []).append(name)

    def note(self, entry: Entry) -> Incoming:
        item = read(text(self.archive.read(entry)))
        fields = item.fields
        if fields.get("encryption_applied") == "1":
            raise Broken("locked_note")
        if fields.get("type_") != Kind.NOTE:
            raise Broken("not_a_note")
        attachments: dict[str, IncomingFile] = {}
        body = outside_code(item.body, lambda part: self._with_our_links(part, attachments))
        title, body = fitted(item.title, body)
        names = [*self._tags.get(entry.path.stem, []), self._notebook(fields.get("parent_id", ""))]
        if fields.get("is_todo") == "1":
            names.append("to-do" if fields.get("todo_completed", "0") == "0" else "done")
        return Incoming(
            f"joplin:{entry.path.stem}",
            title,
            body,
            created=moment(fields.get("user_created_time") or fields.get("created_time", ""), UTC),
            updated=moment(fields.get("user_updated_time") or fields.get("updated_time", ""), UTC),
            tags=tag_names(names),
            trashed=fields.get("deleted_time", "0") not in ("0", ""),
            attachments=attachments,
        )

    def _with_our_links(self, part: str, attachments: dict[str, IncomingFile]) -> str:
        def ours(found: re.Match[str]) -> str:
            embeds, words, item_id = found.groups()
            if item_id in self._titles:
                return link_to(self._titles[item_id], words)
            if file := self._files.get(item_id):
                attachments[quote(file.name)] = self._named(file)
                return f"{embeds}[{words}]({quote(file.name)})"
            return found[0]

        return _LINK.sub(ours, part)

    def _named(self, entry: Entry) -> IncomingFile:
        """The file, which is named by its id there, as the person called it."""
        name = self._file_names.get(entry.path.stem, "")
        if name and not name.lower().endswith(entry.ending):
            name += entry.path.suffix
        return replace(file_in(self.archive, entry), saved_as=name)

    def _notebook(self, notebook_id: str) -> str:
        """With those that it lies in, the outermost first."""
        parts: list[str] = []
        while (item := self._notebooks.get(notebook_id)) and len(parts) < 10:
            parts.insert(0, item.title.replace("/", "-"))
            notebook_id = item.fields.get("parent_id", "")
        return "/".join(parts)


def _is_item(entry: Entry) -> bool:
    return entry.ending == ".md" and bool(_ID.fullmatch(entry.path.stem))
