"""Typed functions that a model may ask for: what it is told, and what is made of what it says."""

import uuid
from typing import Annotated, Literal

import pytest

from ahfai.tools import MOST_IN_ALL, Found, Proposal, Said, Tool, Unfit, between, short


def look(
    user,
    query: Annotated[str, Said("what to look for", 20)],
    days: int = 7,
    done: bool = False,
    sort: Literal["new", "old"] = "new",
    tags: list[str] | None = None,
) -> Found:
    """Look for
    something."""
    return Found(f"{user}: {query} {days} {done} {sort} {tags}", "looked")


def write(user, text: str) -> Proposal:
    """Write it."""
    return Proposal("note_new", {"text": text}, "asked")


def fault(**arguments) -> str:
    with pytest.raises(Unfit) as refused:
        Tool.of(look).check(arguments)
    return refused.value.sentence


def test_what_a_model_is_told_follows_from_the_function():
    tool = Tool.of(look)
    assert (tool.name, tool.about, tool.writes) == ("look", "Look for something.", False)
    assert tool.schema == {
        "type": "object",
        "properties": {
            "query": {"type": "string", "maxLength": 20, "description": "what to look for"},
            "days": {"type": "integer"},
            "done": {"type": "boolean"},
            "sort": {"type": "string", "enum": ["new", "old"]},
            "tags": {
                "type": "array",
                "items": {"type": "string", "maxLength": 1000},
                "maxItems": 50,
            },
        },
        "required": ["query"],
    }
    assert Tool.of(write).writes


def test_the_person_comes_from_the_caller_alone():
    assert Tool.of(look).call("me", {"query": "boiler"}).text == "me: boiler 7 False new None"
    assert "no argument 'user'" in fault(query="boiler", user="somebody else")


def test_what_the_caller_knows_is_told_to_no_model():
    def here(user, query: str, *, chat: str = "") -> Found:
        """Look."""
        return Found(f"{query} in {chat}", "")

    tool = Tool.of(here)
    assert list(tool.schema["properties"]) == ["query"]
    assert tool.call("me", {"query": "a"}, chat="this one", reply="r").text == "a in this one"
    with pytest.raises(Unfit):
        tool.call("me", {"query": "a", "chat": "another"})


def test_what_can_only_mean_one_thing_is_taken_for_it():
    given = {"query": 7, "days": "3", "done": "True", "tags": ["a"]}
    assert Tool.of(look).check(given) == {
        "query": "7",
        "days": 3,
        "done": True,
        "sort": "new",
        "tags": ["a"],
    }
    assert Tool.of(look).check({"query": "a", "days": 2.0})["days"] == 2
    assert Tool.of(look).check({"query": "a", "days": None, "tags": None})["days"] == 7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "The argument 'query' is missing."),
        ({"query": None}, "The argument 'query' is a text."),
        ({"query": ["a"]}, "The argument 'query' is a text."),
        ({"query": True}, "The argument 'query' is a text."),
        ({"query": "a" * 21}, "The argument 'query' has at most 20 letters."),
        ({"query": "a", "days": "soon"}, "The argument 'days' is a whole number."),
        ({"query": "a", "days": True}, "The argument 'days' is a whole number."),
        ({"query": "a", "days": 10**40}, "The argument 'days' is a whole number."),
        ({"query": "a", "days": 2.5}, "The argument 'days' is a whole number."),
        ({"query": "a", "done": 1}, "The argument 'done' is true or false."),
        ({"query": "a", "sort": "best"}, "The argument 'sort' is one of new, old."),
        ({"query": "a", "sort": ["new"]}, "The argument 'sort' is one of new, old."),
        ({"query": "a", "tags": "b"}, "The argument 'tags' is a list of texts."),
        ({"query": "a", "tags": [{}]}, "The argument 'tags' is a list of texts."),
        ({"query": "a", "tags": ["b"] * 51}, "The argument 'tags' has at most 50 texts."),
    ],
)
def test_what_is_wrong_is_said_in_words(arguments, sentence):
    assert fault(**arguments) == sentence


def test_all_that_is_wrong_is_said_at_once():
    assert fault(days="x", colour="red").count(".") == 3


def test_too_much_is_refused_before_anything_else():
    assert fault(query="a" * MOST_IN_ALL) == (
        f"That is too much: all arguments together may have {MOST_IN_ALL} letters."
    )


def test_a_function_that_no_model_can_be_told_of_is_no_tool():
    def odd(user, when: dict) -> Found:
        """Odd."""

    def silent(user) -> Found: ...

    for function in (odd, silent):
        with pytest.raises(TypeError):
            Tool.of(function)


def test_an_id_is_known_by_its_beginning():
    key = uuid.uuid4()
    first, last = between(short(key))
    assert first <= key <= last
    assert between(str(key)) == (key, key)
    assert between(f"[{short(key)}]") == (first, last)
    assert all(between(said) is None for said in ("", "abc", "kitchen", "g" * 8, "a" * 33))
