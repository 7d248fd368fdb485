"""What a person's day costs the database: `python bench/day.py`, for docs/scaling.md.

Some people spend one day each, by the pages, on an empty PostgreSQL; rows, bytes and commits
are what it says itself before and after. Then how many commits it takes in a second, each of which
waits for the disk. From both follows what more people need. Prints tables.
"""

import json
import statistics
import sys
import threading
import time
import uuid
from typing import Any

from flat import database, in_a_process, model_server
from installation import NotHere, stops_on_signals
from scratch import scratch
from stub_model import MODEL

PEOPLE = 12
# In one day.
TURNS, NOTES, SAVES, REMINDERS, OPENED, SEARCHES = 10, 2, 20, 2, 40, 3
QUESTION, ANSWER, BODY = 100, 1200, 1500
WRITERS, COMMITTING_S = (1, 4, 16), 4.0
# All of a day happens in eight hours, and its busiest second has three times what others have.
PEAK = 3 / (8 * 3600)
# English words for models of the Llama family: a token is about four characters.
CHARACTERS_OF_TOKEN = 4
OPEN_REPLIES, QUESTIONS = (0, 100, 500), 10
CROWDS = (1_000, 10_000, 100_000, 1_000_000)
# Of transactions those that wrote: what only reads gets no number, and waits for no disk.
COUNTED = """
    SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0',
        pg_snapshot_xmax(pg_current_snapshot())::text
"""


def main() -> int:
    if sys.argv[1:] == ["--measure"]:
        with model_server() as url, scratch(OLLAMA_URL=url):
            print(json.dumps({"day": days(), "commits": commits(), "line": line()}))
        return 0
    try:
        with stops_on_signals(), database("postgresql") as settings:
            print_tables(json.loads(in_a_process([__file__, "--measure"], settings)))
    except NotHere as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


def days() -> dict[str, float]:
    """For each person: the number of each, and bytes."""
    from django.conf import settings
    from django.db import connection

    from ahfai.testing import signed_in

    settings.ALLOWED_HOSTS = ["testserver"]
    begin_without_model()
    people = [make_person() for _ in range(PEOPLE)]
    clients = [signed_in(person) for person in people]
    # What is loaded once isn't the day's.
    day(clients[0], people[0])
    asked: list[str] = []
    requests: list[int] = []

    def noted(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    before, rows_before = counted(), rows()
    began = time.process_time()
    with connection.execute_wrapper(noted):
        for client, person in zip(clients[1:], people[1:], strict=True):
            requests.append(day(client, person))
    cpu_s = time.process_time() - began
    after, rows_after = counted(), rows()
    lived = PEOPLE - 1
    writing = [sql for sql in asked if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
    return {
        "requests": sum(requests) / lived,
        "asked": len(asked) / lived,
        "writes": len(writing) / lived,
        "commits": (after[2] - before[2]) / lived,
        "rows": (rows_after - rows_before) / lived,
        "bytes": (after[0] - before[0]) / lived,
        "log": (after[1] - before[1]) / lived,
        "cpu_s": cpu_s / lived,
    }


def make_person() -> Any:
    """Without a password, which would take longer than a day."""
    from accounts.models import User

    return User.objects.create_user(f"{uuid.uuid4().hex}@example.org", None, name="Ada")


def counted() -> tuple[int, int, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(COUNTED)
        size, log, written = cursor.fetchone()
    return int(size), int(log), int(written)


def rows() -> int:
    from django.apps import apps

    return sum(
        model._default_manager.count() for model in apps.get_models(include_auto_created=True)
    )


def begin_without_model() -> None:
    """A reply is there at once: how long a model writes isn't the database's."""
    from accounts.fields import sealed_for
    from chats import generation
    from chats.lifecycle import closing
    from chats.models import State

    def begin(reply) -> None:
        words = sealed_for(reply, "content", text(ANSWER))
        closing.close(reply, State.DONE, content=words)

    generation.begin = begin


def day(client: Any, person: Any) -> int:
    """Returns how many requests it were."""
    requests = 0

    def get(path: str) -> None:
        nonlocal requests
        requests += 1
        assert client.get(path).status_code == 200, path

    def post(path: str, form: dict, **more: Any) -> Any:
        nonlocal requests
        requests += 1
        answer = client.post(path, form, **more)
        assert answer.status_code in (200, 302), (path, answer.status_code)
        return answer

    form = {"text": text(QUESTION), "request_id": str(uuid.uuid4())}
    chat = post("/chats/start", form).headers["Location"]
    for _ in range(TURNS - 1):
        form = {"text": text(QUESTION), "request_id": str(uuid.uuid4())}
        post(f"{chat}ask", form)
    for _ in range(NOTES):
        form = {"title": text(30), "body": text(BODY), "page": str(uuid.uuid4())}
        note = post("/notes/new", form).headers["Location"]
        for version in range(1, SAVES // NOTES + 1):
            form = {"title": "A title", "body": text(BODY), "version": version}
            post(f"{note}edit", form, headers={"Accept": "application/json"})
    for _ in range(REMINDERS):
        form = {"text": "Water the plants tomorrow at 9", "page": str(uuid.uuid4())}
        post("/reminders/add", form)
    for turn in range(OPENED):
        get(["/", "/chats/", chat, "/notes/", note, "/reminders/"][turn % 6])
    for _ in range(SEARCHES):
        get("/search?q=plants")
    return requests


def text(size: int) -> str:
    return (uuid.uuid4().hex[:7] + " ") * (size // 8)


def commits() -> dict[str, float]:
    """In a second, by so many who write a sealed row of two kilobytes each, time and again."""
    import psycopg
    from django.db import connection

    place = connection.get_connection_params()
    place = {name: place[name] for name in ("host", "port", "user", "dbname") if name in place}
    with psycopg.connect(**place, autocommit=True) as server:
        server.execute("CREATE TABLE written (id int PRIMARY KEY, words bytea)")
    found = {}
    for writers in WRITERS:
        counts: list[int] = []

        def write(number: int, counts: list[int] = counts) -> None:
            words, count = b"x" * 2000, 0
            with psycopg.connect(**place, autocommit=True) as server:
                end = time.monotonic() + COMMITTING_S
                while time.monotonic() < end:
                    server.execute(
                        "INSERT INTO written VALUES (%s, %s) "
                        "ON CONFLICT (id) DO UPDATE SET words = excluded.words",
                        (number, words),
                    )
                    count += 1
            counts.append(count)

        threads = [threading.Thread(target=write, args=[number]) for number in range(writers)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        found[str(writers)] = sum(counts) / COMMITTING_S
    return found


def line() -> dict[str, float]:
    """For how many milliseconds a question keeps all others waiting, with so many replies open."""
    from django.db import transaction

    from chats.lifecycle import closing, heartbeat, line, storing
    from chats.models import Chat, Message, Role, State

    ada = make_person()
    hold, held_since = line.hold_line, [0.0]

    def noted() -> None:
        hold()
        held_since[0] = time.perf_counter()

    line.hold_line = noted
    found, there = {}, 0
    for wanted in OPEN_REPLIES:
        with transaction.atomic():
            owners = [make_person() for _ in range(there, wanted)]
        some = [Chat(owner=owner, title="", model=MODEL) for owner in owners]
        Chat.objects.bulk_create(some)
        asked = [Message(owner=one.owner, chat=one, role=Role.PERSON) for one in some]
        Message.objects.bulk_create(asked)
        Message.objects.bulk_create(
            Message(
                owner=one.owner,
                chat=one.chat,
                parent=one,
                role=Role.ASSISTANT,
                state=State.RUNNING,
                model=MODEL,
                process_id=heartbeat.this_process(),
            )
            for one in asked
        )
        there, took = wanted, []
        chat = Chat.objects.create(owner=ada, title="", model=MODEL)
        for _ in range(QUESTIONS):
            reply, _fresh = storing.ask(chat, text(QUESTION), MODEL, uuid.uuid4())
            took.append((time.perf_counter() - held_since[0]) * 1000)
            closing.close(reply, State.DONE)
        found[str(wanted)] = statistics.median(took)
    return found


def print_tables(told: dict) -> None:
    print(
        f"{TURNS} questions with answers of {ANSWER:,} characters, {NOTES} notes of {BODY:,} saved "
        f"{SAVES} times, {REMINDERS} reminders, {OPENED} pages opened, {SEARCHES} searches:\n"
    )
    day, most = told["day"], max(told["commits"].values())
    print("| a person's day | |")
    print("|---|---|")
    for what, said in (
        ("requests", f"{day['requests']:.0f}"),
        (
            "statements to the database, and those that write",
            f"{day['asked']:.0f}, {day['writes']:.0f}",
        ),
        ("transactions that write", f"{day['commits']:.0f}"),
        ("rows more", f"{day['rows']:.0f}"),
        ("the database grows, with its indexes, by", f"{day['bytes'] / 1000:.0f} kB"),
        ("write-ahead log, as replicas and archives get it", f"{day['log'] / 1000:.0f} kB"),
        ("CPU of the web processes", f"{day['cpu_s']:.2f} s"),
        (
            "CPU of the web processes for a request",
            f"{day['cpu_s'] / day['requests'] * 1000:.0f} ms",
        ),
        ("tokens that a model writes", f"{tokens():,.0f}"),
    ):
        print(f"| {what} | {said} |")
    print("\n| who write at a time | commits in a second |")
    print("|---|---|")
    for writers, number in told["commits"].items():
        print(f"| {writers} | {number:,.0f} |")
    print("\n| replies that are open | a question keeps all others waiting for | so at most |")
    print("|---|---|---|")
    for replies, held_ms in told["line"].items():
        print(f"| {int(replies):,} | {held_ms:.1f} ms | {1000 / held_ms:.0f} questions a second |")
    print(f"\n| in the busiest second, with | {' | '.join(f'{n:,} people' for n in CROWDS)} |")
    print("|---" * (len(CROWDS) + 1) + "|")
    for what, each, unit in (
        ("requests", day["requests"] * PEAK, ""),
        ("questions to a model", TURNS * PEAK, ""),
        ("cores of web processes that are busy", day["cpu_s"] * PEAK, ""),
        ("statements to the database", day["asked"] * PEAK, ""),
        ("transactions that write", day["commits"] * PEAK, ""),
        ("of what one such disk takes", day["commits"] * PEAK / most * 100, " %"),
        ("write-ahead log", day["log"] * PEAK / 1e6, " MB"),
        ("tokens of models", tokens() * PEAK, ""),
    ):
        print(f"| {what} | {' | '.join(rounded(each * n) + unit for n in CROWDS)} |")
    for what, each, unit in (
        ("rows in a year", day["rows"] * 365 / 1e6, " million"),
        ("bytes in a year", day["bytes"] * 365 / 1e9, " GB"),
    ):
        print(f"| {what} | {' | '.join(rounded(each * n) + unit for n in CROWDS)} |")


def tokens() -> float:
    return TURNS * ANSWER / CHARACTERS_OF_TOKEN


def rounded(number: float) -> str:
    """Two digits are all that such arithmetic is good for."""
    return f"{float(f'{number:.2g}'):,.10g}"


if __name__ == "__main__":
    sys.exit(main())
