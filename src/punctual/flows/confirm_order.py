"""Confirming an order: from a signed review to an order that is being worked on."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.changes.services.revisions import keep_revision
from punctual.domain.delivery.services.payments import write_from_terms
from punctual.domain.orders.ahead import Seen, lock_seen, look
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import lines_with_products
from punctual.domain.orders.services.states import confirm
from punctual.domain.orders.services.summary import PLAN_COLUMNS
from punctual.domain.plans.services.making import Foreseen, basis_of, foresee
from punctual.domain.quality.services.plans import make_quality_plan
from punctual.domain.risks.services.company import seed_register
from punctual.flows.material_needs import take_apart
from punctual.flows.order_to_plan import make_plan_for
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.outbox.services import emit


def confirm_order(*, order_id: int, actor: User, today: dt.date, expected_version: int | None = None) -> Order:
    """Lock, check every guard, set the state, make the plan with its first baseline, take the order apart into its
    material, start its risk register and its quality plan, keep revision 1, make the payment milestones that the terms
    name, keep the story, tell whoever listens: all or nothing.

    Refused while a signature is open or an error stands; then nothing has changed. Checking and planning come before
    the lock, so that others write meanwhile; both are done again where the order has changed until it is locked.
    """
    require(actor, "orders.confirm")
    seen = look(actor, order_id, today=today)
    lines = lines_with_products(seen.order)
    foreseen = foresee(lines, basis_of(lines, today)) if seen.order.state == OrderState.IN_REVIEW else None
    order = _confirm(seen, foreseen, actor=actor, today=today, expected_version=expected_version)
    order.refresh_from_db(fields=[*PLAN_COLUMNS, "lines"])
    return order


@transaction.atomic
def _confirm(
    seen: Seen, foreseen: Foreseen | None, *, actor: User, today: dt.date, expected_version: int | None
) -> Order:
    locked = lock_seen(seen, actor=actor, today=today, expected_version=expected_version)
    order = confirm(locked, actor=actor)
    make_plan_for(order, actor=actor, today=today, foreseen=foreseen if locked is seen else None)
    take_apart(order=order, actor=actor, today=today)
    seed_register(actor=actor, order=order, today=today)
    make_quality_plan(order=order, actor=actor)
    keep_revision(order, actor=actor)
    write_from_terms(order)
    emit("order.confirmed", order_id=order.pk, number=order.number, by=actor.pk)
    return order
