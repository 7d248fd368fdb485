"""Which passages of notes answer a question: `python bench/passages.py`, with the extra semantic.

Sixty questions to 200 made-up notes (`notes/tests/questions`), and fifty things that are said to a
model and have nothing to do with them. Prints how often the right passage is among the first five,
and what *When useful* makes of it by how near a passage has to be.
"""

from typing import Any
from unittest import mock

from scratch import scratch

THRESHOLDS = (4.0, 3.0, 2.75, 2.5, 2.25, 2.0)
TALK = """
How are you today?
Good morning!
Thanks, that was very helpful.
Tell me a joke about cats.
Write a poem about winter.
Fix this bug, please: the loop never ends.
What is the capital of Australia?
Explain how photosynthesis works.
Translate "good night" into Italian.
Who wrote Hamlet?
How far is the moon from the earth?
Give me three names for a dog.
What does HTTP status 404 mean?
Write a short birthday greeting for a colleague.
How do I sort a list in Python?
Is 97 a prime number?
Summarise the plot of Moby Dick.
What is the difference between a virus and a bacterium?
Can you speak French?
Why is the sky blue?
Suggest a film for tonight.
How do I boil an egg?
What are the rules of chess?
Rewrite this sentence more politely: send me the file.
Who was the first person on the moon?
Convert 20 miles to kilometres.
What is a good way to learn the guitar?
Write a regular expression for e-mail addresses.
Which planets have rings?
How does a heat pump work?
I am bored, what could I do?
Compare SQLite and PostgreSQL.
What should I say in a job interview?
Explain inflation to a child.
Write a limerick about a plumber.
How many days does February have in 2028?
Let us talk about music.
What is the meaning of life?
Help me to be more confident.
Who invented the telephone?
Write a birthday card for my colleague.
Fix my code, please: it prints nothing.
How do I tell my boss that I am late?
My cat looks at me all day, what does she think?
What should we call our band?
What is my horoscope for today?
Correct the spelling of my sentence: I has a dog.
Can you help me with my homework about Rome?
Our team plays football on Sunday, wish us luck!
Did I use the right word: affect or effect?
"""


def main() -> None:
    with scratch():
        from chats import embedding
        from notes import vectors

        person = fill()
        own = embedding.Own()
        vectors.make_missing(own)
        print("| the right passage is | of 30 that share a rare word | ", end="")
        print("of 30 that share only the meaning | read for 50 things that need none |")
        print("|---|---|---|---|")
        for name, embedder in (("by words", None), ("by words and vectors", own)):
            print(f"| among the first five, {name} | {right(person, embedder, any_of)} | |")
        print(f"| clear, by words | {right(person, None, clear)} | {talk(person, None)} |")
        row(person, own, 4.0, 4.0)
        for least in THRESHOLDS[1:]:
            row(person, own, least, least)
        for least in THRESHOLDS[1:]:
            row(person, own, 4.0, least)


def row(person: Any, embedder: Any, least: float, own: float) -> None:
    from notes import finding

    of_own = "" if own == least else f", {own} where the question is about one's own"
    with (
        mock.patch.object(finding, "CLEAR_DEVIATIONS", least),
        mock.patch.object(finding, "OWN_DEVIATIONS", own),
    ):
        cells = f"{right(person, embedder, clear)} | {talk(person, embedder)}"
    print(f"| clear, or {least} deviations near{of_own} | {cells} |", flush=True)


def right(person: Any, embedder: Any, counts: Any) -> str:
    from notes import finding
    from notes.tests.questions import questions

    found = (
        sum(
            any(
                counts(one) and asked.answer in one.text
                for one in finding.find(person, asked.question, embedder=embedder)
            )
            for asked in questions(half)
        )
        for half in ("words", "meaning")
    )
    return " | ".join(map(str, found))


def talk(person: Any, embedder: Any) -> int:
    from notes import finding

    return sum(
        any(clear(one) for one in finding.find(person, said, embedder=embedder))
        for said in TALK.strip().splitlines()
    )


def any_of(_found: Any) -> bool:
    return True


def clear(found: Any) -> bool:
    return found.is_clear


def fill() -> Any:
    from ahfai.testing import make_person
    from notes.models import Note
    from notes.tests.questions import made_up_notes

    person = make_person()
    Note.objects.bulk_create(
        Note(owner=person, title=note.title, body=note.body, change_number=1)
        for note in made_up_notes().values()
    )
    return person


if __name__ == "__main__":
    main()
