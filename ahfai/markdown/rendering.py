"""One parser for whole messages, and what becomes of its tokens."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from ahfai.markdown import formulas, links, titles
from ahfai.markdown.allowed import only_allowed
from ahfai.markdown.blocks import NESTING
from ahfai.markdown.files import Files
from ahfai.markdown.highlight import Allowance, code_block

TASK = "task"
MOST_TOKENS = 40_000
"""Blocks of one text; a few lines of table can ask for hundreds of thousands of cells."""


MOST_BRACKETS = 10_000
"""Each may begin a link, and is followed up to the end of its paragraph."""


class Overgrown(Exception):
    """The text is nested deeper, or has more parts, than is rendered."""


def html(text: str, files: Files | None = None, is_note: bool = False) -> str:
    """The text as sanitised HTML. Raises `Overgrown`."""
    addresses = frozenset(file.address for file in (files or {}).values())
    environment = {"is_note": is_note, links.FILES: files}
    return only_allowed(_parser().render(text, environment), addresses)


def words(text: str) -> str:
    """The text without marks, a line per block. Raises `Overgrown`."""
    return "\n".join(line for line in _lines(_parser().parse(text)) if line)


def _lines(tokens: list[Token]) -> Iterator[str]:
    cells: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            cells = []
        elif token.type == "tr_close" and cells is not None:
            yield ", ".join(cell for cell in cells if cell)
            cells = None
        elif token.type == "inline":
            line = " ".join(_spoken(token.children or []).split())
            if cells is None:
                yield line
            else:
                cells.append(line)
        elif token.type in ("fence", "code_block"):
            yield _announced(token)
        elif token.type == formulas.BLOCK:
            yield " ".join(token.content.split())


def _spoken(tokens: list[Token]) -> str:
    return "".join(
        " " if token.type in ("softbreak", "hardbreak") else token.content
        for token in tokens
        if token.type != links.HOST
    )


def _announced(code: Token) -> str:
    lines = len(code.content.splitlines())
    return ngettext("Code, %(lines)d line.", "Code, %(lines)d lines.", lines) % {"lines": lines}


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt(
        "commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": NESTING}
    )
    md.enable(["table", "strikethrough", "linkify"])
    formulas.add_block_rule(md)
    formulas.add_inline_rule(md)
    md.core.ruler.after("block", "bounds", _check_bounds)
    links.add_rules(md)
    titles.add_rule(md)
    md.core.ruler.push("tasks", _mark_tasks)
    md.core.ruler.push("levels", _settle_levels)
    for name, rule in _RENDER_RULES.items():
        md.add_render_rule(name, rule)
    # Rules are compiled at their first use, and threads share this parser.
    md.render("https://example.org mailto:a@example.org")
    return md


def _check_bounds(state: StateCore) -> None:
    """Refuses what the block parser would cut off in silence, or what would take too long."""
    inline = (token for token in state.tokens if token.type == "inline")
    if (
        len(state.tokens) > MOST_TOKENS
        or sum(token.content.count("[") for token in inline) > MOST_BRACKETS
        or any(token.level >= NESTING - 1 for token in state.tokens)
    ):
        raise Overgrown


def _mark_tasks(state: StateCore) -> None:
    for item, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open":
            continue
        first = inline.children[0] if inline.children else None
        if first and first.type == "text" and first.content[:4].lower() in ("[ ] ", "[x] "):
            done = first.content[1] != " "
            first.content = first.content[4:]
            assert inline.children
            line = item.map[0] if item.map and state.env.get("is_note") else None
            inline.children.insert(0, Token(TASK, "span", 0, meta={"done": done, "line": line}))
            item.attrSet("class", "task")


def _settle_levels(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"class": str(token.attrs["style"]).removeprefix("text-align:")}


def _render_code(
    self: object, tokens: list[Token], index: int, options: object, env: dict[str, Allowance]
) -> str:
    allowance = env.setdefault("colouring", Allowance())
    return code_block(tokens[index].content, tokens[index].info, allowance)


def _render_formula(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    token = tokens[index]
    return formulas.mathml(token.content, display=token.meta["display"])


def _render_formula_block(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    formula = formulas.mathml(tokens[index].content, display=True)
    return f'<div class="math" tabindex="0">{formula}</div>\n'


def _render_table_open(self: object, *rest: object) -> str:
    # A group, not a region: a page with two tables would have two landmarks of one name.
    return f'<div class="table" tabindex="0" role="group" aria-label="{_("Table")}"><table>\n'


def _render_table_close(self: object, *rest: object) -> str:
    return "</table></div>\n"


def _render_task(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    task = tokens[index].meta
    state, label = ("done", _("Done")) if task["done"] else ("open", _("To do"))
    place = "" if task["line"] is None else f' data-line="{task["line"]}"'
    return f'<span class="task-{state}" role="img" aria-label="{label}"{place}></span>'


_RENDER_RULES: dict[str, Callable[..., Any]] = {
    "fence": _render_code,
    "code_block": _render_code,
    formulas.INLINE: _render_formula,
    formulas.BLOCK: _render_formula_block,
    "table_open": _render_table_open,
    "table_close": _render_table_close,
    TASK: _render_task,
}
