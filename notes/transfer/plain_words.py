"""Plain text as Markdown in which what happens to look like a mark stays text."""

import re

_LOOKS_LIKE_A_MARK = re.compile(
    r"[\\`*<]|~(?=~)|\$(?![\s\d])|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)"
    r"|\](?=[([:\]])|(?<=\])\]"
)
_BEGINS_LIKE_A_MARK = re.compile(r"#{1,6}(?: |$)|>|[-+](?: |$)|(?:-+|=+|~{3,}.*)$")
_ADDRESS = re.compile(r"(https?://\S+)", re.IGNORECASE)
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)]) ")


def escaped(text: str, in_link: bool = False) -> str:
    """Words of one line, wherever they stand in it."""
    words = _LOOKS_LIKE_A_MARK.sub(r"\\\g<0>", text)
    return words.replace("[", "&#91;").replace("]", "&#93;") if in_link else words


def paragraph(words: str) -> str:
    """Each line of what was `escaped` as words, whatever it begins with."""
    lines = (line.strip() for line in words.split("\n"))
    return "\n".join(map(_as_words, lines)).strip("\n")


def typed(text: str) -> str:
    """What somebody typed where there are no marks: addresses stay links, and items make a list,
    which says the same."""
    return "\n".join(_line(line.strip()) for line in text.split("\n")).strip("\n")


def _line(line: str) -> str:
    item = _ITEM.match(line)
    mark = item[0] if item else ""
    parts = _ADDRESS.split(line[len(mark) :])
    words = "".join(part if place % 2 else escaped(part) for place, part in enumerate(parts))
    return mark + words if mark else _as_words(words)


def _as_words(line: str) -> str:
    if _BEGINS_LIKE_A_MARK.match(line):
        return f"\\{line}"
    line = re.sub(r"^(\d{1,9})(?=[.)](?: |$))", r"\1\\", line)
    return re.sub(r"^(\[[ xX])\](?= )", r"\1\\]", line)
