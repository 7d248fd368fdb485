"""kill -9 of the web process in the middle of a stream: nothing that was acknowledged is lost."""

import os
import re
import signal
import time

from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama


def test_killing_the_web_process_in_a_stream_keeps_the_words_and_the_text_so_far():
    with FakeOllama(delay_s=0.05) as ollama, House(OLLAMA_URL=ollama.url) as house:
        ollama.play("endless")
        ada = Browser(house.url)
        ada.sign_up()
        chat = ada.post("/chats/start", "/", {"text": "Please count the waves"}).url
        path = chat.removeprefix(house.url)

        def text() -> str:
            page = ada.get(path).text
            return re.search(r"data-words>(.*?)</div>", page, re.DOTALL)[1]

        wait_until(lambda: len(text()) > 30)
        time.sleep(1.1)
        seen = len(text())
        os.kill(house.web_pid(), signal.SIGKILL)
        wait_until(house.is_up, 20)
        page = wait_until(lambda: (p := ada.get(path).text) and "Try again" in p and p, 20)
        assert "Please count the waves" in page
        assert "AhFai was restarted" in page
        assert len(text()) >= seen
        ollama.play("plain")
        retry = re.search(r'action="(/chats/replies/[^"]+/retry)"', page)[1]
        ada.post(retry, path, {})
        wait_until(lambda: "Hello" in text())
