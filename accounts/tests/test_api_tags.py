"""Tags for programs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.programs import Program
from notes import order, writing
from notes.models import Note

pytestmark = pytest.mark.same_everywhere
TAGS = "/api/tags"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "tags:read", "tags:write")


@pytest.fixture
def note(owner) -> Note:
    note = writing.create(owner, "Soup", "leek")
    order.set_tags(note, ["kitchen/soups", "winter"])
    return note


def by_name(program) -> dict[str, dict]:
    return {one["name"]: one for one in program.get(TAGS).json()["tags"]}


def test_the_tags_are_listed_with_what_carries_them(program, note):
    found = by_name(program)
    assert [*found] == ["kitchen", "kitchen/soups", "winter"]
    assert found["winter"]["uses"] == {"notes": 1}
    assert found["kitchen"]["uses"] == {}


def test_a_tag_gets_another_name_and_those_in_it_follow(program, note):
    path = f"{TAGS}/{by_name(program)['kitchen']['id']}"
    answer = program.patch(path, {"name": "cooking"})
    names = [one["name"] for one in answer.json()["tags"]]
    assert names == ["cooking", "cooking/soups", "winter"]
    assert program.patch(path, {"name": "winter"}).status_code == 200
    assert [*by_name(program)] == ["winter", "winter/soups"]


def test_a_tag_is_taken_off_everything_and_what_carried_it_stays(program, note):
    path = f"{TAGS}/{by_name(program)['kitchen']['id']}"
    assert program.delete(path).status_code == 204
    assert [*by_name(program)] == ["winter"]
    assert Note.objects.exists()
    assert program.delete(path).status_code == program.patch(path, {"name": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["", " ", "two words", "a,b", "x" * 81, "\x01"])
def test_what_is_no_name_is_refused(program, note, name):
    path = f"{TAGS}/{by_name(program)['winter']['id']}"
    refused = program.patch(path, {"name": name})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "name"
    assert "winter" in by_name(program)


def test_a_name_that_makes_those_in_it_too_long_is_refused(program, note):
    path = f"{TAGS}/{by_name(program)['kitchen']['id']}"
    refused = program.patch(path, {"name": "x" * 79})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")
    assert "kitchen/soups" in by_name(program)


def test_more_tags_ask_the_database_no_more_often(owner, program, note):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(TAGS).status_code == 200
        return len(asked)

    queries()
    before = queries()
    order.set_tags(note, [f"tag{number}" for number in range(9)])
    assert queries() == before
