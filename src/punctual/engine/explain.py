"""Why a task is when it is: the chain of causes that drives its start, as typed links.

The chain is read off a finished schedule, so it works on any plan, whoever made it. From the task in question it goes
back: what was the latest thing the task had to wait for? A predecessor (with its lag), a resource that another task
gave back, material, a date that somebody set, the end of a non-working stretch. The waits of the chain add up to the
time from its origin to the start of the task. Words are made elsewhere, in both languages; here are data.

Times are numbers in one unit (working minutes in the plan, any unit in the simulation).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_


class Cause(StrEnum):
    """What a task waits for. In a tie the one listed first is named (the plan's logic before circumstances)."""

    PREDECESSOR = "predecessor"
    """``by`` the predecessor task."""
    RESOURCE = "resource"
    """``by`` the task that holds the resource ``what``; ``order`` the order it belongs to."""
    MATERIAL = "material"
    """``what`` the material; ``by`` its supplier when known."""
    SUPPLIER = "supplier"
    """``by`` the supplier whose delivery is later than promised, ``what`` the delivery."""
    RISK = "risk"
    """``what`` the risk that has occurred."""
    CONSTRAINT = "constraint"
    """``what`` the constraint (SNET, MSO, release of the order, status date)."""
    CALENDAR = "calendar"
    """``what`` the calendar: the next working instant after the others allowed it."""
    CHOICE = "choice"
    """Nothing in the data holds the task: the plan starts it later than it could."""
    ORIGIN = "origin"
    """The chain begins: the task starts with the plan."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A date before which a task may not start, with its cause (material, supplier, risk, constraint).

    ``because``  the next cause behind it, for example the supplier behind the material.
    """

    instant: float
    cause: Cause
    what: str
    by: str = ""
    because: Gate | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """``task`` may not start (``to_start``) or finish before ``other`` has started or finished, plus ``lag``."""

    other: str
    lag: float = 0.0
    from_start: bool = False
    to_start: bool = True


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """One task of a finished schedule; ``demands`` units a resource, ``order`` what it belongs to."""

    id: str
    start: float
    finish: float
    order: str = ""
    dependencies: Sequence[Dependency] = ()
    demands: Mapping[str, float] = field(default_factory=dict)
    gates: Sequence[Gate] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain: ``task`` could not start before ``instant``, because of ``cause``.

    ``wait``   time that this link explains: from the start of the task ``by`` for a predecessor or a resource, from the
               origin of the plan for the last one. A cause behind a cause (the supplier behind the material) explains
               the same time and has 0. The waits of a chain add up to the start of its target.
    ``slack``  time by which the next best cause would have let the task start earlier: what is gained at most by
               removing this cause alone.
    """

    cause: Cause
    task: str
    instant: float
    wait: float
    slack: float
    by: str = ""
    what: str = ""
    order: str = ""

    def as_data(self) -> dict[str, object]:
        """Plain data for JSON; empty parts are left out."""
        data: dict[str, object] = {
            "cause": self.cause.value,
            "task": self.task,
            "instant": self.instant,
            "wait": self.wait,
            "slack": self.slack,
        }
        return data | {name: value for name in ("by", "what", "order") if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class _Bound:
    instant: float
    cause: Cause
    by: str = ""
    what: str = ""
    order: str = ""
    gate: Gate | None = None


_RANK = {cause: rank for rank, cause in enumerate(Cause)}
NextWorking = Callable[[str, float], float]
"""(task, instant) → the first instant from then on at which the task's calendar works."""


def driving_chain(
    tasks: Iterable[ScheduledTask],
    target: str,
    *,
    origin: float = 0.0,
    capacities: Mapping[str, float] | None = None,
    next_working: NextWorking | None = None,
    tolerance: float = 1e-6,
) -> list[Link]:
    """The causes that drive ``target``, the nearest first, back to the ``origin`` of the plan.

    ``capacities``    units of each resource; one that is not listed has as many as its busiest moment needs.
    ``next_working``  when given, a wait that only the calendar explains becomes a calendar link of its own.
    Raises a Refusal for repeated or unknown task ids and times that are not numbers.
    """
    listed = list(tasks)
    refuse_if(_problems(listed, target))
    by_id = {task.id: task for task in listed}
    profiles = _profiles(listed, capacities or {})
    chain: list[Link] = []
    seen: set[str] = set()
    current: ScheduledTask | None = by_id[target]
    while current is not None and current.id not in seen:
        seen.add(current.id)
        bounds = [*_dependency_bounds(current, by_id), *_gate_bounds(current)]
        bounds += _resource_bounds(current, profiles, tolerance)
        bounds.append(_Bound(origin, Cause.ORIGIN))
        links, following = _step(current, bounds, by_id, origin, next_working, tolerance)
        chain += links
        current = by_id.get(following)
    return chain


def _step(
    task: ScheduledTask,
    bounds: Sequence[_Bound],
    by_id: Mapping[str, ScheduledTask],
    origin: float,
    next_working: NextWorking | None,
    tolerance: float,
) -> tuple[list[Link], str]:
    """The links of one task and the id of the task at which the chain goes on (empty at its end)."""
    possible = [bound for bound in bounds if bound.instant <= task.start + tolerance]
    latest = max((bound.instant for bound in possible), default=task.start)
    near = [bound for bound in possible if bound.instant >= latest - tolerance]
    driver = min(
        near, key=lambda bound: (_RANK[bound.cause], -bound.instant, bound.by), default=_Bound(task.start, Cause.CHOICE)
    )
    second = max((bound.instant for bound in possible if bound is not driver), default=driver.instant)
    links = _gaps(task, driver.instant, next_working, tolerance)
    goes_on = driver.cause in (Cause.PREDECESSOR, Cause.RESOURCE)
    since = by_id[driver.by].start if goes_on else origin
    slack = driver.instant - second
    wait = driver.instant - since
    links.append(Link(driver.cause, task.id, driver.instant, wait, slack, driver.by, driver.what, driver.order))
    gate = driver.gate.because if driver.gate else None
    while gate is not None:
        links.append(Link(gate.cause, task.id, gate.instant, 0.0, slack, gate.by, gate.what))
        gate = gate.because
    return links, driver.by if goes_on else ""


def _gaps(task: ScheduledTask, ready: float, next_working: NextWorking | None, tolerance: float) -> list[Link]:
    """Links for the time between the instant at which a task might start and its start, the nearest first."""
    if task.start - ready <= tolerance:
        return []
    opened = min(task.start, next_working(task.id, ready)) if next_working else ready
    links = []
    if task.start - opened > tolerance:
        gap = task.start - opened
        links.append(Link(Cause.CHOICE, task.id, task.start, gap, gap))
    if opened - ready > tolerance:
        gap = opened - ready
        links.append(Link(Cause.CALENDAR, task.id, opened, gap, gap))
    return links


def _dependency_bounds(task: ScheduledTask, by_id: Mapping[str, ScheduledTask]) -> list[_Bound]:
    length = task.finish - task.start
    bounds = []
    for dependency in task.dependencies:
        other = by_id[dependency.other]
        instant = (other.start if dependency.from_start else other.finish) + dependency.lag
        instant -= 0.0 if dependency.to_start else length
        bounds.append(_Bound(instant, Cause.PREDECESSOR, by=other.id, order=other.order))
    return bounds


def _gate_bounds(task: ScheduledTask) -> list[_Bound]:
    return [_Bound(gate.instant, gate.cause, gate.by, gate.what, gate=gate) for gate in task.gates]


class _Profile:
    """The use of one resource over time, and who gives units back when."""

    def __init__(self, name: str, holders: Sequence[ScheduledTask], limit: float | None) -> None:
        self._given_back: dict[float, ScheduledTask] = {}
        changes: dict[float, float] = {}
        for task in holders:
            changes[task.start] = changes.get(task.start, 0.0) + task.demands[name]
            changes[task.finish] = changes.get(task.finish, 0.0) - task.demands[name]
            known = self._given_back.get(task.finish)
            if known is None or task.id < known.id:
                self._given_back[task.finish] = task
        self._times = sorted(changes)
        self._used = list(accumulate(changes[time] for time in self._times))
        self._limit = max(self._used, default=0.0) if limit is None else limit

    def came_free(self, instant: float, units: float, tolerance: float) -> tuple[float, ScheduledTask] | None:
        """The last instant up to ``instant`` before which ``units`` were not free, and who then gave some back."""
        for k in range(bisect_right(self._times, instant + tolerance) - 1, 0, -1):
            holder = self._given_back.get(self._times[k])
            if holder is not None and self._used[k - 1] + units > self._limit + tolerance:
                return self._times[k], holder
        return None


def _profiles(tasks: Sequence[ScheduledTask], capacities: Mapping[str, float]) -> dict[str, _Profile]:
    users: dict[str, list[ScheduledTask]] = {}
    for task in tasks:
        for name, units in task.demands.items():
            if units > 0 and task.finish > task.start:
                users.setdefault(name, []).append(task)
    return {name: _Profile(name, holders, capacities.get(name)) for name, holders in users.items()}


def _resource_bounds(task: ScheduledTask, profiles: Mapping[str, _Profile], tolerance: float) -> list[_Bound]:
    """For each resource of the task the instant at which enough units came free, and who gave them back."""
    bounds = []
    for name, units in task.demands.items():
        if units <= 0 or task.finish <= task.start:
            continue
        freed = profiles[name].came_free(task.start, units, tolerance)
        if freed is not None:
            instant, holder = freed
            bounds.append(_Bound(instant, Cause.RESOURCE, by=holder.id, what=name, order=holder.order))
    return bounds


def _problems(tasks: Sequence[ScheduledTask], target: str) -> list[Reason]:
    known: set[str] = set()
    reasons = []
    for task in tasks:
        if task.id in known:
            reasons.append(Reason("explain.repeated_task", N_("the task %(task)s is listed twice"), {"task": task.id}))
        known.add(task.id)
        if not (math.isfinite(task.start) and math.isfinite(task.finish) and task.start <= task.finish):
            text = N_("the task %(task)s needs a start and a finish that is not before it")
            reasons.append(Reason("explain.times", text, {"task": task.id}))
    wanted = {target, *(dependency.other for task in tasks for dependency in task.dependencies)}
    text = N_("the task %(task)s is not among the tasks")
    return reasons + [Reason("explain.unknown_task", text, {"task": name}) for name in sorted(wanted - known)]
