"""The built-in server has another port at each start, which only its row tells."""

import socket
import threading
from contextlib import contextmanager
from unittest import mock

import pytest
from django.db import InterfaceError, connection

from ahfai.serving.builtin import Report, _restart_wanted
from chats import servers
from chats.builtin.keeper import keep
from chats.builtin.weights import TEST, Progress
from chats.models import BuiltinServer
from chats.tests.builtin_model import KEY, Kept, tiny_weights


@contextmanager
def kept_anywhere(folder):
    """A keeper as AhFai runs it: nobody says which port."""
    running = Kept(0, folder)

    def report(progress: Progress) -> None:
        running.port = progress.port
        running.said.append(progress)

    thread = threading.Thread(
        target=keep,
        kwargs={
            "weights": TEST,
            "folder": folder,
            "key": KEY,
            "model_file": tiny_weights(),
            "threads": 2,
            "report": report,
            "restart_wanted": running.granted,
            "stopping": running.stopping,
        },
    )
    thread.start()
    try:
        yield running
    finally:
        running.hang_up()
        running.stopping.set()
        thread.join(20)
        assert not thread.is_alive(), "the keeper doesn't stop"


@pytest.fixture
def as_builtin(monkeypatch):
    monkeypatch.setenv("AHFAI_MODEL_SERVER", "builtin")
    monkeypatch.setenv("AHFAI_BUILTIN_KEY", KEY)


def test_a_server_that_is_ready_tells_its_port_and_one_that_isnt_tells_none(tmp_path):
    with kept_anywhere(tmp_path) as model:
        model.wait_until_ready()
        assert model.ask("GET", "/v1/models").status == 200
    assert {said.port for said in model.said if said.state != "ready"} == {0}


def test_a_server_whose_port_was_taken_meanwhile_starts_again_at_another(tmp_path, monkeypatch):
    with kept_anywhere(tmp_path) as model:
        model.wait_until_ready()
        first = model.port
        taking = threading.Thread(target=take, args=[first, model.stopping])
        taking.start()
        model.wish_restart()
        model.wait_until_ready(times=2)
        assert model.port not in (0, first)
        assert model.ask("GET", "/v1/models").status == 200
    taking.join()


def take(port: int, until: threading.Event) -> None:
    """Be the other program that gets the port as soon as it is free."""
    while not until.is_set():
        try:
            with socket.create_server(("127.0.0.1", port)):
                until.wait(60)
        except OSError:
            until.wait(0.01)


@pytest.mark.django_db(transaction=True)
def test_questions_go_to_the_port_that_the_row_tells(as_builtin):
    report = Report()
    report(Progress("ready", port=40001))
    assert servers.engine()._server.url == "http://127.0.0.1:40001"
    report(Progress("loading"))
    report(Progress("ready", port=40002))
    assert servers.engine()._server.url == "http://127.0.0.1:40002"


@pytest.mark.parametrize("row", [True, False])
@pytest.mark.django_db(transaction=True)
def test_without_a_port_nobody_is_asked(as_builtin, monkeypatch, row):
    """Least of all the web server of this machine: to HTTP, port 0 means port 80."""
    asked = []

    def connect(address, *_args, **_options):
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    if row:
        BuiltinServer.objects.create(state="loading")
    assert servers.engine().look(TEST.name) == "away"
    assert not {("127.0.0.1", 80), ("127.0.0.1", 0)} & {*asked}


@pytest.mark.django_db(transaction=True)
def test_who_learns_the_port_holds_no_connection_to_the_database_afterwards(as_builtin):
    BuiltinServer.objects.create(state="ready", port=40001)
    connection.close()
    servers.engine()
    assert connection.connection is None


@pytest.mark.parametrize("wrong", [InterfaceError, UnicodeEncodeError("utf-8", "", 0, 1, "")])
@pytest.mark.django_db(transaction=True)
def test_a_row_that_cant_be_written_or_read_stops_no_keeper(monkeypatch, wrong):
    report = Report()
    with monkeypatch.context() as away:
        for name in ("update_or_create", "filter"):
            away.setattr(BuiltinServer.objects, name, mock.Mock(side_effect=wrong))
        report(Progress("failed", sentence="No room."))
        assert not _restart_wanted()
    report.beat()
    assert servers.builtin_status().sentence == "No room."


@pytest.mark.django_db(transaction=True)
def test_a_sentence_with_a_long_path_fits_into_the_row():
    Report()(Progress("failed", sentence="long" * 1000))
    BuiltinServer.objects.get().full_clean()
