"""Valkey or Redis as the cache, where CACHE_URL names one: quicker where it is there, and nothing
that anybody notices where it isn't.

What is in it can be lost at any time, and may be read by whoever reads its memory: ids and sealed
bytes only. Nothing is unpickled of what others may have written there.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# After it didn't answer it is left alone for so long.
REST_S = 5.0
# What takes longer is had from elsewhere sooner.
ANSWER_S = 0.3
AWAY = (RedisError, OSError)
T = TypeVar("T")
log = logging.getLogger(__name__)


class Rest:
    """Who fails is left alone for a while, so that not everybody waits for it in turn."""

    def __init__(self) -> None:
        self._until = 0.0

    def tried(self, work: Callable[[], T], otherwise: T) -> T:
        if self.is_on:
            return otherwise
        try:
            return work()
        except (*AWAY, ValueError) as error:
            log.warning("the cache doesn't answer: %s", type(error).__name__)
            self._until = time.monotonic() + REST_S
            return otherwise

    @property
    def is_on(self) -> bool:
        return time.monotonic() < self._until


rest = Rest()


def connected(answer_s: float = ANSWER_S) -> redis.Redis:
    """For what the cache itself can't do; it tries once."""
    return redis.Redis.from_url(
        settings.CACHE_URL,
        socket_connect_timeout=ANSWER_S,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
    )


class Plain:
    """Numbers, texts and bytes, as JSON."""

    def dumps(self, value: Any) -> bytes:
        said = {"hex": value.hex()} if isinstance(value, bytes) else value
        return json.dumps(said).encode()

    def loads(self, stored: bytes) -> Any:
        said = json.loads(stored)
        return bytes.fromhex(said["hex"]) if isinstance(said, dict) else said


class Client(RedisCacheClient):
    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        # Nobody has said otherwise.
        return rest.tried(lambda: super(Client, self).add(key, value, timeout), otherwise=True)

    def get(self, key: Any, default: Any) -> Any:
        return rest.tried(lambda: super(Client, self).get(key, default), otherwise=default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        rest.tried(lambda: super(Client, self).set(key, value, timeout), otherwise=None)

    def delete(self, key: Any) -> bool:
        return rest.tried(lambda: super(Client, self).delete(key), otherwise=False)


class Cache(RedisCache):
    """Only what is used here: `get`, `set`, `add` and `delete`."""

    def __init__(self, server: str, params: dict) -> None:
        super().__init__(server, params)
        self._class = Client
