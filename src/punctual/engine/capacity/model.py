"""The finite-capacity problem as plain data: resources, orders, tasks with links, and what is fixed.

Time is an integer axis (working minutes, half-day slots, …) that starts at 0; a task that starts at ``s`` with
duration ``d`` uses its resources in the slots ``s … s+d−1`` and finishes at ``s+d``. Tasks are not interrupted.
Nothing here computes a schedule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_

TIME_LIMIT = 2**30
"""Largest time, duration or lag; sums of a few of them stay far inside 64 bits."""

UNITS_LIMIT = 32_767
"""Most units of one resource (the compiled schedulers pack four of them into one machine word)."""


@dataclass(frozen=True, slots=True)
class Link:
    """The task starts no earlier than ``predecessor`` finishes plus ``lag`` (negative: it may overlap that long)."""

    predecessor: str
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to do a task: how long with how many units of which resource (another person, machine or supplier)."""

    duration: int
    demands: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work. ``modes`` are its alternatives, at least one; the first is the usual one.

    ``release``     earliest start (material arrival, contract date).
    ``start``       fixed start (running or frozen) or None; with ``mode`` as fixed alternative (default: the first).
    ``planned``     start in the plan in force, or None; moving away from it costs ``move_price`` once.
    """

    id: str
    modes: tuple[Mode, ...]
    predecessors: tuple[Link, ...] = ()
    order: str | None = None
    release: int = 0
    start: int | None = None
    mode: int = 0
    planned: int | None = None
    move_price: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """Renewable resource: ``capacity`` is a step function as (from, units), rising in time; 0 before the first step."""

    id: str
    capacity: tuple[tuple[int, int], ...]

    def units_at(self, time: int) -> int:
        """Units available in the slot ``time``."""
        position = bisect_right(self.capacity, time, key=lambda step: step[0])
        return self.capacity[position - 1][1] if position else 0


@dataclass(frozen=True, slots=True)
class Order:
    """A customer's order: ends with its last task; each slot after ``due`` costs ``weight`` (no ``due``: no cost)."""

    id: str
    release: int = 0
    due: int | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that has to be scheduled together. Build it with :func:`problem`, which checks it."""

    resources: tuple[Resource, ...]
    orders: tuple[Order, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Starts (one a task, in the problem's order) and the chosen mode of each task."""

    start: tuple[int, ...]
    mode: tuple[int, ...]

    def finish(self, problem: Problem) -> tuple[int, ...]:
        """Finish of each task, in the problem's order."""
        return tuple(
            start + task.modes[mode].duration
            for start, mode, task in zip(self.start, self.mode, problem.tasks, strict=True)
        )


def problem(*, resources: Iterable[Resource] = (), orders: Iterable[Order] = (), tasks: Iterable[Task] = ()) -> Problem:
    """The checked problem; raises one :class:`Refusal` with every fault found."""
    made = Problem(tuple(resources), tuple(orders), tuple(tasks))
    faults = tuple(faults_of(made))
    if faults:
        raise Refusal(*faults)
    return made


def freeze(plan: Problem, starts: Sequence[int], modes: Sequence[int], *, until: int) -> Problem:
    """The same problem with every task fixed that starts before ``until`` in the given schedule (the frozen window)."""
    tasks = tuple(
        replace(task, start=start, mode=mode) if start < until else task
        for task, start, mode in zip(plan.tasks, starts, modes, strict=True)
    )
    return replace(plan, tasks=tasks)


def split(plan: Problem, task_id: str, piece: int) -> Problem:
    """The same problem with a splittable task as a chain of pieces of at most ``piece`` (≥ 1) each, between which it
    may rest.

    The last piece keeps the id, so that links to the task mean its end; the others are ``id#1``, ``id#2``, …
    Each piece may be done in another of the task's alternatives. Started and finished tasks stay whole.
    """
    tasks: list[Task] = []
    for task in plan.tasks:
        longest = max((mode.duration for mode in task.modes), default=0)
        count = -(-longest // max(1, piece))
        if task.id != task_id or task.start is not None or count < 2:
            tasks.append(task)
            continue
        for number in range(count):
            modes = tuple(
                replace(mode, duration=mode.duration * (number + 1) // count - mode.duration * number // count)
                for mode in task.modes
            )
            name = task.id if number == count - 1 else f"{task.id}#{number + 1}"
            links = task.predecessors if number == 0 else (Link(f"{task.id}#{number}"),)
            tasks.append(replace(task, id=name, modes=modes, predecessors=links, planned=None, move_price=0))
    return replace(plan, tasks=tuple(tasks))


def order_ends(plan: Problem, schedule: Schedule) -> dict[str, int]:
    """End of each order: the latest finish of its tasks; orders without tasks end at their release."""
    ends = {order.id: order.release for order in plan.orders}
    for task, finish in zip(plan.tasks, schedule.finish(plan), strict=True):
        if task.order is not None:
            ends[task.order] = max(ends[task.order], finish)
    return ends


def weighted_tardiness(plan: Problem, schedule: Schedule) -> int:
    """Σ weight · max(0, end − due) over the orders that have a due date."""
    ends = order_ends(plan, schedule)
    return sum(o.weight * max(0, ends[o.id] - o.due) for o in plan.orders if o.due is not None)


def faults_of(plan: Problem) -> Iterator[Reason]:
    """Every fault of the data: doubled or unknown ids, impossible numbers, demands beyond capacity, cycles."""
    yield from _doubled(plan)
    for resource in plan.resources:
        yield from _resource_faults(resource)
    for order in plan.orders:
        yield from _order_faults(order)
    most = {r.id: max((units for _, units in r.capacity), default=0) for r in plan.resources}
    orders = {order.id for order in plan.orders}
    known = {task.id for task in plan.tasks}
    for task in plan.tasks:
        yield from _task_faults(task, most, orders, known)
    yield from _cycle_faults(plan.tasks, known)


def _reason(code: str, text: str, where: str = "", **params: object) -> Reason:
    return Reason(code=f"capacity.{code}", text=text, params=params, field=where)


def _doubled(plan: Problem) -> Iterator[Reason]:
    groups: tuple[tuple[str, Sequence[Resource | Order | Task]], ...] = (
        ("resources", plan.resources),
        ("orders", plan.orders),
        ("tasks", plan.tasks),
    )
    for name, rows in groups:
        seen: set[str] = set()
        for row in rows:
            if row.id in seen:
                text = N_("The id %(id)s stands twice among the %(group)s; every id may stand once.")
                yield _reason("doubled_id", text, name, id=row.id, group=name)
            seen.add(row.id)


def _is_time(value: object, *, low: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= TIME_LIMIT


def _resource_faults(resource: Resource) -> Iterator[Reason]:
    before = -1
    for time, units in resource.capacity:
        if not _is_time(time) or time <= before:
            text = N_(
                "Resource %(id)s: capacity step at %(time)s; steps are whole times from 0, each later than the last."
            )
            yield _reason("step_time", text, "capacity", id=resource.id, time=time)
            return
        before = time
        if not _is_time(units) or units > UNITS_LIMIT:
            text = N_("Resource %(id)s: %(units)s units from %(time)s; units are whole numbers from 0 to %(most)s.")
            yield _reason("step_units", text, "capacity", id=resource.id, units=units, time=time, most=UNITS_LIMIT)
    if not resource.capacity:
        text = N_("Resource %(id)s has no capacity step; give at least [[0, units]].")
        yield _reason("no_step", text, "capacity", id=resource.id)


def _order_faults(order: Order) -> Iterator[Reason]:
    for name, value in (("release", order.release), ("due", order.due), ("weight", order.weight)):
        if not (_is_time(value) or (name == "due" and value is None)):
            text = N_("Order %(id)s: %(name)s is %(value)s; it must be a whole number from 0 to %(most)s.")
            yield _reason("order_number", text, name, id=order.id, name=name, value=value, most=TIME_LIMIT)


def _task_faults(task: Task, most: Mapping[str, int], orders: set[str], known: set[str]) -> Iterator[Reason]:
    if task.order is not None and task.order not in orders:
        text = N_("Task %(id)s belongs to order %(order)s, which is not among the orders.")
        yield _reason("unknown_order", text, "order", id=task.id, order=task.order)
    numbers = (("release", task.release), ("start", task.start), ("planned", task.planned), ("price", task.move_price))
    for name, value in numbers:
        if not (_is_time(value) or (name in {"start", "planned"} and value is None)):
            text = N_("Task %(id)s: %(name)s is %(value)s; it must be a whole number from 0 to %(most)s.")
            yield _reason("task_number", text, name, id=task.id, name=name, value=value, most=TIME_LIMIT)
    for link in task.predecessors:
        if link.predecessor not in known:
            text = N_("Task %(id)s follows %(other)s, which is not among the tasks.")
            yield _reason("unknown_predecessor", text, "predecessors", id=task.id, other=link.predecessor)
        if not _is_time(link.lag, low=-TIME_LIMIT):
            text = N_("Task %(id)s: the lag after %(other)s is %(lag)s; it must be a whole number of at most %(most)s.")
            params = {"id": task.id, "other": link.predecessor, "lag": link.lag, "most": TIME_LIMIT}
            yield _reason("lag", text, "predecessors", **params)
    if not 0 <= task.mode < max(1, len(task.modes)):
        text = N_("Task %(id)s is fixed to alternative %(mode)s but has %(count)s of them.")
        yield _reason("mode", text, "mode", id=task.id, mode=task.mode, count=len(task.modes))
    if not task.modes:
        yield _reason("no_mode", N_("Task %(id)s has no duration: give at least one alternative."), "modes", id=task.id)
    for mode in task.modes:
        yield from _mode_faults(task.id, mode, most)


def _mode_faults(task: str, mode: Mode, most: Mapping[str, int]) -> Iterator[Reason]:
    if not _is_time(mode.duration):
        text = N_("Task %(id)s: the duration is %(value)s; it must be a whole number from 0 to %(most)s.")
        yield _reason("duration", text, "duration", id=task, value=mode.duration, most=TIME_LIMIT)
    for resource, units in mode.demands.items():
        if resource not in most:
            text = N_("Task %(id)s needs resource %(resource)s, which is not among the resources.")
            yield _reason("unknown_resource", text, "demands", id=task, resource=resource)
        elif not _is_time(units):
            text = N_("Task %(id)s needs %(units)s units of %(resource)s; it must be a whole number from 0.")
            yield _reason("demand", text, "demands", id=task, units=units, resource=resource)
        elif units > most[resource]:
            text = N_("Task %(id)s needs %(units)s units of %(resource)s, which never has more than %(most)s.")
            params = {"id": task, "units": units, "resource": resource, "most": most[resource]}
            yield _reason("beyond_capacity", text, "demands", **params)


def _cycle_faults(tasks: Sequence[Task], known: set[str]) -> Iterator[Reason]:
    """Peel off what has no open predecessor, then what has no open successor: what stays are the cycles (Kahn 1962)."""
    before = {task.id: {link.predecessor for link in task.predecessors if link.predecessor in known} for task in tasks}
    after: dict[str, set[str]] = {task.id: set() for task in tasks}
    for name, others in before.items():
        for other in others:
            after[other].add(name)
    left = _peeled(_peeled(set(before), before, after), after, before)
    if left:
        names = ", ".join([task.id for task in tasks if task.id in left][:12])
        text = N_("These tasks wait for each other in a circle: %(names)s%(more)s; remove one of their links.")
        yield _reason("cycle", text, "predecessors", names=names, more=" …" if len(left) > 12 else "")


def _peeled(names: set[str], before: Mapping[str, set[str]], after: Mapping[str, set[str]]) -> set[str]:
    open_count = {name: len(before[name] & names) for name in names}
    ready = [name for name, count in open_count.items() if count == 0]
    left = set(names)
    while ready:
        name = ready.pop()
        left.discard(name)
        for other in after[name] & names:
            open_count[other] -= 1
            if open_count[other] == 0:
                ready.append(other)
    return left
