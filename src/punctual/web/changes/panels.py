"""What change orders add to the order's page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from punctual.domain.changes.rules import CHANGEABLE
from punctual.domain.changes.selectors import changes_on, revisions_of
from punctual.domain.changes.services.purchase_orders import open_points
from punctual.domain.orders.models import Order, OrderState
from punctual.platform.accounts.permissions import may
from punctual.web.changes.words import signed_money, state_chip
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel


def _changes(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    actor = actor_of(request)
    rows = list(changes_on(actor, order)[:8])
    if not rows:
        return None
    shown = []
    for one in rows:
        impact = one.impact or {}
        delta = Decimal(impact["value"]) - Decimal(impact["value_before"]) if impact else None
        shown.append(
            {
                "change": one,
                "chip": state_chip(one),
                "days": impact.get("days"),
                "value": signed_money(delta, order.currency) if delta is not None else "",
            }
        )
    return {"change_rows": shown, "revision_count": revisions_of(order).count(), "tab_count": len(rows)}


def _button(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """Confirmed orders are changed here and nowhere else."""
    if order.state not in CHANGEABLE or not may(request.user, "changes.raise"):
        return None
    return {}


register_panel(
    "order",
    "changes",
    order=250,
    place="half",
    template="changes/order_panel.html",
    context_function=_changes,
    permission="changes.view",
    label=_("Change orders"),
)
register_panel(
    "order",
    "change-button",
    order=100,
    place="actions",
    template="changes/order_button.html",
    context_function=_button,
    permission="changes.raise",
)


def _compare(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    return {}


def _open_points(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """While an order is being entered: what its comparison with the customer's order leaves open."""
    if order.state not in (OrderState.DRAFT, OrderState.QUOTED):
        return None
    rest, unusual = open_points(order)
    return {"po_open": rest, "po_unusual": unusual} if rest or unusual else None


register_panel(
    "order",
    "po-open",
    order=50,
    place="top",
    template="changes/po_note.html",
    context_function=_open_points,
    permission="orders.view",
)
register_panel(
    "order",
    "purchase-order",
    order=200,
    place="menu",
    template="changes/po_link.html",
    context_function=_compare,
    permission="orders.view",
)
