"""A supplier comes on another day: one date is changed, and what it does to every order is known at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from punctual.domain.actions.services import open_action
from punctual.domain.orders.damages import damages_of
from punctual.domain.orders.models import Order
from punctual.domain.plans.services.earliest import PlanMove
from punctual.domain.supply.models import PurchaseLine
from punctual.domain.supply.services.dates import revise
from punctual.domain.supply.services.shortages import orders_of_line, refresh
from punctual.platform.accounts.models import User


@dataclass(frozen=True)
class Hit:
    """One order: when it was and is delivered, what that costs, and which tasks moved."""

    order: Order
    move: PlanMove
    damages_before: Decimal
    damages_after: Decimal

    @property
    def extra(self) -> Decimal:
        return self.damages_after - self.damages_before

    @property
    def days(self) -> int:
        """Calendar days by which the delivery moved."""
        before, after = self.move.planned_before, self.move.planned_after
        return (after - before).days if before and after else 0

    @property
    def due(self) -> dt.date | None:
        return self.order.promised_date or self.order.requested_date

    @property
    def is_late(self) -> bool:
        return bool(self.due and self.move.planned_after and self.move.planned_after > self.due)


@dataclass(frozen=True)
class Effect:
    """Of a changed date: the orders whose plans moved, the most harmful first, and those that wait but don't move."""

    line: PurchaseLine
    old: dt.date | None
    new: dt.date
    hits: list[Hit]
    unmoved: list[Order]

    @property
    def task_count(self) -> int:
        return sum(len(hit.move.tasks) for hit in self.hits)

    @property
    def damages(self) -> Decimal:
        return sum((hit.extra for hit in self.hits), Decimal(0))


def hits_of(moves: Sequence[PlanMove]) -> list[Hit]:
    """Plans that moved as orders that are hit, ranked by what it costs, then by days."""
    found = [
        Hit(
            move.plan.order,
            move,
            damages_of(move.plan.order, move.planned_before),
            damages_of(move.plan.order, move.planned_after),
        )
        for move in moves
    ]
    found.sort(key=lambda hit: (-hit.extra, -hit.days, hit.order.pk))
    return found


@transaction.atomic
def change_date(
    *,
    actor: User,
    line_id: int,
    day: dt.date,
    today: dt.date,
    reason: str = "",
    expected_version: int | None = None,
    notices: bool = False,
) -> Effect:
    """Write the date, move the plans behind it, and draft a notice to the owner of every order that is late by it."""
    before = PurchaseLine.objects.filter(pk=line_id).values_list("expected_date", flat=True).first()
    line = revise(actor=actor, line_id=line_id, day=day, today=today, reason=reason, expected_version=expected_version)
    waiting = orders_of_line(line)
    hits = hits_of(refresh(waiting, today=today, actor=actor))
    moved = {hit.order.pk for hit in hits}
    unmoved = list(Order.objects.filter(pk__in=set(waiting) - moved).order_by("pk"))
    effect = Effect(line, before, day, hits, unmoved)
    if notices:
        draft_notices(effect, actor=actor, today=today)
    return effect


class _TakenBack(Exception):
    pass


def preview(*, actor: User, line_id: int, day: dt.date, today: dt.date) -> Effect:
    """What :func:`change_date` would do; everything is taken back."""
    found: Effect | None = None
    try:
        with transaction.atomic():
            found = change_date(actor=actor, line_id=line_id, day=day, today=today)
            raise _TakenBack
    except _TakenBack:
        pass
    assert found is not None
    return found


def draft_notices(effect: Effect, *, actor: User, today: dt.date) -> int:
    """An action item for the owner of each order that is late now, with the words to the customer; returns how many."""
    made = 0
    for hit in effect.hits:
        if not hit.is_late or hit.days <= 0:
            continue
        open_action(
            actor=actor,
            title=_("Tell %(customer)s about the new date of %(order)s")
            % {"customer": hit.order.customer, "order": hit.order.label},
            owner=hit.order.owner or actor,
            due=today,
            detail=words_to_customer(effect, hit),
            order=hit.order,
            cause=effect.line.purchase_order,
        )
        made += 1
    return made


def words_to_customer(effect: Effect, hit: Hit) -> str:
    """A first draft; no supplier is named to the customer."""
    return _(
        "Dear customer, a bought part for %(order)s will arrive later than planned. We now expect to deliver on"
        " %(after)s instead of %(before)s (promised: %(due)s). We are working on making up the time and will tell you"
        " by tomorrow what is possible."
    ) % {
        "order": hit.order.customer_po_number or hit.order.label,
        "after": hit.move.planned_after,
        "before": hit.move.planned_before,
        "due": hit.due or "—",
    }
