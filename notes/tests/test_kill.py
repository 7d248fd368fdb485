"""kill -9 of the web process while a note is being saved: nothing that was called saved is lost."""

import os
import random
import re
import signal
import threading
from collections.abc import Callable

import pytest
import requests

from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until


@pytest.mark.both_databases
@pytest.mark.parametrize("times", [3, pytest.param(100, marks=pytest.mark.prove)])
def test_killing_the_web_process_keeps_all_that_was_called_saved(times, record_property):
    chance = random.Random(11)
    called_saved = 0
    with House(OLLAMA_URL="http://127.0.0.1:9") as house:
        ada = Browser(house.url)
        ada.sign_up()
        note = ada.post("/notes/new", "/notes/new", {"title": "Count", "body": "words: 0"}).url
        note = note.removeprefix(house.url)
        for _ in range(times):
            killer = threading.Timer(
                chance.uniform(0.1, 0.7), os.kill, [house.web_pid(), signal.SIGKILL]
            )
            said, sent = write_until_it_dies(ada, note, killer.start)
            killer.join()
            wait_until(house.is_up, 20)
            assert said <= words_of(ada, note) <= sent
            called_saved = said
    assert called_saved
    record_property("times that it was called saved", called_saved)


def write_until_it_dies(ada: Browser, note: str, from_now: Callable[[], None]) -> tuple[int, int]:
    """Count on in the note, a save for each. Returns what was called saved, and what was sent."""
    edit = f"{note}edit"
    page = ada.get(edit).text
    said = sent = words_of(ada, note)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    from_now()
    try:
        while True:
            sent += 1
            answer = ada.session.post(
                ada.url + edit,
                data={
                    "title": "Count",
                    "body": f"words: {sent}",
                    "version": version,
                    "csrfmiddlewaretoken": token,
                },
                headers={"Accept": "application/json", "Referer": ada.url + edit},
                timeout=20,
            )
            assert answer.status_code == 200, answer.text
            version = answer.json()["version"]
            said = sent
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return said, sent


def words_of(ada: Browser, note: str) -> int:
    return int(re.search(r"words: (\d+)", ada.get(note).text)[1])
