"""Running the simulation: chunks of runs on threads, then quantiles, criticality, sensitivity and risks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from punctual.engine.simulate.model import StochasticNetwork
from punctual.engine.simulate.prepare import Floats, Integers, Prepared, prepare
from punctual.engine.simulate.validation import network_problems
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

LEVELS = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
"""Percentages of the quantiles that are reported."""
MOST_RUNS = 10_000_000
_CHUNKS = 16
"""Pieces of work: enough to keep the threads busy, few enough that handing them over costs nothing."""

Spread = Callable[[Callable[[int], Any], Iterable[int]], list[Any]]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came out; times and durations in the unit of the network, measured from its start at 0.

    ``ends``         the end of the network in each run (runs).
    ``criticality``  share of the runs in which the activity lies on a chain without slack to the end.
    ``sensitivity``  Spearman's rank correlation of the activity's duration (with risk impacts) with the end; 0 for a
                     duration that does not vary.
    ``risk_days``    by how much each risk moves the P80: P80 of these runs minus P80 of the same runs without it.
    """

    runs: int
    seed: int
    ends: Floats
    criticality: dict[str, float]
    sensitivity: dict[str, float]
    risk_days: dict[str, float]

    @property
    def mean(self) -> float:
        return float(self.ends.mean())

    @property
    def sd(self) -> float | None:
        """Sample standard deviation; None for a single run."""
        return float(self.ends.std(ddof=1)) if self.runs > 1 else None

    def quantile(self, level: float) -> float:
        """The end that is kept with probability ``level`` (0 … 1), linear between the sorted runs (type 7)."""
        return float(np.quantile(self.ends, level))

    @property
    def quantiles(self) -> dict[str, float]:
        """P5, P10, P20 … P90, P95."""
        values = np.quantile(self.ends, [level / 100 for level in LEVELS])
        return {f"P{level}": float(value) for level, value in zip(LEVELS, values, strict=True)}

    def as_data(self) -> dict[str, object]:
        """The document of ``punctual simulate --json``."""
        return {
            "runs": self.runs,
            "seed": self.seed,
            "mean": self.mean,
            "sd": self.sd,
            "quantiles": self.quantiles,
            "criticality": self.criticality,
            "sensitivity": self.sensitivity,
            "risks": {name: {"days_of_p80": days} for name, days in self.risk_days.items()},
        }


def simulate(
    network: StochasticNetwork, *, runs: int = 10_000, seed: int = 0, threads: int | None = None
) -> Simulation:
    """Simulate ``runs`` runs; the result depends on network, runs and seed only, not on ``threads`` or listing order.

    Without demands an activity starts when its predecessors have ended (longest path). With demands every run is
    scheduled by the serial scheme, activities in the order of their starts in the schedule at mean durations.

    Raises a Refusal with every reason for an unusable network, or ``runs`` outside 1 … 10,000,000.
    """
    reasons = network_problems(network)
    if not 1 <= runs <= MOST_RUNS:
        text = N_("the number of runs must be from 1 to %(most)d, it is %(runs)d")
        reasons.append(Reason("simulate.runs_out_of_range", text, {"most": MOST_RUNS, "runs": runs}, field="runs"))
    refuse_if(reasons)
    prepared = prepare(network, seed)
    with ThreadPoolExecutor(threads or usable_cores()) as pool:

        def spread(work: Callable[[int], Any], places: Iterable[int]) -> list[Any]:
            return list(pool.map(work, places))

        counts = np.zeros(len(prepared.names))
        ends = _ends(prepared, np.arange(runs), -1, spread, counts)
        if not np.isfinite(ends).all():
            raise Refusal(Reason("simulate.not_finite", N_("the durations are too large to be added up")))
        sensitivity = _sensitivity(prepared, ends, spread)
        days = [_days_of_p80(prepared, risk, ends, spread) for risk in range(len(prepared.risk_names))]
    listed = [activity.id for activity in network.activities]
    criticality = dict(zip(prepared.names, (counts / runs).tolist(), strict=True))
    by_name = dict(zip(prepared.names, sensitivity.tolist(), strict=True))
    by_risk = dict(zip(prepared.risk_names, days, strict=True))
    return Simulation(
        runs=runs,
        seed=seed,
        ends=ends,
        criticality={name: criticality[name] for name in listed},
        sensitivity={name: by_name[name] for name in listed},
        risk_days={risk.id: by_risk[risk.id] for risk in network.risks},
    )


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunk(runs: int) -> int:
    """Runs in one piece of work: a whole number of blocks, whatever the number of threads."""
    from punctual.engine.simulate.kernels import LANES

    return LANES * max(1, -(-runs // (_CHUNKS * LANES)))


def _ends(prepared: Prepared, runs: Integers, skipped: int, spread: Spread, counts: Floats | None = None) -> Floats:
    """The end of the network in each of ``runs``; adds the critical counts to ``counts`` when given."""
    from punctual.engine.simulate import kernels

    ends = np.empty(len(runs))
    size = _chunk(len(runs))
    p = prepared

    def work(first: int) -> Floats:
        own = np.zeros(len(p.names) if counts is not None else 0)
        piece = slice(first, first + size)
        if p.has_demands:
            _schedule_runs(p, runs[piece], skipped, ends[piece], own)
        else:
            drawn = (p.links, p.releases, p.activities, p.risk_links, p.risks, p.groups, p.tables, skipped)
            kernels.simulate_runs(*drawn, runs[piece], ends[piece], own)
        return own

    for own in spread(work, range(0, len(runs), size)):
        if counts is not None:
            counts += own
    return ends


def _schedule_runs(p: Prepared, runs: Integers, skipped: int, ends: Floats, counts: Floats) -> None:
    """The end of each run within the capacities, a block of runs at a time."""
    from punctual.engine.simulate import kernels, scheduling

    durations = np.empty((len(p.names), kernels.LANES))
    for first in range(0, len(runs), kernels.LANES):
        block = slice(first, first + kernels.LANES)
        drawn = (p.activities, p.risk_links, p.risks, p.groups, p.tables, skipped)
        kernels.duration_block(*drawn, runs[block], durations)
        limits = (p.demands, p.capacities, p.room)
        scheduling.schedule_block(p.order, p.links, p.releases, *limits, durations, ends[block], counts)


def _days_of_p80(prepared: Prepared, risk: int, ends: Floats, spread: Spread) -> float:
    """Common random numbers: only the runs in which the risk occurs are computed again, without it."""
    from punctual.engine.simulate import kernels

    probability, key = prepared.risks[2][risk], prepared.risks[3][risk]
    occurred = kernels.occurrences(key, probability, len(ends))
    without = ends.copy()
    without[occurred] = _ends(prepared, occurred, risk, spread)
    return float(np.quantile(ends, 0.8) - np.quantile(without, 0.8))


def _ranks(values: Floats) -> Floats:
    """Ranks 1 … n, equals sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks: Floats = middle[inverse]
    return ranks


def _sensitivity(prepared: Prepared, ends: Floats, spread: Spread) -> Floats:
    """Spearman's rank correlation of each duration with the end.

    Where a duration rises strictly with one uniform number, that number is its level (its rank over all possible runs),
    so that it is drawn again instead of sorting the durations; the others are sorted.
    """
    from punctual.engine.simulate import kernels

    runs = len(ends)
    result = np.zeros(len(prepared.names))
    if runs < 2 or ends.min() == ends.max():
        return result
    ranks = _ranks(ends)
    ranks -= ranks.mean()
    spread_of_ranks = float(ranks @ ranks)
    simple = np.flatnonzero(prepared.by_level)
    keys = np.ascontiguousarray(prepared.activities[2][simple])
    size = _chunk(runs)

    def by_level(first: int) -> Floats:
        sums = np.zeros((len(keys), 3))
        kernels.level_sums(keys, first, ranks[first : first + size], sums)
        return sums

    total = np.zeros((len(keys), 3))
    for sums in spread(by_level, range(0, runs, size)):
        total += sums
    variance = total[:, 1] - total[:, 0] ** 2 / runs
    result[simple] = total[:, 2] / np.sqrt(variance * spread_of_ranks)

    def by_sorting(i: int) -> float:
        values = np.empty(runs)
        risk_links, risks = _own_risks(prepared, i)
        kernels.column(i, prepared.activities, risk_links, risks, prepared.groups, prepared.tables, values)
        own = _ranks(values)
        own -= own.mean()
        scale = float(own @ own) * spread_of_ranks
        return float(own @ ranks) / np.sqrt(scale) if scale > 0 else 0.0

    others = np.flatnonzero(prepared.varies & ~prepared.by_level)
    result[others] = spread(by_sorting, others.tolist())
    return np.clip(result, -1.0, 1.0)


def _own_risks(prepared: Prepared, i: int) -> tuple[tuple[Integers, Integers], Any]:
    """The risk arguments with the risks of one activity only."""
    starts, risks = prepared.risk_links
    mine: NDArray[np.int64] = risks[starts[i] : starts[i + 1]]
    own_starts = np.zeros_like(starts)
    own_starts[i + 1 :] = len(mine)
    chosen = tuple(np.ascontiguousarray(part[mine]) for part in prepared.risks)
    return (own_starts, np.arange(len(mine))), chosen
