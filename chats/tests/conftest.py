import time

import pytest

from chats import generation, servers
from chats.tests.fake_ollama import FakeOllama


@pytest.fixture
def ollama(settings, transactional_db, monkeypatch):
    """A real HTTP server in Ollama's place; what it plays is up to the test."""
    monkeypatch.setattr(generation, "SAVE_EVERY_S", 0.1)
    monkeypatch.setattr(generation, "LINE_EVERY_S", 0.05)
    with FakeOllama(scale=0.01, delay_s=0.01) as server:
        settings.OLLAMA_URL = server.url
        servers.forget()
        yield server
        for left in generation._all():
            left.stop()
        wait_until(lambda: not generation._all())
    servers.forget()


def wait_until(happened, seconds: float = 10):
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
    return found
