"""What a question looks for: not all of its words, as a search does, but the more the better.

"How long did the boiler people stay?" is answered where there is a boiler and people that stayed.
Words that every text has are left out, endings are taken off, and what a text index weighs (BM25)
makes the rare words count most.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ahfai.textindex.queries import Term
from ahfai.textindex.words import fold, words_of

MAX_WORDS = 24
MAX_QUESTION = 2000
# A beginning as short as this is that of too many words.
SHORTEST_STEM = 4

# Folded: what asks, points and joins in English and German, and what is asked of an assistant. It
# says nothing of the matter.
_SAYS_NOTHING = frozenset(
    words_of(
        """
    a about again all also am an and any are as at be because been before being between both but
    by can could did do does doing don down during each else ever for from get give go had has have
    having he her here hers him his how i if in into is it its itself just let like may me might
    mine more most much must my near need no nor not now of off on once one only or other our ours
    out over own please s same shall she should so some such t tell than that the their them then
    there these they this those through to too under until up us very want was we were what when
    where whether which while who whom whose why will with without would yes yet you your yours
    aber alle als also am an auch auf aus bei bin bis bitte da damit dann das dass dem den der des
    dich die dies diese dieser doch dort du durch ein eine einem einen einer eines er es euch fur
    gegen hab habe haben hat hatte hier ich ihm ihn ihr ihre im in ist ja jede jeder jetzt kann
    kannst kein keine konnen mal man mein meine meinem meinen meiner mich mir mit muss nach nicht
    noch nun nur ob oder ohne schon sein seine sich sie sind so soll sollen uber um und uns unser
    unsere unter vom von vor wann war waren warum was wegen weil welche welchem welchen welcher
    ask asking explain find fix heute help helps know list make many show summarise summarize thank
    thanks think today translate use write danke erklare erklar find finde hilf liste mach mache
    schreib schreibe weiss zeig zeige
    welches wem wen wenn wer werden weshalb wie wieder wieso will wird wir wo woher wohin zu zum zur
        """
    )
)
# The longest first, so that of "pressings" more goes than an s.
_ENDINGS = re.compile(r"(?:ations?|ings?|ies|ern|ed|er|en|em|es|est|ly|e|s|y|n)$")


@dataclass(frozen=True, slots=True)
class Question:
    """The words that say what it is about, folded, each once, in their order."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Question":
        said = dict.fromkeys(words_of(fold(text[:MAX_QUESTION])))
        return cls(tuple(word for word in said if word not in _SAYS_NOTHING)[:MAX_WORDS])

    def expression(self) -> str:
        """In FTS5's own language; "" where nothing is asked for, which finds nothing."""
        return " OR ".join(part for word in self.words for part in _parts(word))

    def each(self) -> "list[Question]":
        """A question about each of its words."""
        return [Question((word,)) for word in self.words]

    def said_in(self, text: str) -> int:
        """How many of its words, or of their beginnings, are in this text."""
        there = f" {' '.join(words_of(fold(text)))}"
        return sum(f" {stem(word)}" in there for word in self.words)


def meant(said: str, titles: Iterable[str]) -> list[int]:
    """The places of the titles that somebody may mean who doesn't say one exactly: those that say
    all of it, or that it says all of. Of several, those that it shares the most words with.

    "Electricity bill", and "pay the electricity bill by tomorrow", mean "Pay the electricity bill".
    """
    wanted = Question.parse(said)
    shared: dict[int, int] = {}
    for place, title in enumerate(titles):
        about = Question.parse(title)
        both = wanted.said_in(title)
        if both and (both == len(wanted.words) or about.said_in(said) == len(about.words)):
            shared[place] = both
    return [place for place, both in shared.items() if both == max(shared.values())]


def stem(word: str) -> str:
    """The beginning that a word's other forms have too, as far as endings tell."""
    shorter = _ENDINGS.sub("", word)
    return shorter if len(shorter) >= SHORTEST_STEM else word


def _parts(word: str) -> Iterator[str]:
    """The word as it stands counts once more than its beginning alone."""
    yield Term((word,), is_phrase=True).expression()
    if len(word) >= SHORTEST_STEM:
        yield Term((stem(word),), is_phrase=False).expression()
