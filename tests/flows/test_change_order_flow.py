"""A change order that takes effect reaches the ledger and the money, and taking it back keeps both on record."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.test_changes import FAR, approved, line_of, planned, quantity
from planning import TODAY
from punctual.domain.delivery.services.payments import write_from_terms
from punctual.domain.orders.models import Order
from punctual.domain.scheduling.models import Promise
from punctual.flows.change_order import apply_change, reverse_change

pytestmark = pytest.mark.django_db


def test_promises_and_open_payments_follow_and_come_back(person):
    plan = planned(person)
    Order.objects.filter(pk=plan.order_id).update(payment_terms="30/60/10")
    order = Order.objects.get(pk=plan.order_id)
    write_from_terms(order)
    before = list(order.payment_milestones.values_list("amount", flat=True))
    line = line_of(plan)
    later = {"kind": "line", "line": line.pk, "field": "promised_date", "new": "2027-09-01"}
    change = approved(person, plan, quantity(plan, 5), later)
    apply_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert sum(order.payment_milestones.values_list("amount", flat=True)) == Decimal(5000)
    last = Promise.objects.filter(order=order).order_by("-number").first()
    assert (str(last.date), last.before, last.cause) == ("2027-09-01", FAR, "change")
    reverse_change(actor=person("order_manager"), change_id=change.pk, reason="撤回", today=TODAY)
    assert list(order.payment_milestones.values_list("amount", flat=True)) == before
    assert Promise.objects.filter(order=order).order_by("-number").first().date == FAR
