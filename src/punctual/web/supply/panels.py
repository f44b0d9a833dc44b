"""What supply adds to the pages of others."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.supply.models import ShortageState
from punctual.domain.supply.scorecard import scorecards
from punctual.domain.supply.selectors import needs_of_order, purchases_of
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel
from punctual.web.supply import marks

SHOWN = 8


def materials_of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    """What the order needs, the harmful first; nothing before it was taken apart."""
    needs = needs_of_order(actor_of(request), order.pk)
    if not needs:
        return None
    complete = sum(1 for one in needs if one.shortage is None)
    short = [one for one in needs if one.shortage is not None]
    return {
        "needs": [(one, marks.shortage_chip(one.shortage) if one.shortage else None) for one in needs[:SHOWN]],
        "need_count": len(needs),
        "complete": complete,
        "percent": 100 * complete // len(needs),
        "short_count": len(short),
        "stops": sum(1 for one in short if one.shortage and one.shortage.state == ShortageState.STOPS),
        "more_needs": max(0, len(needs) - SHOWN),
        "tab_count": len(short) or "",
    }


def record_of_supplier(request: HttpRequest, supplier: Supplier) -> dict[str, Any] | None:
    """How the supplier keeps its dates, and what is on order."""
    today = timezone.localdate()
    card = scorecards([supplier.pk], today=today)[supplier.pk]
    orders = list(purchases_of(actor_of(request)).filter(supplier=supplier).exclude(state="cancelled")[:10])
    return {"card": card, "purchases": [(one, marks.purchase_chip(one, today=today)) for one in orders]}


register_panel(
    "order",
    "materials",
    order=200,
    place="half",
    template="supply/order_panel.html",
    context_function=materials_of_order,
    permission="supply.view",
    label=_("Materials"),
    style="css/supply.css",
)
register_panel(
    "supplier",
    "record",
    order=100,
    place="main",
    template="supply/supplier_panel.html",
    context_function=record_of_supplier,
    permission="supply.view",
    style="css/supply.css",
)
