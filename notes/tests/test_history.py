"""Earlier versions of a note: listed, compared, and gone back to."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from notes import history_views, writing
from notes.differences import Line, around, lines
from notes.models import Note, Revision


@pytest.fixture
def note(owner) -> Note:
    note = writing.create(owner, "Kitchen", "Oak fronts\nWhite stone")
    return writing.save(note, "Cellar", "Oak fronts\nBlack stone", 1)


def history(note: Note) -> str:
    return reverse("notes:history", args=[note.pk])


def main(response) -> str:
    return re.search("<main.*</main>", response.content.decode(), re.DOTALL)[0]


def test_an_earlier_version_is_listed_compared_and_gone_back_to(client, note):
    [address] = re.findall('href="(/notes/revisions/[^"]+)"', main(client.get(history(note))))
    page = main(client.get(address))
    assert re.search("<del.*White stone</del>", page)
    assert re.search("<ins.*Black stone</ins>", page)
    assert "Kitchen" in page
    [form] = re.findall('action="(/notes/revisions/[^"]+/restore)"', page)
    assert client.get(form).status_code == 405
    assert "as it was then" in client.post(form, follow=True).content.decode()
    note.refresh_from_db()
    assert (note.title, note.body, note.version) == ("Kitchen", "Oak fronts\nWhite stone", 3)
    assert [one.body for one in note.revisions.order_by("version")] == [
        "Oak fronts\nWhite stone",
        "Oak fronts\nBlack stone",
    ]
    assert note.title_hash == writing.create(note.owner, "kitchen", "").title_hash


def test_a_note_without_earlier_versions_says_so(client, owner):
    assert "No earlier versions" in main(client.get(history(writing.create(owner, "New", ""))))


def test_a_long_history_is_read_in_pages(client, note, monkeypatch):
    monkeypatch.setattr(history_views, "PER_PAGE", 2)
    for version in range(2, 6):
        Revision.objects.update(made=timezone.now() - timedelta(minutes=11))
        note = writing.save(note, f"Title {version}", "", version)
    first = main(client.get(history(note)))
    # The first one is the note's own name.
    assert re.findall("Title [0-9]", first)[1:] == ["Title 4", "Title 3"]
    [older] = re.findall('href="([?]before=[0-9]+)"', first)
    assert re.findall("Title [0-9]|Cellar", main(client.get(history(note) + older)))[-2:] == [
        "Title 2",
        "Cellar",
    ]
    assert client.get(f"{history(note)}?before=x").status_code == 200


def test_what_is_in_the_trash_has_no_history_to_look_at(client, note):
    revision = Revision.objects.get()
    Note.objects.update(trashed=timezone.now())
    assert client.get(history(note)).status_code == 404
    assert client.get(reverse("notes:revision", args=[revision.pk])).status_code == 404
    assert client.post(reverse("notes:restore", args=[revision.pk])).status_code == 404


def test_equal_lines_far_from_a_change_are_left_out():
    text = "\n".join("abcdefghij")
    found = around(lines(text, text.replace("e", "E")))
    assert [line.text for line in found] == ["", "b", "c", "d", "e", "E", "f", "g", "h", ""]
    assert found[0] == found[-1] == Line("left out", "")
