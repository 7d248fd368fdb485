"""The set that finding passages is measured by keeps what it promises."""

import re
from collections import Counter

import pytest

from ahfai.textindex.words import fold
from notes.tests.questions import Question, made_up_notes, questions

# A word in more notes than these helps nobody to find one of them.
MANY = 20
SAME_BEGINNING = 5


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", fold(text)))


@pytest.fixture(scope="module")
def in_notes() -> Counter[str]:
    """In how many notes each word is."""
    return Counter(word for note in made_up_notes().values() for word in _words("\n".join(note)))


def _paragraphs(question: Question) -> list[str]:
    body = made_up_notes()[question.note].body
    return [one for one in body.split("\n\n") if question.answer in one]


def test_there_are_200_notes_of_50_to_400_words() -> None:
    lengths = [len(note.body.split()) for note in made_up_notes().values()]
    assert (len(lengths), min(lengths) >= 50, max(lengths) <= 400) == (200, True, True)


def test_each_question_is_answered_by_one_paragraph() -> None:
    asked = questions("words") + questions("meaning")
    assert [len(questions("words")), len(questions("meaning"))] == [30, 30]
    assert {len(_paragraphs(one)) for one in asked} == {1}


def test_the_first_half_shares_a_rare_word_with_its_passage(in_notes: Counter[str]) -> None:
    for one in questions("words"):
        shared = _words(one.question) & _words(_paragraphs(one)[0])
        assert any(in_notes[word] <= MANY for word in shared), one.question


def test_the_other_half_shares_no_rare_word_nor_its_beginning(in_notes: Counter[str]) -> None:
    for one in questions("meaning"):
        note = made_up_notes()[one.note]
        there = _words(f"{note.title} {_paragraphs(one)[0]}")
        rare = {word for word in there if in_notes[word] <= MANY}
        beginnings = {word[:SAME_BEGINNING] for word in rare if len(word) >= SAME_BEGINNING}
        for word in _words(one.question):
            assert word not in rare, one.question
            assert word[:SAME_BEGINNING] not in beginnings, one.question
