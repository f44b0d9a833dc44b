"""The final acceptance starts the warranty of what was delivered, of each serial number its own."""

from __future__ import annotations

from punctual.domain.aftersales.services.warranties import begin_with_acceptance
from punctual.domain.delivery.models import Acceptance, AcceptanceKind
from punctual.domain.delivery.selectors import serials_of
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe


def on_accepted(event: OutboxEvent) -> None:
    found = Acceptance.objects.filter(pk=event.payload["acceptance_id"], kind=AcceptanceKind.FINAL).first()
    if found is not None and found.held_on is not None:
        serials = serials_of(found.order, gone=True)
        begin_with_acceptance(order_id=found.order_id, begins=found.held_on, serials=serials)


def listen() -> None:
    subscribe("acceptance.passed", on_accepted)
