"""Quality plans of orders and the templates they come from: control points, characteristics, approval, concessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.quality import QualityReasonIn, QualityVersionIn
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.quality import selectors
from punctual.domain.quality.gates import all_gates
from punctual.domain.quality.models import ControlPoint, PlanRevision, QualityPlan, QualityTemplate, TemplatePoint
from punctual.domain.quality.models.plans import PointFacts
from punctual.domain.quality.services.plans import (
    approve_quality_plan,
    concede,
    make_quality_plan,
    put_point,
    remove_point,
    revise_quality_plan,
    withdraw_concession,
)
from punctual.domain.quality.services.points import CharacteristicIn, PointIn
from punctual.domain.quality.services.templates import (
    TemplateIn,
    put_template,
    put_template_point,
    remove_template_point,
)
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require

router = Router()


class CharacteristicIO(Schema):
    """``kind``: measured, attribute, checklist or document; ``gauge`` and ``chart`` by their codes."""

    model_config = ConfigDict(extra="forbid")
    name: str
    kind: str = "attribute"
    defect_class: str = "major"
    unit: str = ""
    nominal: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    gauge: str = ""
    chart: str = ""


class PointFactsIO(Schema):
    """``sample_number``: how many, or the percentage; ``hold``: none, hold or witness. Characteristics are given
    whole: what is left out is taken away."""

    name: str
    stage: str
    anchor: str = "task"
    defect_class: str = "major"
    sampling: str = "all"
    sample_number: Decimal | None = None
    aql: Decimal | None = None
    level: str = "II"
    hold: str = "none"
    role: str = "quality"
    evidence: str = ""
    needs_certificate: bool = False
    characteristics: list[CharacteristicIO] = Field(default_factory=list)


class QualityPointIO(PointFactsIO):
    """``task``, ``line`` and ``standards`` (acceptance criteria) by their ids."""

    task: int | None = None
    line: int | None = None
    standards: list[int] = Field(default_factory=list)


class QualityPointIn(QualityPointIO, QualityVersionIn):
    """``version`` is the plan's."""

    model_config = ConfigDict(extra="forbid")


class QualityPointOut(QualityPointIO):
    """``state``: open, failed or passed."""

    id: int
    state: str
    has_certificate: bool
    task_name: str | None


class TemplatePointIO(PointFactsIO):
    """Words that find the task and the acceptance criteria of an order; several are parted by ``|``."""

    task_words: str = ""
    standard_words: str = ""


class TemplatePointIn(TemplatePointIO, QualityVersionIn):
    """``version`` is the template's."""

    model_config = ConfigDict(extra="forbid")


class TemplatePointOut(TemplatePointIO):
    id: int


NOT_GIVEN_ON = {"version", "characteristics", "task_words", "standard_words"}


def _wish(payload: QualityPointIn | TemplatePointIn, point_id: int | None = None) -> PointIn:
    rows = [CharacteristicIn(**one.model_dump()) for one in payload.characteristics]
    return PointIn(**payload.model_dump(exclude=NOT_GIVEN_ON), id=point_id, characteristics=rows)


def _facts(point: PointFacts, characteristics: Sequence[Any]) -> dict[str, Any]:
    own = CharacteristicIO.model_fields.keys() - {"gauge", "chart"}
    return {name: getattr(point, name) for name in PointFactsIO.model_fields.keys() - {"characteristics"}} | {
        "characteristics": [
            {name: getattr(one, name) for name in own}
            | {"gauge": one.gauge.code if one.gauge else "", "chart": one.chart.code if one.chart else ""}
            for one in characteristics
        ]
    }


# -------------------------------------------------------------------------------------------------- plans of orders


class QualityGateOut(Schema):
    """``target`` is the point or the nonconformity; ``conceded_by`` None = it stops; ``concession`` is what is taken
    back to let it stop again."""

    kind: str
    target: int
    message: str
    conceded_by: str | None
    concession: int | None


class QualityPlanShort(Schema):
    order: str
    revision: int
    state: str
    points: int
    not_passed: int
    approved_by: str | None


class QualityPlanOut(Schema):
    """``uncovered``: acceptance criteria that no point shows."""

    order: str
    revision: int
    state: str
    version: int
    approved_by: str | None
    approved_at: dt.datetime | None
    points: list[QualityPointOut]
    uncovered: list[str]
    gates: list[QualityGateOut]


class QualityRevisionOut(Schema):
    """``points`` as they were when it was approved."""

    number: int
    approved_by: str | None
    approved_at: dt.datetime
    points: list[dict[str, Any]]


class ConcedeIn(Schema):
    """``kind``: hold, certificate or ncr; ``target`` as the gate names it."""

    kind: str
    target: int
    reason: str


def _point(point: ControlPoint) -> dict[str, Any]:
    return _facts(point, list(point.characteristics.all())) | {
        "id": point.pk,
        "state": point.state,
        "has_certificate": point.has_certificate,
        "task": point.task_id,
        "task_name": str(point.task) if point.task else None,
        "line": point.order_line_id,
        "standards": [one.pk for one in point.standards.all()],
    }


def _plan(plan: QualityPlan) -> dict[str, Any]:
    points = selectors.points_of(plan).prefetch_related("characteristics__chart")
    return {
        "order": plan.order.key,
        "revision": plan.revision,
        "state": plan.state,
        "version": plan.version,
        "approved_by": str(plan.approved_by) if plan.approved_by else None,
        "approved_at": plan.approved_at,
        "points": [_point(one) for one in points],
        "uncovered": [one.criterion for one in selectors.uncovered_standards(plan.order)],
        "gates": [
            {
                "kind": gate.kind,
                "target": gate.point.pk if gate.point else gate.ncr.pk if gate.ncr else 0,
                "message": gate.reason.worded(gettext),
                "conceded_by": str(gate.concession.by) if gate.concession else None,
                "concession": gate.concession.pk if gate.concession else None,
            }
            for gate in all_gates(plan.order)
        ],
    }


def _short(plan: Any) -> dict[str, Any]:
    return {
        "order": plan.order.key,
        "revision": plan.revision,
        "state": plan.state,
        "points": plan.point_count,
        "not_passed": plan.open_count,
        "approved_by": str(plan.approved_by) if plan.approved_by else None,
    }


def _revision(one: PlanRevision) -> dict[str, Any]:
    who = str(one.approved_by) if one.approved_by else None
    return {"number": one.number, "approved_by": who, "approved_at": one.approved_at, "points": one.document}


def _found(request: HttpRequest, order: str, permission: str) -> tuple[User, QualityPlan]:
    actor = actor_of(request)
    require(actor, permission)
    return actor, selectors.quality_plan_by_order(actor, order)


def _again(actor: User, order: str) -> dict[str, Any]:
    return _plan(selectors.quality_plan_by_order(actor, order))


@router.get("/quality-plans", response=Listing[QualityPlanShort])
def get_quality_plans(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """Quality plans with how many points are not passed yet; ``state``: draft or approved."""
    actor = actor_of(request)
    require(actor, "quality.view")
    rows = selectors.listed_quality_plans(actor)
    return listing(rows.filter(state=state) if state else rows, paging, sorts=["id", "state"], shape=_short)


@router.get("/quality-plans/{order}", response=QualityPlanOut)
def get_quality_plan(request: HttpRequest, order: str) -> dict[str, Any]:
    """Points, criteria that no point shows, and the gates of an order."""
    return _plan(_found(request, order, "quality.view")[1])


@router.post("/quality-plans/{order}", response={201: QualityPlanOut})
def post_quality_plan(request: HttpRequest, order: str) -> Status[dict[str, Any]]:
    """Make the plan from the templates of the order's products; one that is there already is given back."""
    actor = actor_of(request)
    require(actor, "quality.plan")
    return Status(201, _plan(make_quality_plan(order=order_by_key(actor, order), actor=actor)))


@router.get("/quality-plans/{order}/revisions", response=Listing[QualityRevisionOut])
def get_quality_revisions(request: HttpRequest, order: str, paging: Query[Paging]) -> dict[str, Any]:
    """The approved revisions as they were, the newest first."""
    plan = _found(request, order, "quality.view")[1]
    return listing(plan.revisions.select_related("approved_by"), paging, sorts=["number"], shape=_revision)


@router.post("/quality-plans/{order}/points", response={201: QualityPlanOut})
def post_quality_point(request: HttpRequest, order: str, payload: QualityPointIn) -> Status[dict[str, Any]]:
    """Add a control point to a draft."""
    actor, plan = _found(request, order, "quality.plan")
    put_point(actor=actor, plan_id=plan.pk, point=_wish(payload), expected_version=payload.version)
    return Status(201, _again(actor, order))


@router.put("/quality-plans/{order}/points/{point_id}", response=QualityPlanOut)
def put_quality_point(request: HttpRequest, order: str, point_id: int, payload: QualityPointIn) -> dict[str, Any]:
    """Change a control point of a draft; it is given whole."""
    actor, plan = _found(request, order, "quality.plan")
    put_point(actor=actor, plan_id=plan.pk, point=_wish(payload, point_id), expected_version=payload.version)
    return _again(actor, order)


@router.delete("/quality-plans/{order}/points/{point_id}", response={204: None})
def delete_quality_point(
    request: HttpRequest, order: str, point_id: int, version: int | None = None
) -> Status[dict[str, Any] | None]:
    """Take a control point out of a draft; one that was inspected stays."""
    actor, plan = _found(request, order, "quality.plan")
    remove_point(actor=actor, plan_id=plan.pk, point_id=point_id, expected_version=version)
    return Status(204, None)


@router.post("/quality-plans/{order}/approve", response=QualityPlanOut)
def post_approve_quality_plan(request: HttpRequest, order: str, payload: QualityVersionIn) -> dict[str, Any]:
    """Approve the draft; the revision is kept."""
    actor, plan = _found(request, order, "quality.approve")
    return _plan(approve_quality_plan(actor=actor, plan_id=plan.pk, expected_version=payload.version))


@router.post("/quality-plans/{order}/revise", response=QualityPlanOut)
def post_revise_quality_plan(request: HttpRequest, order: str, payload: QualityReasonIn) -> dict[str, Any]:
    """Open the next revision of an approved plan as a draft, with the reason."""
    actor, plan = _found(request, order, "quality.plan")
    revised = revise_quality_plan(actor=actor, plan_id=plan.pk, reason=payload.reason, expected_version=payload.version)
    return _plan(revised)


@router.post("/quality-plans/{order}/concessions", response=QualityPlanOut)
def post_concession(request: HttpRequest, order: str, payload: ConcedeIn) -> dict[str, Any]:
    """Let an open gate pass, in one's own name."""
    actor, plan = _found(request, order, "quality.concede")
    concede(actor=actor, order=plan.order, kind=payload.kind, target_id=payload.target, reason=payload.reason)
    return _plan(plan)


@router.delete("/quality-plans/{order}/concessions/{concession_id}", response={204: None})
def delete_concession(request: HttpRequest, order: str, concession_id: int) -> Status[dict[str, Any] | None]:
    """Take a concession back; the gate counts again."""
    actor, plan = _found(request, order, "quality.concede")
    withdraw_concession(actor=actor, order=plan.order, concession_id=concession_id)
    return Status(204, None)


# -------------------------------------------------------------------------------------------------------- templates


class QualityTemplateIn(QualityVersionIn):
    """For one product or one family, by id; with neither for everything that has none of its own."""

    model_config = ConfigDict(extra="forbid")
    code: str
    name: str
    family: int | None = None
    product: int | None = None


class QualityTemplateShort(QualityTemplateIn):
    id: int
    version: int
    points: int


class QualityTemplateOut(QualityTemplateIn):
    id: int
    version: int
    points: list[TemplatePointOut]


def _template_head(one: QualityTemplate) -> dict[str, Any]:
    return {
        "id": one.pk,
        "version": one.version,
        "code": one.code,
        "name": one.name,
        "family": one.family_id,
        "product": one.product_id,
    }


def _template(one: QualityTemplate) -> dict[str, Any]:
    points = TemplatePoint.objects.filter(template=one).prefetch_related(
        "characteristics__gauge", "characteristics__chart"
    )
    own = ("id", "task_words", "standard_words")
    return _template_head(one) | {
        "points": [
            _facts(point, list(point.characteristics.all())) | {name: getattr(point, name) for name in own}
            for point in points
        ]
    }


def _template_by_id(request: HttpRequest, template_id: int) -> tuple[User, QualityTemplate]:
    actor = actor_of(request)
    require(actor, "quality.handle")
    return actor, selectors.template_by_id(actor, template_id)


@router.get("/quality-templates", response=Listing[QualityTemplateShort])
def get_quality_templates(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """How products and families are inspected."""
    actor = actor_of(request)
    require(actor, "quality.view")
    rows: Any = selectors.templates_of(actor)
    return listing(
        rows, paging, sorts=["code", "name"], shape=lambda one: _template_head(one) | {"points": one.point_count}
    )


@router.post("/quality-templates", response={201: QualityTemplateOut})
def post_quality_template(request: HttpRequest, payload: QualityTemplateIn) -> Status[dict[str, Any]]:
    """Make a template; plans that are there stay as they are."""
    given = TemplateIn(**payload.model_dump(exclude={"version"}))
    return Status(201, _template(put_template(actor=actor_of(request), given=given)))


@router.get("/quality-templates/{template_id}", response=QualityTemplateOut)
def get_quality_template(request: HttpRequest, template_id: int) -> dict[str, Any]:
    """One template with its control points and characteristics."""
    actor = actor_of(request)
    require(actor, "quality.view")
    return _template(selectors.template_by_id(actor, template_id))


@router.put("/quality-templates/{template_id}", response=QualityTemplateOut)
def put_quality_template(request: HttpRequest, template_id: int, payload: QualityTemplateIn) -> dict[str, Any]:
    """Change what a template is called and what it is for."""
    actor = _template_by_id(request, template_id)[0]
    given = TemplateIn(**payload.model_dump(exclude={"version"}))
    return _template(put_template(actor=actor, given=given, template_id=template_id, expected_version=payload.version))


def _put(request: HttpRequest, template_id: int, payload: TemplatePointIn, point_id: int | None) -> dict[str, Any]:
    actor = _template_by_id(request, template_id)[0]
    put_template_point(
        actor=actor,
        template_id=template_id,
        point=_wish(payload, point_id),
        task_words=payload.task_words,
        standard_words=payload.standard_words,
        expected_version=payload.version,
    )
    return _template(selectors.template_by_id(actor, template_id))


@router.post("/quality-templates/{template_id}/points", response={201: QualityTemplateOut})
def post_template_point(request: HttpRequest, template_id: int, payload: TemplatePointIn) -> Status[dict[str, Any]]:
    """Add a control point to a template."""
    return Status(201, _put(request, template_id, payload, None))


@router.put("/quality-templates/{template_id}/points/{point_id}", response=QualityTemplateOut)
def put_one_template_point(
    request: HttpRequest, template_id: int, point_id: int, payload: TemplatePointIn
) -> dict[str, Any]:
    """Change a control point of a template; it is given whole."""
    return _put(request, template_id, payload, point_id)


@router.delete("/quality-templates/{template_id}/points/{point_id}", response={204: None})
def delete_template_point(
    request: HttpRequest, template_id: int, point_id: int, version: int | None = None
) -> Status[dict[str, Any] | None]:
    """Take a control point out of a template; plans that are there keep theirs."""
    actor = _template_by_id(request, template_id)[0]
    remove_template_point(actor=actor, template_id=template_id, point_id=point_id, expected_version=version)
    return Status(204, None)
