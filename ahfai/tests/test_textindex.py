"""Finding words in text that only memory holds."""

import random
import uuid

import pytest

from ahfai.textindex import part
from ahfai.textindex.documents import Document
from ahfai.textindex.index import TextIndex
from ahfai.textindex.queries import Query
from ahfai.textindex.shelves import Indexes
from ahfai.textindex.snippets import marks, snippet


def index_of(*bodies: str, titles: tuple[str, ...] = ()) -> tuple[TextIndex, list[Document]]:
    index = TextIndex()
    titles = titles or ("",) * len(bodies)
    documents = [
        Document("message", uuid.uuid4().bytes, uuid.uuid4().bytes, title, body)
        for title, body in zip(titles, bodies, strict=True)
    ]
    index.put(documents)
    return index, documents


def found(index: TextIndex, text: str) -> list[bytes]:
    return [hit.key.bytes for hit in index.search(Query.parse(text))]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Call the landlord about the boiler", "boil land"),
        ("Crème brûlée", "creme brulee"),
        ("creme brulee", "Crème"),
        ("Die Straße nach Gießen", "strasse giess"),
        ("strasse", "Straße"),
        ("ISTANBUL İstanbul", "istanbul"),
        ("e-mail and snake_case", "e-mail case"),
        ("東京都の天気", "京都"),
        ("東京都の天気", "天"),
        ("東京都の天気", "気"),
        ("東京都の天気", "東京都の天気"),
        ("날씨가 좋다", "날씨"),
        ("AI東京2026", "東京"),
        ("naïve café", '"naive cafe"'),
        ("It’s 50% off: €20", "20"),
        ("“Naïve”—they said…", "naive they said"),
        ("«Être» ou l’été", '"etre ou l ete"'),
        ("東京、大阪", "東京、大"),
        ("Это ёлка", "елка"),
    ],
)
def test_words_are_found_by_their_beginnings_whatever_their_dress(body, query):
    index, [document] = index_of(body)
    assert found(index, query) == [document.key]
    assert marks(body, Query.parse(query))


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Call the landlord", "lord"),
        ("Call the landlord", "call tenant"),
        ("the boiler and the window", '"window boiler"'),
        ("boiler room", '"boil"'),
        ("boiler room", "boiler -room"),
        ("boiler room", "-garden"),
        ("東京都", "都京"),
        ("boiler", ""),
        ("boiler", '" - ""'),
    ],
)
def test_what_does_not_match_is_not_found(body, query):
    index, _ = index_of(body)
    assert found(index, query) == []


def test_a_title_counts_more_than_a_body_and_the_newer_of_equals_comes_first():
    index, [old, titled, new] = index_of("boiler", "-", "boiler", titles=("", "boiler", ""))
    assert found(index, "boiler") == [titled.key, new.key, old.key]


def test_what_is_put_again_is_replaced_and_what_is_removed_is_gone():
    index, [first, second] = index_of("apple", "pear")
    index.put([Document("message", first.key, first.container, body="plum")])
    assert found(index, "apple") == []
    assert found(index, "plum") == [first.key]
    index.remove(uuid.UUID(bytes=second.container))
    assert found(index, "pear") == []
    assert len(index) == 1


def test_the_only_one_is_replaced_by_itself():
    index, [first] = index_of("tea")
    index.put([first._replace(body="coffee")])
    assert found(index, "coffee") == [first.key]
    assert found(index, "tea") == []


def test_more_than_goes_in_at_once_is_found_and_replaced_all_the_same(monkeypatch):
    monkeypatch.setattr(part, "DOCUMENTS_AT_ONCE", 40)
    monkeypatch.setattr(part, "CHARACTERS_AT_ONCE", 1000)
    bodies = [f"w{number} " + "long " * (number % 50) for number in range(500)]
    index, documents = index_of(*bodies)
    assert [found(index, f"w{number}") for number in range(100, 500)] == [
        [one.key] for one in documents[100:]
    ]
    index.put(one._replace(body=f"again{number}") for number, one in enumerate(documents))
    assert len(index) == 500
    assert found(index, "w250") == found(index, "long") == []
    assert found(index, "again250") == [documents[250].key]


def test_older_parts_are_asked_where_the_newest_hold_too_little(monkeypatch):
    monkeypatch.setattr(part, "DOCUMENTS_AT_ONCE", 10)
    monkeypatch.setattr("ahfai.textindex.index.WEIGHED_HITS", 15)
    index, documents = index_of(
        *(f"common {'rare' if number in (3, 44) else ''}" for number in range(50)),
        titles=("",) * 36 + ("common",) + ("",) * 13,
    )
    assert found(index, "rare") == [documents[44].key, documents[3].key]
    # Of the newest 15, the one that has it in the title comes first; older ones aren't weighed.
    common = found(index, "common")
    assert common[0] == documents[36].key
    assert set(common) == {one.key for one in documents[35:]}
    index.remove(uuid.UUID(bytes=documents[44].container))
    assert found(index, "rare") == [documents[3].key]


def test_a_part_of_which_all_was_replaced_takes_no_room(monkeypatch):
    monkeypatch.setattr(part, "DOCUMENTS_AT_ONCE", 10)
    index, documents = index_of(*["words"] * 40)
    for _ in range(5):
        index.put([one._replace(body="other words") for one in documents])
    assert len(index) == 40
    assert len(index._parts) < 10


def test_a_reading_that_fails_leaves_the_index_as_it_was(monkeypatch):
    monkeypatch.setattr(part, "DOCUMENTS_AT_ONCE", 2)
    index, [kept] = index_of("apple")

    def failing():
        for number in range(5):
            yield Document("message", uuid.uuid4().bytes, uuid.uuid4().bytes, body=f"pear{number}")
        raise LookupError

    with pytest.raises(LookupError):
        index.put(failing())
    assert found(index, "pear") == []
    assert found(index, "apple") == [kept.key]
    index.put([Document("message", uuid.uuid4().bytes, uuid.uuid4().bytes, body="pear")])
    assert len(found(index, "pear")) == 1


def test_no_query_is_an_error():
    index, _ = index_of("apple AND pear", "東京")
    dice = random.Random(7)
    pieces = [
        '"',
        "-",
        "*",
        "(",
        ")",
        ":",
        "^",
        "AND",
        "NOT",
        "NEAR(",
        "apple",
        "東",
        "\0",
        "\ud800",
    ]
    for _ in range(2000):
        text = dice.choice(["", " "]).join(dice.choices(pieces, k=dice.randint(1, 12)))
        index.search(Query.parse(text))
        marks("apple \0 東京", Query.parse(text))
    index.search(Query.parse("a " * 50_000))


def test_a_snippet_shows_the_words_around_the_match():
    text = "word " * 100 + "the Boiler leaks" + " word" * 100
    pieces = snippet(text, Query.parse("boil leak"))
    assert [piece for piece, is_match in pieces if is_match] == ["Boiler", "leaks"]
    assert pieces[0] == ("…", False)
    assert pieces[-1] == ("…", False)
    assert 100 < sum(len(piece) for piece, _ in pieces) < 260
    assert "".join(piece for piece, _ in pieces).strip("…") in text


def test_a_snippet_without_a_match_is_the_beginning():
    assert snippet("Short text", Query.parse("nothing")) == [("Short text", False)]


def test_people_who_searched_long_ago_are_forgotten_first():
    shelf = Indexes(max_bytes=1)
    ada, ben = uuid.uuid4().bytes, uuid.uuid4().bytes
    for person in (ada, ben):
        with shelf.of(person) as index:
            index.put([Document("note", uuid.uuid4().bytes, uuid.uuid4().bytes, body="boiler")])
            index.as_of = 1
    with shelf.of(ben) as index:
        assert index.as_of == 1
    with shelf.of(ada) as index:
        assert index.as_of is None


def test_an_index_is_handed_to_one_at_a_time():
    shelf = Indexes(max_bytes=10**9)
    ada = uuid.uuid4()
    with shelf.of(ada), shelf.of(ada, wait_s=0.01) as second:
        assert second is None
