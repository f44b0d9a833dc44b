"""What tests of progress and warnings stand on: a running order with a plan, and people who do its tasks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from planning import TODAY, company_calendar, order, plan, product, task
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Assignment, Baseline, Plan, Task
from punctual.domain.plans.services.baselines import write_baseline
from punctual.domain.plans.services.making import make_plan
from punctual.domain.resources.models import Resource, ResourceKind, Skill
from punctual.platform.accounts.models import User

PROMISE = dt.date(2026, 12, 4)


def running_plan(actor: User, *, promise: dt.date = PROMISE, owner: User | None = None) -> Plan:
    """方案 11-23…24, 图纸 11-25…27, 装配 11-30…12-02, FAT 12-02; promised 12-04, worth 1,000,000, 0.5 % a day late."""
    made = plan(actor)
    _promise(made.order, promise, owner or actor)
    write_baseline(made, actor=actor, name="订单确认")
    made.refresh_from_db()
    return made


def another_plan(actor: User, number: str, *, promise: dt.date = PROMISE, owner: User | None = None) -> Plan:
    made = make_plan(order=order((product(), 2), requested=promise, number=number), actor=actor, today=TODAY)
    _promise(made.order, promise, owner or actor)
    write_baseline(made, actor=actor, name="订单确认")
    made.refresh_from_db()
    return made


def _promise(one: Order, promise: dt.date, owner: User) -> None:
    one.state, one.promised_date, one.owner = OrderState.IN_PROGRESS, promise, owner
    one.total_amount, one.damages_percent_per_day = Decimal(1_000_000), Decimal("0.5")
    one.damages_cap_percent = Decimal(5)
    one.save()
    one.lines.update(promised_date=promise)


def worker_resource(user: User, *, team: str = "装配班", skill: str = "QG", cost: int = 90) -> Resource:
    """The person as a resource: fitter of the team."""
    made, _ = Resource.objects.get_or_create(
        code=user.username.upper()[:20],
        defaults={
            "kind": ResourceKind.PERSON,
            "name": user.name,
            "team": team,
            "calendar": company_calendar(),
            "hourly_cost": Decimal(cost),
            "user": user,
        },
    )
    found = Skill.objects.filter(code=skill).first()
    if found:
        made.skills.add(found)
    return made


def give(found: Plan, name: str, user: User) -> Task:
    """The task is this person's."""
    Assignment.objects.create(task=task(found, name), resource=worker_resource(user))
    return task(found, name)


def first_baseline(found: Plan) -> Baseline:
    return found.baselines.get(number=1)
