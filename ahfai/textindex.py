"""Full-text search over opened text, in memory: one index per person, never on the disk.

Words are found by their beginnings, without regard to case, accents and ß/ss. Chinese, Japanese
and Korean, which write no spaces, are cut into pairs of characters. The index (SQLite's FTS5)
holds words and their places, not the text: who searches opens what was found, and `snippet` marks
there what the index matched.
"""

import codecs
import contextlib
import itertools
import json
import re
import sqlite3
import threading
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

# With more hits than this only the newest are weighed: nobody reads on so far.
WEIGHED_HITS = 400
TITLE_WEIGHT, BODY_WEIGHT = 8.0, 1.0
MAX_QUERY = 400
MAX_TERMS = 16
# So much goes into the index by one statement, and so much makes a part full; the words collect in
# FTS5's buffer meanwhile, whose own 1 MB doubles the time.
DOCUMENTS_AT_ONCE, CHARACTERS_AT_ONCE = 10_000, 4_000_000
BUFFER_BYTES = 32 * 2**20
WRITERS, FIRST_AMONG = 2, 5
FEW_CONTAINERS = 500
# Longer runs of letters beyond ASCII seldom come twice.
SHORT_RUN = 8

_WIDE = (
    "\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Letters without accents come in runs, others one by one.
_PLAIN_RUN = re.compile(r"[\x00-\x7f]+|.", re.DOTALL)
# The first is much the quicker; the other has the quotation marks and dashes of word processors.
_WESTERN = ("latin-1", "cp1252")
_WIDE_RUN = re.compile(f"[{_WIDE}]+")
_WORD = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+")
_BEYOND_LATIN = re.compile("[^\0-\u02ff]+")
# What FTS5 itself takes for a part of a word, and is none.
_BETWEEN_WORDS = re.compile(rf"[^\0-\x7f\w{_WIDE}]+")
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


class Document(NamedTuple):
    """What is found. `kind` and `key` name its row; `container` is what it is a part of; both are
    the bytes of ids, which for very many documents is quicker than ids.

    `when` is in UTC and begins with "2026-05-31 23:59:59"; documents come in the order of `number`.
    """

    kind: str
    key: bytes
    container: bytes
    title: str = ""
    body: str = ""
    when: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a search leaves out. `within` and `without` are the bytes of containers' ids; of the
    moments `since` and `until`, the first is meant too, and the second isn't."""

    kinds: frozenset[str] | None = None
    within: frozenset[bytes] | None = None
    without: frozenset[bytes] = frozenset()
    since: str = ""
    until: str = ""

    def allows(self, container: bytes) -> bool:
        return (self.within is None or container in self.within) and container not in self.without

    def condition(self) -> tuple[str, list[str | bytes]]:
        """In SQL, on a row of `documents`, as far as that is the quicker way."""
        said, values = "", list[str | bytes]()
        if self.within is not None and len(self.within) <= FEW_CONTAINERS:
            said += f" AND container IN ({', '.join('?' * len(self.within))})"
            values += self.within
        if self.kinds is not None:
            said += f" AND kind IN ({', '.join('?' * len(self.kinds))})"
            values += sorted(self.kinds)
        for limit, sign in ((self.since, ">="), (self.until, "<")):
            if limit:
                said += f" AND moment {sign} ?"
                values.append(limit)
        return said, values


NO_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Hit:
    kind: str
    key: UUID
    container: UUID


class Expressed(Protocol):
    """What an index can be asked."""

    def expression(self) -> str:
        """In FTS5's own language; "" finds nothing."""


@dataclass(frozen=True, slots=True)
class Query:
    """`wanted` and `unwanted` are lists of folded words; a `phrase` stands in its order."""

    wanted: tuple["Term", ...]
    unwanted: tuple["Term", ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read what a person typed: words, "phrases" and -words. Anything means something."""
        wanted: list[Term] = []
        unwanted: list[Term] = []
        for minus, phrase, word in _TERM.findall(text[:MAX_QUERY]):
            term = Term(tuple(words_of(fold(phrase or word))), is_phrase=not word)
            if term.words:
                (unwanted if minus else wanted).append(term)
        return cls(tuple(wanted[:MAX_TERMS]), tuple(unwanted[:MAX_TERMS]))

    def expression(self) -> str:
        """In FTS5's own language. "" where nothing is wanted, which finds nothing."""
        if not self.wanted:
            return ""
        said = " AND ".join(term.expression() for term in self.wanted)
        for term in self.unwanted:
            said = f"({said}) NOT {term.expression()}"
        return said


@dataclass(frozen=True, slots=True)
class Term:
    words: tuple[str, ...]
    is_phrase: bool

    def expression(self) -> str:
        # Only letters and digits are in words, so nothing in them means anything to FTS5.
        return f'"{" ".join(self._pairs())}"{"" if self.is_phrase else "*"}'

    def _pairs(self) -> Iterator[str]:
        run = ""
        for word in (*self.words, ""):
            if _WIDE_RUN.fullmatch(word):
                run += word
                continue
            yield from (run[at : at + 2] for at in range(len(run) - 1)) if len(run) > 1 else run
            run = ""
            if word:
                yield word


def fold(text: str) -> str:
    """Without case and accents. Lone surrogates, which SQLite can't take, become question marks."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.encode("utf-8", "replace").decode()).casefold()
    return unicodedata.normalize("NFC", _BEYOND_LATIN.sub(_without_accents, text))


def snippet(text: str, query: Query, length: int = 200) -> list[tuple[str, bool]]:
    """About `length` characters around the first match, in pieces with whether they matched."""
    found = marks(text, query)
    start = max(0, found[0][0] - length // 3) if found else 0
    if start and (space := text.find(" ", start, found[0][0])) >= 0:
        start = space + 1
    end = min(len(text), start + length)
    pieces = [("…", False)] if start else []
    at = start
    for begin, stop in found:
        if begin >= end:
            break
        if begin >= at:
            pieces += [(text[at:begin], False), (text[begin:stop], True)]
            at = stop
    pieces.append((text[at : max(at, end)], False))
    if max(at, end) < len(text):
        pieces.append(("…", False))
    return [piece for piece in pieces if piece[0]]


def marks(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the wanted words are in `text`, as ranges of its own characters."""
    folded, places = _folded_with_places(text)
    found = []
    for term in query.wanted:
        *whole, last = term.words
        between = rf"[^\w{_WIDE}]*_*[^\w{_WIDE}]*"
        begins = "" if _WIDE_RUN.match(term.words[0]) else r"(?<![^\W_])"
        ends = "" if _WIDE_RUN.match(last) else (r"(?![^\W_])" if term.is_phrase else r"[^\W_]*")
        said = between.join(map(re.escape, (*whole, last)))
        for match in re.finditer(f"{begins}{said}{ends}", folded):
            found.append((places[match.start()], places[match.end() - 1] + 1))
    return sorted(found)


class TextIndex:
    """One person's index. `as_of` and `unfinished` are the caller's marks of how far it is filled,
    `kept_up` is when (seconds since the epoch).

    It is kept in parts by age, the newest last: a search that finds enough among the newer ones
    never looks at the others. Not for two threads at once: `Indexes.of` hands it out to one after
    the other. Only while one fills it, others may search in what is there: the newest words.
    """

    def __init__(self) -> None:
        self.as_of: int | None = None
        self.unfinished: set[UUID] = set()
        self.kept_up = 0.0
        self._parts: list[_Part] = []

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self._parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @property
    def is_empty(self) -> bool:
        return not self._parts

    def fill(self, documents: Iterable[Document]) -> None:
        """Begin anew with these, newest first and each once."""
        self._parts = []
        for part in _made_beside(documents):
            # In one step: somebody may be searching.
            self._parts = [part, *self._parts]

    def put(self, documents: Iterable[Document]) -> None:
        """Add these, newest last, and replace those of the same keys."""
        with self._at_once():
            older = list(self._parts)
            _write_beside(documents, lambda some: self._add_newer(some, older))

    def remove(self, key: UUID) -> None:
        """Forget this, and all that is a part of it."""
        with self._at_once():
            for part in self._parts:
                part.remove("key", key.bytes)
                part.remove("container", key.bytes)

    def search(
        self,
        query: Expressed,
        limit: int = 50,
        bounds: Bounds = NO_BOUNDS,
        among: int | None = None,
        title_weight: float = TITLE_WEIGHT,
    ) -> list[Hit]:
        """The best first, of the newest `among` that match; of equal ones, the newest."""
        expression = query.expression()
        among = WEIGHED_HITS if among is None else among
        weighed: list[_Weighed] = []
        if expression:
            for part in reversed(self._parts):
                weighed += part.weigh(expression, among - len(weighed), bounds, title_weight)
                if len(weighed) >= among:
                    break
        weighed.sort(key=itemgetter(0))
        return [
            Hit(kind, UUID(bytes=key), UUID(bytes=container))
            for _weight, kind, key, container in weighed[:limit]
        ]

    def count(self, query: Expressed) -> int:
        """How many documents match."""
        expression = query.expression()
        return sum(part.count(expression) for part in self._parts) if expression else 0

    @contextlib.contextmanager
    def _at_once(self) -> Iterator[None]:
        before = list(self._parts)
        for part in before:
            part.begin()
        try:
            yield
        except BaseException:
            for part in before:
                part.undo()
            self._parts = before
            raise
        for part in before:
            part.keep()
        self._parts = [part for part in self._parts if len(part)]

    def _add_newer(self, some: list[Document], older: "list[_Part]") -> None:
        for part in older:
            for one in some:
                part.remove("key", one.key)
        if not self._parts or self._parts[-1].is_full:
            self._parts.append(_Part())
        self._parts[-1].add(some)


_Weighed = list[Any]


class _Part:
    """Some of the documents, in a database of their own."""

    def __init__(self) -> None:
        self._characters = 0
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE words USING fts5(title, body, content='', contentless_delete=1, "
            "prefix='1 2', tokenize='ascii')"
        )
        self._db.execute("INSERT INTO words(words, rank) VALUES ('hashsize', ?)", (BUFFER_BYTES,))
        self._db.execute(
            "CREATE TABLE documents "
            "(id INTEGER PRIMARY KEY, kind TEXT, key BLOB, container BLOB, moment TEXT)"
        )

    @property
    def size_bytes(self) -> int:
        pages, page = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIZES)
        return pages * page

    @property
    def is_full(self) -> bool:
        return len(self) >= DOCUMENTS_AT_ONCE or self._characters >= CHARACTERS_AT_ONCE

    def __len__(self) -> int:
        return self._db.execute("SELECT count(*) FROM documents").fetchone()[0]

    def add(self, some: list[Document]) -> None:
        """These, cut. By few statements: between two of them, this thread waits for its turn."""
        [last] = self._db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
        first = last + 1
        self._db.execute(
            "INSERT INTO documents SELECT :first + key, value, substr(:keys, 32 * key + 1, 16), "
            "substr(:keys, 32 * key + 17, 16), "
            # Of bytes: to find a place in a text, SQLite counts its letters.
            "CAST(substr(:moments, 19 * key + 1, 19) AS TEXT) "
            "FROM json_each(:kinds)",
            {
                "first": first,
                "kinds": json.dumps([one.kind for one in some]),
                "moments": "".join(f"{one.when:19.19}" for one in some).encode(),
                "keys": b"".join(one.key + one.container for one in some),
            },
        )
        rows = ", ".join(["(?, ?, ?)"] * len(some))
        self._db.execute(
            f"INSERT INTO words (rowid, title, body) VALUES {rows}",  # noqa: S608
            [
                value
                for row, one in enumerate(some, first)
                for value in (row, _cut(one.title), _cut(one.body))
            ],
        )
        self._characters += sum(len(one.title) + len(one.body) for one in some)
        if not last:
            # Made when the rows are there, these take a fraction of the time. There they are where
            # all that stood here was just replaced.
            self._db.execute("CREATE INDEX IF NOT EXISTS by_key ON documents (key)")
            self._db.execute("CREATE INDEX IF NOT EXISTS of_container ON documents (container)")

    def remove(self, column: Literal["key", "container"], key: bytes) -> None:
        found = f"SELECT id FROM documents WHERE {column} = ?"  # noqa: S608
        if rows := self._db.execute(found, (key,)).fetchall():
            self._db.executemany("DELETE FROM words WHERE rowid = ?", rows)
            self._db.executemany("DELETE FROM documents WHERE id = ?", rows)

    def weigh(
        self, expression: str, most: int, bounds: Bounds, title_weight: float
    ) -> list[_Weighed]:
        """The newest `most` of what matches, the best first; of equal ones, the newest."""
        newest = self._newest(expression, most, bounds)
        if not newest:
            return []
        rows = self._db.execute(
            "SELECT words.rowid, bm25(words, ?, ?) AS weight, kind, key, container "
            "FROM words JOIN documents ON id = words.rowid "
            "WHERE words MATCH ? AND words.rowid >= ? ORDER BY weight, words.rowid DESC",
            (title_weight, BODY_WEIGHT, expression, min(newest)),
        )
        return [rest for row, *rest in rows if row in newest]

    def count(self, expression: str) -> int:
        found = "SELECT count(*) FROM words WHERE words MATCH ?"
        return self._db.execute(found, (expression,)).fetchone()[0]

    def _newest(self, expression: str, most: int, bounds: Bounds) -> set[int]:
        if bounds is NO_BOUNDS:
            rows = self._db.execute(
                "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?",
                (expression, most),
            )
            return {row for [row] in rows}
        condition, values = bounds.condition()
        rows = self._db.execute(
            "SELECT words.rowid, container FROM words JOIN documents ON id = words.rowid "  # noqa: S608
            f"WHERE words MATCH ?{condition} ORDER BY words.rowid DESC",
            (expression, *values),
        )
        allowed = (row for row, container in rows if bounds.allows(container))
        return set(itertools.islice(allowed, most))

    def begin(self) -> None:
        self._db.execute("BEGIN")

    def keep(self) -> None:
        self._db.execute("COMMIT")

    def undo(self) -> None:
        self._db.execute("ROLLBACK")


@dataclass
class _Shelf:
    index: TextIndex = field(default_factory=TextIndex)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Indexes:
    """The indexes of many people, at most `max_bytes` of them; who searched longest ago goes."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._shelves: OrderedDict[UUID, _Shelf] = OrderedDict()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, person: UUID, wait_s: float = -1) -> Iterator[TextIndex | None]:
        """The person's index, for this thread alone; None if another one has it for `wait_s`."""
        with self._lock:
            shelf = self._shelves.setdefault(person, _Shelf())
            self._shelves.move_to_end(person)
        if not shelf.lock.acquire(timeout=wait_s):
            yield None
            return
        try:
            yield shelf.index
        finally:
            shelf.lock.release()
        self._make_room()

    def in_use(self, person: UUID) -> TextIndex | None:
        """The person's index while another thread has it, to search in as it is being filled."""
        with self._lock:
            shelf = self._shelves.get(person)
        return shelf.index if shelf else None

    def forget(self, person: UUID) -> None:
        with self._lock:
            self._shelves.pop(person, None)

    def people(self) -> list[UUID]:
        with self._lock:
            return list(self._shelves)

    def _make_room(self) -> None:
        with self._lock:
            size = sum(shelf.index.size_bytes for shelf in self._shelves.values())
            while size > self.max_bytes and len(self._shelves) > 1:
                _person, shelf = self._shelves.popitem(last=False)
                size -= shelf.index.size_bytes


_SIZES = ("page_count", "page_size")


def words_of(folded: str) -> list[str]:
    """The words of a folded text; wide characters one by one."""
    return _WORD.findall(folded)


def _write_beside(documents: Iterable[Document], write: Callable[[list[Document]], None]) -> None:
    """SQLite leaves the interpreter to the thread that reads the next ones meanwhile."""
    rest = iter(documents)
    with ThreadPoolExecutor(1, "search-words") as beside:
        writing: Future[None] | None = None
        while some := _next_of(rest):
            if writing:
                writing.result()
            writing = beside.submit(write, some)
        if writing:
            writing.result()


def _made_beside(documents: Iterable[Document]) -> Iterator[_Part]:
    """A part of each of the batches, in their order. Two are made at a time: one core is left over
    once all is read."""
    rest = iter(documents)
    with ThreadPoolExecutor(WRITERS, "search-words") as beside:
        making: deque[Future[_Part]] = deque()
        # The first part is a small one: who has just asked sees the newest words soon.
        some = _next_of(rest, FIRST_AMONG)
        while some:
            making.append(beside.submit(_part_of, some[::-1]))
            while making and (making[0].done() or len(making) > WRITERS):
                yield making.popleft().result()
            some = _next_of(rest)
        while making:
            yield making.popleft().result()


def _part_of(some: list[Document]) -> _Part:
    part = _Part()
    part.add(some)
    return part


def _next_of(documents: Iterator[Document], among: int = 1) -> list[Document]:
    """The next ones: as many as go in at once, or of that one part `among` so many."""
    some: list[Document] = []
    length = 0
    for one in documents:
        some.append(one)
        length += len(one.title) + len(one.body)
        if len(some) * among >= DOCUMENTS_AT_ONCE or length * among >= CHARACTERS_AT_ONCE:
            break
    return some


def _cut(text: str) -> str:
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
    pairs = _WIDE_RUN.sub(lambda wide: f" {' '.join(_pairs_of(wide[0]))} ", fold(run))
    return _BETWEEN_WORDS.sub(" ", pairs).encode()


_cut_short = lru_cache(maxsize=4096)(_cut_run)
codecs.register_error("ahfai.textindex", _cut_rest)


def _without_accents(run: re.Match[str]) -> str:
    return "".join(one for one in run[0] if not unicodedata.combining(one))


def _pairs_of(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run)))


def _folded_with_places(text: str) -> tuple[str, list[int]]:
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


_fold_one = lru_cache(maxsize=4096)(fold)
