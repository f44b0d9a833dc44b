"""By which days the tasks and lines of one order end, as the current schedule and what may go wrong have it."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

import numpy as np

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.axis import Ordinals
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.moving import OrderBench
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, stamp_of
from punctual.domain.scheduling.solving import quantile_day
from punctual.platform.accounts.models import User

RUNS: Final = 400


Days = dict[int, tuple[dt.date, dt.date]]
"""Id → the days by which it ends in half, and in 80 % of the simulated runs."""


def task_forecasts(actor: User, order: Order) -> Days:
    """Of each open task of the order's plan, by the schedule that everybody sees; empty before the first one."""
    return {task: _days(found) for task, found in _of(actor, order).items()}


def line_forecasts(actor: User, order: Order) -> Days:
    """Of each order line with open tasks: run by run, the last of them ends it. Tasks of no line serve every line."""
    ends = _of(actor, order)
    found: dict[int, Ordinals] = {}
    lines = list(order.lines.values_list("pk", flat=True)) if ends else []
    rows = Task.objects.filter(pk__in=ends).values_list("pk", "order_line_id")
    for task, line in ((task, one) for task, own in rows for one in ([own] if own else lines)):
        found[line] = np.maximum(found[line], ends[task]) if line in found else ends[task]
    return {line: _days(last) for line, last in found.items()}


def _days(found: Ordinals) -> tuple[dt.date, dt.date]:
    return quantile_day(found, 0.5), quantile_day(found, 0.8)


def _of(actor: User, order: Order) -> dict[int, Ordinals]:
    run = current_run(actor)
    return _simulated(run, stamp_of(run), order.pk) if run else {}


@lru_cache(64)
def _simulated(run: ScheduleRun, stamp: str, order_id: int) -> dict[int, Ordinals]:
    """Kept for as long as the schedule stands, which ``stamp`` names."""
    book = book_of(run)
    if book is None or order_id not in book.groups_of:
        return {}
    axis = axis_of(book)
    ends = OrderBench(book, current_ratios(), order_id, runs=RUNS).task_ends()
    return {task: axis.days_of(slots) for task, slots in ends.items()}
