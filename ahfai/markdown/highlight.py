"""Code blocks: a head with the language, and the code in coloured words."""

import re
import time
from dataclasses import dataclass
from functools import cache
from html import escape

LONGEST_COLOURED = 20_000
"""Characters; longer code stays in one colour."""

SECONDS_OF_COLOUR = 0.5
"""Of processor time, for all the code of one text; many lexers are quadratic on odd input."""

# Pygments has hundreds of lexers. In these, no single step ran away on hostile input, so that
# the limit above holds.
LANGUAGES = frozenset(
    [
        "awk",
        "bash",
        "c",
        "c#",
        "c++",
        "clojure",
        "cmake",
        "cpp",
        "cs",
        "csharp",
        "css",
        "dart",
        "diff",
        "docker",
        "dockerfile",
        "elixir",
        "erlang",
        "f#",
        "fsharp",
        "go",
        "golang",
        "graphql",
        "groovy",
        "haskell",
        "hcl",
        "hs",
        "html",
        "http",
        "java",
        "javascript",
        "jinja",
        "js",
        "json",
        "jsx",
        "julia",
        "kotlin",
        "kt",
        "latex",
        "less",
        "lisp",
        "lua",
        "make",
        "makefile",
        "markdown",
        "md",
        "nasm",
        "nginx",
        "nix",
        "objc",
        "objective-c",
        "patch",
        "perl",
        "php",
        "pl",
        "postgresql",
        "powershell",
        "proto",
        "protobuf",
        "ps1",
        "py",
        "python",
        "python3",
        "r",
        "rb",
        "rs",
        "ruby",
        "rust",
        "scala",
        "scheme",
        "scss",
        "sh",
        "shell",
        "solidity",
        "sql",
        "swift",
        "terraform",
        "tex",
        "toml",
        "ts",
        "tsx",
        "typescript",
        "vim",
        "xml",
        "yaml",
        "yml",
        "zig",
        "zsh",
    ]
)
_SAME_AS = {"kt": "kotlin", "patch": "diff", "zsh": "bash"}
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#._-]{0,29}")

# Pygments' short names of the kinds that have a colour; the others are plain text.
COLOURED = {
    "Comment": "c",
    "Comment.Preproc": "cp",
    "Keyword": "k",
    "Keyword.Constant": "kc",
    "Keyword.Type": "kt",
    "Literal.String": "s",
    "Literal.String.Interpol": "si",
    "Literal.String.Escape": "se",
    "Literal.Number": "m",
    "Literal.Date": "m",
    "Operator.Word": "ow",
    "Name.Attribute": "na",
    "Name.Builtin": "nb",
    "Name.Class": "nc",
    "Name.Constant": "no",
    "Name.Decorator": "nd",
    "Name.Exception": "ne",
    "Name.Function": "nf",
    "Name.Tag": "nt",
    "Name.Variable": "nv",
    "Generic.Deleted": "gd",
    "Generic.Inserted": "gi",
    "Generic.Heading": "gh",
    "Generic.Subheading": "gu",
    "Generic.Prompt": "gp",
    "Generic.Output": "go",
    "Generic.Emph": "ge",
    "Generic.Strong": "gs",
}


@dataclass
class Allowance:
    """What is left of the time for colouring one text."""

    seconds: float = SECONDS_OF_COLOUR


def code_block(source: str, info: str, allowance: Allowance) -> str:
    """`info` is what follows the opening fence; its first word names the language."""
    words = info.split()
    label = words[0] if words and _LABEL.fullmatch(words[0]) else "text"
    language = label.lower()
    code = _coloured(source, language, allowance) or escape(source)
    return (
        f'<div class="code" data-language="{escape(language)}">'
        f'<div class="code-head"><span>{escape(label)}</span></div>'
        f'<pre tabindex="0"><code class="highlight">{code}</code></pre>'
        "</div>\n"
    )


def _coloured(source: str, language: str, allowance: Allowance) -> str | None:
    """The code in spans; None where it stays in one colour."""
    if language not in LANGUAGES or len(source) > LONGEST_COLOURED:
        return None
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(_SAME_AS.get(language, language), stripnl=False, ensurenl=False)
    begun = time.thread_time()
    parts: list[str] = []
    colour: str | None = None
    run: list[str] = []
    try:
        for kind, value in lexer.get_tokens(source):
            if time.thread_time() - begun > allowance.seconds:
                return None
            mine = _colour(kind)
            if mine != colour and run:
                parts.append(_span("".join(run), colour))
                run = []
            colour = mine
            run.append(value)
    finally:
        allowance.seconds -= time.thread_time() - begun
    parts.append(_span("".join(run), colour))
    return "".join(parts)


@cache
def _colour(kind: tuple[str, ...]) -> str | None:
    """The class of a kind of token, else of the nearest kind above it."""
    while kind:
        if found := COLOURED.get(".".join(kind)):
            return found
        kind = kind[:-1]
    return None


def _span(words: str, colour: str | None) -> str:
    return f'<span class="{colour}">{escape(words)}</span>' if colour else escape(words)
