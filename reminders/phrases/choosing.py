"""Which of the words that look like a date or time are meant as one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reminders.phrases.grammar import CALENDAR_WORDS, LEADS, TABLES, Lead
from reminders.phrases.meanings import CANNOT_BE, Moment, Value
from reminders.phrases.patterns import ALONE, FIRM, LAST, PLAIN, Row, Sure
from reminders.phrases.said import Said, Token
from reminders.phrases.words import (
    CLINGING,
    CLOSING,
    DOING,
    EVERY,
    FRACTIONS,
    GOING_ON,
    LASTING,
    NAMING,
    NUMBERED,
    OPENING,
    PUNCTUATION,
    SOMEBODY,
    WANTING,
)

PieceKind = Literal["date", "time", "part", "repeat", "end"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A match in the text: tokens from `first`, with the prepositions before `core`, to `end`."""

    kind: PieceKind
    first: int
    core: int
    end: int
    row: Row
    value: Value
    sure: Sure
    needs_repeat: bool = False

    @property
    def is_clock(self) -> bool:
        return self.kind == "time"


# Pieces side by side.
Chain = list[Piece]
_KINDS: dict[str, PieceKind] = {
    "date": "date", "occasion": "date", "time": "time", "hour": "time", "part": "part",
    "repeat": "repeat", "end": "end",
}  # fmt: skip


def choose(said: Said) -> dict[PieceKind, Piece]:
    """One piece of each kind: of the fullest and surest chain first, of two alike the later one."""
    chosen: dict[PieceKind, Piece] = {}
    for chain in sorted(_meant(said, _pieces(said)), key=_rank):
        known = set(chosen)
        for piece in chain:
            if "repeat" in known and piece.kind == "date" and piece.sure < FIRM:
                # Elsewhere in the sentence a mere day isn't where the series begins.
                continue
            first = chosen.setdefault(piece.kind, piece)
            if piece.kind not in known and piece.value != first.value:
                # Two days or two times side by side.
                chosen[piece.kind] = replace(first, end=piece.end, value=CANNOT_BE)
    if "repeat" not in chosen:
        chosen.pop("end", None)
    if "date" in chosen and "time" in chosen and isinstance(chosen["date"].value, Moment):
        chosen["time"] = replace(chosen["time"], value=CANNOT_BE)
    return chosen


def _rank(chain: Chain) -> tuple[int, int, int]:
    return -len(chain), -max(piece.sure for piece in chain), -chain[0].first


def _pieces(said: Said) -> list[Piece]:
    """From left to right, at each word the longest match that holds there."""
    pieces: list[Piece] = []
    at = 0
    while at < len(said.tokens):
        found = _longest(said, at, pieces) if _begins(said, at) else None
        if found:
            pieces.append(found)
        at = found.end if found else at + 1
    if not any(piece.kind == "repeat" for piece in pieces):
        return [one for one in pieces if one.kind != "end" and not one.needs_repeat]
    return pieces


def _begins(said: Said, at: int) -> bool:
    """Whether a word is to be read, and isn't the end of a longer one: "pre-friday"."""
    is_inside = said.is_glued(at) and said.tokens[at - 1].text not in OPENING
    return bool(said.word(at)) and not is_inside


def _longest(said: Said, at: int, before: Sequence[Piece]) -> Piece | None:
    matches = (*_led(said, at), *_behind_every(said, at), *_bare(said, at))
    holding = [piece for piece in matches if _holds(said, piece, before)]
    return max(holding, key=lambda piece: piece.end, default=None)


def _led(said: Said, at: int) -> Iterator[Piece]:
    """Matches behind a preposition, or behind two: "starting at"."""
    leads, core = list[Lead](), at
    while said.word(core) in LEADS and len(leads) < 2:
        leads.append(LEADS[said.word(core)])
        core += 1
    is_firm = any(lead.is_firm for lead in leads)
    needs_repeat = any(lead.needs_repeat for lead in leads)
    for table in leads[-1].tables if leads else ():
        for row, value, end in TABLES[table].matches(said, core):
            if row.sure != ALONE:
                sure = FIRM if is_firm else row.sure
                yield Piece(_KINDS[table], at, core, end, row, value, sure, needs_repeat)


def _behind_every(said: Said, at: int) -> Iterator[Piece]:
    if said.word(at) not in EVERY:
        return
    from_done = said.word(at + 1) == "!" and said.is_glued(at + 1)
    for row, value, end in TABLES["every"].matches(said, at + 1 + from_done):
        meant = value if value is CANNOT_BE else replace(value, from_done=from_done)
        yield Piece("repeat", at, at, end, row, meant, FIRM)


def _bare(said: Said, at: int) -> Iterator[Piece]:
    for table in ("date", "time", "part", "repeat", "end"):
        for row, value, end in TABLES[table].matches(said, at):
            if row.sure > ALONE or (row.sure == ALONE and said.is_all(at, end)):
                yield Piece(_KINDS[table], at, at, end, row, value, row.sure)


def _holds(said: Said, piece: Piece, before: Sequence[Piece]) -> bool:
    """Whether what stands around it leaves it what it seems to be."""
    if not _ends(said, piece.end):
        return False
    if piece.row.behind_day and not _is_behind_day(piece, before):
        return False
    if piece.row.ends and _a_noun_follows(said, piece, before):
        return False
    if piece.kind == "repeat" and piece.first and said.word(piece.first - 1) == "of":
        return False
    return piece.first < piece.core or not _is_another_number(said, piece)


def _ends(said: Said, end: int) -> bool:
    """Whether no longer word goes on there: "friday-ish", "12.30.1", "9-10"."""
    if not said.is_glued(end):
        return True
    following = said.tokens[end + 1 : end + 2]
    goes_on = bool(following) and following[0].is_glued and following[0].text.isalnum()
    return said.tokens[end].text in CLOSING and not goes_on


def _is_behind_day(piece: Piece, before: Sequence[Piece]) -> bool:
    last = before[-1] if before else None
    return bool(last and last.kind in ("date", "repeat") and last.end == piece.first)


def _a_noun_follows(said: Said, piece: Piece, before: Sequence[Piece]) -> bool:
    """Whether a number belongs to what comes next: "at 9 tables", "on the 5th floor"."""
    end = piece.end
    is_over = end >= len(said.tokens) or end in said.marked | said.taken_off
    if is_over or said.tokens[end].text in PUNCTUATION:
        return False
    is_time = any(True for _ in TABLES["time"].matches(said, end))
    opens = sum(one.end - one.first for one in before) == piece.first
    word = said.word(end)
    return not (is_time or word in GOING_ON or (opens and word in DOING))


def _is_another_number(said: Said, piece: Piece) -> bool:
    """Whether it is a fraction, or the number of a room or chapter."""
    text = said.text[said.tokens[piece.core].begin : said.tokens[piece.end - 1].end]
    is_numbered = bool(piece.first) and said.word(piece.first - 1) in NUMBERED
    return text[0].isdecimal() and (is_numbered or text in FRACTIONS)


def _meant(said: Said, pieces: Sequence[Piece]) -> list[Chain]:
    """The chains that are surely meant. One that is makes room for the next: what lies between it
    and the edge of the sentence counts no more, and nor does what was taken off: "at 9" behind
    "tomorrow" leaves tomorrow where it is."""
    chains, meant = _chains(said, pieces), list[Chain]()
    passed = said.marked | said.taken_off
    while True:
        has_clock = any(piece.is_clock for chain in meant for piece in chain)
        new = [one for one in chains if _is_meant(said, one, passed, has_clock)]
        if not new:
            return meant
        meant += new
        chains = [one for one in chains if one not in new]
        passed |= {at for chain in new for at in range(chain[0].first, chain[-1].end)}


def _chains(said: Said, pieces: Sequence[Piece]) -> list[Chain]:
    """Pieces side by side, perhaps with a comma between."""
    chains: list[Chain] = []
    for piece in pieces:
        gap = range(chains[-1][-1].end, piece.first) if chains else None
        if gap is not None and (not gap or (len(gap) == 1 and said.word(gap[0]) == ",")):
            chains[-1].append(piece)
        else:
            chains.append([piece])
    return chains


def _is_meant(said: Said, chain: Chain, passed: set[int], has_clock: bool) -> bool:
    begin, end = chain[0].first, chain[-1].end
    is_first = _is_clear(said, 0, begin, passed)
    is_last = _is_clear(said, end, len(said.tokens), passed)
    is_timed = any(piece.is_clock for piece in chain)
    is_dated = any(piece.kind in ("date", "repeat") for piece in chain)
    sure = max(piece.sure for piece in chain)
    if len(chain) > 1:
        sure = FIRM if is_timed and is_dated else max(sure, PLAIN)
    if is_first and is_last:
        return is_timed or not _is_in_capitals(said, begin, end)
    if _is_a_name(said, chain, sure, is_timed) or _tells(said, chain):
        return False
    if sure == FIRM or (said.word(begin - 2), said.word(begin - 1)) == ("remind", "me"):
        return True
    before = said.word(begin - 1) if begin else ""
    is_held = before in CLINGING or before in NAMING or before.endswith("'s")
    # A time elsewhere makes a day sure, but not what may describe a word: "daily standup at 9".
    is_at_a_time = has_clock and any(piece.kind == "date" for piece in chain)
    if (is_last or is_at_a_time) and sure >= LAST:
        return not is_held
    return is_first and sure >= PLAIN and _opens_a_sentence(said, begin, end, has_clock)


def _is_clear(said: Said, begin: int, end: int, passed: set[int]) -> bool:
    """Whether nothing stands there but what was understood, punctuation and "please"."""
    return all(
        at in passed or said.tokens[at].text in PUNCTUATION or said.word(at) in ("please", "pls")
        for at in range(begin, end)
    )


def _is_a_name(said: Said, chain: Chain, sure: Sure, is_timed: bool) -> bool:
    """Capitals in the middle of a sentence, where a calendar has none: "in 80 Days", "Freaky
    Friday", "tom" who is "Tom"."""
    begin, end = chain[0].first, chain[-1].end
    if said.word(begin) in ("tom", "tod"):
        return _is_somebody(said, begin)
    if is_timed or said.text.isupper():
        return False
    first, *others = said.tokens[begin:end]
    if any(_is_unusual(token) for token in others) or (
        begin and sure < FIRM and _is_unusual(first)
    ):
        return True
    before = said.tokens[begin - 1].text if begin > 1 else ""
    return sure < FIRM and before[:1].isupper() and first.text[0].isupper()


def _is_in_capitals(said: Said, begin: int, end: int) -> bool:
    """As a title that is all there is: "The Day After Tomorrow"."""
    return not said.text.isupper() and sum(map(_is_unusual, said.tokens[begin + 1 : end])) > 1


def _tells(said: Said, chain: Chain) -> bool:
    """Whether it belongs to what is told or named, and isn't when something is to be done: "every
    day I write", "learn to cook in 30 days", "live at 5", "in a minute book"."""
    begin, end = chain[0].first, chain[-1].end
    is_day = chain[0].kind == "date" and not isinstance(chain[0].value, Moment)
    if begin == 0 and chain[-1].kind == "repeat" and said.word(end) in SOMEBODY:
        return said.word(end + 1) not in WANTING
    if said.word(begin) == "in" and is_day:
        return said.word(0) in LASTING
    if [token.word for token in said.tokens[begin:end]] == ["in", "a", "minute"]:
        return end + 1 == len(said.tokens)
    return said.word(begin) == "at" and begin == 1 and said.word(0) == "live"


def _is_unusual(token: Token) -> bool:
    return token.text[0].isupper() and token.word not in CALENDAR_WORDS


def _is_somebody(said: Said, at: int) -> bool:
    """ "Tom" where it isn't short for tomorrow: in capitals, or behind what is done to him."""
    return bool(at) or said.tokens[at].text[0].isupper()


def _opens_a_sentence(said: Said, begin: int, end: int, has_clock: bool) -> bool:
    """Before other words: "friday lunch", "Friday: lunch", "Friday call mum", "Friday lunch at 1",
    and not "Friday night lights", "3:10 to Yuma" or "1 may not do"."""
    following = said.tokens[end]
    if following.text in ("to", "of", "not"):
        return False
    is_small = not said.tokens[begin].text[0].isupper()
    return is_small or has_clock or following.text in PUNCTUATION or following.word in DOING
