"""What tests of schedules stand on: people with skills, orders with plans, a run."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import planning
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.parties.models import Customer
from punctual.domain.plans.models import Plan, PlanTemplate, ProductTemplate, TemplateLink, TemplateNeed, TemplateTask
from punctual.domain.plans.services.making import make_plan
from punctual.domain.resources.models import Resource, Skill
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.solving import Effort
from punctual.flows.replan import first_schedule
from punctual.platform.accounts.models import User

TODAY = planning.TODAY
DAY = planning.DAY
QUICK = Effort(moves=200, runs=60)


def skill(code: str) -> Skill:
    return Skill.objects.get_or_create(code=code, defaults={"name": code})[0]


def person(name: str, *skills: str, team: str = "装配") -> Resource:
    made = Resource.objects.create(
        kind="person", code=name, name=name, team=team, calendar=planning.company_calendar(), hourly_cost=Decimal(100)
    )
    made.skills.set([skill(code) for code in skills])
    return made


def product(model: str, *steps: tuple[str, int, str, int]) -> Any:
    """A product with a chain of steps (name, days, skill or "", units); the last one delivers."""
    one = planning.product(model)
    made = PlanTemplate.objects.create(code=model, name=model)
    before = None
    for position, (name, days, code, units) in enumerate(steps):
        step = TemplateTask.objects.create(
            template=made,
            position=position,
            name=name,
            duration=days * DAY,
            is_delivery=position == len(steps) - 1,
        )
        if code:
            TemplateNeed.objects.create(task=step, skill=skill(code), units=units)
        if before is not None:
            TemplateLink.objects.create(template=made, predecessor=before, successor=step)
        before = step
    ProductTemplate.objects.create(product=one, template=made)
    return one


def order(
    number: int, one: Any, *, promised: dt.date | None = None, requested: dt.date | None = None, **more: Any
) -> Order:
    """A confirmed order of one line, without a plan."""
    customer = Customer.objects.get_or_create(code="C1", defaults={"name": "宁海锂科"})[0]
    values = {"state": OrderState.CONFIRMED, "total_amount": Decimal(100_000), **more}
    made = Order.objects.create(
        number=f"SO-2026-{number:05}",
        customer=customer,
        promised_date=promised,
        requested_date=requested,
        damages_percent_per_day=Decimal("0.5"),
        damages_cap_percent=Decimal(5),
        **values,
    )
    OrderLine.objects.create(
        order=made, line_no=10, product=one, model_text=one.model, quantity=Decimal(1), unit="台",
        unit_price=Decimal(100_000), promised_date=promised, requested_date=requested,
    )  # fmt: skip
    return made


def planned(number: int, one: Any, actor: User, **more: Any) -> tuple[Order, Plan]:
    made = order(number, one, **more)
    return made, make_plan(order=made, actor=actor, today=TODAY)


def workshop(actor: User, orders: int = 3, *, promised: dt.date = dt.date(2026, 12, 18)) -> list[Order]:
    """Orders of 设计 2 d (free) → 装配 3 d (fitter) → 发运 1 d, all of which want the only fitter."""
    planning.company_calendar()
    person("赵磊", "FIT")
    one = product("HC-9", ("设计", 2, "", 0), ("装配", 3, "FIT", 1), ("发运", 1, "", 0))
    return [planned(number, one, actor, promised=promised)[0] for number in range(1, orders + 1)]


def asking(actor: User) -> Order:
    """Two orders on the only fitter, scheduled; a draft of the same product asks for a date."""
    orders = workshop(actor, 2)
    draft = order(9, orders[0].lines.get().product, requested=dt.date(2026, 12, 4), state=OrderState.DRAFT)
    Order.objects.filter(pk=draft.pk).update(number=None)
    run(actor)
    draft.refresh_from_db()
    return draft


def run(actor: User, *, today: dt.date = TODAY, effort: Effort = QUICK) -> ScheduleRun:
    return first_schedule(actor=actor, today=today, effort=effort)
