"""The listed orders as a board by state, as bars over time and as a month by promised day: the same rows, filters and
search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from punctual.domain.orders.life import Health
from punctual.domain.orders.models import OrderState
from punctual.domain.orders.selectors import health_of
from punctual.domain.plans.models import Plan
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.work_calendars import plan_time
from punctual.platform.accounts.models import User
from punctual.web.formatting import day_text
from punctual.web.orders import marks
from punctual.web.shell.bars import Span, bars, month_axis
from punctual.web.shell.months import as_month, days_of

MOST: Final = 2000
IN_COLUMN: Final = 25
COLUMNS: Final = (
    OrderState.IN_REVIEW,
    OrderState.CONFIRMED,
    OrderState.IN_PROGRESS,
    OrderState.ON_HOLD,
    OrderState.PARTIALLY_DELIVERED,
    OrderState.DELIVERED,
)
"""What is in hand, from the left to the right as an order goes."""


@dataclass(slots=True)
class Column:
    state: OrderState
    cards: list[tuple[Any, str, SafeString]] = field(default_factory=list)
    count: int = 0

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


def board(rows: QuerySet[Any]) -> Sequence[Column]:
    """The orders in hand by their state, the earliest promise first; those without one at the end."""
    today = timezone.localdate()
    columns = {state: Column(state) for state in COLUMNS}
    found = list(rows.filter(state__in=COLUMNS).order_by("promised_date", "pk")[:MOST])
    for order in sorted(found, key=lambda one: one.promised_date or dt.date.max):
        column = columns[OrderState(order.state)]
        column.count += 1
        if len(column.cards) < IN_COLUMN:
            health = marks.health_chip(order, today=today, at_risk_days=order.at_risk_days)
            column.cards.append((order, marks.subject(order), health))
    return [column for column in columns.values() if column.count or column.state in COLUMNS[:3]]


def as_bars(actor: User, orders: Sequence[Any]) -> dict[str, Any]:
    """``bars``: (order, health, bar), ``axis``: the months above them. A bar goes from the first to the last task of
    the plan with the promise as a line; before there is a plan it is the day on which the order is due."""
    today = timezone.localdate()
    plans = {plan.order_id: plan for plan in plans_of(actor).filter(order__in=[one.pk for one in orders])}
    spans = [_span(order, plans.get(order.pk)) for order in orders]
    healths = [marks.health_chip(order, today=today, at_risk_days=order.at_risk_days) for order in orders]
    return {"axis": month_axis(spans), "bars": list(zip(orders, healths, bars(spans), strict=True))}


def _span(order: Any, plan: Plan | None) -> Span | None:
    due = order.promised_date or order.requested_date
    start, finish = (plan_time(plan.planned_start), plan_time(plan.planned_finish)) if plan else (None, None)
    if plan is not None and start is not None and finish is not None:
        words = f"{day_text(start)} – {day_text(finish)}, {plan.progress}%"
        late = due is not None and finish.date() > due and order.actual_date is None
        return Span(start, finish, plan.progress, words, critical=late, promised=due)
    if due is None:
        return None
    evening = dt.datetime.combine(due, dt.time(18))
    return Span(evening, evening, 0, day_text(due), promised=due)


def month(rows: QuerySet[Any], first: dt.date) -> dict[str, Any]:
    """Each order on the day that was promised to its customer."""
    days, today = days_of(first), timezone.localdate()
    found = rows.filter(promised_date__range=(days[0], days[-1])).order_by("promised_date", "pk")[:MOST]
    dated = ((one.promised_date, (one, _tone(one, today))) for one in found)
    return as_month(first, dated)


def _tone(order: Any, today: dt.date) -> str:
    """Done, in danger, or neither."""
    if order.actual_date is not None:
        return "dn"
    found = health_of(order, today=today, at_risk_days=order.at_risk_days)
    return "late" if found in (Health.LATE, Health.OVERDUE) else ""
