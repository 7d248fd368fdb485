"""A restart in the middle of streams: what can be finished is, the rest is closed with its text."""

import os
import re
import signal
import threading

import pytest

from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, FakeOllama, Pause, Request, Send, final, head, say
from chats.tests.open_tab import OpenTab
from chats.tests.test_kill import closed_page, question, start, text_of

WORD_S = 0.05
DRAIN_S = 2
# What the model server may have written and nobody read any more.
UNREAD = 5


class Streams:
    """Two replies that can be finished once `restarting` is set and two that never end, each
    with a tab that follows it."""

    def __init__(self, house: House, ollama: FakeOllama) -> None:
        self.house, self.ollama = house, ollama
        self.restarting = threading.Event()
        ollama.play(self._answer)
        self.ada = Browser(house.url)
        self.ada.sign_up()
        self.paths = {words: start(self.ada, words) for words in ("short 1", "long 1")}
        self.paths |= {words: start(self.ada, words) for words in ("short 2", "long 2")}
        for path in self.paths.values():
            wait_until(lambda path=path: len(text_of(self.ada.get(path).text)) > 9)
        self.tabs = {words: OpenTab(house, self.ada, path) for words, path in self.paths.items()}
        self.following = [
            threading.Thread(target=tab.follow_to_the_end, daemon=True)
            for tab in self.tabs.values()
        ]
        for thread in self.following:
            thread.start()
        wait_until(lambda: all(tab.offset for tab in self.tabs.values()))

    def _answer(self, request: Request):
        yield Send(head())
        number = 0
        while question(request).startswith("long") or not self.restarting.is_set():
            yield say(request, f"{number} ")
            yield Pause(WORD_S, exact=True)
            number += 1
        yield say(request, "and this is all.")
        yield final(request)
        yield Send(END)

    def assert_ended_well(self) -> None:
        for thread in self.following:
            thread.join(30)
        written = {question(chat): len(chat.written) for chat in self.ollama.chats}
        assert len(self.ollama.chats) == len(self.paths)
        for words, tab in self.tabs.items():
            assert tab.ended, "the tab never saw the end"
            page = closed_page(self.ada, self.paths[words])
            text = text_of(page)
            assert text == re.sub(r"<[^>]+>", " ", tab.words)
            if words.startswith("short"):
                assert tab.ended["state"] == "done"
                assert text.rstrip().endswith("and this is all.")
                assert "AhFai was restarted" not in page
            else:
                assert tab.ended["state"] == "interrupted"
                assert "AhFai was restarted" in page
                assert "Continue" in page
                # All of it, not only what the saver had written before.
                assert written[words] - len(text.split()) <= UNREAD


@pytest.fixture
def ollama():
    with FakeOllama() as ollama:
        yield ollama


def house(ollama: FakeOllama, processes: int) -> House:
    return House(
        OLLAMA_URL=ollama.url,
        OLLAMA_PARALLEL="4",
        RUNS_PER_USER="4",
        DRAIN_S=str(DRAIN_S),
        WEB_PROCESSES=str(processes),
    )


@pytest.mark.both_databases
def test_when_one_web_process_after_the_other_is_replaced_no_reply_stays_open(ollama):
    with house(ollama, processes=2) as running:
        streams = Streams(running, ollama)
        for old in running.web_pids():
            os.kill(old, signal.SIGTERM)
            streams.restarting.set()
            wait_until(lambda old=old: old not in running.web_pids(), 30)
            wait_until(lambda: len(running.web_pids()) == 2, 30)
            assert running.is_up()
        streams.assert_ended_well()


@pytest.mark.both_databases
def test_when_all_is_stopped_and_started_the_open_tabs_see_how_their_replies_ended(ollama):
    with house(ollama, processes=1) as running:
        streams = Streams(running, ollama)
        running.process.send_signal(signal.SIGTERM)
        streams.restarting.set()
        assert running.process.wait(30) == 0
        running.start()
        streams.assert_ended_well()
        for words, tab in streams.tabs.items():
            assert tab.times_sent_elsewhere or words.startswith("short")
