"""What the search gets to know of notes."""

import re

from django.urls import reverse
from django.utils import timezone

from accounts.fields import sealed_for
from accounts.models import User
from notes import hooks, places, writing
from notes.models import Note


def test_a_search_is_told_what_changed_since_it_looked(owner, stranger):
    kitchen = writing.create(owner, "Kitchen", "oak")
    writing.create(stranger, "Secret", "pine")
    [document] = hooks.documents(owner, None, [])
    assert document[:5] == ("note", kitchen.pk.bytes, kitchen.pk.bytes, "Kitchen", "oak")
    assert document.when.startswith(f"{kitchen.changed:%Y-%m-%d %H:%M:%S}")
    since = User.objects.get(pk=owner.pk).change_number
    assert not [*hooks.documents(owner, since, [])]
    writing.save(kitchen, "Kitchen", "elm", 1)
    assert [one.body for one in hooks.documents(owner, since, [])] == ["elm"]
    assert hooks.unfinished(owner) == set()


def test_only_the_persons_own_living_notes_are_shown(owner, stranger):
    mine, thrown, theirs = (
        writing.create(owner, "Kitchen", "oak"),
        writing.create(owner, "Old", "elm"),
        writing.create(stranger, "Secret", "pine"),
    )
    Note.objects.filter(pk=thrown.pk).update(trashed=timezone.now())
    shown = hooks.show(owner, [mine.pk, thrown.pk, theirs.pk])
    assert shown.keys() == {mine.pk}
    found = shown[mine.pk]
    address = f"{mine.get_absolute_url()}#found"
    assert (found.title, found.text, found.address) == ("Kitchen", "oak", address)
    [thrown_away] = hooks.show(owner, [mine.pk, thrown.pk, theirs.pk], trashed=True).values()
    assert (thrown_away.title, thrown_away.address) == ("Old", f"{thrown.get_absolute_url()}#found")


def test_a_note_that_is_found_by_its_title_has_the_words_marked_there(client, owner):
    note = writing.create(owner, "Kitchen & oak", "Elm\n\n[[Kitchen]]")
    empty = writing.create(owner, "Oak, empty", "")
    shown = hooks.show(owner, [note.pk, empty.pk])
    assert shown[empty.pk].text == ""
    opened = client.get(f"{note.get_absolute_url()}?q=oak").content.decode()
    assert re.search(r"<h1 .*>Kitchen &amp; <mark>oak</mark>\s*</h1>", opened)
    beside = opened[opened.index('class="pane"') : opened.index("<h1")]
    assert "Oak, empty" in beside


def test_a_note_without_a_title_is_told_from_one_that_cannot_be_opened(client, owner):
    writing.create(owner, "", "oak")
    broken = writing.create(owner, "Kitchen", "elm")
    Note.objects.filter(pk=broken.pk).update(
        title=sealed_for(writing.create(owner, "", "pine"), "title", "Moved")
    )
    page = client.get(reverse("search"), {"q": "in:notes"}).content.decode()
    assert page.count("Without a title") == 2
    assert page.count("This can't be opened.") == 1


def test_the_passage_that_an_answer_was_made_from_is_marked(client, owner):
    body = (
        "Intro.\n\nThe *black* loop is underneath.\n\n- one turn to the left\n- shut\n\nEnd here."
    )
    note = writing.create(owner, "Boiler", body)
    said = body[body.index("The *") : body.index("\n\nEnd")]
    opened = client.get(places.address(note, said)).content.decode()
    marks = re.findall("<mark[^>]*>([^<]+)</mark>", opened)
    assert marks == ["The ", "black", " loop is underneath", "one turn to the left"]
    assert opened.count('id="found"') == 1
    assert places.address(note, "what it said before") is None
    for nowhere in ("", "x", "5-2", "999999-999999"):
        assert (
            "<mark"
            not in client.get(f"{note.get_absolute_url()}?passage={nowhere}").content.decode()
        )
