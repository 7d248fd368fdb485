"""What a file leaves on the disk, and what it takes of the memory while it comes."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from ahfai.sizes import MB
from ahfai.testing import PASSWORD
from ahfai.tests.at_rest import files_in, holding
from ahfai.tests.house import Browser, House
from chats.tests.test_attachments import a_pdf

CANARY = b"canary-that-sings-in-the-Ardennes"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house of which temporary files, too, would lie in the folder of the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with House(OLLAMA_URL="http://127.0.0.1:9", LOG_LEVEL="DEBUG") as running:
        yield running


def ada_of(house: House) -> Browser:
    ada = Browser(house.url)
    ada.sign_up()
    return ada


def attach(ada: Browser, data: bytes, name: str) -> str:
    answer = ada.post("/notes/files", "/notes/new", {}, files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return answer.json()["written"]


def peak(pid: int) -> int:
    """The most memory that the process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.same_everywhere
def test_a_marked_word_is_nowhere_on_the_disk(house, tmp_path):
    ada = ada_of(house)
    name = CANARY.decode()
    written = attach(ada, CANARY * (5 * MB // len(CANARY)), f"{name}.txt")
    note = ada.post("/notes/new", "/notes/new", {"title": name, "body": f"{name} {written}"})
    assert name in note.text
    ada.post(note.url.removeprefix(house.url) + "edit", "/notes/new", {"body": "x", "version": "1"})
    address = re.search(r'href="(/you/files/[^"]+)"', note.text)[1]
    assert CANARY in ada.get(address).content
    # One goes along with a message, too; its words are taken out by another process.
    files = {"files": (f"{name}.pdf", a_pdf(name))}
    chat = ada.post("/chats/start", "/", {"text": f"What is {name}?"}, files=files)
    assert f"{name}.pdf" in chat.text
    held = files_in(tmp_path)
    # Each place is one where words in clear are found.
    assert any(".sqlite3" in path for path in holding("ada@example.org", held))
    assert {"ahfai.sqlite3", "ahfai.sqlite3-wal", "log"} <= {Path(path).name for path in held}
    assert holding(name, held) == []
    assert sum(len(file) for path, file in held.items() if ".sqlite3" in path) > 5 * MB
    assert holding(PASSWORD, held) == []


def test_an_upload_takes_twice_its_size_in_memory_at_most(house):
    ada = ada_of(house)
    attach(ada, b"small", "a.txt")
    before = peak(house.web_pid())
    attach(ada, os.urandom(20 * MB - 1), "large.bin")
    assert peak(house.web_pid()) - before < 40 * MB
