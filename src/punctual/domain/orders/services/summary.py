"""What an order repeats of its lines and plan so that lists are fast, and how it is found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction

from punctual.domain.orders.models import Order, OrderLine
from punctual.kernel.money import rounded
from punctual.platform.many_rows import update_rows
from punctual.platform.search.services import Document, index


def amount_of(line: OrderLine, currency: str) -> Decimal:
    """Quantity × unit price, rounded to the currency's minor unit; 0 while either is missing."""
    if line.quantity is None or line.unit_price is None:
        return Decimal(0)
    return rounded(line.quantity * line.unit_price, currency)


def summarise(order: Order, lines: Sequence[OrderLine]) -> None:
    """Amount, number of lines, and the latest of the lines' dates. The caller saves."""
    order.total_amount = sum((amount_of(line, order.currency) for line in lines), Decimal(0))
    order.line_count = len(lines)
    order.requested_date = _latest(line.requested_date for line in lines)
    order.promised_date = _latest(line.promised_date for line in lines)


def _latest(days: Iterable[dt.date | None]) -> dt.date | None:
    return max((day for day in days if day is not None), default=None)


def document_of(order: Order, lines: Sequence[OrderLine]) -> Document:
    """Found by number, PO number, customer, and what its first hundred lines say."""
    customer = order.customer
    names = [customer.name, customer.short_name, customer.code] if customer else []
    products = {text for line in lines[:100] for text in (line.model_text, line.description) if text}
    return Document(
        target=order,
        label=order.label,
        detail=" · ".join(part for part in (str(customer or ""), order.customer_po_number) if part),
        texts=[order.number or "", order.customer_po_number, *names, *sorted(products)],
    )


def index_order(order: Order, lines: Sequence[OrderLine] | None = None) -> None:
    index([document_of(order, list(order.lines.all()) if lines is None else lines)])


PLAN_COLUMNS: Final = ("planned_start", "planned_date", "latest_start", "progress")
"""What the plan tells the order, past any copy of it that is held."""


def record_plan(
    *,
    order_id: int,
    planned_start: dt.date | None,
    planned_date: dt.date | None,
    latest_start: dt.date | None,
    progress: int,
    line_dates: Mapping[int, dt.date] | None = None,
) -> None:
    """The plan tells where it stands; called by whoever schedules, inside that command's own transaction.

    ``progress`` 0…100. ``line_dates``: line id → planned delivery. It is no edit of the order, so its version stays.
    """
    Order.objects.filter(pk=order_id).update(
        planned_start=planned_start,
        planned_date=planned_date,
        latest_start=latest_start,
        progress=max(0, min(100, progress)),
    )
    if line_dates is not None:
        update_rows(OrderLine, ("planned_date",), [((day,), pk) for pk, day in line_dates.items()])


@dataclass(frozen=True, slots=True)
class ForecastDates:
    """With 50, 80 and 95 % it is delivered by these days; ``confidence``: percent that the due day is kept."""

    p50: dt.date
    p80: dt.date
    p95: dt.date
    confidence: int | None


def record_confidence(order_id: int, percent: int) -> None:
    """The due day has changed and the schedule has not: how likely the new day is kept. No edit."""
    Order.objects.filter(pk=order_id).update(confidence=percent)


@transaction.atomic
def record_forecasts(found: Mapping[int, ForecastDates]) -> None:
    """What the schedule over all orders says, order id → forecast; orders that are not named have none. No edit."""
    gone = Order.objects.filter(forecast_p80__isnull=False).exclude(pk__in=found)
    gone.update(forecast_p50=None, forecast_p80=None, forecast_p95=None, confidence=None)
    columns = ("forecast_p50", "forecast_p80", "forecast_p95", "confidence")
    update_rows(Order, columns, [((one.p50, one.p80, one.p95, one.confidence), pk) for pk, one in found.items()])
