"""What sealing costs: `python bench/sealing.py`, in a database in memory.

Prints CPU times as a table: to seal and open 2 KB, beside bare AES-GCM calls of the library, and to
load 2,000 rows of 2 KB through the ORM, sealed, unread and plain.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
FOLDER = tempfile.TemporaryDirectory(prefix="ahfai-sealing-")
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "ahfai.settings",
    "ENV_FILE": "none",
    "DATA_DIR": f"{FOLDER.name}/data",
    "KEYS_DIR": f"{FOLDER.name}/keys",
}

import django  # noqa: E402

django.setup()

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from django.db import connection, models  # noqa: E402

from ahfai import crypto  # noqa: E402
from ahfai.testing import make_person  # noqa: E402
from chats.models import Chat  # noqa: E402

ROWS, CALLS = 2_000, 10_000
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


def main() -> None:
    print("| CPU time to | AhFai | baseline |")
    print("|---|---|---|")
    measure_bytes()
    connection.creation.create_test_db(verbosity=0, serialize=False)
    with connection.schema_editor() as editor:
        editor.create_model(PlainChat)
    measure_rows()


def measure_bytes() -> None:
    key, text = crypto.new_key(), BODY.encode()
    place = ("chats.Chat", "title", b"r" * 16, b"o" * 16)
    sealed = crypto.seal(key, 1, text, place)
    bare, nonce, bound = AESGCM(key), os.urandom(12), b"b" * 80
    encrypted = bare.encrypt(nonce, text, bound)
    for name, ours, bares in (
        (
            "seal",
            lambda: crypto.seal(key, 1, text, place),
            lambda: bare.encrypt(os.urandom(12), text, bound),
        ),
        (
            "open",
            lambda: crypto.unseal(key, sealed, place),
            lambda: bare.decrypt(nonce, encrypted, bound),
        ),
    ):
        our_s, bare_s = (
            best_of(5, lambda work=work: [work() for _ in range(CALLS)]) / CALLS
            for work in (ours, bares)
        )
        print(
            f"| {name} {len(text):,} bytes | {our_s * 1e6:.1f} µs "
            f"| {bare_s * 1e6:.1f} µs, a bare AES-GCM call |"
        )


def measure_rows() -> None:
    owner = make_person()
    chats = [Chat(owner=owner, title=BODY) for _ in range(ROWS)]
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
    for name, ours, plains in (
        (
            f"save {ROWS:,} rows",
            best_of(1, lambda: Chat.objects.bulk_create(chats)),
            best_of(1, lambda: PlainChat.objects.bulk_create(plain)),
        ),
        (
            f"load {ROWS:,} rows, their text unread",
            best_of(5, lambda: list(Chat.objects.all())),
            best_of(5, lambda: list(PlainChat.objects.all())),
        ),
        (
            f"load {ROWS:,} rows and read their text",
            best_of(5, lambda: [chat.title for chat in Chat.objects.all()]),
            best_of(5, lambda: [chat.title for chat in PlainChat.objects.all()]),
        ),
    ):
        print(f"| {name} | {ours * 1e3:.0f} ms | {plains * 1e3:.0f} ms, a plain table |")


def best_of(times: int, work: Callable[[], object]) -> float:
    """The least CPU seconds that `work` took."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


if __name__ == "__main__":
    main()
