"""AhFai on servers of its own, which go away and come back: PostgreSQL restarted under it."""

import re
import secrets
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from ahfai.crypto import MasterKeys
from ahfai.tests.databases import Database, database, replica
from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, FakeOllama, Pause, Request, Send, final, head, say
from chats.tests.open_tab import OpenTab
from chats.tests.test_kill import closed_page, start, text_of

pytestmark = pytest.mark.only_on_sqlite

# Once it is back, all goes on within this, and nobody has to do anything.
COMES_BACK_S = 10


@pytest.fixture(scope="module")
def primary() -> Iterator[Database]:
    with database() as made:
        yield made


@pytest.fixture(scope="module")
def standby(primary) -> Iterator[Database]:
    with replica(primary) as made:
        yield made


# Machines with one database need the same keys.
KEYS = {"SECRET_KEY": secrets.token_urlsafe(64), "MASTER_KEY": MasterKeys.new_line()}


class Slow:
    """Answers word by word until it may end."""

    def __init__(self) -> None:
        self.may_end = threading.Event()

    def __call__(self, request: Request):
        yield Send(head())
        number = 0
        while not self.may_end.is_set():
            yield say(request, f"{number} ")
            yield Pause(0.05, exact=True)
            number += 1
        yield say(request, "and this is all.")
        yield final(request)
        yield Send(END)


def test_when_the_database_is_restarted_all_goes_on_and_a_growing_reply_ends_whole(
    primary, record_property
):
    answer = Slow()
    with (
        FakeOllama() as ollama,
        House(DATABASE_URL=primary.url, OLLAMA_URL=ollama.url, **KEYS) as house,
    ):
        ollama.play(answer)
        ada = Browser(house.url)
        ada.sign_up()
        path = start(ada, "Tell me a long story")
        wait_until(lambda: len(text_of(ada.get(path).text)) > 9)
        tab = OpenTab(house, ada, path)
        following = threading.Thread(target=tab.follow_to_the_end, daemon=True)
        following.start()

        primary.stop()
        refused = ada.get("/")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert "Back in a moment" in refused.text
        primary.start()
        back = time.monotonic()
        wait_until(lambda: ada.get("/").ok, COMES_BACK_S)
        record_property("pages came back after", f"{time.monotonic() - back:.1f} s")
        wait_until(lambda: "worker: ok" in requests.get(house.url + "/ready", timeout=9).text, 10)

        answer.may_end.set()
        page = wait_until(lambda: closed_page(ada, path), COMES_BACK_S)
        record_property("the reply was whole after", f"{time.monotonic() - back:.1f} s")
        following.join(30)
        words = text_of(page).split()
        counted = [int(word) for word in words if re.fullmatch("[0-9]+", word)]
        assert counted == list(range(len(counted))), "words are missing"
        assert "and this is all." in text_of(page)
        assert tab.ended["state"] == "done"
        assert len(house.children()) == 3, "a process died"
        assert "process ended" not in house.log.read_text()


def test_lists_come_from_the_replica_but_never_without_the_persons_own_changes(primary, standby):
    places = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URL": standby.url}
    with House(**places, **KEYS) as house:
        ada = Browser(house.url)
        ada.sign_up("ada@replica.example.org")
        write_note(ada, "The first note")
        wait_until(lambda: "replica: ok" in requests.get(house.url + "/ready", timeout=9).text, 20)
        # As if that had been a while ago.
        primary.run("UPDATE accounts_user SET wrote = NULL")
        # Until this is known there.
        standby.wait_for(primary)

        standby.run("SELECT pg_wal_replay_pause()")
        primary.run("UPDATE notes_note SET trashed = now()")
        assert "The first note" in ada.get("/notes/").text, "it was not read from the replica"
        write_note(ada, "The second note")
        shown = ada.get("/notes/").text
        assert "The second note" in shown
        assert "The first note" not in shown
        primary.run("UPDATE accounts_user SET wrote = NULL")
        assert "The second note" in ada.get("/notes/").text, "the number of changes is compared"
        standby.run("SELECT pg_wal_replay_resume()")
        standby.wait_for(primary)
        assert "The second note" in ada.get("/notes/").text

        standby.stop()
        began = time.monotonic()
        assert ada.get("/notes/").ok
        assert time.monotonic() - began < 3
        assert "replica: OperationalError" in requests.get(house.url + "/ready", timeout=9).text
        standby.start()
        wait_until(lambda: "replica: ok" in requests.get(house.url + "/ready", timeout=9).text, 10)
        assert "503" not in house.log.read_text()


def write_note(person: Browser, title: str) -> None:
    assert person.post("/notes/new", "/notes/new", {"title": title, "body": "Words"}).ok
