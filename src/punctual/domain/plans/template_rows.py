"""A template's rows as plain data, and how they become tasks of a plan for a quantity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from punctual.domain.plans.models import (
    PlanTemplate,
    TemplateBudget,
    TemplateLink,
    TemplateNeed,
    TemplateStandard,
    TemplateTask,
)
from punctual.domain.plans.state import PlanState

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a template. ``key`` and ``parent`` name rows within it; ``needs`` are (skill, resource, units)."""

    key: int
    parent: int | None
    name: str
    duration: int = 0
    duration_per_unit: int = 0
    is_elapsed: bool = False
    is_milestone: bool = False
    is_delivery: bool = False
    notes: str = ""
    needs: tuple[tuple[int | None, int | None, int], ...] = ()

    def minutes(self, quantity: Decimal) -> int:
        """``duration + duration_per_unit · quantity``, rounded to whole minutes."""
        return int((self.duration + self.duration_per_unit * quantity).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class StepLink:
    predecessor: int
    successor: int
    type: str = "FS"
    lag: int = 0
    lag_unit: str = "working"


@dataclass(frozen=True, slots=True)
class StepBudget:
    kind: str
    name: str
    amount: Decimal
    amount_per_unit: Decimal
    step: int | None = None

    def money(self, quantity: Decimal) -> Decimal:
        """``amount + amount_per_unit · quantity``, to the cent."""
        return (self.amount + self.amount_per_unit * quantity).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class TemplateRows:
    """Everything a template says. ``steps`` in the order of the outline, parents first."""

    goals: str = ""
    steps: tuple[Step, ...] = ()
    links: tuple[StepLink, ...] = ()
    budget: tuple[StepBudget, ...] = ()
    standards: tuple[tuple[str, str], ...] = ()
    stored: bool = field(default=True)
    """Whether the keys are ids of stored rows."""


def rows_of(templates: Iterable[PlanTemplate]) -> dict[int, TemplateRows]:
    """The rows of several templates by their ids, in five statements."""
    found = {template.pk: template for template in templates}
    needs: dict[int, list[tuple[int | None, int | None, int]]] = defaultdict(list)
    for need in TemplateNeed.objects.filter(task__template__in=found):
        needs[need.task_id].append((need.skill_id, need.resource_id, need.units))
    steps: dict[int, list[Step]] = defaultdict(list)
    for task in TemplateTask.objects.filter(template__in=found).order_by("position"):
        steps[task.template_id].append(
            Step(
                task.pk, task.parent_id, task.name, task.duration, task.duration_per_unit, task.is_elapsed,
                task.is_milestone, task.is_delivery, task.notes, tuple(needs[task.pk]),
            )
        )  # fmt: skip
    links: dict[int, list[StepLink]] = defaultdict(list)
    for link in TemplateLink.objects.filter(template__in=found):
        links[link.template_id].append(
            StepLink(link.predecessor_id, link.successor_id, link.type, link.lag, link.lag_unit)
        )
    budget: dict[int, list[StepBudget]] = defaultdict(list)
    for line in TemplateBudget.objects.filter(template__in=found):
        budget[line.template_id].append(
            StepBudget(line.kind, line.name, line.amount, line.amount_per_unit, line.task_id)
        )
    standards: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for standard in TemplateStandard.objects.filter(template__in=found):
        standards[standard.template_id].append((standard.criterion, standard.method))
    return {
        pk: TemplateRows(template.goals, tuple(steps[pk]), tuple(links[pk]), tuple(budget[pk]), tuple(standards[pk]))
        for pk, template in found.items()
    }


def unfold(
    rows: TemplateRows,
    state: PlanState,
    *,
    quantity: Decimal,
    parent: int | None = None,
    order_line: int | None = None,
    first: int = 0,
) -> None:
    """Put steps, links, needs and budget for a quantity into a plan, below ``parent`` from position ``first``."""
    ids = {step.key: state.new_id() for step in rows.steps}
    position: dict[int | None, int] = defaultdict(int, {parent: first})
    summaries = {step.parent for step in rows.steps}
    for step in rows.steps:
        above = parent if step.parent is None else ids[step.parent]
        values = _task_values(step, quantity, is_summary=step.key in summaries)
        place = {"parent": above, "position": position[above], "order_line": order_line}
        origin = {"template_task": step.key} if rows.stored else {}
        state.put("task", ids[step.key], {**values, **place, **origin})
        position[above] += 1
        for skill, resource, units in step.needs if step.key not in summaries else ():
            need = {"task": ids[step.key], "skill": skill, "resource": resource, "units": units}
            state.put("need", state.new_id(), need)
    for link in rows.links:
        values = {"predecessor": ids[link.predecessor], "successor": ids[link.successor]}
        state.put("link", state.new_id(), values | {"type": link.type, "lag": link.lag, "lag_unit": link.lag_unit})
    for line in rows.budget:
        if amount := line.money(quantity):
            task = ids[line.step] if line.step is not None else None
            state.put("budget", state.new_id(), {"task": task, "kind": line.kind, "name": line.name, "amount": amount})


def _task_values(step: Step, quantity: Decimal, *, is_summary: bool) -> dict[str, Any]:
    return {
        "name": step.name,
        "duration": 0 if is_summary or step.is_milestone else max(1, step.minutes(quantity)),
        "is_elapsed": step.is_elapsed,
        "is_milestone": step.is_milestone and not is_summary,
        "is_delivery": step.is_delivery,
        "notes": step.notes,
    }
