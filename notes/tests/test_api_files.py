"""Files of notes, sent and fetched by programs."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import SealedFile
from accounts.tests.factors import sign_in
from accounts.tests.programs import Program
from ahfai.sizes import MB
from notes import order, writing
from notes.models import Attachment, Note

pytestmark = pytest.mark.same_everywhere
NOTES = "/api/notes"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "notes:read", "notes:write")


@pytest.fixture
def note(owner) -> Note:
    return writing.create(owner, "Kitchen", "The fronts:")


def send(program, path: str, data: bytes = PNG, name: str = "oak.png", **headers):
    headers = {one.replace("_", "-"): text for one, text in headers.items()}
    form = {"file": SimpleUploadedFile(name, data)}
    return program.client.post(path, form, headers=program.headers | headers)


def test_a_file_is_sent_to_a_note_fetched_and_taken_out_again(owner, program, note):
    path = f"{NOTES}/{note.pk}/files"
    sent = send(program, path, If_Match='"1"')
    assert (sent.status_code, sent["ETag"]) == (201, '"2"')
    file = SealedFile.objects.get()
    assert sent.json()["body"] == f"The fronts:\n\n![oak](file:{file.pk})"
    [shown] = program.get(path).json()["files"]
    assert (shown["id"], shown["name"], shown["size"]) == (str(file.pk), "oak.png", len(PNG))
    fetched = program.get(f"{path}/{file.pk}")
    assert fetched.getvalue() == PNG
    assert (fetched["Content-Type"], fetched["X-Content-Type-Options"]) == ("image/png", "nosniff")
    part = program.get(f"{path}/{file.pk}", Range="bytes=1-3")
    assert (part.status_code, part.getvalue()) == (206, b"PNG")
    out = program.delete(f"{path}/{file.pk}", If_Match='"2"')
    assert out.json()["body"] == "The fronts:"
    assert program.get(path).json()["files"] == []
    assert program.get(f"{path}/{file.pk}").status_code == 404
    # Nothing needs it any more: it goes a day later.
    assert SealedFile.objects.exists()
    assert not Attachment.objects.exists()


def test_a_file_is_kept_for_a_note_that_is_still_to_be_written(owner, program):
    kept = send(program, f"{NOTES}/files", b"words", "plan.txt").json()
    assert kept["kind"] == "text/plain"
    made = program.post(NOTES, {"title": "Plan", "body": f"See {kept['written']}"}).json()
    [shown] = program.get(f"{NOTES}/{made['id']}/files").json()["files"]
    assert shown["id"] == kept["id"]


def test_what_can_not_be_taken_is_refused_in_words(owner, program, note, settings):
    path = f"{NOTES}/{note.pk}/files"
    empty = send(program, path, b"", If_Match="*")
    assert (empty.status_code, empty.json()["detail"]) == (422, "This file is empty.")
    none = program.client.post(path, {}, headers=program.headers | {"If-Match": "*"})
    assert none.status_code == 422
    settings.UPLOAD_MB = 1
    large = send(program, path, b"x" * (MB + 1), If_Match="*")
    assert large.status_code == 413
    assert "at most 1 MB go in" in large.json()["detail"].replace("\xa0", " ")
    owner.quota_mb = 1
    owner.save()
    settings.UPLOAD_MB = 2
    no_room = send(program, path, b"x" * (MB + 1), If_Match="*")
    assert no_room.status_code == 507
    assert "There is no room for this file" in no_room.json()["detail"]
    full = writing.create(owner, "Full", "x" * 200_000)
    assert send(program, f"{NOTES}/{full.pk}/files", If_Match="*").status_code == 422


def test_a_note_that_was_changed_elsewhere_takes_no_file(owner, program, note):
    path = f"{NOTES}/{note.pk}/files"
    send(program, path, If_Match='"1"')
    file = SealedFile.objects.get()
    assert send(program, path).status_code == 428
    assert send(program, path, If_Match='"1"').status_code == 412
    assert program.delete(f"{path}/{file.pk}", If_Match='"1"').status_code == 412
    assert SealedFile.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"nothing", 422),
        ("multipart/form-data; boundary=\xe9", b"x", 400),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(program, kind, body, status):
    answer = program.client.post(f"{NOTES}/files", body, kind, headers=program.headers)
    assert answer.status_code == answer.json()["status"] == status


def test_a_file_is_reached_only_through_a_note_that_has_it(owner, stranger, program, note):
    send(program, f"{NOTES}/{note.pk}/files", If_Match="*")
    file = SealedFile.objects.get()
    other = writing.create(owner, "Other", "")
    assert program.get(f"{NOTES}/{other.pk}/files/{file.pk}").status_code == 404
    theirs = Program(stranger, "notes:read", "notes:write")
    assert theirs.get(f"{NOTES}/{note.pk}/files/{file.pk}").status_code == 404
    assert send(theirs, f"{NOTES}/{note.pk}/files", If_Match="*").status_code == 404
    order.move(owner, [note.pk], "trash")
    assert program.get(f"{NOTES}/{note.pk}/files/{file.pk}").status_code == 404
    assert send(Program(owner, "notes:read"), f"{NOTES}/files").status_code == 403


def test_a_form_of_another_sites_page_sends_no_file(owner):
    signed_in, _place = sign_in(owner.email)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    strict.get("/you/settings/")
    form = {"file": SimpleUploadedFile("oak.png", PNG)}
    assert strict.post(f"{NOTES}/files", form).status_code == 403
    assert not SealedFile.objects.exists()
    form["file"].seek(0)
    csrf = {"X-CSRFToken": strict.cookies[settings.CSRF_COOKIE_NAME].value}
    assert strict.post(f"{NOTES}/files", form, headers=csrf).status_code == 201
