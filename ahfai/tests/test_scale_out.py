"""AhFai on servers of its own, which go away and come back: PostgreSQL restarted under it."""

import re
import secrets
import statistics
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from django.db.utils import ConnectionHandler

from ahfai.crypto import MasterKeys
from ahfai.postgres import address, reaching
from ahfai.tests.caches import CacheServer
from ahfai.tests.databases import Database, database, replica
from ahfai.tests.house import Browser, House
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import END, FakeOllama, Pause, Request, Send, final, head, say
from chats.tests.open_tab import OpenTab
from chats.tests.test_kill import closed_page, start, text_of

pytestmark = pytest.mark.same_everywhere

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
        self.said: list[float] = []

    def __call__(self, request: Request):
        yield Send(head())
        number = 0
        while not self.may_end.is_set():
            self.said.append(time.monotonic())
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
        assert "Service Unavailable: /notes/" not in house.log.read_text()


def test_whoever_starts_with_a_replica_or_isnt_let_in_is_told_why(standby):
    def fault(url: str) -> str:
        named = address.read(url) | {"ENGINE": "ahfai.postgres"}
        return reaching.fault(ConnectionHandler({"default": named})["default"])

    assert fault(standby.url) == reaching.READ_ONLY
    assert 'database "nowhere" does not exist' in fault(
        standby.url.replace("/postgres", "/nowhere")
    )
    nobody_there = standby.url.replace("127.0.0.1", "127.0.0.1:1,127.0.0.1")
    assert "Connection refused" in fault(nobody_there.replace(str(standby.port), "1"))
    assert fault(nobody_there) == reaching.READ_ONLY


def write_note(person: Browser, title: str) -> None:
    assert person.post("/notes/new", "/notes/new", {"title": title, "body": "Words"}).ok


@pytest.fixture(scope="module")
def cache_server() -> Iterator[CacheServer]:
    server = CacheServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("has_cache", [False, True], ids=["alone", "with a cache"])
def test_a_reply_is_watched_resumed_and_stopped_from_another_machine(
    primary, cache_server, record_property, has_cache
):
    answer = Slow()
    places = {"DATABASE_URL": primary.url, "CACHE_URL": cache_server.url if has_cache else ""}
    with FakeOllama() as ollama:
        ollama.play(answer)
        asked = House(OLLAMA_URL=ollama.url, **places, **KEYS)
        other = House(OLLAMA_URL=ollama.url, **places, **KEYS)
        with asked, other:
            ada = Browser(asked.url)
            ada.sign_up(f"ada@{'with' if has_cache else 'alone'}.example.org")
            there = Browser(other.url)
            there.session.cookies.update(ada.session.cookies)
            path = start(ada, "Tell me a long story")
            tab = OpenTab(other, there, path)
            while not tab.offset:
                tab.follow(pieces=1)
            before = tab.offset
            delays = watched(tab, answer, pieces=6)
            record_property("words came after", f"{statistics.median(delays):.2f} s")
            assert tab.offset > before > 0
            assert statistics.median(delays) < 3

            record_property("it was stopped after", f"{stopped_from(there, path):.2f} s")
            tab.follow_to_the_end()
            assert tab.ended["state"] == "stopped"
            counted = [int(word) for word in re.findall("[0-9]+", text_of(tab.ended["html"]))]
            assert counted == list(range(len(counted))), "words vanished, or came twice"

            if has_cache:
                cache_server.stop()
                # Slower, and never wrong.
                path = start(ada, "Tell me another one")
                tab = OpenTab(other, there, path)
                while not tab.offset:
                    tab.follow(pieces=1)
                assert stopped_from(there, path) < 5
                assert "cache: it keeps nothing" in requests.get(other.url + "/ready").text
                cache_server.start()
                wait_until(lambda: "cache: ok" in requests.get(other.url + "/ready").text, 10)
                assert "Traceback" not in asked.log.read_text() + other.log.read_text()


def stopped_from(person: Browser, path: str) -> float:
    """How many seconds it takes until a reply that they stop is closed."""
    address = re.search(r'action="(/chats/replies/[^"]+/stop)"', person.get(path).text)[1]
    began = time.monotonic()
    person.post(address, path, {})
    wait_until(lambda: closed_page(person, path), 5)
    return time.monotonic() - began


def watched(tab: OpenTab, answer: Slow, pieces: int) -> list[float]:
    """How long after the model said them words came."""
    delays = []
    take = tab._take

    def timed(name: str, number: int, data: dict) -> None:
        take(name, number, data)
        # The first and the last one may be halves.
        for word in data.get("text", "").split()[1:-1] if name == "tail" else []:
            delays.append(time.monotonic() - answer.said[int(word)])

    tab._take = timed
    tab.follow(pieces)
    tab._take = take
    return delays


def test_where_the_address_names_both_a_promoted_replica_is_found_by_itself(primary, standby):
    """The last one here: the two change their parts."""
    both = primary.url.replace("/postgres", f",127.0.0.1:{standby.port}/postgres")
    places = {
        "DATABASE_URL": f"{both}?target_session_attrs=read-write",
        "DATABASE_REPLICA_URL": f"{both}?target_session_attrs=standby",
    }

    def ready() -> str:
        return requests.get(house.url + "/ready", timeout=9).text

    with House(**places, **KEYS) as house:
        wait_until(lambda: "replica: ok" in ready(), 20)
        standby.wait_for(primary)

        primary.stop()
        standby.run("SELECT pg_promote()")
        wait_until(lambda: "database: ok" in ready(), COMES_BACK_S)
        ada = Browser(house.url)
        ada.sign_up("ada@promoted.example.org")

        # What was the primary comes back as the replica.
        primary.forget()
        primary.copy(standby)
        primary.start()
        wait_until(lambda: "replica: ok" in ready(), COMES_BACK_S)
