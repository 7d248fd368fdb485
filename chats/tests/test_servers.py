"""What is known of the model server, however slowly it answers."""

import os
import socket
import threading
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from ahfai.tests.at_once import at_once
from chats import hosts, servers
from chats.builtin import key
from chats.builtin.weights import WEIGHTS
from chats.composing import composer
from chats.engines import Call, EngineFailed
from chats.models import BuiltinServer, Chat
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeModel, FakeOllama, Pause


class Moody(FakeOllama):
    """Lists its models until it falls silent."""

    silent = False

    def answer(self, request):
        return [Pause(60, exact=True)] if self.silent else super().answer(request)

    def times_listed(self) -> int:
        return sum(request.path == "/api/tags" for request in self.requests)


@pytest.fixture(autouse=True)
def nothing_known():
    servers.forget()
    yield
    servers.forget()


@pytest.fixture
def ollama(settings, monkeypatch):
    # However busy the machine is, its first list is waited for.
    monkeypatch.setattr(hosts, "FIRST_S", 10)
    with Moody() as server:
        settings.OLLAMA_URL = server.url
        yield server


@pytest.fixture
def hanging(settings):
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.OLLAMA_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        yield


@pytest.fixture
def patient(monkeypatch):
    """A busy machine mustn't make a quick server look like a slow one."""
    monkeypatch.setattr(hosts, "MOMENT_S", 10)


@pytest.fixture
def waits(monkeypatch):
    """For how long somebody was ready to wait for the server each time: on a busy machine a clock
    tells more of the machine."""
    changed, waits = hosts.every()[0]._changed, []
    wait_for = changed.wait_for

    def noted(predicate, seconds):
        waits.append(0 if predicate() else seconds)
        return wait_for(predicate, seconds)

    monkeypatch.setattr(changed, "wait_for", noted)
    return waits


@pytest.fixture
def builtin(settings, db):
    settings.MODEL_SERVER = "builtin"
    return BuiltinServer.objects.create(state="ready")


def test_a_page_waits_a_moment_for_a_hanging_server_and_then_says_so(
    owner, hanging, waits, monkeypatch
):
    monkeypatch.setattr(hosts, "FIRST_S", 0.2)
    shown = composer(owner)
    assert sum(waits) <= 0.2
    assert shown["model_status"].state == "away"
    assert "still starting" in shown["model_status"].sentence
    waits.clear()
    composer(owner)
    assert sum(waits) == 0


def test_where_the_system_gives_no_thread_the_next_reader_asks(ollama, monkeypatch):
    def no_more(**_named):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as scarce:
        scarce.setattr(hosts, "threading", mock.Mock(wraps=threading, Thread=no_more))
        with pytest.raises(EngineFailed):
            hosts.read()
    assert hosts.read()[0].state == "ready"


def test_many_pages_ask_a_hanging_server_once_and_none_waits_for_another(
    hanging, waits, monkeypatch
):
    monkeypatch.setattr(hosts, "FIRST_S", 0.2)
    before = threading.active_count()
    at_once(lambda _: servers.status(), 8)
    assert len(waits) == 8
    assert max(waits) <= 0.2
    assert threading.active_count() <= before + 1


def test_an_old_list_is_given_while_the_server_hangs(ollama, waits, monkeypatch):
    assert servers.status().state == "ready"
    names = servers.listed()
    ollama.silent = True
    monkeypatch.setattr(hosts, "KEEP_S", 0)
    waits.clear()
    for _ in range(20):
        assert servers.status().state == "ready"
    # All of them together: what is asked once is waited for once.
    assert sum(waits) <= hosts.MOMENT_S
    assert [choice.name for choice in servers.choices()] == names


def test_an_old_list_is_renewed_before_it_is_shown_where_the_server_is_quick(
    ollama, patient, monkeypatch
):
    assert len(servers.models()) > 1
    monkeypatch.setattr(hosts, "KEEP_S", 0)
    ollama.models = ollama.models[:1]
    assert len(servers.choices()) == 1


def test_a_fresh_list_is_not_asked_for_again(ollama):
    for _ in range(5):
        servers.models()
    assert ollama.times_listed() == 1


def test_what_was_listed_is_known_without_asking(ollama):
    assert servers.listed() is None
    assert not ollama.requests
    servers.models()
    assert "llama3.1:8b" in servers.listed()
    assert ollama.times_listed() == 1


def test_what_was_listed_stays_known_and_offered_while_the_server_is_away(
    ollama, patient, monkeypatch
):
    names = [model.name for model in servers.models()]
    ollama.play("bad_gateway")
    monkeypatch.setattr(hosts, "KEEP_S", 0)
    assert servers.status().state == "away"
    assert servers.listed() == [choice.name for choice in servers.choices()] == names


def test_a_server_that_comes_back_is_seen_after_a_few_seconds(ollama, patient, monkeypatch):
    ollama.play("bad_gateway")
    with pytest.raises(EngineFailed):
        servers.models()
    ollama.play("plain")
    monkeypatch.setattr(hosts, "KEEP_FAILURE_S", 0)
    assert servers.models()


def test_a_list_that_proved_wrong_is_forgotten(ollama):
    servers.models()
    servers.forget()
    assert servers.listed() is None
    assert servers.models()
    assert ollama.times_listed() == 2


def test_a_server_that_says_nonsense_is_told_and_asked_again(ollama, patient, monkeypatch):
    monkeypatch.setattr(hosts, "KEEP_FAILURE_S", 0)
    with monkeypatch.context() as broken:
        broken.setattr(hosts.Ollama, "catalogue", lambda self: 1 / 0)
        assert servers.status().state == "away"
    assert servers.status().state == "ready"


def test_the_chats_own_model_is_chosen_before_the_one_used_last(owner, ollama):
    chat = Chat.objects.create(owner=owner, title="t", model=ollama.models[1].name)
    Chat.objects.create(owner=owner, title="t", model=ollama.models[0].name)
    assert composer(owner)["chosen_model"] == ollama.models[0].name
    assert composer(owner, chat=chat)["chosen_model"] == ollama.models[1].name


def test_a_model_that_is_gone_is_not_chosen(owner, ollama, settings):
    settings.OLLAMA_MODEL = ollama.models[0].name
    chat = Chat.objects.create(owner=owner, title="t", model="gone:1b")
    assert composer(owner, chat=chat)["chosen_model"] == ollama.models[0].name


def test_while_nothing_is_known_the_chat_keeps_its_model(owner, settings):
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    chat = Chat.objects.create(owner=owner, title="t", model="mine:1b")
    shown = composer(owner, chat=chat)
    assert shown["chosen_model"] == "mine:1b"
    assert "mine:1b" in [choice.name for choice in shown["models"]]


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434", True),
        ("http://127.0.0.1:11434", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:11434", True),
        ("http://192.168.1.7:11434", False),
        ("http://gpu.example:11434", False),
        ("http://localhost.example", False),
    ],
)
@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_server_is_local_by_its_address(settings, kind, url, local):
    settings.OLLAMA_URL = settings.OPENAI_URL = "http://gpu.example"
    setattr(settings, f"{kind.upper()}_URL", url)
    assert servers.Status(kind, "ready", "").is_local is local


def test_the_built_in_model_is_local(settings):
    settings.OLLAMA_URL = "http://gpu.example"
    assert servers.Status("builtin", "ready", "").is_local


def test_the_built_in_model_is_known_by_its_name_at_once(builtin):
    assert servers.listed() == [WEIGHTS["regular"].name]
    assert servers.num_ctx(WEIGHTS["regular"].name, Call()) == 8192


def test_a_window_is_the_same_before_and_after_the_list_is_known(ollama):
    ollama.models[:] = [FakeModel("small:latest", context_length=4096)]
    before = servers.num_ctx("small", Call())
    assert servers.listed() is None
    servers.models()
    assert (before, servers.num_ctx("small", Call())) == (4096, 4096)


@pytest.mark.parametrize("wish", ["mistral", "Mistral:latest"])
def test_a_model_may_be_named_without_its_tag(owner, ollama, settings, wish):
    ollama.models.append(FakeModel("mistral:latest"))
    servers.models()
    assert servers.pick(owner, picked=wish) == "mistral:latest"
    settings.OLLAMA_MODEL = wish
    assert servers.pick(owner) == "mistral:latest"


@pytest.mark.parametrize("state", ["ready", "failed"])
def test_a_wished_restart_takes_the_place_away_at_once(builtin, state):
    BuiltinServer.objects.update(state=state, sentence="It failed.")
    servers.restart_builtin()
    builtin.refresh_from_db()
    assert (builtin.state, builtin.restart_wanted) == ("loading", True)
    assert servers.builtin_status().sentence == "The built-in model is starting."


@pytest.mark.parametrize("state", ["downloading", "loading"])
def test_a_model_that_is_on_its_way_is_not_restarted(builtin, state):
    BuiltinServer.objects.update(state=state)
    servers.restart_builtin()
    builtin.refresh_from_db()
    assert (builtin.state, builtin.restart_wanted) == (state, False)


def test_a_model_whose_keeper_is_silent_is_not_ready(builtin):
    assert servers.builtin_status().state == "ready"
    BuiltinServer.objects.update(seen=timezone.now() - timedelta(seconds=21))
    status = servers.builtin_status()
    assert (status.state, status.sentence) == ("loading", "The built-in model is starting again.")


def test_why_the_model_failed_is_told_however_long_ago_it_was(builtin):
    BuiltinServer.objects.update(
        state="failed", sentence="The disk is full.", seen=timezone.now() - timedelta(hours=9)
    )
    assert servers.builtin_status().sentence == "The disk is full."


def test_a_list_of_another_address_is_not_taken_for_this_ones(ollama, settings):
    servers.models()
    settings.OLLAMA_URL = "http://127.0.0.1:9"
    assert servers.listed() is None
    wait_until(lambda: servers.status().state == "away")


@pytest.mark.django_db
def test_a_command_beside_the_running_ahfai_talks_with_its_built_in_model(settings):
    settings.MODEL_SERVER, settings.OPENAI_URL = "auto", ""
    with mock.patch.dict(os.environ):
        os.environ.pop("AHFAI_MODEL_SERVER", None)
        os.environ.pop("AHFAI_BUILTIN_KEY", None)
        servers.join_running()
        assert servers.kind() == "ollama"
        row = BuiltinServer.objects.create(state="ready", port=40001)
        BuiltinServer.objects.update(seen=timezone.now() - servers.KEEPER_SILENT * 2)
        servers.join_running()
        assert servers.kind() == "ollama"
        BuiltinServer.objects.filter(pk=row.pk).update(seen=timezone.now())
        servers.join_running()
        assert servers.kind() == "builtin"
        assert os.environ["AHFAI_BUILTIN_KEY"] == key.key()
