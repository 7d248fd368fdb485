"""What passages mean, in numbers: made in the background, sealed, and compared in memory.

Without an embedder there are none, and words alone find passages.
"""

import contextlib
import heapq
import logging
import threading
import time
import uuid
from array import array
from collections import OrderedDict
from collections.abc import Collection, Sequence
from math import inf, sqrt
from operator import itemgetter, mul
from statistics import fmean, pstdev
from typing import NamedTuple, Protocol

from django.db import IntegrityError, connections, transaction
from django.db.models import F, Q

from accounts.models import User
from ahfai.crypto import SealError
from ahfai.markdown import files
from notes.models import Note, NoteVectors
from notes.passages import cut

# Notes are taken in by so many, the newest first.
AT_ONCE = 20
# So often a worker looks whether there are notes without.
REST_S = 15
# Vectors of so many bytes are kept in memory, or those of the one who asked last.
KEPT_BYTES = 32 * 2**20
# A part of a vector is a whole number up to this.
LARGEST = 127
# Of fewer passages nobody can tell which one stands out.
FEW = 20

log = logging.getLogger(__name__)


class EmbedderAway(Exception):
    """It can't be asked just now."""


class Embedder(Protocol):
    """Makes vectors of one length. `name` is another one where they can't be compared."""

    @property
    def name(self) -> str: ...

    def of_passages(self, texts: Sequence[str]) -> list[Sequence[float]]:
        """Raises EmbedderAway."""

    def of_question(self, text: str) -> Sequence[float]:
        """Raises EmbedderAway."""


class Near(NamedTuple):
    """A passage by its note and its number there; `stands_out` is how many standard deviations
    nearer it is than passages are in general."""

    note_id: uuid.UUID
    number: int
    stands_out: float


def make_missing(embedder: Embedder) -> int:
    """Make the vectors of notes that have none of their version yet. Returns for how many.

    Two workers may do the same twice, which harms nothing. Raises EmbedderAway.
    """
    made = 0
    unreadable: list[uuid.UUID] = []
    while notes := list(_missing(embedder).exclude(pk__in=unreadable)[:AT_ONCE]):
        for note in notes:
            try:
                texts = _texts(note)
            except SealError:
                unreadable.append(note.pk)
                continue
            connections.close_all()
            vectors = embedder.of_passages(texts) if texts else []
            _keep(note, embedder, [packed(vector) for vector in vectors])
            made += 1
    return made


def _missing(embedder: Embedder):
    is_there = Q(vectors__version=F("version"), vectors__embedder=embedder.name)
    return Note.objects.living().exclude(is_there).order_by("-changed")


def _texts(note: Note) -> list[str]:
    """The passages with what stands above them."""
    return [
        "\n".join((note.title, *one.under, files.in_words(note.body[one.start : one.end])))
        for one in cut(note.body)
    ]


def _keep(note: Note, embedder: Embedder, vectors: list[array]) -> None:
    # Its note was deleted this moment, or another worker was quicker.
    with contextlib.suppress(IntegrityError), transaction.atomic():
        NoteVectors.objects.filter(note=note).delete()
        NoteVectors.objects.create(
            owner_id=note.owner_id,
            note=note,
            version=note.version,
            embedder=embedder.name,
            length=len(vectors[0]) if vectors else 0,
            vectors=b"".join(vector.tobytes() for vector in vectors),
        )


def packed(vector: Sequence[float]) -> array:
    """The direction of a vector in small whole numbers, which is all that is compared."""
    longest = max(map(abs, vector), default=0) or 1
    return array("b", (round(part / longest * LARGEST) for part in vector))


def nearest(
    user: User, embedder: Embedder, question: str, most: int, within: Collection[uuid.UUID] | None
) -> list[Near]:
    """The passages whose meaning is most like the question's, the best first.

    Raises EmbedderAway.
    """
    asked = packed(embedder.of_question(question))
    measured = sqrt(sum(map(mul, asked, asked)))
    likeness = [
        (sum(map(mul, asked, vector)) / (length * measured), note_id, number)
        for note_id, vectors in _vectors_of(user, embedder).items()
        for number, (vector, length) in enumerate(vectors)
        if len(vector) == len(asked)
    ]
    usual = fmean(one[0] for one in likeness) if likeness else 0.0
    spread = pstdev(one[0] for one in likeness) if len(likeness) >= FEW else inf
    best = heapq.nlargest(
        most, (one for one in likeness if within is None or one[1] in within), key=itemgetter(0)
    )
    return [
        Near(note_id, number, (like - usual) / (spread or inf)) for like, note_id, number in best
    ]


_Vectors = dict[uuid.UUID, list[tuple[array, float]]]


class _Held:
    """One person's vectors, each with its length, and which rows they were read from."""

    def __init__(self) -> None:
        self.read: dict[uuid.UUID, tuple[uuid.UUID, int]] = {}
        self.vectors: _Vectors = {}
        self.lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        return sum(len(vector) for some in self.vectors.values() for vector, _length in some)


_held: OrderedDict[tuple[uuid.UUID, str], _Held] = OrderedDict()
_holding = threading.Lock()


def forget() -> None:
    """Read all vectors again at the next question."""
    with _holding:
        _held.clear()


def people() -> list[uuid.UUID]:
    """Whose vectors this process has."""
    with _holding:
        return [person for person, _embedder in _held]


def forget_one(person: uuid.UUID) -> None:
    with _holding:
        for held in [one for one in _held if one[0] == person]:
            del _held[held]


def _vectors_of(user: User, embedder: Embedder) -> _Vectors:
    with _holding:
        held = _held.setdefault((user.pk, embedder.name), _Held())
        _held.move_to_end((user.pk, embedder.name))
    with held.lock:
        _read_new(user, embedder, held)
        vectors = dict(held.vectors)
    with _holding:
        size = sum(one.size_bytes for one in _held.values())
        while size > KEPT_BYTES and len(_held) > 1:
            _person, gone = _held.popitem(last=False)
            size -= gone.size_bytes
    return vectors


def _read_new(user: User, embedder: Embedder, held: _Held) -> None:
    """Take over what was made, and drop what went, since the last question."""
    # Of an older version nobody knows which passage they are of.
    current = Q(version=F("note__version"), note__trashed=None, embedder=embedder.name)
    rows = NoteVectors.objects.filter(current, owner=user)
    there = {pk: (note, version) for pk, note, version in rows.values_list("pk", "note", "version")}
    for key in [key for key, known in held.read.items() if there.get(key) != known]:
        held.vectors.pop(held.read.pop(key)[0], None)
    new = rows.filter(pk__in=there.keys() - held.read.keys()) if held.read else rows
    for row in new.iterator(chunk_size=200):
        try:
            said = array("b", row.vectors)
        except SealError:
            continue
        parts = [said[at : at + row.length] for at in range(0, len(said), row.length or 1)]
        held.vectors[row.note_id] = [(one, sqrt(sum(map(mul, one, one))) or 1) for one in parts]
        held.read[row.pk] = (row.note_id, row.version)


_making: list[threading.Thread] = []
_rests_until = 0.0


def take_up(embedder: Embedder | None) -> None:
    """Make what is missing in a thread of this process, unless one is at it."""
    _making[:] = [thread for thread in _making if thread.is_alive()]
    global _rests_until
    if embedder is None or _making or time.monotonic() < _rests_until:
        return
    _rests_until = time.monotonic() + REST_S
    if _missing(embedder).exists():
        thread = threading.Thread(target=_make, args=(embedder,), name="vectors", daemon=True)
        _making.append(thread)
        thread.start()


def _make(embedder: Embedder) -> None:
    global _rests_until
    try:
        make_missing(embedder)
    except EmbedderAway:
        log.info("no vectors are made: the embedder can't be asked")
    except Exception as error:  # noqa: BLE001 (by its class only: a message could hold words)
        log.error("vectors could not be made: %s", type(error).__name__)
    finally:
        # What couldn't be made isn't tried again at once.
        _rests_until = time.monotonic() + REST_S
        connections.close_all()
