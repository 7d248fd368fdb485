r"""Formulas: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, from LaTeX to MathML."""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

if TYPE_CHECKING:
    from math_core import LatexToMathML

INLINE = "formula_inline"
BLOCK = "formula_block"

LONGEST = 4000
"""Characters. What closes a formula is looked for only so far."""

# The converter calls itself for each level and for each command that takes what follows, and a
# stack that overflows ends the whole process. An opening bracket that meets no partner in its
# group doubles the time. With these limits a formula takes less than 1 MB of stack and a few
# milliseconds.
DEEPEST = 50
MOST_COMMANDS = 300
MOST_OPEN_BRACKETS = 10

_CLOSERS = {"$$": "$$", r"\[": r"\]"}
_MAY_FOLLOW = frozenset({"", ".", ",", ";", ":"})
_DOLLAR = re.compile(rf"\$(?![\s$])((?:[^$\\]|\\.){{1,{LONGEST}}})(?<!\s)\$(?![\w$])", re.DOTALL)
_DOUBLE_DOLLAR = re.compile(rf"\$\$(?!\$)((?:[^$\\]|\\.|\$(?!\$)){{1,{LONGEST}}}?)\$\$", re.DOTALL)
# `\(` and `\[` are Markdown's escaped brackets too: "\[sic\]" isn't a formula.
_SURE_SIGN = re.compile(r"\\[A-Za-z]|[\^_=+<>{}]|\d\s*[-*/]|[-*/]\s*\d")
_WORD = re.compile(r"[^\W\d_]{3,}")


def add_block_rule(md: MarkdownIt) -> None:
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", BLOCK, _block_rule, {"alt": interrupts})


def add_inline_rule(md: MarkdownIt) -> None:
    md.inline.ruler.before("escape", INLINE, _inline_rule)


def mathml(latex: str, *, display: bool) -> str:
    """The formula as MathML; as its source in `<code>` where it can't be converted."""
    latex = latex.strip()
    bearable = _bearable(latex)
    if bearable is None:
        return _source(latex)
    try:
        converted = _converter().convert_with_local_state(bearable, displaystyle=display)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException:  # noqa: BLE001  a panic in Rust is a BaseException
        return _source(latex)
    return _STYLE.sub(_as_classes, converted)


def _block_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own, up to its closing mark or to a blank line.

    The first line alone decides that it begins, so that a growing text keeps its blocks.
    """
    if state.is_code_block(start):
        return False
    first = _line(state, start)
    closer = _CLOSERS.get(first[:2])
    if closer is None or first[2:3] == "$":
        return False
    content, closed, tail = first[2:].partition(closer)
    if closed and (tail.strip() not in _MAY_FOLLOW or not content.strip()):
        return False
    if closed and closer == r"\]" and not _SURE_SIGN.search(content):
        return False
    if silent:
        return True

    last = start
    parts = [content]
    while not closed and last + 1 < end:
        if state.isEmpty(last + 1) or state.sCount[last + 1] < state.blkIndent:
            break
        last += 1
        content, closed, tail = _line(state, last).partition(closer)
        parts.append(content)
    state.line = last + 1

    if closed and tail.strip() in _MAY_FOLLOW:
        token = state.push(BLOCK, "math", 0)
        token.block = True
        token.content = "\n".join(parts).rstrip() + tail.strip()
        token.map = [start, state.line]
        return True
    state.push("paragraph_open", "p", 1).map = [start, state.line]
    token = state.push("inline", "", 0)
    token.content = "\n".join(_line(state, number).strip() for number in range(start, state.line))
    token.map = [start, state.line]
    token.children = []
    state.push("paragraph_close", "p", -1)
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _inline_rule(state: StateInline, silent: bool) -> bool:
    two = state.src[state.pos : state.pos + 2]
    if two[:1] == "$":
        found = _between_dollars(state)
    elif two in (r"\(", r"\["):
        found = _between_brackets(state, two)
    else:
        return False
    if not found:
        return False
    content, end = found
    if not silent:
        token = state.push(INLINE, "math", 0)
        token.content = content
        token.meta = {"display": two in _CLOSERS}
    state.pos = end
    return True


def _between_dollars(state: StateInline) -> tuple[str, int] | None:
    """Pandoc's rule for `$`, which leaves prices alone: no space inside, no letter outside."""
    before = state.src[state.pos - 1] if state.pos else " "
    found = _DOUBLE_DOLLAR.match(state.src, state.pos)
    if not found and not before.isalnum() and before != "$":
        found = _DOLLAR.match(state.src, state.pos)
    if not found or found.end() > state.posMax:
        return None
    return found[1], found.end()


def _between_brackets(state: StateInline, opener: str) -> tuple[str, int] | None:
    closer = r"\)" if opener == r"\(" else r"\]"
    end = state.src.find(closer, state.pos + 2, min(state.posMax, state.pos + 2 + LONGEST))
    content = state.src[state.pos + 2 : end]
    if end < 0 or not content.strip():
        return None
    if not _SURE_SIGN.search(content) and (opener == r"\[" or _WORD.search(content)):
        return None
    return content, end + 2


_LATEX_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([^\s\w])", re.DOTALL)
_DEFINES = re.compile(r"\\(?:(?:re)?newcommand|providecommand|[egx]?def|let|global)(?![A-Za-z])")
_OPENING = frozenset("([⟨⌈⌊⟦⟮⦃⦅")
_OPENING_NAME = re.compile(
    r"\{|l+(?:Angle|Brace|Vert|vert|ang|angle|brace|brack|bracket|ceil|floor|group|corner"
    r"|parenthesis|paren|moustache)|ulcorner"
)
_OPENING_COMMAND = re.compile(r"mathopen|[Bb]ra(?:ket)?|[Kk]et|[Ss]et|[Bb]igg?l")
_TAKES_BRACKET = re.compile(
    r"left|right|middle|(?:[Bb]igg?)[lmr]?|sqrt|smash|prescript|\\|x[a-zA-Z]+"
)


def _bearable(latex: str) -> str | None:
    """The formula in the form that the converter can take without overflow or endless work.

    None for a formula that it couldn't take in any form.
    """
    if not latex or len(latex) > LONGEST or _DEFINES.search(latex):
        return None
    commands = depth = deepest = brackets = lone = written = 0
    parts: list[str] = []
    previous = ""
    for token in _LATEX_TOKEN.finditer(latex):
        name, sign = token[1] or "", token[2] or ""
        commands += bool(name)
        depth += (sign == "{" or name in ("begin", "left")) - (sign == "}")
        deepest = max(deepest, depth)
        opens = sign in _OPENING or _OPENING_NAME.fullmatch(name)
        if opens and not _TAKES_BRACKET.fullmatch(previous):
            # In a group that isn't just itself it seeks no partner; it looks the same.
            parts += (latex[written : token.start()], "{{}", token[0], "}")
            written = token.end()
            brackets += 1
        elif opens or _OPENING_COMMAND.fullmatch(name):
            lone += 1
        previous = name
    if lone > MOST_OPEN_BRACKETS or deepest > DEEPEST or commands > MOST_COMMANDS:
        return None
    if lone + brackets <= MOST_OPEN_BRACKETS:
        return latex
    return "".join(parts) + latex[written:]


_STYLE = re.compile(r' style="([^"]*)"')
# The page's policy refuses style attributes; these are the ones that carry the layout.
STYLE_CLASSES = {
    "text-align: right": "right",
    "text-align: left": "left",
    "padding-left:1em": "gap",
    "border-left:": "line-left",
    "border-right:": "line-right",
    "border-top:": "line-top",
    "width: 100%": "wide",
    "width: 50%": "half",
}


def _as_classes(style: re.Match[str]) -> str:
    classes = [name for sign, name in STYLE_CLASSES.items() if sign in style[1]]
    return f' class="{" ".join(classes)}"' if classes else ""


def _source(latex: str) -> str:
    return f'<code class="latex">{escape(latex)}</code>'


@cache
def _converter() -> "LatexToMathML":
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False)
