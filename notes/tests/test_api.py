"""Notes for programs that show a token."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tags
from accounts.tests.factors import sign_in
from accounts.tests.programs import Program
from ahfai import disk
from notes import order, pages, writing
from notes.models import Note

NOTES = "/api/notes"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "notes:read", "notes:write")


def test_a_note_is_written_read_and_changed(owner, program):
    made = program.post(NOTES, {"title": "Soup", "body": "# Leek\n\nand *potato*"})
    assert made.status_code == 201
    note = Note.objects.get()
    assert (note.owner, note.title, note.body) == (owner, "Soup", "# Leek\n\nand *potato*")
    assert made["Location"] == f"{NOTES}/{note.pk}"
    assert made["ETag"] == '"1"'
    read = program.get(made["Location"])
    assert read.json() == made.json()
    assert read.json()["body"] == "# Leek\n\nand *potato*"
    changed = program.patch(made["Location"], {"body": "Only leek"}, If_Match='"1"')
    assert changed.status_code == 200
    assert changed["ETag"] == '"2"'
    assert (changed.json()["title"], changed.json()["body"]) == ("Soup", "Only leek")
    assert note.revisions.get().body == "# Leek\n\nand *potato*"


def test_what_was_changed_elsewhere_is_not_overwritten(owner, program):
    note = writing.create(owner, "Soup", "leek")
    writing.save(note, "Soup", "leek and carrot", 1)
    path = f"{NOTES}/{note.pk}"
    for said in ('"1"', '"0"', 'W/"2"', "2", "x", f'"{"9" * 50}"', '"1", "3"'):
        refused = program.patch(path, {"body": "potato"}, If_Match=said)
        assert refused.status_code == refused.json()["status"] == 412
        assert refused["ETag"] == '"2"'
    assert program.patch(path, {"body": "potato"}).status_code == 428
    assert program.get(path).json()["body"] == "leek and carrot"
    # The answer to the first time got lost.
    again = program.patch(path, {"body": "leek and carrot"}, If_Match='"1"')
    assert (again.status_code, again["ETag"]) == (200, '"2"')
    for said in ("*", '"1", "3"'):
        assert program.patch(path, {"body": said}, If_Match=said).status_code == 200


def test_the_list_goes_on_where_a_page_ended(owner, program, monkeypatch):
    monkeypatch.setattr(pages, "PER_PAGE", 2)
    made = [writing.create(owner, f"Note {number}", "words") for number in range(5)]
    order.set_tags(made[4], ["kitchen"])
    order.move(owner, [made[0].pk], "trash")
    found, after = [], ""
    while after is not None:
        page = program.get(f"{NOTES}?after={after}").json()
        found += page["notes"]
        after = page["next"]
    assert [one["title"] for one in found] == ["Note 4", "Note 3", "Note 2", "Note 1"]
    assert found[0]["tags"] == ["kitchen"]
    assert found[0]["excerpt"] == "words"
    assert "body" not in found[0]


def test_a_longer_list_asks_the_database_no_more_often(owner, program):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert program.get(NOTES).status_code == 200
        return len(asked)

    tags.named(owner, ["kitchen"])
    for number in range(4):
        order.set_tags(writing.create(owner, f"Note {number}", ""), ["kitchen"])
    queries()
    before = queries()
    for number in range(4):
        order.set_tags(writing.create(owner, f"More {number}", ""), ["kitchen"])
    assert queries() == before


def test_a_strangers_note_a_missing_one_and_one_in_the_trash_are_alike(owner, stranger, program):
    theirs = writing.create(stranger, "Secret", "words")
    thrown = writing.create(owner, "Thrown away", "")
    order.move(owner, [thrown.pk], "trash")
    answers = []
    for note_id in (theirs.pk, thrown.pk, "00000000-0000-4000-8000-000000000000"):
        path = f"{NOTES}/{note_id}"
        answers += [program.get(path), program.patch(path, {"body": "x"}, If_Match="*")]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert program.get(NOTES).json()["notes"] == []
    theirs.refresh_from_db()
    assert theirs.body == "words"


def test_a_token_does_only_what_it_may(owner):
    reads, writes = Program(owner, "notes:read"), Program(owner, "notes:write")
    path = f"{NOTES}/{writing.create(owner, 'Soup', '').pk}"
    assert reads.get(path).status_code == writes.post(NOTES, {"title": "t"}).status_code - 1 == 200
    for refused in (
        reads.post(NOTES, {"title": "t"}),
        reads.patch(path, {"title": "t"}, If_Match="*"),
        writes.get(path),
        writes.get(NOTES),
        Program(owner, "reminders:read").get(NOTES),
    ):
        assert refused.status_code == 403
        assert "insufficient_scope" in refused["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "Write something first."),
        ({"title": "  ", "body": " \n"}, "Write something first."),
        ({"title": "t" * 201}, "at most 200 characters"),
        ({"body": "b" * 200_001}, "too long for one note"),
        ({"title": 1}, "title: It has to be text"),
        ({"title": None}, "title: It has to be text"),
        ({"body": ["x"]}, "body: It has to be text"),
        ({"title": "t", "pinned": True}, "pinned: There is no such member."),
    ],
)
def test_what_is_no_note_is_refused_in_words(program, said, sentence):
    answer = program.post(NOTES, said)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert answer.json()["errors"][0]["sentence"]
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"\xff\xfe\x00", b'{"title": "\xed\xa0\x80"}', b"[" * 100_000, b"9" * 10_000),
        *(b"{'title': 1}", b"title=x", b"\0", b'{"title": "\0"}'),
        # Which have a `title` in Python, or none.
        *(b'"words"', b"[]", b"null", b"NaN", b""),
    ],
)
def test_what_is_no_json_is_refused(program, body):
    answer = program.post(NOTES, body)
    assert answer.status_code == answer.json()["status"] == 400
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"body": "a\\u0000b"}', b'{"body": "\\\\\\u0000"}', b'{"tit\\u0000le": "x"}'),
        *(b'{"title": "\\ud800"}', b'{"\\udfff": 1}'),
    ],
)
def test_what_no_text_holds_is_refused_and_nothing_of_it_is_kept(program, body):
    answer = program.post(NOTES, body)
    assert answer.status_code == answer.json()["status"] == 400
    assert "NUL" in answer.json()["detail"]
    assert not Note.objects.exists()


def test_letters_that_name_such_a_character_are_letters(program):
    said = {"title": "\\u0000", "body": "\\\\u0000 and \\ud800"}
    made = program.post(NOTES, said)
    assert (made.json()["title"], made.json()["body"]) == (said["title"], said["body"])


def test_a_member_that_is_said_twice_is_refused_and_not_lost(program):
    for body in (b'{"title": "a", "title": "b"}', b'{"title": "a", "x": {"y": 1, "y": 2}}'):
        answer = program.post(NOTES, body)
        assert (answer.status_code, "twice" in answer.json()["detail"]) == (400, True)
    assert not Note.objects.exists()


def test_a_body_of_no_said_length_is_refused_and_not_taken_for_none(program):
    answer = program.client.post(
        NOTES,
        headers=program.headers | {"Transfer-Encoding": "chunked"},
        content_type="application/json",
    )
    assert answer.status_code == answer.json()["status"] == 411


def test_what_is_too_much_is_refused(program):
    body = b'{"body": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    assert program.post(NOTES, body).status_code == 413


def test_what_comes_in_another_form_is_refused(program):
    for kind in ("text/plain", "multipart/form-data; boundary=x", "a/b", ""):
        answer = program.client.post(NOTES, "title=x", kind, headers=program.headers)
        assert answer.status_code == 415


def test_what_can_not_be_opened_is_neither_shown_nor_overwritten(owner, program):
    note = writing.create(owner, "Soup", "leek")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notes_note SET body = title")
    path = f"{NOTES}/{note.pk}"
    assert program.get(path).status_code == 409
    assert program.patch(path, {"title": "x"}, If_Match='"1"').status_code == 409
    assert program.get(NOTES).json()["notes"][0]["title"] == "Soup"


def test_a_browser_writes_with_its_csrf_token_and_not_without(owner):
    signed_in, _place = sign_in(owner.email)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.cookies
    strict.get("/you/settings/")
    csrf = strict.cookies[settings.CSRF_COOKIE_NAME].value
    note = {"title": "From the page"}
    refused = strict.post(NOTES, note, "application/json")
    assert refused.status_code == refused.json()["status"] == 403
    made = strict.post(NOTES, note, "application/json", headers={"X-CSRFToken": csrf})
    assert made.status_code == 201
    assert Note.objects.count() == 1


def test_where_nothing_is_a_program_is_told_so_in_its_own_way(program):
    for path in ("/api/note", f"{NOTES}/", f"{NOTES}/1", "/api/me/"):
        answer = program.get(path)
        assert answer.status_code == answer.json()["status"] == 404


def test_while_the_disk_is_almost_full_notes_are_read_and_none_is_written(program, monkeypatch):
    monkeypatch.setattr(disk, "is_short", lambda: True)
    refused = program.post(NOTES, {"title": "t"})
    assert refused.status_code == refused.json()["status"] == 507
    assert program.get(NOTES).status_code == 200


def test_another_sites_page_can_not_write_through_a_browser(client):
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post(NOTES, {"title": "t"}, "application/json", headers=headers)
    assert answer.status_code == 403
    assert not Note.objects.exists()
