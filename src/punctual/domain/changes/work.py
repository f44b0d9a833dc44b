"""What a change does to the plan's rows: done on a :class:`PlanState` in memory, whoever writes it later. No writing
here; reads templates only.

Every row goes through ``PlanState.put``, so the journal takes the change back as a whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from punctual.domain.changes.items import NewTask, Wish
from punctual.domain.orders.inputs import OrderInput
from punctual.domain.orders.models import OrderLine
from punctual.domain.plans.models import PlanTemplate, TemplateTask
from punctual.domain.plans.services.making import line_templates, single_step, unfold_line
from punctual.domain.plans.state import PlanState, TaskFacts
from punctual.domain.plans.template_rows import Step, StepBudget, rows_of
from punctual.kernel.quantity import plain
from punctual.kernel.wording import N_

MOST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Note:
    """Why a task changes: ``text`` is a catalogue key with ``params``; ``lost`` minutes of done work."""

    task: int
    text: str
    params: Mapping[str, object]
    lost: int = 0


def units_of(state: PlanState, task_id: int) -> int:
    """How many people a task takes; 1 where nobody is named."""
    return max(
        1, sum(need.units for need in state.needs.values() if need.task == task_id and (need.skill or need.asked))
    )


class Work:
    """The changes of one change order on one plan. ``number`` names new budget rows."""

    def __init__(self, state: PlanState, *, number: str, today: dt.date, day_minutes: int) -> None:
        self.state, self.number, self.today, self.day = state, number, today, day_minutes
        self.notes: list[Note] = []

    def do(self, before: OrderInput, wish: Wish, lines: Sequence[OrderLine]) -> None:
        """``lines`` are the order's lines as they would be, in the order of ``wish.after.lines``, with their products;
        a new one has the id under which its tasks shall stand."""
        old = {line.id: line for line in before.lines}
        for line_id in wish.removed:
            self._drop_line(line_id, N_("line removed"))
        fresh: list[OrderLine] = []
        for data, line in zip(wish.after.lines, lines, strict=True):
            was = old.get(data.id) if data.id is not None else None
            if was is None:
                fresh.append(line)
            elif was.model != data.model:
                self._drop_line(line.pk, N_("another product"))
                fresh.append(line)
            elif was.quantity != data.quantity and was.quantity and data.quantity:
                self._scale_line(line.pk, was.quantity, data.quantity)
        self._unfold(fresh)
        for one in wish.redo:
            self._redo(one.task, one.percent)
        for new in wish.tasks:
            self._new_task(new)
        for cost in wish.costs:
            self._budget(None, cost.kind, cost.name, cost.amount)

    # -------------------------------------------------------------------------------------------------- lines

    def _tasks_of(self, line_id: int) -> list[int]:
        return [task_id for task_id in self.state.outline if self.state.tasks[task_id].order_line == line_id]

    def _drop_line(self, line_id: int, why: str) -> None:
        """What has not begun goes; what was done stays on record and no longer belongs to a line."""
        tasks = self._tasks_of(line_id)
        for task_id in reversed(tasks):
            task = self.state.tasks[task_id]
            if self.state.is_summary(task_id):
                self.state.put("task", task_id, {"order_line": None, "is_delivery": False})
            elif task.percent == 0:
                self._drop(task_id)
            else:
                lost = task.duration * task.percent // 100
                values: dict[str, Any] = {"order_line": None, "is_delivery": False, "duration": max(1, lost)}
                values |= {"percent": 100, "remaining": None}
                if task.actual_finish is None and task.actual_start is not None:
                    moment = dt.datetime.combine(self.today, dt.time())
                    values["actual_finish"] = max(task.actual_start, moment)
                self.state.put("task", task_id, values)
                self.notes.append(Note(task_id, why, {}, lost * units_of(self.state, task_id)))
        for task_id in reversed(tasks):
            if task_id in self.state.tasks and self._is_empty_summary(task_id, tasks):
                self._drop(task_id)

    def _is_empty_summary(self, task_id: int, dropped: Sequence[int]) -> bool:
        task = self.state.tasks[task_id]
        return task_id in dropped and task.duration == 0 and task.percent == 0 and not self.state.children(task_id)

    def _drop(self, task_id: int) -> None:
        for link_id, link in list(self.state.links.items()):
            if task_id in (link.predecessor, link.successor):
                self.state.put("link", link_id, None)
        for need_id, need in list(self.state.needs.items()):
            if need.task == task_id:
                self.state.put("need", need_id, None)
        for row_id, row in list(self.state.budget.items()):
            if row.task == task_id:
                self.state.put("budget", row_id, None)
        self.state.put("task", task_id, None)

    def _scale_line(self, line_id: int, old: Decimal, new: Decimal) -> None:
        """Durations and money follow the template's share per unit."""
        ids = [task_id for task_id in self._tasks_of(line_id) if not self.state.is_summary(task_id)]
        origin = {task_id: self.state.tasks[task_id].template_task for task_id in ids}
        steps, budget = _template_facts(filter(None, origin.values()))
        for task_id in ids:
            step = steps.get(origin[task_id] or 0)
            if step is not None and not step.is_milestone:
                delta = max(1, step.minutes(new)) - max(1, step.minutes(old))
                self._stretch(task_id, delta, new - old)
        by_step = {origin[task_id]: task_id for task_id in ids}
        for line in budget:
            self._budget(by_step.get(line.step), line.kind, line.name, line.money(new) - line.money(old))

    def _stretch(self, task_id: int, delta: int, units: Decimal) -> None:
        task = self.state.tasks[task_id]
        if delta == 0 or task.is_milestone:
            return
        why, params = N_("quantity %(change)s"), {"change": f"{'+' if units > 0 else '−'}{plain(abs(units))}"}
        if task.percent >= 100:
            if delta > 0:
                made = self._follow(task_id, f"{task.name} +{plain(units)}", delta)
                self.notes.append(Note(made, why, params))
            else:
                self.notes.append(Note(task_id, why, params, -delta * units_of(self.state, task_id)))
            return
        done = task.duration * task.percent // 100
        duration = max(1, task.duration + delta, done)
        values: dict[str, Any] = {"duration": duration, "percent": min(99, done * 100 // duration)}
        if task.remaining is not None:
            values["remaining"] = max(0, task.remaining + delta)
        self.state.put("task", task_id, values)
        self.notes.append(Note(task_id, why, params))

    def _unfold(self, lines: Sequence[OrderLine]) -> None:
        """New lines with the steps of their templates; their first steps begin today at the earliest."""
        if not lines:
            return
        templates = line_templates(lines)
        rows = rows_of(templates.values())
        have = set(self.state.tasks)
        for line in lines:
            found = rows[templates[line.product_id].pk] if line.product_id in templates else single_step(line)
            unfold_line(self.state, line, found, alone=False)
        led = {link.successor for link in self.state.links.values()}
        for task_id in list(self.state.outline):
            if task_id in have:
                continue
            self.notes.append(Note(task_id, N_("line added"), {}))
            if task_id not in led and not self.state.is_summary(task_id):
                self._not_before_today(task_id)

    # -------------------------------------------------------------------------------------------------- single tasks

    def _not_before_today(self, task_id: int) -> None:
        moment = dt.datetime.combine(self.today, dt.time())
        self.state.put("task", task_id, {"constraint": "SNET", "constraint_date": moment})

    def _make_room(self, parent: int | None, position: int) -> None:
        for sibling in self.state.children(parent):
            place = self.state.tasks[sibling].position
            if place >= position:
                self.state.put("task", sibling, {"position": place + 1})

    def _insert(self, beside: int | None, parent: int | None, values: dict[str, Any]) -> int:
        position = self.state.tasks[beside].position + 1 if beside is not None else len(self.state.children(parent))
        self._make_room(parent, position)
        made = self.state.new_id()
        self.state.put("task", made, {"parent": parent, "position": position, **values})
        return made

    def _follow(self, task_id: int, name: str, minutes: int) -> int:
        """More of the same work right after a finished task, before what waits for it, by the same people."""
        task = self.state.tasks[task_id]
        values = {
            "name": name[:MOST_NAME], "duration": max(1, minutes), "order_line": task.order_line,
            "calendar": task.calendar, "is_elapsed": task.is_elapsed,
        }  # fmt: skip
        made = self._insert(task_id, task.parent, values)
        for need in [one for one in self.state.needs.values() if one.task == task_id]:
            self.state.put("need", self.state.new_id(), {**asdict(need), "task": made})
        for link in [one for one in self.state.links.values() if one.predecessor == task_id and one.type == "FS"]:
            self._link(made, link.successor)
        self._link(task_id, made)
        self._not_before_today(made)
        return made

    def _link(self, predecessor: int, successor: int) -> None:
        have = {(link.predecessor, link.successor) for link in self.state.links.values()}
        if (predecessor, successor) not in have and predecessor != successor:
            row = {"predecessor": predecessor, "successor": successor}
            self.state.put("link", self.state.new_id(), row)

    def _redo(self, task_id: int, percent: int) -> None:
        task = self.state.tasks.get(task_id)
        if task is None or self.state.is_summary(task_id):
            return
        lost = task.duration * task.percent // 100 * percent // 100
        if lost <= 0:
            return
        self._budget_again(task_id, Decimal(lost) / max(1, task.duration))
        note = Note(task_id, N_("done work is lost"), {}, lost * units_of(self.state, task_id))
        self.notes.append(note)
        if task.percent >= 100:
            made = self._follow(task_id, f"{task.name} ↻", lost)
            self.notes.append(Note(made, N_("done again"), {}))
            return
        done, duration = task.duration * task.percent // 100, task.duration + lost
        values: dict[str, Any] = {"duration": duration, "percent": min(99, done * 100 // duration)}
        if task.remaining is not None:
            values["remaining"] = task.remaining + lost
        self.state.put("task", task_id, values)

    def _budget_again(self, task_id: int, share: Decimal) -> None:
        for row in [one for one in self.state.budget.values() if one.task == task_id]:
            self._budget(task_id, row.kind, row.name, (row.amount * share).quantize(Decimal("0.01")))

    def _new_task(self, new: NewTask) -> None:
        minutes = int(new.days * self.day)
        beside = new.after if new.after is not None else None
        anchor = beside if beside is not None else new.before
        parent = self.state.tasks[anchor].parent if anchor is not None else self._home_of(new.line)
        line = new.line
        if line is None and anchor is not None:
            line = self.state.tasks[anchor].order_line
        values = {"name": new.name, "duration": minutes, "is_milestone": minutes == 0, "order_line": line}
        made = self._insert(beside, parent, values)
        if new.after is not None:
            self._link(new.after, made)
        if new.before is not None:
            self._link(made, new.before)
        self._not_before_today(made)
        self._budget(made, new.kind, new.name, new.amount)
        self.notes.append(Note(made, N_("asked for by the change"), {}))

    def _home_of(self, line: int | None) -> int | None:
        tops = [one for one in self._tasks_of(line) if self.state.is_summary(one)] if line is not None else []
        return tops[0] if tops else None

    def _budget(self, task: int | None, kind: str, name: str, amount: Decimal) -> None:
        if amount:
            row = {"task": task, "kind": kind, "name": f"{self.number} {name}".strip()[:MOST_NAME], "amount": amount}
            self.state.put("budget", self.state.new_id(), row)


def _template_facts(template_tasks: Iterable[int]) -> tuple[dict[int, Step], list[StepBudget]]:
    """Steps by their keys and the budget lines of the templates that these steps belong to."""
    ids = TemplateTask.objects.filter(pk__in=list(template_tasks)).values_list("template_id", flat=True)
    rows = rows_of(PlanTemplate.objects.filter(pk__in=set(ids)))
    steps = {step.key: step for found in rows.values() for step in found.steps}
    return steps, [line for found in rows.values() for line in found.budget]


def open_leaves(state: PlanState) -> list[tuple[int, TaskFacts]]:
    """The tasks that are not finished, in the order of the outline."""
    return [(one, state.tasks[one]) for one in state.leaves() if state.tasks[one].percent < 100]
