"""Everything out, in again and gone: `python bench/leaving.py --chats 10000 --notes 10000`.

Prints a table: how long the worker takes to make the export, how large it is, how much memory it
took; how long it takes in another account; and how long to erase both.
"""

import argparse
import resource
import time
from collections.abc import Callable

from scratch import scratch

WORDS = "oak beech larch hinge drawer kitchen window plaster copper valve "
MESSAGES = 6


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--chats", type=int, default=1000)
    wanted.add_argument("--notes", type=int, default=1000)
    wanted.add_argument("--reminders", type=int, default=200)
    given = wanted.parse_args()
    with scratch():
        run(given.chats, given.notes, given.reminders)


def run(chats: int, notes: int, reminders: int) -> None:
    from accounts.parting import erasure, exports
    from ahfai import arrivals, exporting
    from ahfai.models import Heartbeat
    from ahfai.testing import make_person
    from notes.transfer import archives
    from notes.transfer.importing import Counts

    make_person("owner@example.org")
    ada, eve = make_person("ada@example.org"), make_person("eve@example.org")
    fill(ada, chats, notes, reminders)
    process = Heartbeat.objects.create(kind="worker", host="here", pid=1)
    one = exports.ask(ada)
    type(one).objects.update(state="running", process=process)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = timed(lambda: exports.run(one.pk, process.pk, exporting.make))
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    one.refresh_from_db()
    print("| what | measured |")
    print("|---|---|")
    things = f"{chats:,} chats of {MESSAGES} messages, {notes:,} notes, {reminders:,} reminders"
    row(f"export of {things}", f"{took}; {one.size / 2**20:.1f} MB")
    row("memory that it took beyond what was there", f"{more:.0f} MB")
    packed = bytearray()
    row("its download", timed(lambda: packed.extend(b"".join(exports.pieces(one)))))
    archive = archives.opened("all.zip", bytes(packed), eve.zone, archives.BY_COMMAND)
    for said in ("import into an empty account", "the same once more"):
        counts = Counts(lambda _batch: None)
        took = timed(lambda: arrivals.take_in(eve, archive, counts, 0))  # noqa: B023
        row(said, f"{took}; {counts.added:,} new, {counts.present:,} there already")
    for person in (ada, eve):
        took = timed(lambda: erasure.erase(person.pk, person.pk))  # noqa: B023
        row("erasure of one of them", took)
    row("emptying the log after it", timed(erasure.sweep))


def fill(person, chats: int, notes: int, reminders: int) -> None:
    from django.utils import timezone

    from chats.models import Chat, Message
    from notes import writing
    from notes.models import Note
    from reminders.models import Reminder

    text = WORDS * 12
    now = timezone.now()
    for first in range(0, chats, 500):
        made = Chat.objects.bulk_create(
            Chat(owner=person, title=f"Chat {number}", model="m")
            for number in range(first, min(first + 500, chats))
        )
        rows = []
        for chat in made:
            above = None
            for number in range(MESSAGES):
                role = "assistant" if number % 2 else "user"
                above = Message(
                    owner=person,
                    chat=chat,
                    parent=above,
                    role=role,
                    content=f"{number} {text}",
                    closed=now if number % 2 else None,
                )
                rows.append(above)
        Message.objects.bulk_create(rows)
    for first in range(0, notes, 1000):
        Note.objects.bulk_create(
            Note(
                owner=person,
                title=f"Note {number}",
                body=text * 2,
                excerpt=writing.excerpt(text),
            )
            for number in range(first, min(first + 1000, notes))
        )
    Reminder.objects.bulk_create(
        Reminder(owner=person, title=f"Reminder {number}", details=text)
        for number in range(reminders)
    )


def timed(work: Callable[[], object]) -> str:
    """By the clock, and by the processor alone: the machine may have other things to do."""
    begun, used = time.perf_counter(), time.process_time()
    work()
    took, used = time.perf_counter() - begun, time.process_time() - used
    return f"{took:.2f} s, {used:.2f} s of the processor"


def row(*said: str) -> None:
    print(f"| {' | '.join(said)} |", flush=True)


if __name__ == "__main__":
    main()
