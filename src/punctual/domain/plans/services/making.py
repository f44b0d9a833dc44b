"""Make an order's plan from the templates of its lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.orders.models import Order, OrderLine
from punctual.domain.orders.selectors import lines_with_products
from punctual.domain.plans.engine_plan import PlanCalendars, latest_start
from punctual.domain.plans.models import DeliveryStandard, Plan, PlanTemplate, ProductTemplate
from punctual.domain.plans.results import Outcome, delivering, outcome_of, tell
from punctual.domain.plans.state import PlanFacts, PlanState, condensed
from punctual.domain.plans.store import write_rows
from punctual.domain.plans.template_rows import Step, TemplateRows, rows_of, unfold
from punctual.domain.plans.wishes import refuse
from punctual.domain.plans.work_calendars import USUAL_DAY, work_calendar
from punctual.kernel.quantity import plain
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit


@dataclass(frozen=True)
class Basis:
    """What the plan of some lines is made from besides them: the company's calendar, product → its template."""

    start: dt.date
    calendar: WorkingCalendar
    templates: Mapping[int, PlanTemplate]

    def is_as(self, other: Basis) -> bool:
        """Whether nobody has changed any of it."""
        return self._versions() == other._versions()

    def _versions(self) -> tuple[object, ...]:
        templates = {product: (one.pk, one.version) for product, one in self.templates.items()}
        return self.start, self.calendar.pk, self.calendar.version, templates


@dataclass(frozen=True)
class Foreseen:
    """The plan that some lines call for, scheduled, of which nothing is stored; with each line what it unfolds."""

    basis: Basis
    state: PlanState
    by_line: list[tuple[OrderLine, TemplateRows]]
    outcome: Outcome


def basis_of(lines: Sequence[OrderLine], start: dt.date) -> Basis:
    """As it is now."""
    return Basis(start, _calendar(), line_templates(lines))


def foresee(lines: Sequence[OrderLine], basis: Basis) -> Foreseen:
    """The long part of making a plan, which needs no lock: see :func:`make_plan`, to which it can be handed."""
    return _scheduled(lines, basis, *_drafted(lines, basis))


def _scheduled(
    lines: Sequence[OrderLine], basis: Basis, state: PlanState, by_line: list[tuple[OrderLine, TemplateRows]]
) -> Foreseen:
    calendars = PlanCalendars(work_calendar(basis.calendar, state.plan.start), {})
    return Foreseen(basis, state, by_line, outcome_of(state, calendars, {one.pk: one.requested_date for one in lines}))


def _delivering_on(lines: Sequence[OrderLine], basis: Basis, day: dt.date, latest: dt.date | None) -> Foreseen:
    """The same from the last day that still delivers everything by the end of ``day``, ``latest`` at the latest."""
    state, by_line = _drafted(lines, basis)
    last = _last_start(state, basis.calendar, day)
    state.plan.start = last if latest is None else min(latest, last)
    return _scheduled(lines, basis, state, by_line)


@transaction.atomic
def make_plan(
    *,
    order: Order,
    actor: User,
    today: dt.date,
    start: dt.date | None = None,
    deliver_on: dt.date | None = None,
    foreseen: Foreseen | None = None,
) -> Plan:
    """Goals, WBS, tasks, links, needs, budget and standards out of the templates, scheduled from ``start`` (today), or
    from the last day that still delivers everything by the end of ``deliver_on`` (then ``start`` is the latest).

    Several lines become a summary each. A line whose product calls for no template is one task of the product's lead
    time. The planned dates go on the order. The caller has locked the order, or makes it. Refused when it has a plan.

    ``foreseen`` is what :func:`foresee` said of the same lines before the order was locked; it is taken unless
    templates or calendar have changed since.
    """
    require(actor, "plans.make")
    if Plan.objects.filter(order=order).exists():
        refuse("exists", N_("%(order)s has a plan already."), "order", order=str(order))
    lines = lines_with_products(order)
    if not lines:
        refuse("no_lines", N_("%(order)s has no lines to plan."), "order", order=str(order))
    basis = basis_of(lines, start or today)
    if deliver_on is not None:
        foreseen = _delivering_on(lines, basis, deliver_on, start)
    elif foreseen is None or not foreseen.basis.is_as(basis):
        foreseen = foresee(lines, basis)
    state = foreseen.state
    plan = Plan(order=order, calendar=basis.calendar, start=state.plan.start, goals=state.plan.goals)
    tell(plan, state, foreseen.outcome)
    plan.save()
    write_rows(plan, state, condensed(state.journal), foreseen.outcome.result)
    standards: list[DeliveryStandard] = []
    for line, found in foreseen.by_line:
        standards += line_standards(plan, line, found, len(standards))
    DeliveryStandard.objects.bulk_create(standards, batch_size=500)
    changes = [Change(field="planned_date", old=None, new=plan.planned_date and plan.planned_date.isoformat())]
    record(actor=actor, verb="plan_make", target=plan, changes=changes)
    emit("plan.made", plan_id=plan.pk, order_id=order.pk, by=actor.pk)
    return plan


def drafted(lines: Sequence[OrderLine], start: dt.date) -> PlanState:
    """The plan that these lines call for, as it would be made; neither scheduled nor stored."""
    return _drafted(lines, basis_of(lines, start))[0]


def _drafted(lines: Sequence[OrderLine], basis: Basis) -> tuple[PlanState, list[tuple[OrderLine, TemplateRows]]]:
    rows = rows_of(basis.templates.values())
    goals = "\n".join(dict.fromkeys(row.goals for row in rows.values() if row.goals))
    state = PlanState(PlanFacts(basis.start, None, goals))
    by_line = [(line, rows[one.pk] if (one := _template(line, basis)) else single_step(line)) for line in lines]
    for line, found in by_line:
        unfold_line(state, line, found, alone=len(lines) == 1)
    return state, by_line


def _calendar() -> WorkingCalendar:
    """The company's calendar; where there is none yet, a usual one becomes it."""
    found = WorkingCalendar.objects.filter(is_default=True).first()
    if found is not None:
        return found
    weekly = {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(1, 6)}
    return WorkingCalendar.objects.create(code="STD", name="标准日历", weekly=weekly, is_default=True)


def _last_start(state: PlanState, calendar: WorkingCalendar, day: dt.date) -> dt.date:
    due = {task_id: day for tasks in delivering(state).values() for task_id in tasks}
    calendars = PlanCalendars(work_calendar(calendar, state.plan.start), {})
    return latest_start(state, calendars, due) or state.plan.start


def _template(line: OrderLine, basis: Basis) -> PlanTemplate | None:
    return basis.templates.get(line.product_id) if line.product_id else None


def line_templates(lines: Sequence[OrderLine]) -> dict[int, PlanTemplate]:
    """Product id → its template."""
    products = {line.product_id for line in lines if line.product_id}
    links = ProductTemplate.objects.filter(product__in=products, template__archived_at=None)
    return {link.product_id: link.template for link in links.select_related("template")}


def single_step(line: OrderLine) -> TemplateRows:
    """A line without a template: one task of the product's lead time, with whose end it is delivered."""
    days = line.product.lead_time_days if line.product else 0
    step = Step(0, None, _name(line), duration=max(1, days) * USUAL_DAY, is_delivery=True)
    return TemplateRows(steps=(step,), stored=False)


def _name(line: OrderLine) -> str:
    """``10 HC-FS200 电芯注液密封线 ×2``."""
    product = line.product
    words = f"{product.model} {product.name}" if product else line.description or line.model_text
    quantity = f" ×{plain(line.quantity)}" if line.quantity and line.quantity != 1 else ""
    return f"{line.line_no} {words}"[: 120 - len(quantity)] + quantity


def unfold_line(state: PlanState, line: OrderLine, rows: TemplateRows, *, alone: bool) -> None:
    quantity = line.quantity or Decimal(1)
    parent = None
    if not alone and len(rows.steps) > 1:
        parent = state.new_id()
        position = len(state.children(None))
        state.put("task", parent, {"name": _name(line), "position": position, "order_line": line.pk})
    offset = len(state.children(None)) if parent is None else 0
    unfold(rows, state, quantity=quantity, parent=parent, order_line=line.pk, first=offset)


def line_standards(plan: Plan, line: OrderLine, rows: TemplateRows, first: int) -> list[DeliveryStandard]:
    """What the customer wrote on the line comes before what the template says."""
    own = [(text.strip()[:400], "") for text in line.acceptance_criteria.splitlines() if text.strip()]
    return [
        DeliveryStandard(plan=plan, order_line=line, position=first + index, criterion=criterion, method=method)
        for index, (criterion, method) in enumerate([*own, *rows.standards])
    ]
