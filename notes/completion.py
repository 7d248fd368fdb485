"""What a title that somebody begins to write in `[[` may become."""

import re
import unicodedata

from accounts.models import User
from accounts.sealing import lookup
from ahfai.markdown.titles import PATTERN
from ahfai.textindex.words import fold
from notes import titles as known_titles

MOST = 10
MOST_WORDS = 8


def titles(user: User, text: str) -> list[str]:
    """Of the person's living notes at most MOST titles in which all words of `text` begin a word.

    Those that begin as `text` does come first, then what was changed last; one that can't stand in
    a link is left out.
    """
    begun = fold(text).strip()
    wanted = [_beginning(word) for word in begun.split()[:MOST_WORDS]]
    first: dict[str, str] = {}
    others: dict[str, str] = {}
    known = known_titles.of(user)
    trashed = set(user.notes.in_trash().values_list("pk", flat=True))
    for one, folded in known.newest_first:
        if one.id in trashed or not all(word.search(folded) for word in wanted):
            continue
        if PATTERN.fullmatch(f"[[{one.title}]]"):
            found = first if folded.startswith(begun) else others
            found.setdefault(lookup.fold(one.title), one.title)
    return list((first | others).values())[:MOST]


def _beginning(word: str) -> re.Pattern[str]:
    # Chinese and Japanese put no blanks between words.
    is_unspaced = unicodedata.category(word[0]) == "Lo"
    return re.compile(("" if is_unspaced else r"(?<![^\W_])") + re.escape(word))
