"""Exports that programs ask for and fetch."""

import io
import json
import zipfile

import pytest

from accounts import audit
from accounts.models import AuditEntry
from accounts.parting import exports
from accounts.tests.programs import Program
from ahfai import exporting
from ahfai.models import Heartbeat
from notes import writing

pytestmark = pytest.mark.same_everywhere
EXPORT = "/api/export"


@pytest.fixture
def program(owner) -> Program:
    return Program(owner, "export:read")


def make(owner) -> None:
    """What the worker does."""
    export = owner.exports.get()
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    owner.exports.update(state="running", process=process)
    exports.run(export.pk, process.pk, exporting.make)


def test_an_export_is_asked_for_and_fetched_when_it_is_made(owner, program):
    writing.create(owner, "Soup", "leek")
    assert program.get(EXPORT).status_code == 404
    asked = program.post(EXPORT)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert program.post(EXPORT).status_code == 409
    assert program.get(f"{EXPORT}/file").status_code == 404
    make(owner)
    shown = program.get(EXPORT).json()
    assert (shown["state"], shown["total"], shown["done"]) == ("done", 1, 1)
    fetched = program.get(f"{EXPORT}/file")
    assert fetched["Content-Type"] == "application/zip"
    body = fetched.getvalue()
    assert len(body) == shown["size"] == int(fetched["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert json.loads(packed.read("ahfai.json"))["counts"]["notes"] == 1
    events = {one.event for one in AuditEntry.objects.filter(owner=owner)}
    assert {audit.Event.EXPORT_ASKED, audit.Event.EXPORT_FETCHED} <= events
    assert program.delete(EXPORT).status_code == 204
    assert program.get(EXPORT).status_code == program.get(f"{EXPORT}/file").status_code == 404


def test_its_description_says_that_there_may_be_none(nobody):
    paths = nobody.get("/api/openapi.json").json()["paths"]
    for path in (EXPORT, f"{EXPORT}/file"):
        answers = paths[path]["get"]["responses"]
        assert "200" in answers
        assert "Problem" in str(answers["404"]["content"])


def test_only_so_many_a_day(program, monkeypatch):
    monkeypatch.setattr(exports, "MOST_A_DAY", 1)
    program.post(EXPORT)
    program.delete(EXPORT)
    refused = program.post(EXPORT)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_nobody_fetches_what_is_somebody_elses(owner, stranger, program):
    program.post(EXPORT)
    make(owner)
    theirs = Program(stranger, "export:read")
    assert theirs.get(EXPORT).status_code == theirs.get(f"{EXPORT}/file").status_code == 404
    theirs.delete(EXPORT)
    assert program.get(f"{EXPORT}/file").status_code == 200


def test_a_token_that_may_read_all_may_not_fetch_all(owner):
    reads = Program(owner, "notes:read", "chats:read", "reminders:read", "settings:read")
    answers = [reads.get(EXPORT), reads.post(EXPORT), reads.get(f"{EXPORT}/file")]
    assert {one.status_code for one in answers} == {403}
