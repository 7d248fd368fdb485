"""A request of a program that comes twice does once what it asks for."""

import uuid
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.db import IntegrityError, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import KeptAnswer
from accounts.pace import MINUTE
from accounts.programs import idempotency, tokens
from accounts.tests.programs import Program
from ahfai import limits
from ahfai.tests.at_once import at_once
from notes import writing
from notes.models import Note

NOTES = "/api/notes"
SOUP = {"title": "Soup", "body": "leek"}


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "notes:read", "notes:write", "reminders:write")


def post(program, said=SOUP, key="abc", path=NOTES):
    return program.post(path, said, Idempotency_Key=key)


def test_the_second_time_nothing_is_created_and_the_answer_is_the_same(owner, program):
    first, second = post(program), post(program)
    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    for name in ("Location", "ETag", "Content-Type"):
        assert second[name] == first[name]
    assert Note.objects.count() == 1
    # A string in quotes is how the standard writes it.
    assert post(program, key='"abc"').json() == first.json()
    assert post(program, key='"abd"').json() != first.json()
    row = KeptAnswer.objects.first()
    assert "Soup" in row.answer
    assert row.key_hash not in ("abc", "abd")


def test_another_person_may_use_the_same_key(program, stranger):
    post(program)
    assert post(Program(stranger, "notes:write")).status_code == 201
    assert Note.objects.count() == 2


def test_whoever_may_not_write_is_not_answered_from_what_is_kept(owner, program):
    post(program)
    assert post(Program(owner, "notes:read")).status_code == 403


@pytest.mark.same_everywhere
def test_the_same_key_for_another_request_is_refused(program):
    post(program)
    assert post(program, SOUP | {"body": "carrot"}).status_code == 422
    assert post(program, {"phrase": "soup"}, path="/api/reminders").status_code == 422
    assert Note.objects.count() == 1


@pytest.mark.same_everywhere
def test_what_was_refused_may_be_tried_again_by_the_same_key(program):
    assert post(program, {"title": "x" * 999}).status_code == 422
    assert not KeptAnswer.objects.exists()
    assert post(program).status_code == 201


@pytest.mark.same_everywhere
def test_a_key_is_short_and_of_plain_letters(program):
    for key in ("x" * 256, "ä", '"', '""', 'a"b'):
        assert post(program, key=key).status_code == 400
    assert post(program, key="x" * 255).status_code == 201
    assert post(program, key=r'"a\"b"').status_code == 201


def test_while_the_first_is_under_way_the_second_waits(owner, program):
    asked, create = [], writing.create

    def ask_meanwhile(*words):
        asked.append(post(program))
        return create(*words)

    with patch("notes.writing.create", ask_meanwhile):
        assert post(program).status_code == 201
    assert asked[0].status_code == 409
    assert asked[0]["Retry-After"] == "1"
    assert Note.objects.count() == 1


def test_a_request_that_was_given_up_can_not_end_after_all(program):
    create = writing.create

    def held_up(*words):
        # By now another process has taken its place.
        KeptAnswer.objects.update(claim=uuid.uuid4())
        return create(*words)

    with patch("notes.writing.create", held_up):
        assert post(program).status_code == 409
    assert not Note.objects.exists()


@pytest.mark.same_everywhere
def test_where_others_always_come_first_it_is_to_be_sent_again(program, monkeypatch):
    def another_comes_first_and_ends(*_arguments, **_named):
        raise IntegrityError

    monkeypatch.setattr(KeptAnswer, "save", another_comes_first_and_ends)
    answer = post(program)
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert not Note.objects.exists()


@pytest.mark.same_everywhere
@pytest.mark.parametrize("answer", [HttpResponse(status=303), StreamingHttpResponse([b"words"])])
def test_what_is_no_whole_success_is_asked_for_again(rf, owner, answer):
    request = rf.post(NOTES, SOUP, "application/json", headers={"Idempotency-Key": "abc"})
    request.user = owner
    asked = []

    def view():
        asked.append(1)
        return answer

    assert [idempotency.once(request, view) for _time in range(2)] == [answer, answer]
    assert asked == [1, 1]
    assert not KeptAnswer.objects.exists()


@pytest.mark.same_everywhere
def test_what_was_left_by_a_process_that_died_is_free_after_a_minute(owner, program):
    post(program)
    Note.objects.all().delete()
    KeptAnswer.objects.update(answered=None, until=timezone.now() + timedelta(seconds=9))
    assert post(program).status_code == 409
    KeptAnswer.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert post(program).status_code == 201


def test_where_something_breaks_nothing_is_created_and_the_key_is_free(program):
    create = writing.create
    program.client.raise_request_exception = False

    def breaks(*words):
        create(*words)
        raise RuntimeError

    with patch("notes.writing.create", breaks):
        assert post(program).status_code == 500
    assert not Note.objects.exists()
    assert post(program).status_code == 201


def test_what_is_counted_counts_also_where_the_request_is_refused_and_undone(owner, program):
    for _time in range(119):
        limits.count("upload", str(owner.pk), MINUTE)

    def send():
        form = {"file": SimpleUploadedFile("empty.txt", b"")}
        headers = program.headers | {"Idempotency-Key": "abc"}
        return program.client.post(f"{NOTES}/files", form, headers=headers)

    assert send().status_code == 422
    refused = send()
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60


@pytest.mark.same_everywhere
def test_an_answer_is_kept_for_a_day_and_then_cleared(program):
    post(program)
    idempotency.forget_old()
    assert KeptAnswer.objects.exists()
    KeptAnswer.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert post(program).status_code == 201
    assert Note.objects.count() == 2
    KeptAnswer.objects.update(until=timezone.now() - timedelta(seconds=1))
    idempotency.forget_old()
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_that_come_together_one_creates(owner):
    answers = []
    with transaction.atomic():
        token = tokens.make(owner, "p", ["notes:write"], 30)[1]

    def send(_number):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "abc"}
        answers.append(Client().post(NOTES, SOUP, "application/json", headers=headers).status_code)

    at_once(send, 5)
    assert Note.objects.count() == 1
    assert set(answers) <= {201, 409}
    assert 201 in answers


def test_of_a_form_its_fields_and_files_count_and_not_the_line_between_them(rf):
    def fingerprint(boundary: str, words: bytes, name="a.txt") -> str:
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nSoup\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"\r\n{words.decode()}\r\n--{boundary}--\r\n"
        )
        sent = rf.generic("POST", "/", body, f"multipart/form-data; boundary={boundary}")
        sent.upload_handlers = [MemoryFileUploadHandler(sent)]
        found = idempotency._fingerprint(sent)
        assert sent.FILES["file"].read() == words
        return found

    first = fingerprint("x", b"leek")
    assert fingerprint("y", b"leek") == first
    assert fingerprint("x", b"carrot") != first
    assert fingerprint("x", b"leek", "b.txt") != first
