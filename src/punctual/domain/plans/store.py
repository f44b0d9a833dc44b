"""A plan's rows between database and :class:`PlanState`, in few statements however many rows there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from django.db import models

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.plans.engine_plan import PlanCalendars, Scheduled
from punctual.domain.plans.models import Assignment, BudgetLine, Dependency, Plan, Task
from punctual.domain.plans.state import (
    BudgetFacts,
    Dates,
    Kind,
    LinkFacts,
    NeedFacts,
    Place,
    PlanFacts,
    PlanState,
    RowChange,
    TaskFacts,
    field_names,
    values_of,
)
from punctual.domain.plans.work_calendars import plan_time, stored_time, work_calendar
from punctual.platform.many_rows import update_rows

COLUMNS: Final[Mapping[str, str]] = {
    "parent": "parent_id",
    "calendar": "calendar_id",
    "order_line": "order_line_id",
    "template_task": "template_task_id",
    "predecessor": "predecessor_id",
    "successor": "successor_id",
    "task": "task_id",
    "skill": "skill_id",
    "resource": "resource_id",
    "asked": "asked_id",
}
"""Names of facts that are called otherwise in the tables."""
COMPUTED: Final = (
    "start", "finish", "early_start", "early_finish", "late_start", "late_finish",
    "total_float", "free_float", "is_critical",
)  # fmt: skip
PLACED: Final = ("sequence", "wbs", "is_summary")
DELETED_IN_ORDER: Final[tuple[Kind, ...]] = ("budget", "need", "link", "task")
MODELS: Final[Mapping[Kind, type[models.Model]]] = {
    "task": Task,
    "link": Dependency,
    "need": Assignment,
    "budget": BudgetLine,
}


@cache
def _columns(kind: Kind) -> tuple[str, ...]:
    return tuple(COLUMNS.get(name, name) for name in field_names(kind))


class _Clock:
    """Stored moments → the site's clock; a plan has the same few moments again and again."""

    def __init__(self) -> None:
        self.known: dict[dt.datetime, dt.datetime | None] = {}

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return value
        if value not in self.known:
            self.known[value] = plan_time(value)
        return self.known[value]


class Stored:
    """What the database holds of a plan: its state, and the computed columns as they are."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dates: dict[int, Dates | None] = {}
        self.places: dict[int, tuple[Any, ...]] = {}
        self.state = self._read(plan)

    def _read(self, plan: Plan) -> PlanState:
        clock = _Clock()
        facts = PlanFacts(plan.start, plan.status_date, plan.goals)
        width = len(field_names("task"))
        tasks: dict[int, TaskFacts] = {}
        rows = Task.objects.filter(plan=plan).order_by("sequence")
        for row in rows.values_list("pk", *_columns("task"), *PLACED, *COMPUTED):
            values = [clock(value) for value in row]
            tasks[row[0]] = TaskFacts(*values[1 : width + 1])
            self.places[row[0]] = row[width + 1 : width + 4]
            dates = values[width + 4 :]
            self.dates[row[0]] = None if dates[0] is None else Dates(*dates)
        links = Dependency.objects.filter(plan=plan).order_by("pk").values_list("pk", *_columns("link"))
        needs = Assignment.objects.filter(task__plan=plan).order_by("pk").values_list("pk", *_columns("need"))
        budget = BudgetLine.objects.filter(plan=plan).order_by("pk").values_list("pk", *_columns("budget"))
        return PlanState(
            facts,
            tasks,
            {row[0]: LinkFacts(*row[1:]) for row in links},
            {row[0]: NeedFacts(*row[1:]) for row in needs},
            {row[0]: BudgetFacts(*row[1:]) for row in budget},
        )


def calendars_of(plan: Plan, state: PlanState) -> PlanCalendars:
    """The plan's calendar and those its tasks name."""
    wanted = {task.calendar for task in state.tasks.values() if task.calendar is not None}
    found = WorkingCalendar.objects.in_bulk({plan.calendar_id, *wanted})
    made = {key: work_calendar(calendar, plan.start) for key, calendar in found.items()}
    return PlanCalendars(made[plan.calendar_id], {key: made[key] for key in wanted})


# --------------------------------------------------------------------------------------------------------- writing


def write_rows(
    plan: Plan, state: PlanState, changes: Sequence[RowChange], result: Scheduled | None = None
) -> dict[tuple[Kind, int], int]:
    """Bring the tables to what ``changes`` (condensed, ids as in the state) say; returns the ids of new rows.

    With ``result`` new tasks get their computed columns at once; else :func:`write_results` follows."""
    ids: dict[tuple[Kind, int], int] = {}
    for kind in DELETED_IN_ORDER:
        gone = [change["id"] for change in changes if change["kind"] == kind and change["new"] is None]
        if gone:
            MODELS[kind]._default_manager.filter(pk__in=gone).delete()
    for kind in reversed(DELETED_IN_ORDER):
        made = [change["id"] for change in changes if change["kind"] == kind and change["old"] is None]
        computed = _computed_columns(state, result) if kind == "task" and result is not None else {}
        ids |= _insert(plan, state, kind, made, ids, computed)
    for kind in ("task", "link", "budget"):
        _update(state, kind, [change for change in changes if change["kind"] == kind], ids)
    return ids


def _row_values(state: PlanState, kind: Kind, row_id: int, ids: Mapping[tuple[Kind, int], int]) -> dict[str, Any]:
    row = values_of(kind, state.rows(kind)[row_id])
    return {COLUMNS.get(name, name): _stored(name, value, ids) for name, value in row.items()}


def _stored(name: str, value: Any, ids: Mapping[tuple[Kind, int], int]) -> Any:
    if name in ("parent", "predecessor", "successor", "task"):
        return ids.get(("task", value), value)
    return stored_time(value) if isinstance(value, dt.datetime) else value


def _computed_columns(state: PlanState, result: Scheduled) -> dict[int, dict[str, Any]]:
    return {
        task_id: {
            **dict(zip(PLACED, (place.sequence, place.wbs, place.is_summary), strict=True)),
            **dict(zip(COMPUTED, _stored_dates(result.dates[task_id]), strict=True)),
        }
        for task_id, place in state.outline.items()
    }


def _insert(
    plan: Plan,
    state: PlanState,
    kind: Kind,
    row_ids: Sequence[int],
    ids: Mapping[tuple[Kind, int], int],
    computed: Mapping[int, Mapping[str, Any]],
) -> dict[tuple[Kind, int], int]:
    """Insert whole levels at once, so that parents are there before their children. Known ids (redo) are kept."""
    done: dict[tuple[Kind, int], int] = {}
    extra = {} if kind == "need" else {"plan_id": plan.pk}
    for level in _levels(state, kind, row_ids):
        known = {**ids, **done}
        rows = [MODELS[kind](**extra, **_row_values(state, kind, one, known), **computed.get(one, {})) for one in level]
        for row, row_id in zip(rows, level, strict=True):
            if row_id > 0:
                row.pk = row_id
        MODELS[kind]._default_manager.bulk_create(rows, batch_size=500)
        done |= {(kind, row_id): row.pk for row, row_id in zip(rows, level, strict=True) if row_id < 0}
    return done


def _levels(state: PlanState, kind: Kind, row_ids: Sequence[int]) -> list[list[int]]:
    if kind != "task" or not row_ids:
        return [list(row_ids)] if row_ids else []
    by_level: dict[int, list[int]] = {}
    wanted = set(row_ids)
    for task_id, place in state.outline.items():
        if task_id in wanted:
            by_level.setdefault(place.level, []).append(task_id)
    return [by_level[level] for level in sorted(by_level)]


def _update(state: PlanState, kind: Kind, changes: Sequence[RowChange], ids: Mapping[tuple[Kind, int], int]) -> None:
    by_fields: dict[tuple[str, ...], list[int]] = {}
    for change in changes:
        if change["old"] is not None and change["new"] is not None:
            by_fields.setdefault(tuple(sorted(change["new"])), []).append(change["id"])
    for names, row_ids in by_fields.items():
        columns = [COLUMNS.get(name, name) for name in names]
        values = (_row_values(state, kind, row_id, ids) for row_id in row_ids)
        update_rows(
            MODELS[kind], columns, [([row[c] for c in columns], key) for row, key in zip(values, row_ids, strict=True)]
        )


def write_results(stored: Stored, places: Mapping[int, Place], result: Scheduled) -> list[int]:
    """Write the outline and the computed dates that differ from what is stored; returns the ids of those tasks."""
    placed, dated = [], []
    for task_id, place in places.items():
        now = (place.sequence, place.wbs, place.is_summary)
        if stored.places.get(task_id) != now:
            placed.append((list(now), task_id))
        dates = result.dates[task_id]
        if stored.dates.get(task_id) != dates:
            dated.append((_stored_dates(dates), task_id))
    update_rows(Task, PLACED, placed)
    update_rows(Task, COMPUTED, dated)
    return list(dict.fromkeys([key for _, key in placed] + [key for _, key in dated]))


def _stored_dates(dates: Dates) -> list[Any]:
    values = [getattr(dates, name) for name in COMPUTED]
    return [stored_time(value) if isinstance(value, dt.datetime) else value for value in values]
