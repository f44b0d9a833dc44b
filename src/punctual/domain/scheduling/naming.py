"""Who could be named for a skill that a task asks for, by the time that they have free while the schedule has it. Pure.

Free is what neither an absence nor work with their name on it takes; work that only asks for their skill may still be
given to somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from punctual.domain.scheduling.availability import Units
from punctual.domain.scheduling.axis import SLOT
from punctual.domain.scheduling.load import Loads
from punctual.domain.scheduling.promising import slots_a_day


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``free`` of ``hours``, the task's own length; ``busy``: hours of work by name in the four weeks from then on."""

    resource: int
    name: str
    team: str
    free: float
    hours: float
    busy: float
    cost: float

    @property
    def fits(self) -> bool:
        return self.free >= self.hours


class Naming:
    """What everybody has to do by name, ready for questions. ``named``: task → (resource, units) as they are now,
    which may be newer than the schedule."""

    def __init__(self, loads: Loads, named: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        self.loads = loads
        self.availability = loads.availability
        self.taken: dict[int, Units] = {}
        for piece, start in zip(loads.book.pieces, loads.book.starts, strict=True):
            for key, units in named.get(piece.task or 0, ()):
                if key in self.availability.units:
                    self._take(key, start, start + piece.duration, units)

    def _take(self, resource: int, start: int, finish: int, units: int) -> None:
        array = self.taken.setdefault(resource, np.zeros(self.availability.slots, dtype=np.int32))
        array[start:finish] += units

    def suggested(self, piece_id: str, skill: int, on_it: Collection[int]) -> list[Suggestion]:
        """Everybody with the skill who is not on the task already, the freest first: during the task, then in the four
        weeks from its start; then the cheapest."""
        book = self.loads.book
        where = book.index.get(piece_id)
        if where is None:
            return []
        piece, start = book.pieces[where], book.starts[where]
        span = slice(start, start + piece.duration)
        later = slice(start, start + 20 * slots_a_day(self.availability.axis))
        made = []
        for one in self.availability.members([skill]):
            if one in on_it:
                continue
            staff = self.availability.staff[one]
            there: np.ndarray[Any, np.dtype[np.int32]] = self.availability.of(one)[span]
            taken = self.taken.get(one)
            left = there if taken is None else there - taken[span]
            free = float(np.count_nonzero(left > 0)) * SLOT / 60
            busy = 0.0 if taken is None else float(taken[later].sum()) * SLOT / 60
            made.append(Suggestion(one, staff.name, staff.team, free, piece.duration * SLOT / 60, busy, staff.cost))
        return sorted(made, key=lambda one: (-one.free, one.busy, one.cost, one.name))
