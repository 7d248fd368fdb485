"""The list of notes: in order, in pages, with few questions to the database."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import changes, tags
from notes import order, pages, titles, writing
from notes.list_views import _notes_of
from notes.models import Note

LIST = reverse("notes:list")


def make(owner, count: int, **fields) -> list[Note]:
    """Notes, the newest last; each four have the same time."""
    now = timezone.now()
    number = changes.next_number(owner.pk)
    return Note.objects.bulk_create(
        Note(
            owner=owner,
            title=f"Note {place}",
            body="words",
            excerpt="words",
            changed=now + timedelta(seconds=place // 4),
            change_number=number,
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
    words = {"after": "(?:Older|Next)", "before": "(?:Newer|Previous)"}[onward]
    found = re.search(f'<a class="button" href="([^"]+)">{words}</a>', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_the_pages_hold_each_note_once_and_lead_back(client, owner):
    make(owner, 70)
    make(owner, 3, pinned=True)
    Note.objects.filter(pinned=True).update(changed=timezone.now() - timedelta(days=1))
    forth = walk(client, LIST, "after")
    assert [len(page) for page in forth] == [30, 30, 13]
    expected = [note.title for note in owner.notes.order_by("-pinned", "-changed", "-id")]
    assert [title for page in forth for title in page] == expected
    last = client.get(LIST).content.decode()
    while address := _link(last, "after"):
        last = client.get(address).content.decode()
    back = walk(client, _link(last, "before"), "before")
    assert back == [forth[1], forth[0]]


def test_pinned_notes_go_over_the_end_of_a_page(client, owner):
    make(owner, 31, pinned=True)
    make(owner, 2)
    assert [len(page) for page in walk(client, LIST, "after")] == [30, 3]


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


def test_by_title_case_accents_and_numbers_count_as_a_reader_expects(client, owner):
    for title in ("Zoo", "Épicerie", "chapter 10", "Chapter 9", "", "apple", "2 Eggs", "10 Eggs"):
        writing.create(owner, title, "words")
    [shown] = walk(client, f"{LIST}?sort=title", "after")
    assert shown == ["2 Eggs", "10 Eggs", "apple", "Chapter 9", "chapter 10", "Épicerie", "Zoo"]
    assert "Without a title" in client.get(LIST, {"sort": "title"}).content.decode()


def test_the_pages_by_title_hold_each_note_once_and_lead_back(client, owner):
    make(owner, 70)
    make(owner, 3, pinned=True)
    forth = walk(client, f"{LIST}?sort=title", "after")
    assert [len(page) for page in forth] == [30, 30, 13]
    shown = [title for page in forth for title in page]
    assert shown[:3] == ["Note 0", "Note 1", "Note 2"]
    assert shown[3:] == [f"Note {number}" for number in range(70)]
    last = client.get(LIST, {"sort": "title"}).content.decode()
    while address := _link(last, "after"):
        last = client.get(address).content.decode()
    assert walk(client, _link(last, "before"), "before") == [forth[1], forth[0]]


def test_more_pinned_notes_than_a_page_holds_go_on_by_title(client, owner):
    make(owner, 35, pinned=True)
    make(owner, 2)
    forth = walk(client, f"{LIST}?sort=title", "after")
    assert forth[1] == [*(f"Note {number}" for number in range(30, 35)), "Note 0", "Note 1"]
    last = client.get(_link(client.get(LIST, {"sort": "title"}).content.decode(), "after"))
    assert walk(client, _link(last.content.decode(), "before"), "before") == [forth[0]]


def test_few_notes_of_a_tag_are_found_among_many(client, owner):
    make(owner, 150)
    order.add_tags(owner, [note.pk for note in owner.notes.all() if "9" in note.title], ["garden"])
    [garden] = [tag.id for tag in tags.all_of(owner)]
    [shown] = walk(client, f"{LIST}?sort=title&tag={garden}", "after")
    assert shown == [f"Note {number}" for number in range(150) if "9" in str(number)]


def test_a_page_by_title_asks_the_same_few_questions(client, owner):
    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert "Note 4" in client.get(LIST, {"sort": "title"}).content.decode()
        return [query["sql"] for query in queries]

    make(owner, 50)
    asked()
    make(owner, 1)
    few = asked()
    make(owner, 50)
    assert len(asked()) == len(few)
    assert not [sql for sql in few if '"notes_note"."body"' in sql]


def test_a_page_by_title_goes_on_where_it_was_whatever_became_of_its_last_note(client, owner):
    make(owner, 60)
    first = client.get(LIST, {"sort": "title"}).content.decode()
    last = owner.notes.all()[29]
    assert last.title == "Note 29"
    address = _link(first, "after")
    assert "Note" not in address
    writing.save(last, "Zoo", "words", 1)
    assert walk(client, address, "after")[0][:2] == ["Note 30", "Note 31"]
    order.delete(last)
    assert walk(client, address, "after")[0][:2] == ["Note 30", "Note 31"]


def test_a_key_by_title_of_somebody_else_shows_the_beginning(
    client, strangers_client, owner, stranger
):
    make(owner, 60)
    make(stranger, 60)
    address = _link(client.get(LIST, {"sort": "title"}).content.decode(), "after")
    for key in (address.partition("after=")[2], "0-x-y", f"0-{stranger.pk.hex}-AAAA", "é"):
        page = strangers_client.get(LIST, {"sort": "title", "after": key}).content.decode()
        assert "Note 0" in page


def test_the_order_by_title_knows_at_once_what_another_process_has_saved(client, owner):
    oak, elm = (writing.create(owner, title, "words") for title in ("Oak", "Elm"))
    assert walk(client, f"{LIST}?sort=title", "after") == [["Elm", "Oak"]]
    here = dict(titles._known)

    def elsewhere(do) -> None:
        """As another process does it: without what this one knows."""
        titles._known.clear()
        do()
        titles._known.clear()
        titles._known.update(here)

    elsewhere(lambda: writing.save(oak, "Ash", "words", 1))
    assert walk(client, f"{LIST}?sort=title", "after") == [["Ash", "Elm"]]
    elsewhere(lambda: writing.create(owner, "Birch", "words"))
    assert walk(client, f"{LIST}?sort=title", "after") == [["Ash", "Birch", "Elm"]]
    elsewhere(lambda: order.delete(elm))
    assert walk(client, f"{LIST}?sort=title", "after") == [["Ash", "Birch"]]
    assert len(titles.of(owner).in_order) == 2


def test_who_came_longest_ago_is_forgotten_first(owner, stranger, monkeypatch):
    monkeypatch.setattr(titles, "MOST_TITLES", 5)
    titles._known.clear()
    for person in (owner, stranger):
        make(person, 3)
        titles.of(person)
    assert list(titles._known) == [stranger.pk]
