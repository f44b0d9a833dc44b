"""Least makespan of one project: population search on a few threads, then a solver beside it for the proof."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from punctual.engine.capacity.arrays import Network, network
from punctual.engine.capacity.model import Order, Problem, Schedule
from punctual.engine.capacity.words import generator
from punctual.engine.optimise import evolve
from punctual.engine.optimise import project as packed
from punctual.engine.optimise.answer import Answer, Limits
from punctual.engine.optimise.crew import Crew
from punctual.engine.optimise.energy import energetic_bound
from punctual.engine.optimise.evolve import Island
from punctual.engine.optimise.project import Project
from punctual.engine.optimise.proof import Proof, preload
from punctual.engine.optimise.rules import makespan_bound, tails
from punctual.engine.optimise.tardiness import fitting_line, minimise_tardiness
from punctual.engine.verify import verified

POPULATION = 120
SMALL_POPULATION = 30
POPULATED_TASKS = 18_000
"""Tasks in all individuals of a thread: what is large is placed seldom, and many individuals would not mature."""

PATIENCE = 20_000
ROUND_TASKS = 40_000
"""Tasks placed per thread and round: some milliseconds, so that stopping is prompt."""

PROOF_SHARE = 0.2
"""Share of the time after which the solver starts."""

PROOF_SECONDS = 0.01
"""Seconds a task that have to be left for the solver: before that it has hardly read a large plan, and the thread that
it takes is the search's."""

ENERGY_SECONDS = 1.7e-8
"""Seconds that the energetic bound takes, times the cube of the number of tasks."""

ENERGY_SHARE = 0.05
"""The most of the time that it may take."""


@dataclass(slots=True)
class _Best:
    start: list[int]
    span: int
    bound: int


def minimise_makespan(plan: Problem, limits: Limits, *, workers: int = 2, seed: int = 0, proofs: bool = True) -> Answer:
    """The shortest schedule found within ``limits``, verified, with a lower bound and whether it is proven optimal.

    With ``proofs`` and a time limit the solver runs beside the search (then the answer depends on time, too). Plans
    with alternatives or fixed tasks are taken as one order with weight 1 that is due at once.
    """
    if any(len(task.modes) > 1 or task.start is not None for task in plan.tasks):
        return _as_one_order(plan, limits, workers, seed)
    net, scale = network(plan)
    bound = makespan_bound(net)
    line = fitting_line(net, np.ascontiguousarray(net.topological))
    project = packed.build(net, line.words << 6)
    tail = tails(net).astype(np.int32)
    size = min(POPULATION, max(SMALL_POPULATION, POPULATED_TASKS // max(1, net.fixed.size)))
    isles = [evolve.island(project, tail, generator(seed, worker), size) for worker in range(workers)]
    best = _Best([], 2**31 - 1, bound)
    left = (1 - PROOF_SHARE) * (limits.seconds or 0.0)
    proofs = proofs and limits.seconds is not None and left >= PROOF_SECONDS * net.fixed.size
    tried = _search(project, net, isles, best, limits, workers, proofs, scale)
    schedule = Schedule(tuple(start * scale for start in best.start), (0,) * len(plan.tasks))
    verified(plan, schedule)
    span = max(schedule.finish(plan), default=0)
    low = min(best.bound * scale, span)
    return Answer(schedule, span, low, low >= span, tried, limits.elapsed())


def _search(
    project: Project,
    net: Network,
    isles: list[Island],
    best: _Best,
    limits: Limits,
    workers: int,
    proofs: bool,
    scale: int,
) -> int:
    leads = bool((net.lag < 0).any())
    evaluations = max(4, ROUND_TASKS // max(1, net.fixed.size))
    proof: Proof | None = None
    loading = False
    weighed = limits.seconds is not None and ENERGY_SECONDS * net.fixed.size**3 > ENERGY_SHARE * limits.seconds
    with Crew(workers) as crew:
        while True:
            active = isles if proof is None or not proof.running else isles[: max(1, workers - 1)]

            def work(isle: Island, target: int = best.bound) -> None:
                evolve.evolve(project, isle, leads, evaluations, target, PATIENCE)

            crew.round(work, active)
            _collect(isles, best, limits, scale)
            if not weighed:
                best.bound, weighed = energetic_bound(net, best.bound, best.span), True
            if proof is not None:
                _hear(proof, best)
            tried = sum(int(isle.counters[evolve.AGE]) for isle in isles)
            done = limits.progress(tried)
            if done >= 1.0 or best.span <= best.bound or net.fixed.size == 0:
                break
            if proofs and not loading:
                preload()
                loading = True
            if proofs and proof is None and done > PROOF_SHARE:
                left = (limits.seconds or 0.0) - limits.elapsed()
                proof = Proof(net, best.span, best.bound, best.start, left, 1)
        if proof is not None:
            proof.finish()
            _hear(proof, best)
    return tried


def _collect(isles: list[Island], best: _Best, limits: Limits, scale: int) -> None:
    for isle in isles:
        if int(isle.best[0]) < best.span or not best.start:
            best.span = int(isle.best[0])
            best.start = [int(value) for value in isle.best_start]
            limits.better(best.span * scale)


def _hear(proof: Proof, best: _Best) -> None:
    best.bound = max(best.bound, min(proof.bound, best.span))
    if proof.start is not None and proof.upper < best.span:
        best.span, best.start = proof.upper, proof.start


def _as_one_order(plan: Problem, limits: Limits, workers: int, seed: int) -> Answer:
    """Makespan as the end of one order: every task in it, due at 0, weight 1."""
    whole = replace(
        plan,
        orders=(*(replace(order, due=None) for order in plan.orders), Order("\0all", due=0)),
        tasks=tuple(
            replace(
                task,
                order="\0all",
                release=max([task.release, *(o.release for o in plan.orders if o.id == task.order)]),
                planned=None,
            )
            for task in plan.tasks
        ),
    )
    answer = minimise_tardiness(whole, limits, workers=workers, seed=seed)
    verified(plan, answer.schedule)
    return answer
