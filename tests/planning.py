"""What tests of plans stand on: a calendar, products with templates, orders, and a plan's dates at a glance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.catalog.models import Product, ProductFamily
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.parties.models import Customer
from punctual.domain.plans.models import (
    Plan,
    PlanTemplate,
    ProductTemplate,
    Task,
    TemplateLink,
    TemplateNeed,
    TemplateTask,
)
from punctual.domain.plans.services.editing import Edited, edit_plan
from punctual.domain.plans.services.making import make_plan
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.resources.models import Skill
from punctual.platform.accounts.models import User

TODAY = dt.date(2026, 11, 23)
DAY = 480
WEEK = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}


def company_calendar() -> WorkingCalendar:
    found = WorkingCalendar.objects.filter(is_default=True).first()
    return found or WorkingCalendar.objects.create(code="CO", name="公司日历", region="", weekly=WEEK, is_default=True)


def product(model: str = "HC-1", **more: Any) -> Product:
    family = ProductFamily.objects.get_or_create(code="F", defaults={"name": "专机"})[0]
    return Product.objects.get_or_create(
        model=model, defaults={"name": "检测机", "family": family, "unit": "台", **more}
    )[0]


def template(code: str = "T-1", *products: Product) -> PlanTemplate:
    """设计 [方案 2 d → 图纸 3 d] → 装配 1 d + 1 d a unit → FAT (delivery)."""
    made = PlanTemplate.objects.create(code=code, name="检测机", goals="按期交付")
    fitter = Skill.objects.get_or_create(code="QG", defaults={"name": "钳工"})[0]

    def step(position: int, name: str, parent: TemplateTask | None = None, **more: Any) -> TemplateTask:
        return TemplateTask.objects.create(template=made, position=position, name=name, parent=parent, **more)

    design = step(0, "设计")
    concept = step(1, "方案", design, duration=2 * DAY)
    drawings = step(2, "图纸", design, duration=3 * DAY)
    assembly = step(3, "装配", duration=DAY, duration_per_unit=DAY)
    fat = step(4, "FAT", is_milestone=True, is_delivery=True)
    for before, after in ((concept, drawings), (drawings, assembly), (assembly, fat)):
        TemplateLink.objects.create(template=made, predecessor=before, successor=after)
    TemplateNeed.objects.create(task=assembly, skill=fitter, units=2)
    for one in products:
        ProductTemplate.objects.create(product=one, template=made)
    return made


def order(*lines: tuple[Product, int], requested: dt.date | None = None, number: str = "SO-2026-00001") -> Order:
    customer = Customer.objects.get_or_create(code="C1", defaults={"name": "宁海锂科"})[0]
    made = Order.objects.create(number=number, customer=customer, state=OrderState.CONFIRMED, requested_date=requested)
    for index, (one, quantity) in enumerate(lines, start=1):
        OrderLine.objects.create(
            order=made, line_no=index * 10, product=one, model_text=one.model, quantity=Decimal(quantity),
            unit=one.unit, requested_date=requested,
        )  # fmt: skip
    return made


def plan(actor: User, quantity: int = 2, requested: dt.date | None = dt.date(2026, 12, 18)) -> Plan:
    """方案 11-23…24, 图纸 11-25…27, 装配 11-30…12-02 (2 units), FAT 12-02."""
    company_calendar()
    one = product()
    template("T-1", one)
    return make_plan(order=order((one, quantity), requested=requested), actor=actor, today=TODAY)


def task(found: Plan, name: str) -> Task:
    return Task.objects.get(plan=found, name=name)


def edit(found: Plan, actor: User, verb: str, **wish: Any) -> Edited:
    found.refresh_from_db()
    return edit_plan(
        plan_id=found.pk, actor=actor, today=TODAY, expected_version=found.version, command={"verb": verb, **wish}
    )


def table(found: Plan) -> list[tuple[str, str, str, str]]:
    """(WBS, name, start, finish) of every task."""
    return [
        (one.wbs, one.name, f"{plan_time(one.start):%m-%d %H:%M}", f"{plan_time(one.finish):%m-%d %H:%M}")
        for one in Task.objects.filter(plan=found).order_by("sequence")
    ]


def snapshot(found: Plan) -> dict[str, list[tuple[Any, ...]]]:
    """Every stored row of the plan but versions and edits."""
    found = Plan.objects.get(pk=found.pk)
    return {
        "plan": [
            (found.start, found.status_date, found.goals, found.planned_finish, found.planned_date, found.progress)
        ],
        "tasks": list(Task.objects.filter(plan=found).order_by("pk").values_list()),
        "links": list(
            found.links.order_by("predecessor", "successor").values_list(
                "predecessor", "successor", "type", "lag", "lag_unit"
            )
        ),
        "needs": [
            row
            for one in Task.objects.filter(plan=found)
            for row in one.needs.order_by("pk").values_list("task", "skill", "resource", "units", "asked")
        ],
        "budget": list(found.budget.order_by("pk").values_list()),
    }
