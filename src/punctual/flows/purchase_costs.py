"""What is ordered for an order stands in its budget as committed cost until it is invoiced.

A purchase line belongs to the order that it was bought for, else to those that have reserved of it, by quantity; what
nobody has reserved is stock. Once something has come, the shares stay as they were: goods in stock may change hands,
the invoice does not. A currency without a rate is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from punctual.domain.costs.models import Commitment, CommitmentState
from punctual.domain.costs.services import Ordered, follow_sources
from punctual.domain.plans.models import BudgetKind, Plan
from punctual.domain.supply.models import PurchaseLine, PurchaseState, ReservationState
from punctual.kernel.money import BASE, Money
from punctual.platform.company.rates import Rates, rates
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

SOURCE: Final = "purchaseline"
ON_ORDER: Final = (PurchaseState.SENT, PurchaseState.CONFIRMED)
AT_ONCE: Final = 2_000
"""Lines that the nightly look follows in one transaction."""
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
    found: dict[int, Decimal] = defaultdict(Decimal)
    for one in line.reservations.all():
        if one.state == ReservationState.ACTIVE:
            found[one.requirement.order_id] += one.quantity
    return dict(sorted(found.items()))


def follow(lines: QuerySet[PurchaseLine]) -> None:
    """Write what the orders bear of some lines, as far as they are on order or have ended. The number of statements
    does not grow with the lines, but for what changes."""
    rows = list(
        lines.select_related("purchase_order__supplier", "material", "task__plan")
        .prefetch_related("reservations__requirement")
        .order_by("pk")
    )
    kept = rates()
    parts = {line.pk: quantities_of(line) for line in rows if line.purchase_order.state in ON_ORDER}
    orders = {order for one in parts.values() for order in one}
    plans = dict(Plan.objects.filter(order__in=orders).values_list("order_id", "pk"))
    borne = {line.pk: _borne(line, parts[line.pk], plans, kept) for line in rows if line.pk in parts}
    ended = [line for line in rows if line.purchase_order.state in ENDED]
    follow_sources(source_type=SOURCE, ordered=borne | _ended(ended, kept))


def _borne(
    line: PurchaseLine, parts: Mapping[int, Decimal], plans: Mapping[int, int], kept: Rates
) -> dict[int, Ordered]:
    """Plan → its share, exact to the cent together with what is for stock."""
    total = value_of(line, line.quantity, kept)
    if not total or not parts:
        return {}
    rest = line.quantity - sum(parts.values())
    weights = [*parts.values(), *([rest] if rest > 0 else [])]
    amounts = [part.amount for part in Money(total, BASE).allocate(weights)]
    kind = BudgetKind.MATERIAL if line.material_id is not None else BudgetKind.OUTSOURCED
    subject = f"{line} {line.material or line.description}"
    supplier = line.purchase_order.supplier_id
    return {
        plans[order]: Ordered(amount, kind.value, subject, supplier, line.expected_date or line.asked_date)
        for order, amount in zip(parts, amounts, strict=False)
        if order in plans and amount > 0
    }


def _ended(lines: Sequence[PurchaseLine], kept: Rates) -> dict[int, dict[int, Ordered]]:
    """Cancelled, or closed with less than was ordered: no more is committed than what came."""
    open_rows: dict[int, list[Commitment]] = defaultdict(list)
    rows = Commitment.objects.filter(source_type=SOURCE, source_id__in=[line.pk for line in lines])
    for one in rows.filter(state=CommitmentState.OPEN).order_by("pk"):
        assert one.source_id is not None
        open_rows[one.source_id].append(one)
    ordered = {}
    for line in lines:
        found = open_rows[line.pk]
        came = value_of(line, line.received, kept) or Decimal(0)
        if came >= sum((one.amount for one in found), Decimal(0)):
            continue
        amounts = [part.amount for part in Money(came, BASE).allocate([one.amount for one in found])]
        ordered[line.pk] = {
            one.plan_id: Ordered(amount, one.kind, one.subject, one.supplier_id, one.expected_on)
            for one, amount in zip(found, amounts, strict=True)
            if amount > 0
        }
    return ordered


def follow_all() -> int:
    """Everything on order, once a day: a rate may have been entered since."""
    ids = list(
        PurchaseLine.objects.filter(purchase_order__state__in=ON_ORDER).order_by("pk").values_list("pk", flat=True)
    )
    for first in range(0, len(ids), AT_ONCE):
        follow(PurchaseLine.objects.filter(pk__in=ids[first : first + AT_ONCE]))
    return len(ids)


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
