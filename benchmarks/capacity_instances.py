"""Generated project networks and the reading of test data for the capacity benchmarks.

The generator follows ProGen (Kolisch, Sprecher & Drexl, Management Science 41 (1995) 1693–1703): network complexity
(links per task), resource factor (share of resources a task asks for), resource strength (0: as scarce as possible,
1: never short).
"""

from __future__ import annotations

import csv
import os
import platform
import random
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from punctual.engine.capacity.model import Link, Mode, Problem, Resource, Task, problem

TESTDATA = Path(os.environ.get("PUNCTUAL_TESTDATA", Path(__file__).resolve().parents[2] / "shared" / "testdata"))


def project(seed: int, *, count: int, complexity: float, factor: float, strength: float) -> Problem:
    """A random project of ``count`` tasks on four resources."""
    draw = random.Random(f"{seed}/{count}/{complexity}/{factor}/{strength}")
    before: list[set[int]] = [set() for _ in range(count)]
    for task in range(3, count):
        before[task].add(draw.randrange(max(0, task - count // 3), task))
    links = sum(map(len, before))
    for _ in range(50 * count):
        if links >= complexity * count:
            break
        task = draw.randrange(1, count)
        other = draw.randrange(max(0, task - count // 3), task)
        if other not in before[task] and len(before[task]) < 5:
            before[task].add(other)
            links += 1
    durations = [draw.randint(1, 10) for _ in range(count)]
    asked = max(1, round(factor * 4))
    demands = [{kind: draw.randint(1, 10) for kind in draw.sample(range(4), asked)} for _ in range(count)]
    return problem(
        resources=[
            Resource(f"R{k}", ((0, units),)) for k, units in enumerate(_capacity(before, durations, demands, strength))
        ],
        tasks=[
            Task(
                str(t),
                (Mode(durations[t], {f"R{k}": n for k, n in demands[t].items()}),),
                tuple(Link(str(o)) for o in sorted(before[t])),
            )
            for t in range(count)
        ],
    )


def _capacity(
    before: list[set[int]], durations: list[int], demands: list[dict[int, int]], strength: float
) -> list[int]:
    finish: list[int] = []
    for task, others in enumerate(before):
        finish.append(max((finish[o] for o in others), default=0) + durations[task])
    units = []
    for kind in range(4):
        least = max((d.get(kind, 0) for d in demands), default=0)
        use = [0] * (max(finish) + 1)
        for task, end in enumerate(finish):
            for slot in range(end - durations[task], end):
                use[slot] += demands[task].get(kind, 0)
        units.append(max(1, least + round(strength * (max(use) - least))))
    return units


def hard_projects(count: int, amount: int) -> Iterator[tuple[str, Problem]]:
    """``amount`` projects over the hard part of the grid."""
    grid = [
        (complexity, factor, strength)
        for strength in (0.1, 0.2, 0.3)
        for factor in (0.5, 0.75, 1.0)
        for complexity in (1.5, 1.8, 2.1)
    ]
    for number in range(amount):
        complexity, factor, strength = grid[(number * 7) % len(grid)]
        yield (
            f"g{count}_{number}",
            project(number, count=count, complexity=complexity, factor=factor, strength=strength),
        )


def best_known() -> dict[str, tuple[int, bool]]:
    """Instance → (best known makespan, whether it is the critical path)."""
    with (TESTDATA / "psplib" / "best_known.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        row["instance"]: (int(row["best_known_makespan"]), row["best_known_makespan"] == row["critical_path"])
        for row in rows
    }


def machine() -> str:
    """One line: processor count, Python and package versions, load at this moment."""
    names = ("numpy", "numba", "ortools", "pyjobshop")
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{name} absent")
    load = os.getloadavg()[0]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {sys.version.split()[0]}, "
        + ", ".join(versions)
    )
