"""Notes that are found by what they mean, with an embedder of the model server."""

from typing import get_args

import pytest

from ahfai.worker import Worker
from chats import embedding
from chats.tests.conftest import wait_until
from chats.tests.test_reply_life import closed_reply, start
from notes import finding, order, vectors, writing
from notes.models import Note, NoteVectors
from notes.tests.questions import Half, made_up_notes
from notes.tests.test_finding import answered

pytestmark = pytest.mark.django_db(transaction=True)

MOTHS = "Moths in the big wardrobe again: freeze all wool."


@pytest.fixture
def embedder(ollama, settings):
    settings.OLLAMA_EMBED_MODEL = "nomic-embed-text"
    ollama.meanings = [("moth", "insect"), ("wool", "jumper"), ("boiler", "heating")]
    finding.forget()
    vectors.forget()
    vectors._rests_until = 0.0
    yield embedding.embedder()
    wait_until(lambda: not any(one.is_alive() for one in vectors._making))


def titles(owner, question: str, embedder, **more) -> list[str]:
    found = finding.find(owner, question, embedder=embedder, most=1, **more)
    return [one.title for one in found]


def test_what_means_the_same_in_other_words_is_found(owner, stranger, ollama, embedder):
    writing.create(owner, "House", MOTHS)
    writing.create(owner, "Boiler", "It hums.")
    writing.create(stranger, "Theirs", MOTHS)
    asked = "insects eat my jumpers"
    assert titles(owner, asked, None) == []
    assert vectors.make_missing(embedder) == 3
    assert titles(owner, asked, embedder) == ["House"]
    assert vectors.make_missing(embedder) == 0
    said = [one.body["input"][0] for one in ollama.requests if one.path == "/api/embed"]
    assert f"search_document: House\n{MOTHS}" in said
    assert said[-1] == f"search_query: {asked}"


def test_vectors_follow_their_notes(owner, embedder):
    note = writing.create(owner, "House", MOTHS)
    vectors.make_missing(embedder)
    writing.save(note, "House", "Nothing to see.\n", 1)
    # Until there are new ones, the old ones count for nothing.
    assert titles(owner, "insects eat my jumpers", embedder) == []
    assert vectors.make_missing(embedder) == 1
    writing.save(note, "House", MOTHS, 2)
    vectors.make_missing(embedder)
    assert titles(owner, "insects eat my jumpers", embedder) == ["House"]
    assert titles(owner, "insects eat my jumpers", embedder, within=[]) == []
    order.delete(note)
    assert not NoteVectors.objects.exists()
    assert titles(owner, "insects eat my jumpers", embedder) == []


def test_without_the_server_words_alone_are_looked_for(owner, ollama, embedder):
    writing.create(owner, "House", MOTHS)
    vectors.make_missing(embedder)
    ollama.models.clear()
    with pytest.raises(vectors.EmbedderAway):
        embedder.of_question("moths")
    assert titles(owner, "Where are the moths?", embedder) == ["House"]


def test_a_model_that_runs_elsewhere_gets_no_word(owner, ollama, settings):
    settings.OLLAMA_EMBED_MODEL = "bge-m3:cloud"
    with pytest.raises(vectors.EmbedderAway):
        embedding.embedder().of_question("moths")
    assert not [one for one in ollama.requests if one.path == "/api/embed"]


def test_a_worker_makes_them_beside_and_a_chat_uses_them(client, owner, ollama, embedder):
    writing.create(owner, "House", MOTHS)
    Worker().take_up_vectors()
    wait_until(NoteVectors.objects.exists)
    chat = start(client, "insects eat my jumpers", notes="always")
    assert [one.title for one in closed_reply(chat).sources.all()] == ["House"]


def test_a_note_that_cant_be_opened_holds_up_no_other(owner, embedder):
    broken, _whole = (writing.create(owner, name, MOTHS) for name in ("Broken", "House"))
    elsewhere = Note._meta.get_field("body").seal(Note(owner=owner), MOTHS)
    Note.objects.filter(pk=broken.pk).update(body=elsewhere)
    assert vectors.make_missing(embedder) == 1


def test_whole_numbers_keep_the_direction():
    assert list(vectors.packed([0.5, -1.0, 0.0])) == [64, -127, 0]
    assert list(vectors.packed([0.0])) == [0]


@pytest.mark.prove
@pytest.mark.skipif(not embedding.is_installed(), reason="the extra semantic is not installed")
def test_the_own_model_finds_answers_that_share_only_the_meaning(owner):
    Note.objects.bulk_create(
        Note(owner=owner, title=note.title, body=note.body, change_number=1)
        for note in made_up_notes().values()
    )
    finding.forget()
    vectors.forget()
    own = embedding.Own()
    assert vectors.make_missing(own) == 200
    found = {half: answered(owner, half, own) for half in get_args(Half)}
    assert found["words"] >= 30
    assert found["meaning"] >= 22
    # Small talk is no question to the notes.
    for said in ("Write a poem about winter", "How are you today?", "Fix this bug, please"):
        assert not any(one.is_clear for one in finding.find(owner, said, embedder=own)), said
