"""The way from the order's page to its documents."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from punctual.domain.orders.models import Order
from punctual.web.shell.panels import register_panel


def _link(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    return {}


register_panel(
    "order",
    "documents",
    order=300,
    place="menu",
    template="documents/order_link.html",
    context_function=_link,
    permission="orders.view",
)
