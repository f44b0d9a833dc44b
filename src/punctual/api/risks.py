"""Risks, their responses, and what a simulation says of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.masters import Versioned
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.risks.facts import matrix, points_of
from punctual.domain.risks.models import Risk, RiskAnalysis, RiskResponse
from punctual.domain.risks.rules import Points
from punctual.domain.risks.selectors import latest_analysis, listed, risk_by_id
from punctual.domain.risks.services import register, responses
from punctual.domain.risks.services.register import RiskFacts
from punctual.flows.risk_analysis import ask_for_analysis, is_stale
from punctual.flows.risk_occurs import record_occurrence
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found, not_found

router = Router()


class PointsIn(Schema):
    """Percent; working days; money in the company's currency."""

    probability: int = 0
    days_low: Decimal = Decimal(0)
    days_mode: Decimal = Decimal(0)
    days_high: Decimal = Decimal(0)
    cost_low: Decimal = Decimal(0)
    cost_mode: Decimal = Decimal(0)
    cost_high: Decimal = Decimal(0)


class ResponseOut(PointsIn):
    id: int
    kind: str
    title: str
    cost: Decimal
    owner: str
    due: dt.date | None
    state: str


class RiskOut(PointsIn):
    id: int
    version: int
    number: str
    order: str
    title: str
    cause: str
    category: str
    state: str
    level: int
    quality: int | None
    safety: int | None
    owner: str
    trigger: str
    contingency: str
    basis: str
    review_on: dt.date | None
    occurred_on: dt.date | None
    tasks: list[int]
    responses: list[ResponseOut]


class RiskIn(PointsIn):
    """``order`` by number or id, empty for a risk of the company; ``owner`` by sign-in name, empty: the caller."""

    order: str = ""
    title: str
    category: str
    cause: str = ""
    trigger: str = ""
    contingency: str = ""
    basis: str = ""
    quality: int | None = None
    safety: int | None = None
    owner: str = ""
    review_on: dt.date | None = None
    tasks: list[int] = Field(default_factory=list)
    resources: list[int] = Field(default_factory=list)
    suppliers: list[int] = Field(default_factory=list)


class RiskChange(RiskIn):
    version: int


class ResponseIn(PointsIn):
    kind: str
    title: str
    cost: Decimal = Decimal(0)
    owner: str = ""
    due: dt.date | None = None
    version: int


class Noted(Versioned):
    note: str = ""


class Reviewed(Noted):
    review_on: dt.date | None = None


class RiskFilters(Schema):
    order: str = ""
    state: str = ""
    category: str = ""


class AnalysisOut(Schema):
    order: str
    at: dt.datetime
    runs: int
    stale: bool
    result: dict[str, Any]


def _user(name: str, default: User | None) -> User | None:
    if not name:
        return default
    found: User = get_or_not_found(User.objects.filter(is_active=True), username=name)
    return found


def _points(payload: PointsIn) -> Points:
    return Points(**{name: getattr(payload, name) for name in PointsIn.model_fields})


def _response(found: RiskResponse) -> dict[str, Any]:
    names = ("id", "kind", "title", "cost", "due", "state", *PointsIn.model_fields)
    return {**{name: getattr(found, name) for name in names}, "owner": found.owner.username if found.owner else ""}


def _risk(found: Risk) -> dict[str, Any]:
    names = set(RiskOut.model_fields) - {"order", "level", "owner", "tasks", "responses"}
    points = points_of(found)
    return {
        **{name: getattr(found, name) for name in names},
        "order": found.order.key if found.order else "",
        "level": matrix().level(points.probability, points.days_mode),
        "owner": found.owner.username,
        "tasks": [task.pk for task in found.tasks.all()],
        "responses": [_response(one) for one in found.responses.all()],
    }


def _facts(payload: RiskIn, actor: User) -> RiskFacts:
    names = ("title", "category", "cause", "trigger", "contingency", "basis", "quality", "safety", "review_on")
    return RiskFacts(
        **{name: getattr(payload, name) for name in names},
        points=_points(payload),
        owner=_user(payload.owner, actor),
        tasks=payload.tasks,
        resources=payload.resources,
        suppliers=payload.suppliers,
    )


@router.get("/risks", response=Listing[RiskOut])
def risks(request: HttpRequest, paging: Query[Paging], filters: Query[RiskFilters]) -> Any:
    """Risks of the company and of orders."""
    actor = actor_of(request)
    require(actor, "risks.view")
    rows = listed(actor)
    if filters.order:
        rows = rows.filter(order=order_by_key(actor, filters.order))
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.category:
        rows = rows.filter(category=filters.category)
    return listing(rows, paging, sorts=["number", "probability", "review_on"], shape=_risk)


@router.post("/risks", response={201: RiskOut})
def create_risk(request: HttpRequest, payload: RiskIn) -> Any:
    """Enter a risk."""
    actor = actor_of(request)
    order = order_by_key(actor, payload.order) if payload.order else None
    found = register.identify_risk(actor=actor, facts=_facts(payload, actor), order=order, today=timezone.localdate())
    return Status(201, _risk(risk_by_id(actor, found.pk)))


@router.get("/risks/{int:pk}", response=RiskOut)
def risk(request: HttpRequest, pk: int) -> Any:
    """One risk with its responses."""
    return _risk(risk_by_id(actor_of(request), pk))


@router.put("/risks/{int:pk}", response=RiskOut)
def change_risk(request: HttpRequest, pk: int, payload: RiskChange) -> Any:
    """Change what is told of it; its order stays."""
    actor = actor_of(request)
    register.change_risk(actor=actor, risk_id=pk, facts=_facts(payload, actor), expected_version=payload.version)
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/assess", response=RiskOut)
def assess_risk(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Probability and effect are known."""
    actor = actor_of(request)
    register.assess_risk(actor=actor, risk_id=pk, expected_version=payload.version)
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/review", response=RiskOut)
def review_risk(request: HttpRequest, pk: int, payload: Reviewed) -> Any:
    """It was looked at."""
    actor = actor_of(request)
    register.review_risk(
        actor=actor,
        risk_id=pk,
        today=timezone.localdate(),
        next_on=payload.review_on,
        note=payload.note,
        expected_version=payload.version,
    )
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/occur", response=RiskOut)
def occur_risk(request: HttpRequest, pk: int, payload: Noted) -> Any:
    """It has happened: the plan takes the delay."""
    actor = actor_of(request)
    record_occurrence(
        actor=actor, risk_id=pk, today=timezone.localdate(), note=payload.note, expected_version=payload.version
    )
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/close", response=RiskOut)
def close_risk(request: HttpRequest, pk: int, payload: Noted) -> Any:
    """It is over."""
    actor = actor_of(request)
    register.close_risk(actor=actor, risk_id=pk, note=payload.note, expected_version=payload.version)
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/reopen", response=RiskOut)
def reopen_risk(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """It threatens again."""
    actor = actor_of(request)
    register.reopen_risk(actor=actor, risk_id=pk, expected_version=payload.version)
    return _risk(risk_by_id(actor, pk))


@router.post("/risks/{int:pk}/responses", response={201: RiskOut})
def propose_response(request: HttpRequest, pk: int, payload: ResponseIn) -> Any:
    """One more way to meet it, with what it would leave."""
    actor = actor_of(request)
    responses.propose_response(
        actor=actor,
        risk_id=pk,
        kind=payload.kind,
        title=payload.title,
        cost=payload.cost,
        after=_points(payload),
        owner=_user(payload.owner, None),
        due=payload.due,
        expected_version=payload.version,
    )
    return Status(201, _risk(risk_by_id(actor, pk)))


@router.post("/risks/{int:pk}/responses/{int:response_pk}/choose", response=RiskOut)
def choose_response(request: HttpRequest, pk: int, response_pk: int, payload: Versioned) -> Any:
    """Make it the response; its owner gets an action item."""
    actor = actor_of(request)
    responses.choose_response(
        actor=actor,
        risk_id=pk,
        response_id=response_pk,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _risk(risk_by_id(actor, pk))


@router.get("/orders/{str:key}/risk-analysis", response=AnalysisOut)
def risk_analysis(request: HttpRequest, key: str) -> Any:
    """The last simulation: quantiles, days of P80 per risk and response, the curve."""
    actor = actor_of(request)
    require(actor, "risks.view")
    order = order_by_key(actor, key)
    found = latest_analysis(order)
    if found is None:
        raise not_found(RiskAnalysis, key)
    return {
        "order": order.key,
        "at": found.at,
        "runs": found.runs,
        "stale": is_stale(order, found),
        "result": found.result,
    }


@router.post("/orders/{str:key}/risk-analysis", response={202: dict[str, str]})
def ask_analysis(request: HttpRequest, key: str) -> Any:
    """Let a worker simulate the order."""
    actor = actor_of(request)
    require(actor, "risks.view")
    return Status(202, {"job": str(ask_for_analysis(order_by_key(actor, key), actor=actor).pk)})
