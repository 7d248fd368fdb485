"""The editor's script sends the same form, stays, and gets a small answer."""

import random
import re
import threading
import uuid

import pytest
from django.urls import reverse

from ahfai.testing import signed_in
from ahfai.tests.at_once import at_once
from notes import writing
from notes.models import Note

NEW = reverse("notes:new")
SCRIPT = {"Accept": "application/json"}


def edit_address(note: Note) -> str:
    return reverse("notes:edit", args=[note.pk])


def test_the_first_save_of_a_new_note_tells_its_place(client):
    sent = {"body": "milk", "page": uuid.uuid4()}
    told = client.post(NEW, sent, headers=SCRIPT).json()
    note = Note.objects.get()
    assert told == {"version": 1, "note": note.get_absolute_url(), "edit": edit_address(note)}
    told = client.post(told["edit"], {"body": "milk, eggs", "version": 1}, headers=SCRIPT).json()
    assert told["version"] == 2


def test_a_save_whose_answer_got_lost_can_be_sent_again(client, owner):
    note = writing.create(owner, "", "one")
    sent = {"body": "two", "version": 1}
    answers = [client.post(edit_address(note), sent, headers=SCRIPT).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["version"] == 2


def test_an_older_version_is_refused_and_so_is_what_is_too_long(client, owner):
    note = writing.create(owner, "", "one")
    writing.save(note, "", "two", 1)
    answer = client.post(edit_address(note), {"body": "mine", "version": 1}, headers=SCRIPT)
    assert (answer.status_code, answer.json()) == (409, {"version": 2})
    answer = client.post(edit_address(note), {"body": "x" * 200_001, "version": 2}, headers=SCRIPT)
    assert answer.status_code == 422
    assert "too long" in answer.json()["sentence"]
    answer = client.post(NEW, {"body": " "}, headers=SCRIPT)
    assert answer.json() == {"sentence": "Write something first."}
    note.refresh_from_db()
    assert note.body == "two"


def test_a_link_that_was_renamed_meanwhile_is_no_conflict(client, owner):
    hall = writing.create(owner, "Hall", "")
    note = writing.create(owner, "Plan", "See [[Hall]], [[Attic]].\nMason")
    base = {"base_title": "Plan", "base": note.body}
    writing.save(hall, "Stairs", "", 1)
    sent = {"title": "Plan", "body": "See [[Hall]], [[Attic]] soon.\nMason", "version": 1}
    # Without what the words grew from it isn't known that this is all that was changed.
    assert client.post(edit_address(note), sent, headers=SCRIPT).status_code == 409
    told = client.post(edit_address(note), sent | base, headers=SCRIPT).json()
    assert (told["version"], told["renamed"]) == (3, {"Hall": "Stairs"})
    note.refresh_from_db()
    assert note.body == "See [[Stairs]], [[Attic]] soon.\nMason"


@pytest.mark.parametrize(
    "saved",
    [
        "See [[Stairs]] and [[Hall]].",
        "See [[Stairs]], and [[Stairs]].",
        "See [[Hall]] and [[Hall]]!",
    ],
)
def test_whatever_else_was_changed_meanwhile_is_a_conflict(client, owner, saved):
    note = writing.create(owner, "Plan", "See [[Hall]] and [[Hall]].")
    base = {"base_title": "Plan", "base": note.body}
    writing.save(note, "Plan", saved, 1)
    sent = {"title": "Plan", "body": "Mine [[Hall]]", "version": 1, **base}
    assert client.post(edit_address(note), sent, headers=SCRIPT).status_code == 409
    note.refresh_from_db()
    assert note.body == saved


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("saves", [60, pytest.param(1000, marks=pytest.mark.prove)])
def test_two_tabs_that_save_against_each_other_lose_nothing(owner, saves, record_property):
    """Each adds a line of its own at each save, and on a conflict to what the page then shows."""
    note = writing.create(owner, "List", "begin")
    chance = random.Random(5)
    conflicts = []
    turn = threading.Lock()

    def tab(number: int) -> None:
        client = signed_in(owner)
        for place in range(saves // 2):
            sent = _sent(client.get(edit_address(note)))
            with turn:
                lines = sent["body"].split("\n")
                lines.insert(chance.randrange(1, len(lines) + 1), f"{number}.{place}")
            answer = client.post(edit_address(note), sent | {"body": "\n".join(lines)})
            while answer.status_code == 409:
                conflicts.append(place)
                sent = _sent(answer)
                assert f"{number}.{place}" in sent["body"].split("\n")
                answer = client.post(edit_address(note), sent)
            assert answer.status_code == 302

    at_once(tab, 2, within_s=30 + saves)
    note.refresh_from_db()
    lines = set(note.body.split("\n"))
    assert lines >= {f"{number}.{place}" for number in (0, 1) for place in range(saves // 2)}
    record_property("conflicts", len(conflicts))


def _sent(page) -> dict[str, str]:
    """What the page's form sends as it stands. (What the test client keeps of a page can be another
    thread's.)"""
    shown = page.content.decode()
    sent = {
        name: re.search(rf'name="{name}"[^>]*? value="([^"]*)"', shown)[1]
        for name in ("title", "base_title", "base", "version")
    }
    return sent | {"body": re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", shown, re.DOTALL)[1]}
