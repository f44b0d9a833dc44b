"""The final acceptance starts the warranty of what was delivered."""

from __future__ import annotations

from punctual.domain.aftersales.services.cases import begin_with_acceptance
from punctual.domain.delivery.models import Acceptance, AcceptanceKind
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe


def on_accepted(event: OutboxEvent) -> None:
    found = Acceptance.objects.filter(pk=event.payload["acceptance_id"], kind=AcceptanceKind.FINAL).first()
    if found is not None and found.held_on is not None:
        begin_with_acceptance(order_id=found.order_id, begins=found.held_on)


def listen() -> None:
    subscribe("acceptance.passed", on_accepted)
