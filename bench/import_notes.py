"""Import and export of 5,000 notes of 2 KB, as the page does it: `python bench/import_notes.py`.

Prints a table: until the archive is kept, until all notes are there, and once more, when all are;
their way out; and how long it takes to refuse hostile archives. Its baselines are bare loops that
unpack the same files, seal them and put them into a table of SQLite, and that take them out again.
"""

import argparse
import io
import os
import random
import sqlite3
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Iterator

from scratch import scratch
from search import WORDS_A_MESSAGE, make_vocabulary, signed_in

BATCH = 100
# The largest ones, and those that would write elsewhere.
BOMBS = ("a bomb", "a bomb of many files", "too many files", "a long list of files")
LEADING_OUT = ("up", "up in between", "up on Windows", "from the root", "a drive")


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--notes", type=int, default=5000)
    given = wanted.parse_args()
    with scratch():
        from ahfai.testing import make_person

        client = signed_in(make_person("ada@example.org"))
        packed = make_archive(given.notes)
        size = f"a ZIP of {len(packed) / 2**20:.1f} MB"
        print(f"| {given.notes:,} notes, {size} | measured | to hold | baseline |")
        print("|---|---|---|---|")
        for row in [*way_in_and_out(client, packed), *refusals(client)]:
            print(f"| {' | '.join(row)} |")


def way_in_and_out(client, packed: bytes) -> Iterator[tuple[str, ...]]:
    from django.urls import reverse

    bare_in, bare_out = bare(packed)
    for when, baseline in (("first", f"{bare_in:.2f} s, a bare loop"), ("again", "")):
        answered, _ = post(client, packed)
        yield f"imported, {when}: kept, the page answers", f"{answered:.2f} s", "", ""
        took, of_it = work_off()
        said = f"imported, {when}: worked off (of it, in this process)"
        yield said, f"{took:.2f} s ({of_it:.2f} s)", "", baseline
    began = time.perf_counter()
    out = sum(map(len, client.get(reverse("notes:export")).streaming_content))
    took = time.perf_counter() - began
    yield f"exported, {out / 2**20:.1f} MB", f"{took:.2f} s", "", f"{bare_out:.2f} s, a bare loop"
    tracemalloc.start()
    sum(map(len, client.get(reverse("notes:export")).streaming_content))
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    yield "memory of an export, at most", f"{most:.0f} MB", "", ""


def refusals(client) -> Iterator[tuple[str, ...]]:
    from notes.tests.test_archives import HOSTILE

    for said, names in (("bombs", BOMBS), ("archives that lead out", LEADING_OUT)):
        took = {name: refused(client, HOSTILE[name][0]()) for name in names}
        slowest = max(took, key=lambda name: took[name])
        what = f"{len(names)} {said}, refused by the page; the slowest, {slowest}"
        yield what, f"{took[slowest]:.2f} s", "2 s", ""


def refused(client, packed: bytes) -> float:
    from notes.models import Import

    took, status = post(client, packed)
    assert status == 422
    assert not Import.objects.filter(ended=None).exists()
    return took


def post(client, packed: bytes) -> tuple[float, int]:
    from django.urls import reverse

    file = io.BytesIO(packed)
    file.name = "notes.zip"
    began = time.perf_counter()
    answer = client.post(reverse("notes:import"), {"file": file})
    return time.perf_counter() - began, answer.status_code


def bare(packed: bytes) -> tuple[float, float]:
    """Seconds: in, a commit for each batch, and out again."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(os.urandom(32))
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(f"{folder}/bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, nonce BLOB, body BLOB)")
        began = time.perf_counter()
        with zipfile.ZipFile(io.BytesIO(packed)) as files:
            names = files.namelist()
            for first in range(0, len(names), BATCH):
                rows = []
                for name in names[first : first + BATCH]:
                    nonce = os.urandom(12)
                    rows.append((name, nonce, cipher.encrypt(nonce, files.read(name), None)))
                database.execute("BEGIN IMMEDIATE")
                database.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
                database.execute("COMMIT")
        there = time.perf_counter()
        with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as files:
            for name, nonce, body in database.execute("SELECT * FROM notes"):
                files.writestr(name, cipher.decrypt(nonce, body, None))
        return there - began, time.perf_counter() - there


def work_off() -> tuple[float, float]:
    from ahfai.models import Heartbeat
    from notes.models import Import
    from notes.transfer import importing

    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    one = Import.objects.get(ended=None)
    Import.objects.filter(pk=one.pk).update(state="running", process=process)
    began, used = time.perf_counter(), time.process_time()
    importing.run(one.pk, process.pk)
    took = time.perf_counter() - began, time.process_time() - used
    one.refresh_from_db()
    assert one.state == "done", one.reason
    assert one.done == one.total
    return took


def make_archive(count: int) -> bytes:
    dice = random.Random(1)
    vocabulary = make_vocabulary(dice)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(count):
            lines = [" ".join(dice.choices(vocabulary, k=WORDS_A_MESSAGE)) for _ in range(5)]
            head = f"---\ntags: [{dice.choice(vocabulary[:50])}]\n---\n\n[[Note {number // 2}]]\n"
            packed.writestr(f"Folder {number % 7}/Note {number}.md", head + "\n".join(lines)[:2000])
    return target.getvalue()


if __name__ == "__main__":
    main()
