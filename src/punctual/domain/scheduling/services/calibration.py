"""Learning from finished tasks how long they really take."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from punctual.domain.plans.models import Assignment, Task
from punctual.domain.plans.work_calendars import calendar_of_task, plan_time
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.domain.scheduling.gathering import ratio_key
from punctual.domain.scheduling.models import DurationRatio

MOST_AT_ONCE: Final = 5_000


@transaction.atomic
def learn_durations(limit: int = MOST_AT_ONCE) -> int:
    """Keep a ratio of every finished task that has none yet, and none of those that are not finished after all; returns
    how many are new. Milestones teach nothing."""
    DurationRatio.objects.filter(task__isnull=False, task__actual_finish=None).delete()
    rows = list(
        Task.objects.filter(ratio=None, actual_start__isnull=False, actual_finish__isnull=False, duration__gt=0)
        .exclude(is_milestone=True)
        .select_related("plan__calendar", "calendar", "template_task")
        .order_by("pk")[:limit]
    )
    teams = teams_of([row.pk for row in rows])
    made = []
    for row in rows:
        first, last = plan_time(row.actual_start), plan_time(row.actual_finish)
        assert first is not None
        assert last is not None
        actual = calendar_of_task(row).work_between(first, last)
        if actual <= 0:
            continue
        team, supplier = teams.get(row.pk, ("", ""))
        made.append(
            DurationRatio(
                task=row,
                type_key=ratio_key(row.template_task_id, row.name),
                type_name=row.name,
                team=team,
                supplier=supplier,
                estimated=row.duration,
                actual=actual,
                finished_on=last.date(),
            )
        )
    DurationRatio.objects.bulk_create(made, batch_size=1000)
    return len(made)


def teams_of(tasks: list[int]) -> dict[int, tuple[str, str]]:
    """Task → (team, outsourced supplier) of whom it needs: the named one, else the first with the skill."""
    by_skill: dict[int, tuple[str, str]] = {}
    by_id: dict[int, tuple[str, str]] = {}
    for resource in Resource.objects.select_related("supplier").prefetch_related("skills").order_by("kind", "pk"):
        told = _told(resource)
        by_id[resource.pk] = told
        for skill in resource.skills.all():
            by_skill.setdefault(skill.pk, told)
    found: dict[int, tuple[str, str]] = {}
    for start in range(0, len(tasks), 500):
        needs = Assignment.objects.filter(task__in=tasks[start : start + 500]).order_by("pk")
        for task, skill_id, resource_id in needs.values_list("task_id", "skill_id", "resource_id"):
            told = by_id.get(resource_id, ("", "")) if resource_id else by_skill.get(skill_id or 0, ("", ""))
            found.setdefault(task, told)
    return found


def _told(resource: Resource) -> tuple[str, str]:
    supplier = str(resource.supplier) if resource.kind == ResourceKind.OUTSOURCED and resource.supplier else ""
    return resource.team, supplier[:80]
