"""A change order takes effect, or is taken back: order, plan and baseline, the promise ledger, and the money that hangs
on the value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from punctual.domain.changes.impact import Scenario
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.changes.services.applying import apply, reverse
from punctual.domain.changes.services.raising import analyse
from punctual.domain.delivery.services.payments import follow_value
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.quality.services import following as quality
from punctual.domain.quality.services.following import points_of, products_of
from punctual.domain.scheduling.models import Channel, PromiseCause
from punctual.domain.scheduling.services.promises import write
from punctual.domain.supply.models import PurchaseLine
from punctual.domain.supply.services import following as supply
from punctual.domain.supply.services.following import Effect, effects_of, taken_by
from punctual.domain.supply.services.shortages import refresh
from punctual.flows.plan_effect import as_data, effect_on_schedule
from punctual.kernel.quantity import plain
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role, User
from punctual.platform.notifications.services import notify
from punctual.platform.outbox.services import emit


def analyse_change(
    *, actor: User, change_id: int, today: dt.date, expected_version: int | None = None
) -> tuple[ChangeOrder, Scenario]:
    """The impact with P50, P80 and the orders hit, where there is a schedule over all orders."""
    return analyse(
        actor=actor,
        change_id=change_id,
        today=today,
        expected_version=expected_version,
        look=partial(look_around, today=today),
    )


def look_around(found: Scenario, today: dt.date) -> dict[str, Any]:
    """What the scenario does beyond its own plan: to materials and purchases, to the schedule over all orders."""
    effects = effects_of(found.order.lines.all(), found.lines, today=today)
    return {"supply": [_effect_data(one) for one in effects]} | on_the_schedule(found)


def _effect_data(one: Effect) -> dict[str, Any]:
    return {
        "material": one.material.pk,
        "name": str(one.material),
        "unit": one.material.unit,
        "more": str(one.more),
        "free": str(one.free),
        "buy": str(one.buy),
        "supplier": one.supplier,
        "amount": str(one.amount.quantize(Decimal("0.01"))),
        "arrives": one.arrives.isoformat() if one.arrives else None,
    }


def on_the_schedule(found: Scenario) -> dict[str, Any]:
    """P50, P80 and the orders hit; empty where there is no schedule to ask."""
    if found.plan is None or found.stored is None or found.result is None:
        return {}
    effect = effect_on_schedule(found.plan, found.stored.state, found.result.dates, lines=found.lines)
    return as_data(effect) if effect else {}


@transaction.atomic
def apply_change(*, actor: User, change_id: int, today: dt.date, expected_version: int | None = None) -> ChangeOrder:
    """Revision n+1 with its plan and baseline, what it needs and how it is inspected, new promises in the ledger,
    payments in their shares; all or nothing."""
    told = _promised(change_id)
    order = Order.objects.select_for_update(of=("self",)).filter(change_orders=change_id).first()
    taken = taken_by(order) if order else None
    products, points = (products_of(order), points_of(order)) if order else ({}, [])
    change = apply(actor=actor, change_id=change_id, today=today, expected_version=expected_version)
    assert taken is not None  # apply has refused what has no order
    needs = supply.follow_lines(order=change.order, before=taken, actor=actor, reason=change.number)
    kept = quality.follow_lines(order=change.order, before=products, points=points, actor=actor, reason=change.number)
    change.journal = {**(change.journal or {}), "needs": needs.journal, "quality": kept}
    change.save(update_fields=["journal"])
    if needs.journal:
        refresh([change.order_id], today=today, actor=actor)
        _tell_buyers(change, needs, actor)
    _follow(change.order, told, actor)
    return change


def _tell_buyers(change: ChangeOrder, needs: supply.Followed, actor: User) -> None:
    """What need not come any more by purchase line, and how much is asked for."""
    freed = PurchaseLine.objects.filter(pk__in=needs.freed).select_related("purchase_order", "material")
    parts = [
        f"{line.purchase_order.number} {line.material or line.description} −{plain(needs.freed[line.pk])}"
        for line in freed
    ]
    parts += [f"{one} +{plain(one.quantity)}" for one in needs.asked]
    if not parts:
        return
    buyers = User.objects.filter(role=Role.SUPPLY_CHAIN, is_active=True).exclude(pk=actor.pk)
    notify(
        users=list(buyers),
        kind="change",
        text=N_("%(number)s changes what %(order)s takes: %(what)s. Look at purchases and requests."),
        params={"number": change.number, "order": change.order.label, "what": " · ".join(parts)[:400]},
        url=f"/changes/{change.number}/",
    )


@transaction.atomic
def reverse_change(
    *, actor: User, change_id: int, reason: str, today: dt.date, expected_version: int | None = None
) -> ChangeOrder:
    """Everything as it was before; all or nothing. The ledger keeps both: a promise was changed, and changed back."""
    told = _promised(change_id)
    change = reverse(actor=actor, change_id=change_id, reason=reason, today=today, expected_version=expected_version)
    journal = change.journal or {}
    supply.follow_back(order=change.order, journal=journal.get("needs", ()), actor=actor, reason=change.number)
    quality.follow_back(order=change.order, journal=journal.get("quality") or {}, actor=actor, reason=change.number)
    if journal.get("needs"):
        refresh([change.order_id], today=today, actor=actor)
    _follow(change.order, told, actor)
    return change


def _promised(change_id: int) -> dict[int, dt.date | None]:
    lines = OrderLine.objects.filter(order__change_orders=change_id)
    return dict(lines.values_list("pk", "promised_date"))


def _follow(order: Order, told: Mapping[int, dt.date | None], actor: User) -> None:
    follow_value(order)
    changed = [
        (line, told.get(line.pk))
        for line in order.lines.all()
        if line.promised_date is not None and line.promised_date != told.get(line.pk)
    ]
    if changed:
        write(
            order,
            changed,
            by=actor,
            channel=Channel.CONTRACT,
            cause=PromiseCause.CHANGE,
            percent=None,
            run=None,
            at=timezone.now(),
        )
    emit("order.changed", order_id=order.pk, by=actor.pk)
