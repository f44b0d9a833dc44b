"""A change as the customer sees it: before it is signed on the page behind the link, and on their own order's page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.signing import items_shown, seal_of
from punctual.web.changes import words


def change_shown(change: ChangeOrder) -> dict[str, Any]:
    """Line by line from → to, the contract value and the promised date; neither cost nor cause."""
    order = change.order
    products = words.product_words(order)
    impact = change.impact or {}
    value, before = Decimal(impact.get("value", "0")), Decimal(impact.get("value_before", "0"))
    return {
        "change": change,
        "order": order,
        "rows": [words.item_row(item, order, products) for item in items_shown(change)],
        "value": value,
        "value_before": before,
        "value_delta": words.signed_money(value - before, order.currency),
        "promised": _day(impact.get("promised")),
        "promised_before": _day(impact.get("promised_before")),
        "seal": seal_of(change),
    }


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
