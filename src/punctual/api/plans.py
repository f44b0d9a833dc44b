"""Plans of orders: the schedule, its links, baselines, and the one endpoint by which a plan is edited."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.custom_fields import CustomIn, with_custom
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.plans.models import Baseline, Plan, Task
from punctual.domain.plans.selectors import (
    baseline_of,
    gantt_of,
    listed_plans,
    plan_by_order,
    shape_baseline,
    shape_baseline_tasks,
    shape_links,
    shape_plan,
    shape_tasks,
)
from punctual.domain.plans.services.baselines import keep_baseline
from punctual.domain.plans.services.custom import set_task_fields
from punctual.domain.plans.services.editing import edit_plan
from punctual.domain.plans.store import Stored
from punctual.domain.scheduling.selectors import is_stale, open_scenarios, placed_tasks
from punctual.domain.scheduling.strip import strip_of
from punctual.domain.scheduling.task_ends import task_forecasts
from punctual.flows.load_picture import loads_of
from punctual.flows.order_to_plan import make_plan_for
from punctual.platform.custom_fields.selectors import as_data, data_of, fields_of, values_of
from punctual.platform.records import get_or_not_found

router = Router()
BEHIND: Final = dt.timedelta(days=28)
"""Days of load told behind the end of a plan."""


class PlanOut(Schema):
    """A plan's head. ``days_late``: planned minus requested delivery, in days."""

    id: int
    order: str
    version: int
    start: dt.date
    status_date: dt.date | None
    goals: str
    calendar: int
    planned_start: str | None
    planned_finish: str | None
    planned_date: dt.date | None
    requested_date: dt.date | None
    promised_date: dt.date | None
    latest_start: dt.date | None
    days_late: int | None
    progress: int
    task_count: int


class TaskOut(Schema):
    """A task; durations and floats in working minutes, moments on the site's clock."""

    id: int
    parent: int | None
    sequence: int
    level: int
    wbs: str
    name: str
    is_summary: bool
    is_milestone: bool
    is_delivery: bool
    is_elapsed: bool
    duration: int
    percent: int
    remaining: int | None
    calendar: int | None
    constraint: str
    constraint_date: str | None
    deadline: str | None
    not_before: str | None
    not_before_text: str
    actual_start: str | None
    actual_finish: str | None
    order_line: int | None
    notes: str
    start: str | None = None
    finish: str | None = None
    early_start: str | None = None
    early_finish: str | None = None
    late_start: str | None = None
    late_finish: str | None = None
    total_float: int | None = None
    free_float: int | None = None
    is_critical: bool = False
    custom: dict[str, Any] | None = None
    """The company's own fields by key, in the list of tasks."""


class LinkOut(Schema):
    id: int
    predecessor: int
    successor: int
    type: str
    lag: int
    lag_unit: str


class BaselineOut(Schema):
    number: int
    name: str
    reason: str
    created_at: str
    planned_date: dt.date
    budget_total: Decimal | None
    """Null for who sees no budgets."""


class BaselineTaskOut(Schema):
    id: int
    parent: int | None
    sequence: int
    wbs: str
    name: str
    is_summary: bool
    is_milestone: bool
    duration: int
    start: str
    finish: str
    total_float: int
    is_critical: bool


class PlanIn(Schema):
    order: str
    start: dt.date | None = None


class BaselineIn(Schema):
    name: str
    reason: str = ""
    version: int


class EditIn(Schema):
    """``command``: its ``verb`` and what it needs beside it; ``version`` is the one that the caller has seen."""

    version: int
    command: dict[str, Any]


class EditOut(Schema):
    """``tasks``: all that changed or moved, in the order of the outline. ``links`` and ``needs`` are given whole when
    any of them changed."""

    plan: PlanOut
    tasks: list[TaskOut]
    removed: list[int]
    links: list[LinkOut] | None
    needs: list[dict[str, Any]] | None
    created: list[int]
    history: dict[str, bool]


class OfOrder(Schema):
    """Filter of lists that belong to one plan."""

    order: str


def _plan(request: HttpRequest, order: str) -> Plan:
    return plan_by_order(actor_of(request), order)


@router.get("/plans", response=Listing[PlanOut])
def plans(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The plans of all orders that the caller may see."""
    sorts = ["planned_date", "latest_start", "progress", "task_count"]
    return listing(listed_plans(actor_of(request)), paging, sorts=sorts, shape=shape_plan)


@router.post("/plans", response=PlanOut)
def make(request: HttpRequest, payload: PlanIn) -> Any:
    """Make an order's plan from its lines' templates, with baseline 1."""
    actor = actor_of(request)
    order = order_by_key(actor, payload.order)
    return shape_plan(make_plan_for(order, actor=actor, today=timezone.localdate(), start=payload.start))


@router.get("/plans/{order}", response=PlanOut)
def plan(request: HttpRequest, order: str) -> Any:
    """One plan by its order's number or id."""
    return shape_plan(_plan(request, order))


@router.get("/plans/{order}/gantt")
def gantt(request: HttpRequest, order: str) -> Any:
    """Everything that a Gantt chart of the plan needs, in one answer."""
    return gantt_of(_plan(request, order), actor_of(request))


class TaskForecastOut(Schema):
    """``p50``, ``p80``: the days by which the task ends in half, and in 80 %, of the simulated runs."""

    task: int
    p50: dt.date
    p80: dt.date


@router.get("/plans/{order}/forecast", response=list[TaskForecastOut])
def forecast(request: HttpRequest, order: str) -> Any:
    """When the open tasks end by the schedule over all orders, with what may go wrong; empty before the first one."""
    found = task_forecasts(actor_of(request), _plan(request, order).order)
    return [{"task": task, "p50": p50, "p80": p80} for task, (p50, p80) in found.items()]


class PlacedOut(Schema):
    """When a task would be done, on the clock of the plan's site."""

    id: int
    start: dt.datetime
    finish: dt.datetime


@router.get("/plans/{order}/placed", response=list[PlacedOut])
def placed(request: HttpRequest, order: str, scenario: int | None = None) -> Any:
    """Where the schedule over all orders has the plan's tasks, or where an open ``scenario`` would have them."""
    actor, found = actor_of(request), _plan(request, order)
    beside = None if scenario is None else get_or_not_found(open_scenarios(actor), pk=scenario)
    rows = placed_tasks(actor, found.order, beside)
    return [{"id": task, "start": start, "finish": finish} for task, start, finish in rows]


class LoadDayOut(Schema):
    """Hours: what there is, the order's own work, that of all others, of quotations (with their probability)."""

    day: dt.date
    capacity: float
    own: float
    others: float
    soft: float


class LoadOverOut(Schema):
    """A week that needs ``hours`` more than there is, by the largest orders."""

    first: dt.date
    hours: float
    percent: int
    orders: list[dict[str, Any]]
    others: float


class PlanLoadOut(Schema):
    """The load of one of the teams that do the plan's open work. ``stale``: something has changed since."""

    run: int
    stale: bool
    team: str | None
    teams: list[dict[str, Any]]
    days: list[LoadDayOut]
    over: list[LoadOverOut]


@router.get("/plans/{order}/load", response=PlanLoadOut)
def plan_load(request: HttpRequest, order: str, team: str = "") -> Any:
    """Hours a day of one ``team`` (the busiest one unless told) as the plans have them, from today to behind the end
    of this plan; the weeks that need more than there is, with whose work it is."""
    found = _plan(request, order)
    loads, run = loads_of(actor_of(request), "planned")
    last = max(filter(None, [found.planned_date, found.order.promised_date, timezone.localdate()]))
    strip = strip_of(loads, found.order_id, team, last + BEHIND)
    entries = loads.book.entries
    return {
        "run": run.pk,
        "stale": is_stale(run),
        "team": strip.team,
        "teams": [
            {"key": key, "name": key.split(":", 2)[2], "members": len(loads.members_of(key)), "hours": round(hours)}
            for key, hours in strip.teams
        ],
        "days": strip.days,
        "over": [
            asdict(one)
            | {
                "orders": [
                    {"label": entries[of].label, "key": entries[of].key, "hours": hours} for of, hours in one.orders
                ]
            }
            for one in strip.over
        ],
    }


@router.post("/plans/{order}/edits", response=EditOut)
def edit(request: HttpRequest, order: str, payload: EditIn) -> Any:
    """Do one command: add, delete, move, resize, change, progress, link, relink, unlink, indent, outdent, reorder,
    assign, name, unname, budget, plan, several, undo, redo. Answers with everything that moved."""
    found = _plan(request, order)
    edited = edit_plan(
        plan_id=found.pk,
        actor=actor_of(request),
        today=timezone.localdate(),
        expected_version=payload.version,
        command=payload.command,
    )
    # Thousands of rows may have moved: they are written as they are, without being checked against the schema again.
    return HttpResponse(json.dumps(vars(edited), default=str), content_type="application/json; charset=utf-8")


def _slice(rows: list[dict[str, Any]], paging: Paging) -> dict[str, Any]:
    chosen = rows[paging.offset : paging.offset + paging.limit]
    return {"total": len(rows), "limit": paging.limit, "offset": paging.offset, "items": chosen}


@router.get("/tasks", response=Listing[TaskOut])
def tasks(request: HttpRequest, of: Query[OfOrder], paging: Query[Paging]) -> Any:
    """The tasks of one order's plan, in the order of its outline; ``custom_<key>`` narrows by a custom field."""
    found = _plan(request, of.order)
    stored = Stored(found)
    rows = shape_tasks(stored.state, stored.dates)
    if any(name.startswith("custom_") for name in request.GET):
        chosen = set(with_custom(request, "task", Task.objects.filter(plan=found))[0].values_list("pk", flat=True))
        rows = [row for row in rows if row["id"] in chosen]
    fields = list(fields_of("task"))
    values = values_of(fields, [row["id"] for row in rows])
    for row in rows:
        row["custom"] = {one.key: as_data(one, values[row["id"]].get(one.key)) for one in fields}
    return _slice(rows, paging)


@router.put("/tasks/{int:pk}/custom", response=dict[str, Any])
def put_custom(request: HttpRequest, pk: int, payload: CustomIn) -> Any:
    """Fill in custom fields of a task; ``version`` is its plan's. What is absent stays, null clears. Answers with all
    of them."""
    task = set_task_fields(actor=actor_of(request), task_id=pk, given=payload.values, expected_version=payload.version)
    return data_of("task", task.pk)


@router.get("/dependencies", response=Listing[LinkOut])
def dependencies(request: HttpRequest, of: Query[OfOrder], paging: Query[Paging]) -> Any:
    """The links of one order's plan."""
    return _slice(shape_links(Stored(_plan(request, of.order)).state), paging)


@router.get("/baselines", response=Listing[BaselineOut])
def baselines(request: HttpRequest, of: Query[OfOrder], paging: Query[Paging]) -> Any:
    """What was agreed for one order, first to last."""
    actor, rows = actor_of(request), _plan(request, of.order).baselines.all()
    shape = partial(shape_baseline, actor=actor)
    return listing(rows, paging, sorts=["number", "created_at"], shape=shape)


@router.post("/plans/{order}/baselines", response=BaselineOut)
def keep(request: HttpRequest, order: str, payload: BaselineIn) -> Any:
    """Keep the plan as it is under the next number; from the second baseline on with the reason."""
    found = _plan(request, order)
    baseline: Baseline = keep_baseline(
        plan_id=found.pk,
        actor=actor_of(request),
        name=payload.name,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return shape_baseline(baseline, actor_of(request))


@router.get("/plans/{order}/baselines/{number}", response=list[BaselineTaskOut])
def baseline_tasks(request: HttpRequest, order: str, number: int) -> Any:
    """Every row of a baseline."""
    return shape_baseline_tasks(baseline_of(_plan(request, order), number))
