"""Recovery: time of one answer against the size of the portfolio.

    PYTHONPATH=src python benchmarks/recovery.py [--quick] [--plot FILE.svg]

Random portfolios of orders with 25 tasks on 20 machines, planned by due date; the latest orders are recovered with
overtime on every machine, crashing, outsourcing, a split, borrowed float and re-sequencing; 200 draws. Best and mean of
the two latest orders, after one call that loads the compiled code.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
from svg_chart import Line, chart

from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import network
from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task, order_ends, problem
from punctual.engine.optimise.rules import due_list
from punctual.engine.recovery import (
    BorrowFloat,
    Case,
    Crash,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Resequence,
    Split,
    recover,
)


def portfolio(orders: int, seed: int) -> Problem:
    """Orders released one after the other, loaded to about nine tenths of the machines."""
    rng = np.random.default_rng(seed)
    machines = [Resource(f"M{k}", ((0, int(rng.integers(1, 4))),)) for k in range(20)]
    capacity = [row.capacity[0][1] for row in machines]
    kinds = rng.choice(20, size=(orders, 25), p=np.array(capacity) / sum(capacity))
    lengths = rng.integers(2, 13, (orders, 25))
    rhythm = 25 * 7 / (0.9 * sum(capacity))
    rows, tasks = [], []
    for k in range(orders):
        release = int(k * rhythm)
        rows.append(Order(f"O{k}", release, release + int(rng.integers(100, 220)), int(rng.integers(1, 10))))
        for t in range(25):
            before = sorted(set(rng.integers(max(0, t - 4), t, 2).tolist())) if t else []
            links = tuple(Link(f"O{k}-{b}") for b in before)
            tasks.append(Task(f"O{k}-{t}", (Mode(int(lengths[k, t]), {f"M{kinds[k, t]}": 1}),), links, f"O{k}"))
    return problem(resources=machines, orders=rows, tasks=tasks)


def planned(plan: Problem) -> Schedule:
    """The serial schedule by due date."""
    net, scale = network(plan)
    sequence = due_list(net, 0.0, np.random.default_rng(0))
    start, finish, chosen = (np.zeros(len(plan.tasks), dtype=np.int32) for _ in range(3))
    slots = lines.first_guess(net)
    line = lines.build(net, slots)
    while not timeline.decode(line, net, sequence, line.planes.copy(), start, finish, chosen):
        slots = lines.longer(net, slots)
        line = lines.build(net, slots)
    return Schedule(tuple((start * scale).tolist()), tuple(chosen.tolist()))


def levers(plan: Problem, order: str, end: int) -> list[Lever]:
    own = [task for task in plan.tasks if task.order == order]
    overtime = [ExtraCapacity(f"ot-{r.id}", r.id, ((0, end),), 1, 100.0, most=40) for r in plan.resources]
    crash = [Crash(f"c-{t.id}", t.id, t.modes[0].duration // 2, 300.0) for t in own]
    outside = [Outsourcing(f"s-{t.id}", t.id, t.modes[0].duration + 2, 2000.0) for t in own[::3]]
    return [
        *overtime,
        *crash,
        *outside,
        Split("split", tuple(t.id for t in own[:12])),
        BorrowFloat("b"),
        Resequence("r"),
    ]


def measure(orders: int, seed: int) -> dict[str, object]:
    plan = portfolio(orders, seed)
    schedule = planned(plan)
    ends = order_ends(plan, schedule)
    late = sorted(plan.orders, key=lambda row: (row.due or 0) - ends[row.id])[:2]
    promises = {row.id: max(row.due or 0, ends[row.id]) + 10 for row in plan.orders}
    seconds, found = [], []
    for row in late:
        case = Case(plan, schedule, 0, row.id, {k: v for k, v in promises.items() if k != row.id})
        begun = time.process_time()
        answer = recover(case, levers(plan, row.id, ends[row.id]))
        seconds.append(time.process_time() - begun)
        found.append(len(answer.options))
    return {"tasks": 25 * orders, "best": min(seconds), "mean": sum(seconds) / len(seconds), "options": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    measure(4, 0)
    rows = []
    for orders in (8, 40) if arguments.quick else (8, 40, 200):
        rows.append(measure(orders, 1))
        print(json.dumps(rows[-1]), flush=True)
    print(json.dumps({"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}))
    if arguments.plot:
        sizes = [float(str(row["tasks"])) for row in rows]
        times = [float(str(row["mean"])) for row in rows]
        title = "One recovery with 200 draws against the size of the portfolio"
        svg = chart(
            title,
            "tasks",
            "processor seconds",
            [Line("mean of two", sizes, times, marks=True)],
            log_x=True,
            log_y=True,
        )
        arguments.plot.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
