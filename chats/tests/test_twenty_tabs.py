"""Many tabs on one reply, each leaving and coming back as it likes."""

import random
import time

import pytest

from ahfai import markdown
from ahfai.tests.at_once import at_once
from ahfai.tests.house import Browser, House
from chats.tests.fake_ollama import (
    END,
    STORY,
    FakeOllama,
    Pause,
    Request,
    Send,
    final,
    head,
    say,
    words_of,
)
from chats.tests.open_tab import OpenTab
from chats.tests.test_kill import start

TABS = 20
# So long the story is at least; it ends when every tab has come back so often.
WORDS = 200
BACK = 3


@pytest.mark.both_databases
def test_twenty_tabs_that_come_and_go_show_one_reply_and_the_model_is_asked_once():
    """With two processes: the one that writes the reply, and one that follows its row."""
    tabs: list[OpenTab] = []
    told: list[str] = []

    def story(request: Request):
        yield Send(head())
        for word in words_of(STORY, 100_000):
            told.append(word)
            yield say(request, word)
            yield Pause(0.01, exact=True)
            if len(told) > WORDS and sum(tab.times_opened > BACK for tab in tabs) == TABS:
                break
        yield final(request)
        yield Send(END)

    with FakeOllama() as ollama, House(OLLAMA_URL=ollama.url, WEB_PROCESSES="2") as house:
        ollama.play(story)
        ada = Browser(house.url)
        ada.sign_up()
        path = start(ada, "A story for all of us")
        tabs += [OpenTab(house, ada, path) for _ in range(TABS)]
        at_once(lambda number: come_and_go(tabs[number], number), TABS)
        assert len(ollama.chats) == 1

    whole = "".join(told)
    blocks = markdown.closed_blocks(whole)
    shown = "".join(markdown.render_block(whole[begin:end]) for begin, end in blocks)
    closed = blocks[-1][1]
    for tab in tabs:
        assert tab.ended["state"] == "done"
        assert tab.words == markdown.render(whole)
        # And so it was a moment before, put together from what came in pieces.
        assert tab.html == shown
        assert (tab.closed, tab.tail) == (closed, whole[closed:])
    assert len(set.union(*(tab.served for tab in tabs))) == 2


def come_and_go(tab: OpenTab, seed: int) -> None:
    """Follow the reply to its end, with breaks."""
    chance = random.Random(seed)
    while not tab.ended:
        tab.follow(chance.randrange(1, 5))
        time.sleep(chance.choice([0, 0.02, 0.2]))
        if not tab.ended and chance.random() < 0.1:
            tab.reload()
