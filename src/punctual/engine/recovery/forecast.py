"""P50 and P80 of a plan by drawing durations, with the same draws for every plan that is compared.

Each task's planned duration is multiplied by a factor drawn for that task and run, whatever plan is looked at (common
random numbers), so that the difference of two plans is known much better than either. A run is scheduled by the serial
scheme within the capacities, tasks in the order of their planned starts and none before its planned start; what runs
already keeps its start and ends later than now. Tasks behind the last one that counts cannot change its end: they are
left out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from punctual.engine.capacity import lines, timeline
from punctual.engine.capacity.arrays import Ints, Network, network
from punctual.engine.capacity.lines import Line
from punctual.engine.capacity.model import Link, Order, Problem, Schedule, Task
from punctual.engine.recovery.model import Case
from punctual.engine.recovery.placing import by_key
from punctual.engine.simulate import Activity, StochasticNetwork
from punctual.engine.simulate.prepare import prepare

Floats = npt.NDArray[np.float64]

FINEST = 8
"""A unit of the plan is divided into at most this many grid slots …"""
WANTED = 16
"""… so that the middle duration has about this many, …"""
MOST_SLOTS = 1 << 15
"""… as long as the plan stays below this many slots."""

RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Draws:
    """Factors on durations: ``factors[row[task id], run]``."""

    row: dict[str, int]
    factors: Floats

    @property
    def runs(self) -> int:
        return int(self.factors.shape[1])


def draw(case: Case, runs: int, seed: int) -> Draws:
    """The factors of every task that is not done yet."""
    from punctual.engine.simulate import kernels

    activities = [
        Activity(task.id, case.spread.get(task.id, case.usual))
        for task, start, mode in zip(case.problem.tasks, case.schedule.start, case.schedule.mode, strict=True)
        if start + task.modes[mode].duration > case.now
    ]
    if not activities:
        return Draws({}, np.ones((0, runs)))
    prepared = prepare(StochasticNetwork(activities), seed)
    factors = np.empty((len(activities), runs))
    block = np.empty((len(activities), kernels.LANES))
    numbers = np.arange(runs)
    for first in range(0, runs, kernels.LANES):
        some = numbers[first : first + kernels.LANES]
        drawn = (prepared.activities, prepared.risk_links, prepared.risks, prepared.groups, prepared.tables)
        kernels.duration_block(*drawn, -1, some, block)
        factors[:, first : first + some.size] = block[:, : some.size]
    return Draws({name: row for row, name in enumerate(prepared.names)}, factors)


@dataclass(slots=True)
class _Bench:
    """The tasks that count, as arrays on the grid; ``grid`` slots are one unit of the plan's time."""

    net: Network
    line: Line
    grid: float
    sequence: Ints
    running: Ints
    factors: Floats
    counted: Ints
    now: int


def ends(case: Case, problem: Problem, schedule: Schedule, targets: Collection[int], draws: Draws) -> Floats:
    """End of the ``targets`` (positions) in each run (runs), in units of the plan."""
    done = [schedule.start[k] + problem.tasks[k].modes[schedule.mode[k]].duration for k in targets]
    if max(done) <= case.now:
        return np.full(draws.runs, float(max(done)))
    bench = _bench(case, problem, schedule, targets, draws)
    nominal = bench.net.duration.copy()
    bare = bench.line.planes
    line = bench.line._replace(planes=bare.copy())
    start, finish, chosen = (np.zeros(nominal.size, dtype=np.int32) for _ in range(3))
    planes = bare.copy()
    first = bench.net.release
    result = np.empty(draws.runs)
    run = 0
    while run < draws.runs:
        drawn = np.rint(nominal * bench.factors[:, run]).astype(np.int32)
        drawn[(nominal > 0) & (drawn < 1)] = 1
        drawn[bench.running] = np.maximum(drawn[bench.running], bench.now + 1 - first[bench.running])
        bench.net.duration[:] = drawn
        line.planes[:] = bare
        finish[bench.running] = first[bench.running] + drawn[bench.running]
        slots = line.words << 6
        enough = not bench.running.size or int(finish[bench.running].max()) < slots
        if enough:
            for task in bench.running:
                timeline.take(line, bench.net, line.planes, int(task), int(first[task]))
            enough = timeline.decode(line, bench.net, bench.sequence, planes, start, finish, chosen)
        if not enough:
            line = lines.build(bench.net, lines.longer(bench.net, slots))
            bare, planes = line.planes.copy(), line.planes.copy()
            continue
        result[run] = finish[bench.counted].max()
        run += 1
    return result / bench.grid


def _bench(case: Case, problem: Problem, schedule: Schedule, targets: Collection[int], draws: Draws) -> _Bench:
    last = max(schedule.start[k] for k in targets)
    finish = schedule.finish(problem)
    index = {task.id: k for k, task in enumerate(problem.tasks)}
    kept = {k for k, start in enumerate(schedule.start) if start <= last and finish[k] > case.now}
    pending = list(kept)
    while pending:  # a task that may overlap its predecessor can start before it
        for link in problem.tasks[pending.pop()].predecessors:
            other = index[link.predecessor]
            if other not in kept and finish[other] > case.now:
                kept.add(other)
                pending.append(other)
    places = sorted(kept)
    tasks = []
    for k in places:
        task = problem.tasks[k]
        links = tuple(
            Link(link.predecessor, link.lag)
            for link in task.predecessors
            if index[link.predecessor] in kept and schedule.start[k] >= case.now
        )
        tasks.append(Task(task.id, (task.modes[schedule.mode[k]],), links, release=schedule.start[k]))
    # The order carries now into the greatest common divisor, so that it lies on the grid.
    net, scale = network(Problem(problem.resources, (Order("", due=case.now),), tuple(tasks)))
    net, finer = _refined(net)
    row = {k: number for number, k in enumerate(places)}
    running = [row[k] for k in places if schedule.start[k] < case.now]
    key = np.array([schedule.start[k] for k in places], dtype=np.int64)
    sequence = by_key(net, key)
    return _Bench(
        net=net,
        line=lines.build(net, lines.first_guess(net)),
        grid=finer / scale,
        sequence=np.ascontiguousarray(sequence[~np.isin(sequence, running)]),
        running=np.array(running, dtype=np.int32),
        factors=draws.factors[[draws.row[problem.tasks[k].id] for k in places]],
        counted=np.array([row[k] for k in targets if k in row], dtype=np.int32),
        now=case.now * finer // scale,
    )


def _refined(net: Network) -> tuple[Network, int]:
    """The network on a finer grid, and how many grid slots one of its slots has become."""
    some = net.duration[net.duration > 0]
    middle = int(np.median(some)) if some.size else WANTED
    span = int(net.release.max(initial=0)) + int(net.duration.max(initial=0)) + 1
    finer = max(1, min(FINEST, -(-WANTED // middle), MOST_SLOTS // span))
    finer = min(finer, max(1, (2**30) // max(1, int(net.step_time.max(initial=0)))))
    many = np.int32(finer)
    times = {name: getattr(net, name) * many for name in ("duration", "lag", "release", "step_time")}
    return net._replace(**times), finer


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much the quantile comes earlier, and the standard error of that."""

    amount: float
    error: float


def gain(before: Floats, after: Floats, level: float, seed: int) -> Gain:
    """Difference of the quantiles of paired runs; its error by the bootstrap (Efron, Annals of Statistics 7, 1979)."""
    runs = before.size
    picks = np.random.default_rng(seed).integers(0, runs, (RESAMPLES, runs))
    differences = np.quantile(before[picks], level, axis=1) - np.quantile(after[picks], level, axis=1)
    amount = float(np.quantile(before, level) - np.quantile(after, level))
    return Gain(amount, float(differences.std(ddof=1)))
