"""The cache on Redis that machines share: it counts together, runs nothing, and while Redis is away pages go on."""

from __future__ import annotations

import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from punctual.platform.doctor import examine
from punctual.platform.shared_counters import PAUSE, SharedCounters

redis = pytest.importorskip("redis")  # in requirements/dev.lock, as is fakeredis
fakeredis = pytest.importorskip("fakeredis")


@pytest.fixture(autouse=True)
def asked_again() -> Iterator[None]:
    yield
    SharedCounters._away_until = 0.0


@pytest.fixture
def address() -> Iterator[str]:
    server = fakeredis.TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()


@pytest.fixture
def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


# — while it is away —


def test_while_redis_is_away_it_is_an_empty_cache_and_the_log_says_so_once(
    nobody: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = SharedCounters(nobody, {})
    cache.set("a", 1)
    assert (cache.get("a", 7), cache.get_many(["a"]), cache.has_key("a")) == (7, {}, False)
    assert (cache.add("a", 1), cache.touch("a"), cache.delete("a"), cache.set_many({"a": 1})) == (
        True,
        False,
        False,
        [],
    )
    assert cache.get_or_set("a", 5) == 5
    cache.delete_many(["a"])
    cache.clear()
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.django_db
def test_pages_and_api_go_on_while_redis_is_away(
    nobody: str, signed_in: Callable[[str], Client], settings: Any
) -> None:
    there = "punctual.platform.shared_counters.SharedCounters"
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": there, "LOCATION": nobody}}
    assert isinstance(caches["default"], SharedCounters)
    found = {one["check"]: one for one in examine(thorough=False)}["limits"]
    assert (found["ok"], "do not hold" in found["finding"] or "不起作用" in found["finding"]) == (False, True)
    browser = signed_in("sales")
    for path in ("/", "/orders/", "/api/v1/me"):
        assert browser.get(path).status_code == 200, path


def test_one_that_never_answers_costs_half_a_second_and_is_left_alone_for_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cache = SharedCounters(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", {})
        began = time.monotonic()
        for _ in range(40):
            assert cache.get("a") is None
        assert time.monotonic() - began < PAUSE


def test_it_is_asked_again_after_the_pause(address: str, nobody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SharedCounters(nobody, {}).get("a", 3) == 3
    cache = SharedCounters(address, {})
    cache.set("a", 1)
    assert cache.get("a") is None
    now = time.monotonic()
    monkeypatch.setattr("punctual.platform.shared_counters.time.monotonic", lambda: now + PAUSE + 1)
    cache.set("a", 1)
    assert cache.get("a") == 1


# — while it is there —


def test_what_somebody_else_wrote_into_redis_is_not_run(address: str) -> None:
    cache = SharedCounters(address, {})
    redis.Redis.from_url(address).set(cache.make_key("a"), pickle.dumps({"a": 1}))
    with pytest.raises(ValueError):  # noqa: PT011 — JSON's own, whatever it says
        cache.get("a")


def test_machines_count_together(address: str) -> None:
    first, second = SharedCounters(address, {}), SharedCounters(address, {})
    assert (first.add("n", 0, 60), second.add("n", 0, 60)) == (True, False)
    assert [one.incr("n") for one in (first, second, first)] == [1, 2, 3]
    with pytest.raises(ValueError, match="not found"):
        first.incr("never")


def test_it_keeps_what_json_knows_until_it_is_dropped(address: str) -> None:
    cache = SharedCounters(address, {})
    kept = {"1": ["王", 2.5], "none": None, "yes": True}
    cache.set_many({"a": kept, "b": "text", "c": True})
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": kept, "b": "text", "c": True}
    assert (cache.has_key("a"), cache.touch("a", 60), cache.delete("a"), cache.delete("a")) == (True, True, True, False)
    cache.delete_many(["b"])
    assert cache.get("b") is None
    cache.clear()
    assert cache.get("c") is None
