"""Which tasks ask for a skill and which for a name, with whom to name: reads for the pages and the API."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.db.models import F, OuterRef, QuerySet, Subquery

from punctual.domain.plans.models import Assignment
from punctual.domain.plans.selectors import plans_of
from punctual.domain.scheduling.models import ScheduledTask
from punctual.domain.scheduling.naming import Naming, Suggestion
from punctual.flows.load_picture import loads_of
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may

MOST_SUGGESTED: Final = 8


@dataclass(frozen=True)
class Asked:
    """A need of a task with who could be named for it, the freest first."""

    need: Assignment
    suggestions: Sequence[Suggestion]


def unnamed_needs(actor: User, *, skill: int | None = None, until: dt.date | None = None) -> QuerySet[Assignment]:
    """Skills that tasks of the current schedule ask for without a name, in the order in which the work begins."""
    placed = ScheduledTask.objects.filter(run__is_current=True, task=OuterRef("task_id"))
    rows = Assignment.objects.filter(
        skill__isnull=False, task__plan__in=plans_of(actor), task__percent__lt=100, task__is_elapsed=False
    ).annotate(starts=Subquery(placed.values("start")[:1]), ends=Subquery(placed.values("finish")[:1]))
    rows = rows.filter(starts__isnull=False)
    if skill is not None:
        rows = rows.filter(skill=skill)
    if until is not None:
        rows = rows.filter(starts__date__lte=until)
    return rows.select_related("task__plan__order__customer", "skill").order_by(F("starts"), "pk")


def needs_of_task(actor: User, task_id: int) -> list[Asked]:
    rows = Assignment.objects.filter(task=task_id, task__plan__in=plans_of(actor)).order_by("pk")
    return asked(actor, rows.select_related("task__plan__order", "skill", "asked", "resource"))


def asked(actor: User, needs: Iterable[Assignment]) -> list[Asked]:
    suggest = suggesting(actor)
    return [suggest(need) for need in needs]


def suggesting(actor: User) -> Callable[[Assignment], Asked]:
    """Gives a need suggestions for its skill; without a schedule there are none."""
    naming = None
    named: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if may(actor, "scheduling.view"):
        with suppress(Refusal):
            rows = Assignment.objects.filter(resource__isnull=False, task__scheduled__run__is_current=True)
            for task, resource, units in rows.values_list("task_id", "resource_id", "units"):
                named[task].append((resource, units))
            naming = Naming(loads_of(actor, "scheduled")[0], named)

    def found(need: Assignment) -> Asked:
        skill = need.skill_id or need.asked_id
        on_it = {resource for resource, _units in named[need.task_id]}
        suggestions = naming.suggested(str(need.task_id), skill, on_it) if naming and skill else []
        return Asked(need, suggestions[:MOST_SUGGESTED])

    return found
