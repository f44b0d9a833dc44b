"""The cache that processes of one machine share: whole steps, no pickle, and no harm when its file is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from migrated import SOURCE
from punctual.platform import counters
from punctual.platform.counters import CountersCache
from punctual.platform.doctor import examine

COUNTING = """
import sys, time
from django.conf import settings
settings.configure()
from punctual.platform.counters import CountersCache
cache = CountersCache(sys.argv[1], {})
while not cache.get("go"):
    time.sleep(0.002)
won, told = 0, []
for n in range(400):
    won += cache.add(f"first-{n}", 1)
    told.append(cache.incr("together"))
print(won, *told)
"""


@pytest.fixture
def kept(tmp_path: Path) -> CountersCache:
    return CountersCache(str(tmp_path / "counters.db"), {})


# — what it does not take —


@pytest.mark.parametrize("value", [{1, 2}, b"x", object(), time])
def test_what_json_does_not_know_is_refused_and_nothing_changes(kept: CountersCache, value: object) -> None:
    kept.set("a", 1)
    with pytest.raises(TypeError):
        kept.set("a", value)
    with pytest.raises(TypeError):
        kept.add("b", value)
    assert (kept.get("a"), kept.get("b")) == (1, None)


@pytest.mark.parametrize("key", ["gone", "never"])
def test_there_is_no_counting_on_nothing(kept: CountersCache, key: str) -> None:
    kept.set("gone", 1, 0.001)
    deadline = time.monotonic() + 5
    while kept.get("gone") is not None and time.monotonic() < deadline:
        pass
    with pytest.raises(ValueError, match=key):
        kept.incr(key)
    assert not kept.touch(key)
    assert not kept.delete(key)


def test_nothing_is_unpickled(kept: CountersCache, tmp_path: Path) -> None:
    kept.set("a", 1)
    with sqlite3.connect(tmp_path / "counters.db") as file:
        file.execute("UPDATE kept SET value = ?", ["cos\nsystem\n(S'true'\ntR."])
    with pytest.raises(json.JSONDecodeError):
        kept.get("a")


# — what it does —


def test_it_keeps_until_the_time_and_no_longer(kept: CountersCache, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(counters.time, "time", lambda: now)
    kept.set("a", {"1": ["王", 2.5]}, 60)
    kept.set("b", True, None)
    assert kept.add("c", 0, 60)
    assert not kept.add("c", 7, 60)
    assert (kept.incr("c"), kept.incr("c", 3), kept.decr("c")) == (1, 4, 3)
    assert kept.get_many(["a", "b", "c", "d"]) == {"a": {"1": ["王", 2.5]}, "b": True, "c": 3}
    assert kept.touch("a", 600)
    now += 61
    assert kept.get_many(["a", "b", "c"]) == {"a": {"1": ["王", 2.5]}, "b": True}
    assert kept.add("c", 9, 60)
    assert kept.get("c") == 9
    assert kept.delete("a")
    kept.clear()
    assert kept.get("b") is None


def test_what_has_expired_does_not_pile_up(
    kept: CountersCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, clock = time.time(), time.monotonic()
    monkeypatch.setattr(counters.time, "time", lambda: now)
    monkeypatch.setattr(counters.time, "monotonic", lambda: clock)
    for n in range(50):
        kept.set(f"a{n}", 1, 60)
    now, clock = now + 61, clock + counters.SWEEP + 1
    kept.set("b", 1, 60)
    with sqlite3.connect(tmp_path / "counters.db") as file:
        assert [key for (key,) in file.execute("SELECT key FROM kept")] == [":1:b"]


def test_only_its_owner_reads_the_file(kept: CountersCache, tmp_path: Path) -> None:
    kept.set("a", 1)
    assert stat.S_IMODE((tmp_path / "counters.db").stat().st_mode) == 0o600


def test_four_processes_count_together(kept: CountersCache, tmp_path: Path) -> None:
    kept.set("together", 0)
    command = [sys.executable, "-c", COUNTING, str(tmp_path / "counters.db")]
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    kept.set("go", True)
    said = [[int(word) for word in process.communicate(timeout=60)[0].split()] for process in running]
    assert sum(won for won, *_ in said) == 400
    assert sorted(n for _, *told in said for n in told) == list(range(1, 1601))


def test_threads_count_together(kept: CountersCache) -> None:
    kept.set("together", 0)
    threads = [threading.Thread(target=lambda: [kept.incr("together") for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.get("together") == 800


# — when it is lost —


@pytest.mark.parametrize("names", [["counters.db"], ["counters.db", "counters.db-wal", "counters.db-shm"]])
def test_a_lost_file_is_made_anew_while_everything_runs(kept: CountersCache, tmp_path: Path, names: list[str]) -> None:
    kept.set("a", 1)
    for name in names:
        (tmp_path / name).unlink(missing_ok=True)
    assert kept.get("a") is None
    kept.set("a", 2)
    other = CountersCache(str(tmp_path / "counters.db"), {})
    assert (kept.get("a"), other.get("a"), other.incr("a"), kept.get("a")) == (2, 2, 3, 3)


def test_a_damaged_file_is_begun_anew(kept: CountersCache, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "counters.db").write_bytes(b"no database at all " * 500)
    kept.set("a", 2)
    assert kept.get("a") == 2
    assert "begun anew" in caplog.text


def test_where_it_can_not_be_written_it_is_an_empty_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "folder.db").mkdir()
    kept = CountersCache(str(tmp_path / "folder.db"), {})
    kept.set("a", 1)
    assert (kept.get("a", 7), kept.add("a", 1), kept.touch("a"), kept.delete("a")) == (7, True, False, False)
    with pytest.raises(ValueError, match="a"):
        kept.incr("a")
    assert "can't be used" in caplog.text


@pytest.mark.django_db
def test_the_doctor_says_that_it_counts() -> None:
    assert {one["check"]: one["ok"] for one in examine(thorough=False)}["limits"] is True


def test_requests_go_on_while_nothing_can_be_counted(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    settings.CACHES = {
        "default": {"BACKEND": "punctual.platform.counters.CountersCache", "LOCATION": str(tmp_path / "folder.db")}
    }
    assert [counters.count("a", 60), counters.count("a", 60)] == [1, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_counts_on_and_leaves_its_parent_alone(kept: CountersCache) -> None:
    kept.set("a", 1)
    child = os.fork()
    if not child:
        os._exit(0 if kept.incr("a") == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert kept.incr("a") == 3
