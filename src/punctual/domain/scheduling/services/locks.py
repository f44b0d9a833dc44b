"""A task that schedules leave where it is, because somebody says so."""

from __future__ import annotations

from django.db import transaction

from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.scheduling.models import ScheduledTask, TaskPin
from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.outbox.services import emit
from punctual.platform.records import get_or_not_found


def _task(actor: User, task_id: int) -> Task:
    rows = Task.objects.filter(plan__in=plans_of(actor)).select_related("plan__order")
    return get_or_not_found(rows, pk=task_id)


@transaction.atomic
def lock_task(*, actor: User, task_id: int) -> TaskPin:
    """Keep a task that has not begun at its place in the current schedule. Doing it twice changes nothing."""
    require(actor, "scheduling.level")
    task = _task(actor, task_id)
    found = TaskPin.objects.select_for_update().filter(task=task).first()
    if found is not None:
        return found
    placed = ScheduledTask.objects.filter(run__is_current=True, task=task).first()
    reasons = []
    if task.is_summary:
        reasons.append(Reason("lock.summary", N_("Only single tasks can be locked, not groups of them.")))
    if task.actual_start is not None or task.percent > 0:
        text = N_("“%(task)s” has begun; its start is on record.")
        reasons.append(Reason("lock.begun", text, {"task": str(task)}))
    elif placed is None:
        text = N_("“%(task)s” has no place in the schedule yet; lock it once it has one.")
        reasons.append(Reason("lock.unplaced", text, {"task": str(task)}))
    refuse_if(reasons)
    assert placed is not None
    made = TaskPin.objects.create(task=task, start=placed.start, by=actor)
    start = placed.start.date().isoformat()
    record(actor=actor, verb="lock_task", target=task.plan, changes=[Change(field=str(task), old=None, new=start)])
    emit("scheduling.changed", label=task.plan.order.label, by=actor.pk)
    return made


@transaction.atomic
def unlock_task(*, actor: User, task_id: int) -> None:
    """Schedules may move it again. Doing it twice changes nothing."""
    require(actor, "scheduling.level")
    task = _task(actor, task_id)
    found = TaskPin.objects.select_for_update().filter(task=task).first()
    if found is None:
        return
    start = found.start.date().isoformat()
    found.delete()
    record(actor=actor, verb="unlock_task", target=task.plan, changes=[Change(field=str(task), old=start, new=None)])
    emit("scheduling.changed", label=task.plan.order.label, by=actor.pk)
