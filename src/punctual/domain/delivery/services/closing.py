"""Close an order: actual against estimate, lessons, and what the templates should learn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet, Sum

from punctual.domain.costs.selectors import cost_rows_of_plans
from punctual.domain.delivery.models import ClosingReview, PaymentMilestone
from punctual.domain.orders import guards
from punctual.domain.orders.damages import clause_of, days_late
from punctual.domain.orders.life import LIFE
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import orders_of
from punctual.domain.orders.services.states import take_step
from punctual.domain.plans.models import Baseline, BaselineTask, Plan, Task, TemplateTask
from punctual.domain.plans.work_calendars import calendar_of_task, plan_time
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next

WORTH: Final = Decimal("0.15")
"""A task that took this share more or less than planned is worth a proposal."""


def figures_of(order: Order) -> dict[str, Any]:
    """Dates, value, money and damages of an order as it ends; money as text, days as ISO text."""
    plan = Plan.objects.filter(order=order).first()
    first = Baseline.objects.filter(plan=plan).order_by("number").first() if plan else None
    received = PaymentMilestone.objects.filter(order=order).aggregate(sum=Sum("received"))["sum"] or Decimal(0)
    clause = clause_of(order)
    late = days_late(order.promised_date, order.actual_date)
    return {
        "value": str(order.total_amount),
        "received": str(received),
        "promised": order.promised_date.isoformat() if order.promised_date else None,
        "actual": order.actual_date.isoformat() if order.actual_date else None,
        "first_planned": first.planned_date.isoformat() if first else None,
        "days_late": late,
        "damages": str(clause.due(late)),
        "budget": str(plan.budget.aggregate(sum=Sum("amount"))["sum"] or 0) if plan else "0",
        "first_budget": str(first.budget_total) if first else "0",
        "spent": str(_spent(plan)) if plan else "0",
        "unfinished": unfinished_of(plan).count() if plan else 0,
    }


def _spent(plan: Plan) -> Decimal:
    return sum((row.actual for row in cost_rows_of_plans([plan])[plan.pk]), Decimal(0))


def unfinished_of(plan: Plan) -> QuerySet[Task]:
    """Tasks that nobody has reported as done."""
    return Task.objects.filter(plan=plan, is_summary=False, percent__lt=100)


def tasks_of(order: Order) -> list[dict[str, Any]]:
    """Each finished task: minutes of its own calendar planned in the first baseline and taken."""
    plan = Plan.objects.filter(order=order).first()
    if plan is None:
        return []
    first = Baseline.objects.filter(plan=plan).order_by("number").first()
    kept = dict(BaselineTask.objects.filter(baseline=first).values_list("task_ref", "duration")) if first else {}
    rows = []
    done = Task.objects.filter(plan=plan, is_summary=False, is_milestone=False).exclude(actual_finish=None)
    for task in done.exclude(actual_start=None).select_related("plan__calendar", "calendar").order_by("sequence"):
        start, finish = plan_time(task.actual_start), plan_time(task.actual_finish)
        assert start is not None
        assert finish is not None
        taken = calendar_of_task(task).work_between(start, finish) if finish > start else 0
        planned = kept.get(task.pk, task.duration)
        rows.append(
            {
                "task": task.pk,
                "template_task": task.template_task_id,
                "name": f"{task.wbs} {task.name}",
                "planned": planned,
                "actual": taken,
            }
        )
    return rows


def proposals_of(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Template tasks whose work took clearly more or less than they say."""
    return [
        {**row, "chosen": False}
        for row in tasks
        if row["template_task"]
        and row["planned"]
        and row["actual"]
        and abs(Decimal(row["actual"]) - row["planned"]) / row["planned"] >= WORTH
    ]


def against_closing(order: Order, today: dt.date) -> list[Reason]:
    return [*LIFE.reasons(order.state, "close"), *guards.reasons("close", order, today)]


@transaction.atomic
def close_order(
    *,
    actor: User,
    order_id: int,
    lessons: str,
    chosen: Collection[int],
    today: dt.date,
    expected_version: int | None = None,
) -> ClosingReview:
    """Keep the review and close. ``chosen`` template tasks get the duration that it really took (per unit part kept).

    Lessons are asked for: one sentence is enough.
    """
    require(actor, "delivery.close")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    reasons = against_closing(order, today)
    if not lessons.strip():
        reasons.append(Reason("close.lessons", N_("Write at least one sentence of what was learnt."), field="lessons"))
    refuse_if(reasons)
    tasks = tasks_of(order)
    proposals = proposals_of(tasks)
    for row in proposals:
        row["chosen"] = row["template_task"] in chosen
    review = ClosingReview.objects.create(
        order=order,
        figures=figures_of(order),
        tasks=tasks,
        proposals=proposals,
        lessons=lessons.strip(),
        closed_by=actor,
    )
    for row in proposals:
        if row["chosen"]:
            _improve(row, order, actor)
    take_step(order, "close", actor=actor, today=today)
    record(actor=actor, verb="review_closing", target=order, reason=review.lessons[:1000])
    emit("order.reviewed", order_id=order.pk, number=order.number)
    return review


def _improve(row: dict[str, Any], order: Order, actor: User) -> None:
    """Move the template's fixed duration by what the order took more or less; never below one minute in all."""
    require(actor, "templates.edit")
    step = TemplateTask.objects.select_related("template").filter(pk=row["template_task"]).first()
    if step is None:
        return
    template = lock(type(step.template).objects.all(), expected_version=None, pk=step.template_id)
    old = step.duration
    step.duration = max(0 if step.duration_per_unit else 1, old + row["actual"] - row["planned"])
    if step.duration == old:
        return
    step.save(update_fields=["duration"])
    save_next(template)
    change = Change(field=step.name, old=old, new=step.duration)
    record(actor=actor, verb="change", target=template, changes=[change], reason=order.label)
