"""What stands about a note at the top of its file, between two lines of three dashes.

It is read as the small part of YAML 1.2 that such files use: text, quoted text and lists. Nothing
is ever made of a tag, an anchor or a reference but the letters that stand there, so that no file
can do harm by them, and no library is needed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_LINES = 1000
_KEY = re.compile(r"([^\W\d][\w .-]{0,99}):(?:[ \t]+(.*))?$")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r"} | {
    "t": "\t",
    "v": "\v",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


@dataclass(frozen=True)
class Page:
    """A file taken apart. `lines` are those of each field as they stood there; names of fields
    are in small letters."""

    fields: dict[str, str | list[str]] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else " ".join(value)

    def names(self, name: str) -> list[str]:
        value = self.fields.get(name, [])
        return value if isinstance(value, list) else [one for one in value.split(",") if one]


def write(fields: Iterable[tuple[str, str | list[str]]], body: str) -> str:
    """A file that `read` takes apart into the very same."""
    lines = [f"{name}: {_written(value)}" for name, value in fields]
    return "\n".join(["---", *lines, "---", "", body, ""])


def quoted(text: str) -> str:
    """As a value that `write` puts in quotes."""
    said = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", said)


def read(text: str) -> Page:
    """Without such lines, or where they don't read like fields, all of it is the body."""
    lines = text.split("\n", MOST_LINES)
    if lines[0].rstrip() != "---":
        return Page(body=text.removesuffix("\n"))
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() in ("---", "...")), 0)
    blocks = _blocks([line.rstrip("\r") for line in lines[1:end]]) if end else None
    if not blocks:
        return Page(body=text.removesuffix("\n"))
    rest = "\n".join(lines[end + 1 :])
    # One empty line before the body and the end of its last line are the file's, not the note's.
    body = re.sub(r"^\r?\n", "", rest, count=1)
    return Page(
        {name.casefold(): _value(first, more) for name, first, more in blocks},
        {
            name.casefold(): "\n".join([f"{name}: {first}".rstrip(), *more])
            for name, first, more in blocks
        },
        body.removesuffix("\n"),
    )


def _written(value: str | list[str]) -> str:
    return value if isinstance(value, str) else f"[{', '.join(map(quoted, value))}]"


def _blocks(lines: list[str]) -> list[tuple[str, str, list[str]]] | None:
    """Name, rest of its line and further lines of each field; None where a line is of no field."""
    found: list[tuple[str, str, list[str]]] = []
    for line in lines:
        key = _KEY.match(line)
        if key:
            found.append((key[1], (key[2] or "").strip(), []))
        elif found and (not line.strip() or line[0] in " \t-]}"):
            found[-1][2].append(line)
        elif line.strip() and not line.startswith("#"):
            return None
    return found


def _value(first: str, more: list[str]) -> str | list[str]:
    further = [line.strip() for line in more if line.strip()]
    if re.fullmatch(r"[|>][+-]?\d?", first):
        return ("\n" if first[0] == "|" else " ").join(further)
    if not first and further and all(line[:1] == "-" for line in further):
        return [one for line in further if (one := _plain(line[1:].strip()))]
    said = " ".join([first, *further]).strip()
    if said.startswith("["):
        return _items(said)
    return _plain(said)


def _items(said: str) -> list[str]:
    """Of a list in brackets; a comma inside quotes belongs to its item."""
    items = re.findall(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\]]+)\s*[,\]]?""", said[1:])
    return [one for item in items if (one := _plain(item.strip()))]


def _plain(said: str) -> str:
    """What a single value says."""
    if said[:1] == '"' and (end := re.match(r'"((?:[^"\\]|\\.)*)"', said, re.DOTALL)):
        return _ESCAPE.sub(_unescaped, end[1])
    if said[:1] == "'" and (end := re.match(r"'((?:[^']|'')*)'", said)):
        return end[1].replace("''", "'")
    said = re.sub(r"(^|\s)#.*$", "", said).strip()
    return "" if said in ("null", "~") else said


def _unescaped(found: re.Match[str]) -> str:
    number = found[1] or found[2] or found[3]
    if not number:
        return _ESCAPED.get(found[4], found[4])
    code = int(number, 16)
    return chr(code) if code < 0xD800 or 0xE000 <= code < 0x110000 else "\ufffd"
