"""Passages that answer a question: the fixed set of questions, and what else holds of them."""

import pytest
from django.utils import timezone

from notes import finding, order, writing
from notes.models import Note
from notes.tests.questions import Half, made_up_notes, questions
from notes.vectors import Near


@pytest.fixture
def _two_hundred(owner):
    Note.objects.bulk_create(
        Note(owner=owner, title=note.title, body=note.body, change_number=1)
        for note in made_up_notes().values()
    )
    finding.forget()


def answered(owner, half: Half, embedder=None) -> int:
    """How many questions have their passage among the first five."""
    return sum(
        any(
            one.answer in found.text
            for found in finding.find(owner, one.question, embedder=embedder)
        )
        for one in questions(half)
    )


def titles(owner, question: str, **more) -> list[str]:
    return [found.title for found in finding.find(owner, question, **more)]


@pytest.mark.usefixtures("_two_hundred")
def test_words_alone_find_nine_of_ten_answers_that_share_a_rare_one(owner):
    assert answered(owner, "words") >= 27
    # Where only the meaning is shared, words find few: this is what vectors are measured against.
    assert answered(owner, "meaning") >= 5


def test_what_changes_is_found_at_once_as_it_is_now(owner, stranger):
    boiler = writing.create(owner, "Boiler", "The engineer was called Petros.")
    writing.create(stranger, "Boiler", "Petros was here, too.")
    assert titles(owner, "Who is Petros?") == ["Boiler"]
    writing.save(boiler, "Boiler", "The engineer was called Ines.", 1)
    assert (titles(owner, "Who is Petros?"), titles(owner, "Who is Ines?")) == ([], ["Boiler"])
    Note.objects.filter(pk=boiler.pk).update(trashed=timezone.now())
    assert titles(owner, "Who is Ines?") == []
    Note.objects.filter(pk=boiler.pk).update(trashed=None)
    order.delete(boiler)
    assert titles(owner, "Who is Ines?") == []


def test_a_passage_knows_its_place_and_the_headings_above_it(owner):
    day = "We walked along the river and ate plums. " * 12
    body = f"# Norway\n\nFour days.\n\n## Before\n\n{day}\n\n## Day 2\n\nRain, and two streams."
    note = writing.create(owner, "Trips", body)
    [found] = finding.find(owner, "How many streams were there?", most=1)
    assert found.heading == "Trips › Norway"
    assert found.text == "## Day 2\n\nRain, and two streams."
    assert note.body[found.passage.start : found.passage.end] == found.text


def test_a_longer_note_that_becomes_short_leaves_no_passage_behind(owner):
    long = "\n\n".join(f"Paragraph {one} tells of plums. " * 30 for one in range(4))
    note = writing.create(owner, "Plums", long)
    assert len(finding.find(owner, "plums")) == 4
    writing.save(note, "Plums", "Only these plums.", 1)
    assert [found.text for found in finding.find(owner, "plums")] == ["Only these plums."]


def test_only_what_says_enough_of_the_question_is_clear(owner):
    writing.create(owner, "Winter tyres", "They are at Colin's, in the back of the barn.")

    def is_clear(question: str) -> bool:
        return any(found.is_clear for found in finding.find(owner, question))

    assert is_clear("Where are the winter tyres?")
    assert is_clear("Are my tyres at Colin's barn or in the cellar?")
    assert not is_clear("Write a poem about winter")
    assert not is_clear("How are you?")


def test_what_is_near_in_meaning_is_clear_sooner_where_it_is_asked_about_ones_own(
    owner, monkeypatch
):
    note = writing.create(owner, "Winter tyres", "They are at Colin's, in the back of the barn.")

    def is_clear(question: str, nearness: float) -> bool:
        near = [Near(note.pk, 0, nearness)]
        monkeypatch.setattr(finding.vectors, "nearest", lambda *_asked: near)
        return any(one.is_clear for one in finding.find(owner, question, embedder=object()))

    assert is_clear("Where did I leave what my car rolls on in the snow?", 3.1)
    assert not is_clear("Where did I leave what my car rolls on in the snow?", 2.9)
    assert is_clear("Wo liegt unser Reifensatz?", 3.1)
    assert not is_clear("What does a car roll on in the snow?", 3.1)
    assert is_clear("What does a car roll on in the snow?", 4.0)
    # What looks for something in the notes leaves out what is hardly near.
    assert not finding.find(owner, "rubber", embedder=object(), least=4.5)


def test_the_look_can_be_kept_to_some_notes(owner):
    cake = writing.create(owner, "Plum cake", "Plums and flour.")
    writing.create(owner, "Jam", "Plums and sugar.")
    assert sorted(titles(owner, "plums")) == ["Jam", "Plum cake"]
    assert titles(owner, "plums", within=[cake.pk]) == ["Plum cake"]
    assert titles(owner, "plums", within=[]) == []
