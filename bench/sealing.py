"""What sealing costs: `python bench/sealing.py`, in a database in memory.

Prints CPU times: to seal and open 2 KB, and to load 2,000 chats' worth of 2 KB bodies through the
ORM, sealed, unread and plain.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ahfai.settings")

import django

django.setup()

from django.db import connection, models  # noqa: E402

from ahfai import crypto  # noqa: E402
from ahfai.testing import make_person  # noqa: E402
from chats.models import Chat  # noqa: E402

ROWS = 2_000
BODY = "Ein Satz von rund fünfzig Zeichen, mit einem Umlaut. " * 38


class PlainChat(models.Model):
    """A `Chat` as it would be without seals."""

    id = models.UUIDField(primary_key=True)
    owner_id = models.UUIDField()
    title = models.TextField()
    model = models.CharField(max_length=200)
    created = models.DateTimeField()
    changed = models.DateTimeField()

    class Meta:
        app_label = "chats"

    def __str__(self) -> str:
        return str(self.pk)


def best_of(times: int, work: Callable[[], object]) -> float:
    """The least CPU seconds that `work` took."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def measure_bytes() -> None:
    key, place, text = (
        crypto.new_key(),
        ("chats.Chat", "title", b"r" * 16, b"o" * 16),
        BODY.encode(),
    )
    sealed = crypto.seal(key, 1, text, place)
    print(f"body: {len(text)} bytes")
    for name, work in {
        "seal": lambda: crypto.seal(key, 1, text, place),
        "open": lambda: crypto.unseal(key, sealed, place),
    }.items():
        took = best_of(5, lambda work=work: [work() for _ in range(10_000)])
        print(f"{name}: {took / 10_000 * 1e6:.1f} µs")


def measure_rows() -> None:
    owner = make_person()
    chats = [Chat(owner=owner, title=BODY) for _ in range(ROWS)]
    saving = best_of(1, lambda: Chat.objects.bulk_create(chats))
    plain = [
        PlainChat(
            id=chat.id,
            owner_id=owner.id,
            title=BODY,
            model=chat.model,
            created=chat.created,
            changed=chat.changed,
        )
        for chat in chats
    ]
    saving_plain = best_of(1, lambda: PlainChat.objects.bulk_create(plain))
    print(f"save {ROWS} rows: sealed {saving * 1e3:.0f} ms, plain {saving_plain * 1e3:.0f} ms")
    read = best_of(5, lambda: [chat.title for chat in Chat.objects.all()])
    unread = best_of(5, lambda: list(Chat.objects.all()))
    read_plain = best_of(5, lambda: [chat.title for chat in PlainChat.objects.all()])
    print(
        f"load {ROWS} rows: sealed and read {read * 1e3:.0f} ms, sealed and unread "
        f"{unread * 1e3:.0f} ms, plain {read_plain * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    measure_bytes()
    connection.creation.create_test_db(verbosity=0, serialize=False)
    with connection.schema_editor() as editor:
        editor.create_model(PlainChat)
    measure_rows()
