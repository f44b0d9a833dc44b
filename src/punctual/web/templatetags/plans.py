"""The plan's card for other pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.web.plans.card import plan_card

register = template.Library()


@register.simple_tag(takes_context=True)
def plan_card_of(context: dict[str, Any], order: Order) -> dict[str, Any] | None:
    """What ``plans/order_card.html`` shows of an order's plan; None without one."""
    return plan_card(order_id=order.pk, actor=context["request"].user, today=timezone.localdate())
