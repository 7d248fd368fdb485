"""The list of notes: in order, in pages, with few questions to the database."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notes import pages, writing
from notes.list_views import _notes_of
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
        found.append(re.findall(r"(\w[\w ]*\w)\s*</span>\s*<small>", main))
        address = _link(page, onward)
    return found


def _link(page: str, onward: str) -> str:
    """Where the button to the next page leads, "" where there is none."""
    words = {"after": "Older", "before": "Newer"}[onward]
    found = re.search(f'<a class="button" href="([^"]+)">{words}</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_the_pages_hold_each_note_once_and_lead_back(client, owner):
    make(owner, 90)
    make(owner, 3, pinned=True)
    Note.objects.filter(pinned=True).update(changed=timezone.now() - timedelta(days=1))
    forth = walk(client, LIST, "after")
    assert [len(page) for page in forth] == [40, 40, 13]
    expected = [note.title for note in owner.notes.order_by("-pinned", "-changed", "-id")]
    assert [title for page in forth for title in page] == expected
    last = client.get(LIST).content.decode()
    while address := _link(last, "after"):
        last = client.get(address).content.decode()
    back = walk(client, _link(last, "before"), "before")
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


@pytest.mark.only_on_sqlite
@pytest.mark.parametrize(
    ("place", "by", "index"),
    [
        ("list", "changed", "note_kept_by_changed"),
        ("list", "created", "note_kept_by_created"),
        ("archive", "changed", "note_archived_by_changed"),
        ("archive", "created", "note_archived_by_created"),
        ("trash", "trashed", "note_trash_newest_first"),
    ],
)
def test_the_database_begins_to_read_where_the_page_begins(owner, place, by, index):
    """No page is slower the further down it is."""
    make(owner, 3, trashed=timezone.now())
    key = pages._read(pages._key(list(owner.notes.all()), 1, by))
    rows = _notes_of(owner, place).order_by("-pinned", f"-{by}", "-id")
    plan = rows.filter(pages._beyond(key, by, "lt")).explain()
    assert f"{index} (owner_id=? AND pinned=? AND " in plan
    assert f"{by}<?)" in plan
    assert "TEMP B-TREE" not in plan


def test_the_newest_first_is_another_order(client, owner):
    old = writing.create(owner, "Old", "")
    writing.create(owner, "Young", "")
    writing.save(old, "Old", "changed", 1)
    assert walk(client, LIST, "after") == [["Old", "Young"]]
    assert walk(client, f"{LIST}?sort=created", "after") == [["Young", "Old"]]
