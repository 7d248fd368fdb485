"""Lexical's JSON, in which Standard Notes keeps its "super" notes, as Markdown.

Where a paragraph, a list or a table isn't known by its name, what it says comes in as plain text.
"""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from notes.transfer.json_files import listed, text_of
from notes.transfer.markdown import link_to
from notes.transfer.plain_words import escaped, paragraph

MAX_DEPTH = 60
MAX_NODES = 100_000
# Bits of a text's format, the outermost mark first.
_MARKS = ((1, "**"), (2, "*"), (4, "~~"))
_CODE = 16
_INLINE = {"text", "code-highlight", "linebreak", "tab", "link", "autolink", "hashtag", "snbubble"}
_LINKABLE = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)


class NotUnderstood(ValueError):
    """It is no document of Lexical, or a larger or deeper one than anybody writes."""


class _Run(NamedTuple):
    """Words as they stand in Markdown, but for the marks of their format."""

    format: int
    words: str


def markdown(said: str, titles: Mapping[str, str]) -> str:
    """`titles` are those of the notes that it may link to, by their ids. Raises NotUnderstood."""
    try:
        root = json.loads(said)["root"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise NotUnderstood from None
    _check(root)
    return "\n\n".join(_Writer(titles).blocks(listed(root, "children")))


def _check(root: Any) -> None:
    if text_of(root, "type") != "root":
        raise NotUnderstood
    level, count = [root], 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        level = [child for node in level for child in listed(node, "children")]
        if not level:
            return
        if count > MAX_NODES:
            break
    raise NotUnderstood


class _Writer:
    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def blocks(self, nodes: Iterable[dict]) -> list[str]:
        found: list[str] = []
        for is_inline, some in groupby(nodes, lambda node: text_of(node, "type") in _INLINE):
            if is_inline:
                found.append(paragraph(self._inline(some)))
            else:
                found += [part for node in some for part in self._block(node)]
        return [part for part in found if part]

    def _block(self, node: dict) -> list[str]:
        children = listed(node, "children")
        match text_of(node, "type"):
            case "paragraph":
                return [paragraph(self._inline(children))]
            case "heading":
                level = text_of(node, "tag").removeprefix("h")
                marks = "#" * (int(level) if level in {*"123456"} else 1)
                words = " ".join(self._inline(children).split())
                return [f"{marks} {words}"] if words else []
            case "list":
                return [self._list(node)]
            case "quote":
                said = "\n\n".join(self.blocks(children))
                lines = (f"> {line}".rstrip() for line in said.split("\n"))
                return ["\n".join(lines)] if said else []
            case "code":
                return [_fenced(_plain(children), text_of(node, "language"))]
            case "horizontalrule":
                return ["---"]
            case "table":
                return [self._table(children)]
        own = paragraph(escaped(text_of(node, "text")))
        return [own, *self.blocks(children)]

    def _list(self, node: dict) -> str:
        kind, start = text_of(node, "listType"), node.get("start")
        number = min(max(0, start), 999_999) if isinstance(start, int) else 1
        items: list[str] = []
        indent = "  "
        for item in listed(node, "children"):
            parts = listed(item, "children")
            if items and parts and all(text_of(part, "type") == "list" for part in parts):
                # Lexical puts an inner list beside its item.
                inner = "\n".join(self._list(part) for part in parts)
                items.append(_indented(inner, indent))
                continue
            mark = f"{number}. " if kind == "number" else "- "
            number, indent = number + 1, " " * len(mark)
            task = ("[x] " if item.get("checked") is True else "[ ] ") if kind == "check" else ""
            said = "\n".join(self.blocks(parts))
            items.append(mark + task + _indented(said, indent).lstrip())
        return "\n".join(items)

    def _table(self, rows: list[dict]) -> str:
        cells = [[self._cell(cell) for cell in listed(row, "children")] for row in rows]
        width = max(map(len, cells), default=0)
        if not width:
            return ""
        head, *rest = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
        return "\n".join([head, f"|{' --- |' * width}", *rest])

    def _cell(self, cell: dict) -> str:
        said = " ".join(self.blocks(listed(cell, "children")))
        return re.sub(r"(?<!\\)\|", r"\\|", " ".join(said.split()))

    def _inline(self, nodes: Iterable[dict], in_link: bool = False) -> str:
        runs = [run for node in nodes for run in self._runs(node, in_link)]
        for place, run in enumerate(runs[1:]):
            # It would make a picture of the link after it.
            if run.words.startswith("[") and runs[place].words.endswith("!"):
                runs[place] = _Run(runs[place].format, f"{runs[place].words[:-1]}\\!")
        return _marked(runs)

    def _runs(self, node: dict, in_link: bool) -> list[_Run]:
        children = listed(node, "children")
        match text_of(node, "type"):
            case "linebreak":
                return [_Run(0, "\n")]
            case "tab":
                return [_Run(0, " ")]
            case "link" | "autolink":
                return [_Run(0, self._link(node, children))]
            case "snbubble":
                return [_Run(0, link_to(self._titles.get(text_of(node, "itemUuid"), ""), ""))]
        said, given = text_of(node, "text"), node.get("format")
        bits = given if isinstance(given, int) else 0
        own = _span(said) if bits & _CODE else escaped(said, in_link)
        return [_Run(bits, own), *(run for child in children for run in self._runs(child, in_link))]

    def _link(self, node: dict, children: list[dict]) -> str:
        words = " ".join(self._inline(children, in_link=True).split())
        address = text_of(node, "url").strip()
        if not words or not _LINKABLE.fullmatch(address):
            return words
        for mark in "()<>":
            address = address.replace(mark, f"%{ord(mark):X}")
        return f"<{address}>" if _plain(children).strip() == address else f"[{words}]({address})"


def _marked(runs: list[_Run], marks: tuple[tuple[int, str], ...] = _MARKS) -> str:
    """The marks around all that has them, one kind in the other."""
    if not marks:
        return "".join(run.words for run in runs)
    (bit, mark), *rest = marks
    said = ""
    for has_it, some in groupby(runs, lambda run: run.format & bit):
        words = _marked(list(some), tuple(rest))
        said += _around(words, mark) if has_it else words
    return said


def _around(words: str, mark: str) -> str:
    """A mark beside a blank is none."""
    inner = words.strip()
    if not inner:
        return words
    before, _, after = words.partition(inner)
    return f"{before}{mark}{inner}{mark}{after}"


def _span(words: str) -> str:
    if not words.strip():
        return words
    runs = re.findall("`+", words)
    marks = "`" * (1 + max(map(len, runs), default=0))
    room = " " if runs else ""
    return f"{marks}{room}{words}{room}{marks}"


def _fenced(words: str, language: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", words)), default=0))
    language = language if re.fullmatch(r"[\w+#-]{1,30}", language) else ""
    return f"{fence}{language}\n{words}\n{fence}"


def _plain(nodes: Iterable[dict]) -> str:
    """What they say, without any marks."""
    return "".join(
        {"linebreak": "\n", "tab": "\t"}.get(text_of(node, "type"), text_of(node, "text"))
        + _plain(listed(node, "children"))
        for node in nodes
    )


def _indented(words: str, indent: str) -> str:
    return "\n".join(indent + line if line else "" for line in words.split("\n"))
