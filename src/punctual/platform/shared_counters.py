"""The same as :mod:`punctual.platform.counters` for many machines: a Django cache on Redis that pages can do without.

While Redis is away everything is as in an empty cache, and it is asked again after some seconds: limits do not hold
meanwhile, the log says so, and no page waits or fails. Values are JSON, so that nothing that stands in Redis is run.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE: Final = 0.5
"""Seconds that Redis may take for an answer."""
PAUSE: Final = 5.0
"""Seconds for which it is left alone after it gave none."""


class JsonValues:
    """Numbers as Redis itself counts them, anything else as JSON."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, kept: bytes) -> Any:
        return json.loads(kept)


class SharedCounters(RedisCache):
    """Django's cache; ``LOCATION`` is the address of Redis."""

    _away_until: float = 0.0

    def __init__(self, server: str, params: Mapping[str, Any]) -> None:
        options = {"serializer": JsonValues, "socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        super().__init__(server, {**params, "OPTIONS": options})

    def _asked(self, question: Callable[[], T], otherwise: T) -> T:
        from redis.exceptions import RedisError

        if time.monotonic() < SharedCounters._away_until:
            return otherwise
        try:
            return question()
        except RedisError as error:
            SharedCounters._away_until = time.monotonic() + PAUSE
            logger.warning("Redis gives no answer; limits do not hold for the next %d seconds: %s", PAUSE, error)
            return otherwise

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._asked(lambda: bool(super(SharedCounters, self).add(key, value, timeout, version)), True)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._asked(lambda: super(SharedCounters, self).get(key, default, version), default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._asked(lambda: super(SharedCounters, self).set(key, value, timeout, version), None)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._asked(lambda: bool(super(SharedCounters, self).touch(key, timeout, version)), False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._asked(lambda: bool(super(SharedCounters, self).delete(key, version)), False)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._asked(lambda: bool(super(SharedCounters, self).has_key(key, version)), False)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """ValueError where there is nothing to count on."""
        counted = self._asked(lambda: super(SharedCounters, self).incr(key, delta, version), None)
        if counted is None:
            raise ValueError(f"Key '{key}' not found")
        return int(counted)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        return self._asked(lambda: dict(super(SharedCounters, self).get_many(keys, version)), {})

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        return self._asked(lambda: list(super(SharedCounters, self).set_many(dict(data), timeout, version)), [])

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        self._asked(lambda: super(SharedCounters, self).delete_many(list(keys), version), None)

    def clear(self) -> None:
        self._asked(lambda: super(SharedCounters, self).clear(), None)
