"""A cache that is away: nothing fails, and nobody waits for it in turn."""

import signal
import threading
import time
import uuid

import pytest

from ahfai import cache, wakes
from ahfai.tests.caches import CacheServer

pytestmark = pytest.mark.same_everywhere
# Nothing listens on the discard port.
NOBODY = "redis://127.0.0.1:9"


@pytest.fixture
def away(settings, monkeypatch):
    settings.CACHE_URL = NOBODY
    monkeypatch.setattr(cache, "rest", cache.Rest())
    return cache.Cache(NOBODY, {"OPTIONS": {"serializer": "ahfai.cache.Plain"}})


def test_it_is_as_if_it_were_empty(away):
    away.set("key", 1)
    assert away.get("key", "nothing") == "nothing"
    # An app's code was not used before, as far as it knows: the database knows better.
    assert away.add("key", 1)
    assert away.delete("key") is False


def test_after_a_try_that_failed_it_is_left_alone_for_a_while(away, monkeypatch):
    away.get("key")
    monkeypatch.setattr(cache.Client, "get_client", lambda *args, **named: pytest.fail("asked"))
    away.get("key")
    wakes.tell(wakes.GREW, [uuid.uuid4()])
    monkeypatch.setattr(cache.rest, "_until", time.monotonic())
    with pytest.raises(pytest.fail.Exception):
        away.get("key")


def test_one_that_falls_silent_is_given_up(settings, monkeypatch):
    """As behind a cable that was pulled: it is connected to anew, and nobody waits for ever."""
    monkeypatch.setattr(wakes, "BEAT_S", 0.02)
    monkeypatch.setattr(wakes, "_hearing", threading.Event())
    server = CacheServer()
    server.start()
    settings.CACHE_URL = server.url.replace("valkey:", "redis:")
    try:
        with cache.connected().pubsub() as told:
            told.subscribe("channel")
            server.process.send_signal(signal.SIGSTOP)
            with pytest.raises(TimeoutError):
                wakes._take_all(told)
    finally:
        server.stop()


def test_what_is_stored_is_no_pickle():
    stored = cache.Plain()
    for value in (1, "word", b"\x00sealed", True, None):
        assert stored.loads(stored.dumps(value)) == value
    with pytest.raises(ValueError):  # noqa: PT011 (whatever is wrong with it)
        stored.loads(b"\x80\x04}\x94.")
