"""What stands behind the daily work of quality: gauges, severities, control charts, reviews, figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.quality import QualityReasonIn, QualityVersionIn
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.quality import dashboard, selectors
from punctual.domain.quality.models import ControlChart, Gauge, QualityReview, SupplierSeverity
from punctual.domain.quality.services.charts import answer_signal, compute, rule_words
from punctual.domain.quality.services.gauges import FIELDS, GaugeIn, put_gauge
from punctual.domain.quality.services.reviews import plan_review
from punctual.domain.quality.services.switching import switch, word_of
from punctual.engine.capability import Interval
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


# ----------------------------------------------------------------------------------------------------------- gauges


class GaugeGiven(QualityVersionIn):
    model_config = ConfigDict(extra="forbid")
    code: str
    name: str
    unit: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    resolution: Decimal | None = None
    calibrated_on: dt.date | None = None
    calibration_due: dt.date | None = None
    place: str = ""


class GaugeOut(GaugeGiven):
    id: int


def _gauge(one: Gauge) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "version", *FIELDS)}


@router.get("/gauges", response=Listing[GaugeOut])
def get_gauges(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Gauges with range and calibration."""
    rows = selectors.gauges_of(_inspects(request))
    return listing(rows, paging, sorts=["code", "calibration_due"], shape=_gauge)


@router.post("/gauges", response={201: GaugeOut})
def post_gauge(request: HttpRequest, payload: GaugeGiven) -> Status[dict[str, Any]]:
    """Make a gauge."""
    given = GaugeIn(**payload.model_dump(exclude={"version"}))
    return Status(201, _gauge(put_gauge(actor=actor_of(request), given=given)))


@router.put("/gauges/{gauge_id}", response=GaugeOut)
def put_one_gauge(request: HttpRequest, gauge_id: int, payload: GaugeGiven) -> dict[str, Any]:
    """Change a gauge, its calibration for instance."""
    given = GaugeIn(**payload.model_dump(exclude={"version"}))
    version = payload.version
    return _gauge(put_gauge(actor=actor_of(request), given=given, gauge_id=gauge_id, expected_version=version))


def _inspects(request: HttpRequest) -> User:
    actor = actor_of(request)
    if not may(actor, "quality.inspect"):
        require(actor, "quality.view")
    return actor


# ------------------------------------------------------------------------------------------------------- severities


class SeverityOut(Schema):
    """``severity``: normal, tightened, reduced or discontinued."""

    id: int
    supplier: str
    item: str
    item_name: str
    severity: str
    score: int
    accepted_in_a_row: int
    rejected_tightened: int
    aql: Decimal
    level: str
    version: int


class SwitchOut(Schema):
    old: str
    new: str
    rule: str
    reason: str
    inspection: str | None
    by: str | None
    at: dt.datetime


class SeverityWithHistory(SeverityOut):
    history: list[SwitchOut]


class SwitchIn(QualityReasonIn):
    """``verb``: reduce, irregular (reduced inspection ends) or resume."""

    verb: str


def _severity(one: SupplierSeverity) -> dict[str, Any]:
    names = SeverityOut.model_fields.keys() - {"supplier", "item", "severity"}
    words = {"supplier": str(one.supplier), "item": one.item_key, "severity": word_of(one)}
    return {name: getattr(one, name) for name in names} | words


def _with_history(one: SupplierSeverity) -> dict[str, Any]:
    rows = one.history.select_related("inspection", "by")
    return _severity(one) | {
        "history": [
            {
                "old": row.old,
                "new": row.new,
                "rule": row.rule,
                "reason": row.reason,
                "inspection": row.inspection.number if row.inspection else None,
                "by": str(row.by) if row.by else None,
                "at": row.at,
            }
            for row in rows
        ]
    }


@router.get("/inspection-severities", response=Listing[SeverityOut])
def get_severities(request: HttpRequest, paging: Query[Paging], supplier: int | None = None) -> dict[str, Any]:
    """How strictly each item of each supplier is inspected."""
    actor = actor_of(request)
    require(actor, "quality.view")
    rows = selectors.severities_of(actor)
    rows = rows.filter(supplier_id=supplier) if supplier else rows
    return listing(rows, paging, sorts=["score", "item_key"], shape=_severity)


@router.get("/inspection-severities/{severity_id}", response=SeverityWithHistory)
def get_severity(request: HttpRequest, severity_id: int) -> dict[str, Any]:
    """One of them with every switch and its reason."""
    actor = actor_of(request)
    require(actor, "quality.view")
    return _with_history(selectors.severity_by_id(actor, severity_id))


@router.post("/inspection-severities/{severity_id}/switch", response=SeverityWithHistory)
def post_switch(request: HttpRequest, severity_id: int, payload: SwitchIn) -> dict[str, Any]:
    """Reduce, end reduced inspection or resume, in one's own name."""
    actor = actor_of(request)
    found = switch(
        actor=actor,
        severity_id=severity_id,
        verb=payload.verb,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return _with_history(found)


# ----------------------------------------------------------------------------------------------------------- charts


class SignalOut(Schema):
    id: int
    rule: int
    words: str
    inspection: str
    found_at: dt.datetime
    answer: str
    answered_by: str | None


class ControlChartOut(Schema):
    id: int
    code: str
    name: str
    type: str
    order: str | None
    supplier: str | None
    version: int


class ControlChartFull(ControlChartOut):
    """Limits are one number, or one a point where the sizes differ; empty while nothing can be computed. Indices are
    value, lower and upper bound of the confidence interval."""

    center: float | None
    lcl: float | list[float] | None
    ucl: float | list[float] | None
    points: list[dict[str, Any]]
    indices: dict[str, list[float]]
    signals: list[SignalOut]


class AnswerIn(Schema):
    text: str


def _chart(one: ControlChart) -> dict[str, Any]:
    names = ControlChartOut.model_fields.keys() - {"order", "supplier"}
    return {name: getattr(one, name) for name in names} | {
        "order": one.order.label if one.order else None,
        "supplier": str(one.supplier) if one.supplier else None,
    }


def _full_chart(one: ControlChart) -> dict[str, Any]:
    found = compute(one)
    chart = found.chart
    signals = one.signals.select_related("inspection", "answered_by")
    names = ("cp", "cpk", "pp", "ppk")
    indices: dict[str, tuple[float | None, Interval | None]] = {
        name: (getattr(chart, name, None), getattr(found, name)) for name in names
    }
    statistics: list[float] = list(chart.statistics) if chart else []
    return _chart(one) | {
        "center": chart.center if chart else None,
        "lcl": chart.lcl if chart else None,
        "ucl": chart.ucl if chart else None,
        "points": [
            {"inspection": point.number, "judged_at": point.judged_at, "statistic": value}
            for point, value in zip(found.points, statistics, strict=False)
        ],
        "indices": {
            name: [value, *((bounds.low, bounds.high) if bounds else ())]
            for name, (value, bounds) in indices.items()
            if value is not None
        },
        "signals": [
            {
                "id": row.pk,
                "rule": row.rule,
                "words": gettext(rule_words(one.rules, row.rule)),
                "inspection": row.inspection.number,
                "found_at": row.found_at,
                "answer": row.answer,
                "answered_by": str(row.answered_by) if row.answered_by else None,
            }
            for row in signals
        ],
    }


@router.get("/control-charts", response=Listing[ControlChartOut])
def get_charts(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Control charts."""
    actor = actor_of(request)
    require(actor, "quality.view")
    return listing(selectors.charts_of(actor), paging, sorts=["code", "name"], shape=_chart)


@router.get("/control-charts/{chart_id}", response=ControlChartFull)
def get_chart(request: HttpRequest, chart_id: int) -> dict[str, Any]:
    """One chart with its points, limits, capability and signals."""
    actor = actor_of(request)
    require(actor, "quality.view")
    return _full_chart(selectors.chart_by_id(actor, chart_id))


@router.post("/control-charts/{chart_id}/signals/{signal_id}", response=ControlChartFull)
def post_answer(request: HttpRequest, chart_id: int, signal_id: int, payload: AnswerIn) -> dict[str, Any]:
    """Say what was done about a signal."""
    actor = actor_of(request)
    answer_signal(actor=actor, chart_id=chart_id, signal_id=signal_id, answer=payload.text)
    return _full_chart(selectors.chart_by_id(actor, chart_id))


# ---------------------------------------------------------------------------------------------------------- reviews


class QualityReviewIn(Schema):
    """``kind``: project, process or supplier; ``checks`` empty: none; ``every_months`` empty: once."""

    model_config = ConfigDict(extra="forbid")
    kind: str = "project"
    title: str
    planned_on: dt.date | None = None
    checks: list[str] = Field(default_factory=list)
    order: str = ""
    supplier: int | None = None
    every_months: int | None = None


class QualityReviewOut(Schema):
    id: int
    number: str
    kind: str
    title: str
    state: str
    planned_on: dt.date
    held_on: dt.date | None
    every_months: int | None
    order: str | None
    supplier: str | None
    lead: str
    findings: list[str]
    version: int


def _review(one: QualityReview) -> dict[str, Any]:
    names = QualityReviewOut.model_fields.keys() - {"order", "supplier", "lead", "findings"}
    return {name: getattr(one, name) for name in names} | {
        "order": one.order.label if one.order else None,
        "supplier": str(one.supplier) if one.supplier else None,
        "lead": str(one.lead),
        "findings": [row.text for row in one.findings.all()],
    }


@router.get("/quality-reviews", response=Listing[QualityReviewOut])
def get_reviews(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """The audit plan and what was held."""
    actor = actor_of(request)
    require(actor, "quality.view")
    rows = selectors.reviews_of(actor).prefetch_related("findings")
    rows = rows.filter(state=state) if state else rows
    return listing(rows, paging, sorts=["planned_on", "number"], shape=_review)


@router.post("/quality-reviews", response={201: QualityReviewOut})
def post_review(request: HttpRequest, payload: QualityReviewIn) -> Status[dict[str, Any]]:
    """Put a review into the audit plan."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    made = plan_review(
        actor=actor,
        kind=payload.kind,
        title=payload.title,
        planned_on=payload.planned_on,
        today=timezone.localdate(),
        checks=payload.checks,
        order=order_by_key(actor, payload.order) if payload.order else None,
        supplier=get_or_not_found(Supplier.objects.all(), pk=payload.supplier) if payload.supplier else None,
        every_months=payload.every_months,
    )
    return Status(201, _review(made))


# ---------------------------------------------------------------------------------------------------------- figures


class QualityFigures(Schema):
    """``cost`` is null for those who may not see it; ``ppm`` is of incoming lots."""

    first: dt.date
    last: dt.date
    lots: int
    first_pass_yield: float | None
    ppm: int | None
    cost: Decimal | None
    open_nonconformities: int
    late_corrective_actions: int
    causes: list[dict[str, Any]]
    suppliers: list[dict[str, Any]]
    items: list[dict[str, Any]]


class FiguresOver(Schema):
    days: int = Field(30, ge=1, le=3650)


@router.get("/quality-figures", response=QualityFigures)
def get_figures(request: HttpRequest, over: Query[FiguresOver]) -> dict[str, Any]:
    """The figures of the overview over the last so many days."""
    actor, today = actor_of(request), timezone.localdate()
    require(actor, "quality.view")
    period = dashboard.period_of(over.days, today=today)
    costs, ages = dashboard.cost_of_quality(actor, period), dashboard.capa_ages(actor, today=today)
    found = dashboard.figures(actor, period, costs=costs, ages=ages)
    tables = {"suppliers": dashboard.ppm_by_supplier, "items": dashboard.ppm_by_product}
    return {
        "first": period.first,
        "last": period.last,
        "lots": found.lots,
        "first_pass_yield": found.fpy,
        "ppm": found.ppm,
        "cost": found.cost,
        "open_nonconformities": found.open_ncrs,
        "late_corrective_actions": found.late_capas,
        "causes": [
            {"cause": row.cause, "count": row.count, "days": row.days} for row in dashboard.pareto(actor, period)
        ],
    } | {
        name: [
            {"name": row.name, "lots": row.lots, "rejected": row.rejected, "inspected": row.inspected, "ppm": row.ppm}
            for row in rows(actor, period)
        ]
        for name, rows in tables.items()
    }
