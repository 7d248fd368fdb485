"""Whether a page takes as long with a million messages as with a thousand: `python bench/flat.py`.

Fills an empty SQLite and an empty PostgreSQL in steps, from 10 people with 1,000 messages to 10,000
with 1,000,000, each value sealed. At each step the same two people use the same pages: Ada, who has
a tenth of all messages, but a full page of each list from the beginning; and Bob, who has as much
all along. Prints for each page the fastest of fifteen, which other programs on the machine disturb
least, and how often the database was asked; and every statement that reads a large table from its
beginning to its end. `--small` ends at 1,000 people.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from installation import NotHere, find_programs, new_database, stops_on_signals
from scratch import scratch

BENCH = Path(__file__).resolve().parent
# People and messages.
STEPS = [(10, 1_000), (1_000, 100_000), (10_000, 1_000_000)]
SMALL = [(10, 1_000), (100, 10_000), (1_000, 100_000)]
TIMES, FIRST_SEARCHES = 15, 3
# A page with the newest words asks again after this long.
AS_THE_PAGE_S = 0.3
# More than this is growth; a millisecond or two is chance.
GREW, CHANCE_MS = 1.5, 3.0
# A table with fewer rows is read as a whole sooner than its index.
LARGE = 5_000


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    wanted.add_argument("--small", action="store_true")
    wanted.add_argument("--on", choices=["sqlite", "postgresql"], help="one of the two only")
    wanted.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = wanted.parse_args()
    steps = SMALL if given.small else STEPS
    if given.measure:
        with model_server() as url, scratch(OLLAMA_URL=url):
            print(json.dumps(measure(steps)))
        return 0
    for name in [given.on] if given.on else ["sqlite", "postgresql"]:
        try:
            with stops_on_signals(), database(name) as settings:
                again = [__file__, "--measure", *(["--small"] if given.small else [])]
                print_tables(name, steps, json.loads(in_a_process(again, settings)))
        except NotHere as missing:
            print(missing, file=sys.stderr)
    return 0


@contextlib.contextmanager
def database(name: str) -> Iterator[dict[str, str]]:
    """The setting for an empty one."""
    if name == "sqlite":
        yield {"DATABASE_URL": ""}
        return
    programs = find_programs("postgres")
    with tempfile.TemporaryDirectory(prefix="ahfai-flat-") as folder:
        # PostgreSQL's own user has to get to its part of it.
        Path(folder).chmod(0o711)
        server = new_database(Path(folder), programs["postgres"].parent)
        try:
            server.start()
            yield {"DATABASE_URL": server.url}
        finally:
            server.stop()


@contextlib.contextmanager
def model_server() -> Iterator[str]:
    command = [sys.executable, BENCH / "stub_model.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def in_a_process(command: list[str], settings: dict[str, str]) -> str:
    """The last line that a script of ours says: Django takes one database for as long as a process
    lives."""
    ended = subprocess.run(
        [sys.executable, *command],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()[-1]


# --- In a process that has the database ---------------------------------------------------------


def measure(steps: list[tuple[int, int]]) -> dict:
    from many_rows import Filler

    filler = Filler()
    found: dict[str, dict[str, list]] = {}
    filled_s = []
    watch = Watch()
    for people, messages in steps:
        began = time.monotonic()
        filler.fill(people, messages)
        filled_s.append(time.monotonic() - began)
        is_last = messages == steps[-1][1]
        for person, owner in (("Ada", filler.ada), ("Bob", filler.bob)):
            with without_what_is_added(owner):
                for what, use in uses(owner).items():
                    times = FIRST_SEARCHES if what.startswith("search, the first") else TIMES
                    row = found.setdefault(f"{person}: {what}", {"ms": [], "queries": []})
                    taken = watch.use(use, times, explain=is_last)
                    row["ms"].append(taken[0])
                    row["queries"].append(taken[1])
        for what, use in alone(filler).items():
            row = found.setdefault(what, {"ms": [], "queries": []})
            taken = watch.use(use, TIMES, explain=is_last)
            row["ms"].append(taken[0])
            row["queries"].append(taken[1])
    return {"found": found, "whole": sorted(watch.whole), "filled_s": filled_s, "size": size_mb()}


@contextlib.contextmanager
def without_what_is_added(owner: Any) -> Iterator[None]:
    """What a step itself adds would be on the pages of the next one."""
    from accounts.models import User

    user = User.objects.get(pk=owner.id)
    kinds = [user.chats, user.reminders, user.note_revisions]
    before = [set(kind.values_list("pk", flat=True)) for kind in kinds]
    yield
    for kind, there in zip(kinds, before, strict=True):
        added = set(kind.values_list("pk", flat=True)) - there
        kind.filter(pk__in=added).delete()


def uses(owner: Any) -> dict[str, Callable[[], object]]:
    """What one person does; each can be done again and again."""
    from django.conf import settings

    from accounts.models import User
    from ahfai import search
    from ahfai.testing import signed_in

    settings.ALLOWED_HOSTS = ["testserver"]
    user = User.objects.get(pk=owner.id)
    client = signed_in(user)
    chat = user.chats.newest_first()[5]
    # One is written anew again and again, the other's words are looked for.
    note, other = user.notes.order_by("created", "id")[:2]
    word = other.body.split()[0]

    def open_page(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.status_code

    def first_search() -> None:
        """As the page asks again, until all words have been read."""
        search.forget()
        end = time.monotonic() + 60
        while True:
            answer = client.get("/search", {"q": word})
            assert answer.status_code == 200, answer.status_code
            page = answer.content
            if b"<mark>" in page and b'class="waiting"' not in page:
                return
            assert time.monotonic() < end, "nothing was found"
            time.sleep(AS_THE_PAGE_S)

    def save_note() -> None:
        note.refresh_from_db(fields=["version"])
        form = {"title": "Shopping", "body": uuid.uuid4().hex, "version": note.version}
        answer = client.post(f"/notes/{note.pk}/edit", form, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.content

    def add_reminder() -> None:
        form = {"text": "Water the plants tomorrow at 9", "page": str(uuid.uuid4())}
        assert client.post("/reminders/add", form).status_code == 302

    return {
        "home": lambda: open_page("/"),
        "the list of chats": lambda: open_page("/chats/"),
        "a chat of ten messages": lambda: open_page(f"/chats/{chat.pk}/"),
        "a question, up to the model's call": asker(client, user),
        "the list of notes": lambda: open_page("/notes/"),
        "a note": lambda: open_page(f"/notes/{note.pk}/"),
        "a note is saved": save_note,
        "the reminders": lambda: open_page("/reminders/"),
        "a reminder is added": add_reminder,
        "search, the first one": first_search,
        "search, later": lambda: open_page(f"/search?q={word}"),
    }


def asker(client: Any, user: Any) -> Callable[[], None]:
    """A question in a chat of its own, whose reply is closed at once without a model."""
    from chats import generation
    from chats.lifecycle import closing
    from chats.models import Chat, State

    chat = Chat.objects.create(owner=user, title="Asked", model="llama3.1:8b", titled=True)
    # The reply would be written in a thread, beside what is measured.
    generation.begin = lambda reply: closing.close(reply, State.DONE)

    def ask() -> None:
        form = {"text": "And then?", "request_id": str(uuid.uuid4())}
        assert client.post(f"/chats/{chat.pk}/ask", form).status_code == 302

    return ask


def alone(filler: Any) -> dict[str, Callable[[], object]]:
    """What belongs to nobody's page."""
    from accounts.models import User
    from accounts.sessions import SessionStore
    from ahfai.testing import signed_in
    from ahfai.worker import Worker

    cookie = signed_in(User.objects.get(pk=filler.bob.id)).cookies["session"].value
    worker = Worker()
    # What is done once an hour is a round of its own.
    worker._next_hour = float("inf")

    def hour() -> None:
        once = Worker()
        once.work()

    return {
        "looking up a session": lambda: SessionStore(cookie).load(),
        "a round of the worker": worker.work,
        "a round of the worker with what it does once an hour": hour,
    }


class Watch:
    """Times, and what the database is asked meanwhile."""

    def __init__(self) -> None:
        self.whole: set[str] = set()
        self.large: set[str] = set()

    def use(self, use: Callable[[], object], times: int, explain: bool) -> tuple[float, int]:
        """Milliseconds of the fastest, and queries; `explain` looks how the database does them."""
        from django.db import connection

        asked: list[tuple[str, Any]] = []

        def noted(execute, sql, params, many, context):
            if not many:
                asked.append((sql, params))
            return execute(sql, params, many, context)

        took = []
        if times == TIMES:
            for _ in range(3):
                use()
        for _ in range(times):
            began = time.perf_counter()
            use()
            took.append((time.perf_counter() - began) * 1000)
        with connection.execute_wrapper(noted):
            use()
        if explain:
            self._explain(asked)
        return min(took), len(asked)

    def _explain(self, asked: list[tuple[str, Any]]) -> None:
        from django.db import connection, transaction

        large = self._large_tables()
        for sql, params in asked:
            if not re.match(r"(SELECT|UPDATE|DELETE|INSERT|WITH)\b", sql.lstrip("( ")):
                continue
            plan = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"{plan} {sql}", params)
                said = [str(row[-1]) for row in cursor.fetchall()]
                transaction.set_rollback(True)
            for line in said:
                read = re.search(r"Seq Scan on (\w+)|\bSCAN (\w+)(?! USING)", line)
                table = read and (read[1] or read[2])
                if table in large:
                    self.whole.add(f"{table}: {line.strip()} for {shortened(sql)}")

    def _large_tables(self) -> set[str]:
        from django.apps import apps

        if not self.large:
            self.large = {
                model._meta.db_table
                for model in apps.get_models()
                if model._default_manager.count() > LARGE
            }
        return self.large


def shortened(sql: str) -> str:
    told = re.sub(r'SELECT .*? FROM "', 'SELECT … FROM "', sql, flags=re.DOTALL)
    return re.sub(r"\s+", " ", told)[:300]


def size_mb() -> dict[str, float]:
    """Of the file or the database, and its large tables with their indexes, where that is told."""
    from django.conf import settings
    from django.db import connection

    if connection.vendor == "sqlite":
        return {"all": settings.DATABASES["default"]["NAME"].stat().st_size / 2**20}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' "
            "ORDER BY 2 DESC LIMIT 5"
        )
        found = {name: size / 2**20 for name, size in cursor.fetchall()}
        cursor.execute("SELECT pg_database_size(current_database())")
        return {"all": cursor.fetchone()[0] / 2**20, **found}


# --- What is printed ----------------------------------------------------------------------------


def print_tables(name: str, steps: list[tuple[int, int]], told: dict) -> None:
    title = "SQLite" if name == "sqlite" else "PostgreSQL"
    shown = [f"{people:,} people, {messages:,} messages" for people, messages in steps]
    print(f"| {title} | {' | '.join(shown)} | last by first | queries |")
    print("|---" * (len(steps) + 3) + "|")
    for what, row in told["found"].items():
        times, queries = row["ms"], row["queries"]
        ratio = times[-1] / times[0]
        grew = ratio > GREW and times[-1] - times[0] > CHANCE_MS
        asked = str(queries[0]) if len(set(queries)) == 1 else ", ".join(map(str, queries))
        cells = " | ".join(f"{one:.1f} ms" for one in times)
        said = f"**{ratio:.1f}**" if grew else f"{ratio:.1f}"
        print(f"| {what} | {cells} | {said} | {asked} |")
    sizes = ", ".join(f"{name} {size:.0f} MB" for name, size in told["size"].items())
    filled = ", ".join(f"{one:.0f}" for one in told["filled_s"])
    print(f"\nFilled in {filled} s. On the disk: {sizes}.")
    for one in told["whole"]:
        print(f"Reads a large table whole: {one}")
    if not told["whole"]:
        print("No statement reads a large table whole.")
    print()


if __name__ == "__main__":
    sys.exit(main())
