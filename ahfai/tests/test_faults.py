"""What programs are told of members that are not as they must be."""

import typing
from collections.abc import Callable, Iterator

import pytest
from ninja import Schema
from ninja.params.models import BodyModel, QueryModel
from pydantic import ValidationError

from accounts.models import Scope
from accounts.tests.programs import Program
from ahfai import faults, openapi
from ahfai.api import api

pytestmark = pytest.mark.same_everywhere
ODD = (None, "x", "", 1.5, 10**400, float("nan"), True, [], ["x"], [[]], [1], {}, {"x": 1}, "9:00Z")


@pytest.mark.parametrize(
    ("path", "said", "field", "sentence"),
    [
        ("notes", {"title": 1}, "title", "It has to be text, in quotes."),
        ("notes", {"titel": "Soup"}, "titel", "There is no such member."),
        ("chats", {"files": "x"}, "files", "It has to be a list, in brackets."),
        ("chats", {"files": ["x"]}, "files.0", "It has to be an id, as AhFai gives them out."),
        ("chats", {"files": ["x"] * 101}, "files", "It can hold at most 100."),
        ("reminders", {"day": "soon"}, "day", "It has to be a day, as in 2026-12-01."),
        ("reminders", {"at": "9"}, "at", "It has to be a time of the day, as in 09:00."),
        ("reminders", {"at": "09:00Z"}, "at", "It is a time on the person's clock, without a zone"),
        ("reminders", {"priority": 1.5}, "priority", "It has to be a whole number."),
        ("reminders", {"title": "x", "priority": 9}, "priority", "It has to be one of these: 0, 1"),
        ("reminders/lists", {"name": "x", "colour": "red"}, "colour", "one of these: jade, sky, "),
        ("notes", {"title": "x" * 201}, "title", "It can have at most 200 characters."),
        ("webhooks", {"events": ["note.created"]}, "address", "It is missing."),
    ],
)
def test_the_usual_faults_are_told_in_sentences_that_name_the_member(
    owner, path, said, field, sentence
):
    answer = Program(owner, *Scope).post(f"/api/{path}", said)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    told = answer.json()
    assert {one["field"] for one in told["errors"]} == {field}
    assert sentence in told["errors"][0]["sentence"]
    assert sentence in told["detail"]


def test_what_stands_in_an_address_is_told_so_too(owner):
    program = Program(owner, *Scope)
    for address, field, sentence in (
        ("notes?sort=size", "sort", "It has to be one of these: changed, created."),
        ("search?q=x&page=0", "page", "It has to be 1 at least."),
        ("search?q=x&page=99999", "page", "It can be 9999 at most."),
        ("search", "q", "It is missing."),
        ("reminders/days?first=soon&last=2026-12-01", "first", "It has to be a day"),
    ):
        [fault] = program.get(f"/api/{address}").json()["errors"]
        assert (fault["field"], sentence in fault["sentence"]) == (field, True)


def test_whatever_is_sent_no_member_is_answered_with_the_words_of_the_checks_themselves():
    unsaid = {
        fault
        for operation in openapi.operations(api)
        for model in operation.models
        if issubclass(model, BodyModel | QueryModel)
        for place in _places(model)
        for odd in ODD
        for fault in _unsaid(model, place(odd))
    }
    assert unsaid == set()


def _places(model) -> Iterator[Callable[[object], dict]]:
    """Where a value can be sent: what is no object at all is refused before."""
    for name, field in model.model_fields.items():
        kinds = [*typing.get_args(field.annotation), field.annotation]
        bodies = [one for one in kinds if isinstance(one, type) and issubclass(one, Schema)]
        for body in bodies:
            for member in body.model_fields:
                yield lambda odd, name=name, member=member: {name: {member: odd}}
        if not bodies:
            yield lambda odd, name=name: {name: odd}


def _unsaid(model, said) -> set[str]:
    """The kinds of faults for which there is no sentence of their own."""
    try:
        model.model_validate(said)
    except ValidationError as wrong:
        return {
            one["type"]
            for one in wrong.errors()
            if faults.sentence(one) == faults.sentence({"type": "some_other"})
        }
    return set()
