"""How a text becomes words: folded, and cut as the index takes it."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

# Longer runs of letters beyond ASCII seldom come twice.
SHORT_RUN = 8
WIDE = (
    "\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Letters without accents come in runs, others one by one.
_PLAIN_RUN = re.compile(r"[\x00-\x7f]+|.", re.DOTALL)
# The first is much the quicker; the other has the quotation marks and dashes of word processors.
_WESTERN = ("latin-1", "cp1252")
WIDE_RUN = re.compile(f"[{WIDE}]+")
_WORD = re.compile(rf"[{WIDE}]|[^\W_{WIDE}]+")
_BEYOND_LATIN = re.compile("[^\0-\u02ff]+")
# What FTS5 itself takes for a part of a word, and is none.
_BETWEEN_WORDS = re.compile(rf"[^\0-\x7f\w{WIDE}]+")


def fold(text: str) -> str:
    """Without case and accents. Lone surrogates, which SQLite can't take, become question marks."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.encode("utf-8", "replace").decode()).casefold()
    return unicodedata.normalize("NFC", _BEYOND_LATIN.sub(_without_accents, text))


def words_of(folded: str) -> list[str]:
    """The words of a folded text; wide characters one by one."""
    return _WORD.findall(folded)


def folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place in `text` that it came from."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    folded: list[str] = []
    places: list[int] = []
    for run in _PLAIN_RUN.finditer(text):
        if run[0].isascii():
            folded.append(run[0].lower())
            places += range(run.start(), run.end())
        else:
            one = _fold_one(run[0])
            folded.append(one)
            places += [run.start()] * len(one)
    return "".join(folded), places


def cut(text: str) -> str:
    """As the index takes it: folded, and wide characters as pairs, and the last one alone.

    FTS5 ends words at what ASCII has between them, folds ASCII itself, and knows no more than
    that. A codec is the quickest to find the rest: most often a letter or two, and in Western
    languages such that another letter stands for it, which a table of bytes replaces.
    """
    if text.isascii():
        return text
    for codec in _WESTERN:
        try:
            western = text.encode(codec)
        except UnicodeEncodeError:
            continue
        western = western.translate(_plain_letters(codec))
        if western.isascii():
            return western.decode()
        text = western.decode(codec)
        break
    return text.encode("ascii", "ahfai.textindex").decode()


@cache
def _plain_letters(codec: str) -> bytes:
    """For each byte of a Western codec the one of the letter that stands for its own, if any."""
    plain = bytearray(range(256))
    for byte in plain[128:]:
        letter = bytes([byte]).decode(codec, "ignore")
        if letter and len(cut := _cut_run(letter)) == 1:
            plain[byte] = cut[0]
    return bytes(plain)


def _cut_rest(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    run = error.object[error.start : error.end]
    return (_cut_short(run) if len(run) <= SHORT_RUN else _cut_run(run)), error.end


def _cut_run(run: str) -> bytes:
    pairs = WIDE_RUN.sub(lambda wide: f" {' '.join(_pairs_of(wide[0]))} ", fold(run))
    return _BETWEEN_WORDS.sub(" ", pairs).encode()


def _without_accents(run: re.Match[str]) -> str:
    return "".join(one for one in run[0] if not unicodedata.combining(one))


def _pairs_of(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run)))


_fold_one = lru_cache(maxsize=4096)(fold)
_cut_short = lru_cache(maxsize=4096)(_cut_run)
codecs.register_error("ahfai.textindex", _cut_rest)
