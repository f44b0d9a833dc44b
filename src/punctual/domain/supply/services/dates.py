"""When a purchase comes: confirmed, revised, expedited. Every date that was given is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from punctual.domain.supply.life import LIFE
from punctual.domain.supply.models import DateKind, PurchaseDate, PurchaseLine, PurchaseOrder
from punctual.domain.supply.rules import reasons_against_date
from punctual.domain.supply.selectors import purchases_of
from punctual.domain.supply.services.purchases import confirm_lines, summarise
from punctual.domain.supply.services.shortages import orders_of_line
from punctual.kernel.checks import Checker
from punctual.kernel.quantity import LARGEST
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, as_json, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def confirm(
    *,
    actor: User,
    purchase_id: int,
    days: Mapping[int, dt.date],
    today: dt.date,
    expected_version: int | None = None,
) -> PurchaseOrder:
    """The supplier has answered, by telephone or mail: line id → day."""
    require(actor, "supply.dates")
    order = lock(purchases_of(actor), expected_version=expected_version, pk=purchase_id)
    confirm_lines(order, days, actor=actor, today=today)
    return order


@transaction.atomic
def revise(
    *,
    actor: User,
    line_id: int,
    day: dt.date,
    today: dt.date,
    reason: str = "",
    expected_version: int | None = None,
) -> PurchaseLine:
    """A line comes on another day. The plans behind it follow in :func:`flows.supplier_late.change_date`."""
    require(actor, "supply.dates")
    line = _line(actor, line_id)
    order = lock(purchases_of(actor), expected_version=expected_version, pk=line.purchase_order_id)
    return move_date(order, line_id, day, actor=actor, today=today, reason=reason)


def _line(actor: User, line_id: int) -> PurchaseLine:
    visible = PurchaseLine.objects.filter(purchase_order__in=purchases_of(actor))
    return get_or_not_found(visible, pk=line_id)


def move_date(
    order: PurchaseOrder,
    line_id: int,
    day: dt.date,
    *,
    actor: User | None,
    today: dt.date,
    reason: str = "",
    kind: DateKind = DateKind.REVISED,
    cost: Decimal = Decimal(0),
) -> PurchaseLine:
    """Write another day of one line of a locked order; the caller asked for permission or holds the supplier's link."""
    line: PurchaseLine = get_or_not_found(
        PurchaseLine.objects.select_for_update(of=("self",)).select_related("material", "purchase_order__supplier"),
        pk=line_id,
        purchase_order=order,
    )
    reasons = [*LIFE.reasons(order.state, "revise"), *reasons_against_date(day, today=today)]
    if line.received >= line.quantity:
        text = N_("%(line)s has come completely; there is no date left to change.")
        reasons.append(Reason("purchase_line.received", text, {"line": str(line)}))
    if len(reason) > 200:
        text = N_("The reason has %(length)d characters; at most %(longest)d fit.")
        reasons.append(Reason("purchase_line.reason", text, {"length": len(reason), "longest": 200}, "reason"))
    refuse_if(reasons)
    old = line.expected_date
    if old == day and kind == DateKind.REVISED:
        return line
    line.expected_date = day
    line.expedite_cost += cost
    line.save(update_fields=["expected_date", "expedite_cost"])
    PurchaseDate.objects.create(line=line, kind=kind, old=old, new=day, reason=reason.strip(), cost=cost, by=actor)
    summarise(order)
    save_next(order)
    changes = [Change(field=f"{line.line_no}: expected_date", old=as_json(old), new=as_json(day))]
    record(actor=actor, verb=kind.value, target=order, changes=changes, reason=reason.strip())
    emit(
        "purchase.date_changed",
        purchase_order_id=order.pk,
        line_id=line.pk,
        old=as_json(old),
        new=as_json(day),
        order_ids=orders_of_line(line),
        by=actor.pk if actor else None,
    )
    return line


@transaction.atomic
def note_offer(
    *,
    actor: User,
    line_id: int,
    day: dt.date | None,
    cost: Decimal | None,
    today: dt.date,
    expected_version: int | None = None,
) -> PurchaseLine:
    """The supplier would come earlier for a price (by air, over the weekend); None takes the offer out again."""
    require(actor, "supply.dates")
    seen = _line(actor, line_id)
    order = lock(purchases_of(actor), expected_version=expected_version, pk=seen.purchase_order_id)
    line = PurchaseLine.objects.select_for_update(of=("self",)).select_related("purchase_order").get(pk=line_id)
    reasons = LIFE.reasons(order.state, "expedite")
    if day is not None:
        check = Checker("purchase_line")
        check.number("cost", N_("For"), cost if cost is not None else Decimal(-1), most=LARGEST, places=2)
        reasons += [*reasons_against_date(day, today=today), *check.reasons]
        if line.expected_date is not None and day >= line.expected_date:
            text = N_("%(day)s is no earlier than %(expected)s, when it comes anyway.")
            told = {"day": day.isoformat(), "expected": line.expected_date.isoformat()}
            reasons.append(Reason("purchase_line.offer.no_gain", text, told, field="date"))
    refuse_if(reasons)
    line.offered_date, line.offered_cost = day, cost if day is not None else None
    line.save(update_fields=["offered_date", "offered_cost"])
    save_next(order, fields=[])
    changes = [Change(field=f"{line.line_no}: offered_date", old=None, new=as_json(day))]
    record(actor=actor, verb="offer", target=order, changes=changes)
    return line


def take_offer(order: PurchaseOrder, line: PurchaseLine, *, actor: User, today: dt.date) -> PurchaseLine:
    """Expedite as offered: the day and the cost are written, the offer is used up. The order is locked."""
    reasons = LIFE.reasons(order.state, "expedite")
    if line.offered_date is None or line.offered_cost is None:
        text = N_("%(line)s: the supplier has offered no earlier day. Ask, and note the day and the price.")
        reasons.append(Reason("purchase_line.offer.none", text, {"line": str(line)}))
    refuse_if(reasons)
    assert line.offered_date is not None
    assert line.offered_cost is not None
    day, cost = line.offered_date, line.offered_cost
    found = move_date(order, line.pk, day, actor=actor, today=today, kind=DateKind.EXPEDITED, cost=cost)
    found.offered_date = found.offered_cost = None
    found.save(update_fields=["offered_date", "offered_cost"])
    return found
