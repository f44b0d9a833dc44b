"""A levelling proposal: where the schedule has tasks later than their plans do. Accepting it moves the plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.work_calendars import plan_time, stored_time
from punctual.domain.scheduling.models import LevelledTask, ScheduledTask, ScheduleRun
from punctual.kernel.refusal import Conflict, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.outbox.services import emit
from punctual.platform.records import lock

MOST_IN_COMMAND = 450


@dataclass(frozen=True, slots=True)
class Shift:
    """A task that the schedule starts later than its plan."""

    task: Task
    before: dt.datetime
    start: dt.datetime

    @property
    def days(self) -> int:
        return (self.start.date() - self.before.date()).days


def shifts_of(run: ScheduleRun, order_ids: list[int] | None = None) -> dict[int, list[Shift]]:
    """Order → tasks that are not begun and that the run starts on a later day than their plan does."""
    rows = ScheduledTask.objects.filter(
        run=run, task__actual_start=None, task__percent=0, task__is_milestone=False, task__start__isnull=False
    ).select_related("task")
    if order_ids is not None:
        rows = rows.filter(order__in=order_ids)
    found: dict[int, list[Shift]] = {}
    for row in rows.order_by("order", "start"):
        before, start = plan_time(row.task.start), plan_time(row.start)
        assert before is not None
        assert start is not None
        if start.date() > before.date():
            found.setdefault(row.order_id, []).append(Shift(row.task, before, start))
    return found


@transaction.atomic
def accept_levelling(*, actor: User, run_id: int, versions: Mapping[int, int], today: dt.date) -> int:
    """Move the plans of the chosen orders (order id → version of its plan as it was looked at) to the schedule; returns
    how many tasks moved. All of them or none.

    Refused when another schedule is the current one by now, and when one of the plans was changed since (Conflict):
    then nothing has moved.
    """
    require(actor, "scheduling.level")
    run = ScheduleRun.objects.select_for_update().defer("book").filter(pk=run_id).first()
    if run is None or not run.is_current:
        text = N_("This proposal is no longer that of the current schedule. Nothing was moved; look at the new one.")
        raise Conflict(Reason("levelling.outdated", text), current_version=0, changes=[])
    refuse_if([] if versions else [Reason("levelling.none", N_("Choose at least one order."), field="orders")])
    plans = {
        plan.order_id: lock(plans_of(actor), expected_version=versions[plan.order_id], pk=plan.pk)
        for plan in Plan.objects.filter(order__in=list(versions)).order_by("pk")
    }
    refuse_if(
        Reason("levelling.no_plan", N_("%(order)s has no plan any more."), {"order": str(order)})
        for order in Order.objects.filter(pk__in=versions.keys() - plans.keys())
    )
    moved = 0
    for order_id, shifts in sorted(shifts_of(run, list(versions)).items()):
        commands = [
            {
                "verb": "change",
                "task": shift.task.pk,
                "values": {"constraint": "SNET", "constraint_date": shift.start.isoformat()},
            }
            for shift in shifts
            if shift.task.constraint in ("ASAP", "SNET")
        ]
        if not commands:
            continue
        edit_plan(
            plan_id=plans[order_id].pk,
            actor=actor,
            today=today,
            expected_version=versions[order_id],
            command={"verb": "several", "commands": commands[:MOST_IN_COMMAND]},
        )
        for shift in shifts[:MOST_IN_COMMAND]:
            begins = stored_time(shift.start)
            assert begins is not None
            LevelledTask.objects.update_or_create(task=shift.task, defaults={"start": begins, "run": run})
        moved += len(commands)
    emit("scheduling.changed", by=actor.pk, label="levelling")
    return moved
