"""Files of Markdown: our own export, Obsidian's vaults, what Joplin and others write."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import quote, unquote

from notes.models import MAX_TITLE
from notes.transfer import carried, front_matter
from notes.transfer.archives import Archive, Entry, text
from notes.transfer.front_matter import Page
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
from notes.transfer.reasons import Broken

ENDINGS = (".md", ".markdown")
_CREATED, _UPDATED = ("created", "date"), ("updated", "modified")
_READ = {"title", "tags", "tag", *_CREATED, *_UPDATED, "pinned", "archived", "trashed"}
_CODE = re.compile(
    r"(^ {0,3}```.*?^ {0,3}```[^\n]*$|^ {0,3}~~~.*?^ {0,3}~~~[^\n]*$|`[^`\n]+`)",
    re.DOTALL | re.MULTILINE,
)
_WIKI = re.compile(r"(!?)\[\[([^\[\]\n|#^]{1,500})([#^][^\[\]\n|]*)?(?:\|([^\[\]\n]{0,500}))?\]\]")
_LINK = re.compile(
    r"(!?)\[([^\[\]\n]{0,500})\]\((?:<([^<>\n]{1,1000})>|([^()<>\s]{1,1000}))(?: +\"[^\"\n]*\")?\)"
)
# Obsidian's tags begin a word, and hold more than digits.
_TAG = re.compile(r"(?<![^\s])#([\w/-]*[^\W\d][\w/-]*)")


def units(archive: Archive, zone: tzinfo, files: Collection[str] = ()) -> list[Unit]:
    """The notes in the archive; `files` are none, whatever their names end in."""
    folder = _Folder(archive, zone, files)
    return [Unit(entry.name, partial(folder.note, entry)) for entry in folder.notes]


class _Folder:
    """The notes of an archive, which refer to each other by names and paths."""

    def __init__(self, archive: Archive, zone: tzinfo, files: Collection[str]) -> None:
        self.archive = archive
        self.zone = zone
        self.notes = [
            entry
            for entry in archive.entries
            if entry.ending in ENDINGS and entry.name not in files
        ]
        self._by_stem = {entry.path.stem.casefold(): entry for entry in reversed(self.notes)}
        self._by_file_name = {entry.path.name: entry for entry in reversed(archive.entries)}
        self._titles: dict[str, str] = {}

    def note(self, entry: Entry) -> Incoming:
        page = self._page(entry)
        note_id = carried.own_id(page.text("id"))
        if note_id:
            source, title, said = f"id:{note_id}", page.text("title"), page.names("tags")
            body, attachments = self._with_our_files(entry, page)
        else:
            source, title = f"markdown:{entry.name}", self._title(entry, page)
            said = self._tags(entry, page)
            body, attachments = self._with_our_links(entry, page.body)
        title, body = fitted(title, _with_the_rest(body, page))
        return Incoming(
            source,
            title,
            body,
            created=self._moment(page, _CREATED),
            updated=self._moment(page, _UPDATED) or entry.moment,
            tags=tag_names(said),
            pinned=_is_true(page.text("pinned")),
            archived=_is_true(page.text("archived")),
            trashed=_is_true(page.text("trashed")),
            id=note_id,
            attachments=attachments,
        )

    def _page(self, entry: Entry) -> Page:
        said = text(self.archive.read(entry))
        # A file whose first line ends as Windows' lines do was saved there, all of it.
        if said.partition("\n")[0].endswith("\r"):
            said = unix_lines(said)
        page = front_matter.read(said)
        if carried.own_id(page.text("id")):
            return page
        return Page(page.fields, page.lines, unix_lines(page.body))

    def _title(self, entry: Entry, page: Page) -> str:
        title = page.text("title") or entry.path.stem
        self._titles[entry.name] = title
        return title

    def _moment(self, page: Page, names: tuple[str, ...]):
        found = (moment(page.text(name), self.zone) for name in names)
        return next((one for one in found if one), None)

    def _tags(self, entry: Entry, page: Page) -> list[str]:
        """Those of the file, the folder that it lies in, and in a vault those in its text."""
        folders = [re.sub("[/#]", "-", part) for part in entry.path.parts[:-1]]
        found = [*page.names("tags"), *page.names("tag")]
        if folders:
            found.append("/".join(re.sub(r"[\s,]+", "-", part) for part in folders))
        if self.archive.is_vault:
            found += _TAG.findall(_CODE.sub(" ", page.body))
        return found

    def _with_our_files(self, entry: Entry, page: Page) -> tuple[str, dict[str, IncomingFile]]:
        """The body as it was here, and the files that lie beside it."""
        files = carried.named(page)
        attachments: dict[str, IncomingFile] = {}
        for file in files:
            name = carried.beside(entry, file.path)
            there = self.archive.by_name.get(name)
            incoming = file_in(self.archive, there) if there else IncomingFile(name)
            attachments[f"file:{file.id}"] = replace(incoming, id=file.id, saved_as=file.name)
        return carried.inward(page.body, files), attachments

    def _with_our_links(self, entry: Entry, body: str) -> tuple[str, dict[str, IncomingFile]]:
        """The body, its links to other notes as ours are; and the other files it refers to."""
        attachments: dict[str, IncomingFile] = {}

        def wiki(found: re.Match[str]) -> str:
            embeds, name, place, alias = found.groups()
            file = self._file(entry, name)
            if file and file.ending not in ENDINGS:
                attachments[quote(file.name)] = file_in(self.archive, file)
                said = name if not alias or alias.replace("x", "").isdigit() else alias
                return f"{embeds}[{said}]({quote(file.name)})"
            title = self._title_of(file) if file else PurePosixPath(name.strip()).name
            return link_to(title, alias or "", _heading(place or ""))

        def link(found: re.Match[str]) -> str:
            words, (address, _sign, place) = found[2], (found[3] or found[4]).partition("#")
            address = unquote(address)
            file = self._file(entry, address) if address else None
            if file is None:
                return found[0]
            if file.ending in ENDINGS:
                return link_to(self._title_of(file), words, _heading(unquote(place)))
            attachments[quote(file.name)] = file_in(self.archive, file)
            return f"{found[1]}[{words}]({quote(file.name)})"

        def both(part: str) -> str:
            return _LINK.sub(link, _WIKI.sub(wiki, part))

        return outside_code(body, both), attachments

    def _file(self, entry: Entry, name: str) -> Entry | None:
        """What lies at a path, or anywhere under this name."""
        name = name.strip()
        beside = normpath((entry.path.parent / name).as_posix())
        for path in (beside, normpath(name)):
            for ending in ("", ".md"):
                if found := self.archive.by_name.get(path + ending):
                    return found
        if "/" in name:
            return None
        return self._by_stem.get(name.casefold()) or self._by_file_name.get(name)

    def _title_of(self, entry: Entry) -> str:
        if entry.name not in self._titles:
            try:
                self._title(entry, self._page(entry))
            except Broken:
                self._titles[entry.name] = entry.path.stem
        return self._titles[entry.name]


def outside_code(body: str, change: Callable[[str], str]) -> str:
    """The body with that change in all that isn't code."""
    parts = _CODE.split(body)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


def link_to(title: str, words: str, heading: str = "") -> str:
    """A link to the note of that title, or to a place in it; other words for it stand before."""
    title = " ".join(title.split())
    if not title or len(title) > MAX_TITLE or "[" in title or "]" in title:
        return words or title
    if heading and len(title) + len(heading) < MAX_TITLE and "[" not in heading:
        title = f"{title}#{heading}"
    return f"[[{title}]]" if words in ("", title) else f"{words} ([[{title}]])"


def _heading(place: str) -> str:
    """Of the headings that lead to a place the last one; "" for a block, which only its program
    knows."""
    heading = place.rpartition("#")[2].strip()
    return "" if "^" in place else heading


def _with_the_rest(body: str, page: Page) -> str:
    """What stood about the note and has no place here is kept below its text."""
    read = {*_READ, "id", carried.FIELD} if carried.own_id(page.text("id")) else _READ
    rest = "\n".join(lines for name, lines in page.lines.items() if name not in read)
    if not rest.strip():
        return body
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", rest)), default=0))
    return f"{body.rstrip()}\n\n{fence}yaml\n{rest}\n{fence}".lstrip("\n")


def _is_true(said: str) -> bool:
    return said.casefold() in ("true", "yes")
