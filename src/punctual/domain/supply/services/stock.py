"""Every change of a quantity in stock is a movement; what is spoken for gives way to what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db import models, transaction
from django.utils import timezone

from punctual.domain.supply.models import (
    MovementKind,
    Place,
    Requirement,
    Reservation,
    ReservationState,
    StockItem,
    StockMovement,
)
from punctual.domain.supply.rules import not_enough, reasons_against_quantity
from punctual.domain.supply.selectors import material_by_id, requirements_of, stock_of
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record, target_type
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next

ZERO = Decimal(0)


def default_place() -> Place:
    """Where receipts go; made the first time."""
    found = Place.objects.filter(is_default=True).first()
    return found or Place.objects.get_or_create(code="MAIN", defaults={"name": "主仓库", "is_default": True})[0]


def locked_item(material_id: int, place: Place) -> StockItem:
    """The item, locked for the rest of the transaction; made empty where there is none yet."""
    StockItem.objects.get_or_create(material_id=material_id, place=place)
    return StockItem.objects.select_for_update(of=("self",)).get(material_id=material_id, place=place)


def locked_items(material_ids: Iterable[int]) -> list[StockItem]:
    """All items of some materials, locked in one order so that two requests never wait for each other."""
    rows = StockItem.objects.select_for_update(of=("self",)).filter(material_id__in=set(material_ids))
    return list(rows.select_related("material", "place").order_by("pk"))


def move(
    item: StockItem,
    kind: MovementKind,
    *,
    actor: User | None,
    quantity: Decimal = ZERO,
    blocked: Decimal = ZERO,
    cause: models.Model | None = None,
    reason: str = "",
) -> StockMovement:
    """Change a locked item and write the movement that explains it. The caller has checked that it fits."""
    item.on_hand += quantity
    item.blocked += blocked
    save_next(item)
    return StockMovement.objects.create(
        item=item,
        kind=kind,
        quantity=quantity,
        blocked=blocked,
        on_hand_after=item.on_hand,
        blocked_after=item.blocked,
        cause_type=target_type(cause) if cause is not None else "",
        cause_id=cause.pk if cause is not None else None,
        cause_text=str(cause)[:200] if cause is not None else "",
        reason=reason[:200],
        actor=actor,
    )


def give_way(item: StockItem, *, room: Decimal, actor: User | None, reason: str) -> list[Requirement]:
    """Release reservations on a locked item until at most ``room`` is spoken for: least urgent and latest needed first.
    Returns whose they were."""
    hit: list[Requirement] = []
    if item.reserved <= room:
        return hit
    rows = (
        Reservation.objects.select_for_update(of=("self",))
        .filter(stock_item=item, state=ReservationState.ACTIVE)
        .select_related("requirement__order", "requirement__material")
        .order_by("-priority", "-requirement__needed_by", "-pk")
    )
    for one in rows:
        excess = item.reserved - room
        if excess <= 0:
            break
        less = min(excess, one.quantity)
        shrink(one, less, actor=actor, reason=reason, state=ReservationState.RELEASED)
        item.reserved -= less
        hit.append(one.requirement)
    return hit


def shrink(one: Reservation, less: Decimal, *, actor: User | None, reason: str, state: ReservationState) -> None:
    """Take ``less`` off a locked reservation; at nothing it ends as ``state``. The source's sum is the caller's."""
    before = one.quantity
    one.quantity -= less
    if one.quantity <= 0:
        one.state, one.ended_at = state, timezone.now()
    one.reason = reason[:200]
    save_next(one)
    record(
        actor=actor,
        verb=f"reservation_{state.value}",
        target=one,
        changes=[Change(field="quantity", old=str(before.normalize()), new=str(one.quantity.normalize()))],
        reason=reason,
    )


def changed(order_ids: Iterable[int], *, actor: User | None) -> None:
    """Tell that what these orders have has changed."""
    ids = sorted(set(order_ids))
    if ids:
        emit("supply.changed", order_ids=ids, by=actor.pk if actor else None)


@transaction.atomic
def count(
    *, actor: User, item_id: int, counted: Decimal, reason: str = "", expected_version: int | None = None
) -> StockItem:
    """What was found on the shelf counts. Where less is there than was spoken for, the least urgent orders lose their
    reservation; the shortage shows at once."""
    require(actor, "supply.change")
    item = lock(stock_of(actor), expected_version=expected_version, pk=item_id)
    if counted != 0:
        refuse_if(reasons_against_quantity("stock_item", counted))
    difference = counted - item.on_hand
    item.counted_at = timezone.now()
    why = reason or "count"
    hit = give_way(item, room=max(ZERO, counted - min(item.blocked, counted)), actor=actor, reason=why)
    blocked = min(ZERO, counted - item.blocked)
    before = item.on_hand
    move(item, MovementKind.COUNT, actor=actor, quantity=difference, blocked=blocked, reason=reason)
    changes = [Change(field="on_hand", old=str(before.normalize()), new=str(counted.normalize()))]
    record(actor=actor, verb="count", target=item, changes=changes, reason=reason)
    changed((one.order_id for one in hit), actor=actor)
    emit("supply.counted", stock_item_id=item.pk, by=actor.pk)
    return item


@transaction.atomic
def enter_stock(*, actor: User, material_id: int, place_id: int | None, quantity: Decimal, reason: str) -> StockItem:
    """Something is there that no purchase brought: a first stock, a part made here, a find."""
    require(actor, "supply.change")
    material = material_by_id(actor, material_id)
    reasons = reasons_against_quantity("stock_item", quantity)
    if not reason.strip():
        reasons.append(Reason("stock_item.reason", N_("Say where it comes from."), field="reason"))
    refuse_if(reasons)
    place = get_or_not_found(Place.objects.all(), pk=place_id) if place_id else default_place()
    item = locked_item(material.pk, place)
    move(item, MovementKind.RETURN, actor=actor, quantity=quantity, reason=reason.strip())
    record(actor=actor, verb="enter_stock", target=item, reason=reason.strip())
    emit("supply.arrived", material_id=material.pk, by=actor.pk)
    return item


@transaction.atomic
def block(
    *, actor: User, item_id: int, quantity: Decimal, reason: str, expected_version: int | None = None
) -> StockItem:
    """Something in stock can't be used. Where that was spoken for, the least urgent orders lose their reservation."""
    require(actor, "supply.change")
    item = lock(stock_of(actor), expected_version=expected_version, pk=item_id)
    reasons = reasons_against_quantity("stock_item", quantity)
    usable = item.on_hand - item.blocked
    if not reasons and quantity > usable:
        reasons.append(
            not_enough(
                "stock_item.block.too_much",
                wanted=quantity,
                free=usable,
                material=item.material,
                unit=item.material.unit,
            )
        )
    if not reason.strip():
        reasons.append(Reason("stock_item.reason", N_("Say why it can't be used."), field="reason"))
    refuse_if(reasons)
    hit = give_way(item, room=usable - quantity, actor=actor, reason=reason.strip())
    move(item, MovementKind.BLOCK, actor=actor, blocked=quantity, reason=reason.strip())
    record(actor=actor, verb="block", target=item, reason=reason.strip())
    changed((one.order_id for one in hit), actor=actor)
    return item


@transaction.atomic
def unblock(
    *, actor: User, item_id: int, quantity: Decimal, reason: str = "", expected_version: int | None = None
) -> StockItem:
    """It can be used after all."""
    require(actor, "supply.change")
    item = lock(stock_of(actor), expected_version=expected_version, pk=item_id)
    reasons = reasons_against_quantity("stock_item", quantity)
    if not reasons and quantity > item.blocked:
        text = N_("Only %(blocked)s are blocked; %(wanted)s can't be released.")
        told = {"blocked": item.blocked.normalize(), "wanted": quantity.normalize()}
        reasons.append(Reason("stock_item.unblock.too_much", text, told, field="quantity"))
    refuse_if(reasons)
    move(item, MovementKind.RELEASE, actor=actor, blocked=-quantity, reason=reason.strip())
    record(actor=actor, verb="unblock", target=item, reason=reason.strip())
    emit("supply.arrived", material_id=item.material_id, by=actor.pk)
    return item


@transaction.atomic
def issue(*, actor: User, requirement_id: int, quantity: Decimal, expected_version: int | None = None) -> Requirement:
    """Hand material out to the task that needs it, out of what is reserved for it."""
    require(actor, "supply.change")
    need = lock(requirements_of(actor), expected_version=expected_version, pk=requirement_id)
    items = {item.pk: item for item in locked_items([need.material_id])}
    held = list(
        Reservation.objects.select_for_update(of=("self",)).filter(
            requirement=need, state=ReservationState.ACTIVE, stock_item__isnull=False
        )
    )
    reasons = reasons_against_quantity("requirement", quantity)
    ready = sum((one.quantity for one in held), ZERO)
    if not reasons and quantity > ready:
        text = N_(
            "Only %(ready)s %(unit)s of %(material)s are reserved for this task and in stock; reserve more first."
        )
        told = {"ready": ready.normalize(), "unit": need.material.unit, "material": str(need.material)}
        reasons.append(Reason("requirement.issue.too_much", text, told, field="quantity"))
    refuse_if(reasons)
    left = quantity
    for one in held:
        taken = min(left, one.quantity)
        if taken <= 0:
            break
        assert one.stock_item_id is not None
        item = items[one.stock_item_id]
        item.reserved -= taken
        shrink(one, taken, actor=actor, reason="", state=ReservationState.USED)
        move(item, MovementKind.ISSUE, actor=actor, quantity=-taken, cause=need)
        left -= taken
    before = need.issued
    need.issued += quantity
    save_next(need)
    changes = [Change(field="issued", old=str(before.normalize()), new=str(need.issued.normalize()))]
    record(actor=actor, verb="issue", target=need, changes=changes)
    changed([need.order_id], actor=actor)
    return need
