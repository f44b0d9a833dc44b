"""What an actor may see of materials, stock, needs and purchases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, DecimalField, F, Prefetch, Q, QuerySet, Sum
from django.db.models.expressions import OuterRef, Subquery
from django.db.models.functions import Coalesce

from punctual.domain.supply.life import ON_THE_WAY
from punctual.domain.supply.models import (
    Bom,
    BomLine,
    Material,
    Place,
    PurchaseLine,
    PurchaseOrder,
    PurchaseRequest,
    Requirement,
    Reservation,
    ReservationState,
    Shortage,
    StockItem,
    StockMovement,
)
from punctual.domain.supply.rules import MaterialFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found

ZERO = Decimal(0)
AMOUNT = DecimalField(max_digits=18, decimal_places=6)


def sees(actor: User) -> bool:
    return may(actor, "supply.view")


def sees_costs(actor: User) -> bool:
    return may(actor, "supply.see_costs")


# ----------------------------------------------------------------------------------------------------- materials


def materials(actor: User, *, archived: bool = False) -> QuerySet[Material]:
    """The materials in use, or with ``archived`` all of them."""
    rows = Material.objects.all() if sees(actor) else Material.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def material_by_id(actor: User, pk: int) -> Material:
    return get_or_not_found(materials(actor, archived=True).select_related("supplier"), pk=pk)


def _total(rows: QuerySet[StockItem] | QuerySet[PurchaseLine] | QuerySet[Requirement], amount: object) -> Coalesce:
    """Σ amount over a material's rows, as a column of the outer query."""
    summed = rows.filter(material=OuterRef("pk")).order_by().values("material").annotate(sum=Sum(amount)).values("sum")
    return Coalesce(Subquery(summed, output_field=AMOUNT), ZERO, output_field=AMOUNT)


def listed_materials(actor: User) -> QuerySet[Material]:
    """With what lies there, is spoken for, is on the way and is still needed over all orders."""
    coming = PurchaseLine.objects.filter(purchase_order__state__in=ON_THE_WAY)
    return (
        materials(actor, archived=True)
        .select_related("supplier")
        .annotate(
            on_hand=_total(StockItem.objects.all(), F("on_hand")),
            blocked=_total(StockItem.objects.all(), F("blocked")),
            reserved=_total(StockItem.objects.all(), F("reserved")),
            coming=_total(coming, F("quantity") - F("received")),
            needed=_total(Requirement.objects.filter(issued__lt=F("quantity")), F("quantity") - F("issued")),
        )
    )


def material_facts(found: Material) -> MaterialFacts:
    """What stands in the record, to change some of it with :func:`dataclasses.replace`."""
    return MaterialFacts(**{name: getattr(found, name) for name in MaterialFacts.__dataclass_fields__})


def places() -> QuerySet[Place]:
    return Place.objects.all()


def boms_of(actor: User) -> QuerySet[Bom]:
    rows = Bom.objects.all() if sees(actor) else Bom.objects.none()
    return rows.select_related("revision__product", "material")


def listed_boms(actor: User) -> QuerySet[Bom]:
    return boms_of(actor).annotate(line_count=Count("lines")).order_by("pk")


def bom_by_id(actor: User, pk: int) -> Bom:
    lines = BomLine.objects.select_related("material__bom")
    return get_or_not_found(boms_of(actor).prefetch_related(Prefetch("lines", lines)), pk=pk)


# --------------------------------------------------------------------------------------------------------- stock


def stock_of(actor: User) -> QuerySet[StockItem]:
    rows = StockItem.objects.all() if sees(actor) else StockItem.objects.none()
    return rows.select_related("material", "place")


def stock_item_by_id(actor: User, pk: int) -> StockItem:
    return get_or_not_found(stock_of(actor), pk=pk)


def movements_of(item: StockItem) -> QuerySet[StockMovement]:
    """The movements of an item the actor has fetched, newest first."""
    return item.movements.select_related("actor")


# --------------------------------------------------------------------------------------------------------- needs


def requirements_of(actor: User) -> QuerySet[Requirement]:
    rows = Requirement.objects.all() if sees(actor) else Requirement.objects.none()
    return rows.select_related("material", "order__customer", "order_line", "task")


def requirement_by_id(actor: User, pk: int) -> Requirement:
    return get_or_not_found(requirements_of(actor), pk=pk)


def reservations_of(actor: User) -> QuerySet[Reservation]:
    rows = Reservation.objects.all() if sees(actor) else Reservation.objects.none()
    return rows.select_related(
        "requirement__order", "requirement__material", "requirement__task", "stock_item__place",
        "purchase_line__purchase_order",
    )  # fmt: skip


def shortages_of(actor: User) -> QuerySet[Shortage]:
    rows = Shortage.objects.all() if sees(actor) else Shortage.objects.none()
    return rows.select_related(
        "requirement__material__supplier",
        "requirement__order__customer",
        "requirement__task",
        "requirement__order_line",
        "purchase_line__purchase_order__supplier",
    )


def shortage_by_id(actor: User, pk: int) -> Shortage:
    return get_or_not_found(shortages_of(actor), pk=pk)


@dataclass(frozen=True, slots=True)
class NeedStanding:
    """One requirement of an order: how much of it is in stock for it, on the way, out already."""

    requirement: Requirement
    in_stock: Decimal
    on_the_way: Decimal
    shortage: Shortage | None

    @property
    def there(self) -> Decimal:
        """In stock for it or given out already."""
        return self.in_stock + self.requirement.issued

    @property
    def is_out(self) -> bool:
        return self.requirement.issued >= self.requirement.quantity


def needs_of_order(actor: User, order_id: int) -> list[NeedStanding]:
    """Every requirement of an order with what covers it, the most harmful shortage first."""
    held = Prefetch("reservations", Reservation.objects.filter(state=ReservationState.ACTIVE), to_attr="held")
    rows = requirements_of(actor).filter(order_id=order_id, quantity__gt=0).prefetch_related(held)
    rows = rows.select_related("material", "task", "order", "shortage__purchase_line__purchase_order__supplier")
    found = []
    for row in rows:
        stock = sum((one.quantity for one in row.held if one.stock_item_id), ZERO)
        coming = sum((one.quantity for one in row.held if one.purchase_line_id), ZERO)
        found.append(NeedStanding(row, stock, coming, getattr(row, "shortage", None)))
    rank = {"stops": 0, "hangs": 1, "in_time": 2}
    found.sort(
        key=lambda one: (
            (rank[one.shortage.state], -one.shortage.damages) if one.shortage else (3, ZERO),
            one.requirement.needed_by or dt.date.max,
        )
    )
    return found


# ---------------------------------------------------------------------------------------------------- purchasing


def purchases_of(actor: User) -> QuerySet[PurchaseOrder]:
    rows = PurchaseOrder.objects.all() if sees(actor) else PurchaseOrder.objects.none()
    return rows.select_related("supplier", "buyer")


def listed_purchases(actor: User) -> QuerySet[PurchaseOrder]:
    """With the first lines."""
    lines = PurchaseLine.objects.filter(line_no__lte=30).select_related("material").order_by("line_no")
    return purchases_of(actor).prefetch_related(Prefetch("lines", lines, to_attr="first_lines"))


def purchase_by_key(actor: User, key: str) -> PurchaseOrder:
    """By number or id; raises NotFound."""
    rows = purchases_of(actor)
    if key.isdecimal() and len(key) < 18:
        return get_or_not_found(rows, pk=int(key))
    return get_or_not_found(rows, number__iexact=key)


def purchase_by_id(actor: User, pk: int) -> PurchaseOrder:
    return get_or_not_found(purchases_of(actor), pk=pk)


def lines_of(order: PurchaseOrder) -> QuerySet[PurchaseLine]:
    """The lines of a purchase order the actor has fetched, with whom they are for."""
    held = Reservation.objects.filter(state=ReservationState.ACTIVE).select_related(
        "requirement__order", "requirement__task"
    )
    return order.lines.select_related("material", "task", "order", "purchase_order__supplier").prefetch_related(
        Prefetch("reservations", held, to_attr="held"), "dates__by", "receipts__by", "receipts__place"
    )


def purchase_lines_of(actor: User) -> QuerySet[PurchaseLine]:
    rows = PurchaseLine.objects.all() if sees(actor) else PurchaseLine.objects.none()
    return rows.select_related("purchase_order__supplier", "material", "task", "order")


def requests_of(actor: User) -> QuerySet[PurchaseRequest]:
    rows = PurchaseRequest.objects.all() if sees(actor) else PurchaseRequest.objects.none()
    return rows.select_related("material", "supplier", "order", "task", "asked_by", "purchase_line__purchase_order")


# ----------------------------------------------------------------------------------------------------------- ATP


@dataclass(frozen=True, slots=True)
class Promisable:
    """From ``day`` on, ``quantity`` can be promised to somebody new without taking it from anybody."""

    day: dt.date
    quantity: Decimal


def promisable(material: Material, *, today: dt.date) -> list[Promisable]:
    """ATP by date: what is free in stock and on order, less what orders need and have not reserved, looking ahead, so
    that nothing is promised twice. The last entry is what remains once everything on order has come."""
    free = StockItem.objects.filter(material=material).aggregate(
        sum=Coalesce(Sum(F("on_hand") - F("blocked") - F("reserved")), ZERO, output_field=AMOUNT)
    )["sum"]
    changes: list[tuple[dt.date, Decimal]] = [(today, free)]
    lines = PurchaseLine.objects.filter(material=material, purchase_order__state__in=ON_THE_WAY)
    for line in lines:
        if line.free_quantity > 0 and (line.expected_date or line.asked_date):
            changes.append((max(today, line.expected_date or line.asked_date or today), line.free_quantity))
    for need in uncovered([material.pk]):
        changes.append((max(today, need.requirement.needed_by or today), -need.quantity))
    return cumulated(changes)


def cumulated(changes: Sequence[tuple[dt.date, Decimal]]) -> list[Promisable]:
    """Changes of what is free → what can be promised from each day on: the least that is free on it or ever after."""
    by_day: dict[dt.date, Decimal] = {}
    for day, amount in changes:
        by_day[day] = by_day.get(day, ZERO) + amount
    total, running = ZERO, []
    for day in sorted(by_day):
        total += by_day[day]
        running.append((day, total))
    least, found = None, []
    for day, amount in reversed(running):
        least = amount if least is None else min(least, amount)
        found.append(Promisable(day, max(ZERO, least)))
    return list(reversed(found))


def promisable_on(material: Material, day: dt.date, *, today: dt.date) -> Decimal:
    """How much can be promised for ``day``."""
    before = [one.quantity for one in promisable(material, today=today) if one.day <= day]
    return before[-1] if before else ZERO


@dataclass(frozen=True, slots=True)
class Uncovered:
    requirement: Requirement
    quantity: Decimal


def uncovered(material_ids: Iterable[int]) -> list[Uncovered]:
    """What running orders need of some materials and nothing is spoken for."""
    rows = (
        Requirement.objects.filter(material_id__in=list(material_ids), issued__lt=F("quantity"))
        .annotate(
            held=Coalesce(
                Sum("reservations__quantity", filter=Q(reservations__state=ReservationState.ACTIVE)),
                ZERO,
                output_field=AMOUNT,
            )
        )
        .select_related("order", "material", "task")
        .order_by("needed_by", "pk")
    )
    found = [Uncovered(row, row.quantity - row.issued - row.held) for row in rows]
    return [one for one in found if one.quantity > 0]
