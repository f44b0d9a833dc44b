"""What comes: receipts, what waits for inspection, and what goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from punctual.domain.supply import receipts as hooks
from punctual.domain.supply.life import LIFE
from punctual.domain.supply.models import (
    MovementKind,
    Place,
    PurchaseLine,
    PurchaseOrder,
    PurchaseState,
    Receipt,
    Reservation,
    ReservationState,
    StockItem,
)
from punctual.domain.supply.rules import over_received, reasons_against_quantity
from punctual.domain.supply.selectors import purchases_of
from punctual.domain.supply.services.purchases import summarise
from punctual.domain.supply.services.reservations import add
from punctual.domain.supply.services.shortages import orders_of_line
from punctual.domain.supply.services.stock import default_place, locked_item, move, shrink
from punctual.kernel.refusal import NotFound, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

ZERO = Decimal(0)
ENTERED_LATER = dt.timedelta(days=31)
"""So long after the goods have come a purchase may be entered."""


@transaction.atomic
def receive(
    *,
    actor: User,
    line_id: int,
    quantity: Decimal,
    today: dt.date,
    received_on: dt.date | None = None,
    place_id: int | None = None,
    delivery_note: str = "",
    expected_version: int | None = None,
) -> Receipt:
    """Some or all of a line has come. More than was ordered is refused. What must be inspected is blocked until that
    is done; the rest goes to those it was meant for."""
    require(actor, "supply.change")
    seen = get_or_not_found(PurchaseLine.objects.filter(purchase_order__in=purchases_of(actor)), pk=line_id)
    order = lock(purchases_of(actor), expected_version=expected_version, pk=seen.purchase_order_id)
    place = get_or_not_found(Place.objects.all(), pk=place_id) if place_id else default_place()
    item = locked_item(seen.material_id, place) if seen.material_id else None
    line = (
        PurchaseLine.objects.select_for_update(of=("self",))
        .select_related("material", "purchase_order")
        .get(pk=line_id)
    )
    day = received_on or today
    refuse_if(_against_receiving(order, line, quantity, day, today=today))
    inspect = item is not None and hooks.must_be_inspected(line, quantity)
    receipt = Receipt.objects.create(
        line=line,
        quantity=quantity,
        received_on=day,
        place=place if item is not None else None,
        delivery_note=delivery_note.strip()[:60],
        waits_for_inspection=inspect,
        released=ZERO if inspect else quantity,
        by=actor,
    )
    waiting = orders_of_line(line)
    line.received += quantity
    if item is not None:
        blocked = quantity if inspect else ZERO
        move(item, MovementKind.RECEIPT, actor=actor, quantity=quantity, blocked=blocked, cause=order)
        line.inspecting += blocked
        if not inspect:
            hand_over(line, item, quantity, actor=actor)
    if line.received >= line.quantity:
        line.received_on = day
    line.save(update_fields=["received", "inspecting", "reserved", "received_on"])
    _follow(order, actor=actor, line=line, quantity=quantity, waiting=waiting)
    if inspect:
        hooks.tell(receipt)
    return receipt


def _against_receiving(
    order: PurchaseOrder, line: PurchaseLine, quantity: Decimal, day: dt.date, *, today: dt.date
) -> list[Reason]:
    reasons = [*LIFE.reasons(order.state, "receive"), *reasons_against_quantity("receipt", quantity)]
    if not reasons and quantity > line.open_quantity:
        reasons.append(over_received(line=line, quantity=quantity, left=line.open_quantity, unit=line.unit))
    if day > today:
        text = N_("%(day)s has not come yet; a receipt is entered when the goods are here.")
        reasons.append(Reason("receipt.future", text, {"day": day.isoformat()}, field="received_on"))
    first = _first_day(order, today)
    if day < first:
        text = N_("Goods of this order can't have come so long before it was made; the earliest day is %(day)s.")
        reasons.append(Reason("receipt.before", text, {"day": first.isoformat()}, field="received_on"))
    return reasons


def _first_day(order: PurchaseOrder, today: dt.date) -> dt.date:
    """A month before it was made here or sent, whichever is earlier: what was bought by telephone is entered when the
    goods have come."""
    made = timezone.localdate(order.created_at)
    return min(made, order.sent_on or made, today) - ENTERED_LATER


def hand_over(line: PurchaseLine, item: StockItem, quantity: Decimal, *, actor: User | None) -> Decimal:
    """What was spoken for on a locked line becomes spoken for in stock, up to ``quantity``: the most urgent first.
    Returns how much stays free."""
    left = quantity
    rows = (
        Reservation.objects.select_for_update(of=("self",))
        .filter(purchase_line=line, state=ReservationState.ACTIVE)
        .select_related("requirement__order")
        .order_by("priority", "requirement__needed_by", "pk")
    )
    for one in rows:
        part = min(left, one.quantity)
        if part <= 0:
            break
        # A count, or somebody who freed blocked stock, may have left less: who was promised the rest is short again.
        there = min(part, max(ZERO, item.free))
        shrink(one, part, actor=actor, reason="", state=ReservationState.USED if there else ReservationState.RELEASED)
        line.reserved -= part
        if there:
            add(one.requirement, there, actor=actor, item=item, priority=one.priority)
        left -= part
    return left


def _follow(
    order: PurchaseOrder, *, actor: User, line: PurchaseLine, quantity: Decimal, waiting: Sequence[int]
) -> None:
    """The order's state after something came or went back, and who hears of it."""
    lines = summarise(order)
    complete = all(one.received >= one.quantity for one in lines)
    nothing = all(one.received == 0 for one in lines)
    old = order.state
    if complete:
        order.state = PurchaseState.RECEIVED
    elif not nothing:
        order.state = PurchaseState.PARTIALLY_RECEIVED
    elif old in (PurchaseState.PARTIALLY_RECEIVED, PurchaseState.RECEIVED):
        order.state = PurchaseState.CONFIRMED
    save_next(order)
    changes = [Change(field=f"{line.line_no}: received", old=None, new=str(quantity.normalize()))]
    if old != order.state:
        changes.append(Change(field="state", old=old, new=order.state))
    record(actor=actor, verb="receive" if quantity > 0 else "reject", target=order, changes=changes)
    emit("purchase.changed", purchase_order_id=order.pk, order_ids=list(waiting), by=actor.pk)
    if line.material_id is not None:
        emit("supply.arrived", material_id=line.material_id, by=actor.pk)


@transaction.atomic
def inspected(
    *, actor: User, receipt_id: int, released: Decimal = ZERO, rejected: Decimal = ZERO, reason: str = ""
) -> Receipt:
    """Inspection has decided on some or all of a receipt: what is good goes to those it was meant for, what is not goes
    back and is still owed by the supplier. The caller (the quality plan, or a person) has the right to decide."""
    visible = Receipt.objects.filter(line__purchase_order__in=purchases_of(actor))
    seen = get_or_not_found(visible.select_related("line"), pk=receipt_id)
    if seen.line.material_id is None or seen.place_id is None:
        raise NotFound(Reason("receipt.no_stock", N_("This receipt brought no material.")))
    order = lock(purchases_of(actor), expected_version=None, pk=seen.line.purchase_order_id)
    place = Place.objects.get(pk=seen.place_id)
    item = locked_item(seen.line.material_id, place)
    line = (
        PurchaseLine.objects.select_for_update(of=("self",))
        .select_related("material", "purchase_order")
        .get(pk=seen.line_id)
    )
    receipt = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt_id)
    left = receipt.quantity - receipt.released - receipt.rejected
    reasons: list[Reason] = []
    if released < 0 or rejected < 0 or released + rejected <= 0 or released + rejected > left:
        text = N_(
            "%(left)s of this receipt are still to be decided on; released and rejected together are at most that."
        )
        reasons.append(Reason("receipt.inspected", text, {"left": left.normalize()}, field="released"))
    if rejected > 0 and not reason.strip():
        reasons.append(Reason("receipt.reason", N_("Say why it is rejected."), field="reason"))
    refuse_if(reasons)
    receipt.released += released
    receipt.rejected += rejected
    receipt.waits_for_inspection = receipt.quantity > receipt.released + receipt.rejected
    receipt.save(update_fields=["released", "rejected", "waits_for_inspection"])
    waiting = orders_of_line(line)
    line.inspecting -= released + rejected
    if released > 0:
        # A count may have found less since: what it took away is not taken twice.
        freed = min(released, item.blocked)
        move(item, MovementKind.RELEASE, actor=actor, blocked=-freed, cause=order, reason=reason)
        hand_over(line, item, released, actor=actor)
    if rejected > 0:
        gone = min(rejected, item.blocked)
        move(item, MovementKind.SCRAP, actor=actor, quantity=-gone, blocked=-gone, cause=order, reason=reason)
        line.received -= rejected
        line.received_on = None
    line.save(update_fields=["received", "inspecting", "reserved", "received_on"])
    _follow(order, actor=actor, line=line, quantity=released if not rejected else -rejected, waiting=waiting)
    return receipt
