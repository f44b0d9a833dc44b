"""Tell a plan what it must wait for outside of itself: material, a drawing, a customer's part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from punctual.domain.plans.models import Plan
from punctual.domain.plans.results import reschedule
from punctual.domain.plans.services.editing import FROZEN
from punctual.domain.plans.state import Dates, condensed
from punctual.domain.plans.store import Stored, write_rows
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock, save_next


@dataclass(frozen=True, slots=True)
class Earliest:
    """A task starts no earlier than ``moment`` (site's clock; None: nothing holds it any more) because of the thing
    named by ``cause_type`` and ``cause_id`` (``platform/targets``), which people call ``text``."""

    task_id: int
    moment: dt.datetime | None
    cause_type: str = ""
    cause_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TaskMove:
    """A task before and after."""

    task_id: int
    label: str
    before: Dates | None
    after: Dates


@dataclass(frozen=True, slots=True)
class PlanMove:
    """What became of a plan: the day of delivery before and after, and every task whose dates moved."""

    plan: Plan
    planned_before: dt.date | None
    planned_after: dt.date | None
    tasks: list[TaskMove]


@transaction.atomic
def set_not_before(*, plan_id: int, actor: User | None, wishes: Sequence[Earliest]) -> PlanMove:
    """Set or lift the earliest start of some tasks, schedule again, tell ``plan.changed`` when anything differs.

    The caller has made sure that ``actor`` (None: the system) may move the cause. Tasks that are gone are passed over;
    the plan of a closed or cancelled order stays as it is.
    """
    plan = lock(Plan.objects.select_related("order"), expected_version=None, pk=plan_id)
    before_date = plan.planned_date
    if plan.order.state in FROZEN:
        return PlanMove(plan, before_date, before_date, [])
    stored = Stored(plan)
    told: list[Change] = []
    for wish in wishes:
        task = stored.state.tasks.get(wish.task_id)
        if task is None or stored.state.is_summary(wish.task_id):
            continue
        old = task.not_before
        held = wish.moment is not None
        stored.state.put(
            "task",
            wish.task_id,
            {
                "not_before": wish.moment,
                "not_before_text": wish.text[:200] if held else "",
                "not_before_cause_type": wish.cause_type if held else "",
                "not_before_cause_id": wish.cause_id if held else None,
            },
        )
        if old != wish.moment:
            told.append(
                Change(
                    field=f"{stored.state.label(wish.task_id)}: not_before",
                    old=old and old.isoformat(),
                    new=wish.moment and wish.moment.isoformat(),
                )
            )
    changes = condensed(stored.state.journal)
    if not changes:
        return PlanMove(plan, before_date, before_date, [])
    write_rows(plan, stored.state, changes)
    before = dict(stored.dates)
    result = reschedule(plan, stored)
    save_next(plan)
    if told:
        reason = next((wish.text for wish in wishes if wish.moment is not None), "")
        record(actor=actor, verb="plan_not_before", target=plan, changes=told, reason=reason)
    emit("plan.changed", plan_id=plan.pk, order_id=plan.order_id, by=actor.pk if actor else None)
    moved = [
        TaskMove(task_id, stored.state.label(task_id), before.get(task_id), result.dates[task_id])
        for task_id in stored.state.outline
        if _moved(before.get(task_id), result.dates[task_id]) and not stored.state.is_summary(task_id)
    ]
    return PlanMove(plan, before_date, plan.planned_date, moved)


def _moved(before: Dates | None, after: Dates) -> bool:
    return before is None or (before.start, before.finish) != (after.start, after.finish)
