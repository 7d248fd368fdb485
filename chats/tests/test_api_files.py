"""Files of messages, sent and fetched by programs."""

import struct
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import files
from accounts.models import FileText, SealedFile
from accounts.tests.programs import Program
from chats import attachments
from chats.models import Attachment, Chat, Message

pytestmark = [pytest.mark.django_db, pytest.mark.same_everywhere]
FILES = "/api/chats/files"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">II", 40, 30) + bytes(range(200))


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "chats:read", "chats:write")


def send(program, data: bytes = b"The boiler leaks.", name: str = "plan.txt", **headers):
    sent = {"file": SimpleUploadedFile(name, data)}
    headers = {one.replace("_", "-"): text for one, text in headers.items()}
    return program.client.post(FILES, sent, headers=program.headers | headers)


def test_a_file_is_kept_with_its_words_for_a_message(owner, program):
    kept = send(program)
    assert kept.status_code == 201
    said = kept.json()
    assert (said["name"], said["kind"], said["is_whole"]) == ("plan.txt", "text/plain", True)
    assert FileText.objects.get().words == "The boiler leaks."
    file = SealedFile.objects.get()
    assert attachments.named(owner, [uuid.UUID(said["id"])]).files == [file]
    assert send(program, PNG, "oak.png").json()["kind"] == "image/png"


def test_what_no_model_can_read_is_refused_in_words(program, settings):
    for data, name, status in ((b"", "empty.txt", 422), (b"\0\1\2", "odd.bin", 422)):
        refused = send(program, data, name)
        assert refused.status_code == status
        assert refused.json()["errors"][0]["field"] == "file"
    settings.UPLOAD_MB = 1
    assert send(program, b"x" * 1024 * 1025).status_code == 413
    assert not SealedFile.objects.exists()


def test_who_sends_very_many_waits_a_little(program, monkeypatch):
    monkeypatch.setattr("ahfai.limits.count", lambda what, *_who: 121 * (what == "upload"))
    refused = send(program)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert not SealedFile.objects.exists()


def test_where_there_is_no_room_it_is_said_and_the_key_is_free_again(program, settings):
    settings.QUOTA_MB = 0
    assert send(program, Idempotency_Key="plan-1").status_code == 507
    assert not SealedFile.objects.exists()
    settings.QUOTA_MB = 1
    assert send(program, Idempotency_Key="plan-1").status_code == 201


def test_a_file_that_is_sent_twice_by_the_same_key_is_kept_once(program):
    first, again = (send(program, Idempotency_Key="plan-1") for _time in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert SealedFile.objects.count() == 1


def test_a_file_is_fetched_through_its_message_alone(owner, stranger, program):
    chat = Chat.objects.create(owner=owner, title="Plan", model="m")
    message = Message.objects.create(owner=owner, chat=chat, role="user", content="Look")
    other = Message.objects.create(owner=owner, chat=chat, role="user", content="Wait")
    file = files.store(owner, "oak.png", [PNG])
    Attachment.objects.create(owner=owner, message=message, file=file, number=1)
    path = f"/api/messages/{message.pk}/files/{file.pk}"
    fetched = program.get(path)
    assert (fetched.getvalue(), fetched["Content-Type"]) == (PNG, "image/png")
    assert program.get(path, Range="bytes=1-3").getvalue() == b"PNG"
    assert program.get(f"/api/messages/{other.pk}/files/{file.pk}").status_code == 404
    assert Program(stranger, "chats:read").get(path).status_code == 404
    assert Program(owner, "chats:write").get(path).status_code == 403
    Chat.objects.update(trashed=message.created)
    assert program.get(path).status_code == 404
