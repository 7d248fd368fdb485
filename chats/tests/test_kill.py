"""kill -9 of the web process in the middle of streams: nothing that was acknowledged is lost."""

import os
import random
import re
import signal
import time

import pytest

from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeOllama, Request, asking_for

PEOPLE = ("ada", "ben", "cem")
STREAMS_EACH = 2
WORD_S = 0.05
# What wasn't saved yet may go: about a second's words, and the time the save itself takes.
LOST_S = 1.5


@pytest.mark.both_databases
@pytest.mark.parametrize("times", [3, pytest.param(100, marks=pytest.mark.prove)])
def test_killing_the_web_process_in_a_stream_keeps_the_words_and_the_text_so_far(
    times, record_property
):
    chance = random.Random(9)
    lost = []
    places = {"OLLAMA_PARALLEL": str(len(PEOPLE) * STREAMS_EACH), "RUNS_PER_USER": "9"}
    with FakeOllama(delay_s=WORD_S) as ollama, House(OLLAMA_URL=ollama.url, **places) as house:
        people = [signed_up(house, name) for name in PEOPLE]
        for number in range(times):
            ollama.play("endless")
            streams = {}
            for person in people * STREAMS_EACH:
                asked = f"Please count the waves, {number}.{len(streams)}"
                streams[asked] = person, start(person, asked)
            for person, path in streams.values():
                wait_until(lambda person=person, path=path: len(text_of(person.get(path).text)) > 9)
            # Long enough for a save that comes too late to be noticed.
            time.sleep(chance.uniform(1.6, 2.6))
            last = f"And this was acknowledged just in time, {number}"
            streams[last] = people[0], start(people[0], last)
            os.kill(house.web_pid(), signal.SIGKILL)
            sent = {question(chat): len(chat.written) for chat in ollama.chats}
            wait_until(house.is_up, 20)
            for asked, (person, path) in streams.items():
                page = wait_until(lambda person=person, path=path: closed_page(person, path), 20)
                assert asked in page
                assert "AhFai was restarted" in page
                words = len(text_of(page).split())
                lost.append((sent.get(asked, 0) - words) * WORD_S)
                assert lost[-1] <= LOST_S
            ollama.play("plain")
            retry = re.search(r'action="(/chats/replies/[^"]+/retry)"', page)[1]
            people[0].post(retry, path, {})
            wait_until(lambda path=path: "Hello" in text_of(people[0].get(path).text))
        assert len(ollama.chats) == times * (len(PEOPLE) * STREAMS_EACH + 1)
        assert_a_card_outlives_its_process(house, ollama, people[0])
    record_property("most text lost", f"{max(lost):.1f} s")


def signed_up(house: House, name: str) -> Browser:
    person = Browser(house.url)
    person.sign_up(f"{name}@example.org")
    return person


def start(person: Browser, text: str) -> str:
    return person.post("/chats/start", "/", {"text": text}).url.removeprefix(person.url)


def question(chat: Request) -> str:
    return chat.body["messages"][-1]["content"]


def closed_page(person: Browser, path: str) -> str:
    """The page of a chat once its reply is over, else nothing."""
    page = person.get(path).text
    return "" if "aria-busy" in page else page


def text_of(page: str) -> str:
    found = re.search(r"data-words>(.*?)</div>", page, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[1]) if found else ""


def assert_a_card_outlives_its_process(house: House, ollama: FakeOllama, person: Browser) -> None:
    """Killed between two rounds: the card is there, and acts once however often it is pressed."""
    phrase = {"phrase": "book the cabin tomorrow at 9"}
    ollama.play(asking_for(("set_reminder", phrase)), "never_answers")
    path = start(person, "Remind me to book the cabin")
    wait_until(lambda: "book the cabin" in text_of_cards(person.get(path).text))
    os.kill(house.web_pid(), signal.SIGKILL)
    wait_until(house.is_up, 20)
    page = wait_until(lambda: closed_page(person, path), 20)
    confirm = re.search(r'action="(/chats/cards/[^"]+/confirm)"', page)[1]
    for _ in range(3):
        person.post(confirm, path, {"version": "0"})
    listed = re.findall(r'"/reminders/([0-9a-f-]{36})/"', person.get("/reminders/").text)
    assert len(set(listed)) == 1
    assert "Set. You will be reminded" in person.get(path).text


def text_of_cards(page: str) -> str:
    return " ".join(re.findall(r'<div role="group" class="card.*?</footer>', page, re.DOTALL))
