"""When what an order needs is there, as far as is known: stock, purchases on their way, and what nobody has ordered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import PurchaseLine, PurchaseState, Requirement, Reservation

ZERO = Decimal(0)
Workday = Callable[[dt.date, int], dt.date]
"""(day, n) → the n-th working day after it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What covers one requirement.

    ``day``: the last of it comes then; None: all is in stock. ``line`` brings it; None with a day: nobody has ordered
    ``uncovered``, and ``day`` is when it would come if somebody did today. ``is_confirmed``: the supplier said so.
    """

    requirement: Requirement
    in_stock: Decimal
    on_the_way: Decimal
    uncovered: Decimal
    day: dt.date | None
    line: PurchaseLine | None
    is_confirmed: bool

    @property
    def short(self) -> Decimal:
        """Needed and not in stock for it."""
        return self.on_the_way + self.uncovered


def line_day(line: PurchaseLine, *, today: dt.date, after: Workday) -> dt.date:
    """When a line comes as far as is known: what is overdue comes on the next working day at the earliest; what waits
    for inspection can be used the day after tomorrow."""
    if line.inspecting and line.received >= line.quantity:
        return after(today, 1)
    day = line.expected_date or line.asked_date
    if day is None or day < today:
        return after(today, 1)
    return day


def arrival_of(need: Requirement, held: Sequence[Reservation], *, today: dt.date, after: Workday) -> Arrival:
    """``held`` are the requirement's active reservations, with their lines and orders."""
    in_stock = sum((one.quantity for one in held if one.stock_item_id), ZERO)
    coming = [one for one in held if one.purchase_line is not None and _is_coming(one.purchase_line)]
    on_the_way = sum((one.quantity for one in coming), ZERO)
    uncovered = max(ZERO, need.quantity - need.issued - in_stock - on_the_way)
    day: dt.date | None = None
    line: PurchaseLine | None = None
    for one in coming:
        assert one.purchase_line is not None
        found = line_day(one.purchase_line, today=today, after=after)
        if day is None or found > day:
            day, line = found, one.purchase_line
    if uncovered > 0:
        bought = after(today, max(1, need.material.lead_time_days))
        if day is None or bought > day:
            day, line = bought, None
    sure = all(one.purchase_line is not None and one.purchase_line.confirmed_date is not None for one in coming)
    return Arrival(need, in_stock, on_the_way, uncovered, day, line, sure and not uncovered)


def _is_coming(line: PurchaseLine) -> bool:
    """What is in inspection counts although its order is complete."""
    state = line.purchase_order.state
    return state in ON_THE_WAY or (bool(line.inspecting) and state == PurchaseState.RECEIVED)
