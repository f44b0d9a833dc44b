"""Weighted tardiness of many orders on common resources: list schedules, then ruin and recreate on a few threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from punctual.engine.capacity import lines
from punctual.engine.capacity.arrays import Ints, Network, network
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Problem, Schedule, weighted_tardiness
from punctual.engine.capacity.words import generator
from punctual.engine.optimise import ruin
from punctual.engine.optimise.answer import Answer, Limits
from punctual.engine.optimise.crew import Crew
from punctual.engine.optimise.rules import due_list, tardiness_bound
from punctual.engine.optimise.yard import TRIED, Yard, adopt, begin, empty_yard
from punctual.engine.verify import verified

ROUND = 400
"""Moves a thread makes between two closings of gaps."""

EXCHANGE = 12
"""Rounds after which all threads go on from the best of them."""

FIRST_HEAT, LAST_HEAT = 0.004, 0.0002
"""Temperatures at the beginning and the end, as shares of the first cost."""

FIRST_LISTS = 8


@dataclass(slots=True)
class _Search:
    net: Network
    line: Line
    mirror_line: Line
    mirrors: list[Network]
    yards: list[Yard]


def minimise_tardiness(
    plan: Problem, limits: Limits, *, workers: int = 2, seed: int = 0, incumbent: Schedule | None = None
) -> Answer:
    """The best schedule found within ``limits`` for Σ weight · max(0, end − due) + the prices of moved tasks, verified.

    ``incumbent``: a feasible schedule to start from (else priority lists). Without time or evaluations left after the
    first lists, their best is handed out. Raises :class:`Refusal` when no schedule exists on the availability given.
    """
    net, scale = network(plan)
    ends = incumbent.finish(plan) if incumbent is not None else ()
    search = _prepared(net, workers, seed, max(ends, default=0) // scale)
    _first_schedules(search, seed, incumbent, scale)
    bound = tardiness_bound(net)
    _improve(search, limits, bound, scale, workers)
    best = min(search.yards, key=lambda yard: int(yard.best_cost[0]))
    schedule = Schedule(
        tuple(int(start) * scale for start in best.best_start), tuple(int(mode) for mode in best.best_chosen)
    )
    verified(plan, schedule)
    cost = weighted_tardiness(plan, schedule) + move_cost(plan, schedule)
    tried = sum(int(yard.counters[TRIED]) for yard in search.yards)
    low = bound * scale
    return Answer(schedule, cost, min(low, cost), cost <= low, tried, limits.elapsed())


def move_cost(plan: Problem, schedule: Schedule) -> int:
    """Σ move price of the tasks that do not start where the plan in force has them."""
    return sum(
        task.move_price
        for task, start in zip(plan.tasks, schedule.start, strict=True)
        if task.planned is not None and start != task.planned
    )


def fitting_line(net: Network, sequence: Ints, until: int = 0) -> Line:
    """A timeline on which ``sequence`` fits, and what ends by ``until``, with a quarter more to move in."""
    slots = lines.first_guess(net)
    while True:
        line = lines.build(net, slots)
        end = lines.decoded_end(line, net, sequence)
        if end is not None:
            end = max(end, until)
            return lines.build(net, end + end // 4 + int(net.duration.max(initial=1)) + 64)
        slots = lines.longer(net, slots)


def _prepared(net: Network, workers: int, seed: int, until: int) -> _Search:
    line = fitting_line(net, due_list(net, 0.0, np.random.default_rng(seed)), until)
    slots = line.words << 6
    mirror = lines.mirrored(net, slots)
    return _Search(
        net=net,
        line=line,
        mirror_line=lines.build(mirror, slots - 1),
        mirrors=[mirror._replace(release=np.zeros_like(net.release)) for _ in range(workers)],
        yards=[empty_yard(net, line, generator(seed, worker)) for worker in range(workers)],
    )


def _first_schedules(search: _Search, seed: int, incumbent: Schedule | None, scale: int) -> None:
    for worker, yard in enumerate(search.yards):
        if incumbent is not None:
            start = np.array([value // scale for value in incumbent.start], dtype=np.int32)
            adopt(search.line, search.net, yard, start, np.array(incumbent.mode, dtype=np.int32))
            continue
        draw = np.random.default_rng((seed, worker))
        for trial in range(FIRST_LISTS):
            begin(search.line, search.net, yard, due_list(search.net, 0.0 if trial == 0 else 10.0, draw))
        adopt(search.line, search.net, yard, yard.best_start, yard.best_chosen)


def _improve(search: _Search, limits: Limits, bound: int, scale: int, workers: int) -> None:
    first = max(1.0, float(min(yard.best_cost[0] for yard in search.yards)))
    known = int(first)
    pairs = list(zip(search.yards, search.mirrors, strict=True))
    rounds = 0
    with Crew(workers) as crew:
        while True:
            best = min(search.yards, key=lambda yard: int(yard.best_cost[0]))
            if int(best.best_cost[0]) < known or rounds == 0:
                known = int(best.best_cost[0])
                limits.better(known * scale)
            tried = sum(int(yard.counters[TRIED]) for yard in search.yards)
            done = limits.progress(tried)
            if done >= 1.0 or known <= bound or best.sequence.size == 0:
                return
            heat = first * FIRST_HEAT * (LAST_HEAT / FIRST_HEAT) ** done

            def work(pair: tuple[Yard, Network], heat: float = heat) -> None:
                ruin.improve(search.line, search.net, search.mirror_line, pair[1], pair[0], ROUND, heat)

            crew.round(work, pairs)
            rounds += 1
            if rounds % EXCHANGE == 0:
                leader = min(search.yards, key=lambda yard: int(yard.cost[0]))
                for yard in search.yards:
                    if yard is not leader:
                        adopt(search.line, search.net, yard, leader.start, leader.chosen)
