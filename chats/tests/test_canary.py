"""What a person types is nowhere on the disk in clear."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import FileText
from ahfai.tests.at_rest import database_files, files_in, holding, rows
from chats.tests.test_attachments import a_pdf
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
    client.post(reverse("chats:fact_add"), {"text": f"I keep {CANARY}"})
    client.post(reverse("chats:ask", args=[chat.pk]), {"text": "What do I keep?"})
    closed_reply(chat)
    for data in (CANARY.encode(), a_pdf(CANARY)):
        file = SimpleUploadedFile(f"{CANARY}.pdf", data)
        asked = {"text": "What is in it?", "files": [file]}
        client.post(reverse("chats:ask", args=[chat.pk]), asked)
        closed_reply(chat)
    assert [text.words[-len(CANARY) :] for text in FileText.objects.all()] == [CANARY, CANARY]
    client.get(f"/chats/?q={CANARY}")
    client.get(f"/nowhere?q={CANARY}")

    places = database_files() | rows() | files_in(Path(settings.DATA_DIR))
    assert holding("chats_message", places), "the database wasn't searched"
    assert holding(CANARY, places) == []
    assert CANARY not in caplog.text
    assert "About" in chat.__class__.objects.get(pk=chat.pk).title


def test_the_pinned_sqlite_is_in_use_everywhere():
    assert sqlite3.sqlite_version_info >= (3, 51, 3)
    code = "import ahfai, sqlite3; print(sqlite3.sqlite_version_info >= (3, 51, 3))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"
