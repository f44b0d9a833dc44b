"""Weighted tardiness of many orders at once, side by side in one run with priority rules and CP-SAT, and with what the
files bring along: their incumbent plan and the plain due-date rule.

    PYTHONPATH=src python benchmarks/portfolio.py [--seconds 10] [--seeds 2] [--solver] [--plot FILE.svg]

Also the time of one full decode (every task of every order placed once), and how the cost falls with time. CP-SAT gets
our first schedule as hint, for the same time on two workers (``--solver``; the model of 5,000 tasks needs some seconds
to build). Every schedule is checked by ``engine.verify``.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import numpy as np
from capacity_instances import TESTDATA, machine
from svg_chart import Line, chart

from punctual.engine.capacity import timeline
from punctual.engine.capacity.arrays import network
from punctual.engine.capacity.model import Problem, Schedule, weighted_tardiness
from punctual.engine.formats import portfolio
from punctual.engine.formats.text_file import read_bytes
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.rules import due_list
from punctual.engine.optimise.tardiness import fitting_line, minimise_tardiness
from punctual.engine.optimise.warm import warm_tardiness
from punctual.engine.verify import verified


def due_date_rule(plan: Problem) -> int:
    """The serial scheme in the order of latest starts towards the due dates."""
    return minimise_tardiness(plan, Limits(evaluations=1), workers=1).cost


def decode_seconds(plan: Problem, repeats: int = 50) -> float:
    """Least time of one full decode."""
    net, _ = network(plan)
    sequence = due_list(net, 0.0, np.random.default_rng(0))
    line = fitting_line(net, sequence)
    planes = line.planes.copy()
    start, finish, chosen = (np.zeros(net.fixed.size, dtype=np.int32) for _ in range(3))
    best = math.inf
    for _ in range(repeats):
        begun = time.perf_counter()
        timeline.decode(line, net, sequence, planes, start, finish, chosen)
        best = min(best, time.perf_counter() - begun)
    return best


def cp_sat(plan: Problem, hint: Schedule, seconds: float) -> int | None:
    """Weighted tardiness that CP-SAT reaches from the hint; None when it finds no schedule in the time."""
    from ortools.sat.python import cp_model

    horizon = 2 * max(hint.finish(plan))
    model = cp_model.CpModel()
    starts, intervals = {}, {}
    ends: dict[str, list[object]] = {}
    for task, begin in zip(plan.tasks, hint.start, strict=True):
        length = task.modes[0].duration
        starts[task.id] = model.new_int_var(task.release, horizon, "")
        intervals[task.id] = model.new_fixed_size_interval_var(starts[task.id], length, "")
        model.add_hint(starts[task.id], begin)
        ends.setdefault(task.order or "", []).append(starts[task.id] + length)
        for link in task.predecessors:
            model.add(starts[task.id] >= starts[link.predecessor] + _length(plan, link.predecessor) + link.lag)
    for order in plan.orders:
        for task in plan.tasks:
            if task.order == order.id and not task.predecessors:
                model.add(starts[task.id] >= order.release)
    for resource in plan.resources:
        used = [intervals[task.id] for task in plan.tasks if task.modes[0].demands.get(resource.id)]
        units = [task.modes[0].demands[resource.id] for task in plan.tasks if task.modes[0].demands.get(resource.id)]
        most = max(n for _, n in resource.capacity)
        for (begin, free), after in zip(resource.capacity, [*resource.capacity[1:], (horizon * 2, 0)], strict=True):
            if free < most:
                used.append(model.new_fixed_size_interval_var(begin, after[0] - begin, ""))
                units.append(most - free)
        model.add_cumulative(used, units, most)
    cost = []
    for order in plan.orders:
        if order.due is not None:
            late = model.new_int_var(0, horizon, "")
            for end in ends.get(order.id, []):
                model.add(late >= end - order.due)
            cost.append(order.weight * late)
    model.minimize(sum(cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    found = Schedule(tuple(int(solver.value(starts[task.id])) for task in plan.tasks), (0,) * len(plan.tasks))
    return weighted_tardiness(plan, verified(plan, found))


_LENGTHS: dict[int, dict[str, int]] = {}


def _length(plan: Problem, name: str) -> int:
    table = _LENGTHS.setdefault(id(plan), {task.id: task.modes[0].duration for task in plan.tasks})
    return table[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--solver", action="store_true")
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    print(machine())
    warm_tardiness()
    files = sorted((TESTDATA / "portfolio").glob("*.json.gz"))
    if not files:
        raise SystemExit(f"No portfolios in {TESTDATA / 'portfolio'}: set PUNCTUAL_TESTDATA.")
    ratios, curves = [], []
    for path in files:
        plan = portfolio.read(path).problem
        incumbent = json.loads(read_bytes(path))["plan_weighted_tardiness"]
        costs = []
        for seed in range(arguments.seeds):
            limits = Limits(seconds=arguments.seconds)
            points: list[tuple[float, int]] = []
            limits.better = lambda cost, points=points, limits=limits: points.append((limits.elapsed(), cost))
            costs.append(minimise_tardiness(plan, limits, workers=2, seed=seed).cost)
            if seed == 0:
                curves.append(Line(path.name.split(".")[0], [t for t, _ in points], [c for _, c in points]))
        ratios.append(statistics.mean(costs) / incumbent)
        line = f"{path.name}: {costs} after {arguments.seconds:g} s; in the file {incumbent}; due-date rule "
        line += f"{due_date_rule(plan)}; ratio to the file {ratios[-1]:.3f}; "
        line += f"full decode {1e3 * decode_seconds(plan):.2f} ms"
        if arguments.solver:
            hint = minimise_tardiness(plan, Limits(evaluations=1), workers=1).schedule
            line += f"; CP-SAT from our first schedule {cp_sat(plan, hint, arguments.seconds)}"
        print(line, flush=True)
    print(f"geometric mean of the ratios {math.exp(statistics.mean(math.log(max(r, 1e-3)) for r in ratios)):.3f}")
    if arguments.plot:
        title = "Weighted tardiness of 200 orders against time"
        arguments.plot.write_text(chart(title, "seconds", "weighted tardiness", curves, log_y=True), encoding="utf-8")


if __name__ == "__main__":
    main()
