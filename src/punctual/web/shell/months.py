"""Rows of a list as a month: each on its day."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone

from punctual.web.formatting import YEARS

ON_A_DAY: Final = 5
"""Shown at once; the day says how many more there are."""


@dataclass(slots=True)
class Day:
    date: dt.date
    outside: bool
    is_today: bool
    items: list[Any] = field(default_factory=list)

    @property
    def more(self) -> int:
        return max(0, len(self.items) - ON_A_DAY)

    @property
    def shown(self) -> list[Any]:
        return self.items[:ON_A_DAY]


def month_of(text: str) -> dt.date:
    """The first day of ``2026-11``, else of this month."""
    try:
        found = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        found = None
    return found if found and found.year in YEARS else timezone.localdate().replace(day=1)


def days_of(first: dt.date) -> list[dt.date]:
    """The days of the whole weeks that the month touches."""
    return list(calendar.Calendar().itermonthdates(first.year, first.month))


def as_month(first: dt.date, dated: Iterable[tuple[dt.date, Any]]) -> dict[str, Any]:
    """The weeks of the month with what falls on each day."""
    today = timezone.localdate()
    grid = {day: Day(day, day.month != first.month, day == today) for day in days_of(first)}
    for day, item in dated:
        if day in grid:
            grid[day].items.append(item)
    cells = list(grid.values())
    return {
        "first": first,
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        "before": (first - dt.timedelta(days=1)).strftime("%Y-%m"),
        "after": (first + dt.timedelta(days=31)).strftime("%Y-%m"),
    }


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first day of each month that begins after ``first``, until ``last``."""
    found = []
    month = _next(first)
    while month <= last:
        found.append(month)
        month = _next(month)
    return found


def _next(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
