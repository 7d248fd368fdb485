"""How a text refers to files of its person: `![words](file:<id>)`, `[words](file:<id>)`.

A text shows only those that its caller names; see `ahfai.markdown.render`.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

FILE = re.compile(r"\bfile:([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})", re.IGNORECASE)
_REFERENCE = re.compile(rf"!?\[((?:[^\[\]\\\n]|\\.)*)\]\({FILE.pattern}\)", re.IGNORECASE)
_MARKS = re.compile(r"([\\\[\]*_`~<&$!])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True)
class File:
    """A file that a text may show, at an address of this site."""

    name: str
    address: str
    is_picture: bool


Files = Mapping[str, File]
"""By their ids in lower case."""


def ids(text: str) -> list[uuid.UUID]:
    """The files that a text refers to, each once."""
    return list(dict.fromkeys(uuid.UUID(found) for found in FILE.findall(text)))


def reference(name: str, file_id: uuid.UUID, is_picture: bool) -> str:
    """What refers to a file, with its name as the words; of a picture's name without the ending."""
    words = name.rpartition(".")[0] or name if is_picture else name
    return "!" * is_picture + f"[{_escaped(words)}](file:{file_id})"


def in_words(text: str) -> str:
    """The text with the words of its references in their place."""
    if "](" not in text:
        # Looking for them takes longer than opening the text.
        return text
    return _REFERENCE.sub(lambda found: _ESCAPED.sub(r"\1", found[1]), text)


def without(text: str, file_id: uuid.UUID) -> str:
    """The text without what refers to this file."""

    def left(found: re.Match[str]) -> str:
        return "" if uuid.UUID(found[found.re.groups]) == file_id else found[0]

    return FILE.sub(left, _REFERENCE.sub(left, text)).rstrip()


def _escaped(words: str) -> str:
    return _MARKS.sub(r"\\\1", words)
