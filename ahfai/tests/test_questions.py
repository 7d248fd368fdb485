"""What a question looks for."""

import pytest

from ahfai.questions import Question, stem

pytestmark = pytest.mark.same_everywhere


def test_only_what_it_is_about_is_looked_for():
    assert Question.parse("What did the boiler cost us, and why?").words == ("boiler", "cost")
    assert Question.parse("Wo ist denn der Schlüssel für die Öfen?").words == (
        *("denn", "schlussel", "ofen"),
    )
    assert (Question.parse("how are you?").words, Question.parse("?").expression()) == ((), "")


def test_a_word_is_looked_for_as_it_stands_and_by_its_beginning():
    assert Question.parse("renewed").expression() == '"renewed" OR "renew"*'
    assert Question.parse("gas").expression() == '"gas"'
    assert {stem(word) for word in ("insulate", "insulates", "insulating")} == {"insulat"}


def test_nothing_in_it_means_anything_to_the_index():
    said = Question.parse('boiler" OR title:x NEAR("a b", 3) * ^ -word')
    assert said.words == ("boiler", "title", "x", "b", "3", "word")


def test_it_tells_how_many_of_its_words_a_text_says():
    asked = Question.parse("When were the boilers serviced in November?")
    assert asked.said_in("Boiler: the service was on 3 November") == 3
    assert asked.said_in("A kettle") == 0
