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
        shown = client.get(edit_address(note)).content.decode()
        for place in range(saves // 2):
            text, version = _form(shown)
            with turn:
                lines = text.split("\n")
                lines.insert(chance.randrange(1, len(lines) + 1), f"{number}.{place}")
            sent = {"title": "List", "body": "\n".join(lines), "version": version}
            answer = client.post(edit_address(note), sent)
            while answer.status_code == 409:
                conflicts.append(place)
                shown = answer.content.decode()
                text, version = _form(shown)
                assert f"{number}.{place}" in text.split("\n")
                sent |= {"body": text, "version": version}
                if "yours" in shown and "Take over" in shown:
                    sent["body"] = _both(_saved(shown), text)
                answer = client.post(edit_address(note), sent)
            assert answer.status_code == 302
            shown = client.get(edit_address(note)).content.decode()

    at_once(tab, 2)
    note.refresh_from_db()
    lines = set(note.body.split("\n"))
    assert lines >= {f"{number}.{place}" for number in (0, 1) for place in range(saves // 2)}
    record_property("conflicts", len(conflicts))


def _form(page: str) -> tuple[str, str]:
    text = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)[1]
    return text.replace("\r\n", "\n"), re.search(r'name="version" value="(\d+)"', page)[1]


def _saved(page: str) -> str:
    return re.search(r'aria-label="The saved text">(.*?)</pre>', page, re.DOTALL)[1]


def _both(saved: str, mine: str) -> str:
    """As a person would: all that is saved, and what only their own text has."""
    kept = saved.split("\n")
    return "\n".join([*kept, *(line for line in mine.split("\n") if line not in kept)])
