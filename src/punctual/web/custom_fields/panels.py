"""The custom fields of an order and of a customer, on their pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.permissions import may
from punctual.platform.custom_fields.selectors import lines_of
from punctual.web.shell.panels import register_panel

OVER = (OrderState.CLOSED, OrderState.CANCELLED, OrderState.LOST)


def _of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    lines = lines_of("order", order.pk)
    may_fill = may(request.user, "orders.change") and order.state not in OVER
    return (
        {"custom_lines": lines, "fill_url": reverse("order_fields", args=[order.key]) if may_fill else ""}
        if lines
        else None
    )


def _of_customer(request: HttpRequest, found: Customer) -> dict[str, Any] | None:
    lines = lines_of("customer", found.pk)
    may_fill = may(request.user, "customers.change")
    return (
        {"custom_lines": lines, "fill_url": reverse("customer_edit", args=[found.pk]) if may_fill else ""}
        if lines
        else None
    )


register_panel(
    "order",
    "custom_fields",
    order=90,
    place="half",
    template="custom_fields/panel.html",
    context_function=_of_order,
    permission="orders.view",
)
register_panel(
    "customer",
    "custom_fields",
    order=20,
    place="side",
    template="custom_fields/panel.html",
    context_function=_of_customer,
    permission="customers.read",
)
