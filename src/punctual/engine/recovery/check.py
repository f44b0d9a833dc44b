"""Everything that speaks against a recovery request, all at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from punctual.engine.capacity.model import TIME_LIMIT, UNITS_LIMIT, Task, faults_of
from punctual.engine.recovery.model import (
    AlternativeResource,
    Case,
    Crash,
    Expedite,
    ExtraCapacity,
    Lever,
    Outsourcing,
    Split,
)
from punctual.engine.verify import violations_of
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

MOST_RUNS = 100_000


def problems(case: Case, levers: Sequence[Lever], runs: int, most: int) -> list[Reason]:
    """Every reason against the request; a faulty problem or schedule is reported alone, since all else rests on it."""
    faults = list(faults_of(case.problem)) or list(violations_of(case.problem, case.schedule))
    if faults:
        return faults
    return [*_case_problems(case), *_numbers(runs, most), *_lever_problems(case, levers)]


def _reason(code: str, text: str, where: str = "", row: int | None = None, **params: object) -> Reason:
    return Reason(f"recovery.{code}", text, params, field=where, row=row)


def _is_whole(value: object, low: int = 0, high: int = TIME_LIMIT) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _numbers(runs: int, most: int) -> Iterator[Reason]:
    for name, value, high in (("runs", runs, MOST_RUNS), ("most", most, 100)):
        if not _is_whole(value, 1, high):
            text = N_("%(name)s is %(value)s; it must be a whole number from 1 to %(most)s.")
            yield _reason("number", text, name, name=name, value=value, most=high)


def _case_problems(case: Case) -> Iterator[Reason]:
    orders = {order.id for order in case.problem.orders}
    tasks = {task.id for task in case.problem.tasks}
    if case.order not in orders:
        yield _reason("unknown_order", N_("There is no order %(id)s to recover."), "order", id=case.order)
    elif not any(task.order == case.order for task in case.problem.tasks):
        yield _reason("no_tasks", N_("Order %(id)s has no tasks, so nothing can be recovered."), "order", id=case.order)
    if not _is_whole(case.now):
        text = N_("%(name)s is %(value)s; it must be a whole number from 0 to %(most)s.")
        yield _reason("number", text, "now", name="now", value=case.now, most=TIME_LIMIT)
    for name, promise in case.promises.items():
        if name not in orders:
            yield _reason(
                "unknown_promise", N_("A promise names order %(id)s, which is not there."), "promises", id=name
            )
        if not _is_whole(promise):
            text = N_("The promise of order %(id)s is %(value)s; it must be a whole number from 0 to %(most)s.")
            yield _reason("promise", text, "promises", id=name, value=promise, most=TIME_LIMIT)
    for name, distribution in case.spread.items():
        if name not in tasks:
            yield _reason("unknown_task", N_("There is no task %(id)s."), "spread", id=name)
        yield from distribution.problems(f"spread.{name}")
    yield from case.usual.problems("usual")


def _lever_problems(case: Case, levers: Sequence[Lever]) -> Iterator[Reason]:
    tasks = {task.id: task for task in case.problem.tasks}
    for name, times in Counter(lever.id for lever in levers).items():
        if times > 1:
            text = N_("The lever id %(id)s stands %(times)s times; each lever needs its own.")
            yield _reason("repeated_lever", text, "levers", id=name, times=times)
    for row, lever in enumerate(levers, 1):
        number = lever.price
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
            text = N_("Lever %(id)s: the price is %(value)s; it must be a number from 0.")
            yield _reason("price", text, "price", row, id=lever.id, value=str(number))
        if isinstance(lever, ExtraCapacity):
            yield from _extra_problems(case, lever, row)
        elif isinstance(lever, Split):
            yield from _split_problems(case, lever, tasks, row)
        elif isinstance(lever, AlternativeResource | Outsourcing | Crash | Expedite):
            task = tasks.get(lever.task)
            if task is None:
                text = N_("Lever %(id)s names task %(task)s, which is not there.")
                yield _reason("unknown_lever_task", text, "task", row, id=lever.id, task=lever.task)
            elif isinstance(lever, Crash | Expedite):
                yield from _earlier_problems(case, lever, task, row)
            else:
                yield from _mode_problems(case, lever, row)


def _extra_problems(case: Case, lever: ExtraCapacity, row: int) -> Iterator[Reason]:
    if all(resource.id != lever.resource for resource in case.problem.resources):
        text = N_("Lever %(id)s names resource %(resource)s, which is not there.")
        yield _reason("unknown_lever_resource", text, "resource", row, id=lever.id, resource=lever.resource)
    if not _is_whole(lever.units, 1, UNITS_LIMIT):
        text = N_("Lever %(id)s: %(value)s more units; it must be a whole number from 1 to %(most)s.")
        yield _reason("units", text, "units", row, id=lever.id, value=lever.units, most=UNITS_LIMIT)
    if lever.most is not None and not _is_whole(lever.most, 1):
        text = N_("Lever %(id)s: the most is %(value)s; it must be a whole number from 1, or nothing.")
        yield _reason("most", text, "most", row, id=lever.id, value=lever.most)
    if not lever.windows:
        yield _reason("no_window", N_("Lever %(id)s needs at least one window."), "windows", row, id=lever.id)
    before = 0
    for begin, until in lever.windows:
        if not (_is_whole(begin) and _is_whole(until) and begin < until):
            text = N_(
                "Lever %(id)s: the window from %(begin)s to %(until)s; it must begin from 0 on and before its end."
            )
            yield _reason("window", text, "windows", row, id=lever.id, begin=begin, until=until)
        elif begin < before:
            text = N_("Lever %(id)s: the window from %(begin)s begins before the one ahead of it ends at %(before)s.")
            yield _reason("window_order", text, "windows", row, id=lever.id, begin=begin, before=before)
        else:
            before = until


def _split_problems(case: Case, lever: Split, tasks: dict[str, Task], row: int) -> Iterator[Reason]:
    foreign = [name for name in lever.tasks if name not in tasks or tasks[name].order != case.order]
    for name in foreign:
        text = N_("Lever %(id)s: task %(task)s does not belong to order %(order)s.")
        yield _reason("split_task", text, "tasks", row, id=lever.id, task=name, order=case.order)
    own = {task.id for task in case.problem.tasks if task.order == case.order}
    if not foreign and (not lever.tasks or own == set(lever.tasks)):
        text = N_("Lever %(id)s: a first delivery needs some of the order's tasks, not all of them.")
        yield _reason("split_size", text, "tasks", row, id=lever.id)


def _earlier_problems(case: Case, lever: Crash | Expedite, task: Task, row: int) -> Iterator[Reason]:
    if isinstance(lever, Crash):
        place = case.problem.tasks.index(task)
        now, value, name = task.modes[case.schedule.mode[place]].duration, lever.shortest, "shortest"
        text = N_("Lever %(id)s: the shortest duration is %(value)s; it must be a whole number from 0 below %(now)s.")
    else:
        now, value, name = task.release, lever.earliest, "earliest"
        text = N_("Lever %(id)s: the earliest release is %(value)s; it must be a whole number from 0 below %(now)s.")
    if not (_is_whole(value) and value < now):
        yield _reason(name, text, name, row, id=lever.id, value=value, now=now)


def _mode_problems(case: Case, lever: AlternativeResource | Outsourcing, row: int) -> Iterator[Reason]:
    if not _is_whole(lever.duration):
        text = N_("Lever %(id)s: the duration is %(value)s; it must be a whole number from 0 to %(most)s.")
        yield _reason("duration", text, "duration", row, id=lever.id, value=lever.duration, most=TIME_LIMIT)
    most = {row.id: max(units for _, units in row.capacity) for row in case.problem.resources}
    for name, units in lever.demands.items():
        if name not in most:
            text = N_("Lever %(id)s names resource %(resource)s, which is not there.")
            yield _reason("unknown_lever_resource", text, "demands", row, id=lever.id, resource=name)
        elif not _is_whole(units, 0, most[name]):
            text = N_("Lever %(id)s needs %(units)s of %(resource)s; it must be a whole number from 0 to %(most)s.")
            params = {"units": units, "resource": name, "most": most[name]}
            yield _reason("lever_demand", text, "demands", row, id=lever.id, **params)
