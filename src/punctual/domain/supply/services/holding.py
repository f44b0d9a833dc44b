"""Stock that something else holds back, a nonconformity for instance: blocked while it lasts, then let go or taken out.

What is held is the sum of the movements with that cause, so that asking twice holds once.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import models, transaction
from django.db.models import Sum

from punctual.domain.supply.models import Material, MovementKind, StockItem, StockMovement
from punctual.domain.supply.services.stock import ZERO, changed, give_way, locked_items, move
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import record, target_type
from punctual.platform.outbox.services import emit


def held_for(cause: models.Model) -> dict[int, Decimal]:
    """Stock item → how much of it is blocked for this cause. The caller has fetched it for its actor."""
    rows = StockMovement.objects.filter(cause_type=target_type(cause), cause_id=cause.pk)
    sums = rows.values("item").annotate(held=Sum("blocked")).order_by("item")
    return {row["item"]: row["held"] for row in sums if row["held"] > 0}


def _gone_for(cause: models.Model) -> Decimal:
    """How much has left the stock for this cause already."""
    rows = StockMovement.objects.filter(
        cause_type=target_type(cause), cause_id=cause.pk, kind=MovementKind.SCRAP, quantity__lt=0
    )
    return -(rows.aggregate(total=Sum("quantity"))["total"] or ZERO)


def held_items(cause: models.Model) -> list[tuple[StockItem, Decimal]]:
    """The same with the items, for pages."""
    held = held_for(cause)
    items = StockItem.objects.filter(pk__in=held).select_related("material", "place")
    return [(item, held[item.pk]) for item in items.order_by("place__code")]


@transaction.atomic
def hold_stock(*, cause: models.Model, material: Material, quantity: Decimal, actor: User | None, reason: str) -> None:
    """Block so much of a material for ``cause``, and no more than is there; what is held already counts, and what
    has left for it is not there to be held again. Where it was spoken for, the least urgent orders lose their
    reservation. The caller has decided that it must be held."""
    items = locked_items([material.pk])
    held = held_for(cause)
    missing = max(quantity - _gone_for(cause), ZERO) - sum(held.values(), ZERO)
    orders: list[int] = []
    for item in items:
        usable = item.on_hand - item.blocked
        if missing > 0 and usable > 0:
            taken = min(missing, usable)
            orders += [one.order_id for one in give_way(item, room=usable - taken, actor=actor, reason=reason)]
            move(item, MovementKind.BLOCK, actor=actor, blocked=taken, cause=cause, reason=reason)
            record(actor=actor, verb="block", target=item, reason=reason)
            missing -= taken
        elif missing < 0 and held.get(item.pk):
            freed = min(-missing, held[item.pk], item.blocked)
            _free(item, freed, cause, actor, reason)
            missing += freed
    changed(orders, actor=actor)


@transaction.atomic
def let_go(*, cause: models.Model, actor: User | None, reason: str, taken_out: Decimal = ZERO) -> None:
    """The cause is settled: ``taken_out`` of what it held leaves the stock, as far as it has not left yet, and the
    rest can be used again."""
    held = held_for(cause)
    materials = StockItem.objects.filter(pk__in=held).values_list("material_id", flat=True)
    items = locked_items(materials)
    taken_out = max(taken_out - _gone_for(cause), ZERO)
    for item in items:
        left = min(held.get(item.pk, ZERO), item.blocked)
        gone = min(taken_out, left)
        if gone > 0:
            move(item, MovementKind.SCRAP, actor=actor, quantity=-gone, blocked=-gone, cause=cause, reason=reason)
            record(actor=actor, verb="reject", target=item, reason=reason)
            taken_out -= gone
        _free(item, left - gone, cause, actor, reason)


def _free(item: StockItem, quantity: Decimal, cause: models.Model, actor: User | None, reason: str) -> None:
    if quantity <= 0:
        return
    move(item, MovementKind.RELEASE, actor=actor, blocked=-quantity, cause=cause, reason=reason)
    record(actor=actor, verb="unblock", target=item, reason=reason)
    emit("supply.arrived", material_id=item.material_id, by=actor.pk if actor else None)
