"""The list and the search with 10,000 chats of 10 messages of 400 characters, and with ten times
as much of other people's beside them."""

import argparse
import itertools
import json
import random
import statistics
import time

from scratch import scratch

WORDS, WORDS_A_MESSAGE = 30_000, 66


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--chats", type=int, default=10_000)
    wanted.add_argument("--others", type=int, default=0, help="chats of ten other people")
    given = wanted.parse_args()
    with scratch():
        print(json.dumps(measure(given.chats, given.others), indent=1))


def measure(chats: int, others: int) -> dict:
    from django.test import Client, override_settings

    from accounts.models import User
    from ahfai import search

    dice = random.Random(1)
    vocabulary = make_vocabulary(dice)
    ada = User.objects.create_user("ada@example.org", "x" * 12, name="Ada")
    fill(ada, chats, vocabulary, dice)
    for number in range(10 if others else 0):
        other = User.objects.create_user(f"p{number}@example.org", "x" * 12, name="Ben")
        fill(other, others // 10, vocabulary, dice)
    client = Client()
    client.force_login(ada)
    began = time.monotonic()
    while search.search(ada, vocabulary[0]) is None:
        time.sleep(0.01)
    first_s = time.monotonic() - began
    queries = {
        "rare": vocabulary[20_000],
        "common": vocabulary[0],
        "one letter": "b",
        "two letters": "ba",
        "two words": f"{vocabulary[5]} {vocabulary[9]}",
        "phrase": f'"{vocabulary[3]} {vocabulary[7]}"',
    }
    with override_settings(ALLOWED_HOSTS=["*"]):
        list_ms = p95(lambda: client.get("/chats/"))
        pages = {
            name: p95(lambda q=q: client.get("/search", {"q": q})) for name, q in queries.items()
        }
    with search._indexes.of(ada.pk) as index:
        size = index.size_bytes
    return {
        "chats": chats,
        "chats of others": others,
        "first search s": round(first_s, 2),
        "index MB": round(size / 2**20, 1),
        "list p95 ms": list_ms,
        "search page p95 ms": pages,
    }


def p95(call, times: int = 40) -> float:
    call()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.quantiles(took, n=20)[-1], 1)


def make_vocabulary(dice: random.Random) -> list[str]:
    words: set[str] = set()
    while len(words) < WORDS:
        syllables = dice.randint(1, 5)
        words.add(
            "".join(dice.choice("bcdfglmnprstv") + dice.choice("aeiou") for _ in range(syllables))
            + dice.choice(["", "s", "n", "r"])
        )
    return sorted(words, key=lambda _: dice.random())


def fill(user, chats: int, vocabulary: list[str], dice: random.Random) -> None:
    from django.utils import timezone

    from chats.models import Chat, Message

    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(vocabulary))))
    for _ in range(0, chats, 200):
        rows = [
            Chat(owner=user, title=" ".join(dice.choices(vocabulary, k=4)), model="m")
            for _ in range(200)
        ]
        Chat.objects.bulk_create(rows)
        messages: list[Message] = []
        for chat in rows:
            before = None
            for number in range(10):
                words = dice.choices(vocabulary, cum_weights=weights, k=WORDS_A_MESSAGE)
                before = Message(
                    owner=user,
                    chat=chat,
                    parent=before,
                    role="assistant" if number % 2 else "user",
                    content=" ".join(words)[:400],
                    closed=timezone.now() if number % 2 else None,
                )
                messages.append(before)
        Message.objects.bulk_create(messages, batch_size=500)


if __name__ == "__main__":
    main()
