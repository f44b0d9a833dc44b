"""When orders end if durations come out as they do: Monte Carlo of the whole book within its capacities.

Each open task's duration is multiplied by a factor drawn for that task and run: from what finished tasks of its type
really took (calibration), else from a usual spread (0.85, 1, 1.4, triangular). A run is scheduled by the engine's
serial scheme, tasks in the order of their starts in the schedule, so that what competes keeps its turn. What runs
already stays where it is. Risks occur as independent events with draws of their own, the same ones for the same seed
whatever else is changed (common random numbers), and make the tasks they act on longer. A purchase that a task waits
for comes as late as one of its supplier's deliveries did, the same one for every task that waits for it. All lines of
an order share the run, so that its probability counts how they go together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from punctual.domain.scheduling.book import Book, Hazard, Piece, Wait

Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.int64]
USUAL: Final = (0.85, 1.0, 1.4)
THREADS: Final = 2
SUPPLY: Final = 7919
"""Sets the draws of purchases apart from those of risks."""
TOGETHER: Final = 0.4
"""Correlation of the durations of one order."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Lognormal factor on a planned duration: median and standard deviation of its logarithm."""

    median: float
    spread: float
    count: int = 0


@dataclass(frozen=True)
class Ratios:
    """Type of task → its ratio; what is not listed has the usual spread."""

    by_type: Mapping[str, Ratio] = field(default_factory=dict)

    def factors(self, types: Sequence[str], orders: Sequence[int], runs: int, seed: int) -> Floats:
        """(task, run), the same for the same seed, whichever types have ratios of their own.

        Tasks of one order go together (Gaussian copula, correlation ``TOGETHER``): what makes one of them long, a new
        product or a difficult customer, makes the others long too.
        """
        draw = np.random.default_rng(seed)
        names = list(dict.fromkeys(orders))
        place = {name: row for row, name in enumerate(names)}
        common = draw.standard_normal((len(names), runs))[[place[one] for one in orders]]
        own = draw.standard_normal((len(types), runs))
        normal = np.sqrt(TOGETHER) * common + np.sqrt(1 - TOGETHER) * own
        made = _triangular(_share_below(normal))
        for row, name in enumerate(types):
            ratio = self.by_type.get(name)
            if ratio is not None:
                made[row] = ratio.median * np.exp(ratio.spread * normal[row])
        return made


def _triangular(even: Floats) -> Floats:
    """Inverse of the triangular distribution function."""
    low, mode, high = USUAL
    cut = (mode - low) / (high - low)
    left = low + np.sqrt(even * (high - low) * (mode - low))
    right = high - np.sqrt((1 - even) * (high - low) * (high - mode))
    return np.asarray(np.where(even < cut, left, right))


@cache
def _normal_table() -> tuple[Floats, Floats]:
    places = np.linspace(-5, 5, 4001)
    return places, np.array([NormalDist().cdf(one) for one in places])


def _share_below(normal: Floats) -> Floats:
    """The normal distribution function, from a table."""
    return np.interp(normal, *_normal_table())


@dataclass(frozen=True)
class Simulated:
    """End of each group, and of each plan task where the whole book was simulated, in each run, in slots."""

    ends: Mapping[str, Slots]
    runs: int
    tasks: Mapping[int, Slots] = field(default_factory=dict)


def simulate_book(
    book: Book,
    ratios: Ratios,
    *,
    runs: int,
    seed: int,
    only: Collection[str] | None = None,
    factors: Floats | None = None,
) -> Simulated:
    """``only``: the groups whose ends are wanted; tasks that cannot reach them before they end are left out.
    ``factors``: of every piece, where they were drawn already."""
    wanted = {group.id for group in book.groups if not group.id.endswith("+")} if only is None else set(only)
    keep = kept_pieces(book, wanted, everything=only is None)
    if not keep:
        return Simulated({}, runs)
    bench = Bench(book, keep, ratios, runs, seed, factors)
    if only is not None:
        return Simulated(bench.run(wanted), runs)
    each = bench.each()
    groups = {name: each[rows].max(axis=0) for name, rows in bench.rows_of(wanted).items()}
    tasks = {piece.task: each[row] for row, piece in enumerate(bench.pieces) if piece.task is not None}
    return Simulated(groups, runs, tasks)


def drawn_factors(book: Book, ratios: Ratios, runs: int, seed: int) -> Floats:
    """A factor for every piece and run."""
    return ratios.factors([one.ratio for one in book.pieces], [one.order for one in book.pieces], runs, seed)


def kept_pieces(book: Book, wanted: Collection[str], *, everything: bool) -> list[int]:
    if everything:
        return list(range(len(book.pieces)))
    mine = [k for k, piece in enumerate(book.pieces) if piece.group in wanted]
    if not mine:
        return []
    last = max(book.starts[k] for k in mine)
    keep = {k for k, start in enumerate(book.starts) if start <= last}
    waiting = list(keep)
    while waiting:
        for before, _ in book.pieces[waiting.pop()].after:
            other = book.index[before]
            if other not in keep:
                keep.add(other)
                waiting.append(other)
    return sorted(keep)


class Bench:
    """The compiled network of the kept pieces, ready to be run with other durations."""

    def __init__(
        self,
        book: Book,
        keep: Sequence[int],
        ratios: Ratios,
        runs: int,
        seed: int,
        everybody: Floats | None = None,
    ) -> None:
        from punctual.engine.capacity.arrays import reduced
        from punctual.engine.optimise.rules import listed

        self.runs = runs
        self.pieces = [book.pieces[k] for k in keep]
        if everybody is None:
            everybody = drawn_factors(book, ratios, runs, seed)
        self.factors = everybody[list(keep)]
        self.added = added_slots(book.hazards, self.pieces, runs, seed)
        self.late: dict[int, int] = {}
        kept = {piece.task for piece in self.pieces}
        loose = book.loose
        asked = np.array([row for row, wait in enumerate(loose.waits) if wait.task in kept], dtype=np.int32)
        self.waits = [loose.waits[row] for row in asked]
        self.net = reduced(loose.net, np.concatenate([loose.row[list(keep)], loose.wait_row[asked]]))
        running = np.array([row for row, one in enumerate(self.pieces) if one.running], dtype=np.int32)
        self.running = running
        starts = [*(book.starts[k] for k in keep), *(wait.release for wait in self.waits)]
        order = listed(self.net, np.array(starts, dtype=np.int64))
        self.sequence = np.ascontiguousarray(order[~np.isin(order, running)])

    def rows_of(self, wanted: Collection[str]) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, piece in enumerate(self.pieces):
            if piece.group in wanted:
                rows.setdefault(piece.group, []).append(row)
        return rows

    def run(self, wanted: Collection[str]) -> dict[str, Slots]:
        return self.ends(self.rows_of(wanted))

    def each(self) -> Slots:
        """When each piece ends (piece, run)."""
        group_of = np.full(self.net.duration.size, -1, dtype=np.int64)
        group_of[: len(self.pieces)] = np.arange(len(self.pieces))
        return self._ends(group_of, len(self.pieces))

    def ends(self, rows: Mapping[str, Sequence[int]]) -> dict[str, Slots]:
        """When the last of the named rows ends, a run each."""
        names = list(rows)
        group_of = np.full(self.net.duration.size, -1, dtype=np.int64)
        for number, name in enumerate(names):
            group_of[rows[name]] = number
        ends = self._ends(group_of, len(names))
        return {name: ends[number] for number, name in enumerate(names)}

    def _ends(self, group_of: Slots, groups: int) -> Slots:
        chunks = np.array_split(self.durations(), THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            parts = list(pool.map(lambda chunk: self._runs(chunk, group_of, groups), chunks))
        return np.concatenate(parts, axis=1).astype(np.int64)

    def durations(self) -> npt.NDArray[np.int32]:
        """Drawn durations in slots (run, task)."""
        drawn = drawn_durations(self.net.duration[: len(self.pieces)], self.factors)
        if self.added is not None:
            drawn = drawn + self.added
        late = late_slots(self.waits, self.runs, self.late)
        return np.ascontiguousarray(drawn if late is None else np.concatenate([drawn, late], axis=1))

    def _runs(self, durations: npt.NDArray[np.int32], group_of: Slots, groups: int) -> npt.NDArray[np.int32]:
        from punctual.engine.capacity import lines
        from punctual.engine.capacity.runs import schedule_runs

        net: Any = self.net._replace(duration=self.net.duration.copy())
        ends = np.zeros((groups, durations.shape[0]), dtype=np.int32)
        work = np.zeros((3, net.duration.size), dtype=np.int32)
        line = lines.build(net, lines.first_guess(net))
        done = 0
        while True:
            bare, planes = line.planes.copy(), line.planes.copy()
            done = schedule_runs(
                line, net, bare, planes, self.sequence, self.running, durations, done, group_of, work, ends
            )
            if done == durations.shape[0]:
                return ends
            line = lines.build(net, lines.longer(net, line.words << 6))


def drawn_durations(nominal: npt.NDArray[np.int32], factors: Floats) -> npt.NDArray[np.int32]:
    """Durations times factors (task, run) in whole slots, at least one where there was one; (run, task)."""
    drawn = np.rint(factors * nominal[:, None]).astype(np.int32)
    drawn[(nominal > 0)[:, None] & (drawn < 1)] = 1
    return np.ascontiguousarray(drawn.T)


def added_slots(
    hazards: Sequence[Hazard], pieces: Sequence[Piece], runs: int, seed: int
) -> npt.NDArray[np.int32] | None:
    """What the risks that occur add to the durations (run, task); None where none acts on these pieces."""
    place = {piece.task: row for row, piece in enumerate(pieces) if piece.task is not None}
    added: npt.NDArray[np.int32] | None = None
    for hazard in hazards:
        rows = [place[task] for task in hazard.tasks if task in place]
        if not rows or hazard.probability <= 0:
            continue
        draw = np.random.default_rng([seed, hazard.id])
        occurs = draw.random(runs) < hazard.probability
        slots = np.rint(_between(draw.random(runs), hazard)).astype(np.int32)
        if added is None:
            added = np.zeros((runs, len(pieces)), dtype=np.int32)
        added[:, rows] += (occurs * slots)[:, None]
    return added


def late_slots(waits: Sequence[Wait], runs: int, fixed: Mapping[int, int]) -> npt.NDArray[np.int32] | None:
    """By how much each purchase is late (run, wait): drawn from its record, or ``fixed`` by its line."""
    if not waits:
        return None
    late = np.empty((runs, len(waits)), dtype=np.int32)
    for column, wait in enumerate(waits):
        if wait.line in fixed:
            late[:, column] = fixed[wait.line]
        else:
            draw = np.random.default_rng([SUPPLY, wait.line])
            late[:, column] = np.array(wait.late, dtype=np.int32)[draw.integers(len(wait.late), size=runs)]
    return late


def _between(even: Floats, hazard: Hazard) -> Floats:
    """Inverse of the hazard's triangular distribution function."""
    width = hazard.high - hazard.low
    if width <= 0:
        return np.full(even.shape, hazard.mode)
    cut = (hazard.mode - hazard.low) / width
    left = hazard.low + np.sqrt(even * width * (hazard.mode - hazard.low))
    right = hazard.high - np.sqrt((1 - even) * width * (hazard.high - hazard.mode))
    return np.asarray(np.where(even < cut, left, right))
