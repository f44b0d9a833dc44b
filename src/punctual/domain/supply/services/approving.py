"""A purchase order over the company's limit is approved before it goes out."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from punctual.domain.orders.models import OrderLine
from punctual.domain.supply.models import PurchaseOrder
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.selectors import steps_for
from punctual.platform.approvals.services import request_approval
from punctual.platform.audit.services import target_type

SUBJECT: Final = "purchase"


def asked_for(order: PurchaseOrder) -> ApprovalRequest | None:
    """The last request of this order that waits or was approved for at least its present amount."""
    rows = ApprovalRequest.objects.filter(
        subject=SUBJECT, target_type=target_type(order), target_id=order.pk,
        state__in=[ApprovalState.WAITING, ApprovalState.APPROVED], amount__gte=order.total_amount,
    )  # fmt: skip
    return rows.order_by("-pk").first()


def families_for(order: PurchaseOrder) -> list[str]:
    """Codes of the product families of the customers' orders that it is bought for."""
    lines = OrderLine.objects.filter(order__in=order.lines.exclude(order=None).values("order")).exclude(product=None)
    return sorted({code for code in lines.values_list("product__family__code", flat=True) if code})


def is_over_limit(order: PurchaseOrder) -> bool:
    found = steps_for(SUBJECT, amount=order.total_amount, currency=order.currency, days=0, kinds=families_for(order))
    return bool(found)


def ask(order: PurchaseOrder, actor: User, today: dt.date) -> ApprovalRequest:
    """Open the chain; when it ends with yes the order goes out by itself."""
    lines = list(order.lines.select_related("material").order_by("-unit_price")[:6])
    money: list[dict[str, Any]] = [
        {
            "label": f"{line.material or line.description} ×{line.quantity.normalize():f}",
            "amount": str((line.quantity * line.unit_price).quantize(order.total_amount)),
        }
        for line in lines
    ]
    return request_approval(
        actor=actor,
        subject=SUBJECT,
        target=order,
        title=N_("Order %(number)s from %(supplier)s"),
        params={"number": order.number, "supplier": str(order.supplier)},
        today=today,
        amount=order.total_amount,
        currency=order.currency,
        kinds=families_for(order),
        facts=[{"label": N_("Amount"), "now": None, "then": str(order.total_amount), "kind": "money"}],
        money=money,
        detail=order.notes,
        url=f"/purchase-orders/{order.number}/",
    )
