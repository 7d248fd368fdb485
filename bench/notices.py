"""How many are told in a second of what is due: `python bench/notices.py`.

Prints a table: reminders of several kinds, all due at once, that one worker tells of in the app, by
the clock and by the time that its process computed. The baseline is a bare loop that moves as many
rows on and inserts as many others, in commits of as many, in two tables of SQLite.
"""

import argparse
import datetime
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator

from scratch import scratch

DUE = datetime.datetime(2026, 3, 25, 9, tzinfo=datetime.UTC)
NOW = DUE + datetime.timedelta(seconds=1)
PEOPLE = 4
KINDS = {
    "once": "",
    "every day": "FREQ=DAILY",
    "every weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "every month on the last day": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
    "every 12 hours": "FREQ=HOURLY;INTERVAL=12",
}


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--reminders", type=int, default=5000)
    count = wanted.parse_args().reminders
    with scratch():
        head = "told of in a second | in a second of CPU time | to hold | baseline"
        print(f"| {count:,} due at once | {head} |")
        print("|---|---|---|---|---|")
        for row in rows(count):
            print(f"| {' | '.join(row)} |")


def rows(count: int) -> Iterator[tuple[str, ...]]:
    from ahfai.testing import make_person

    people = [make_person(time_zone="Europe/Berlin") for _ in range(PEOPLE)]
    for said, rule in KINDS.items():
        make(people, rule, count)
        took, computed = tell()
        baseline = f"{count / bare(count):,.0f}, a bare loop"
        yield said, f"{count / took:,.0f}", f"{count / computed:,.0f}", "2,000", baseline


def make(people: list, rule: str, count: int) -> None:
    from reminders.models import Reminder

    Reminder.objects.all().delete()
    repeats = {"rrule": rule, "repeat_from": "due"} if rule else {}
    wall = DUE.astimezone(people[0].zone)
    Reminder.objects.bulk_create(
        Reminder(
            owner=people[number % PEOPLE],
            title=f"Water plant {number}",
            day=wall.date(),
            at=wall.time(),
            due=DUE,
            next_fire_at=DUE,
            **repeats,
        )
        for number in range(count)
    )


def tell() -> tuple[float, float]:
    """Seconds for all of them, and those of the CPU."""
    from reminders import due
    from reminders.models import Notice, Reminder

    began, computed = time.perf_counter(), time.process_time()
    while due.fire_due(NOW):
        pass
    took = time.perf_counter() - began, time.process_time() - computed
    assert Notice.objects.count() == Reminder.objects.count()
    return took


def bare(count: int) -> float:
    """Seconds."""
    from reminders.due import AT_ONCE

    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(f"{folder}/bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE reminders (id TEXT PRIMARY KEY, next TEXT)")
        database.execute("CREATE TABLE notices (id TEXT PRIMARY KEY, reminder TEXT, at TEXT)")
        database.execute("CREATE INDEX next_to_fire ON reminders (next) WHERE next IS NOT NULL")
        database.execute("CREATE UNIQUE INDEX once ON notices (reminder, at)")
        ids = [(uuid.uuid4().hex,) for _ in range(count)]
        database.execute("BEGIN")
        database.executemany("INSERT INTO reminders VALUES (?, '2026-03-25 09:00')", ids)
        database.execute("COMMIT")
        due = "SELECT id FROM reminders WHERE next <= '2026-03-25 09:00:01' ORDER BY next LIMIT ?"
        began = time.perf_counter()
        while True:
            database.execute("BEGIN IMMEDIATE")
            found = database.execute(due, [AT_ONCE]).fetchall()
            database.executemany("UPDATE reminders SET next = NULL WHERE id = ?", found)
            made = [(uuid.uuid4().hex, one, "2026-03-25 09:00") for (one,) in found]
            database.executemany("INSERT INTO notices VALUES (?, ?, ?)", made)
            database.execute("COMMIT")
            if not found:
                return time.perf_counter() - began


if __name__ == "__main__":
    main()
