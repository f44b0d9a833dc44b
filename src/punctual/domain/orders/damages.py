"""Liquidated damages: what a late delivery costs under the order's clause. Money in the order's currency."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from punctual.domain.orders.models import Order
from punctual.kernel.money import rounded

ZERO = Decimal(0)


def damages(
    *, amount: Decimal, percent_per_day: Decimal | None, cap_percent: Decimal | None, days_late: int, currency: str
) -> Decimal:
    """``percent_per_day`` of the order's amount for each calendar day, at most ``cap_percent`` of it; nothing where the
    order has no clause or is in time."""
    if not percent_per_day or days_late <= 0:
        return ZERO
    percent = percent_per_day * days_late
    if cap_percent is not None:
        percent = min(percent, cap_percent)
    return rounded(amount * percent / 100, currency)


def damages_of(order: Order, delivered: dt.date | None) -> Decimal:
    """What the order costs when it is delivered on that day: the promise counts, else what the customer asked for."""
    due = order.promised_date or order.requested_date
    if due is None or delivered is None:
        return ZERO
    return damages(
        amount=order.total_amount,
        percent_per_day=order.damages_percent_per_day,
        cap_percent=order.damages_cap_percent,
        days_late=(delivered - due).days,
        currency=order.currency,
    )
