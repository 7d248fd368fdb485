"""What a person types is nowhere on the disk in clear."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from chats.tests.test_reply_life import closed_reply, start

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = "zanzibar-ptarmigan-4711"


def test_a_canary_typed_into_a_chat_is_nowhere_in_the_data_or_the_logs(client, ollama, caplog):
    caplog.set_level("DEBUG")
    ollama.play("plain", "load_failed")
    chat = start(client, f"Tell me about {CANARY}")
    closed_reply(chat)
    client.post(reverse("chats:rename", args=[chat.pk]), {"title": f"About {CANARY}"})
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": f"More about {CANARY}"})
    closed_reply(chat)
    client.get(f"/chats/?q={CANARY}")
    client.get(f"/nowhere?q={CANARY}")

    places = [*_files()]
    assert any(_holds(path, b"chats_message") for path in places), "the database wasn't searched"
    assert [path.name for path in places if _holds(path, CANARY.encode())] == []
    assert CANARY not in caplog.text
    assert "About" in chat.__class__.objects.get(pk=chat.pk).title


def _files():
    if connection.vendor == "sqlite":
        database = Path(connection.settings_dict["NAME"])
        yield from database.parent.glob(f"{database.name}*")
    else:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SHOW data_directory")
            database = Path(cursor.fetchone()[0])
        yield from (path for path in database.rglob("*") if path.is_file())
    yield from (path for path in Path(settings.DATA_DIR).rglob("*") if path.is_file())


def _holds(path: Path, words: bytes) -> bool:
    return words in path.read_bytes()


def test_the_pinned_sqlite_is_in_use_everywhere():
    assert sqlite3.sqlite_version_info >= (3, 51, 3)
    code = "import ahfai, sqlite3; print(sqlite3.sqlite_version_info >= (3, 51, 3))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"
