"""A change order that takes effect reaches the ledger and the money, and taking it back keeps both on record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import planning
import scheduling
import supplying
from changing import FAR, approved, everything, line_of, planned, quantity, raised
from domain.test_supply_properties import explained
from planning import TODAY
from punctual.domain.catalog.models import ProductRevision
from punctual.domain.delivery.services.payments import write_from_terms
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan
from punctual.domain.quality.models import QualityPlan, QualityTemplate
from punctual.domain.quality.services.plans import approve_quality_plan, make_quality_plan
from punctual.domain.scheduling.models import Promise
from punctual.domain.supply.models import PurchaseLine, PurchaseRequest, Requirement, Reservation, StockItem
from punctual.domain.supply.services.requests import ask
from punctual.domain.supply.services.reservations import open_need
from punctual.domain.supply.services.shortages import refresh
from punctual.domain.supply.services.stock import issue
from punctual.flows.change_order import analyse_change, apply_change, reverse_change

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


# --------------------------------------------------------------------------- what the order needs follows, and back


def machines(person, quantity: int = 2):
    """An order of machines that take three pumps each: four in stock, five on order; a request for what is missing."""
    buyer = person("administrator")
    pump = supplying.material()
    supplying.bom(pump)
    supplying.stock(buyer, pump, "4")
    supplying.purchase(buyer, pump, "5", dt.date(2026, 12, 1))
    ProductRevision.objects.update(released_on=dt.date(2026, 1, 5))
    order = supplying.order(person("order_manager"), quantity, promised=dt.date(2026, 12, 18))
    order.lines.update(revision_text="A", promised_date=dt.date(2026, 12, 18))
    need = Requirement.objects.get(order=order)
    missing = open_need(need)
    if missing > 0:
        ask(actor=buyer, material_id=pump.pk, quantity=missing, requirement=need)
    template = QualityTemplate.objects.create(name="机器", product=planning.product())
    template.points.create(name="装配检", stage="ipqc", anchor="task", task_words="装配")
    quality = make_quality_plan(order=order, actor=person("quality"))
    approve_quality_plan(actor=person("quality"), plan_id=quality.pk)
    return Plan.objects.get(order=order)


def taken(plan) -> object:
    """What the order needs, holds and asks for, how it is inspected, and what is spoken for of every source."""
    needs = Requirement.objects.filter(order=plan.order_id).order_by("pk")
    held = Reservation.objects.filter(state="active", requirement__in=needs).order_by("stock_item", "purchase_line")
    quality = QualityPlan.objects.get(order=plan.order_id)
    return (
        list(needs.values_list("pk", "material", "order_line", "task", "quantity", "issued", "used_in")),
        list(held.values_list("requirement", "stock_item", "purchase_line", "quantity")),
        list(PurchaseRequest.objects.filter(state="open").order_by("pk").values_list("pk", "requirement", "quantity")),
        list(StockItem.objects.order_by("pk").values_list("pk", "on_hand", "reserved")),
        list(PurchaseLine.objects.order_by("pk").values_list("pk", "quantity", "reserved")),
        list(quality.points.order_by("pk").values_list("pk", "name", "order_line", "task", "state")),
        (quality.state, quality.revision, quality.approved_by_id),
    )


def test_the_impact_says_what_has_to_be_bought_and_whose_dates_move(person):
    plan = machines(person)
    scheduling.run(person("planner"))
    change = raised(person, plan, quantity(plan, 4))
    change, _found = analyse_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    pump = change.impact["supply"][0]
    assert (Decimal(pump["more"]), Decimal(pump["buy"]), pump["arrives"] is not None) == (6, 6, True)
    assert change.impact["p80"] > change.impact["p80_before"]
    assert change.impact["confidence"] is not None
    assert change.impact["others"] == []


def test_more_machines_take_more_and_what_is_missing_is_asked_for(person):
    plan = machines(person)
    change = approved(person, plan, quantity(plan, 4))
    apply_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    need = Requirement.objects.get(order=plan.order_id)
    assert need.quantity == 12
    assert sum(one.quantity for one in need.reservations.filter(state="active")) == 9
    assert list(PurchaseRequest.objects.filter(state="open").values_list("quantity", "reason")) == [(3, change.number)]


def test_fewer_machines_give_back_what_comes_latest_first(person):
    plan = machines(person)
    change = approved(person, plan, quantity(plan, 1))
    apply_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert (StockItem.objects.get().reserved, PurchaseLine.objects.get().reserved) == (3, 0)


def test_another_line_is_inspected_too_and_the_quality_plan_waits_for_approval_again(person):
    plan = machines(person)
    line = {
        "kind": "line_add",
        "data": {"model": planning.product().model, "quantity": "1", "unit_price": "5", "requested_date": "2027-01-08"},
    }
    change = approved(person, plan, line)
    apply_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    quality = QualityPlan.objects.get(order=plan.order_id)
    assert (quality.points.count(), quality.state, quality.revision) == (2, "draft", 2)


@given(
    start=st.integers(1, 4), wanted=st.integers(1, 5), more=st.integers(0, 2), drops=st.booleans(), used=st.booleans()
)
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_applied_change_that_is_taken_back_gives_back_plan_purchases_and_reservations(
    person, start, wanted, more, drops, used
):
    point = transaction.savepoint()
    try:
        plan = machines(person, start)
        if used:
            issue(actor=person("administrator"), requirement_id=Requirement.objects.get().pk, quantity=Decimal(1))
        refresh([plan.order_id], today=TODAY)
        before = (everything(plan), taken(plan))
        added = {
            "model": planning.product().model,
            "quantity": str(more),
            "unit_price": "5",
            "requested_date": "2027-01-08",
        }
        items = [{"kind": "line_add", "data": added}] if more else []
        if drops and more:
            items.append({"kind": "line_remove", "line": line_of(plan).pk})
        elif wanted != start:
            items.append(quantity(plan, wanted))
        if not items:
            return
        change = approved(person, plan, *items)
        apply_change(actor=person("order_manager"), change_id=change.pk, today=TODAY)
        explained()
        reverse_change(actor=person("order_manager"), change_id=change.pk, reason="撤回", today=TODAY)
        explained()
        assert taken(plan) == before[1]
        assert everything(plan) == before[0]
    finally:
        transaction.savepoint_rollback(point)
