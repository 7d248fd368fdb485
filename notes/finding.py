"""The passages of a person's notes that answer a question, the best first.

They are found by their words, with an index in memory that holds passages as the search's holds
whole notes; before each question it takes over what has changed, so every process finds the same.
"""

import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from accounts.fields import opened_rows
from accounts.models import Tombstone, User
from ahfai.crypto import SealError
from ahfai.markdown import files
from ahfai.questions import Question
from ahfai.sizes import MB
from ahfai.textindex import Bounds, Document, Indexes, TextIndex
from notes.models import Note
from notes.passages import Passage, cut

MOST = 5
# Of so many are those left out that are in the trash, or that can't be opened.
LOOKED_AT = 40
# Whoever reads the words for the first time may be at it for some seconds.
PATIENCE_S = 20
# Longer than this nobody keeps word of what was deleted.
KEEP_UP_WITHIN = timedelta(days=30)
# A passage has a title, and headings, for all that it says.
TITLE_WEIGHT = 2.0
# What is clear says at least this part of what the question is about, and so many words of it.
CLEAR_PART, CLEAR_WORDS = 0.5, 2

_indexes = Indexes(settings.SEARCH_MEMORY_MB * MB // 2)


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


def find(
    user: User, question: str, most: int = MOST, within: Collection[uuid.UUID] | None = None
) -> list[Found]:
    """The best `most` passages of the person's living notes, or of those `within`."""
    asked = Question.parse(question)
    if not asked.words or (within is not None and not within):
        return []
    bounds = Bounds(within=None if within is None else frozenset(one.bytes for one in within))
    with _indexes.of(user.pk, wait_s=PATIENCE_S) as index:
        if index is None:
            return []
        if time.time() - index.kept_up > KEEP_UP_WITHIN.total_seconds():
            index.as_of = None
        _keep_up(index, user)
        hits = index.search(asked, LOOKED_AT, bounds, len(index), TITLE_WEIGHT)
    places = [(hit.container, _number(hit.key, hit.container)) for hit in hits]
    return _opened(user, asked, places, most)


def forget() -> None:
    """Drop all indexes; the next question of each person reads their notes again."""
    global _indexes
    _indexes = Indexes(settings.SEARCH_MEMORY_MB * MB // 2)


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
    user: User, asked: Question, places: Iterable[tuple[uuid.UUID, int]], most: int
) -> list[Found]:
    places = list(places)
    notes = user.notes.living().in_bulk([note_id for note_id, _number in places])
    passages = {key: cut(body) for key, note in notes.items() if (body := _body(note)) is not None}
    found = []
    for note_id, number in places:
        # A note may have become shorter since the index was asked.
        if note_id in passages and number < len(passages[note_id]):
            found.append(_found(notes[note_id], passages[note_id][number], asked))
        if len(found) == most:
            break
    return found


def _body(note: Note) -> str | None:
    """What can't be opened answers nothing, and keeps nothing else from answering."""
    try:
        return note.body if note.title is not None else None
    except SealError:
        return None


def _found(note: Note, passage: Passage, asked: Question) -> Found:
    text = note.body[passage.start : passage.end]
    said = asked.said_in(" ".join((note.title, *passage.under, files.in_words(text))))
    is_clear = said >= min(CLEAR_WORDS, len(asked.words)) and said >= CLEAR_PART * len(asked.words)
    return Found(note.pk, note.title, note.version, passage, text, is_clear)
