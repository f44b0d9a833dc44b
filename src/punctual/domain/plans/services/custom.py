"""The company's own fields of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.plans.services.editing import against_editing
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change, record
from punctual.platform.custom_fields.selectors import words_of_change
from punctual.platform.custom_fields.services import write_values
from punctual.platform.records import get_or_not_found, lock, save_next


@transaction.atomic
def set_task_fields(
    *, actor: User, task_id: int, given: Mapping[str, Any], expected_version: int | None, complete: bool = False
) -> Task:
    """Write values (key → value, empty clears). The version is the plan's; the plan's story keeps the change."""
    require(actor, "plans.edit")
    task = get_or_not_found(Task.objects.filter(plan__in=plans_of(actor)), pk=task_id)
    plan = lock(plans_of(actor).select_related("order"), expected_version=expected_version, pk=task.plan_id)
    refuse_if(against_editing(plan))
    changes = write_values(subject="task", target_id=task.pk, given=given, complete=complete)
    if changes:
        save_next(plan, fields=[])
        told = [
            Change(field=f"{task}: {words_of_change('task', one['field'], None)[0]}", old=one["old"], new=one["new"])
            for one in changes
        ]
        record(actor=actor, verb="plan_change", target=plan, changes=told)
    return task
