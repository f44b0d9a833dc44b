"""The listed tasks as a month and as bars over time: the same rows, filters and search as the list."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time, stored_time
from punctual.web.shell.months import as_month, days_of

MOST: Final = 2000
WIDTH: Final = 640
"""Of the time axis, in pixels of the drawing."""


def month(rows: QuerySet[Task], first: dt.date) -> dict[str, Any]:
    """The weeks of the month with the tasks that finish on each day."""
    days = days_of(first)
    begin, end = dt.datetime.combine(days[0], dt.time()), dt.datetime.combine(days[-1], dt.time(23, 59))
    found = rows.filter(finish__gte=stored_time(begin), finish__lte=stored_time(end)).order_by("finish", "pk")
    dated = ((plan_time(task.finish), task) for task in found[:MOST])
    return as_month(first, ((finish.date(), task) for finish, task in dated if finish is not None))


def bars(tasks: list[Task]) -> list[tuple[Task, SafeString]]:
    """A bar a task on one axis from the first start to the last finish, today as a line."""
    times = {task.pk: (plan_time(task.start), plan_time(task.finish)) for task in tasks}
    known = [(start, finish) for start, finish in times.values() if start and finish]
    if not known:
        return [(task, SafeString("")) for task in tasks]
    first, last = min(start for start, _f in known), max(finish for _s, finish in known)
    span = max((last - first).total_seconds(), 1.0)

    def at(moment: dt.datetime) -> float:
        return round((moment - first).total_seconds() / span * WIDTH, 1)

    now = timezone.localtime().replace(tzinfo=None)
    line = format_html('<path class="tl-now" d="M{0} 0V18"/>', at(now)) if first <= now <= last else ""
    return [(task, _bar(task, *times[task.pk], at, line)) for task in tasks]


def _bar(task: Task, start: Any, finish: Any, at: Any, line: Any) -> SafeString:
    if start is None or finish is None:
        return SafeString("")
    x = at(start)
    width = max(4.0, at(finish) - x)
    css = "tl-crit" if task.is_critical and task.percent < 100 else "tl-bar"
    parts = [
        format_html('<rect class="{}" x="{}" y="4" width="{}" height="10" rx="3"/>', css, x, round(width, 1)),
        format_html(
            '<rect class="tl-done" x="{}" y="4" width="{}" height="10" rx="3"/>',
            x,
            round(width * task.percent / 100, 1),
        ),
        line,
    ]
    return format_html(
        '<svg class="tl" viewBox="0 0 {} 18" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        f"{start:%Y-%m-%d} – {finish:%Y-%m-%d}, {task.percent}%",
        format_html_join("", "{}", ((part,) for part in parts)),
    )
