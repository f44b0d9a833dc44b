"""The independent checker: it says everything that is wrong with a schedule, and knows nothing of the schedulers.

Written apart from them on purpose: capacity is checked by sweeping over the steps of use and availability in Python
integers, where the schedulers work on machine words. Every schedule that leaves the engine has passed :func:`verified`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from punctual.engine.capacity.model import Problem, Schedule, Task
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_


def verified(plan: Problem, schedule: Schedule, *, promises: Mapping[str, int] | None = None) -> Schedule:
    """Return ``schedule`` if nothing is wrong with it; raise one :class:`Refusal` with every violation otherwise."""
    violations = tuple(violations_of(plan, schedule, promises=promises))
    if violations:
        raise Refusal(*violations)
    return schedule


def violations_of(plan: Problem, schedule: Schedule, *, promises: Mapping[str, int] | None = None) -> Iterator[Reason]:
    """Every violation of precedence and lag, capacity and availability, release, fixed starts and promises.

    ``promises``: order id → latest end that was promised; orders that are not named are free.
    """
    if len(schedule.start) != len(plan.tasks) or len(schedule.mode) != len(plan.tasks):
        text = N_("The schedule has %(starts)s starts for %(tasks)s tasks.")
        yield _reason("length", text, starts=len(schedule.start), tasks=len(plan.tasks))
        return
    wrong = tuple(_wrong_numbers(plan, schedule))
    yield from wrong
    if wrong:
        return
    finish = {
        task.id: start + task.modes[mode].duration
        for task, start, mode in zip(plan.tasks, schedule.start, schedule.mode, strict=True)
    }
    release = {order.id: order.release for order in plan.orders}
    for task, start, mode in zip(plan.tasks, schedule.start, schedule.mode, strict=True):
        yield from _task_violations(task, start, mode, finish, release)
    yield from _overloads(plan, schedule)
    yield from _broken_promises(plan.tasks, finish, promises or {})


def _reason(code: str, text: str, **params: object) -> Reason:
    return Reason(code=f"verify.{code}", text=text, params=params)


def _wrong_numbers(plan: Problem, schedule: Schedule) -> Iterator[Reason]:
    for task, start, mode in zip(plan.tasks, schedule.start, schedule.mode, strict=True):
        if type(start) is not int or start < 0:
            text = N_("Task %(id)s starts at %(start)s; a start is a whole number from 0.")
            yield _reason("start", text, id=task.id, start=start)
        if type(mode) is not int or not 0 <= mode < len(task.modes):
            yield _reason("mode", N_("Task %(id)s has no alternative %(mode)s."), id=task.id, mode=mode)


def _task_violations(
    task: Task, start: int, mode: int, finish: Mapping[str, int], release: Mapping[str, int]
) -> Iterator[Reason]:
    if task.start is not None and (start, mode) != (task.start, task.mode):
        text = N_("Task %(id)s is fixed at %(fixed)s but starts at %(start)s.")
        yield _reason("fixed", text, id=task.id, fixed=task.start, start=start)
    if task.start is not None:
        return  # what already runs may have started before its predecessors or release allowed it
    earliest = max(task.release, release[task.order] if task.order is not None else 0)
    if start < earliest:
        text = N_("Task %(id)s starts at %(start)s, before its release at %(release)s.")
        yield _reason("release", text, id=task.id, start=start, release=earliest)
    for link in task.predecessors:
        allowed = finish[link.predecessor] + link.lag
        if start < allowed:
            text = N_("Task %(id)s starts at %(start)s, but %(other)s allows it from %(allowed)s.")
            yield _reason("precedence", text, id=task.id, start=start, other=link.predecessor, allowed=allowed)


def _overloads(plan: Problem, schedule: Schedule) -> Iterator[Reason]:
    """Sweep each resource: net use changes at starts and finishes, availability at its steps; report where use is
    more.
    """
    change: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for task, start, index in zip(plan.tasks, schedule.start, schedule.mode, strict=True):
        mode = task.modes[index]
        if mode.duration == 0:
            continue
        for name, units in mode.demands.items():
            change[name][start] += units
            change[name][start + mode.duration] -= units
    for resource in plan.resources:
        steps = dict(resource.capacity)
        used, available = 0, 0
        for time in sorted(change[resource.id].keys() | steps.keys()):
            used += change[resource.id].get(time, 0)
            available = steps.get(time, available)
            if used > available:
                text = N_("Resource %(id)s has %(available)s units at %(time)s, but %(used)s are used.")
                yield _reason("capacity", text, id=resource.id, available=available, time=time, used=used)
                break


def _broken_promises(tasks: Sequence[Task], finish: Mapping[str, int], promises: Mapping[str, int]) -> Iterator[Reason]:
    ends: dict[str, int] = {}
    for task in tasks:
        if task.order is not None:
            ends[task.order] = max(ends.get(task.order, 0), finish[task.id])
    for order, promised in promises.items():
        if ends.get(order, 0) > promised:
            text = N_("Order %(id)s ends at %(end)s, after its promise of %(promise)s.")
            yield _reason("promise", text, id=order, end=ends[order], promise=promised)
