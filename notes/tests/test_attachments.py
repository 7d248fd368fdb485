"""Files in notes: they come with the text, are shown in it, and go when nothing needs them."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import SealedFile
from ahfai.sizes import MB
from ahfai.testing import signed_in
from ahfai.worker import Worker
from notes import hooks, writing
from notes.models import Attachment, Note, Revision

pytestmark = pytest.mark.django_db

ATTACH, NEW = reverse("notes:attach"), reverse("notes:new")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def sent(data: bytes = PNG, name: str = "oak.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def attach(client, data: bytes = PNG, name: str = "oak.png") -> str:
    response = client.post(ATTACH, {"file": sent(data, name)})
    assert response.status_code == 201
    return response.json()["written"]


def main(response) -> str:
    return re.search("<main.*</main>", response.content.decode(), re.DOTALL)[0]


def two_days_pass() -> None:
    SealedFile.objects.update(needed=timezone.now() - timedelta(days=2))


def an_hour_of_work() -> None:
    Worker().work()


def test_quotes_in_the_name_of_a_file_are_kept(client, owner):
    # As forms send them.
    assert attach(client, b"words", "the %22big%22 plan.txt").startswith('[the "big" plan.txt]')
    assert SealedFile.objects.get().name == 'the "big" plan.txt'


def test_a_file_is_kept_at_once_and_shown_in_the_note(client, owner):
    written = attach(client)
    file = SealedFile.objects.get()
    assert written == f"![oak](file:{file.pk})"
    response = client.post(NEW, {"title": "Kitchen", "body": f"The fronts: {written}"}, follow=True)
    page = main(response)
    assert f'<img src="{file.get_absolute_url()}" alt="oak"' in page
    assert 'download="oak.png"' in page
    assert "264\xa0bytes" in page
    assert b"".join(client.get(file.get_absolute_url()).streaming_content) == PNG


def test_files_come_with_the_form_where_there_is_no_script(client, owner):
    form = {"title": "Kitchen", "body": "Oak\n", "files": [sent(), sent(b"%PDF-1", "offer.pdf")]}
    page = main(client.post(NEW, form, follow=True))
    picture, paper = SealedFile.objects.order_by("made")
    assert Note.objects.get().body == (
        f"Oak\n\n![oak](file:{picture.pk})\n\n[offer.pdf](file:{paper.pk})"
    )
    assert page.count("<img") == 1
    note = Note.objects.get()
    more = {"title": "", "body": "Oak", "version": 1, "files": sent(b"words", "a.txt")}
    client.post(reverse("notes:edit", args=[note.pk]), more)
    note.refresh_from_db()
    assert note.body.startswith("Oak\n\n[a.txt](file:")


def test_a_form_that_does_not_hold_keeps_what_was_typed_and_the_files_that_came(client, settings):
    settings.UPLOAD_MB = 1
    form = {"title": "T" * 201, "body": "typed", "files": [sent(), sent(b"x" * MB, "large.bin")]}
    response = client.post(NEW, form)
    assert response.status_code == 422
    page = main(response)
    assert "large.bin: This file is too large: at most 1\xa0MB go in." in page
    assert f"typed\n\n![oak](file:{SealedFile.objects.get().pk})</textarea>" in page
    assert "T" * 201 in page
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("file", "status", "sentence"),
    [
        (sent(b"x" * (MB + 1)), 413, "too large"),
        (sent(b""), 422, "empty"),
        ("words", 422, "Choose a file"),
    ],
)
def test_what_is_not_taken_is_said(client, settings, file, status, sentence):
    settings.UPLOAD_MB = 1
    response = client.post(ATTACH, {"file": file})
    assert response.status_code == status
    assert sentence in response.json()["sentence"]
    assert not SealedFile.objects.exists()


def test_who_has_no_room_left_is_told(client, owner, settings):
    settings.QUOTA_MB = 1
    attach(client, b"x" * (MB - 10))
    response = client.post(ATTACH, {"file": sent()})
    assert response.status_code == 413
    assert "10\xa0bytes are left" in response.json()["sentence"]


def test_another_persons_file_is_not_shown(client, owner, stranger):
    written = attach(client)
    theirs = signed_in(stranger)
    page = main(theirs.post(NEW, {"title": "Mine", "body": written}, follow=True))
    assert "<img" not in page
    assert str(SealedFile.objects.get().pk) not in page
    assert not Attachment.objects.exists()
    missing = f"![oak](file:{uuid.uuid4()})"
    same = main(theirs.post(NEW, {"title": "Mine", "body": missing}, follow=True))
    assert re.findall("<p>.*oak.*</p>", page) == re.findall("<p>.*oak.*</p>", same)


def test_lists_and_searches_show_words_and_no_ids(client, owner):
    note = writing.create(owner, "Kitchen", f"Oak {attach(client)} fronts")
    assert "Oak oak fronts" in main(client.get(reverse("notes:list")))
    file_id = str(SealedFile.objects.get().pk)
    document = next(hooks.documents(owner, None, []))
    assert document.body == "Oak oak fronts"
    assert file_id not in hooks.show(owner, [note.pk])[note.pk].text


def test_a_file_that_no_note_refers_to_stays_for_a_day(client, owner):
    attach(client)
    an_hour_of_work()
    assert SealedFile.objects.exists()
    two_days_pass()
    an_hour_of_work()
    assert not SealedFile.objects.exists()


def test_a_file_stays_as_long_as_the_note_or_an_earlier_version_needs_it(client, owner):
    note = writing.create(owner, "Kitchen", attach(client))
    writing.save(note, "Kitchen", "without it", 1)
    assert Attachment.objects.get().revision == Revision.objects.get()
    two_days_pass()
    an_hour_of_work()
    assert SealedFile.objects.exists()
    Revision.objects.all().delete()
    an_hour_of_work()
    assert not SealedFile.objects.exists()


def test_what_was_just_taken_out_can_be_put_back(client, owner):
    note = writing.create(owner, "Kitchen", "bare")
    writing.save(note, "Kitchen", written := attach(client), 1)
    two_days_pass()
    writing.save(note, "Kitchen", "without it", 2)
    assert not Attachment.objects.exists()
    an_hour_of_work()
    writing.save(note, "Kitchen", written, 3)
    two_days_pass()
    an_hour_of_work()
    assert SealedFile.objects.exists()


def test_two_notes_may_show_the_same_file(client, owner):
    written = attach(client)
    one, two = (writing.create(owner, title, written) for title in ("one", "two"))
    two_days_pass()
    one.delete()
    an_hour_of_work()
    assert SealedFile.objects.exists()
    two.delete()
    an_hour_of_work()
    assert not SealedFile.objects.exists()


def test_a_note_in_the_trash_keeps_its_files(client, owner):
    note = writing.create(owner, "Kitchen", attach(client))
    Note.objects.filter(pk=note.pk).update(trashed=timezone.now())
    two_days_pass()
    an_hour_of_work()
    assert SealedFile.objects.exists()


def test_who_is_deleted_takes_notes_and_files_along(client, owner, stranger):
    theirs = signed_in(stranger)
    writing.create(stranger, "Kitchen", attach(theirs))
    stranger.delete()
    assert not SealedFile.objects.exists()
    assert not Attachment.objects.exists()


def test_a_page_with_many_files_asks_the_database_no_more_often(client, owner):
    counts = []
    for number in (1, 8):
        note = writing.create(owner, "Kitchen", "\n".join(attach(client) for _ in range(number)))
        with CaptureQueriesContext(connection) as queries:
            assert main(client.get(note.get_absolute_url())).count("<img") == number
        counts.append(len(queries))
    assert counts[0] == counts[1]
