"""How long a backup and a restore take, and whom they hold up: `python bench/backup.py`.

Prints a table for SQLite with notes of 4 KB and files of 1 MB: a backup while another thread writes
a note after the other, the longest that one of these waited, and a restore in the place of the
whole. The baseline is a copy of the file, with its SHA-256.
"""

import argparse
import hashlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

from scratch import scratch


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--notes", type=int, default=10_000)
    wanted.add_argument("--files", type=int, default=200)
    how_many = wanted.parse_args()
    with scratch():
        measure(how_many.notes, how_many.files)


def measure(notes: int, files: int) -> None:
    from django.conf import settings

    from ahfai.backups import restoring, taking
    from ahfai.testing import make_person

    person = make_person()
    fill(person, notes, files)
    alone = longest_write(person, lambda: time.sleep(3))
    began = time.perf_counter()
    beside = longest_write(person, lambda: taking.take(settings.BACKUP_DIR, 1))
    backup = time.perf_counter() - began
    found = restoring.find(settings.BACKUP_DIR)
    size = found.manifest.size / 1_000_000
    began = time.perf_counter()
    restoring.restore(found)
    restore = time.perf_counter() - began
    bare = copied(found.path)
    head = "seconds | MB in a second | longest write meanwhile | baseline"
    print(f"| {notes:,} notes and {files:,} files, {size:,.0f} MB | {head} |")
    print("|---|---|---|---|---|")
    waits = f"{beside * 1000:,.0f} ms; without a backup {alone * 1000:,.0f} ms"
    baseline = f"{bare:,.1f} s, a copy and its SHA-256"
    print(f"| a backup, checked | {backup:,.1f} | {size / backup:,.0f} | {waits} | {baseline} |")
    print(f"| a restore, without verify | {restore:,.1f} | {size / restore:,.0f} | | {baseline} |")


def fill(person, notes: int, files: int) -> None:
    from accounts.files import store
    from notes.models import Note

    settings_mb = files + 100
    person.quota_mb = settings_mb
    person.save(update_fields=["quota_mb"])
    for _ in range(0, notes, 500):
        Note.objects.bulk_create(
            Note(owner=person, title=f"Note {n}", body="oak for the top " * 256) for n in range(500)
        )
    for number in range(files):
        store(person, f"{number}.bin", [os.urandom(1_000_000)])


def longest_write(person, while_doing) -> float:
    """Seconds, of notes that are written one after the other."""
    from django.db import connection

    from notes.models import Note

    over, longest = threading.Event(), [0.0]

    def write() -> None:
        while not over.is_set():
            began = time.perf_counter()
            Note.objects.create(owner=person, title="t", body="b" * 4000)
            longest[0] = max(longest[0], time.perf_counter() - began)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while_doing()
    finally:
        over.set()
        writer.join()
    return longest[0]


def copied(path: Path) -> float:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        began = time.perf_counter()
        copy = Path(shutil.copy(path, folder))
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
            hashlib.file_digest(file, "sha256")
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
