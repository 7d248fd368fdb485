"""The owner's page of models: what is there, fetched, cancelled, deleted, and taken first."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from ahfai.models import Heartbeat
from ahfai.worker import Worker
from chats import pulls, servers, suggestions
from chats.engines import Call, EngineFailed
from chats.models import Chat, DefaultModel, Pull
from chats.tests.conftest import wait_until
from chats.tests.fake_ollama import FakeModel, FakeOllama
from chats.tests.test_order import main

PAGE = reverse("models:list")


@pytest.fixture(autouse=True)
def quick_saves(monkeypatch):
    monkeypatch.setattr(pulls, "SAVE_EVERY_S", 0.05)


@pytest.fixture
def fetching(ollama):
    """An Ollama whose fetches are over when the test is."""
    yield ollama
    Pull.objects.update(stop_asked=True)
    wait_until(lambda: not Pull.objects.filter(reason="").exists())
    wait_until(lambda: not being_fetched(ollama))


def being_fetched(ollama) -> bool:
    return any(one.path == "/api/pull" and one.ended is None for one in list(ollama.requests))


def page(client) -> str:
    return main(client.get(PAGE))


def test_what_a_model_reads_here_is_told_beside_what_it_could(client, ollama, settings):
    settings.NUM_CTX = 200_000
    shown = page(client)
    assert "reads 131,072 tokens<" in shown
    assert "NUM_CTX" not in shown
    settings.NUM_CTX = 4096
    shown = page(client)
    assert "reads 4,096 of 131,072 tokens" in shown
    assert shown.count("NUM_CTX") == 1
    [other] = re.findall("<small>[^<]*not for chats[^<]*</small>", shown)
    assert "reads" not in other
    ollama.models = [FakeModel("small:1b", context_length=4096), FakeModel("e:1b", ("embedding",))]
    assert "NUM_CTX" not in page(client)


def fetch(client, model: str):
    return client.post(reverse("models:pull"), {"model": model})


def test_what_is_there_is_shown_with_abilities_size_and_place(client, ollama):
    ollama.loaded.add("qwen3:4b")
    shown = page(client)
    assert "llama3.1:8b" in shown
    assert "8.0B · 4.9\xa0GB · chats, uses tools · reads 8,192 of 131,072 tokens" in shown
    assert "chats, thinks, uses tools" in shown
    assert "not for chats" in shown
    assert shown.count("in memory") == 1
    assert "qwen2.5-coder:1.5b" in shown
    assert "cloud" not in shown


def test_the_server_being_away_is_said_and_everything_else_stays(client, settings, db):
    settings.OLLAMA_URL = "http://127.0.0.1:1"
    servers.forget()
    shown = page(client)
    assert "can’t be reached" in shown or "can&#x27;t be reached" in shown
    assert "The built-in model" in shown


def test_a_model_is_fetched_and_every_amount_shown_is_true(client, fetching):
    fetching.delay_s = 0.1
    assert fetch(client, "mistral:7b").url == PAGE
    amounts = []

    def has_come() -> bool:
        pull = Pull.objects.first()
        if pull and pull.total_bytes:
            amounts.append((pull.done_bytes, pull.total_bytes))
        return pull is None

    wait_until(has_come)
    assert len(set(amounts)) > 2
    assert amounts == sorted(amounts)
    assert {total for _done, total in amounts} == {1_000_000_000}
    assert "mistral:7b" in page(client)
    assert "mistral:7b" in [choice.name for choice in servers.choices()]


def test_progress_is_polled_and_the_page_read_anew_at_its_end(client, fetching):
    fetch(client, "forever:1b")
    wait_until(lambda: Pull.objects.filter(done_bytes__gt=0).exists())
    shown = client.get(reverse("models:pulls"))
    assert "300\xa0MB of 1\xa0GB" in shown.content.decode()
    assert "HX-Refresh" not in shown
    client.post(reverse("models:cancel", args=[Pull.objects.get().pk]))
    wait_until(lambda: not Pull.objects.exists())
    assert client.get(reverse("models:pulls"))["HX-Refresh"] == "true"
    assert "forever:1b" not in [model.name for model in fetching.models]


def test_a_fetch_that_fails_beside_another_is_not_hidden_by_it(client, fetching):
    fetch(client, "forever:1b")
    Pull.objects.create(model="failing:1b")
    [address] = re.findall(r'hx-get="(/models/pulls[^"]*)"', page(client))
    assert "HX-Refresh" not in client.get(address)
    Pull.objects.filter(model="failing:1b").update(reason="pull_unknown")
    assert client.get(address)["HX-Refresh"] == "true"


def test_cancelling_hangs_up_on_the_server(client, fetching):
    fetch(client, "forever:1b")
    wait_until(lambda: being_fetched(fetching))
    client.post(reverse("models:cancel", args=[Pull.objects.get().pk]))
    wait_until(lambda: not being_fetched(fetching))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent:1b", "library has no model “absent:1b”"),
        ("offline:1b", "reach its library"),
        ("strange:1b", "be fetched. Try again"),
        ("hung-up:1b", "connection to the model server broke"),
    ],
)
def test_a_fetch_that_fails_is_shown_as_failed_though_its_status_is_200(
    client, fetching, name, sentence
):
    fetch(client, name)
    wait_until(lambda: Pull.objects.exclude(reason="").exists())
    shown = page(client)
    assert sentence in shown
    assert "Try again" in shown
    fetch(client, name)
    wait_until(lambda: Pull.objects.exclude(reason="").exists())
    client.post(reverse("models:cancel", args=[Pull.objects.get().pk]))
    assert sentence not in page(client)


def test_the_same_model_is_fetched_once(client, fetching):
    for name in ("forever:1b", "FOREVER:1b", "forever:1b"):
        fetch(client, name)
    assert Pull.objects.count() == 1
    wait_until(lambda: being_fetched(fetching))
    assert [request.path for request in fetching.requests].count("/api/pull") == 1


def test_a_name_is_asked_for_as_it_was_written(client, fetching):
    fetch(client, "hf.co/Somebody/Some-Model-GGUF")
    wait_until(lambda: not Pull.objects.exists())
    [asked] = [one for one in fetching.requests if one.path == "/api/pull"]
    assert asked.body["model"] == "hf.co/Somebody/Some-Model-GGUF:latest"


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
@pytest.mark.parametrize("name", ["mistral:7b", "absent:1b"])
def test_a_fetch_is_over_as_it_ended_though_the_database_was_away(
    client, fetching, monkeypatch, name, fault
):
    find, tries = Pull.objects.filter, []

    def away_for_a_while(**fields):
        if threading.current_thread().name.startswith("pull-") and len(tries) < 6:
            tries.append(1)
            raise fault
        return find(**fields)

    monkeypatch.setattr(Pull.objects, "filter", away_for_a_while)
    fetch(client, name)
    wait_until(lambda: len(tries) == 6)
    wait_until(lambda: not find(reason="").exists())
    reasons = {"mistral:7b": [], "absent:1b": ["pull_unknown"]}
    assert [pull.reason for pull in find()] == reasons[name]


@pytest.mark.parametrize("name", ["", "two words", "gpt-oss:120b-cloud", "a" * 201, "x;y", "/a"])
def test_a_name_that_is_none_is_refused_and_kept(client, ollama, name):
    answer = fetch(client, name)
    assert answer.status_code == 422
    assert f'value="{name}"' in answer.content.decode() or not name
    assert 'class="errorlist"' in answer.content.decode()
    [field] = re.findall("<input[^>]* autofocus[^>]*>", answer.content.decode())
    assert 'name="model"' in field
    assert not Pull.objects.exists()


def test_the_worker_closes_what_a_dead_process_was_fetching(client, ollama):
    beat = Heartbeat.objects.create(kind="web", host="here", pid=1)
    Heartbeat.objects.filter(pk=beat.pk).update(seen=timezone.now() - timedelta(minutes=1))
    Pull.objects.create(model="left:1b", process=beat)
    Pull.objects.create(model="cancelled:1b", process=beat, stop_asked=True)
    Worker().work()
    assert "AhFai was restarted meanwhile" in page(client)
    assert [pull.model for pull in Pull.objects.all()] == ["left:1b"]


def test_deleting_asks_first_and_removes_the_model(client, ollama):
    address = reverse("models:delete")
    assert "Delete this model?" in main(client.get(address, {"model": "plain:latest"}))
    assert "plain:latest" in page(client)
    client.post(address, {"model": "plain:latest"})
    assert "plain:latest" not in page(client)
    assert client.post(address, {"model": "plain:latest"}).status_code == 404


def test_new_chats_begin_with_the_model_chosen_last(client, owner, ollama):
    Chat.objects.create(owner=owner, title="t", model="plain:latest")
    assert servers.pick(owner) == "plain:latest"
    client.post(reverse("models:default"), {"model": "qwen3:4b"})
    assert servers.default_model() == "qwen3:4b"
    assert servers.pick(owner) == "qwen3:4b"
    assert "for new chats" in page(client)
    Chat.objects.create(owner=owner, title="t", model="plain:latest")
    assert servers.pick(owner) == "plain:latest"


def test_a_default_that_is_deleted_falls_back_to_the_installations(client, owner, ollama, settings):
    client.post(reverse("models:default"), {"model": "plain:latest"})
    client.post(reverse("models:delete"), {"model": "plain:latest"})
    assert servers.pick(owner) == settings.OLLAMA_MODEL
    assert client.post(reverse("models:default"), {"model": "plain:latest"}).status_code == 404
    assert not DefaultModel.objects.exists()


def test_more_models_take_no_more_queries(client, ollama):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client)
        return len(asked)

    before = queries()
    ollama.models += [FakeModel(f"another:{number}b") for number in range(8)]
    assert queries() == before


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["list", "pulls", "pull", "cancel", "default", "delete"])
def test_a_stranger_can_do_nothing_here(strangers_client, ollama, name, method):
    pull = Pull.objects.create(model="left:1b")
    address = reverse(f"models:{name}", args=[pull.pk] if name == "cancel" else [])
    answer = getattr(strangers_client, method)(address, {"model": "plain:latest"})
    assert answer.status_code in (404, 405)
    assert b"left:1b" not in answer.content
    assert [(left.model, left.stop_asked) for left in Pull.objects.all()] == [("left:1b", False)]
    assert not DefaultModel.objects.exists()
    assert "plain:latest" in [one.model.name for one in servers.catalogue()]


def test_the_page_is_the_owners_alone(strangers_client, client, ollama):
    assert strangers_client.get(PAGE).status_code == 404
    assert fetch(strangers_client, "mistral:7b").status_code == 404
    assert not Pull.objects.exists()
    settings_page = reverse("accounts:settings")
    assert PAGE in client.get(settings_page).content.decode()
    assert PAGE not in strangers_client.get(settings_page).content.decode()


@pytest.mark.parametrize("kind", ["builtin", "openai"])
def test_servers_that_fetch_nothing_say_what_they_have(client, db, settings, monkeypatch, kind):
    monkeypatch.delenv("AHFAI_MODEL_SERVER", raising=False)
    settings.MODEL_SERVER, settings.OPENAI_URL = kind, "http://127.0.0.1:1"
    servers.forget()
    shown = page(client)
    assert "The built-in model" in shown
    assert "Fetch a model" not in shown
    assert fetch(client, "mistral:7b").status_code == 404
    assert client.get(reverse("models:delete"), {"model": "m"}).status_code == 404


@pytest.mark.parametrize(
    ("gigabytes", "largest"), [(5, "llama3.2:3b"), (8, "gemma3:4b"), (16, "gemma3:12b")]
)
def test_suggestions_fit_into_the_memory(gigabytes, largest):
    found = suggestions.fitting(gigabytes * suggestions.GB)
    assert found[0].name == largest
    assert len(found) <= suggestions.MOST


def test_nothing_is_said_to_fit_where_nothing_does(client, ollama, monkeypatch):
    monkeypatch.setattr(suggestions, "machine_bytes", lambda: 2 * suggestions.GB)
    assert "of memory" not in page(client)


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "big:cloud"])
def test_a_pull_that_would_lead_to_the_cloud_is_refused_by_the_engine(ollama, name):
    with pytest.raises(EngineFailed) as refused:
        list(servers.engine().pull(name, Call()))
    assert refused.value.code == "cloud"


@pytest.fixture
def another(fetching, settings):
    """A second Ollama beside the first."""
    with FakeOllama(scale=0.01, delay_s=0.01, models=(FakeModel("rare:1b"),)) as server:
        settings.OLLAMA_URL = f"{fetching.url},{server.url}"
        servers.forget()
        yield server


def test_each_of_several_servers_is_shown_with_what_it_has_and_does(client, fetching, another):
    assert "Your model servers" not in page_with_one(client, fetching)
    another.loaded.add("rare:1b")
    shown = page(client)
    assert fetching.url in shown
    assert "1 model · in memory: rare:1b<" in shown
    assert f"only on {another.url}" in shown
    another.play("bad_gateway")
    servers.forget()
    shown = page(client)
    assert ">away<" in shown
    assert "llama3.1:8b" in shown
    assert "rare:1b" not in shown


def page_with_one(client, server) -> str:
    with override_settings(OLLAMA_URL=server.url):
        return page(client)


def test_models_of_one_name_that_differ_are_marked(client, fetching, another):
    assert "differs" not in page(client)
    another.models.append(FakeModel("llama3.1:8b", parameters="70B"))
    servers.forget()
    shown = page(client)
    assert ">differs<" in shown
    assert "Fetch it anew on all of them" in shown


def test_a_model_is_fetched_by_all_servers_or_by_one(client, fetching, another):
    fetch(client, "everywhere:1b")
    wait_until(lambda: not Pull.objects.exists())
    client.post(reverse("models:pull"), {"model": "there:1b", "server": another.url})
    wait_until(lambda: not Pull.objects.exists())
    names = [{model.name for model in server.models} for server in (fetching, another)]
    assert ["everywhere:1b" in some for some in names] == [True, True]
    assert ["there:1b" in some for some in names] == [False, True]
    answer = client.post(reverse("models:pull"), {"model": "m:1b", "server": "http://elsewhere"})
    assert answer.status_code == 422


def test_a_fetch_that_one_of_the_servers_fails_is_tried_again_there(client, fetching, another):
    client.post(reverse("models:pull"), {"model": "absent:1b", "server": another.url})
    wait_until(lambda: Pull.objects.exclude(reason="").exists())
    shown = page(client)
    assert f"on <bdi>{another.url}</bdi>" in shown
    assert f'name="server" value="{another.url}"' in shown


def test_a_model_is_deleted_from_all_servers_or_from_one(client, fetching, another):
    for server in (fetching, another):
        server.models += [FakeModel("both:1b"), FakeModel("other:1b")]
    servers.forget()
    address = reverse("models:delete")
    assert "all model servers that have it" in main(client.get(address, {"model": "both:1b"}))
    client.post(address, {"model": "both:1b", "server": another.url})
    assert f"only on {fetching.url}" in page(client)
    client.post(address, {"model": "other:1b"})
    shown = page(client)
    assert "other:1b" not in shown
    wrong = client.post(address, {"model": "both:1b", "server": another.url})
    assert wrong.status_code == 422
