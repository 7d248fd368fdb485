"""Earlier versions of a note for programs."""

import pytest

from accounts.tests.programs import Program
from notes import api_revisions, order, writing
from notes.models import Note

pytestmark = pytest.mark.same_everywhere


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "notes:read", "notes:write")


@pytest.fixture
def note(owner, monkeypatch) -> Note:
    """At its fourth version, with three earlier ones."""
    monkeypatch.setattr(writing, "REVISION_EVERY", -writing.REVISION_EVERY)
    note = writing.create(owner, "Soup 1", "leek 1")
    for version in (1, 2, 3):
        writing.save(note, f"Soup {version + 1}", f"leek {version + 1}", version)
    return note


def test_what_a_note_was_before_is_read_and_taken_back(program, note):
    listed = program.get(f"/api/notes/{note.pk}/revisions").json()
    assert [one["title"] for one in listed["revisions"]] == ["Soup 3", "Soup 2", "Soup 1"]
    assert "body" not in listed["revisions"][0]
    assert listed["next"] is None
    first = f"/api/notes/revisions/{listed['revisions'][-1]['id']}"
    read = program.get(first).json()
    assert (read["title"], read["body"], read["version"]) == ("Soup 1", "leek 1", 1)
    assert read["note"] == str(note.pk)
    restored = program.post(f"{first}/restore")
    assert (restored.json()["title"], restored.json()["body"]) == ("Soup 1", "leek 1")
    assert restored["ETag"] == '"5"'
    again = program.get(f"/api/notes/{note.pk}/revisions").json()["revisions"]
    assert again[0]["title"] == "Soup 4"


def test_the_list_of_them_goes_on_where_a_page_ended(program, note, monkeypatch):
    monkeypatch.setattr(api_revisions, "PER_PAGE", 2)
    path = f"/api/notes/{note.pk}/revisions"
    page = program.get(path).json()
    assert [one["version"] for one in page["revisions"]] == [3, 2]
    rest = program.get(f"{path}?before={page['next']}").json()
    assert [one["version"] for one in rest["revisions"]] == [1]
    assert rest["next"] is None
    for odd in (0, -1, 10**30):
        assert program.get(f"{path}?before={odd}").status_code == 200


def test_those_of_a_note_in_the_trash_are_not_there(owner, program, note):
    path = f"/api/notes/revisions/{note.revisions.first().pk}"
    order.move(owner, [note.pk], "trash")
    answers = [program.get(path), program.post(f"{path}/restore")]
    answers.append(program.get(f"/api/notes/{note.pk}/revisions"))
    assert {one.status_code for one in answers} == {404}
