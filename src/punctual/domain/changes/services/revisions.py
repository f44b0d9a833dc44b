"""Keep the order as it was agreed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from punctual.domain.changes.items import text_of
from punctual.domain.changes.models import OrderRevision
from punctual.domain.orders.inputs import HEADER_FIELDS, LINE_FIELDS, OrderInput, input_of
from punctual.domain.orders.models import Order
from punctual.platform.accounts.models import User


def content_of(data: OrderInput) -> dict[str, Any]:
    """Header and lines as plain text."""
    return {
        "header": {name: text_of(getattr(data, name)) for name in HEADER_FIELDS if name != "owner"},
        "lines": [
            {"id": line.id, "line_no": line.line_no, **{name: text_of(getattr(line, name)) for name in LINE_FIELDS}}
            for line in data.lines
        ],
    }


def keep_revision(order: Order, *, actor: User | None, reason: str = "") -> OrderRevision:
    """The next revision of the order as it now is; part of the caller's transaction."""
    last = order.revisions.order_by("-number").first()
    return OrderRevision.objects.create(
        order=order,
        number=last.number + 1 if last else 1,
        content=content_of(input_of(order)),
        amount=order.total_amount,
        amount_change=order.total_amount - (last.amount if last else Decimal(0)),
        reason=reason[:200],
        made_by=actor,
    )


def ensure_first_revision(order: Order) -> OrderRevision:
    """Revision 1 of an order that was confirmed before revisions were kept."""
    last = order.revisions.order_by("-number").first()
    if last is not None:
        return last
    found = keep_revision(order, actor=order.owner)
    if order.confirmed_at:
        found.made_at = order.confirmed_at
        found.save(update_fields=["made_at"])
    return found
