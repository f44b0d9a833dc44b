"""Orders and their material: taken apart when an order is confirmed, followed up whenever anything moves."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from punctual.domain.orders.models import Order, OrderState
from punctual.domain.supply.models import Requirement
from punctual.domain.supply.selectors import uncovered
from punctual.domain.supply.services.boms import explode_order, tied_again
from punctual.domain.supply.services.deciding import drop_needs
from punctual.domain.supply.services.reservations import cover
from punctual.domain.supply.services.shortages import LIVE, refresh
from punctual.platform.accounts.models import User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe

GONE: Final = (OrderState.CANCELLED, OrderState.LOST)


@transaction.atomic
def take_apart(*, order: Order, actor: User | None, today: dt.date) -> list[Requirement]:
    """Requirements of a confirmed order with its plan, what is free spoken for, and the plan told what it waits for."""
    needs = explode_order(order=order, actor=actor, today=today)
    if needs:
        refresh([order.pk], today=today, actor=actor)
    return needs


def refresh_all() -> int:
    """Every running order with needs, once a day: what nobody has ordered comes a day later each day."""
    orders = Order.objects.filter(state__in=LIVE, requirements__isnull=False).distinct().values_list("pk", flat=True)
    ids = list(orders)
    for pk in ids:
        refresh([pk], today=timezone.localdate())
    return len(ids)


def _actor(event: OutboxEvent) -> User | None:
    pk = event.payload.get("by")
    return User.objects.filter(pk=pk).first() if pk else None


def on_changed(event: OutboxEvent) -> None:
    """Stock, reservations or purchases of some orders moved."""
    refresh(event.payload.get("order_ids", []), today=timezone.localdate(), actor=_actor(event))


def on_arrived(event: OutboxEvent) -> None:
    """Something of a material is free, in stock or on order: those who lack it get it."""
    needs = [
        one.requirement for one in uncovered([event.payload["material_id"]]) if one.requirement.order.state in LIVE
    ]
    if needs:
        orders = cover(needs, actor=_actor(event))
        refresh(orders, today=timezone.localdate(), actor=_actor(event))


def on_plan_changed(event: OutboxEvent) -> None:
    """Tasks moved, came or went."""
    order = Order.objects.filter(pk=event.payload.get("order_id")).first()
    if order is not None and Requirement.objects.filter(order=order).exists():
        tied_again(order)
        refresh([order.pk], today=timezone.localdate(), actor=_actor(event))


def on_order_ended(event: OutboxEvent) -> None:
    """A cancelled order gives everything back."""
    order = Order.objects.filter(pk=event.payload.get("order_id")).first()
    if order is None or order.state not in GONE:
        return
    materials = set(Requirement.objects.filter(order=order).values_list("material_id", flat=True))
    drop_needs(order.pk, actor=_actor(event), reason=str(order))
    needs = [one.requirement for one in uncovered(materials) if one.requirement.order.state in LIVE]
    if needs:
        refresh(cover(needs, actor=None), today=timezone.localdate())


def listen() -> None:
    """Listen; called once when the apps are ready."""
    for kind in ("supply.changed", "purchase.changed", "purchase.date_changed"):
        subscribe(kind, on_changed)
    subscribe("supply.arrived", on_arrived)
    subscribe("plan.changed", on_plan_changed)
    subscribe("order.cancelled", on_order_ended)
