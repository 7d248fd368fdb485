"""The import of a ZIP of 5,000 notes of 2 KB, as the page does it: `python bench/import_notes.py`.

Prints a table: until the archive is kept, until all notes are there, and once more, when all are.
"""

import argparse
import io
import random
import time
import tracemalloc
import zipfile

from scratch import scratch
from search import WORDS_A_MESSAGE, make_vocabulary, signed_in


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--notes", type=int, default=5000)
    given = wanted.parse_args()
    with scratch():
        from django.urls import reverse

        from ahfai.testing import make_person

        client = signed_in(make_person("ada@example.org"))
        packed = make_archive(given.notes)
        print(f"| {given.notes:,} notes, a ZIP of {len(packed) / 2**20:.1f} MB | seconds |")
        print("|---|---|")
        for when in ("first", "again"):
            file = io.BytesIO(packed)
            file.name = "notes.zip"
            began = time.perf_counter()
            assert client.post(reverse("notes:import"), {"file": file}).status_code == 302
            print(f"| {when}: kept, the page answers | {time.perf_counter() - began:.2f} |")
            took, of_it = work_off()
            print(f"| {when}: worked off (of it, in this process) | {took:.2f} ({of_it:.2f}) |")
        began = time.perf_counter()
        out = sum(map(len, client.get(reverse("notes:export")).streaming_content))
        print(f"| exported, {out / 2**20:.1f} MB | {time.perf_counter() - began:.2f} |")
        tracemalloc.start()
        sum(map(len, client.get(reverse("notes:export")).streaming_content))
        most = tracemalloc.get_traced_memory()[1] / 2**20
        print(f"| memory of an export, at most | {most:.0f} MB |")


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
