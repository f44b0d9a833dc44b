"""Change orders of the demo company: one is being approved, one was applied, one is a draft."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from punctual.domain.changes.impact import as_data, scenario_of
from punctual.domain.changes.models import ChangeOrder, ChangeSource, ChangeState
from punctual.domain.changes.services.raising import analyse, facts_of, items_of, raise_change, submit
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task
from punctual.flows.change_order import apply_change, look_around
from punctual.flows.demo.people import demo_user
from punctual.kernel.quantity import plain
from punctual.platform.accounts.models import Role
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.services import decide
from punctual.platform.audit.services import target_type


def build_changes(today: dt.date) -> list[ChangeOrder]:
    """Three change orders on running orders, written through the services."""
    actor = demo_user(Role.ORDER_MANAGER)
    orders = list(
        Order.objects.filter(state=OrderState.IN_PROGRESS, plan__isnull=False, currency="CNY").order_by("pk")[:6]
    )
    if len(orders) < 4:
        return []
    return [
        _applied(orders[3], actor, today),
        _under_approval(orders[0], actor, today),
        _draft(orders[1], actor, today),
    ]


def _under_approval(order: Order, actor: Any, today: dt.date) -> ChangeOrder:
    """The customer wants another valve: a task more, done work lost, a better price; planning has agreed."""
    line = order.lines.order_by("line_no")[0]
    done = Task.objects.filter(plan__order=order, order_line=line, is_summary=False, percent=100, duration__gt=0)
    open_ = Task.objects.filter(plan__order=order, order_line=line, is_summary=False, percent__lt=100, is_critical=True)
    redo = done.order_by("-sequence").first()
    after, before = open_.order_by("sequence").first(), open_.filter(percent=0).order_by("sequence")[1:2].first()
    price = (line.unit_price or Decimal(0)) + 86_000
    items: list[dict[str, Any]] = [{"kind": "line", "line": line.pk, "field": "unit_price", "new": plain(price)}]
    if after is not None:
        data = {
            "name": "双组份阀采购与验证",
            "days": "8",
            "after": after.pk,
            "before": before.pk if before else None,
            "kind": "material",
            "amount": "29200",
        }
        items.append({"kind": "task_add", "data": data})
    if redo is not None:
        items.append({"kind": "task_redo", "data": {"task": redo.pk, "percent": "40", "name": redo.name}})
    change = raise_change(
        actor=actor,
        order_id=order.pk,
        title="单组份阀改双组份",
        source=ChangeSource.CUSTOMER,
        words="新胶种两组分 10:1，现在的单组份阀打不了，能否改成双组份？年前要交。",
        reason="阀座与胶路重新设计，加一轮验证。",
        items=items,
        today=today,
    )
    analyse(actor=actor, change_id=change.pk, today=today)
    submit(actor=actor, change_id=change.pk, today=today)
    _agree(Role.PLANNER, "图纸与节拍可行。", today)
    return change


def look_ahead(today: dt.date) -> None:
    """Once there is a schedule over all orders: what it says of the changes that wait for approval."""
    for change in ChangeOrder.objects.filter(state=ChangeState.SUBMITTED).select_related("order"):
        found = scenario_of(change, items_of(change), today=today)
        if found.reasons:
            continue
        change.impact = as_data(found) | look_around(found, today)
        change.save(update_fields=["impact"])
        asked = ApprovalRequest.objects.filter(target_type=target_type(change), target_id=change.pk)
        asked.update(facts=facts_of(change.impact))


def _agree(role: Role, comment: str, today: dt.date) -> None:
    for request in ApprovalRequest.objects.filter(state=ApprovalState.WAITING).order_by("pk"):
        if request.steps.filter(role=role, state="waiting", level=request.level).exists():
            decide(actor=demo_user(role), request_id=request.pk, approve=True, comment=comment, today=today)


def _applied(order: Order, actor: Any, today: dt.date) -> ChangeOrder:
    """Ours: one more day of training for nothing, agreed without the customer's signature."""
    change = raise_change(
        actor=actor,
        order_id=order.pk,
        title="增加一天操作培训",
        source=ChangeSource.US,
        reason="客户新换了操作班组，多一天培训可以减少后面的服务工单。",
        items=[{"kind": "task_add", "data": {"name": "操作培训", "days": "1", "kind": "labour", "amount": "1600"}}],
        needs_customer=False,
        today=today,
    )
    analyse(actor=actor, change_id=change.pk, today=today)
    submit(actor=actor, change_id=change.pk, today=today)
    for role in (Role.PLANNER, Role.FINANCE, Role.MANAGER):
        _agree(role, "", today)
    return apply_change(actor=actor, change_id=change.pk, today=today)


def _draft(order: Order, actor: Any, today: dt.date) -> ChangeOrder:
    """Just raised: where it is to be delivered."""
    return raise_change(
        actor=actor,
        order_id=order.pk,
        title="收货地改为二期厂房",
        source=ChangeSource.CUSTOMER,
        words="二期厂房提前投产，设备直接进二期。",
        items=[{"kind": "header", "field": "delivery_place", "new": "二期厂房 3 号门"}],
        today=today,
    )
