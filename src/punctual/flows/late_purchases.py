"""What a task waits for when its material is late: the purchase and its supplier, for the chain of causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from punctual.domain.plans.models import Task
from punctual.domain.supply.models import PurchaseLine, PurchaseOrder
from punctual.flows.why import explain_material


def listen() -> None:
    """Called once when the programme starts."""
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


def purchase_of(task_id: int) -> Mapping[str, Any] | None:
    """What a task waits for, for the chain of causes."""
    task = Task.objects.filter(pk=task_id).first()
    if task is None or task.not_before_cause_id is None:
        return None
    if task.not_before_cause_type == "material":  # nobody has ordered it
        return {"name": task.not_before_text, "url": f"/materials/{task.not_before_cause_id}/"}
    if task.not_before_cause_type != "purchaseorder":
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
