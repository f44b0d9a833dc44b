"""What of this machine is ours: cores and memory, also inside a container or a service with limits of its own."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MOST: Final = 4
"""Web processes that are started unasked; whoever has more cores to give says so."""
WEB_MB: Final = 350
"""What a web process needs of its own (220 to 270 MB were measured) and some room."""
SERVE_MB: Final = 250
"""What ``punctual serve`` itself and the web server hold beside them."""
WORKERS_MB: Final = 1000
"""What is left to the worker and a plan that is being computed, where they run on the same machine."""
GROUPS: Final = Path("/sys/fs/cgroup")


def cores() -> int:
    """Those that we may run on; a part of one counts as a whole."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for text in _limits("cpu.max"):
        quota, _, period = text.partition(" ")
        if quota.isdecimal() and period.isdecimal():
            ours = min(ours, math.ceil(int(quota) / int(period)))
    return max(1, ours)


def memory_mb() -> int:
    """What may still be taken; 0 where the system does not tell."""
    told = [int(text) >> 20 for text in _limits("memory.max") if text.isdecimal()]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        told += [int(line.split()[1]) >> 10 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        told += _all_memory_mb()
    return min(told, default=0)


def _all_memory_mb() -> list[int]:
    try:
        return [(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) >> 20]
    except (AttributeError, OSError, ValueError):  # Windows
        return []


def _limits(name: str) -> Iterator[str]:
    """What the control group of this process and those around it say under this name."""
    try:
        place = Path("/proc/self/cgroup").read_text().strip().rpartition("::")[2].strip("/")
    except OSError:
        return
    folder = GROUPS / place
    for group in [folder, *folder.parents]:
        if not group.is_relative_to(GROUPS):
            return
        try:
            yield (group / name).read_text().strip()
        except OSError:
            continue


def web_processes(*, beside_workers: bool) -> int:
    """As many as there are cores, at most ``MOST``, and no more than memory allows; at least one.

    A process answers one request at a time per core, since Python runs one thread at a time; each has the compiled
    engine in its memory.
    """
    room = memory_mb() - SERVE_MB - (WORKERS_MB if beside_workers else 0)
    return max(1, min(MOST, cores(), room // WEB_MB))


def web_threads(processes: int) -> int:
    """Requests that a web process answers at once. More than there are cores only take the interpreter from each other:
    with four on two cores a list came a tenth to a quarter slower than with two (benchmarks/web.py). Two at least, so
    that one who waits for a turn to write keeps nobody from reading."""
    return max(2, min(4, cores()) // processes)
