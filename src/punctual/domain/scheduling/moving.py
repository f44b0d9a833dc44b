"""One order of a scheduled book, simulated again and again with one thing changed at a time: what moves its date.

Common random numbers: every variant has the same draws, so that a difference is the effect of the change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np

from punctual.domain.scheduling.book import Book, Hazard, Wait
from punctual.domain.scheduling.simulation import Bench, Floats, Ratios, Slots, added_slots, kept_pieces

RUNS = 800
SEED = 1


class OrderBench:
    """``order`` among everything that may hold it."""

    def __init__(self, book: Book, ratios: Ratios, order: int, *, runs: int = RUNS, seed: int = SEED) -> None:
        self.groups = [group.id for group in book.groups_of.get(order, ())]
        self.runs, self.seed = runs, seed
        self.order = order
        self.others = [one for one in book.hazards if one.order != order]
        self.bench = Bench(book, kept_pieces(book, set(self.groups), everything=False), ratios, runs, seed)
        self.factors = self.bench.factors

    @cached_property
    def rows(self) -> dict[int, int]:
        """Plan task of the order that is still open and lasts → its row."""
        pieces = enumerate(self.bench.pieces)
        return {one.task: row for row, one in pieces if one.order == self.order and one.task and one.duration > 0}

    def ends(
        self,
        hazards: Sequence[Hazard],
        fixed: Mapping[int, float] | None = None,
        late: Mapping[int, int] | None = None,
    ) -> Slots:
        """The slot at which the last line is delivered, a run each. ``fixed``: row → factor instead of a draw;
        ``late``: purchase line → slots by which it is late instead of a draw."""
        self.bench.late = dict(late or {})
        self.bench.added = added_slots([*self.others, *hazards], self.bench.pieces, self.runs, self.seed)
        self.bench.factors = self.factors
        if fixed:
            self.bench.factors = self.factors.copy()
            for row, factor in fixed.items():
                self.bench.factors[row] = factor
        found = self.bench.run(self.groups)
        return np.asarray(np.max(np.stack(list(found.values())), axis=0), dtype=np.int64)

    @property
    def waits(self) -> list[Wait]:
        """Purchases that tasks of the order wait for, each line once."""
        rows = {one.line: one for one in self.bench.waits if one.task in self.rows}
        return list(rows.values())

    def spread(self, row: int) -> tuple[float, float]:
        """Factors at which one run in ten is shorter, and one in ten longer."""
        drawn: Floats = self.factors[row]
        return float(np.quantile(drawn, 0.1)), float(np.quantile(drawn, 0.9))

    def widest(self, ends: Slots, most: int, among: Collection[int] = ()) -> list[int]:
        """Rows of the order's tasks whose durations go with its end most (rank correlation), the strongest first."""
        ranks = _ranks(ends)
        shares = {
            row: float(np.corrcoef(_ranks(self.factors[row]), ranks)[0, 1])
            for task, row in self.rows.items()
            if not among or task in among
        }
        return [row for row, share in sorted(shares.items(), key=lambda one: -one[1])[:most] if share > 0.05]


def _ranks(values: Slots | Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse], dtype=np.float64)
