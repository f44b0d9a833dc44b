"""A receipt that must be inspected: its inspection appears, and what it gives releases or sends back the stock.

The inspection is opened with the receipt; what was decided reaches the stock as an event, after it is on record.
"""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from punctual.domain.orders.models import Order
from punctual.domain.quality.models import Disposition, Inspection, Nonconformity, Stage, SupplierSeverity
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.services.inspections import LotIn, make_inspection
from punctual.domain.quality.services.switching import severity_for
from punctual.domain.supply import receipts
from punctual.domain.supply.models import PurchaseLine, Receipt
from punctual.domain.supply.services.receiving import inspected
from punctual.platform.accounts.models import Role, User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

SOURCE = "receipt"


def listen() -> None:
    """Ask at every receipt, and hear what was decided."""
    receipts.needs_inspection(must_be_inspected, open_inspection_of)
    for kind in ("inspection.accepted", "inspection.deviated"):
        subscribe(kind, on_accepted)
    subscribe("ncr.disposed", on_disposed)
    subscribe("ncr.verified", on_verified)


def _severity(line: PurchaseLine) -> SupplierSeverity | None:
    return severity_for(line.purchase_order.supplier, line.material.code) if line.material else None


def must_be_inspected(line: PurchaseLine, quantity: Decimal) -> bool:
    """Items of a supplier that are under incoming inspection, in whole pieces."""
    return _severity(line) is not None and quantity >= 1


def open_inspection_of(receipt: Receipt) -> None:
    """The incoming inspection of what came; part of the receipt's own transaction."""
    line = receipt.line
    severity = _severity(line)
    if severity is None or line.material is None:
        return
    order = _order_of(line)
    lot = LotIn(
        stage=Stage.IQC.value,
        item_name=line.material.name,
        item_key=line.material.code,
        lot_size=int(receipt.quantity),
        rule=SamplingRule("aql", aql=severity.aql, level=severity.level),
        unit=line.unit,
        lot_no=receipt.delivery_note,
        order=order,
        supplier=line.purchase_order.supplier,
        task_id=line.task_id,
        source=(SOURCE, receipt.pk, str(line.purchase_order)),
        due=receipt.received_on,
    )
    actor = receipt.by or _quality()
    make_inspection(actor=actor, lot=lot, today=timezone.localdate())


def _order_of(line: PurchaseLine) -> Order | None:
    """The order that it was bought or reserved for, if that is one."""
    if line.order is not None:
        return line.order
    orders = Order.objects.filter(
        pk__in=line.reservations.filter(state="active").values("requirement__order_id")
    ).distinct()[:2]
    return orders[0] if len(orders) == 1 else None


def _quality() -> User:
    found: User | None = User.objects.filter(role=Role.QUALITY, is_active=True).order_by("pk").first()
    return found or User.objects.filter(is_active=True).order_by("pk")[0]


def on_accepted(event: OutboxEvent) -> None:
    """The lot is good: it goes to those it was meant for."""
    found = Inspection.objects.filter(pk=event.payload["inspection_id"], source_type=SOURCE).first()
    if found is None or found.source_id is None:
        return
    actor = found.deviated_by or found.inspector or _quality()
    _decide(found.source_id, actor, released=Decimal(found.lot_size))


def on_disposed(event: OutboxEvent) -> None:
    """Returned or scrapped: it leaves the stock and is still owed by the supplier."""
    found = Nonconformity.objects.filter(pk=event.payload["ncr_id"], source_type=SOURCE).first()
    if found is None or found.source_id is None:
        return
    if found.disposition in (Disposition.RETURN, Disposition.SCRAP):
        actor = found.disposed_by or _quality()
        _decide(found.source_id, actor, rejected=Decimal(found.quantity), reason=f"{found.number} {found.title}")


def on_verified(event: OutboxEvent) -> None:
    """Used as it is, sorted or reworked: what is good is released, what was sorted out goes back."""
    found = Nonconformity.objects.filter(pk=event.payload["ncr_id"], source_type=SOURCE).first()
    if found is None or found.source_id is None:
        return
    bad = found.nonconforming if found.disposition == Disposition.SORT else 0
    actor = found.verified_by or _quality()
    reason = f"{found.number} {found.title}"
    _decide(found.source_id, actor, released=Decimal(found.quantity - bad), rejected=Decimal(bad), reason=reason)


def _decide(
    receipt_id: int, actor: User, *, released: Decimal = Decimal(0), rejected: Decimal = Decimal(0), reason: str = ""
) -> None:
    """Never more than is still to be decided on: an event may come twice, and a person may have decided already."""
    receipt = Receipt.objects.filter(pk=receipt_id).first()
    if receipt is None:
        return
    left = receipt.quantity - receipt.released - receipt.rejected
    released = min(released, left)
    rejected = min(rejected, left - released)
    if released + rejected > 0:
        inspected(actor=actor, receipt_id=receipt_id, released=released, rejected=rejected, reason=reason)
