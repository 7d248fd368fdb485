"""Presets, and facts about oneself, for programs."""

import pytest

from accounts.tests.programs import Program
from chats import facts, steering

pytestmark = pytest.mark.same_everywhere
PRESETS, FACTS = "/api/chats/presets", "/api/settings/facts"


@pytest.fixture
def program(owner) -> Program:
    scopes = ("chats:read", "chats:write", "settings:read", "settings:write")
    return Program(owner, *scopes)


def test_a_preset_is_made_changed_and_deleted(owner, program):
    made = program.post(PRESETS, {"name": "Brief", "instructions": "Be brief."})
    assert made.status_code == 201
    path = made["Location"]
    said = {"temperature": None, "longest": None, "reads": None, "think": ""}
    whole = {"id": made.json()["id"], "name": "Brief", "instructions": "Be brief.", **said}
    assert made.json() == program.get(path).json() == whole
    changed = program.patch(path, {"temperature": 0.2, "think": "low"}).json()
    assert changed == program.get(path).json() == whole | {"temperature": 0.2, "think": "low"}
    assert program.patch(path, {"instructions": ""}).json()["instructions"] == ""
    assert [one.name for one in steering.presets(owner)] == ["Brief"]
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == program.patch(path, {}).status_code == 404
    assert program.get(PRESETS).json() == {"presets": []}


def test_what_is_no_preset_is_refused_in_words(owner, program, monkeypatch):
    program.post(PRESETS, {"name": "Brief"})
    path = program.post(PRESETS, {"name": "Long"})["Location"]
    for said, field in (
        ({}, "name"),
        ({"name": "BRIEF"}, "name"),
        ({"name": "x", "temperature": 3}, "temperature"),
        ({"name": "x", "think": "hard"}, "think"),
        ({"name": "x", "model": "m"}, "model"),
    ):
        refused = program.post(PRESETS, said)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert program.patch(path, {"name": "brief"}).status_code == 422
    monkeypatch.setattr(steering, "MAX_PRESETS", 2)
    assert program.post(PRESETS, {"name": "One more"}).status_code == 409


def test_facts_are_added_changed_and_forgotten(owner, program, monkeypatch):
    made = program.post(FACTS, {"text": " I eat \n no meat "})
    assert (made.status_code, made.json()["text"]) == (201, "I eat no meat")
    again = program.post(FACTS, {"text": "i eat no meat"})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    program.post(FACTS, {"text": "I live in Ghent"})
    told = program.get(FACTS).json()
    assert [one["text"] for one in told["facts"]] == ["I live in Ghent", "I eat no meat"]
    path = made["Location"]
    assert program.patch(path, {"text": "I eat fish"}).json()["text"] == "I eat fish"
    for wrong in ({"text": "I live in Ghent"}, {"text": ""}, {"text": "x" * 301}, {}):
        assert program.patch(path, wrong).status_code == 422
    monkeypatch.setattr(facts, "MAX_FACTS", 2)
    assert program.post(FACTS, {"text": "One more"}).status_code == 409
    assert program.delete(path).status_code == 204
    assert program.patch(path, {"text": "x"}).status_code == 404
    assert facts.told(owner) == ["I live in Ghent"]


def test_whether_models_are_told_is_switched(owner, program):
    assert program.get(FACTS).json() == {"facts": [], "are_told": True}
    assert program.patch(FACTS, {}).json() == {"are_told": True}
    assert program.patch(FACTS, {"are_told": False}).json() == {"are_told": False}
    assert not facts.are_told(owner)
    assert program.patch(FACTS, {}).json() == {"are_told": False}
