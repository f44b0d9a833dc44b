"""Loading (or, the first time on a machine, compiling) every compiled search before a clock starts to run."""

from __future__ import annotations

from punctual.engine.capacity.model import Link, Mode, Order, Problem, Resource, Schedule, Task
from punctual.engine.optimise.answer import Limits
from punctual.engine.optimise.makespan import minimise_makespan
from punctual.engine.optimise.tardiness import minimise_tardiness


def tiny() -> Problem:
    """Two orders of two tasks that want the same machine; both are late, so that every move is tried."""
    modes = (Mode(2, {"M": 1}),)
    tasks = (
        Task("a", modes, order="A"),
        Task("b", modes, (Link("a"),), order="A"),
        Task("c", modes, order="B"),
        Task("d", modes, (Link("c"),), order="B"),
    )
    return Problem((Resource("M", ((0, 1),)),), (Order("A", due=2), Order("B", due=2)), tasks)


def warm_makespan() -> None:
    """Ready :func:`minimise_makespan`."""
    minimise_makespan(tiny(), Limits(evaluations=150), workers=1, proofs=False)


def warm_tardiness() -> None:
    """Ready :func:`minimise_tardiness`."""
    minimise_tardiness(tiny(), Limits(evaluations=100), workers=1)


def plan_of_tiny() -> Schedule:
    """A feasible schedule of :func:`tiny`."""
    return Schedule((0, 2, 4, 6), (0, 0, 0, 0))
