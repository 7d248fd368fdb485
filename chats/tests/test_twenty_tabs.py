"""Many tabs on one reply, each leaving and coming back as it likes."""

import random
import time

import pytest

from ahfai import markdown
from ahfai.tests.at_once import at_once
from ahfai.tests.house import Browser, House
from chats.tests.fake_ollama import STORY, FakeOllama, words_of
from chats.tests.open_tab import OpenTab

TABS = 20
WORDS = 250


@pytest.mark.both_databases
def test_twenty_tabs_that_come_and_go_show_one_reply_and_the_model_is_asked_once():
    """With two processes: the one that writes the reply, and one that follows its row."""
    with (
        FakeOllama(delay_s=0.01) as ollama,
        House(OLLAMA_URL=ollama.url, WEB_PROCESSES="2") as house,
    ):
        ollama.words = WORDS
        ollama.play("story")
        ada = Browser(house.url)
        ada.sign_up()
        path = ada.post("/chats/start", "/", {"text": "A story"}).url.removeprefix(house.url)
        tabs = [OpenTab(house, ada, path) for _ in range(TABS)]
        at_once(lambda number: come_and_go(tabs[number], number), TABS)
        assert len(ollama.chats) == 1

    whole = "".join(words_of(STORY, WORDS))
    blocks = markdown.closed_blocks(whole)
    closed = blocks[-1][1]
    for tab in tabs:
        assert tab.ended["state"] == "done"
        assert tab.words == tabs[0].words
        assert tab.html == "".join(markdown.render_block(whole[start:end]) for start, end in blocks)
        assert (tab.closed, tab.tail) == (closed, whole[closed:])
    assert tabs[0].words == markdown.render(whole)
    assert len(set.union(*(tab.served for tab in tabs))) == 2
    assert sum(tab.times_opened for tab in tabs) > 2 * TABS


def come_and_go(tab: OpenTab, seed: int) -> None:
    """Follow the reply to its end, with breaks."""
    chance = random.Random(seed)
    while not tab.ended:
        tab.follow(chance.randrange(1, 5))
        time.sleep(chance.choice([0, 0.02, 0.2]))
        if not tab.ended and chance.random() < 0.1:
            tab.reload()
