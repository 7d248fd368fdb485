"""The passages of a person's notes that answer a question, the best first.

They are found by their words, with an index in memory that holds passages as the search's holds
whole notes; before each question it takes over what has changed, so every process finds the same.
"""

import itertools
import re
import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings

from accounts.fields import opened_rows
from accounts.models import Tombstone, User
from ahfai.crypto import SealError
from ahfai.markdown import files
from ahfai.questions import MAX_QUESTION, Question
from ahfai.sizes import MB
from ahfai.textindex.documents import Bounds, Document
from ahfai.textindex.index import TextIndex
from ahfai.textindex.shelves import Indexes
from notes import vectors
from notes.models import Note
from notes.passages import Passage, cut
from notes.vectors import Embedder, EmbedderAway, Near

MOST = 5
# Of so many are those left out that are in the trash, or that can't be opened.
LOOKED_AT = 40
# Whoever reads the words for the first time may be at it for some seconds.
PATIENCE_S = 20
# Longer than this nobody keeps word of what was deleted.
KEEP_UP_WITHIN = timedelta(days=30)
# A passage has a title, and headings, for all that it says.
TITLE_WEIGHT = 2.0
# How little the first ranks differ when two lists are joined; the usual number.
RANKS = 60
# A passage whose meaning is so many standard deviations nearer than usual is clear, and from so
# many on where the question is about the person's own matters: measured by `bench/passages.py`.
CLEAR_DEVIATIONS = 4.0
OWN_DEVIATIONS = 3.0
# In English and German.
_OWN = re.compile(r"\b(?:my|mine|our|ours|we|did i|have i|mein\w*|unser\w*|wir|hab\w* ich)\b", re.I)
# What is clear says at least this part of what the question is about, and so many words of it, one
# of which is in no more than this part of all passages, where there are enough of them to tell.
CLEAR_PART, CLEAR_WORDS, RARE_PART, ENOUGH = 0.5, 2, 0.05, 20

_indexes = Indexes(settings.SEARCH_MEMORY_MB * MB // 2)


# A passage by its note and its number there.
Place = tuple[uuid.UUID, int]


@dataclass(frozen=True)
class Found:
    """A passage, with the place that it has in this version of its note.

    `is_clear` tells whether it says so much of what was asked that it is likely to be meant.
    """

    note_id: uuid.UUID
    title: str
    version: int
    passage: Passage
    text: str
    is_clear: bool

    @property
    def heading(self) -> str:
        """As in "Norway › Day 2"."""
        return " › ".join(part for part in (self.title, *self.passage.under) if part)


@dataclass(frozen=True)
class _Sought:
    """A question, those of its words that are rare among the passages, and how near a passage is
    that is clear."""

    asked: Question
    rare: list[Question]
    clear: float = CLEAR_DEVIATIONS

    def is_clear_in(self, text: str) -> bool:
        said, words = self.asked.said_in(text), len(self.asked.words)
        if said < min(CLEAR_WORDS, words) or said < CLEAR_PART * words:
            return False
        return any(word.said_in(text) for word in self.rare)


def find(
    user: User,
    question: str,
    most: int = MOST,
    within: Collection[uuid.UUID] | None = None,
    embedder: Embedder | None = None,
    least: float = 0.0,
) -> list[Found]:
    """The best `most` passages of the person's living notes, or of those `within`.

    With an `embedder` those of like meaning are found, too, as far as their vectors are made: those
    that are `least` standard deviations nearer than usual, where that can be told.
    """
    asked = Question.parse(question)
    if not asked.words or (within is not None and not within):
        return []
    by_words, rare = _by_words(user, asked, within)
    near = _by_meaning(user, question, within, embedder) if embedder else []
    if least:
        near = [one for one in near if one.stands_out >= least or not one.stands_out]
    sought = _Sought(asked, rare, OWN_DEVIATIONS if _OWN.search(question) else CLEAR_DEVIATIONS)
    return _opened(user, sought, by_words, near, most)


def _by_words(
    user: User, asked: Question, within: Collection[uuid.UUID] | None
) -> tuple[list[Place], list[Question]]:
    """Where most of the words are, the best first, and which of the words are rare."""
    bounds = Bounds(within=None if within is None else frozenset(one.bytes for one in within))
    with _indexes.of(user.pk, wait_s=PATIENCE_S) as index:
        if index is None:
            return [], []
        if time.time() - index.kept_up > KEEP_UP_WITHIN.total_seconds():
            index.as_of = None
        _keep_up(index, user)
        hits = index.search(asked, LOOKED_AT, bounds, len(index), TITLE_WEIGHT)
        many = RARE_PART * len(index) if len(index) >= ENOUGH else len(index)
        rare = [word for word in asked.each() if index.count(word) <= many]
    return [(hit.container, _number(hit.key, hit.container)) for hit in hits], rare


def _by_meaning(
    user: User, question: str, within: Collection[uuid.UUID] | None, embedder: Embedder
) -> list[Near]:
    try:
        return vectors.nearest(user, embedder, question[:MAX_QUESTION], LOOKED_AT, within)
    except EmbedderAway:
        # Words alone find what they can.
        return []


def beginnings(user: User, notes: Collection[uuid.UUID], most: int = MOST) -> list[Found]:
    """The first passages of these notes, what was changed last first: for a question that says
    nothing to find them by, as "Sum this up"."""
    there = user.notes.living().filter(pk__in=notes).order_by("-changed")[:most]
    nothing = _Sought(Question(()), [])
    found = (
        _found(note, passage, nothing)
        for note in there
        if (body := _body(note)) is not None
        for passage in cut(body)
    )
    return list(itertools.islice(found, most))


def forget() -> None:
    """Drop all indexes; the next question of each person reads their notes again."""
    global _indexes
    _indexes = Indexes(settings.SEARCH_MEMORY_MB * MB // 2)


def people() -> list[uuid.UUID]:
    """Whose notes this process has read."""
    return _indexes.people()


def forget_one(person: uuid.UUID) -> None:
    _indexes.forget(person)


def _keep_up(index: TextIndex, user: User) -> None:
    now = User.objects.values_list("change_number", flat=True).get(pk=user.pk)
    since = index.as_of
    if since is None:
        index.fill(_documents(user.notes.order_by("-change_number")))
    elif since != now:
        gone = Tombstone.objects.filter(owner=user, change_number__gt=since)
        changed = user.notes.filter(change_number__gt=since).order_by("change_number")
        for key in [*gone.values_list("key", flat=True), *changed.values_list("pk", flat=True)]:
            # A note that is shorter now has fewer passages than before.
            index.remove(key)
        index.put(_documents(changed))
    index.as_of, index.kept_up = now, time.time()


def _documents(notes) -> Iterator[Document]:
    for note_id, title, body in opened_rows(notes, "title", "body"):
        for number, passage in enumerate(cut(body)):
            over = " ".join((title, *passage.under))
            text = files.in_words(body[passage.start : passage.end])
            yield Document("passage", _key(note_id, number), note_id, over, text)


def _key(note_id: bytes, number: int) -> bytes:
    """What tells passages apart: their note's id with the number laid over its end."""
    return note_id[:12] + (int.from_bytes(note_id[12:]) ^ number).to_bytes(4)


def _number(key: uuid.UUID, note_id: uuid.UUID) -> int:
    return key.int ^ note_id.int


def _opened(
    user: User, sought: _Sought, by_words: list[Place], near: list[Near], most: int
) -> list[Found]:
    """The best of both lists: those that are far up in one or in both of them.

    Beside vectors, words count only where they say enough: else they bring what has one of them
    by chance.
    """
    near_by = {(one.note_id, one.number): one.stands_out for one in near}
    notes = user.notes.living().in_bulk({note_id for note_id, _number in [*by_words, *near_by]})
    passages = {key: cut(body) for key, note in notes.items() if (body := _body(note)) is not None}

    def opened(places: Iterable[Place]) -> dict[Place, Found]:
        # A note may have become shorter since the index was asked.
        return {
            (key, number): _found(notes[key], passages[key][number], sought)
            for key, number in places
            if key in passages and number < len(passages[key])
        }

    worded = opened(by_words)
    if not near:
        return list(worded.values())[:most]
    meant = {
        place: replace(one, is_clear=True) if near_by[place] >= sought.clear else one
        for place, one in opened(near_by).items()
    }
    said = [place for place, one in worded.items() if one.is_clear]
    best = _joined(said, list(meant))[:most]
    return [meant.get(place) or worded[place] for place in best]


def _joined(*lists: list[Place]) -> list[Place]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009)."""
    scores: dict[Place, float] = {}
    for one in lists:
        for rank, place in enumerate(one, 1):
            scores[place] = scores.get(place, 0) + 1 / (RANKS + rank)
    return sorted(scores, key=lambda place: -scores[place])


def _body(note: Note) -> str | None:
    """What can't be opened answers nothing, and keeps nothing else from answering."""
    try:
        return note.body if note.title is not None else None
    except SealError:
        return None


def _found(note: Note, passage: Passage, sought: _Sought) -> Found:
    text = note.body[passage.start : passage.end]
    said = " ".join((note.title, *passage.under, files.in_words(text)))
    return Found(note.pk, note.title, note.version, passage, text, sought.is_clear_in(said))
