"""What a person writes into notes is nowhere in clear, whatever they do with it."""

import contextlib
import logging
import tempfile
import time
import uuid

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from accounts.models import User
from ahfai.models import Heartbeat
from ahfai.tests.at_rest import (
    cached,
    database_files,
    holding,
    logs,
    rows,
    sessions,
    temporary_files,
)
from notes import writing
from notes.models import Import, ImportRemark, Note, Revision
from notes.tests.test_arriving import packed
from notes.transfer import importing

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "quetzal-ptarmigan-8213"
CONTROL = "waxwing-dotterel-5570"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def test_a_marked_word_of_notes_is_found_by_the_search_and_nowhere_in_clear(
    client, owner, tmp_path, monkeypatch
):
    plant_in_the_database()
    with temporary_files(tmp_path, monkeypatch) as temporary, logs() as logged:
        everything_a_person_does(client, owner)
        wait_until_the_search_finds_it(client)
        plant_in_the_rest(client)
    places = {
        "database": database_files(),
        "rows": rows(),
        "sessions": sessions(),
        "cache": cached(),
        "temporary files": temporary,
        "logs": logged,
    }
    for name, place in places.items():
        assert holding(CANARY, place) == [], name
        assert holding(CONTROL, place), f"{name}: not searched"
    assert len(holding(CONTROL, places["logs"])) == len(LEVELS)
    if connection.vendor == "sqlite":
        assert len(holding(CONTROL, places["database"])) == 2, "the file and its log"


def everything_a_person_does(client, owner) -> None:
    """Each time the answer shows that the word has got there."""
    new = reverse("notes:new")
    words = {"title": f"About {CANARY}", "body": f"# {CANARY}\n\n- [ ] see [[{CANARY}]]"}
    told = client.post(new, words | {"page": uuid.uuid4()}, headers={"Accept": "application/json"})
    address, edit = told.json()["note"], told.json()["edit"]
    note = Note.objects.get()
    attach(client, edit, words)
    assert CANARY in shown(client.post(reverse("notes:preview", args=[note.pk]), words))
    client.post(edit, words | {"body": f"{words['body']}\n{CANARY} again", "version": 2})
    conflict = client.post(edit, words | {"body": f"Mine: {CANARY}", "base": CANARY, "version": 1})
    assert conflict.status_code == 409
    too_long = client.post(edit, words | {"body": CANARY * 10_000, "version": 3})
    assert too_long.status_code == 422
    client.post(reverse("notes:tags", args=[note.pk]), {"more": f"{CANARY} garden/{CANARY}"})
    client.post(reverse("notes:tick", args=[note.pk]), {"line": 2, "version": 3})
    assert f"#{CANARY}" in shown(client.get(address))
    for _ in range(45):
        writing.create(owner, f"{CANARY} {time.monotonic_ns()}", CANARY)
    listed = client.get(reverse("notes:list"), {"sort": "title"})
    after = listed.context["page"].after
    assert CANARY in shown(client.get(reverse("notes:list"), {"sort": "title", "after": after}))
    assert client.get(reverse("notes:titles"), {"q": CANARY[:4]}).json()["found"]
    client.post(reverse("notes:move"), {"to": "pin", "back_to": "list", "note": note.pk})
    revision = Revision.objects.get()
    assert CANARY in shown(client.get(reverse("notes:revision", args=[revision.pk])))
    client.post(reverse("notes:restore", args=[revision.pk]))
    bring_in(client)
    packed_again = b"".join(client.get(reverse("notes:export")).streaming_content)
    assert CANARY.encode() in packed_again
    client.get(f"/nowhere/?q={CANARY}")
    with contextlib.suppress(RuntimeError), pytest.MonkeyPatch.context() as patched:
        # An error whose text and variables hold the word.
        patched.setattr(writing, "excerpt", broken)
        client.post(new, words | {"title": "Another"})


def attach(client, edit: str, words: dict[str, str]) -> None:
    """By the page's script, and with the form: more than Django would keep in memory."""
    data = CANARY.encode() * (3 * 2**20 // len(CANARY))
    file = SimpleUploadedFile(f"{CANARY}.txt", data)
    written = client.post(reverse("notes:attach"), {"file": file}).json()["written"]
    file.seek(0)
    body = f"{words['body']}\n\n{written}"
    answer = client.post(edit, words | {"body": body, "version": 1, "files": file}, follow=True)
    assert shown(answer).count(f"{CANARY}.txt") >= 2


def bring_in(client) -> None:
    """An archive in which one note has a picture and one is broken."""
    files = {
        f"{CANARY}.md": f"---\ntags: [{CANARY}]\n---\nFrom outside: {CANARY} ![]({CANARY}.png)",
        f"{CANARY}.png": b"\x89PNG" + CANARY.encode(),
        f"{CANARY} broken.md": b"\xff" + CANARY.encode(),
    }
    sent = SimpleUploadedFile(f"{CANARY}.zip", packed(files))
    assert client.post(reverse("notes:import"), {"file": sent}).status_code == 302
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    Import.objects.update(state="running", process=process)
    importing.run(Import.objects.get().pk, process.pk)
    assert Import.objects.get().added == 1
    assert ImportRemark.objects.count() == 1
    assert shown(client.get(reverse("notes:transfer"))).count(CANARY) == 2


def broken(body: str) -> str:
    raise RuntimeError(body)


def wait_until_the_search_finds_it(client) -> None:
    """The first search after a start reads everything beside its page."""
    end = time.monotonic() + 20
    while "<mark>" not in (page := shown(client.get(reverse("search"), {"q": CANARY}))):
        assert time.monotonic() < end, page
        time.sleep(0.05)


def plant_in_the_database() -> None:
    User.objects.update(name=CONTROL)
    if connection.vendor == "sqlite":
        # From the log into the file.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


def plant_in_the_rest(client) -> None:
    User.objects.update(name=CONTROL)
    session = client.session
    session["control"] = CONTROL
    session.save()
    cache.set("control", CONTROL)
    for level in LEVELS:
        logging.getLogger("notes").log(logging.getLevelName(level), "%s", CONTROL)
    # One with a name and one without, each for a moment.
    for temporary in (tempfile.NamedTemporaryFile, tempfile.TemporaryFile):
        with temporary() as file:
            file.write(CONTROL.encode())
            file.flush()
            time.sleep(0.2)


def shown(response) -> str:
    return response.content.decode()
