"""From a confirmed order to its plan: the plan is made, and what was agreed is kept as its first baseline."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan
from punctual.domain.plans.services.baselines import keep_first_baseline
from punctual.domain.plans.services.making import Foreseen, make_plan
from punctual.platform.accounts.models import User


@transaction.atomic
def make_plan_for(
    order: Order, *, actor: User, today: dt.date, start: dt.date | None = None, foreseen: Foreseen | None = None
) -> Plan:
    """The plan of a just confirmed order with baseline 1; part of the confirmation's own transaction."""
    plan = make_plan(order=order, actor=actor, today=today, start=start, foreseen=foreseen)
    keep_first_baseline(plan, actor=actor)
    return plan
