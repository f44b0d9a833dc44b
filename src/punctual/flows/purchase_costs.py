"""What is ordered for an order stands in its budget as committed cost until it is invoiced.

A purchase line belongs to the order that it was bought for, else to those that have reserved of it, by quantity; what
nobody has reserved is stock. Once something has come, the shares stay as they were: goods in stock may change hands,
the invoice does not. A currency without a rate is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from punctual.domain.costs.models import Commitment, CommitmentState
from punctual.domain.costs.services import Ordered, follow_source
from punctual.domain.plans.models import BudgetKind, Plan
from punctual.domain.supply.models import PurchaseLine, PurchaseState, ReservationState
from punctual.kernel.money import BASE, Money
from punctual.platform.company.rates import Rates, rates
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

SOURCE: Final = "purchaseline"
ON_ORDER: Final = (PurchaseState.SENT, PurchaseState.CONFIRMED)
ENDED: Final = (PurchaseState.CLOSED, PurchaseState.CANCELLED)


def value_of(line: PurchaseLine, quantity: Decimal, kept: Rates) -> Decimal | None:
    """So much of a line with what expediting costs, in the company's currency; None without a rate."""
    order = line.purchase_order
    amount = quantity * line.unit_price + (line.expedite_cost if quantity else Decimal(0))
    return kept.in_base(amount, order.currency, order.sent_on or timezone.localdate())


def quantities_of(line: PurchaseLine) -> dict[int, Decimal]:
    """Order → how much of the line is for it."""
    own = line.task.plan.order_id if line.task is not None else line.order_id
    if own is not None:
        return {own: line.quantity}
    found: dict[int, Decimal] = {}
    rows = line.reservations.filter(state=ReservationState.ACTIVE).values_list("requirement__order_id", "quantity")
    for order, quantity in rows:
        found[order] = found.get(order, Decimal(0)) + quantity
    return dict(sorted(found.items()))


def follow(lines: QuerySet[PurchaseLine]) -> None:
    """Write what the orders bear of some lines, as far as they are on order or have ended."""
    kept = rates()
    for line in lines.select_related("purchase_order__supplier", "material", "task__plan").order_by("pk"):
        state = line.purchase_order.state
        if state in ON_ORDER:
            follow_source(source=(SOURCE, line.pk), ordered=_borne(line, kept))
        elif state in ENDED:
            _end(line, kept)


def _borne(line: PurchaseLine, kept: Rates) -> dict[int, Ordered]:
    """Plan → its share, exact to the cent together with what is for stock."""
    total = value_of(line, line.quantity, kept)
    parts = quantities_of(line)
    if total is None or not total or not parts:
        return {}
    rest = line.quantity - sum(parts.values())
    weights = [*parts.values(), *([rest] if rest > 0 else [])]
    amounts = [part.amount for part in Money(total, BASE).allocate(weights)]
    plans = dict(Plan.objects.filter(order__in=parts).values_list("order_id", "pk"))
    kind = BudgetKind.MATERIAL if line.material_id is not None else BudgetKind.OUTSOURCED
    subject = f"{line} {line.material or line.description}"
    supplier = line.purchase_order.supplier_id
    return {
        plans[order]: Ordered(amount, kind.value, subject, supplier, line.expected_date or line.asked_date)
        for order, amount in zip(parts, amounts, strict=False)
        if order in plans and amount > 0
    }


def _end(line: PurchaseLine, kept: Rates) -> None:
    """Cancelled, or closed with less than was ordered: no more is committed than what came."""
    came = value_of(line, line.received, kept) or Decimal(0)
    rows = Commitment.objects.filter(source_type=SOURCE, source_id=line.pk, state=CommitmentState.OPEN)
    found = list(rows.order_by("pk"))
    total = sum((one.amount for one in found), Decimal(0))
    if came >= total:
        return
    amounts = [part.amount for part in Money(came, BASE).allocate([one.amount for one in found])]
    ordered = {
        one.plan_id: Ordered(amount, one.kind, one.subject, one.supplier_id, one.expected_on)
        for one, amount in zip(found, amounts, strict=True)
        if amount > 0
    }
    follow_source(source=(SOURCE, line.pk), ordered=ordered)


def follow_all() -> int:
    """Everything on order, once a day: a rate may have been entered since."""
    rows = PurchaseLine.objects.filter(purchase_order__state__in=ON_ORDER)
    follow(rows)
    return rows.count()


def on_purchase(event: OutboxEvent) -> None:
    """A purchase order was sent, answered, received, closed or cancelled, or a date or price of it changed."""
    follow(PurchaseLine.objects.filter(purchase_order=event.payload["purchase_order_id"]))


def on_material(event: OutboxEvent) -> None:
    """Something of a material was free and went to whoever lacked it."""
    rows = PurchaseLine.objects.filter(material=event.payload["material_id"], purchase_order__state__in=ON_ORDER)
    follow(rows)


def on_orders(event: OutboxEvent) -> None:
    """What some orders need or have reserved moved."""
    told = event.payload
    _follow_orders(told.get("order_ids") or [told["order_id"]])


def _follow_orders(order_ids: Iterable[int]) -> None:
    ids = list(order_ids)
    borne = Commitment.objects.filter(source_type=SOURCE, plan__order__in=ids).values("source_id")
    reserved = Q(reservations__requirement__order__in=ids, reservations__state=ReservationState.ACTIVE)
    rows = PurchaseLine.objects.filter(reserved | Q(pk__in=borne), purchase_order__state__in=ON_ORDER)
    follow(PurchaseLine.objects.filter(pk__in=rows.values("pk")))


def listen() -> None:
    for kind in ("purchase.changed", "purchase.date_changed"):
        subscribe(kind, on_purchase)
    subscribe("supply.arrived", on_material)
    for kind in ("supply.changed", "supply.exploded", "supply.decided", "order.changed"):
        subscribe(kind, on_orders)
