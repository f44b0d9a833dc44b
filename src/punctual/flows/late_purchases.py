"""Purchases that come later than agreed: a warning for each order whose work waits for one, and a name in the chain of
causes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from punctual.domain.monitoring import sources
from punctual.domain.monitoring.sources import Found
from punctual.domain.orders.life import RUNNING
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.supply.models import PurchaseLine, PurchaseOrder
from punctual.flows.why import explain_material
from punctual.kernel.wording import N_


def listen() -> None:
    """Called once when the programme starts."""
    sources.declare(
        "purchase_late",
        icon="truck-delivery",
        label=N_("Purchase late"),
        sentence=N_("%(number)s from %(supplier)s comes %(days)s days late; “%(task)s” waits for it until %(day)s."),
        action=N_("Open the purchase order"),
    )
    sources.register("purchases", late_purchases)
    explain_material(purchase_of)


def _days_late(orders: Iterable[int]) -> dict[int, int]:
    """Purchase order → days by which its latest open line comes after what was first agreed; without late ones."""
    late: dict[int, int] = {}
    lines = PurchaseLine.objects.filter(purchase_order__in=list(orders), received_on=None, expected_date__isnull=False)
    for order, asked, confirmed, expected in lines.values_list(
        "purchase_order_id", "asked_date", "confirmed_date", "expected_date"
    ):
        agreed = confirmed or asked
        if agreed is not None and expected is not None and expected > agreed:
            late[order] = max(late.get(order, 0), (expected - agreed).days)
    return late


def late_purchases(order_ids: Sequence[int] | None, today: dt.date) -> list[Found]:
    """One finding an order and purchase, at the task that waits."""
    rows = Task.objects.filter(
        plan__order__state__in=RUNNING, not_before_cause_type="purchaseorder", actual_start=None, percent=0
    )
    if order_ids is not None:
        rows = rows.filter(plan__order__in=list(order_ids))
    tasks = list(rows.select_related("plan").order_by("not_before", "pk"))
    wanted = {task.not_before_cause_id for task in tasks if task.not_before_cause_id}
    late = _days_late(wanted)
    purchases = PurchaseOrder.objects.filter(pk__in=late).select_related("supplier").in_bulk()
    found: dict[tuple[int, int], Found] = {}
    for task in tasks:
        purchase = purchases.get(task.not_before_cause_id or 0)
        moment = plan_time(task.not_before)
        if purchase is None or moment is None:
            continue
        key = (purchase.pk, task.plan.order_id)
        facts = {
            "number": purchase.number,
            "supplier": str(purchase.supplier),
            "days": str(late[purchase.pk]),
            "task": str(task),
            "day": moment.date().isoformat(),
        }
        found.setdefault(
            key,
            Found(
                f"purchase:{purchase.pk}:{task.plan.order_id}",
                "purchase_late",
                task.plan.order_id,
                task.pk,
                ("purchaseorder", purchase.pk),
                f"/purchase-orders/{purchase.number}/",
                facts,
            ),
        )
    return list(found.values())


def purchase_of(task_id: int) -> Mapping[str, Any] | None:
    """What a task waits for, for the chain of causes."""
    task = Task.objects.filter(pk=task_id, not_before_cause_type="purchaseorder").first()
    if task is None or task.not_before_cause_id is None:
        return None
    purchase = PurchaseOrder.objects.filter(pk=task.not_before_cause_id).select_related("supplier").first()
    if purchase is None:
        return None
    return {
        "name": task.not_before_text.removeprefix(purchase.number).strip() or purchase.number,
        "supplier": str(purchase.supplier),
        "number": purchase.number,
        "url": f"/purchase-orders/{purchase.number}/",
        "days_late": _days_late([purchase.pk]).get(purchase.pk, 0),
    }
