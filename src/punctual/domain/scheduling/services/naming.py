"""A name on a skill that a task asks for, and off again. The named person's calendar and absences then count."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from punctual.domain.plans.models import Assignment, Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.resources.selectors import resources
from punctual.domain.scheduling.rules import reasons_against_name
from punctual.kernel.refusal import Conflict, Reason, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.records import get_or_not_found


@transaction.atomic
def name_need(
    *, actor: User, task_id: int, need_id: int, resource_id: int, today: dt.date, expected_version: int | None = None
) -> Task:
    """Put a resource on one unit of the need, or instead of the name that is on it. Raises Conflict when somebody
    changed meanwhile who does the task."""
    require(actor, "plans.edit")
    task, need = _need(actor, task_id, need_id)
    resource = get_or_not_found(resources(actor).prefetch_related("skills"), pk=resource_id)
    skill = need.skill or need.asked
    others = Assignment.objects.filter(task=task, resource=resource).exclude(pk=need.pk)
    refuse_if(
        reasons_against_name(
            task=task.name,
            name=resource.name,
            skill=skill.name if skill else "",
            has_skill=skill is None or skill in resource.skills.all(),
            is_done=task.percent >= 100,
            is_on_it=need.resource_id == resource.pk or others.exists(),
        )
    )
    before = str(need.resource or need.skill)
    command = {"verb": "name", "need": need.pk, "resource": resource.pk}
    edit_plan(plan_id=task.plan_id, actor=actor, today=today, expected_version=expected_version, command=command)
    record(
        actor=actor,
        verb="name_task",
        target=task.plan,
        changes=[Change(field=task.name, old=before, new=resource.name)],
    )
    return task


@transaction.atomic
def unname_need(
    *, actor: User, task_id: int, need_id: int, today: dt.date, expected_version: int | None = None
) -> Task:
    """The task asks for the skill again, by whomever."""
    require(actor, "plans.edit")
    task, need = _need(actor, task_id, need_id)
    done = N_("“%(task)s” is done; who did it is on record.")
    refuse_if([Reason("name.done", done, {"task": task.name})] if task.percent >= 100 else [])
    before, after = str(need.resource), str(need.asked)
    edit_plan(
        plan_id=task.plan_id,
        actor=actor,
        today=today,
        expected_version=expected_version,
        command={"verb": "unname", "need": need.pk},
    )
    record(actor=actor, verb="unname_task", target=task.plan, changes=[Change(field=task.name, old=before, new=after)])
    return task


def _need(actor: User, task_id: int, need_id: int) -> tuple[Task, Assignment]:
    rows = Task.objects.filter(plan__in=plans_of(actor)).select_related("plan__order")
    task = get_or_not_found(rows, pk=task_id)
    need = task.needs.select_related("skill", "asked", "resource").filter(pk=need_id).first()
    if need is None:
        text = N_("Somebody changed meanwhile who does “%(task)s”. Load the page again.")
        raise Conflict(Reason("name.changed", text, {"task": task.name}), current_version=task.plan.version)
    return task, need
