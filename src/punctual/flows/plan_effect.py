"""What an altered plan does to P50 and P80 of its order and to the other orders, on the current schedule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.plans.models import Plan
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.plans.store import Stored
from punctual.domain.scheduling.altered import Effect, effect_of, rows_in
from punctual.domain.scheduling.calibration import current_ratios
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.domain.scheduling.pieces import LineDates
from punctual.domain.scheduling.selectors import axis_of, book_of
from punctual.domain.scheduling.solving import Forecast
from punctual.kernel.refusal import Refusal


def effect_on_schedule(
    plan: Plan, state: PlanState, dates: Mapping[int, Dates], *, lines: Sequence[OrderLine] | None = None
) -> Effect | None:
    """What ``state`` with its ``dates`` would do in place of the stored plan. ``lines`` as they would be, with their
    dates; absent: as they are. None before the first schedule, and where the plan has no place in it."""
    order = plan.order
    run = ScheduleRun.objects.defer("book").filter(is_current=True).first()
    book = book_of(run) if run else None
    if book is None or order.pk not in book.entries:
        return None
    axis = axis_of(book)
    now = Stored(plan)
    there = {key: found for key, found in now.dates.items() if found is not None}
    if len(there) < len(now.state.tasks):
        return None
    own = list(order.lines.all())
    before = rows_in(order, now.state, there, axis, _due(order, own))
    after = rows_in(order, state, dates, axis, _due(order, own if lines is None else lines))
    try:
        return effect_of(book, axis, current_ratios(), order, before, after)
    except Refusal:
        return None


def _due(order: Order, lines: Sequence[OrderLine]) -> dict[int, LineDates]:
    return {
        line.pk: LineDates(line.promised_date or order.promised_date, line.requested_date or order.requested_date)
        for line in lines
    }


@dataclass(frozen=True, slots=True)
class Ahead:
    """What lies ahead of an order; ``percent``: how likely it keeps its promise."""

    p50: dt.date
    p80: dt.date
    p95: dt.date
    percent: int | None


def ahead_of(found: Forecast | OrderForecast) -> Ahead:
    return Ahead(found.p50, found.p80, found.p95, found.promise_percent)


def as_data(effect: Effect) -> dict[str, Any]:
    """For keeping with what was computed; days as ISO text."""
    return {
        **_outlook(effect.before, "_before"),
        **_outlook(effect.after, ""),
        "others": [
            {
                "order": one.order, "label": one.label, "key": one.key, "days": one.days, "ends": _text(one.ends),
                "promised": one.promised, "breaks": one.breaks,
            }
            for one in effect.others
        ],
    }  # fmt: skip


def _outlook(found: Forecast, end: str) -> dict[str, Any]:
    return {
        f"p50{end}": _text(found.p50),
        f"p80{end}": _text(found.p80),
        f"confidence{end}": found.promise_percent,
    }


def _text(day: dt.date) -> str:
    return day.isoformat()
