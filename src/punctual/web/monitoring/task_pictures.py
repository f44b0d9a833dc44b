"""The listed tasks as a month and as bars over time: the same rows, filters and search as the list."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import QuerySet

from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time, stored_time
from punctual.web.shell.bars import Span, bars, month_axis
from punctual.web.shell.months import as_month, days_of

MOST: Final = 2000


def month(rows: QuerySet[Task], first: dt.date) -> dict[str, Any]:
    """The weeks of the month with the tasks that finish on each day."""
    days = days_of(first)
    begin, end = dt.datetime.combine(days[0], dt.time()), dt.datetime.combine(days[-1], dt.time(23, 59))
    found = rows.filter(finish__gte=stored_time(begin), finish__lte=stored_time(end)).order_by("finish", "pk")
    dated = ((plan_time(task.finish), task) for task in found[:MOST])
    return as_month(first, ((finish.date(), task) for finish, task in dated if finish is not None))


def as_bars(tasks: list[Task]) -> dict[str, Any]:
    """``bars``: (task, bar), ``axis``: the months above them."""
    spans = [_span(task) for task in tasks]
    return {"axis": month_axis(spans), "bars": list(zip(tasks, bars(spans), strict=True))}


def _span(task: Task) -> Span | None:
    start, finish = plan_time(task.start), plan_time(task.finish)
    if start is None or finish is None:
        return None
    words = f"{start:%Y-%m-%d} – {finish:%Y-%m-%d}, {task.percent}%"
    return Span(start, finish, task.percent, words, critical=task.is_critical and task.percent < 100)
