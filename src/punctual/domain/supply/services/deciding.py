"""Carry out one way out of a shortage: one click makes the request, moves the reservation or changes the purchase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from punctual.domain.actions.services import open_action
from punctual.domain.plans.models import Task
from punctual.domain.plans.services.earliest import PlanMove
from punctual.domain.supply.models import (
    Alternative,
    Offer,
    PurchaseLine,
    PurchaseOrder,
    Requirement,
    RequirementSource,
    Reservation,
    ReservationState,
    Shortage,
    StockItem,
)
from punctual.domain.supply.selectors import shortage_by_id
from punctual.domain.supply.services.dates import take_offer
from punctual.domain.supply.services.requests import ask
from punctual.domain.supply.services.reservations import add, cover, end_all, lock_sources, open_need, take_off
from punctual.domain.supply.services.shortages import refresh
from punctual.domain.supply.ways import Way, WayKind, WaysOut
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


@dataclass(frozen=True)
class Decided:
    """What was done, and what became of the plans."""

    way: Way
    moves: list[PlanMove]


@transaction.atomic
def choose(*, actor: User, shortage_id: int, key: str, today: dt.date) -> Decided:
    """Compute the ways again under the lock, and carry out the one named by ``key``; refused when it is not possible
    (any more), with its reasons."""
    require(actor, "supply.decide")
    shortage = shortage_by_id(actor, shortage_id)
    need = lock(
        Requirement.objects.select_related("order", "material", "task"),
        expected_version=None,
        pk=shortage.requirement_id,
    )
    way = next((one for one in WaysOut(shortage, today=today).all() if one.key == key), None)
    if way is None:
        text = N_("This way out is not there any more; something has changed. Look at the list again.")
        raise Refusal(Reason("way.gone", text))
    if not way.is_possible:
        raise Refusal(*way.reasons)
    hit = _DO[way.kind](actor, need, shortage, way, today)
    record(
        actor=actor,
        verb="way_out",
        target=need.order,
        changes=[Change(field=str(need.material), old=None, new=way.title.worded(_))],
        reason=way.detail.worded(_),
    )
    moves = refresh({need.order_id, *hit}, today=today, actor=actor)
    row = Shortage.objects.filter(requirement=need).first()
    if row is not None:
        row.settled_by, row.settled_as = actor, way.kind.value
        row.save(update_fields=["settled_by", "settled_as"])
    emit("supply.decided", order_id=need.order_id, way=way.kind.value, by=actor.pk)
    return Decided(way, moves)


def _buy(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    _ask(actor, need, way)
    return set()


def _ask(actor: User, need: Requirement, way: Way, offer: Offer | None = None) -> None:
    open_one = need.requests.filter(state="open").first()
    if open_one is not None and offer is None:
        text = N_("%(quantity)s are asked for already; supply chain has not ordered them yet.")
        raise Refusal(Reason("way.buy.asked", text, {"quantity": open_one.quantity.normalize()}))
    ask(
        actor=actor,
        material_id=need.material_id,
        quantity=way.quantity,
        needed_by=max(need.needed_by, dt.date.min) if need.needed_by else way.arrives,
        requirement=need,
        supplier_id=offer.supplier_id if offer else None,
        unit_price=offer.unit_price if offer else None,
        reason=way.title.worded(_),
    )


def _expedite(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    line = PurchaseLine.objects.get(pk=way.ref)
    order = lock(
        PurchaseOrder.objects.select_related("supplier", "buyer"), expected_version=None, pk=line.purchase_order_id
    )
    line = PurchaseLine.objects.select_for_update(of=("self",)).select_related("purchase_order").get(pk=way.ref)
    take_offer(order, line, actor=actor, today=today)
    open_action(
        actor=actor,
        title=_("Confirm with %(supplier)s that %(order)s comes on %(day)s")
        % {"supplier": order.supplier, "order": order.number, "day": way.arrives},
        owner=order.buyer or actor,
        due=today + dt.timedelta(days=1),
        detail=way.detail.worded(_),
        order=need.order,
        task=need.task,
        cause=order,
    )
    held = Reservation.objects.filter(purchase_line=line, state=ReservationState.ACTIVE)
    return set(held.values_list("requirement__order_id", flat=True))


def _other_supplier(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    """What is on order elsewhere is free again for others; this order waits for the new one."""
    offer = Offer.objects.select_related("supplier").get(pk=way.ref)
    lock_sources([need.material_id])
    rows = need.reservations.select_for_update(of=("self",)).filter(
        state=ReservationState.ACTIVE, purchase_line__isnull=False
    )
    reason = way.title.worded(_)
    for one in rows.order_by("pk"):
        take_off(one, one.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
    _ask(actor, need, way, offer)
    return set()


def _alternative(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    """A requirement of the substitute takes the place of what is short."""
    one = Alternative.objects.select_related("substitute").get(pk=way.ref)
    short = way.quantity / one.factor
    lock_sources([need.material_id, one.substitute_id])
    rows = need.reservations.select_for_update(of=("self",)).filter(
        state=ReservationState.ACTIVE, purchase_line__isnull=False
    )
    reason = way.title.worded(_)
    for held in rows.order_by("pk"):
        take_off(held, held.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
    before = need.quantity
    need.quantity -= short
    save_next(need)
    changes = [Change(field="quantity", old=str(before.normalize()), new=str(need.quantity.normalize()))]
    record(actor=actor, verb="substitute", target=need, changes=changes, reason=reason)
    other = Requirement.objects.create(
        material=one.substitute,
        order=need.order,
        order_line_id=need.order_line_id,
        task=need.task,
        quantity=way.quantity,
        needed_by=need.needed_by,
        source=RequirementSource.SUBSTITUTE,
        used_in=need.used_in,
        level=need.level,
        instead_of=need,
        note=one.note,
    )
    cover([other], actor=actor)
    if one.needs_consent:
        _agree(
            actor,
            need,
            _("Have engineering agree: %(new)s instead of %(old)s") % {"new": one.substitute, "old": need.material},
            one.note,
            today,
        )
    return set()


def _agree(actor: User, need: Requirement, title: str, detail: str, today: dt.date) -> None:
    open_action(
        actor=actor,
        title=title[:200],
        owner=need.order.owner or actor,
        due=today + dt.timedelta(days=1),
        detail=detail,
        order=need.order,
        task=need.task,
        cause=need.order,
    )


def _lesser_order(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    """Their stock becomes ours; what we have on order becomes theirs."""
    lock_sources([need.material_id])
    theirs = Reservation.objects.select_for_update(of=("self",)).select_related("requirement__order").get(pk=way.ref)
    if theirs.state != ReservationState.ACTIVE or theirs.quantity < way.quantity:
        text = N_("This way out is not there any more; something has changed. Look at the list again.")
        raise Refusal(Reason("way.gone", text))
    reason = way.title.worded(_)
    other = theirs.requirement
    take_off(theirs, way.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
    ours = list(
        need.reservations.select_for_update(of=("self",))
        .filter(state=ReservationState.ACTIVE, purchase_line__isnull=False)
        .order_by("-purchase_line__expected_date", "pk")
    )
    for one in ours:
        line_id = one.purchase_line_id
        part = min(one.quantity, open_need(other))
        take_off(one, one.quantity, actor=actor, reason=reason, state=ReservationState.RELEASED)
        if part > 0:
            line = PurchaseLine.objects.get(pk=line_id or 0)
            add(other, part, actor=actor, line=line, reason=reason)
    item = StockItem.objects.get(pk=theirs.stock_item_id or 0)
    add(need, way.quantity, actor=actor, item=item, reason=reason)
    cover([other], actor=actor)
    return {other.order_id}


def _partial(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    title = _("Agree on a partial delivery with %(customer)s: %(what)s") % {
        "customer": need.order.customer,
        "what": way.title.worded(_),
    }
    _agree(actor, need, title, way.detail.worded(_), today)
    return set()


def _resequence(actor: User, need: Requirement, shortage: Shortage, way: Way, today: dt.date) -> set[int]:
    before = str(need.task)
    need.task = Task.objects.get(pk=way.ref, plan__order=need.order)
    save_next(need)
    changes = [Change(field="task", old=before, new=str(need.task))]
    record(actor=actor, verb="change", target=need, changes=changes, reason=way.detail.worded(_))
    _agree(actor, need, _("Have the planner agree: %(what)s") % {"what": need.material}, way.detail.worded(_), today)
    return set()


Doing = Callable[[User, Requirement, Shortage, Way, dt.date], set[int]]
_DO: Final[dict[WayKind, Doing]] = {
    WayKind.BUY: _buy,
    WayKind.EXPEDITE: _expedite,
    WayKind.OTHER_SUPPLIER: _other_supplier,
    WayKind.ALTERNATIVE: _alternative,
    WayKind.LESSER_ORDER: _lesser_order,
    WayKind.PARTIAL: _partial,
    WayKind.RESEQUENCE: _resequence,
}


def drop_needs(order_id: int, *, actor: User | None, reason: str) -> None:
    """An order that is cancelled gives everything back; part of the caller's transaction."""
    for need in Requirement.objects.filter(order_id=order_id).order_by("pk"):
        end_all(need, actor=actor, reason=reason)
    Shortage.objects.filter(requirement__order_id=order_id).delete()
