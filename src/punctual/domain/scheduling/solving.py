"""Book in, schedule and forecasts out: the engine's scheme and search, the independent checker, the simulation.

Pure but for time; the engine's compiled parts are loaded at the first call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.book import Book, Entry
from punctual.domain.scheduling.load import starts_of
from punctual.domain.scheduling.simulation import Ratios, Simulated, simulate_book
from punctual.engine.capacity.model import Schedule, weighted_tardiness

LEVELS = (0.5, 0.8, 0.95)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is searched and simulated. ``moves``: schedules tried by the search; ``seconds`` at most, None: no
    limit (then the result depends on the inputs only)."""

    moves: int = 4_000
    seconds: float | None = None
    runs: int = 400
    seed: int = 1


MOVE_PRICE = 12
"""What moving a task away from where the last schedule has it counts, in units of the groups' weights: small against
lateness, enough that nothing moves for nothing."""


def schedule_book(
    book: Book, effort: Effort, *, previous: Mapping[str, int] | None = None, feasible: bool = False
) -> Book:
    """The book with a start for every piece, verified. Raises Refusal when no schedule exists.

    ``previous``: slots of the last schedule; the search begins there, as far as it still holds, and moves a task only
    when that is worth it. ``feasible``: it holds as it is.
    """
    from punctual.engine.optimise.answer import Limits
    from punctual.engine.optimise.tardiness import minimise_tardiness
    from punctual.engine.verify import verified

    if not book.pieces:
        return book.scheduled(())
    limits = Limits(seconds=effort.seconds, evaluations=effort.moves)
    problem, incumbent = book.problem, None
    if previous:
        starts = [previous[piece.id] for piece in book.pieces] if feasible else reseated(book, previous)
        incumbent = Schedule(tuple(starts), (0,) * len(starts))
        tasks = tuple(
            replace(task, planned=previous[task.id], move_price=MOVE_PRICE) if task.id in previous else task
            for task in problem.tasks
        )
        problem = replace(problem, tasks=tasks)
    answer = minimise_tardiness(problem, limits, workers=2, seed=effort.seed, incumbent=incumbent)
    verified(book.problem, answer.schedule)
    return book.scheduled([int(start) for start in answer.schedule.start])


def reseated(book: Book, previous: Mapping[str, int]) -> list[int]:
    """A feasible schedule as near to ``previous`` as the serial scheme comes: tasks in the order of their old starts,
    new ones where their links let them."""
    from punctual.engine.capacity import lines, timeline
    from punctual.engine.capacity.arrays import network
    from punctual.engine.optimise.rules import listed

    net, _ = network(book.problem, exact=True)
    usual = starts_of(book, "planned")
    key = np.array(
        [previous.get(piece.id, early) for piece, early in zip(book.pieces, usual, strict=True)], dtype=np.int64
    )
    order = listed(net, key)
    sequence = np.ascontiguousarray(order[net.fixed[order] < 0])
    start, finish, chosen = (np.zeros(key.size, dtype=np.int32) for _ in range(3))
    line = lines.build(net, max(lines.first_guess(net), int(key.max(initial=0)) + 1024))
    while not timeline.decode(line, net, sequence, line.planes.copy(), start, finish, chosen):
        line = lines.build(net, lines.longer(net, line.words << 6))
    return [int(one) for one in start]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of one order's delivery; days, percents, money in the company's currency."""

    planned: dt.date
    p50: dt.date
    p80: dt.date
    p95: dt.date
    promise_percent: int | None
    request_percent: int | None
    expected_damages: float
    histogram: list[tuple[str, int]]


def forecasts(book: Book, axis: Axis, simulated: Simulated) -> dict[int, Forecast]:
    """Every order that still delivers something."""
    return {
        entry.id: forecast_of(book, axis, simulated.ends, entry)
        for entry in book.orders
        if any(group.id in simulated.ends for group in book.groups_of.get(entry.id, ()))
    }


def forecast_of(
    book: Book, axis: Axis, ends: Mapping[str, npt.NDArray[np.int64]], entry: Entry, planned: int | None = None
) -> Forecast:
    """``ends``: simulated end of each group in slots (runs)."""
    groups = [group for group in book.groups_of[entry.id] if group.id in ends]
    last = np.max(np.stack([ends[group.id] for group in groups]), axis=0)
    days = axis.days_of(last)
    p50, p80, p95 = (quantile_day(days, level) for level in LEVELS)
    promises = [(ends[group.id], group.promise) for group in groups if group.promise is not None]
    requests = [(ends[group.id], group.request) for group in groups if group.request is not None]
    values, counts = np.unique(days, return_counts=True)
    end = planned if planned is not None else book.order_end(entry.id)
    return Forecast(
        planned=axis.day_of(end or 0),
        p50=p50,
        p80=p80,
        p95=p95,
        promise_percent=_kept(promises),
        request_percent=_kept(requests),
        expected_damages=_damages(entry, days),
        histogram=[(dt.date.fromordinal(int(day)).isoformat(), int(n)) for day, n in zip(values, counts, strict=True)],
    )


def quantile_day(days: npt.NDArray[np.int64], level: float) -> dt.date:
    """The first day by which at least this share of the runs is done."""
    return dt.date.fromordinal(int(np.sort(days)[place_of(level, days.size)]))


def place_of(level: float, runs: int) -> int:
    """The place, among the sorted runs, of the first by which at least this share of them is done."""
    return min(runs - 1, max(0, int(np.ceil(level * runs)) - 1))


def _kept(pairs: list[tuple[npt.NDArray[np.int64], int]]) -> int | None:
    """Percent of the runs in which every group ends by its slot; 100 and 0 only where no run says otherwise."""
    if not pairs:
        return None
    kept = np.logical_and.reduce([ends <= by for ends, by in pairs])
    share = 100 * float(kept.mean())
    return min(99, max(1, round(share))) if 0 < share < 100 else round(share)


def _damages(entry: Entry, days: npt.NDArray[np.int64]) -> float:
    due = entry.promised or entry.requested
    if due is None or entry.damages_a_day <= 0:
        return 0.0
    late = np.maximum(0, days - dt.date.fromisoformat(due).toordinal())
    return float(np.minimum(late * entry.damages_a_day, entry.damages_cap).mean())


@dataclass(frozen=True)
class Solved:
    """``task_ends``: plan task → the slot at which it ends, a simulated run each."""

    book: Book
    forecasts: Mapping[int, Forecast]
    tardiness: int
    task_ends: Mapping[int, npt.NDArray[np.int64]]


def solve(
    book: Book,
    axis: Axis,
    ratios: Ratios,
    effort: Effort,
    tell: Callable[[int], None] = lambda percent: None,
    *,
    previous: Mapping[str, int] | None = None,
) -> Solved:
    """Schedule, verify, simulate. ``tell`` hears percents; ``previous``: slots of the last schedule."""
    tell(10)
    done = schedule_book(book, effort, previous=previous)
    tell(60)
    simulated = simulate_book(done, ratios, runs=effort.runs, seed=effort.seed)
    tell(90)
    found = forecasts(done, axis, simulated)
    tardiness = weighted_tardiness(done.problem, done.schedule) if done.pieces else 0
    return Solved(done, found, tardiness, simulated.tasks)
