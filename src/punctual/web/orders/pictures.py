"""The listed orders as a board by state and as a month by promised day: the same rows, filters and search."""

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
from punctual.web.orders import marks
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
