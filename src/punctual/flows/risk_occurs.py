"""A risk has occurred: the plan takes the delay, the owner gets the contingency as an action item."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.actions.services import open_action
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.work_calendars import day_minutes, work_calendar
from punctual.domain.risks.models import Risk
from punctual.domain.risks.services.register import occur_risk
from punctual.domain.risks.services.responses import response_done
from punctual.platform.accounts.models import User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import subscribe


def on_action_done(event: OutboxEvent) -> None:
    """A finished action item may be the response to a risk."""
    response_done(action_id=int(event.payload["action_item_id"]))


def listen() -> None:
    subscribe("action_item.done", on_action_done)


@transaction.atomic
def record_occurrence(
    *, actor: User, risk_id: int, today: dt.date, note: str = "", expected_version: int | None
) -> Risk:
    """Mark it, make each open task that it acts on longer by the most likely delay, plan again, open the contingency.

    All or nothing: where the plan refuses, the risk stays as it was.
    """
    risk = occur_risk(actor=actor, risk_id=risk_id, today=today, note=note, expected_version=expected_version)
    if risk.order_id is not None and risk.days_mode > 0:
        plan = Plan.objects.select_related("calendar").get(order_id=risk.order_id)
        delay = round(float(risk.days_mode) * day_minutes(work_calendar(plan.calendar, plan.start)))
        open_tasks = risk.tasks.filter(actual_finish=None, percent__lt=100)
        commands = [command for task in open_tasks for command in _longer(task, delay)]
        if commands:
            several = {"verb": "several", "commands": commands}
            edit_plan(plan_id=plan.pk, actor=actor, today=today, expected_version=None, command=several)
    if risk.contingency:
        open_action(
            actor=actor,
            title=risk.contingency[:200],
            owner=risk.owner,
            due=today + dt.timedelta(days=1),
            order=risk.order,
            cause=risk,
        )
    return risk


def _longer(task: Task, delay: int) -> list[dict[str, object]]:
    """Commands that add ``delay`` minutes to what is still to do; of a begun task its progress is told again."""
    commands: list[dict[str, object]] = [{"verb": "resize", "task": task.pk, "duration": task.duration + delay}]
    if task.percent:
        left = task.duration * (100 - task.percent) // 100 if task.remaining is None else task.remaining
        commands.append({"verb": "progress", "task": task.pk, "percent": task.percent, "remaining": left + delay})
    return commands
