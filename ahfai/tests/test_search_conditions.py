"""Conditions in a search: tags, rooms, places and days, over notes and chats together."""

import datetime

import pytest
from django.urls import reverse

from ahfai import search
from ahfai.asked import Asked
from chats import order as chat_order
from chats.models import Chat, Message
from notes import order as note_order
from notes import writing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def fresh_indexes():
    search.forget()
    yield
    search.forget()


@pytest.fixture
def house(owner):
    """Each has a boiler in it."""
    owner.time_zone = "Europe/Brussels"
    owner.save(update_fields=["time_zone"])
    chat = Chat.objects.create(owner=owner, title="Chat", model="m", change_number=1)
    old = datetime.datetime(2025, 3, 31, 22, 30, tzinfo=datetime.UTC)
    Message.objects.create(
        owner=owner, chat=chat, role="user", content="boiler then", created=old, change_number=2
    )
    Message.objects.create(
        owner=owner, chat=chat, role="user", content="boiler now", change_number=3
    )
    thrown = Chat.objects.create(owner=owner, title="Thrown boiler", model="m", change_number=4)
    chat_order.set_tags(chat, ["home/heating"])
    chat_order.move(owner, [thrown.pk], "trash")
    titles = ("Plan", "Old", "Gone")
    notes = {title: writing.create(owner, title, f"boiler of {title}") for title in titles}
    note_order.set_tags(notes["Plan"], ["home"])
    note_order.move(owner, [notes["Old"].pk], "archive")
    note_order.move(owner, [notes["Gone"].pk], "trash")
    return owner


THEN, NOW, PLAN, OLD, GONE = "boiler then", "boiler now", "Plan", "Old", "Gone"
ALL = {THEN, NOW, PLAN, OLD}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("boiler", ALL),
        ("BOIL in:notes", {PLAN, OLD}),
        ("in:chats boiler", {THEN, NOW}),
        ("boiler in:chats in:notes", ALL),
        ("boiler in:reminders", set()),
        ("boiler in:archive", {OLD}),
        ("boiler in:trash", {GONE, "Thrown boiler"}),
        ("boiler in:trash in:notes", {GONE}),
        ("boiler tag:home", {THEN, NOW, PLAN}),
        ("boiler tag:#home/heating", {THEN, NOW}),
        ("boiler tag:HOME in:notes", {PLAN}),
        ("boiler -tag:home", {OLD}),
        ("boiler -tag:home/heating", {PLAN, OLD}),
        ("boiler tag:hôme/Héating", {THEN, NOW}),
        ("boiler tag:garden", set()),
        ("boiler -tag:garden", ALL),
        ('boiler tag:"home"', {THEN, NOW, PLAN}),
        # In Brussels, that moment was on the first of April.
        ("boiler before:2025-04-01", set()),
        ("boiler before:2025-04-02", {THEN}),
        ("boiler after:2025-04-01 before:2025-05", {THEN}),
        ("boiler after:2026", {NOW, PLAN, OLD}),
        ("boiler after:2025-4-1", ALL),
        ('"boiler of" -plan in:notes', {OLD}),
        ("in:notes", {PLAN, OLD}),
        # The chat itself, with its newest words.
        ("tag:home", {PLAN, NOW}),
        ("in:trash", {GONE, "Thrown boiler"}),
        ("after:2026 in:archive", {OLD}),
        # No condition that can be understood, so words, which stand nowhere.
        ("boiler in:cellar", set()),
        ("boiler after:2025-13", set()),
        ("boiler tag:", set()),
        ("", set()),
    ],
)
def test_conditions_leave_out_what_does_not_meet_them(house, text, expected):
    found = _found(house, text)
    assert found == expected


@pytest.mark.parametrize("said", ["in:cellar", "after:yesterday", "tag:"])
def test_a_condition_that_is_not_understood_is_named(client, house, said):
    _found(house, "boiler")
    page = client.get(reverse("search"), {"q": f"boiler {said}"}).content.decode()
    assert f"“<bdi>{said}</bdi>” isn't understood" in page
    page = client.get(reverse("search"), {"q": "boiler elsewhere and:so in:notes"}).content.decode()
    assert "Nothing found" in page
    assert "understood" not in page


def test_in_the_trash_links_lead_to_where_things_are_put_back(house):
    page = search.search(house, "in:trash boiler")
    while page is None:
        page = search.search(house, "in:trash boiler")
    gone = f"{house.notes.in_trash().get().get_absolute_url()}#found"
    assert {one.address for one in page.results} == {reverse("chats:trash"), gone}


def test_nobody_is_shown_what_others_have_by_conditions_alone(house, stranger):
    assert _found(stranger, "in:notes") == _found(stranger, "in:trash") == set()
    assert _found(stranger, "tag:home boiler") == set()


def test_a_note_found_is_opened_at_the_place_with_it_marked(client, owner):
    note = writing.create(owner, "Cellar", "First line\n\nThe **boiler** leaks, the boiler")
    _found(owner, "boiler")
    page = client.get(reverse("search"), {"q": "tag:none boil"}).content.decode()
    assert "Nothing found" in page
    page = client.get(reverse("search"), {"q": "in:notes boil"}).content.decode()
    address = f"{note.get_absolute_url()}?q=in%3Anotes+boil#found"
    assert f'href="{address}"' in page
    opened = client.get(address).content.decode()
    assert (
        '<strong><mark id="found">boiler</mark></strong> leaks, the <mark>boiler</mark>' in opened
    )


def test_a_common_word_is_found_in_titles_and_notes_beside_newer_messages(owner, monkeypatch):
    monkeypatch.setattr("ahfai.textindex.index.WEIGHED_HITS", 5)
    chat = Chat.objects.create(owner=owner, title="Talk", model="m", change_number=1)
    for number in range(10):
        Message.objects.create(
            owner=owner, chat=chat, role="user", content="boiler", change_number=2 + number
        )
    type(owner).objects.filter(pk=owner.pk).update(change_number=20)
    newest = Chat.objects.create(owner=owner, title="Boiler", model="m", change_number=21)
    type(owner).objects.filter(pk=owner.pk).update(change_number=21)
    assert newest.title in _found(owner, "boiler")


@pytest.mark.parametrize(
    "text",
    ["tag:", "-tag:", "in:", 'tag:"', "before:0000-00-00", "after:9999-12-31 x", 'in:"notes', "::"],
)
def test_no_condition_is_an_error(house, text):
    search.search(house, text)
    Asked.parse(text)


def _found(person, text: str) -> set[str]:
    page = search.search(person, text)
    while page is None:
        page = search.search(person, text)
    return {
        one.title if one.room == "notes" or one.title != "Chat" else _said(one)
        for one in page.results
    }


def _said(result) -> str:
    return "".join(piece for piece, _match in result.pieces)
