"""Where a growing Markdown text can be cut: the block structure only, no inline parsing."""

import re
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ahfai.markdown import formulas

NESTING = 20
"""Levels of lists, quotes and emphasis inside each other; a list with its items takes two."""

_LINE_END = re.compile(r"\r\n?|\n")
_FENCE = re.compile(r" {0,3}(`{3,}+|~{3,}+)")
_CLOSED_AT_ONCE = frozenset({"heading_open", "hr", formulas.BLOCK})
_CLOSED_BY_BLANK_LINE = frozenset({"paragraph_open", "table_open", "blockquote_open"})


def closed(text: str, start: int) -> list[tuple[int, int]]:
    """See `ahfai.markdown.closed_blocks`.

    Only whole lines count: `#` may still become `#hashtag`. Blank lines before a block belong
    to it, so that its end is known as soon as its last line is.
    """
    line_ends = [found.end() for found in _LINE_END.finditer(text, start)]
    if line_ends and text.endswith("\r"):
        line_ends.pop()  # "\n" may follow
    if not line_ends:
        return []
    source = _LINE_END.sub("\n", text[start : line_ends[-1]])
    lines = source.split("\n")[:-1]
    if _are_open_fence(lines):
        return []
    found = [token for token in _splitter().parse(source) if token.level == 0 and token.map]
    if found and not _is_closed(found[-1], lines):
        found.pop()
    ends = [start, *(line_ends[_last_line(token, lines)] for token in found)]
    return list(pairwise(ends))


def _are_open_fence(lines: list[str]) -> bool:
    """Whether the lines are code that nothing has closed yet.

    Long code grows by many lines; this spares parsing all of it at each one.
    """
    first = next((number for number, line in enumerate(lines) if line.strip(" \t")), len(lines))
    opening = _FENCE.match(lines[first]) if first < len(lines) else None
    if not opening or (opening[1][0] == "`" and "`" in lines[first][opening.end() :]):
        return False
    return not any(_closes(line, opening[1]) for line in lines[first + 1 :])


def _closes(line: str, fence: str) -> bool:
    found = _FENCE.match(line)
    if not found or not found[1].startswith(fence):
        return False
    return not line[found.end() :].strip(" \t")


def _is_closed(block: Token, lines: list[str]) -> bool:
    """Whether the last block of the text is complete as it stands."""
    if block.type in _CLOSED_AT_ONCE:
        return True
    if block.type == "fence":
        assert block.map
        first, end = block.map
        return end - first > 1 and _closes(lines[end - 1], block.markup)
    return block.type in _CLOSED_BY_BLANK_LINE and not lines[-1].strip(" \t")


def _last_line(block: Token, lines: list[str]) -> int:
    """Number of the block's last line that isn't blank (the parser gives some blocks more)."""
    assert block.map
    last = block.map[1] - 1
    while last > block.map[0] and not lines[last].strip(" \t"):
        last -= 1
    return last


@cache
def _splitter() -> MarkdownIt:
    splitter = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING})
    # A definition of links leaves no token, and its title may reach over lines yet to come:
    # here it is the paragraph as which it is written.
    splitter.enable("table").disable(["reference", "inline", "text_join"])
    formulas.add_block_rule(splitter)
    splitter.parse("")
    return splitter
