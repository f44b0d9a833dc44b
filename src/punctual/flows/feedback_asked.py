"""Customers are asked how we did without anybody sending it: after the occasions that the company has chosen, and only
where the customer's rule shows the question on the tracking page."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils import timezone

from punctual.domain.customer_relations.models import AskedAfter
from punctual.domain.customer_relations.services.feedback import ask_by_itself
from punctual.domain.customer_relations.services.tracking import rule_of
from punctual.domain.delivery.models import Acceptance, Delivery, DeliveryState
from punctual.domain.delivery.selectors import all_shipped, delivery_settings
from punctual.domain.orders.models import Order
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

LONG_AGO: Final = dt.timedelta(days=60)
"""What is entered so long after it happened is history; nobody is asked about it."""


def on_accepted(event: OutboxEvent) -> None:
    """An acceptance is signed."""
    found = Acceptance.objects.filter(pk=event.payload["acceptance_id"]).select_related("order").first()
    if found is not None:
        _ask(found.order, str(found.kind), found.held_on)


def on_received(event: OutboxEvent) -> None:
    """A delivery is signed for; it counts when it was the last one."""
    found = Delivery.objects.filter(pk=event.payload["delivery_id"]).select_related("order").first()
    if found is None or not all_shipped(found.order):
        return
    if not found.order.deliveries.filter(state=DeliveryState.SHIPPED).exists():
        _ask(found.order, AskedAfter.RECEIVED, found.received_on)


def _ask(order: Order, after: str, day: dt.date | None) -> None:
    recent = day is not None and timezone.localdate() - day <= LONG_AGO
    shown = order.customer is not None and rule_of(order.customer).show_survey
    if recent and shown and after in delivery_settings().ask_after:
        ask_by_itself(order=order, after=after)


def listen() -> None:
    subscribe("acceptance.passed", on_accepted)
    subscribe("delivery.received", on_received)
