"""What costs the server much can't be done without end."""

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import pace
from ahfai import limits
from ahfai.models import RateCount


@pytest.fixture
def tried_often(owner):
    """Says that the owner has done something so often already, in a minute that doesn't end."""

    def tried(what: str, times: int, window) -> None:
        limits.count(what, str(owner.pk), window)
        RateCount.objects.update(count=times)

    with time_machine.travel(timezone.now(), tick=False):
        yield tried


def test_a_search_too_many_is_refused_in_words_until_the_minute_is_over(client, tried_often):
    tried_often("search", 239, pace.MINUTE)
    assert client.get("/search", {"q": "roses"}).status_code == 200
    refused = client.get("/search", {"q": "roses"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert "Try again in a minute." in refused.content.decode()


def test_the_searches_of_programs_and_of_the_page_are_counted_together(client, tried_often):
    tried_often("search", 239, pace.MINUTE)
    assert client.get("/search", {"q": "roses"}).status_code == 200
    refused = client.get("/api/search", {"q": "roses"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60


def test_others_are_not_held_back(tried_often, strangers_client):
    tried_often("search", 240, pace.MINUTE)
    assert strangers_client.get("/search", {"q": "roses"}).status_code == 200


def test_a_script_gets_the_sentence_and_the_log_the_path(client, tried_often, caplog):
    tried_often("upload", 120, pace.MINUTE)
    sent = {"file": SimpleUploadedFile("plan.txt", b"words")}
    refused = client.post("/notes/files", sent, HTTP_ACCEPT="application/json")
    assert refused.status_code == 429
    assert refused.json()["sentence"].startswith("That was too often")
    assert "Too Many Requests: /notes/files" in caplog.messages


def test_files_for_notes_and_for_messages_are_counted_together(client, tried_often):
    tried_often("upload", 119, pace.MINUTE)
    answers = [
        client.post(path, {"file": SimpleUploadedFile("plan.txt", b"words")}).status_code
        for path in ("/notes/files", "/chats/files")
    ]
    assert answers == [201, 429]


def test_a_page_can_be_looked_at_when_its_form_can_not_be_sent(client, tried_often):
    tried_often("import", 30, pace.HOUR)
    assert client.get("/reminders/import").status_code == 200
    assert client.post("/reminders/import").status_code == 429


def test_exports_of_notes_end_too(client, tried_often):
    tried_often("export of notes", 30, pace.HOUR)
    assert client.get("/notes/export").status_code == 429
