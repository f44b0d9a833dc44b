"""What an actor may see of plans and templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.orders.selectors import order_by_key, orders_of
from punctual.domain.plans.models import Baseline, BaselineTask, BudgetLine, Plan, PlanTemplate
from punctual.domain.plans.results import summary_percents
from punctual.domain.plans.state import Dates, PlanState
from punctual.domain.plans.store import Stored
from punctual.domain.plans.work_calendars import day_minutes, plan_time, work_calendar
from punctual.domain.resources.models import Resource, Skill
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.records import get_or_not_found


def plans_of(actor: User) -> QuerySet[Plan]:
    """Plans of the orders that the actor may see."""
    if not may(actor, "plans.view"):
        return Plan.objects.none()
    return Plan.objects.filter(order__in=orders_of(actor))


def listed_plans(actor: User) -> QuerySet[Plan]:
    """The same with what a list shows."""
    return plans_of(actor).select_related("order__customer", "order__owner")


def plan_by_order(actor: User, key: str) -> Plan:
    """The plan of an order by the order's number or id; raises NotFound."""
    order = order_by_key(actor, key)
    visible = plans_of(actor).select_related("order__customer", "order__owner", "calendar")
    return get_or_not_found(visible, order_id=order.pk)


def templates_of(actor: User, *, archived: bool = False) -> QuerySet[PlanTemplate]:
    """The plan templates in use, or with ``archived`` all of them."""
    rows = PlanTemplate.objects.all() if may(actor, "templates.view") else PlanTemplate.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def listed_templates(actor: User) -> QuerySet[PlanTemplate]:
    return (
        templates_of(actor, archived=True)
        .select_related("family")
        .annotate(step_count=Count("tasks", distinct=True), product_count=Count("product_links", distinct=True))
    )


def template_by_code(actor: User, code: str) -> PlanTemplate:
    return get_or_not_found(templates_of(actor, archived=True).select_related("family"), code=code)


def plans_made_from(template: PlanTemplate) -> int:
    """How many plans its published edition has given."""
    plans = Plan.objects.filter(tasks__template_task__template=template)
    since = template.editions.filter(number=template.edition).values_list("published_at", flat=True).first()
    return (plans.filter(created_at__gte=since) if since else plans).distinct().count()


# --------------------------------------------------------------------------------------------- rows as plain data


def shape_task(state: PlanState, task_id: int, dates: Dates | None, percent: int | None = None) -> dict[str, Any]:
    """One task as JSON data: facts, place in the outline, computed dates. Moments on the site's clock."""
    task, place = state.tasks[task_id], state.outline[task_id]
    row: dict[str, Any] = {
        "id": task_id,
        "parent": task.parent,
        "sequence": place.sequence,
        "level": place.level,
        "wbs": place.wbs,
        "name": task.name,
        "is_summary": place.is_summary,
        "is_milestone": task.is_milestone,
        "is_delivery": task.is_delivery,
        "is_elapsed": task.is_elapsed,
        "duration": task.duration,
        "percent": task.percent if percent is None else percent,
        "remaining": task.remaining,
        "calendar": task.calendar,
        "constraint": task.constraint,
        "order_line": task.order_line,
        "notes": task.notes,
        "not_before_text": task.not_before_text,
    }
    for name in ("constraint_date", "deadline", "actual_start", "actual_finish", "not_before"):
        value = getattr(task, name)
        row[name] = value and value.isoformat()
    if dates is not None:
        for name in ("start", "finish", "early_start", "early_finish", "late_start", "late_finish"):
            row[name] = getattr(dates, name).isoformat()
        row |= {"total_float": dates.total_float, "free_float": dates.free_float, "is_critical": dates.is_critical}
    return row


def shape_tasks(
    state: PlanState, dates: Mapping[int, Dates | None], only: Iterable[int] | None = None
) -> list[dict[str, Any]]:
    """Tasks in the order of the outline; ``only`` those, with the summaries above them."""
    percents = summary_percents(state)
    wanted = None
    if only is not None:
        wanted = {one for task_id in only if task_id in state.tasks for one in (task_id, *state.above(task_id))}
    return [
        shape_task(state, task_id, dates.get(task_id), percents.get(task_id))
        for task_id in state.outline
        if wanted is None or task_id in wanted
    ]


def shape_links(state: PlanState) -> list[dict[str, Any]]:
    return [
        {
            "id": link_id,
            "predecessor": link.predecessor,
            "successor": link.successor,
            "type": link.type,
            "lag": link.lag,
            "lag_unit": link.lag_unit,
        }
        for link_id, link in state.links.items()
    ]


def shape_needs(state: PlanState) -> list[dict[str, Any]]:
    return [{"id": key, **asdict(need)} for key, need in state.needs.items()]


def shape_plan(plan: Plan) -> dict[str, Any]:
    """The plan's head as JSON data."""
    start, finish = plan_time(plan.planned_start), plan_time(plan.planned_finish)
    order = plan.order
    late = (plan.planned_date - order.requested_date).days if plan.planned_date and order.requested_date else None
    return {
        "id": plan.pk,
        "order": order.key,
        "version": plan.version,
        "start": plan.start,
        "status_date": plan.status_date,
        "goals": plan.goals,
        "calendar": plan.calendar_id,
        "planned_start": start and start.isoformat(),
        "planned_finish": finish and finish.isoformat(),
        "planned_date": plan.planned_date,
        "requested_date": order.requested_date,
        "promised_date": order.promised_date,
        "latest_start": plan.latest_start,
        "days_late": late,
        "progress": plan.progress,
        "task_count": plan.task_count,
    }


def free_days(plan: Plan, first: dt.date, last: dt.date) -> list[str]:
    """Days without work between two days on the plan's calendar."""
    calendar = work_calendar(plan.calendar, plan.start)
    days = (dt.date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return [day.isoformat() for day in days if not calendar.is_working_day(day)]


def gantt_of(plan: Plan, actor: User) -> dict[str, Any]:
    """Everything that the Gantt draws: plan, tasks, links, needs, calendars, what can be assigned."""
    stored = Stored(plan)
    own = work_calendar(plan.calendar, plan.start)
    first = (plan_time(plan.planned_start) or dt.datetime.combine(plan.start, dt.time())).date()
    last = (plan_time(plan.planned_finish) or dt.datetime.combine(plan.start, dt.time())).date()
    margin = dt.timedelta(days=400)
    return {
        "plan": shape_plan(plan),
        "tasks": shape_tasks(stored.state, stored.dates),
        "links": shape_links(stored.state),
        "needs": shape_needs(stored.state),
        "day_minutes": day_minutes(own),
        "shifts": [list(map(list, shifts)) for shifts in own.week],
        "free_days": free_days(plan, min(first, plan.start) - margin, last + margin),
        "skills": list(Skill.objects.values("id", "name")),
        "resources": list(Resource.objects.filter(archived_at=None).values("id", "name")),
        "calendars": list(WorkingCalendar.objects.filter(archived_at=None).values("id", "name")),
        "baselines": [shape_baseline(baseline, actor) for baseline in plan.baselines.all()],
        "history": edit_depth(plan),
    }


def edit_depth(plan: Plan) -> dict[str, bool]:
    """Whether there is something to undo and to redo."""
    states = set(plan.edits.values_list("state", flat=True).distinct().order_by())
    return {"undo": "done" in states, "redo": "undone" in states}


def shape_baseline(baseline: Baseline, actor: User) -> dict[str, Any]:
    """``budget_total`` is None for who may not see it."""
    return {
        "number": baseline.number,
        "name": baseline.title,
        "reason": baseline.reason,
        "created_at": baseline.created_at.isoformat(),
        "planned_date": baseline.planned_date,
        "budget_total": baseline.budget_total if sees_budgets(actor) else None,
    }


def baseline_of(plan: Plan, number: int) -> Baseline:
    return get_or_not_found(plan.baselines.all(), number=number)


def shape_baseline_tasks(baseline: Baseline) -> list[dict[str, Any]]:
    """The rows of a baseline; ``id`` is the task they were kept of."""
    return [_shape_baseline_task(row) for row in baseline.tasks.all()]


def _shape_baseline_task(row: BaselineTask) -> dict[str, Any]:
    start, finish = plan_time(row.start), plan_time(row.finish)
    assert start is not None
    assert finish is not None
    return {
        "id": row.task_ref,
        "parent": row.parent_ref,
        "sequence": row.sequence,
        "wbs": row.wbs,
        "name": row.name,
        "is_summary": row.is_summary,
        "is_milestone": row.is_milestone,
        "duration": row.duration,
        "start": start.isoformat(),
        "finish": finish.isoformat(),
        "total_float": row.total_float,
        "is_critical": row.is_critical,
    }


def sees_budgets(actor: User) -> bool:
    return may(actor, "plans.see_budget")


def budget_by_kind(plan: Plan) -> dict[str, Decimal]:
    """Planned money by kind, for who may see it."""
    rows = BudgetLine.objects.filter(plan=plan).values("kind").annotate(sum=Sum("amount")).order_by("kind")
    return {row["kind"]: row["sum"] for row in rows}
