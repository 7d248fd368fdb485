"""kill -9 of the web process in the middle of a stream: nothing that was acknowledged is lost."""

import os
import re
import signal
import time

import pytest

from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama

WORD_S = 0.05
# What wasn't saved yet may go: about a second's words, and the time the save itself takes.
LOST_S = 1.5


@pytest.mark.both_databases
@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.prove)])
def test_killing_the_web_process_in_a_stream_keeps_the_words_and_the_text_so_far(
    times, record_property
):
    lost = []
    with FakeOllama(delay_s=WORD_S) as ollama, House(OLLAMA_URL=ollama.url) as house:
        ada = Browser(house.url)
        ada.sign_up()
        for number in range(times):
            ollama.play("endless")
            asked = f"Please count the waves, {number}"
            path = ada.post("/chats/start", "/", {"text": asked}).url.removeprefix(house.url)
            wait_until(lambda path=path: len(text_of(ada.get(path).text)) > 30)
            time.sleep(1.1)
            os.kill(house.web_pid(), signal.SIGKILL)
            sent = len(ollama.chats[-1].written)
            wait_until(house.is_up, 20)
            page = wait_until(
                lambda path=path: (p := ada.get(path).text) and "Try again" in p and p, 20
            )
            assert asked in page
            assert "AhFai was restarted" in page
            lost.append((sent - len(text_of(page).split())) * WORD_S)
            assert lost[-1] <= LOST_S
            ollama.play("plain")
            retry = re.search(r'action="(/chats/replies/[^"]+/retry)"', page)[1]
            ada.post(retry, path, {})
            wait_until(lambda path=path: "Hello" in text_of(ada.get(path).text))
    record_property("most text lost", f"{max(lost):.1f} s")


def text_of(page: str) -> str:
    found = re.search(r"data-words>(.*?)</div>", page, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[1]) if found else ""
