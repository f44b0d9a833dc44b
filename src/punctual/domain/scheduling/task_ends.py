"""By which days the tasks of one order end, as the current schedule and what may go wrong have it."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

from punctual.domain.orders.models import Order
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.moving import OrderBench
from punctual.domain.scheduling.selectors import axis_of, book_of, current_run, stamp_of
from punctual.domain.scheduling.solving import quantile_day
from punctual.platform.accounts.models import User

RUNS: Final = 400


Days = dict[int, tuple[dt.date, dt.date]]


def task_forecasts(actor: User, order: Order) -> Days:
    """Open task of the order's plan → the days by which it ends in half, and in 80 % of the simulated runs of the
    schedule that everybody sees; empty before the first one."""
    run = current_run(actor)
    return _simulated(run, stamp_of(run), order.pk) if run else {}


@lru_cache(64)
def _simulated(run: ScheduleRun, stamp: str, order_id: int) -> Days:
    """Kept for as long as the schedule stands, which ``stamp`` names."""
    book = book_of(run)
    if book is None or order_id not in book.groups_of:
        return {}
    axis = axis_of(book)
    ends = OrderBench(book, current_ratios(), order_id, runs=RUNS).task_ends()
    days = {task: axis.days_of(slots) for task, slots in ends.items()}
    return {task: (quantile_day(found, 0.5), quantile_day(found, 0.8)) for task, found in days.items()}
