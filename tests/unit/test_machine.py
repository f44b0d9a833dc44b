"""How many web processes a machine gets: by its cores and its memory, also within limits of a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from punctual.cli import machine
from punctual.cli.machine import cores, memory_mb, web_processes, web_threads


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's own folder of control groups, with this process in one of them."""
    place = Path("/proc/self/cgroup").read_text().strip().rpartition("::")[2].strip("/")
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(machine, "GROUPS", tmp_path)
    return tmp_path / place


@pytest.mark.skipif(not Path("/proc/self/cgroup").exists(), reason="there are no control groups here")
@pytest.mark.parametrize(
    ("quota", "most"), [("max 100000", 64), ("100000 100000", 1), ("150000 100000", 2), ("20000 100000", 1), ("x", 64)]
)
def test_a_limit_of_cores_counts(groups: Path, monkeypatch: pytest.MonkeyPatch, quota: str, most: int) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    (groups / "cpu.max").write_text(quota)
    assert cores() == most


@pytest.mark.skipif(not Path("/proc/self/cgroup").exists(), reason="there are no control groups here")
def test_a_limit_of_memory_counts_and_none_is_none(groups: Path) -> None:
    (groups / "memory.max").write_text("max")
    free = memory_mb()
    (groups / "memory.max").write_text(str(10 << 20))
    assert memory_mb() == 10 < free


@pytest.mark.parametrize(
    ("memory", "count", "workers", "found"),
    [
        (0, 8, False, 1),  # the system does not tell
        (900, 8, False, 1),
        (950, 8, False, 2),
        (950, 8, True, 1),
        (1950, 8, True, 2),
        (16_000, 8, True, 4),
        (16_000, 2, True, 2),
        (16_000, 1, False, 1),
    ],
)
def test_there_are_as_many_processes_as_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, memory: int, count: int, workers: bool, found: int
) -> None:
    monkeypatch.setattr(machine, "memory_mb", lambda: memory)
    monkeypatch.setattr(machine, "cores", lambda: count)
    assert web_processes(beside_workers=workers) == found


@pytest.mark.parametrize(("count", "processes", "found"), [(1, 1, 2), (8, 1, 4), (8, 2, 2), (8, 4, 2), (64, 16, 2)])
def test_each_process_answers_two_at_once_at_least(
    monkeypatch: pytest.MonkeyPatch, count: int, processes: int, found: int
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: count)
    assert web_threads(processes) == found
