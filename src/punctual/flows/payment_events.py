"""Work that is reported may make a payment due: the milestones that hang on tasks look again."""

from __future__ import annotations

from punctual.domain.delivery.services.payments import date_milestones
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe


def on_plan_changed(event: OutboxEvent) -> None:
    date_milestones(int(event.payload["order_id"]))


def listen() -> None:
    subscribe("plan.changed", on_plan_changed)
