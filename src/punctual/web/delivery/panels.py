"""What deliveries, acceptance and payments add to the order's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.delivery.selectors import acceptances_of, deliveries_on, open_milestones
from punctual.domain.delivery.services.payments import terms_are_unread
from punctual.domain.delivery.services.shipping import DELIVERING
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.permissions import may
from punctual.web.delivery.money import payment_rows
from punctual.web.delivery.words import acceptance_chip, delivery_chip, payment_chip
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel

SHOWN = (*DELIVERING, OrderState.DELIVERED, OrderState.ACCEPTED, OrderState.CLOSED, OrderState.ON_HOLD)


def _deliveries(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if order.state not in SHOWN:
        return None
    actor = actor_of(request)
    rows = [{"item": one, "chip": delivery_chip(one)} for one in deliveries_on(actor, order)]
    found = acceptances_of(actor).filter(order=order).order_by("pk")
    return {
        "delivery_rows": rows,
        "acceptance_rows": [{"item": one, "chip": acceptance_chip(one)} for one in found],
        "may_plan_acceptance": may(actor, "delivery.accept") and order.state != OrderState.CLOSED,
        "tab_count": len(rows),
    }


def _payments(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if order.state not in SHOWN:
        return None
    rows = payment_rows(request, order)
    unread = not rows and terms_are_unread(order)
    return {"payment_rows": rows, "tab_count": len(rows), "terms_unread": unread}


CUSTOMERS_PAYMENTS = 5


def _of_customer(request: HttpRequest, found: Customer) -> dict[str, Any] | None:
    """What the customer owes, the longest due first."""
    actor, today = actor_of(request), timezone.localdate()
    due = open_milestones(actor).filter(order__customer=found, due_on__isnull=False).order_by("due_on", "pk")
    rows = list(due[:CUSTOMERS_PAYMENTS])
    return {
        "due_rows": [(row, payment_chip(row, today=today)) for row in rows],
        "due_count": due.count(),
        "waiting_count": open_milestones(actor).filter(order__customer=found, due_on=None).count(),
    }


def _buttons(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """What usually follows: a delivery, or the closing review; it can be read again once the order is closed."""
    deliver = order.state in DELIVERING and may(request.user, "delivery.prepare")
    close = order.state == OrderState.ACCEPTED and may(request.user, "delivery.close")
    closed = order.state == OrderState.CLOSED and may(request.user, "delivery.view")
    return {"may_deliver": deliver, "may_close": close, "closed": closed} if deliver or close or closed else None


register_panel(
    "order",
    "deliveries",
    order=400,
    place="half",
    template="delivery/order_panel.html",
    context_function=_deliveries,
    permission="delivery.view",
    label=_("Deliveries"),
)
register_panel(
    "order",
    "payments",
    order=500,
    place="below",
    template="delivery/order_payments_panel.html",
    context_function=_payments,
    permission="payments.view",
    label=_("Payments"),
)
register_panel(
    "order",
    "deliver-button",
    order=200,
    place="actions",
    template="delivery/order_button.html",
    context_function=_buttons,
    permission="delivery.view",
)
register_panel(
    "customer",
    "payments",
    order=120,
    template="delivery/customer_panel.html",
    context_function=_of_customer,
    permission="payments.view",
)
