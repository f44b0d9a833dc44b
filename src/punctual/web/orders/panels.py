"""The orders of a customer or of a product, on their pages."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from punctual.domain.catalog.models import Product
from punctual.domain.orders.facts import check_settings
from punctual.domain.orders.life import RUNNING
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import listed, orders_with_product
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.permissions import may
from punctual.web.master.pages import actor_of
from punctual.web.orders import marks
from punctual.web.shell.panels import register_panel

SHOWN: Final = 8


def _shown(request: HttpRequest, rows: QuerySet[Order], query: str) -> dict[str, Any]:
    """The latest orders with their marks, how many there are and how many of them are running."""
    today = timezone.localdate()
    tolerance = check_settings().at_risk_days
    latest = [
        {
            "order": order,
            "subject": marks.subject(order),
            "chip": marks.health_chip(order, today=today, at_risk_days=tolerance),
            "amount": marks.full_amount(order),
            "rail": marks.rail_of(order),
        }
        for order in rows.order_by(F("number").desc(nulls_first=True), "-pk")[:SHOWN]
    ]
    url = f"{reverse('orders')}?{query}"
    return {
        "orders": latest,
        "order_count": rows.count(),
        "running_count": rows.filter(state__in=RUNNING).count(),
        "orders_url": url,
        "running_url": f"{url}&state={','.join(RUNNING)}",
    }


def _of_customer(request: HttpRequest, found: Customer) -> dict[str, Any]:
    shown = _shown(request, listed(actor_of(request)).filter(customer=found), f"customer={found.pk}")
    may_enter = may(request.user, "orders.change") and found.archived_at is None
    return {**shown, "new_order_url": f"{reverse('order_new')}?customer={found.pk}" if may_enter else ""}


def _of_product(request: HttpRequest, found: Product) -> dict[str, Any]:
    return _shown(request, orders_with_product(listed(actor_of(request)), found.pk), f"product={found.pk}")


register_panel(
    "customer",
    "orders",
    order=100,
    template="orders/panel.html",
    context_function=_of_customer,
    permission="orders.view",
    style="css/orders.css",
)
register_panel(
    "product",
    "orders",
    order=100,
    template="orders/panel.html",
    context_function=_of_product,
    permission="orders.view",
    style="css/orders.css",
)
