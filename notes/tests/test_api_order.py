"""Notes kept in order by programs: pinned, tagged, put away and thrown away."""

import pytest

from accounts.tests.programs import Program, what_happened
from notes import order, writing
from notes.models import Note

pytestmark = pytest.mark.same_everywhere
NOTES = "/api/notes"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "notes:read", "notes:write")


@pytest.fixture
def note(owner) -> Note:
    return writing.create(owner, "Soup", "leek")


def titles(program, address: str) -> list[str]:
    return [one["title"] for one in program.get(address).json()["notes"]]


def test_many_are_moved_at_once_and_nobody_elses(owner, stranger, program):
    mine = [writing.create(owner, title, "") for title in ("Elm", "Oak", "Yew")]
    theirs = writing.create(stranger, "Secret", "")
    order.move(owner, [mine[0].pk], "archive")
    said = {"notes": [str(one.pk) for one in (*mine, theirs)], "to": "archive"}
    moved = program.post(f"{NOTES}/move", said)
    assert {*moved.json()["notes"]} == {str(one.pk) for one in mine[1:]}
    assert not Note.objects.filter(owner=stranger, archived=True).exists()
    for wrong in (said | {"to": "nowhere"}, said | {"notes": said["notes"] * 126}, {"to": "pin"}):
        assert program.post(f"{NOTES}/move", wrong).status_code == 422


def test_a_note_is_pinned_put_away_and_comes_back(program, note):
    path = f"{NOTES}/{note.pk}"
    assert program.post(f"{path}/pin").json()["pinned"] is True
    assert program.post(f"{path}/pin").json()["pinned"] is True
    assert program.post(f"{path}/unpin").json()["pinned"] is False
    assert program.post(f"{path}/archive").json()["archived"] is True
    assert (titles(program, NOTES), titles(program, f"{NOTES}/archive")) == ([], ["Soup"])
    refused = program.post(f"{path}/pin")
    assert refused.status_code == 409
    assert refused.json()["detail"] == "Take it out of the archive first."
    assert program.post(f"{path}/unarchive").json()["archived"] is False
    assert titles(program, NOTES) == ["Soup"]


def test_a_note_is_thrown_away_taken_back_and_deleted_for_good(owner, program, note):
    path = f"{NOTES}/{note.pk}"
    assert program.delete(path).status_code == 409
    assert program.post(f"{path}/trash").json()["trashed"]
    assert program.get(path).status_code == program.post(f"{path}/trash").status_code == 404
    assert program.get(f"{NOTES}/trash").json()["notes"][0]["trashed"]
    assert program.post(f"{path}/restore").json()["trashed"] is None
    assert titles(program, f"{NOTES}/trash") == []
    program.post(f"{path}/trash")
    gone = program.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert program.delete(path).status_code == 404
    assert not Note.objects.exists()
    assert "Deleted for good from the trash: 1 (notes)." in what_happened(owner)


def test_a_note_carries_the_tags_that_it_is_given_and_no_others(program, note):
    path = f"{NOTES}/{note.pk}/tags"
    order.set_tags(note, ["old"])
    given = program.put(path, {"tags": ["kitchen/soups", "Winter", "winter"]})
    assert given.json()["tags"] == ["kitchen/soups", "winter"]
    for sought in ("kitchen", "KITCHEN/SOUPS", "winter"):
        assert titles(program, f"{NOTES}?tag={sought}") == ["Soup"]
    assert program.get(f"{NOTES}?tag=old").status_code == 404
    assert program.put(path, {"tags": []}).json()["tags"] == []


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Say which tags: an empty list takes them all off."),
        ({"tags": ["two words"]}, "Only one tag, please: without spaces and commas."),
        ({"tags": [" "]}, "A tag needs a name."),
        ({"tags": [f"t{number}" for number in range(21)]}, "At most 20 tags go on one thing."),
        ({"tags": ["t" * 81]}, "A tag can have at most 80 characters."),
    ],
)
def test_what_is_no_tag_is_refused_in_words(program, note, said, sentence):
    order.set_tags(note, ["old"])
    refused = program.put(f"{NOTES}/{note.pk}/tags", said)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": "tags", "sentence": sentence}]
    assert program.get(f"{NOTES}/{note.pk}").json()["tags"] == ["old"]


def test_a_note_says_which_ones_link_to_it(owner, program, note):
    linking = writing.create(owner, "Menu", "First [[Soup]].")
    found = program.get(f"{NOTES}/{note.pk}/links").json()["notes"]
    assert found == [{"id": str(linking.pk), "title": "Menu"}]


def test_lists_come_in_the_order_that_is_asked_for(owner, program, note):
    writing.create(owner, "Bread", "")
    writing.save(note, "Soup", "leek and potato", 1)
    assert titles(program, NOTES) == ["Soup", "Bread"]
    assert titles(program, f"{NOTES}?sort=created") == ["Bread", "Soup"]
    assert program.get(f"{NOTES}?sort=colour").status_code == 422


def test_to_read_is_not_to_move(owner, note):
    reads = Program(owner, "notes:read")
    path = f"{NOTES}/{note.pk}"
    answers = [reads.post(f"{path}/{to}") for to in order.BACK]
    answers += [reads.put(f"{path}/tags", {"tags": []}), reads.delete(path)]
    assert {one.status_code for one in answers} == {403}
