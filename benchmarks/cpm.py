"""Critical path: Punctual beside networkx and plain Python in the same run, and how the cost grows.

    PYTHONPATH=src python benchmarks/cpm.py [--quick] [--plot FILE.svg]

All three work on the same random networks: tasks of half a day to five days, one in twenty a milestone, one or two
links of all four types to tasks among the two hundred before, with lags and leads. The peers compute early and late
dates and total slack in plain working minutes, without any calendar, and their data structures stand ready.
Punctual's time is topological order, forward and backward pass with total and free slack, on a calendar with ten
years of holidays (and on
two calendars); ``dates`` is the conversion of start, finish, early and late dates to the clock on top of it. Peers and
Punctual have to agree on the total slack of every task. Best of several repetitions; no memory is counted.

``one change`` is a random task getting another duration in a kept schedule: median and mean over many.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import networkx as nx
import numba
import numpy as np
from svg_chart import Line, chart

from punctual.engine import cpm_layout as at
from punctual.engine.calendars import OFFICE_HOURS, CalendarException, WorkCalendar
from punctual.engine.cpm import Passes, kernels
from punctual.engine.cpm_incremental import IncrementalSchedule
from punctual.engine.network import Link, LinkType, Plan, Task
from punctual.engine.network_arrays import NetworkBuilder

MACHINE = platform.machine()
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
KINDS = (LinkType.FINISH_START, LinkType.START_START, LinkType.FINISH_FINISH, LinkType.START_FINISH)


def network(n: int, seed: int, *, second_calendar: bool) -> Plan:
    """A random plan of ``n`` tasks; a tenth on a six-day week where wanted."""
    rng = random.Random(seed)
    holidays = [CalendarException(date(year, 10, 1), date(year, 10, 7)) for year in range(2026, 2036)]
    six = WorkCalendar("six", week=(OFFICE_HOURS,) * 6 + ((),))
    tasks = [
        Task(
            uid=uid,
            duration=0 if rng.random() < 0.05 else rng.choice([240, 480, 960, 2400]),
            calendar="six" if second_calendar and rng.random() < 0.1 else "",
        )
        for uid in range(n)
    ]
    links = [
        Link(
            max(0, uid - rng.randint(1, 200)),
            uid,
            rng.choices(KINDS, [80, 10, 8, 2])[0],
            rng.choice([0, 0, 0, 0, 240, -120, 480]),
        )
        for uid in range(1, n)
        for _ in range(1 if rng.random() < 0.2 else 2)
    ]
    links = list({(link.predecessor, link.successor): link for link in links}.values())
    calendar = WorkCalendar.standard().with_exceptions(holidays)
    return Plan(start=datetime(2026, 1, 5, 8), calendar=calendar, calendars={"six": six}, tasks=tasks, links=links)


def best(run: Callable[[], Any], repetitions: int) -> float:
    """Seconds of the fastest repetition."""
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def plain_python(duration: list[int], links: list[tuple[int, int, int, int]]) -> Callable[[], list[int]]:
    """Kahn's order, forward and backward over lists; returns late start − early start of every task."""
    n = len(duration)
    before: list[list[tuple[int, int, int]]] = [[] for _ in range(n)]
    after: list[list[tuple[int, int, int]]] = [[] for _ in range(n)]
    for p, s, kind, lag in links:
        before[s].append((p, kind, lag))
        after[p].append((s, kind, lag))

    def run() -> list[int]:
        waiting = [len(item) for item in before]
        order = [i for i in range(n) if not waiting[i]]
        for i in order:
            for s, _, _ in after[i]:
                waiting[s] -= 1
                if not waiting[s]:
                    order.append(s)
        start = [0] * n
        for i in order:
            value = 0
            for p, kind, lag in before[i]:
                bound = start[p] + (duration[p] if kind <= 1 else 0) + lag - (0 if kind % 2 else duration[i])
                value = max(value, bound)
            start[i] = value
        end = max(s + d for s, d in zip(start, duration, strict=True))
        late = [0] * n
        for i in reversed(order):
            value = end - duration[i]
            for s, kind, lag in after[i]:
                bound = late[s] + (0 if kind % 2 else duration[s]) - lag - (duration[i] if kind <= 1 else 0)
                value = min(value, bound)
            late[i] = value
        return [a - b for a, b in zip(late, start, strict=True)]

    return run


def with_networkx(duration: list[int], links: list[tuple[int, int, int, int]]) -> Callable[[], list[int]]:
    """The same with a networkx graph, its topological sort and its adjacency."""
    graph: Any = nx.DiGraph()
    graph.add_nodes_from((i, {"duration": d}) for i, d in enumerate(duration))
    graph.add_edges_from((p, s, {"kind": kind, "lag": lag}) for p, s, kind, lag in links)

    def run() -> list[int]:
        order = list(nx.topological_sort(graph))
        nodes, start, late = graph.nodes, {}, {}
        for i in order:
            value = 0
            d = nodes[i]["duration"]
            for p, edge in graph.pred[i].items():
                kind = edge["kind"]
                bound = start[p] + (nodes[p]["duration"] if kind <= 1 else 0) + edge["lag"] - (0 if kind % 2 else d)
                value = max(value, bound)
            start[i] = value
        end = max(start[i] + nodes[i]["duration"] for i in order)
        for i in reversed(order):
            d = nodes[i]["duration"]
            value = end - d
            for s, edge in graph.succ[i].items():
                kind = edge["kind"]
                bound = late[s] + (0 if kind % 2 else nodes[s]["duration"]) - edge["lag"] - (d if kind <= 1 else 0)
                value = min(value, bound)
            late[i] = value
        return [late[i] - start[i] for i in range(len(duration))]

    return run


def punctual(plan: Plan) -> tuple[Passes, Callable[[], Any]]:
    """The passes of a plan, and one run of them with the topological order."""
    network = NetworkBuilder(plan).build(kernels().topological_order)
    assert network is not None
    passes = Passes(network, plan)
    first, target = network.outgoing.first, np.ascontiguousarray(network.outgoing.links[:, at.OTHER])

    def run() -> None:
        kernels().topological_order(first, target.astype(np.int32), len(network.nodes))
        passes.run()

    return passes, run


def measure(n: int, seeds: int, repetitions: int) -> dict[str, float]:
    """Seconds of each way at one size, mean over seeds of the best repetition."""
    rows = []
    for seed in range(seeds):
        plan = network(n, seed, second_calendar=False)
        duration = [task.duration for task in plan.tasks]
        links = [(int(k.predecessor), int(k.successor), int(k.type), int(k.lag)) for k in plan.links]
        passes, run = punctual(plan)
        run()
        lists, graph = plain_python(duration, links), with_networkx(duration, links)
        total = passes.late[passes.network.rows, at.TOTAL].tolist()
        if not total == lists() == graph():
            sys.exit("the three ways disagree: nothing to compare")
        _, two_run = punctual(network(n, seed, second_calendar=True))
        two_run()
        row = {
            "networkx": best(graph, 3),
            "python": best(lists, 3),
            "punctual": best(run, repetitions),
            "punctual, two calendars": best(two_run, repetitions),
            "dates": best(passes.columns, repetitions),
        }
        row |= one_change(plan, 200 if n > 10_000 else 100, seed)
        rows.append(row)
    return {key: statistics.mean(row[key] for row in rows) for key in rows[0]}


def one_change(plan: Plan, changes: int, seed: int) -> dict[str, float]:
    """Seconds of one changed duration in a kept schedule."""
    rng = random.Random(seed)
    live = IncrementalSchedule(replace(plan))
    times = []
    for _ in range(changes):
        uid, duration = rng.randrange(len(plan.tasks)), rng.choice([240, 480, 960, 2400])
        began = time.perf_counter()
        live.update(uid, duration=duration)
        times.append(time.perf_counter() - began)
    return {"one change, median": statistics.median(times), "one change, mean": statistics.mean(times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two sizes, one seed")
    parser.add_argument("--plot", type=Path, help="write cost against size as SVG")
    arguments = parser.parse_args()
    sizes = (1_000, 10_000) if arguments.quick else SIZES
    table = {n: measure(n, 1 if arguments.quick else 3, 30 if n <= 10_000 else 12) for n in sizes}
    print(f"Python {platform.python_version()}, numba {numba.__version__}, networkx {nx.__version__}, {MACHINE}")
    for n, row in table.items():
        print(f"{n:>7} tasks: " + ", ".join(f"{key} {1000 * value:.3f} ms" for key, value in row.items()))
    cost = {n: row["punctual"] / n * 1e9 for n, row in table.items()}
    answer = {
        "times_faster_than_networkx": {n: round(row["networkx"] / row["punctual"], 1) for n, row in table.items()},
        "times_faster_than_python": {n: round(row["python"] / row["punctual"], 1) for n, row in table.items()},
        "ns_a_task": {n: round(value, 1) for n, value in cost.items()},
        "cost_a_task_max_over_min": round(max(cost.values()) / min(cost.values()), 2),
        "one_change_over_full": {
            kind: {n: round(row[f"one change, {kind}"] / row["punctual"], 3) for n, row in table.items()}
            for kind in ("median", "mean")
        },
    }
    print(json.dumps(answer, indent=1))
    if arguments.plot:
        names = ["networkx", "python", "punctual", "punctual, two calendars", "one change, median"]
        lines = [Line(name, list(table), [1000 * row[name] for row in table.values()], marks=True) for name in names]
        title = "Critical path: cost against size"
        arguments.plot.write_text(
            chart(title, "tasks", "milliseconds", lines, log_x=True, log_y=True), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
