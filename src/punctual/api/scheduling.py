"""Schedule runs, forecasts, promise dates and the ledger, load, absences, scenarios."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.resources.models import Skill
from punctual.domain.scheduling.load import periods_of
from punctual.domain.scheduling.models import Absence, OrderForecast, Promise, ScheduleRun
from punctual.domain.scheduling.promising import Offered
from punctual.domain.scheduling.selectors import (
    absences,
    driving_chain,
    forecast_of,
    is_stale,
    promises,
    run_by_id,
    runs_of,
)
from punctual.domain.scheduling.services.absences import cancel_absence, enter_absence
from punctual.domain.scheduling.services.levelling import accept_levelling
from punctual.domain.scheduling.services.locks import lock_task, unlock_task
from punctual.flows.load_picture import loads_of
from punctual.flows.promise_at_entry import promise_for_order
from punctual.flows.promise_ledger import promise_order
from punctual.flows.replan import replan_by_hand
from punctual.flows.rush_approval import accept_rush
from punctual.flows.rush_order import harm_of
from punctual.platform.accounts.permissions import require
from punctual.platform.records import not_found

router = Router()


class RunOut(Schema):
    """A schedule run. ``stale`` is told for the current one only."""

    id: int
    state: str
    why: list[dict[str, str]]
    asked_by: str
    asked_at: dt.datetime
    finished_at: dt.datetime | None
    seconds: float
    verified: bool
    is_current: bool
    stale: bool | None
    repeats: int
    inputs: dict[str, Any]
    result: dict[str, Any]
    error: str


class ForecastOut(Schema):
    """With 50, 80 and 95 % the order is delivered by these days; percents that promise and request are kept."""

    order: str
    run: int
    planned: dt.date
    p50: dt.date
    p80: dt.date
    p95: dt.date
    promise_percent: int | None
    request_percent: int | None
    expected_damages: float
    histogram: list[tuple[str, int]]
    causes: list[dict[str, Any]]


class MoveOut(Schema):
    order: str
    days: int
    p80: dt.date
    p80_then: dt.date
    percent: int | None
    percent_then: int | None
    cost: float


class OfferOut(Schema):
    """One of the three dates: ``nobody`` moves, ``negotiated``, with ``levers``."""

    kind: str
    planned: dt.date
    p50: dt.date
    p80: dt.date
    p95: dt.date
    request_percent: int | None
    price: float
    levers: list[dict[str, Any]]
    moves: list[MoveOut]


class PromiseDatesOut(Schema):
    run: int
    stale: bool
    requested: dt.date | None
    floor: int
    wanted: int
    offers: list[OfferOut]
    holds: list[dict[str, Any]]
    seconds: float


class PromiseOut(Schema):
    """A date that was told to the customer."""

    id: int
    order: str
    line: int
    number: int
    date: dt.date
    before: dt.date | None
    at: dt.datetime
    by: str
    channel: str
    cause: str
    reason: str
    exception_reason: str
    probability: int | None
    run: int | None


class PromiseIn(Schema):
    """``date`` for every line. Below the company's floor an ``exception_reason`` is needed."""

    version: int
    date: dt.date
    channel: str
    cause: str = "first"
    reason: str = ""
    exception_reason: str = ""
    offer: Literal["nobody", "negotiated", "levers"] = "nobody"


class AbsenceIn(Schema):
    resource: int
    kind: str
    first: dt.date
    last: dt.date
    note: str = ""


class AbsenceOut(Schema):
    id: int
    version: int
    resource: int
    resource_name: str
    kind: str
    first: dt.date
    last: dt.date
    note: str
    cancelled_at: dt.datetime | None


class SchedulingVersionIn(Schema):
    version: int


class LevellingIn(Schema):
    """``orders``: number or id of the order → version of its plan."""

    run: int
    orders: dict[str, int]


def _run(found: ScheduleRun) -> dict[str, Any]:
    return {
        "id": found.pk,
        "state": found.state,
        "why": found.why,
        "asked_by": str(found.asked_by or ""),
        "asked_at": found.asked_at,
        "finished_at": found.finished_at,
        "seconds": found.seconds,
        "verified": found.verified,
        "is_current": found.is_current,
        "stale": is_stale(found) if found.is_current else None,
        "repeats": found.repeats,
        "inputs": found.inputs,
        "result": found.result,
        "error": found.error,
    }


@router.get("/schedule-runs", response=Listing[RunOut])
def list_runs(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Schedule runs, the newest first."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    return listing(runs_of(actor), paging, sorts=("id", "asked_at", "seconds"), shape=_run)


@router.post("/schedule-runs", response={202: RunOut})
def start_run(request: HttpRequest) -> Any:
    """Let everything be planned again; joins the run that waits already."""
    return 202, _run(replan_by_hand(actor=actor_of(request)))


@router.get("/schedule-runs/{int:pk}", response=RunOut)
def read_run(request: HttpRequest, pk: int) -> Any:
    """One run."""
    return _run(run_by_id(actor_of(request), pk))


@router.get("/orders/{key}/forecast", response=ForecastOut)
def read_forecast(request: HttpRequest, key: str) -> Any:
    """What the current schedule says about an order's delivery, and why."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    found = forecast_of(actor, order)
    if found is None:
        raise not_found(OrderForecast, key)
    return {
        "order": order.key,
        "run": found.run_id,
        "planned": found.planned,
        "p50": found.p50,
        "p80": found.p80,
        "p95": found.p95,
        "promise_percent": found.promise_percent,
        "request_percent": found.request_percent,
        "expected_damages": float(found.expected_damages),
        "histogram": found.histogram,
        "causes": [link.as_data() for link in driving_chain(actor, order)],
    }


@router.get("/orders/{key}/promise-dates", response=PromiseDatesOut)
def promise_dates(request: HttpRequest, key: str) -> Any:
    """The three dates for an order that has no plan yet."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    told = promise_for_order(order=order, actor=actor)
    if told is None:
        raise not_found(OrderForecast, key)
    return {
        "run": told.run.pk,
        "stale": told.is_stale,
        "requested": told.answer.requested,
        "floor": told.limits.floor,
        "wanted": told.limits.wanted,
        "offers": [_offer(one) for one in told.answer.offers],
        "holds": [
            {"kind": one.kind, "task": one.task, "days": one.days, "until": one.until.isoformat(), "what": one.what}
            for one in told.answer.holds
        ],
        "seconds": round(told.answer.seconds, 3),
    }


def _offer(one: Offered) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "planned": one.planned,
        "p50": one.p50,
        "p80": one.p80,
        "p95": one.p95,
        "request_percent": one.request_percent,
        "price": one.price,
        "levers": [
            {"kind": pull.kind, "what": pull.what, "days": pull.days, "price": pull.price} for pull in one.pulls
        ],
        "moves": [_move(move) for move in one.moves],
    }


def _move(move: Any) -> dict[str, Any]:
    return {
        "order": move.entry.key,
        "days": move.days,
        "p80": move.p80,
        "p80_then": move.p80_then,
        "percent": move.percent,
        "percent_then": move.percent_then,
        "cost": round(move.cost, 2),
    }


@router.get("/orders/{key}/rush", response=dict[str, Any])
def rush(request: HttpRequest, key: str, date: dt.date, priority: int = 1) -> Any:
    """What accepting the order for ``date`` with ``priority`` (1 first … 4) does to every other order."""
    actor = actor_of(request)
    order = order_by_key(actor, key)
    harm = harm_of(order=order, day=date, priority=min(4, max(1, priority)), actor=actor)
    return {
        "date": harm.day,
        "finish": harm.finish,
        "percent": harm.percent,
        "broken": [move.entry.key for move in harm.broken],
        "cost": round(harm.cost, 2),
        "moves": [_move(move) for move in harm.moves],
    }


def _promise(found: Promise) -> dict[str, Any]:
    return {
        "id": found.pk,
        "order": found.order.key,
        "line": found.line_no,
        "number": found.number,
        "date": found.date,
        "before": found.before,
        "at": found.at,
        "by": str(found.by or ""),
        "channel": found.channel,
        "cause": found.cause,
        "reason": found.reason,
        "exception_reason": found.exception_reason,
        "probability": found.probability,
        "run": found.run_id,
    }


@router.get("/promises", response=Listing[PromiseOut])
def list_promises(request: HttpRequest, paging: Query[Paging], order: str = "") -> Any:
    """The ledger of dates told to customers, of one order where ``order`` names it."""
    actor = actor_of(request)
    require(actor, "promises.view")
    rows = promises(actor)
    if order:
        rows = rows.filter(order=order_by_key(actor, order))
    return listing(rows, paging, sorts=("at", "date", "probability"), shape=_promise)


@router.post("/orders/{key}/promises", response={201: list[PromiseOut]})
def give_promise(request: HttpRequest, key: str, body: PromiseIn) -> Any:
    """Promise a day for all lines of the order."""
    actor = actor_of(request)
    made = promise_order(
        actor=actor,
        order_id=order_by_key(actor, key).pk,
        dates=body.date,
        today=timezone.localdate(),
        channel=body.channel,
        cause=body.cause,
        reason=body.reason,
        exception_reason=body.exception_reason,
        offer=body.offer,
        expected_version=body.version,
    )
    return 201, [_promise(one) for one in made]


@router.get("/load", response=list[dict[str, Any]])
def load(
    request: HttpRequest,
    by: Literal["team", "skill", "resource"] = "team",
    unit: Literal["day", "week", "month"] = "week",
    basis: Literal["scheduled", "planned"] = "scheduled",
    count: int = 10,
) -> Any:
    """Hours of capacity, firm and soft load by team, skill or resource and period from today on."""
    loads, run = loads_of(actor_of(request), basis)
    periods = periods_of(loads.availability, timezone.localdate(), max(1, min(60, count)), unit)
    return [
        {
            "key": row.key,
            "name": row.name,
            "kind": row.kind,
            "members": row.members,
            "run": run.pk,
            "periods": [
                {
                    "first": cell.period.first.isoformat(),
                    "last": cell.period.last.isoformat(),
                    "capacity": cell.capacity,
                    "firm": cell.firm,
                    "soft": round(cell.soft, 2),
                }
                for cell in row.cells
            ],
        }
        for row in loads.rows(by, periods, dict(Skill.objects.values_list("pk", "name")))
    ]


@router.post("/levelling", response=dict[str, int])
def level(request: HttpRequest, body: LevellingIn) -> Any:
    """Accept the levelling proposal of the current run for some orders: all of them or none."""
    actor = actor_of(request)
    versions = {order_by_key(actor, key).pk: version for key, version in body.orders.items()}
    moved = accept_levelling(actor=actor, run_id=body.run, versions=versions, today=timezone.localdate())
    return {"moved": moved}


class LockOut(Schema):
    task: int
    start: dt.datetime


@router.post("/tasks/{int:pk}/lock", response=LockOut)
def lock(request: HttpRequest, pk: int) -> Any:
    """Let schedules leave a task that has not begun where the current one has it."""
    made = lock_task(actor=actor_of(request), task_id=pk)
    return {"task": pk, "start": made.start}


@router.post("/tasks/{int:pk}/unlock", response={204: None})
def unlock(request: HttpRequest, pk: int) -> Any:
    """Let schedules move the task again."""
    unlock_task(actor=actor_of(request), task_id=pk)
    return 204, None


class RushIn(Schema):
    date: dt.date
    priority: Literal[1, 2, 3, 4] = 1
    reason: str = ""


class RushOut(Schema):
    """``approval``: the request that waits for a decision; none where the day is promised already."""

    approval: int | None


@router.post("/orders/{key}/rush", response=RushOut)
def take_rush(request: HttpRequest, key: str, body: RushIn) -> Any:
    """Accept a rush order for a day; where others would lose their promise, a manager is asked first."""
    actor = actor_of(request)
    asked = accept_rush(
        actor=actor,
        order_id=order_by_key(actor, key).pk,
        day=body.date,
        priority=body.priority,
        today=timezone.localdate(),
        reason=body.reason,
    )
    return {"approval": asked.pk if asked else None}


def _absence(found: Absence) -> dict[str, Any]:
    return {
        "id": found.pk,
        "version": found.version,
        "resource": found.resource_id,
        "resource_name": found.resource.name,
        "kind": found.kind,
        "first": found.first,
        "last": found.last,
        "note": found.note,
        "cancelled_at": found.cancelled_at,
    }


@router.get("/absences", response=Listing[AbsenceOut])
def list_absences(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Absences of people and machines, the latest first."""
    actor = actor_of(request)
    require(actor, "scheduling.view")
    return listing(absences(actor), paging, sorts=("first", "last"), shape=_absence)


@router.post("/absences", response={201: AbsenceOut})
def create_absence(request: HttpRequest, body: AbsenceIn) -> Any:
    """Enter an absence; everything is planned again."""
    made = enter_absence(
        actor=actor_of(request),
        resource_id=body.resource,
        kind=body.kind,
        first=body.first,
        last=body.last,
        note=body.note,
    )
    return 201, _absence(made)


@router.post("/absences/{int:pk}/cancel", response=AbsenceOut)
def take_back_absence(request: HttpRequest, pk: int, body: SchedulingVersionIn) -> Any:
    """Take an absence back."""
    return _absence(cancel_absence(actor=actor_of(request), absence_id=pk, expected_version=body.version))
