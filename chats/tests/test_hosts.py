"""Several model servers: who gets a place at which, and what happens when one is lost."""

import time
from collections import Counter
from contextlib import ExitStack

import pytest
from django.test.utils import override_settings

from ahfai.management.commands import doctor
from ahfai.serving import model_server
from ahfai.tests.at_once import at_once
from ahfai.tests.ports import free_port
from chats import embedding, generation, hosts, servers
from chats.engines import Model
from chats.engines.failures import failed
from chats.generation import registry, silence
from chats.lifecycle import line, places, storing
from chats.models import Message, State
from chats.tests.conftest import quick_replies, wait_until
from chats.tests.fake_ollama import FakeModel, FakeOllama, Pause
from chats.tests.test_reply_life import closed_reply, reply_of, start
from notes.vectors import EmbedderAway

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "llama3.1:8b"


class Hanging(FakeOllama):
    """Answers until its machine loses its power: then it neither answers nor hangs up."""

    silent = False

    def answer(self, request):
        return [Pause(60, exact=True)] if self.silent else super().answer(request)


class Farm:
    """Two model servers on this machine, that can be switched off and on."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.servers: list[Hanging] = []
        self._switches: list[ExitStack] = []
        for _ in range(2):
            self._switches.append(ExitStack())
            # While one is switched off, nobody else may answer at its port.
            port = free_port()
            fake = Hanging(port=port, scale=0.01, delay_s=0.01, models=(FakeModel(MODEL),))
            self.servers.append(self._switches[-1].enter_context(fake))
        self.urls = [server.url for server in self.servers]

    def off(self, number: int) -> None:
        self._switches[number].close()

    def on(self, number: int) -> None:
        before = self.servers[number]
        port = int(self.urls[number].rpartition(":")[2])
        fake = Hanging(port=port, scale=0.01, delay_s=0.01, models=tuple(before.models))
        self.servers[number] = self._switches[number].enter_context(fake)

    def close(self) -> None:
        for number in range(2):
            self.off(number)

    def chats(self) -> list[int]:
        return [len(server.chats) for server in self.servers]


@pytest.fixture
def farm(settings, monkeypatch):
    made = Farm()
    settings.OLLAMA_URL = ",".join(made.urls)
    settings.OLLAMA_MODEL = MODEL
    settings.RUNS_PER_USER = 8
    monkeypatch.setattr("chats.engines.connection.REFUSED_WAIT_S", 0.01)
    monkeypatch.setattr(hosts, "MOMENT_S", 5)
    monkeypatch.setattr(hosts, "FIRST_S", 5)
    with quick_replies(monkeypatch):
        yield made
    made.close()


@pytest.fixture
def named(settings):
    """Servers of which nothing is known, since nobody is asked."""
    settings.OLLAMA_URL = "http://127.0.0.1:9,http://127.0.0.1:19"
    settings.OLLAMA_PARALLEL, settings.RUNS_PER_USER = 2, 64
    servers.forget()
    yield hosts.names()
    servers.forget()


def is_running(chat) -> bool:
    return reply_of(chat).state == State.RUNNING


def test_replies_go_to_the_least_busy_server_and_then_into_one_line(client, farm):
    servers.models()
    for server in farm.servers:
        server.play("endless")
    first, second, third, fourth = (start(client) for _ in range(4))
    wait_until(lambda: farm.chats() == [1, 1])
    assert {reply_of(first).server, reply_of(second).server} == set(farm.urls)
    waiting = [reply_of(chat) for chat in (third, fourth)]
    assert [reply.state for reply in waiting] == [State.WAITING, State.WAITING]
    assert [line.place_in_line(reply) for reply in waiting] == [1, 2]
    generation.running(reply_of(second).pk).stop()
    wait_until(lambda: is_running(third))
    assert reply_of(third).server == reply_of(second).server
    assert line.place_in_line(waiting[1]) == 1


def test_of_servers_that_are_equally_busy_one_has_the_model_in_memory(client, farm):
    farm.servers[1].loaded.add(MODEL)
    servers.models()
    closed_reply(start(client))
    assert farm.chats() == [0, 1]


def test_a_model_is_asked_for_only_where_it_is_and_offered_with_all_others(client, farm):
    farm.servers[1].models.append(FakeModel("rare:1b"))
    assert servers.listed() is None
    names = [choice.name for choice in servers.choices()]
    assert names == [MODEL, "rare:1b"]
    for _ in range(2):
        assert closed_reply(start(client, model="rare:1b")).state == State.DONE
    assert farm.chats() == [0, 2]


def test_a_full_server_keeps_only_those_waiting_who_want_what_it_alone_has(client, farm):
    farm.servers[0].models.append(FakeModel("rare:1b"))
    farm.servers[0].play("endless")
    servers.models()
    first, stuck = (start(client, model="rare:1b") for _ in range(2))
    wait_until(lambda: is_running(first))
    assert closed_reply(start(client, model=MODEL)).state == State.DONE
    assert reply_of(stuck).state == State.WAITING


def test_a_server_that_cannot_be_reached_is_passed_over_without_a_word(client, farm):
    servers.models()
    farm.off(0)
    for _ in range(3):
        assert closed_reply(start(client)).content == "Hello"
    assert len(farm.servers[1].chats) == 3
    assert hosts.at(farm.urls[0]).failure.code == "away"


def test_a_server_that_dies_before_the_first_word_is_replaced(client, farm):
    servers.models()
    farm.servers[0].play("never_answers")
    chat = start(client)
    wait_until(lambda: farm.chats() == [1, 0])
    farm.off(0)
    reply = closed_reply(chat)
    assert (reply.state, reply.content, reply.server) == (State.DONE, "Hello", farm.urls[1])


def test_a_server_that_hangs_before_the_first_word_is_replaced(client, farm, monkeypatch):
    monkeypatch.setattr("chats.engines.ollama.LOOK_S", 0.1)
    monkeypatch.setattr(silence, "LOOK_EVERY_S", 0.02)
    servers.models()
    farm.servers[0].play("never_answers")
    farm.servers[0].silent = True
    reply = closed_reply(start(client))
    assert (reply.state, reply.server) == (State.DONE, farm.urls[1])
    assert farm.servers[0].wait_for(lambda: farm.servers[0].chats[0].disconnected)


def test_what_a_lost_server_had_written_is_kept_and_can_be_gone_on_with(client, farm):
    servers.models()
    farm.servers[0].play("endless")
    chat = start(client)
    wait_until(lambda: reply_of(chat).content)
    farm.off(0)
    reply = closed_reply(chat)
    assert (reply.state, reply.reason) == (State.INTERRUPTED, "cut")
    assert reply.can_continue
    assert closed_reply(start(client)).server == farm.urls[1]


def test_a_server_that_is_back_gets_work_again(client, farm, monkeypatch):
    monkeypatch.setattr(hosts, "KEEP_FAILURE_S", 0.1)
    monkeypatch.setattr(hosts, "REST_S", 0.1)
    servers.models()
    farm.off(0)
    farm.servers[1].play("endless")
    chats = [start(client) for _ in range(2)]
    wait_until(lambda: len(farm.servers[1].chats) == 1)
    wait_until(lambda: sorted(reply_of(one).state for one in chats) == ["running", "waiting"])
    [waiting] = [one for one in chats if not is_running(one)]
    farm.on(0)
    assert closed_reply(waiting).server == farm.urls[0]


def test_whoever_waits_for_a_server_that_is_lost_gets_a_place_at_the_other(client, farm):
    servers.models()
    for server in farm.servers:
        server.play("never_answers")
    first, second, waiting = (start(client) for _ in range(3))
    wait_until(lambda: farm.chats() == [1, 1])
    farm.servers[1].play("plain")
    farm.off(0)
    # The one whose server is lost came first, and goes first.
    generation.running(reply_of(second).pk).stop()
    assert closed_reply(first).state == State.DONE
    assert closed_reply(waiting).state == State.DONE
    assert {reply_of(chat).server for chat in (first, waiting)} == {farm.urls[1]}


@pytest.mark.parametrize("fault", ["load_failed", "out_of_memory", "missing", "html_on_chat"])
def test_a_server_that_lists_a_model_but_fails_with_it_is_left_alone_for_a_while(
    client, farm, fault
):
    servers.models()
    farm.servers[0].play(fault)
    for _ in range(3):
        assert closed_reply(start(client)).state == State.DONE
    assert farm.chats() == [1, 3]


def test_each_further_failure_is_remembered_twice_as_long(named, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    host = hosts.Host("http://a", None)
    rests = []
    for _ in range(7):
        host.failed("m", "broken")
        host.failed("m", "broken")
        began = now[0]
        while host.rests("m"):
            now[0] += 1
        rests.append(now[0] - began)
    assert rests == [3, 6, 12, 24, 48, 60, 60]
    host.worked("m")
    host.failed("m", "broken")
    now[0] += 3
    assert not host.rests("m")


def test_where_no_server_is_well_the_person_is_told_as_with_one(client, farm):
    servers.models()
    farm.close()
    reply = closed_reply(start(client))
    assert (reply.state, reply.reason) == (State.FAILED, "away")
    wait_until(lambda: servers.status().state == "away")
    page = client.get(reply.chat.get_absolute_url()).content.decode()
    assert "The model server can&#x27;t be reached" in page or "can’t be reached" in page
    assert "127.0.0.1" not in page


def test_what_is_wrong_with_the_question_itself_is_not_asked_elsewhere(client, farm):
    servers.models()
    farm.servers[0].play("think_refused")
    assert closed_reply(start(client)).reason == "cannot_think"
    assert farm.chats() == [1, 0]


def test_models_of_a_server_that_only_starts_anew_stay_offered(farm, monkeypatch):
    farm.servers[1].models.append(FakeModel("rare:1b"))
    servers.models()
    lost = hosts.at(farm.urls[1])
    lost.failed("m", "away")
    assert "rare:1b" in servers.listed()
    monkeypatch.setattr(hosts, "KEEP_LOST_S", 0)
    assert servers.listed() == [MODEL]
    assert failed("away").sentence == lost.failure.sentence


def test_of_different_models_of_one_name_the_commonest_speaks():
    found = [
        Model("m:1b", 1, frozenset(), length, digest=digest)
        for digest, length in (("x", 1), ("y", 2), ("y", 2))
    ]
    assert hosts.commonest(found).context_length == 2


def test_never_more_replies_than_places_at_each_server_though_all_claim_together(
    owner, stranger, named
):
    with override_settings(OLLAMA_PARALLEL=0):
        replies = [
            storing.start((owner, stranger)[number % 2], "q", f"m{number % 2}", None)[0]
            for number in range(12)
        ]
    order: list[int] = []

    def claim(number: int) -> None:
        # As the loop of a waiting reply does it, until no place is left.
        for _ in range(3):
            if places.claim(replies[number]):
                order.append(number)
                return

    at_once(claim, 12)
    running = Message.objects.filter(state=State.RUNNING)
    taken = Counter(running.values_list("server", "model"))
    assert set(taken) <= {(name, model) for name in named for model in ("m0", "m1")}
    assert max(taken.values()) <= 2
    # The rest comes once its turn is there; all places are taken then.
    for number in range(12):
        places.claim(replies[number])
    taken = Counter(running.values_list("server", "model"))
    assert dict(taken) == {(name, model): 2 for name in named for model in ("m0", "m1")}
    # In order of arrival: the last ones of each model wait.
    assert {replies.index(one) for one in Message.objects.filter(state="waiting")} == {8, 9, 10, 11}


def test_a_place_at_a_server_that_the_settings_no_longer_name_still_counts(owner, named):
    for _ in range(2):
        left = storing.start(owner, "q", "m", None)[0]
        Message.objects.filter(pk=left.pk).update(server="http://gone:1")
    found = [storing.start(owner, "q", "m", None)[0] for _ in range(3)]
    assert [one.server for one in found[:2]] == [named[1], named[1]]
    assert found[2].state == State.WAITING


def test_a_title_is_asked_for_where_the_reply_was_written(client, farm, settings):
    settings.TITLES = True
    servers.models()
    farm.servers[1].loaded.add(MODEL)
    farm.off(0)
    closed_reply(start(client))
    wait_until(lambda: not registry.every() and len(farm.servers[1].chats) == 2)


def test_vectors_are_made_by_another_server_where_one_is_lost(farm, settings):
    settings.OLLAMA_EMBED_MODEL = "meaning:1b"
    for server in farm.servers:
        server.models.append(FakeModel("meaning:1b", ("embedding",)))
    servers.models()
    farm.off(0)
    embedder = embedding.embedder()
    assert len(embedder.of_passages(["one", "two"])) == 2
    farm.off(1)
    with pytest.raises(EmbedderAway):
        embedder.of_question("one")


def test_who_watches_the_installation_reads_each_server_by_its_number(
    client, nobody, farm, settings
):
    settings.METRICS_TOKEN = "a-token-of-more-than-24-letters"
    farm.off(1)
    farm.servers[0].play("endless")
    chat = start(client)
    wait_until(lambda: is_running(chat))
    said = nobody.get("/ready").content.decode()
    assert "model server 1: ok (a note)\nmodel server 2: away (a note)" in said
    assert "127.0.0.1" not in said
    token = f"Bearer {settings.METRICS_TOKEN}"
    numbers = nobody.get("/metrics", HTTP_AUTHORIZATION=token).content.decode()
    assert 'ahfai_model_server_ready{server="1"} 1\n' in numbers
    assert 'ahfai_model_server_ready{server="2"} 0\n' in numbers
    assert 'ahfai_model_server_busy{server="1"} 1\n' in numbers


def test_a_server_that_has_never_answered_is_called_unknown_and_keeps_nobody_waiting(nobody, farm):
    farm.servers[1].silent = True
    said = nobody.get("/ready").content.decode()
    assert "model server 1: ok (a note)\nmodel server 2: unknown (a note)" in said
    assert hosts.able(MODEL) == [hosts.names()[0]]


def test_the_doctor_tells_of_each_server_and_what_differs(farm):
    farm.servers[0].models = [FakeModel(MODEL), FakeModel("rare:1b")]
    found = {finding.sentence: finding.advice for finding in doctor._model_server()}
    assert found[f"{farm.urls[1]}: ollama 0.32.15 answers."] == ""
    assert any(one.endswith(f"It is only at {farm.urls[0]}.") for one in found)
    farm.off(1)
    found = {finding.sentence: finding.advice for finding in doctor._model_server()}
    [wrong] = [one for one, advice in found.items() if advice]
    assert wrong.startswith(f"{farm.urls[1]}: The model server can't be reached")


def test_the_start_says_which_server_answers(farm):
    farm.off(1)
    assert model_server.states("ollama") == [
        f"Model server 1, {farm.urls[0]}: it answers.",
        f"Model server 2, {farm.urls[1]}: it doesn't answer yet.",
    ]
