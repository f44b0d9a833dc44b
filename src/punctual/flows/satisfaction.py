"""After a milestone, a delivery and the acceptance the customer is asked how it went, by itself: one click answers.

Whose tracking rule hides the survey is not asked. Nobody is asked about the same order twice within a fortnight, and
whether they would recommend us only once an order, after the final acceptance."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from punctual.domain.customer_relations.models import Survey, SurveyKind
from punctual.domain.customer_relations.services.feedback import put_question
from punctual.domain.customer_relations.services.tracking import rule_of
from punctual.domain.delivery.models import Acceptance, AcceptanceKind, Delivery
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Contact
from punctual.domain.plans.models import Task
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

PAUSE: Final = dt.timedelta(days=14)
"""Between two questions about one order; what is longer past is asked no more."""


def _ask(order: Order, kind: str, occasion: str, day: dt.date) -> Survey | None:
    customer = order.customer
    if customer is None or timezone.localdate() - day > PAUSE or not rule_of(customer).show_survey:
        return None
    asked = Survey.objects.filter(order=order, kind=kind)
    if kind == SurveyKind.CSAT:
        asked = asked.filter(asked_at__gt=timezone.now() - PAUSE)
    if asked.exists():
        return None
    survey, _token = put_question(
        actor=None, customer=customer, order=order, contact=_contact(order), kind=kind, occasion=occasion
    )
    return survey


def _contact(order: Order) -> Contact | None:
    """Whom the order names, else the customer's first; with neither it is asked on the tracking page alone."""
    if order.contact is not None and order.contact.email and order.contact.archived_at is None:
        return order.contact
    rows = Contact.objects.filter(customer=order.customer, archived_at=None).exclude(email="")
    return rows.order_by("-is_primary", "pk").first()


def on_received(event: OutboxEvent) -> None:
    found = Delivery.objects.select_related("order__customer", "order__contact").get(pk=event.payload["delivery_id"])
    if found.received_on is not None:
        _ask(found.order, SurveyKind.CSAT, found.number, found.received_on)


def on_accepted(event: OutboxEvent) -> None:
    found = Acceptance.objects.select_related("order__customer", "order__contact").get(
        pk=event.payload["acceptance_id"]
    )
    if found.held_on is None:
        return
    with override(settings.LANGUAGE_CODE):
        occasion = str(found.get_kind_display())
    kind = SurveyKind.NPS if found.kind == AcceptanceKind.FINAL else SurveyKind.CSAT
    _ask(found.order, kind, occasion, found.held_on)


def on_progress(event: OutboxEvent) -> None:
    """A milestone that is reached; that of the delivery is asked about when the customer has it."""
    rows = Task.objects.filter(is_milestone=True, is_delivery=False, percent=100, actual_finish__isnull=False)
    found = rows.select_related("plan__order__customer", "plan__order__contact").filter(pk=event.payload["task_id"])
    for task in found:
        _ask(task.plan.order, SurveyKind.CSAT, task.name, timezone.localdate(task.actual_finish))


def listen() -> None:
    subscribe("delivery.received", on_received)
    subscribe("acceptance.passed", on_accepted)
    subscribe("progress.reported", on_progress)
