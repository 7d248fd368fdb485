import time
from contextlib import contextmanager

import pytest

from chats import servers
from chats.generation import line, registry, saving
from chats.tests.fake_ollama import FakeOllama


@pytest.fixture
def ollama(settings, transactional_db, monkeypatch):
    """A real HTTP server in Ollama's place; what it plays is up to the test."""
    with FakeOllama(scale=0.01, delay_s=0.01) as server:
        settings.OLLAMA_URL = server.url
        with quick_replies(monkeypatch):
            yield server


@contextmanager
def quick_replies(monkeypatch):
    """Replies are looked after more often than in real life, and none outlives its test."""
    monkeypatch.setattr(saving, "SAVE_EVERY_S", 0.1)
    monkeypatch.setattr(line, "LINE_EVERY_S", 0.05)
    servers.forget()
    yield
    for left in registry.every():
        left.stop()
    wait_until(lambda: not registry.every())
    servers.forget()


def within(seconds: float) -> pytest.MarkDecorator:
    """The limit of what a person feels; it is make prove's, for beside other tests a machine is
    busy, and may take ten times as long."""
    limits = [10 * seconds, pytest.param(seconds, marks=pytest.mark.prove)]
    return pytest.mark.parametrize("within_s", limits)


def wait_until(happened, seconds: float = 10):
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
    return found
