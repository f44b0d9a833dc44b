"""Liquidated damages: what a late day costs, and what is to be expected while the day is not sure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.kernel.money import BASE, rounded
from punctual.platform.company.rates import in_base

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Clause:
    """``percent_per_day`` of ``amount`` for each calendar day after the promise, at most ``cap_percent`` of it.

    Money in ``currency``, rounded to its smallest coin."""

    amount: Decimal
    percent_per_day: Decimal | None
    cap_percent: Decimal | None = None
    currency: str = "CNY"

    def per_day(self) -> Decimal:
        """What one late day costs."""
        return rounded(self.amount * (self.percent_per_day or ZERO) / 100, self.currency)

    def cap(self) -> Decimal | None:
        """The most that is ever due; None without a cap."""
        return None if self.cap_percent is None else rounded(self.amount * self.cap_percent / 100, self.currency)

    def due(self, days_late: int) -> Decimal:
        """What ``days_late`` days cost; 0 while in time."""
        if days_late <= 0 or not self.percent_per_day:
            return ZERO
        sum_ = rounded(self.amount * self.percent_per_day * days_late / 100, self.currency)
        cap = self.cap()
        return sum_ if cap is None else min(sum_, cap)


def days_late(promised: dt.date | None, day: dt.date | None) -> int:
    """Calendar days after the promise; 0 in time or unknown."""
    return max(0, (day - promised).days) if promised and day else 0


def expected_damage(clause: Clause, promised: dt.date | None, days: Iterable[tuple[dt.date, Decimal]]) -> Decimal:
    """Σ probability × damages over the possible delivery days; ``days`` (day, probability) with probabilities that
    add up to 1 or less."""
    expected = sum((share * clause.due(days_late(promised, day)) for day, share in days), ZERO)
    return rounded(expected, clause.currency)


def clause_of(order: Order) -> Clause:
    """The order's own clause."""
    return Clause(order.total_amount, order.damages_percent_per_day, order.damages_cap_percent, order.currency)


def damages_of(order: Order, delivered: dt.date | None) -> Decimal:
    """What the order costs when it is delivered on that day, in the company's currency: the promise counts, else what
    the customer asked for. Without a rate the amount stands as it is."""
    due = clause_of(order).due(days_late(order.promised_date or order.requested_date, delivered))
    if not due or order.currency == BASE:
        return due
    found = in_base(due, order.currency, timezone.localdate())
    return due if found is None else found
