"""Notes pinned, tagged, in the archive, in the trash, and back."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import changes, tags
from accounts.models import Tag, Tombstone
from ahfai.worker import Worker
from notes import order, writing
from notes.models import Note, Revision

pytestmark = pytest.mark.django_db

LIST, ARCHIVE, TRASH = (reverse(f"notes:{name}") for name in ("list", "archive", "trash"))


def make(owner, *titles: str) -> list[Note]:
    return [writing.create(owner, title, f"About {title}") for title in titles]


def move(client, to: str, *notes: Note, back_to: str = "list", **more):
    fields = {"to": to, "back_to": back_to, "note": [note.pk for note in notes], **more}
    return client.post(reverse("notes:move"), fields, follow=True)


def undo(client, answer):
    """Press the button that takes the last move back."""
    form = re.search('<form class="notice accent".*?</form>', main(answer), re.DOTALL)[0]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return client.post(re.search('action="([^"]+)"', form)[1], fields, follow=True)


def put_on(client, note: Note, text: str, **more):
    return client.post(reverse("notes:tags", args=[note.pk]), {"more": text, **more})


def tag_id(user, name: str) -> uuid.UUID:
    return next(tag.id for tag in tags.all_of(user) if tag.name == name)


def main(answer) -> str:
    page = answer.content.decode()
    return page[page.index("<main") :]


def test_a_pinned_note_stands_first(client, owner):
    older, _newer = make(owner, "Apple cake", "Blue paint")
    move(client, "pin", older)
    page = main(client.get(LIST))
    assert page.index("Apple") < page.index("Blue")
    move(client, "unpin", older)
    page = main(client.get(LIST))
    assert page.index("Blue") < page.index("Apple")


@pytest.mark.parametrize(("to", "place"), [("archive", ARCHIVE), ("trash", TRASH)])
def test_a_note_is_put_away_and_undo_brings_it_back_with_its_pin(client, owner, to, place):
    _kept, away = make(owner, "Kept here", "Put away")
    move(client, "pin", away)
    answer = move(client, to, away)
    assert "Put away" not in main(answer)
    assert "Kept here" in main(answer)
    assert "Put away" in main(client.get(place))
    undo(client, answer)
    assert [note.title for note in owner.notes.filter(pinned=True)] == ["Put away"]
    assert owner.notes.kept().count() == 2


def test_several_notes_are_moved_at_once(client, owner):
    notes = make(owner, "One", "Two", "Three")
    assert "checkbox" in main(client.get(f"{LIST}?pick"))
    assert "2 notes are in the archive." in main(move(client, "archive", *notes[:2]))
    assert [note.title for note in Note.objects.kept()] == ["Three"]


@pytest.mark.parametrize("name", ["move", "tag_several"])
def test_who_picks_nothing_is_told_and_can_go_on_from_there(client, owner, name):
    make(owner, "Apple cake")
    answer = client.post(
        reverse(f"notes:{name}"), {"to": "pin", "back_to": "list", "tags": "garden"}
    )
    assert answer.status_code == 422
    page = main(answer)
    assert "Tick the notes first." in page
    assert 'name="note"' in page
    assert 'href="?' not in page


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "nowhere", "back_to": "list"},
        {"to": "trash", "back_to": "//evil.example"},
        {"to": "trash", "back_to": "list", "note": "no id"},
        {"to": "restore", "back_to": "list", "pinned": "no id"},
    ],
)
def test_nonsense_moves_nothing_and_leads_back(client, owner, fields):
    [note] = make(owner, "One")
    answer = client.post(reverse("notes:move"), {"note": note.pk, **fields})
    assert answer.url == LIST
    assert Note.objects.kept().count() == 1


def test_what_is_put_away_cannot_be_pinned(client, owner):
    archived, trashed = make(owner, "Archived", "Trashed")
    move(client, "archive", archived)
    move(client, "trash", trashed)
    move(client, "pin", archived, trashed)
    assert not Note.objects.filter(pinned=True).exists()


def test_a_strangers_notes_stay_where_they_are(client, strangers_client, owner):
    [note] = make(owner, "Mine")
    for to in ("pin", "archive", "trash"):
        move(strangers_client, to, note)
    move(client, "trash", note)
    move(strangers_client, "restore", note, pinned=note.pk)
    note.refresh_from_db()
    assert (note.pinned, note.archived, bool(note.trashed)) == (False, False, True)


def test_the_address_of_a_note_in_the_trash_offers_to_put_it_back(client, strangers_client, owner):
    [note] = make(owner, "Apple & cake")
    move(client, "trash", note)
    put_back = reverse("notes:put_back", args=[note.pk])
    page = main(client.get(note.get_absolute_url()))
    assert "Apple &amp; cake" in page
    assert f'action="{put_back}"' in page
    assert client.get(put_back).status_code == 405
    assert strangers_client.post(put_back).status_code == 404
    theirs = strangers_client.get(note.get_absolute_url())
    missing = strangers_client.get(reverse("notes:detail", args=[uuid.uuid4()]))
    assert (theirs.status_code, theirs.content) == (404, missing.content)
    answer = client.post(put_back, follow=True)
    assert answer.redirect_chain == [(note.get_absolute_url(), 302)]
    assert "The note is back." in answer.content.decode()
    assert client.post(put_back).url == note.get_absolute_url()
    assert Note.objects.kept().count() == 1


def test_what_is_in_the_trash_can_be_read_and_not_ticked(client, owner):
    note = writing.create(owner, "Cake", "**Butter**\n\n- [ ] buy eggs")
    move(client, "trash", note)
    assert f'<a href="{note.get_absolute_url()}">' in main(client.get(TRASH))
    page = main(client.get(note.get_absolute_url(), {"q": "butter"}))
    assert '<strong><mark id="found">Butter</mark></strong>' in page
    assert "buy eggs" in page
    assert '<span class="task-open"' in page
    assert reverse("notes:edit", args=[note.pk]) not in page
    assert client.post(reverse("notes:tick", args=[note.pk]), {"line": 2}).status_code == 404


def test_from_the_trash_it_can_be_deleted_for_good(client, owner):
    [note] = make(owner, "Gone")
    writing.save(note, "Gone", "changed", 1)
    put_on(client, note, "home")
    move(client, "trash", note)
    address = reverse("notes:delete", args=[note.pk])
    assert "“<bdi>Gone</bdi>”" in main(client.get(address))
    assert client.post(address).url == TRASH
    assert not Note.objects.exists()
    assert not Revision.objects.exists()
    assert not Tag.objects.exists()
    assert Tombstone.objects.get().key == note.pk


def test_the_worker_empties_the_trash_after_thirty_days(owner):
    young, old = make(owner, "Young", "Old")
    for note, days in ((young, 29), (old, 31)):
        Note.objects.filter(pk=note.pk).update(trashed=timezone.now() - timedelta(days=days))
    Worker().work()
    assert [note.title for note in Note.objects.all()] == ["Young"]
    assert order.purge_notes() == 0


def test_a_note_that_is_taken_out_of_the_trash_while_it_is_emptied_stays(owner, monkeypatch):
    notes = make(owner, "One", "Other")
    owner.notes.update(trashed=timezone.now() - timedelta(days=31))
    bury = changes.bury

    def restore_the_others(owner_id, keys):
        order.move(owner, {note.pk for note in notes} - {*keys}, "restore")
        bury(owner_id, keys)

    monkeypatch.setattr(changes, "bury", restore_the_others)
    assert order.purge_notes() == 1
    assert owner.notes.living().count() == 1


def test_a_note_is_tagged_and_found_by_the_tag_and_by_the_one_it_is_nested_in(client, owner):
    roses, _rent = make(owner, "Pruning roses", "Paying rent")
    assert put_on(client, roses, "garden/roses urgent").url == roses.get_absolute_url()
    for name in ("garden", "garden/roses", "urgent"):
        page = main(client.get(LIST, {"tag": tag_id(owner, name)}))
        assert "Pruning roses" in page
        assert "Paying rent" not in page
    assert "#garden/roses" in main(client.get(roses.get_absolute_url()))
    assert "1 note<" in main(client.get(reverse("accounts:tags")))
    put_on(client, roses, "", carried=[tag_id(owner, "urgent")])
    assert [tag.name for tag in tags.all_of(owner)] == ["urgent"]


def test_a_place_offers_the_tags_that_its_own_notes_carry(client, owner):
    *notes, gone = make(owner, "Kept", "Archived", "Gone")
    for note, name in zip((*notes, gone), ("kept", "archived", "gone/long"), strict=True):
        put_on(client, note, name)
    order.move(owner, [notes[1].pk], "archive")
    order.move(owner, [gone.pk], "trash")
    for place, name in (("list", "kept"), ("archive", "archived"), ("trash", "gone")):
        page = main(client.get(reverse(f"notes:{place}")))
        assert re.findall(r'<a class="chip" [^>]*><bdi>(#[^<]*)</bdi>', page) == [f"#{name}"]


def test_tags_of_notes_are_renamed_and_become_one(client, owner):
    one, both = make(owner, "One", "Both")
    put_on(client, one, "house")
    put_on(client, both, "house home")
    client.post(reverse("accounts:tag", args=[tag_id(owner, "house")]), {"name": "HOME"})
    assert [tag.name for tag in tags.all_of(owner)] == ["home"]
    assert [note.tags.count() for note in (one, both)] == [1, 1]


def test_several_notes_are_tagged_at_once_and_freed_again(client, owner):
    one, two, three = make(owner, "One", "Two", "Three")
    address = reverse("notes:tag_several")
    fields = {"back_to": "list", "note": [one.pk, two.pk]}
    answer = client.post(address, {**fields, "tags": "garden"}, follow=True)
    assert "2 notes are tagged." in answer.content.decode()
    garden = tag_id(owner, "garden")
    assert "Three" not in main(client.get(LIST, {"tag": garden}))
    answer = client.post(f"{address}?tag={garden}", {**fields, "take_off": garden}, follow=True)
    assert answer.redirect_chain[-1][0] == LIST
    assert not Tag.objects.exists()
    assert three.tags.count() == 0


@pytest.mark.parametrize("text", ["", "x" * 81, " ".join(f"t{number}" for number in range(21))])
def test_bad_tags_are_named_and_stay_in_the_page(client, owner, text):
    [note] = make(owner, "One")
    fields = {"back_to": "list", "note": note.pk, "tags": text}
    answer = client.post(reverse("notes:tag_several"), fields)
    assert answer.status_code == 422
    assert f'value="{note.pk}" checked' in main(answer)
    assert f'value="{text}"' in main(answer)
    if text:
        answer = put_on(client, note, text)
        assert answer.status_code == 422
        assert "at most" in main(answer).lower()
    assert not Tag.objects.exists()


def test_a_stranger_neither_uses_nor_sees_the_tag(strangers_client, client, owner, stranger):
    [mine], [theirs] = make(owner, "Mine"), make(stranger, "Theirs")
    put_on(client, mine, "home")
    home = tag_id(owner, "home")
    assert strangers_client.get(LIST, {"tag": home}).status_code == 404
    put_on(strangers_client, theirs, "", carried=[home])
    fields = {"back_to": "list", "note": mine.pk}
    for more in ({"tags": "garden"}, {"take_off": home}):
        strangers_client.post(reverse("notes:tag_several"), {**fields, **more})
    assert theirs.tags.count() == 0
    assert [tag.name for tag in mine.tags.all()] == ["home"]
    assert not tags.all_of(stranger)
