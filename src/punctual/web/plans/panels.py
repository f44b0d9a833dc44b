"""What the plan adds to the order's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from punctual.domain.orders.models import Order
from punctual.web.master.pages import actor_of
from punctual.web.plans.card import plan_card
from punctual.web.shell.panels import register_panel


def _plan(request: HttpRequest, order: Order) -> dict[str, Any] | None:
    card = plan_card(order_id=order.pk, actor=actor_of(request), today=timezone.localdate())
    return {"card": card} if card else None


register_panel(
    "order",
    "plan",
    order=100,
    place="main",
    template="plans/order_card.html",
    context_function=_plan,
    permission="plans.view",
    label=_("Plan"),
    style="css/plans.css",
)
