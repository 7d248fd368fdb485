"""`[[Title]]` in a note: marked as the name of another one, for whoever knows where it leads."""

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

TITLE = "note_title"
PATTERN = re.compile(r"\[\[([^\[\]\n]{1,200})\]\]")


def add_rule(md: MarkdownIt) -> None:
    md.inline.ruler.before("link", TITLE, _rule)
    md.add_render_rule(TITLE, _render)


def _rule(state: StateInline, silent: bool) -> bool:
    # No link stands in another one.
    if not state.env.get("is_note") or state.linkLevel:
        return False
    found = PATTERN.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push(TITLE, "span", 0).content = found[1]
    state.pos = found.end()
    return True


def _render(self: object, tokens: list[Token], index: int, *rest: object) -> str:
    return f'<span class="note-title">{escapeHtml(tokens[index].content)}</span>'
