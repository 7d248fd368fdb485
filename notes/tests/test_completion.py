"""Titles and tags for somebody who has begun to write them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import tags
from notes import order, writing
from notes.models import Note

TITLES = reverse("notes:titles")


def found(client, text: str, address: str = TITLES) -> list[str]:
    return client.get(address, {"q": text}).json()["found"]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("kit", ["Kitchen", "The old kitchen"]),
        ("OLD kit", ["The old kitchen"]),
        ("itchen", []),
        ("epicerie", ["Épicerie"]),
        ("花", ["我的花園"]),
        ("", ["我的花園", "Épicerie", "The old kitchen", "Kitchen"]),
    ],
)
def test_titles_are_found_by_the_beginnings_of_their_words(client, owner, text, titles):
    for title in ("Kitchen", "The old kitchen", "Épicerie", "我的花園", "", "No [link] to this"):
        writing.create(owner, title, "words")
    assert found(client, text) == titles


def test_only_ten_of_the_owners_living_notes_are_offered_each_title_once(client, owner, stranger):
    writing.create(stranger, "Kitchen of a stranger", "words")
    gone = writing.create(owner, "Kitchen in the trash", "words")
    Note.objects.filter(pk=gone.pk).update(trashed=timezone.now())
    for number in range(12):
        writing.create(owner, f"Kitchen {number}", "words")
    writing.create(owner, "kitchen 11", "words")
    expected = ["kitchen 11", *(f"Kitchen {number}" for number in range(10, 1, -1))]
    assert found(client, "kitchen") == expected
    writing.create(owner, "Kitchen 12", "words")
    with CaptureQueriesContext(connection) as few:
        found(client, "kitchen")
    for number in range(13, 24):
        writing.create(owner, f"Kitchen {number}", "words")
    with CaptureQueriesContext(connection) as many:
        found(client, "kitchen")
    assert len(many) == len(few)


def test_tags_are_found_by_the_beginnings_of_their_parts(client, owner, stranger):
    for person, names in ((owner, ["garden/Roses", "home"]), (stranger, ["garden/secret"])):
        order.set_tags(writing.create(person, "Note", "words"), names)
    address = reverse("accounts:tag_names")
    assert found(client, "ros", address) == ["garden/Roses"]
    assert found(client, "Gar", address) == ["garden", "garden/Roses"]
    assert found(client, "osé", address) == []
    assert len(tags.all_of(owner)) == 3


def test_asking_changes_nothing(client, owner):
    assert client.post(TITLES).status_code == 405
    assert client.post(reverse("accounts:tag_names")).status_code == 405
