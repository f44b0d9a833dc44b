"""By which days tasks, phases and lines end, as the current schedule and what may go wrong have it.

Kept with the run that they were simulated in, so that a task, its line and its order are told from the same runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.axis import Axis
from punctual.domain.scheduling.models import OrderForecast, TaskForecast
from punctual.domain.scheduling.selectors import current_run
from punctual.domain.scheduling.solving import place_of
from punctual.platform.accounts.models import User

Days = dict[int, tuple[dt.date, dt.date]]
"""Id → the days by which it ends in half, and in 80 % of the simulated runs."""
LEVELS: Final = (0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a task of a plan stands: ``parent`` and ``line`` by id; None at the top, and where it is no line's.

    ``delivers``: with its end the line, or where it is no line's every line, is delivered.
    """

    parent: int | None
    line: int | None
    order: int
    delivers: bool = False


def branches_of(orders: Iterable[int]) -> dict[int, Branch]:
    rows = Task.objects.filter(plan__order_id__in=list(orders)).order_by()
    found = rows.values_list("pk", "parent_id", "order_line_id", "plan__order_id", "is_delivery", "is_summary")
    return {
        pk: Branch(parent, line, order, delivers and not is_summary)
        for pk, parent, line, order, delivers, is_summary in found
    }


def task_days(ends: Mapping[int, npt.NDArray[np.int64]], branches: Mapping[int, Branch], axis: Axis) -> Days:
    """Of each open task and each phase with one; ``ends``: slots in which the tasks end, a run each."""
    latest = dict(ends)
    for task, slots in ends.items():
        above = branches[task].parent if task in branches else None
        while above is not None:
            latest[above] = np.maximum(latest[above], slots) if above in latest else slots
            above = branches[above].parent
    return _days(latest, axis)


def line_days(ends: Mapping[int, npt.NDArray[np.int64]], branches: Mapping[int, Branch], axis: Axis) -> dict[int, Days]:
    """Order → line → the days on which it is delivered, as the order's own days are told.

    Run by run the last open task that delivers the line, or every line, ends it; where none of a line's tasks is marked
    so, all of them do. What follows the delivery (installation, acceptance) doesn't, and a delivered line says nothing.
    """
    order_of = {one.line: one.order for one in branches.values() if one.line is not None}
    marked = {one.line for one in branches.values() if one.delivers and one.line is not None}
    own: dict[int, npt.NDArray[np.int64]] = {}
    shared: dict[int, npt.NDArray[np.int64]] = {}
    for task, slots in ends.items():
        branch = branches.get(task)
        if branch is None or not (branch.delivers or (branch.line is not None and branch.line not in marked)):
            continue
        where, key = (shared, branch.order) if branch.line is None else (own, branch.line)
        where[key] = np.maximum(where[key], slots) if key in where else slots
    latest = {}
    for line, order in order_of.items():
        parts = [one for one in (own.get(line), shared.get(order)) if one is not None]
        if parts:
            latest[line] = np.maximum.reduce(parts)
    found: dict[int, Days] = {}
    for line, days in _days(latest, axis).items():
        found.setdefault(order_of[line], {})[line] = days
    return found


def _days(ends: Mapping[int, npt.NDArray[np.int64]], axis: Axis) -> Days:
    if not ends:
        return {}
    runs = np.stack(list(ends.values()))
    places = [place_of(level, runs.shape[1]) for level in LEVELS]
    days = axis.days_of(np.partition(runs, places, axis=1)[:, places])
    return {
        key: (dt.date.fromordinal(int(p50)), dt.date.fromordinal(int(p80)))
        for key, (p50, p80) in zip(ends, days, strict=True)
    }


def task_forecasts(actor: User, order: Order) -> Days:
    """Of each open task and phase of the order's plan, by the schedule that everybody sees; empty before the first."""
    run = current_run(actor)
    if run is None:
        return {}
    rows = TaskForecast.objects.filter(run=run, task__plan__order=order)
    return {task: (p50, p80) for task, p50, p80 in rows.values_list("task", "p50", "p80")}


def forecasts_of_tasks(tasks: Collection[int]) -> Days:
    """The same for tasks of any orders, whose orders the caller has shown to be visible."""
    rows = (
        TaskForecast.objects.filter(run__is_current=True, task_id__in=tasks) if tasks else TaskForecast.objects.none()
    )
    return {task: (p50, p80) for task, p50, p80 in rows.values_list("task", "p50", "p80")}


def line_forecasts(actor: User, order: Order) -> Days:
    """Of each order line that is not yet delivered."""
    run = current_run(actor)
    found = OrderForecast.objects.filter(run=run, order=order).values_list("lines", flat=True).first() if run else None
    return {
        int(line): (dt.date.fromisoformat(p50), dt.date.fromisoformat(p80))
        for line, (p50, p80) in (found or {}).items()
    }
