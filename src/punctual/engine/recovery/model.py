"""What a recovery is asked: the case (problem, schedule in force, late order) and the levers with prices and limits.

Times are whole numbers of the problem's unit. Prices are money, in one currency; the same unit as the orders' weights,
which price a unit of lateness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from punctual.engine.capacity.model import Problem, Schedule
from punctual.engine.simulate import Distribution, Kind

USUAL_SPREAD = Distribution(Kind.TRIANGULAR, (0.85, 1.0, 1.4))
"""Factor on a planned duration where nothing better is known: rather longer than shorter."""


@dataclass(frozen=True, slots=True)
class Case:
    """The order to be helped and everything it competes with.

    ``schedule``  the plan in force; what starts before ``now`` in it stays.
    ``order``     id of the late order; its date is its promise, else its due date, else none (then any gain counts).
    ``promises``  order id → latest end promised; an order that already ends later may not end later still.
    ``spread``    task id → distribution of the factor on its planned duration; ``usual`` for the other tasks.
    """

    problem: Problem
    schedule: Schedule
    now: int
    order: str
    promises: Mapping[str, int] = field(default_factory=dict)
    spread: Mapping[str, Distribution] = field(default_factory=dict)
    usual: Distribution = USUAL_SPREAD

    @property
    def deadline(self) -> int | None:
        """The date that the order has to keep."""
        due = next((row.due for row in self.problem.orders if row.id == self.order), None)
        return self.promises.get(self.order, due)


@dataclass(frozen=True, slots=True)
class ExtraCapacity:
    """Overtime or extra shifts: up to ``units`` more of ``resource`` within each of ``windows`` (from, until).

    ``price``  for one unit during one unit of time. ``whole``: a window of which anything is used is paid in full (an
    extra shift); otherwise only what is used is paid (overtime). ``most``: the most unit-times in all, None: no limit.
    """

    kind: ClassVar[str] = "extra_capacity"
    id: str
    resource: str
    windows: tuple[tuple[int, int], ...]
    units: int
    price: float
    whole: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True)
class AlternativeResource:
    """The task's work moves to other resources (``demands``) and then takes ``duration``; ``price`` once."""

    kind: ClassVar[str] = "alternative_resource"
    id: str
    task: str
    duration: int
    demands: Mapping[str, int]
    price: float


@dataclass(frozen=True, slots=True)
class Outsourcing:
    """A supplier does the task in ``duration`` for ``price``; ``demands`` only where its capacity is a resource too."""

    kind: ClassVar[str] = "outsourcing"
    id: str
    task: str
    duration: int
    price: float
    demands: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crash:
    """The task is shortened down to ``shortest``; ``price`` for each unit of time saved."""

    kind: ClassVar[str] = "crash"
    id: str
    task: str
    shortest: int
    price: float


@dataclass(frozen=True, slots=True)
class Expedite:
    """The purchase that releases the task comes earlier, at the earliest at ``earliest``; ``price`` a unit of time."""

    kind: ClassVar[str] = "expedite"
    id: str
    task: str
    earliest: int
    price: float


@dataclass(frozen=True, slots=True)
class Split:
    """``tasks`` of the order suffice for a first delivery (what they need before them comes along); ``price`` once."""

    kind: ClassVar[str] = "split"
    id: str
    tasks: tuple[str, ...]
    price: float = 0.0


@dataclass(frozen=True, slots=True)
class BorrowFloat:
    """Tasks of other orders may be moved as long as each order keeps its promise; ``price`` once for the upheaval."""

    kind: ClassVar[str] = "borrow_float"
    id: str
    price: float = 0.0


@dataclass(frozen=True, slots=True)
class Resequence:
    """Tasks of other orders may be moved freely; what their lateness costs by the orders' weights is added."""

    kind: ClassVar[str] = "resequence"
    id: str
    price: float = 0.0


Lever = ExtraCapacity | AlternativeResource | Outsourcing | Crash | Expedite | Split | BorrowFloat | Resequence
