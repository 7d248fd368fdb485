"""Writing notes in the browser, as plain forms."""

import random
import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import LookupKey
from notes import writing
from notes.models import Link, Note, Revision

LIST, NEW = reverse("notes:list"), reverse("notes:new")


def edit_address(note: Note) -> str:
    return reverse("notes:edit", args=[note.pk])


def main(response) -> str:
    return re.search("<main.*</main>", response.content.decode(), re.DOTALL)[0]


def save(client, note: Note, body: str, version: int, title: str = "Kitchen"):
    return client.post(edit_address(note), {"title": title, "body": body, "version": version})


def opened(client, note: Note) -> dict[str, str]:
    """What the editor sends if nothing is changed in it."""
    return fields_of(client.get(edit_address(note)))


def fields_of(response) -> dict[str, str]:
    form = response.context["form"]
    return {name: form[name].value() or "" for name in form.fields}


@pytest.fixture
def note(owner) -> Note:
    return writing.create(owner, "Kitchen", "Oak fronts\nWhite stone\nNo handles")


def test_a_note_is_written_read_and_changed(client, owner):
    assert "A quiet place" in main(client.get(LIST))
    response = client.post(NEW, {"title": " Kitchen  plan ", "body": "Oak\r\n\r\n- [x] *hob*"})
    note = Note.objects.get()
    assert response.url == note.get_absolute_url()
    assert (note.title, note.body, note.version) == ("Kitchen plan", "Oak\n\n- [x] *hob*", 1)
    page = main(client.get(response.url))
    assert "<em>hob</em>" in page
    assert "task-done" in page
    assert "Kitchen plan" in main(client.get(LIST))
    assert save(client, note, "Oak fronts", 1, "Kitchen").url == note.get_absolute_url()
    note.refresh_from_db()
    assert (note.title, note.body, note.version) == ("Kitchen", "Oak fronts", 2)
    assert note.changed > note.created
    assert note.change_number > 0


def test_what_no_text_can_hold_is_refused_with_its_place_and_the_words_stay(client, note):
    page = save(client, note, "Oak\r\nfr\0onts", 1)
    assert page.status_code == 422
    assert "Text, line 2: there is a character in it that no text can hold" in main(page)
    assert "fr\0onts" in main(page)
    assert "Title, line 1: " in main(save(client, note, "Oak", 1, "Kit\0chen"))
    note.refresh_from_db()
    assert (note.title, note.version) == ("Kitchen", 1)


def test_the_editor_shows_what_is_saved(client, note):
    page = main(client.get(edit_address(note)))
    assert 'value="Kitchen"' in page
    assert "Oak fronts\nWhite stone\nNo handles" in page


def test_a_preview_shows_what_the_page_would_and_saves_nothing(client, note):
    sent = {"title": "Cellar", "body": "*Elm*, see [[kitchen]]\n\n- [ ] task", "version": 1}
    for address in (reverse("notes:preview", args=[note.pk]), reverse("notes:preview_new")):
        page = main(client.post(address, sent))
        assert "<em>Elm</em>" in page
        assert f'<a href="{note.get_absolute_url()}">kitchen</a>' in page
        assert 'class="task-open"' in page
        assert 'name="line"' not in page
        assert "*Elm*, see [[kitchen]]" in page
        assert 'value="Cellar"' in page
        assert "data-unsaved" in page
    assert client.post(reverse("notes:preview_new"), {"body": "x" * 200_001}).status_code == 422
    assert Note.objects.get().title == "Kitchen"


def test_a_new_note_needs_a_word(client):
    response = client.post(NEW, {"title": " ", "body": "\n"})
    assert response.status_code == 422
    assert "Write something first." in main(response)
    assert not Note.objects.exists()


def test_what_is_too_long_stays_in_the_page(client, note):
    body = "x" * 200_001
    response = save(client, note, body, 1)
    assert response.status_code == 422
    assert body in main(response)
    assert "at most 200000 characters" in main(response)
    assert "Oak fronts" in Note.objects.get().body


def test_a_note_may_have_no_title(client):
    page = main(client.post(NEW, {"body": "milk, eggs"}, follow=True))
    assert "Without a title" in page
    assert Note.objects.get().title_hash == ""


def test_a_second_tab_gets_both_texts_and_overwrites_nothing(client, note):
    tab = opened(client, note)
    save(client, note, "Oak fronts\nBlack stone\nNo handles", 1)
    body = "Oak fronts\r\nWhite stone\r\nNo handles\r\nHood outside"
    response = client.post(edit_address(note), tab | {"body": body})
    assert response.status_code == 409
    page = main(response)
    assert "Both changes fit together" in page
    assert "Oak fronts\nBlack stone\nNo handles\nHood outside</textarea>" in page
    assert Note.objects.get().body == "Oak fronts\nBlack stone\nNo handles"
    assert 'name="version" value="2"' in page
    assert client.post(edit_address(note), fields_of(response)).status_code == 302
    note.refresh_from_db()
    assert (note.version, note.body) == (3, "Oak fronts\nBlack stone\nNo handles\nHood outside")


def test_changes_of_different_paragraphs_fit_together_however_often_both_tabs_save(client, owner):
    paragraphs = [f"Paragraph {number}" for number in range(8)]
    note = writing.create(owner, "Long", "\n\n".join(paragraphs))
    chance = random.Random(3)
    tabs = [opened(client, note), opened(client, note)]
    for step in range(40):
        # Each tab changes every other paragraph, and may be many versions behind.
        number = chance.randrange(2)
        tab = tabs[number]
        place = 2 * chance.randrange(4) + number
        before, after = paragraphs[place], f"Paragraph {place}, step {step}"
        paragraphs[place] = after
        sent = tab | {"body": tab["body"].replace(before, after)}
        response = client.post(edit_address(note), sent)
        if response.status_code == 409:
            assert "Both changes fit together" in main(response)
            response = client.post(edit_address(note), fields_of(response))
        assert response.status_code == 302
        tabs[number] = opened(client, note)
        note.refresh_from_db()
        assert note.body.split("\n\n") == paragraphs
    assert Revision.objects.count() == 1


def test_where_both_changed_the_same_line_both_stand_there(client, note):
    tab = opened(client, note)
    save(client, note, "Oak fronts\nBlack stone\nNo handles", 1)
    body = "Oak fronts\nGrey stone\nNo handles"
    page = main(client.post(edit_address(note), tab | {"body": body}))
    assert "In one place they differ" in page
    assert "Oak fronts\nBlack stone\nGrey stone\nNo handles</textarea>" in page


def test_who_sends_no_common_text_gets_their_own_and_both_are_shown(client, note):
    save(client, note, "First", 1)
    page = main(save(client, note, "Mine", 1))
    assert "The text below is yours" in page
    assert "Mine</textarea>" in page
    assert ">First</pre>" in page


def test_a_title_changed_by_one_of_two_stays_changed(client, note):
    tab = opened(client, note) | {"body": "Elm"}
    save(client, note, "Oak", 1, "Cellar")
    assert 'value="Cellar"' in main(client.post(edit_address(note), tab))
    page = main(client.post(edit_address(note), tab | {"title": "Attic"}))
    assert 'value="Attic"' in page
    assert "The saved title is “<bdi>Cellar</bdi>”." in page


def test_what_is_sent_twice_is_saved_once(client, note):
    for _ in range(2):
        assert save(client, note, "Once", 1).status_code == 302
    assert Note.objects.get().version == 2


def test_a_new_note_that_is_sent_twice_is_one_note(client):
    sent = {"title": "Twin", "body": "words", "page": uuid.uuid4()}
    assert client.post(NEW, sent).url == client.post(NEW, sent).url
    assert Note.objects.count() == 1


def test_other_words_from_the_same_page_are_another_note(client):
    page = uuid.uuid4()
    for body in ("One", "Two", "Two"):
        client.post(NEW, {"body": body, "page": page})
    assert sorted(note.body for note in Note.objects.all())[:2] == ["One", "Two"]


def test_a_note_of_a_page_in_the_trash_doesnt_keep_the_next_one_from_being_made(client):
    sent = {"body": "words", "page": uuid.uuid4()}
    client.post(NEW, sent)
    Note.objects.update(trashed=timezone.now())
    assert client.post(NEW, sent).status_code == 302
    assert Note.objects.living().count() == 1


def test_an_earlier_version_is_kept_at_most_every_ten_minutes(client, note):
    for version in range(1, 4):
        save(client, note, f"Text {version}", version)
    [revision] = Revision.objects.all()
    assert (revision.version, revision.title) == (1, "Kitchen")
    assert revision.body.startswith("Oak fronts")
    Revision.objects.update(made=timezone.now() - timedelta(minutes=11))
    save(client, note, "Text 4", 4)
    assert [one.body for one in Revision.objects.order_by("version")][1:] == ["Text 3"]


def test_a_list_shows_how_a_note_begins_without_its_marks(client, owner):
    writing.create(owner, "Trip", "# Packing\n\n- [x] tent\n- [ ] **lamp**\n> 3 days\n1. go")
    assert "Packing tent lamp 3 days go" in main(client.get(LIST))


def test_links_are_kept_by_the_hash_of_their_titles(client, owner, note):
    sill = writing.create(owner, "Window  sill", "See [[kitchen]], [[KITCHEN]] and [[No such]].")
    assert Link.objects.filter(title_hash=note.title_hash).get().note == sill
    assert sill.links.count() == 2
    save(client, sill, "No more", 1)
    assert not Link.objects.exists()


def test_two_people_hash_the_same_title_otherwise(owner, stranger):
    mine, theirs = (writing.create(person, "Kitchen", "") for person in (owner, stranger))
    assert mine.title_hash != theirs.title_hash
    assert LookupKey.objects.count() == 2


def test_what_is_in_the_trash_cannot_be_written_to(client, note):
    Note.objects.update(trashed=timezone.now())
    assert client.get(edit_address(note)).status_code == 404
    assert save(client, note, "Hm", 1).status_code == 404


def test_what_cannot_be_opened_says_so_and_is_never_overwritten(client, note):
    other = Note.objects.create(owner=note.owner, title="Other", body="other")
    Note.objects.filter(pk=note.pk).update(body=Note.objects.get(pk=other.pk).__dict__["body"])
    assert "This can't be opened." in main(client.get(note.get_absolute_url()))
    assert client.get(edit_address(note)).url == note.get_absolute_url()
    response = save(client, note, "New words", 1)
    assert response.status_code == 422
    assert "New words" in main(response)
    assert "isn&#x27;t overwritten" in main(response)
