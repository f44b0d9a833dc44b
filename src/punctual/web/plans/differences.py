"""A plan against what was agreed, row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from punctual.domain.plans.models import Baseline, Plan
from punctual.domain.plans.selectors import shape_baseline_tasks, shape_tasks
from punctual.domain.plans.store import Stored, calendars_of
from punctual.domain.plans.work_calendars import day_minutes
from punctual.engine.calendars import WorkCalendar


@dataclass(frozen=True)
class Difference:
    """One task then and now; ``days`` is how many working days its end has moved. None where it is missing."""

    wbs: str
    name: str
    is_summary: bool
    level: int
    old_start: dt.datetime | None
    old_finish: dt.datetime | None
    new_start: dt.datetime | None
    new_finish: dt.datetime | None
    days: float | None

    @property
    def size(self) -> float:
        """``days`` without its sign."""
        return abs(self.days or 0)

    @property
    def differs(self) -> bool:
        return (self.old_start, self.old_finish) != (self.new_start, self.new_finish)


def differences_of(plan: Plan, stored: Stored, first: Baseline, second: Baseline | None) -> list[Difference]:
    """Rows of ``first`` against ``second`` (None: the plan as it is), in the order of the later; what is gone last."""
    old = {row["id"]: row for row in shape_baseline_tasks(first)}
    later = shape_baseline_tasks(second) if second else shape_tasks(stored.state, stored.dates)
    calendar = calendars_of(plan, stored.state).own
    rows = [_difference(old.get(row["id"]), row, calendar) for row in later]
    known = {row["id"] for row in later}
    return rows + [_difference(row, None, calendar) for key, row in old.items() if key not in known]


def _difference(
    old: Mapping[str, object] | None, new: Mapping[str, object] | None, calendar: WorkCalendar
) -> Difference:
    row = new or old or {}
    start, finish = _moments(old)
    new_start, new_finish = _moments(new)
    days = None
    if finish and new_finish:
        days = round(_signed_work(calendar, finish, new_finish) / day_minutes(calendar), 1)
    return Difference(
        str(row["wbs"]), str(row["name"]), bool(row["is_summary"]), str(row["wbs"]).count("."),
        start, finish, new_start, new_finish, days,
    )  # fmt: skip


def _moments(row: Mapping[str, object] | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    if row is None:
        return None, None
    return dt.datetime.fromisoformat(str(row["start"])), dt.datetime.fromisoformat(str(row["finish"]))


def _signed_work(calendar: WorkCalendar, before: dt.datetime, after: dt.datetime) -> int:
    if after < before:
        return -calendar.work_between(after, before)
    return calendar.work_between(before, after)
