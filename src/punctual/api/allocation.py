"""Who does a task: names on skills that are asked for, and somebody else instead."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.plans.models import Task
from punctual.domain.plans.selectors import plans_of
from punctual.domain.scheduling.models import ScheduleRun
from punctual.domain.scheduling.selectors import book_of
from punctual.domain.scheduling.services.naming import name_need, unname_need
from punctual.domain.scheduling.swaps import Swap
from punctual.flows.allocation import Asked, needs_of_task, suggesting, unnamed_needs
from punctual.flows.swaps import accept_swap, proposed_swaps
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


class SuggestionOut(Schema):
    """``free`` of the ``hours`` that the task lasts; ``busy``: hours of work by name in the four weeks from then on."""

    resource: int
    name: str
    free: float
    hours: float
    busy: float


class NeedOut(Schema):
    """What a task takes: ``skill`` while nobody is named; else ``resource``, with the skill it was ``asked`` for."""

    id: int
    task: int
    order: str
    skill: int | None
    resource: int | None
    asked: int | None
    units: int
    suggestions: list[SuggestionOut]


class NameIn(Schema):
    """``version`` is that of the plan; without it only a change of this very need is a conflict."""

    resource: int
    version: int | None = None


class UnnameIn(Schema):
    version: int | None = None


class GainOut(Schema):
    """An order that ends on another day; ``days`` earlier, negative: later."""

    order: str
    days: int
    before: dt.date
    then: dt.date


class SwapOut(Schema):
    """``task`` by resource ``into`` instead of ``out``. ``cost``: more by the hourly rates, for who may see them."""

    run: int
    stale: bool
    task: int
    order: str
    name: str
    skill: int | None
    out: int
    into: int
    units: int
    start: dt.date
    finish: dt.date
    start_then: dt.date
    finish_then: dt.date
    gains: list[GainOut]
    over_hours_ended: float
    cost: float | None


class SwapIn(Schema):
    """One proposal, as it was read."""

    run: int
    task: int
    out: int
    into: int


def _need(one: Asked) -> dict[str, Any]:
    need = one.need
    return {
        "id": need.pk,
        "task": need.task_id,
        "order": need.task.plan.order.key,
        "skill": need.skill_id,
        "resource": need.resource_id,
        "asked": need.asked_id,
        "units": need.units,
        "suggestions": [
            {"resource": row.resource, "name": row.name, "free": row.free, "hours": row.hours, "busy": row.busy}
            for row in one.suggestions
        ],
    }


@router.get("/needs", response=Listing[NeedOut])
def list_unnamed(
    request: HttpRequest, paging: Query[Paging], skill: int | None = None, until: dt.date | None = None
) -> Any:
    """Skills that tasks of the current schedule ask for without a name, with whom to name."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    suggest = suggesting(actor)
    rows = unnamed_needs(actor, skill=skill, until=until)
    return listing(rows, paging, sorts={"start": "starts"}, shape=lambda need: _need(suggest(need)))


@router.get("/tasks/{int:pk}/needs", response=list[NeedOut])
def read_needs(request: HttpRequest, pk: int) -> Any:
    """Who or what a task takes, with whom to name."""
    return _needs(actor_of(request), pk)


def _needs(actor: User, pk: int) -> list[dict[str, Any]]:
    get_or_not_found(Task.objects.filter(plan__in=plans_of(actor)), pk=pk)
    return [_need(one) for one in needs_of_task(actor, pk)]


@router.post("/tasks/{int:pk}/needs/{int:need}/name", response=list[NeedOut])
def put_name(request: HttpRequest, pk: int, need: int, body: NameIn) -> Any:
    """Put a name on one unit of the need, or instead of the name that is on it; answers with the task's needs."""
    actor = actor_of(request)
    name_need(
        actor=actor,
        task_id=pk,
        need_id=need,
        resource_id=body.resource,
        today=timezone.localdate(),
        expected_version=body.version,
    )
    return _needs(actor, pk)


@router.post("/tasks/{int:pk}/needs/{int:need}/unname", response=list[NeedOut])
def take_name_off(request: HttpRequest, pk: int, need: int, body: UnnameIn) -> Any:
    """Let the task ask for the skill again."""
    actor = actor_of(request)
    unname_need(actor=actor, task_id=pk, need_id=need, today=timezone.localdate(), expected_version=body.version)
    return _needs(actor, pk)


@router.get("/swaps", response=list[SwapOut])
def list_swaps(request: HttpRequest) -> Any:
    """Somebody else instead, where a task waits for whom it has: the best first, each verified."""
    actor = actor_of(request)
    found = proposed_swaps(actor)
    keys, see_cost = _keys(found.run), may(actor, "resources.see_cost")
    return [_swap(one, found.run.pk, found.is_stale, keys, see_cost) for one in found.swaps]


def _keys(run: ScheduleRun) -> dict[int, str]:
    book = book_of(run)
    assert book is not None
    return {entry.id: entry.key for entry in book.orders}


def _swap(one: Swap, run: int, stale: bool, keys: dict[int, str], see_cost: bool) -> dict[str, Any]:
    return {
        "run": run,
        "stale": stale,
        "task": one.task,
        "order": keys[one.order],
        "name": one.name,
        "skill": one.skill,
        "out": one.out,
        "into": one.into,
        "units": one.units,
        "start": one.start,
        "finish": one.finish,
        "start_then": one.start_then,
        "finish_then": one.finish_then,
        "gains": [
            {"order": keys[gain.order], "days": gain.days, "before": gain.before, "then": gain.then}
            for gain in one.gains
        ],
        "over_hours_ended": one.hours,
        "cost": one.cost if see_cost else None,
    }


@router.post("/swaps", response=SwapOut)
def take_swap(request: HttpRequest, body: SwapIn) -> Any:
    """Accept one proposal. Conflict when the schedule or what it stands on has changed since."""
    actor = actor_of(request)
    found = accept_swap(
        actor=actor,
        run_id=body.run,
        task_id=body.task,
        out_id=body.out,
        into_id=body.into,
        today=timezone.localdate(),
    )
    run = proposed_swaps(actor).run
    return _swap(found, run.pk, True, _keys(run), may(actor, "resources.see_cost"))
