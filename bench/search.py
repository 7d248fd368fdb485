"""Lists and search of somebody with 10,000 chats of 10 messages: `python bench/search.py`.

With `--notes 10000` they have as many notes of 2 KB, too. With `--others 100000`, other people's
chats and notes lie between theirs in the same tables, ten times as many. Prints a table; its
baselines are a page of the house without chats and notes, and a bare loop that opens the same
messages and notes and puts them into FTS5.
"""

import argparse
import itertools
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator

from scratch import scratch

WORDS, WORDS_A_MESSAGE, ACCENTS = 30_000, 66, str.maketrans("aeiou", "áéíóú")
SLICE = 200
FIRST_SEARCHES, TIMES = 5, 60
# A page with the newest words asks again after this long.
AS_THE_PAGE_S = 0.3


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--chats", type=int, default=10_000)
    wanted.add_argument("--notes", type=int, default=0)
    wanted.add_argument("--others", type=int, default=0, help="chats of other people")
    given = wanted.parse_args()
    with scratch():
        dice = random.Random(1)
        vocabulary = make_vocabulary(dice)
        copies = round(given.others / given.chats)
        ada = fill(given.chats, copies, vocabulary, dice)
        if given.notes:
            fill_notes(ada, given.notes, vocabulary, dice)
        said = f"{given.chats:,} chats, {given.notes:,} notes, {copies} times as many of others"
        print(f"| {said} | median | ", end="")
        print("95 % within | to hold | baseline |")
        print("|---|---|---|---|---|")
        for row in [*first_searches(ada, vocabulary), *pages(ada, vocabulary)]:
            print(f"| {' | '.join(row)} |")


def first_searches(ada, vocabulary: list[str]) -> Iterator[tuple[str, ...]]:
    """As after a restart, asked again as the page does."""
    from accounts.sealing import keys
    from ahfai import search

    said, newest, found = [], [], []
    client = signed_in(ada)

    def page() -> bytes:
        return client.get("/search", {"q": vocabulary[0]}).content

    for _ in range(FIRST_SEARCHES):
        search.forget()
        keys.clear_cache()
        began = time.perf_counter()
        shown = page()
        if b'class="waiting"' in shown:
            said.append(time.perf_counter() - began)
        while b"<mark>" not in shown:
            time.sleep(0.1)
            shown = page()
        newest.append(time.perf_counter() - began)
        while b'class="waiting"' in shown:
            time.sleep(AS_THE_PAGE_S)
            shown = page()
        found.append(time.perf_counter() - began)
    with search._indexes.of(ada.pk) as index:
        size = index.size_bytes
    if said:
        name = "first search after a restart: the page says that it reads"
        yield name, f"{statistics.median(said):.2f} s", f"{max(said):.2f} s", "", ""
    yield (
        "first search after a restart: what was found in the newest words is there",
        f"{statistics.median(newest):.2f} s",
        f"{max(newest):.2f} s",
        "3 s",
        "",
    )
    opening, filling = bare(ada)
    yield (
        "first search after a restart: what was found in all words is there",
        f"{statistics.median(found):.2f} s",
        f"{max(found):.2f} s",
        "3 s",
        f"{opening + filling:.2f} s: opened in {opening:.2f} s, put into FTS5 in {filling:.2f} s",
    )
    yield "the index in memory", f"{size / 2**20:.0f} MB", "", "", ""


def bare(ada) -> tuple[float, float]:
    """Seconds: to read and open all messages and notes, and to put them into FTS5, with nothing
    around."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from django.db import connection

    from accounts.sealing import keys
    from ahfai import crypto

    generation, key = keys.data_key(ada.pk)
    opener = AESGCM(key)
    header = bytes([crypto._VERSION]) + generation.to_bytes(2, "big")
    texts = []
    began = time.perf_counter()
    for model, column in (("chats.Message", "content"), ("notes.Note", "body")):
        place = (model, column, bytes(16), ada.pk.bytes)
        bound = crypto._bound(crypto._PRODUCT, header, place)
        before, after = bound[:-36], bound[-20:]
        table = model.lower().replace(".", "_")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, {column} FROM {table} WHERE owner_id = %s", [ada.pk.hex])
            texts += [
                opener.decrypt(
                    sealed[3:15], sealed[15:], before + bytes.fromhex(row) + after
                ).decode()
                for row, sealed in cursor.fetchall()
            ]
    opened = time.perf_counter()
    index = sqlite3.connect(":memory:", isolation_level=None)
    index.execute("CREATE VIRTUAL TABLE words USING fts5(body, content='', prefix='1 2')")
    index.execute("BEGIN")
    index.executemany("INSERT INTO words (body) VALUES (?)", ((text,) for text in texts))
    index.execute("COMMIT")
    return opened - began, time.perf_counter() - opened


def pages(ada, vocabulary: list[str]) -> Iterator[tuple[str, ...]]:
    from django.urls import reverse

    from notes import pages_by_title

    client = signed_in(ada)
    queries = {
        "a rare word": vocabulary[20_000],
        "a common word": vocabulary[0],
        "one letter": "b",
        "two letters": "ba",
        "two words": f"{vocabulary[5]} {vocabulary[9]}",
        "a phrase": f'"{vocabulary[3]} {vocabulary[7]}"',
        "a word without another": f"{vocabulary[5]} -{vocabulary[9]}",
    }
    house, _ = measured(lambda: client.get(reverse("reminders:list")))
    baseline = f"{house:.1f} ms, a page without them"
    some = ada.notes.order_by("created")[ada.notes.count() // 2 :].first()
    later = some and pages_by_title._key([some], 0)
    notes = [
        ("the list of notes", "30 ms", "/notes/", {}),
        ("a later page of notes", "30 ms", "/notes/", {"after": some and middle(some)}),
        ("the notes by title", "30 ms", "/notes/", {"sort": "title"}),
        ("a later page by title", "30 ms", "/notes/", {"sort": "title", "after": later}),
        ("opening a note", "30 ms", some and some.get_absolute_url(), {}),
    ]
    for name, limit, address, query in [
        ("the list of chats", "30 ms", "/chats/", {}),
        *(notes if some else []),
        *((f"search, {name}", "50 ms", "/search", {"q": text}) for name, text in queries.items()),
    ]:
        median, within = measured(lambda a=address, q=query: client.get(a, q))
        yield name, f"{median:.1f} ms", f"{within:.1f} ms", limit, baseline
        baseline = ""


def middle(note) -> str:
    """What the address of the page says that begins after this note."""
    from notes import pages

    return pages._key([note], 0, "changed")


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: the median, and what 95 of 100 calls stay within."""
    took = []
    for _ in range(TIMES + 3):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    # The first few warm up.
    return statistics.median(took[3:]), statistics.quantiles(took[3:], n=20)[-1]


def signed_in(person):
    from django.conf import settings

    from ahfai.testing import signed_in

    settings.ALLOWED_HOSTS = ["testserver"]
    return signed_in(person)


def make_vocabulary(dice: random.Random) -> list[str]:
    """Words of one to five syllables; one in thirty has accents, so most messages have some."""
    words: dict[str, None] = {}
    while len(words) < WORDS:
        syllables = dice.randint(1, 5)
        word = "".join(
            dice.choice("bcdfglmnprstv") + dice.choice("aeiou") for _ in range(syllables)
        ) + dice.choice(["", "s", "n", "r"])
        words[word.translate(ACCENTS) if len(words) % 30 == 29 else word] = None
    return sorted(words, key=lambda _: dice.random())


def fill(chats: int, copies: int, vocabulary: list[str], dice: random.Random):
    """Ada with her chats, and between them those of `copies` others, who can't open theirs."""
    from django.db import connection
    from django.utils import timezone

    from ahfai.testing import make_person
    from chats.models import Chat, Message

    ada, others = make_person("ada@example.org"), [make_person() for _ in range(copies)]
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(vocabulary))))
    with connection.cursor() as cursor:
        # What a power cut would lose here is no loss.
        cursor.execute("PRAGMA synchronous = OFF")
    numbers = itertools.count(1)
    for _ in range(0, chats, SLICE):
        first = next(numbers)
        rows = [
            Chat(
                owner=ada,
                title=" ".join(dice.choices(vocabulary, k=4)),
                model="m",
                change_number=next(numbers),
            )
            for _ in range(SLICE)
        ]
        Chat.objects.bulk_create(rows)
        messages: list[Message] = []
        for chat in rows:
            before = None
            for number in range(10):
                words = dice.choices(vocabulary, cum_weights=weights, k=WORDS_A_MESSAGE)
                before = Message(
                    owner=ada,
                    chat=chat,
                    parent=before,
                    role="assistant" if number % 2 else "user",
                    content=" ".join(words)[:400],
                    closed=timezone.now() if number % 2 else None,
                    change_number=next(numbers),
                )
                messages.append(before)
        Message.objects.bulk_create(messages, batch_size=500)
        for number, other in enumerate(others):
            copy(Chat, ada, other, number, first)
            copy(Message, ada, other, number, first)
    type(ada).objects.update(change_number=next(numbers))
    return ada


def fill_notes(ada, notes: int, vocabulary: list[str], dice: random.Random) -> None:
    """Notes of 2 KB, and between them those of the others."""
    from accounts.models import User
    from notes import writing
    from notes.models import Note

    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(vocabulary))))
    numbers = itertools.count(ada.change_number + 1)
    others = list(User.objects.exclude(pk=ada.pk))
    for _ in range(0, notes, SLICE):
        first = next(numbers)
        rows = []
        for _ in range(SLICE):
            parts = [dice.choices(vocabulary, cum_weights=weights, k=66) for _ in range(5)]
            body = "\n\n".join(" ".join(words)[:400] for words in parts)
            rows.append(
                Note(
                    owner=ada,
                    title=" ".join(dice.choices(vocabulary, k=4)),
                    body=body[:2000],
                    excerpt=writing.excerpt(body),
                    change_number=next(numbers),
                )
            )
        Note.objects.bulk_create(rows)
        for number, other in enumerate(others):
            copy(Note, ada, other, number, first)
    User.objects.update(change_number=next(numbers))


def copy(model, owner, other, number: int, since: int) -> None:
    """Another person's rows of the same size; their ids have another version than 4."""
    from django.db import connection

    columns = [field.column for field in model._meta.concrete_fields]
    version = "012356789abcdef"[number]
    other_id = {
        name: f"substr({name}, 1, 12) || '{version}' || substr({name}, 14)" for name in _OWN_IDS
    }
    values = [
        f"'{other.pk.hex}'" if name == "owner_id" else other_id.get(name, f'"{name}"')
        for name in columns
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values)} "
            f"FROM {model._meta.db_table} WHERE owner_id = %s AND change_number >= %s "
            "ORDER BY change_number",
            [owner.pk.hex, since],
        )


_OWN_IDS = ("id", "chat_id", "parent_id")


if __name__ == "__main__":
    main()
