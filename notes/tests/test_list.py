"""The list of notes: in order, in pages, with few questions to the database."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notes import pages
from notes.models import Note

LIST = reverse("notes:list")


def make(owner, count: int, **fields) -> list[Note]:
    """Notes, the newest last; each four have the same time."""
    now = timezone.now()
    return Note.objects.bulk_create(
        Note(
            owner=owner,
            title=f"Note {place}",
            body="words",
            excerpt="words",
            changed=now + timedelta(seconds=place // 4),
            **fields,
        )
        for place in range(count)
    )


def walk(client, address: str, onward: str) -> list[list[str]]:
    """The titles of each page, as the links in it lead from one to the next."""
    found = []
    while address:
        page = client.get(address).content.decode()
        main = re.search("<main.*</main>", page, re.DOTALL)[0]
        found.append(re.findall(r"Note \d+", main))
        link = re.search(rf'href="(\?{onward}=[^"]+)"', main)
        address = link and LIST + link[1]
    return found


def test_the_pages_hold_each_note_once_and_lead_back(client, owner):
    make(owner, 90)
    make(owner, 3, pinned=True)
    Note.objects.filter(pinned=True).update(changed=timezone.now() - timedelta(days=1))
    forth = walk(client, LIST, "after")
    assert [len(page) for page in forth] == [40, 40, 13]
    expected = [note.title for note in owner.notes.order_by("-pinned", "-changed", "-id")]
    assert [title for page in forth for title in page] == expected
    last = client.get(LIST).content.decode()
    for _ in range(2):
        last = client.get(LIST + re.search(r'href="(\?after=[^"]+)"', last)[1]).content.decode()
    back = walk(client, LIST + re.search(r'href="(\?before=[^"]+)"', last)[1], "before")
    assert back == [forth[1], forth[0]]


def test_pinned_notes_go_over_the_end_of_a_page(client, owner):
    make(owner, 41, pinned=True)
    make(owner, 2)
    assert [len(page) for page in walk(client, LIST, "after")] == [40, 3]


def test_a_key_that_is_none_shows_the_beginning(client, owner):
    make(owner, 2)
    for key in ("x", "1-2-3", "0-20261399000000000000-x", "-"):
        assert "Note 1" in client.get(LIST, {"after": key}).content.decode()


def test_the_list_opens_no_body_and_asks_the_same_few_questions(client, owner):
    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        return [query["sql"] for query in queries]

    make(owner, 5)
    few = asked()
    make(owner, 30)
    assert len(asked()) == len(few)
    assert not [sql for sql in few if '"notes_note"."body"' in sql]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what is there")
def test_the_database_begins_to_read_where_the_page_begins(owner):
    """No page is slower the further down it is."""
    make(owner, 3)
    key = pages._key(list(owner.notes.order_by("changed")), 1, "changed")
    rows = owner.notes.kept().order_by("-pinned", "-changed", "-id")
    plan = rows.filter(pages._beyond(pages._read(key), "changed", "lt")).explain()
    assert "note_kept_by_changed (owner_id=? AND pinned=? AND changed<?)" in plan
    assert "TEMP B-TREE" not in plan
