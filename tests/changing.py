"""What tests of change orders stand on: a confirmed order with a plan, and a change raised, approved, applied."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import planning
from planning import TODAY
from punctual.domain.changes.models import ChangeOrder, ChangeState
from punctual.domain.changes.services.applying import apply
from punctual.domain.changes.services.raising import analyse, raise_change, submit
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.plans.models import DeliveryStandard, Plan
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.approvals.services import decide

FAR = dt.date(2027, 8, 11)
SIGNED = "data:image/png;base64,iVBORw0KGgo="


def planned(person, quantity: int = 2) -> Plan:
    """A confirmed order of two 检测机 with a plan from a template, priced so that it has a value."""
    actor = person("planner")
    plan = planning.plan(actor, quantity, requested=FAR)
    plan.order.lines.update(unit_price=Decimal(1000), promised_date=FAR)
    order = Order.objects.get(pk=plan.order_id)
    order.total_amount, order.owner, order.promised_date = Decimal(1000 * quantity), person("order_manager"), FAR
    order.save()
    return Plan.objects.get(pk=plan.pk)


def line_of(plan: Plan) -> OrderLine:
    return OrderLine.objects.filter(order_id=plan.order_id).order_by("line_no")[0]


def quantity(plan: Plan, new: object) -> dict[str, object]:
    return {"kind": "line", "line": line_of(plan).pk, "field": "quantity", "new": str(new)}


def raised(person, plan: Plan, *items, needs_customer: bool = False, **more) -> ChangeOrder:
    wish = {"title": "改数量", "source": "customer", "items": items, "needs_customer": needs_customer, **more}
    return raise_change(actor=person("order_manager"), order_id=plan.order_id, today=TODAY, **wish)


def approved(person, plan: Plan, *items, **more) -> ChangeOrder:
    change = raised(person, plan, *items, **more)
    analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    submit(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    for role in ("planner", "finance", "manager"):
        request = ApprovalRequest.objects.filter(state="waiting").first()
        if request is None:
            break
        if request.steps.filter(role=role, state="waiting", level=request.level).exists():
            decide(actor=person(role), request_id=request.pk, approve=True, today=TODAY)
    change.refresh_from_db()
    assert change.state == ChangeState.APPROVED
    return change


def applied(person, plan: Plan, *items, **more) -> ChangeOrder:
    change = approved(person, plan, *items, **more)
    return apply(actor=person("order_manager"), change_id=change.pk, today=TODAY)


def everything(plan: Plan) -> object:
    """Order, lines, standards and plan rows, without what may count on."""
    order = Order.objects.get(pk=plan.order_id)
    header = (order.total_amount, order.requested_date, order.promised_date, order.planned_date, order.delivery_place)
    lines = list(OrderLine.objects.filter(order=order).order_by("pk").values_list())
    standards = list(DeliveryStandard.objects.filter(plan=plan).order_by("pk").values_list())
    return header, lines, standards, planning.snapshot(plan)
