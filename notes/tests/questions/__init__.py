"""Two hundred made-up notes and sixty questions whose answers they hold: what finding passages is
measured by. Both stood here before any code that looks for passages."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

HERE = Path(__file__).parent
# Each note begins so, with its name among these and its title.
_HEAD = re.compile(r"^=== ([\w-]+): (.+)\n", re.MULTILINE)

Half = Literal["words", "meaning"]


class MadeUpNote(NamedTuple):
    title: str
    body: str


class Question(NamedTuple):
    """`answer` is a text that one paragraph of the note holds."""

    question: str
    note: str
    answer: str


@cache
def made_up_notes() -> dict[str, MadeUpNote]:
    found = {}
    for path in sorted(HERE.glob("*.txt")):
        _nothing, *parts = _HEAD.split(path.read_text())
        for name, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            assert name not in found, name
            found[name] = MadeUpNote(title, body.strip())
    return found


@cache
def questions(half: Half) -> list[Question]:
    """Those that share a rare word with their passage, or those that share only its meaning."""
    said = tomllib.loads((HERE / "questions.toml").read_text())
    return [Question(**one) for one in said[half]]
