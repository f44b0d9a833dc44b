"""What an order's plan still holds when the order is delivered: closed in one go, with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Max, Q

from punctual.domain.delivery.services.closing import unfinished_of
from punctual.domain.monitoring.services.progress import let_go
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.selectors import orders_of
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.editing import edit_locked
from punctual.domain.plans.work_calendars import plan_time
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import lock

GONE_OUT: Final = (OrderState.DELIVERED, OrderState.ACCEPTED)
EVENING: Final = dt.time(17)


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that has begun, or with which was delivered (of a plan that nobody used the last one), and when it counts
    as finished: when it was last spoken of, else the day of the delivery."""

    task: Task
    begun: dt.datetime
    finished: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """``ended`` count as finished; ``dropped`` nobody has begun, and they leave the plan."""

    ended: Sequence[Ended]
    dropped: Sequence[Task]

    def __len__(self) -> int:
        return len(self.ended) + len(self.dropped)


def _begun(task: Task) -> bool:
    return task.actual_start is not None or bool(task.percent) or task.is_delivery


def _done_in(plan: Plan | None) -> bool:
    return Task.objects.filter(plan=plan, is_summary=False, percent=100).exists()


def open_tasks_of(order: Order, today: dt.date) -> OpenTasks:
    """What closing the order's open tasks would do to each of them. A plan that nobody ever used keeps its last task:
    that is what was delivered, and without a task it gives no date."""
    ended, dropped = [], []
    plan = Plan.objects.filter(order=order).first()
    rows = unfinished_of(plan) if plan else Task.objects.none()
    last = Max("reports__day", filter=Q(reports__taken_back_at=None))
    listed = list(rows.annotate(said=last).select_related("order_line").order_by("sequence"))
    unused = not any(_begun(task) for task in listed) and not _done_in(plan)
    for task in listed:
        if not _begun(task) and not (unused and task is listed[-1]):
            dropped.append(task)
            continue
        line = task.order_line
        day = task.said or (line and line.actual_date) or order.actual_date or today
        evening = dt.datetime.combine(min(day, today), EVENING)
        start = plan_time(task.actual_start or task.start) or evening
        begun = start if task.actual_start else min(start, evening)
        ended.append(Ended(task, begun, max(begun, evening)))
    return OpenTasks(ended, dropped)


def _with_empty_summaries(plan: Plan, dropped: Sequence[Task]) -> list[int]:
    """And the summaries that would be left with nothing below them."""
    gone = {task.pk for task in dropped}
    rows = list(Task.objects.filter(plan=plan).order_by("-sequence").values_list("pk", "parent", "is_summary"))
    keeps: set[int | None] = set()
    for pk, parent, is_summary in rows:
        if pk in keeps or not (is_summary or pk in gone):
            keeps |= {pk, parent}
        elif is_summary:
            gone.add(pk)
    return [pk for pk, _parent, _is_summary in reversed(rows) if pk in gone]


def _commands(plan: Plan, found: OpenTasks) -> list[dict[str, Any]]:
    """One step of the plan, so that it is taken back as one."""
    commands: list[dict[str, Any]] = [
        {
            "verb": "progress",
            "task": one.task.pk,
            "percent": 100,
            "actual_start": one.begun.isoformat(),
            "actual_finish": one.finished.isoformat(),
        }
        for one in found.ended
    ]
    if found.dropped:
        commands.append({"verb": "delete", "tasks": _with_empty_summaries(plan, found.dropped)})
    return commands


@transaction.atomic
def close_open_tasks(
    *, actor: User, order_id: int, reason: str, today: dt.date, expected_version: int | None = None
) -> OpenTasks:
    """Begun tasks count as finished, the others leave the plan; the plan takes it back as one step."""
    require(actor, "delivery.close")
    order = lock(orders_of(actor), expected_version=expected_version, pk=order_id)
    found = open_tasks_of(order, today)
    reasons = []
    if order.state not in GONE_OUT:
        text = N_("Open tasks are closed once the order is delivered and before it is closed.")
        reasons.append(Reason("close.tasks.state", text))
    if not reason.strip():
        reasons.append(Reason("close.tasks.reason", N_("Say why the open tasks are closed."), field="reason"))
    if not found:
        reasons.append(Reason("close.tasks.none", N_("The plan has no open task.")))
    refuse_if(reasons)
    plan = lock(Plan.objects.select_related("order", "calendar"), expected_version=None, order=order)
    edit_locked(plan, actor=actor, today=today, command={"verb": "several", "commands": _commands(plan, found)})
    for one in found.ended:
        let_go(actor=actor, task=one.task)
    counts = {"tasks_ended": len(found.ended), "tasks_dropped": len(found.dropped)}
    changes = [Change(field=field, old=None, new=count) for field, count in counts.items() if count]
    record(actor=actor, verb="close_tasks", target=order, changes=changes, reason=reason.strip()[:1000])
    return found
