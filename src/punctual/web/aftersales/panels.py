"""What service adds to the order's page once something is delivered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.aftersales import selectors
from punctual.domain.aftersales.services.cases import DELIVERED
from punctual.domain.orders.models import Order
from punctual.platform.accounts.permissions import may
from punctual.web.aftersales.forms import engineers
from punctual.web.master.pages import actor_of
from punctual.web.shell.panels import register_panel


def _of_order(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    if order.state not in DELIVERED:
        return None
    actor = actor_of(request)
    changing = may(actor, "service.change")
    return {
        "warranties": list(selectors.warranties_of(actor).filter(order_line__order=order)[:12]),
        "cases": list(selectors.cases_of(actor).filter(order=order)[:6]),
        "visits": list(selectors.visits_of(actor).filter(order=order, cancelled_at=None)[:6]),
        "today": timezone.localdate(),
        "may_serve": changing,
        "engineers": engineers() if changing else [],
        "warranty_lines": list(order.lines.order_by("line_no")[:30]) if changing else [],
        "may_plan": order.state in ("accepted", "closed"),
    }


register_panel(
    "order",
    "aftersales",
    order=700,
    place="half",
    template="aftersales/order_panel.html",
    context_function=_of_order,
    permission="service.view",
    label=_("After-sales"),
    style="css/relations.css",
)
