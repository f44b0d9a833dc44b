"""A control point as it is wanted, in an order's plan or in a template: what is wrong with it, and writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from punctual.domain.quality.models import (
    Anchor,
    ControlChart,
    ControlPoint,
    DefectClass,
    Gauge,
    Hold,
    Kind,
    PointCharacteristic,
    QualityPlan,
    QualityTemplate,
    Sampling,
    Stage,
    TemplateCharacteristic,
    TemplatePoint,
)
from punctual.domain.quality.models.plans import POINT_FIELDS
from punctual.domain.quality.rules import SamplingRule, reasons_against_limits, reasons_against_rule
from punctual.engine.sampling import LEVELS
from punctual.kernel.checks import Checker
from punctual.kernel.refusal import NotFound, Reason
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import Role
from punctual.platform.audit.services import Change, as_json

MOST_POINTS: Final = 200
MOST_CHARACTERISTICS: Final = 60
MOST_VALUE: Final = Decimal(10) ** 12
PLACES: Final = 6


@dataclass(frozen=True, slots=True)
class CharacteristicIn:
    """A characteristic as it is wanted."""

    name: str
    kind: str = Kind.ATTRIBUTE.value
    defect_class: str = DefectClass.MAJOR.value
    unit: str = ""
    nominal: Decimal | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    gauge: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """Gauges and control charts by their codes."""

    gauges: Mapping[str, Gauge]
    charts: Mapping[str, ControlChart]

    @classmethod
    def known(cls) -> Tools:
        return cls(
            {one.code: one for one in Gauge.objects.filter(archived_at=None)},
            {one.code: one for one in ControlChart.objects.all()},
        )


@dataclass(frozen=True, slots=True)
class PointIn:
    """A control point as it is wanted; ``id`` names the one it changes."""

    name: str
    stage: str
    id: int | None = None
    anchor: str = Anchor.TASK.value
    task: int | None = None
    line: int | None = None
    defect_class: str = DefectClass.MAJOR.value
    sampling: str = "all"
    sample_number: Decimal | None = None
    aql: Decimal | None = None
    level: str = "II"
    hold: str = Hold.NONE.value
    role: str = Role.QUALITY.value
    evidence: str = ""
    needs_certificate: bool = False
    standards: Sequence[int] = ()
    characteristics: Sequence[CharacteristicIn] = field(default_factory=tuple)


def reasons_against_point(point: PointIn, *, row: int, tools: Tools) -> list[Reason]:
    """Everything that is wrong with one point, at its row."""
    reasons = []
    if not point.name.strip() or len(point.name) > 120:
        reasons.append(
            Reason("point.name", N_("A control point needs a name of at most 120 characters."), field="name")
        )
    for value, choices, field_name in (
        (point.stage, Stage.values, "stage"),
        (point.anchor, Anchor.values, "anchor"),
        (point.defect_class, DefectClass.values, "defect_class"),
        (point.hold, Hold.values, "hold"),
        (point.role, Role.values, "role"),
        (point.level, LEVELS, "level"),
    ):
        if value not in choices:
            text = N_("“%(value)s” is not possible here; one of %(allowed)s is.")
            params = {"value": value, "allowed": ", ".join(choices)}
            reasons.append(Reason(f"point.{field_name}", text, params, field=field_name))
    reasons += reasons_against_rule(SamplingRule(point.sampling, point.sample_number, point.aql, point.level))
    check = Checker("point")
    check.text("evidence", N_("Evidence"), point.evidence, longest=200)
    reasons += check.reasons
    if len(point.characteristics) > MOST_CHARACTERISTICS:
        text = N_("A control point holds at most %(most)s characteristics.")
        reasons.append(Reason("point.full", text, {"most": MOST_CHARACTERISTICS}, field="characteristics"))
    for one in point.characteristics[:MOST_CHARACTERISTICS]:
        reasons += _against_characteristic(one, tools)
    return [reason.at(row=row) for reason in reasons]


def _against_characteristic(one: CharacteristicIn, tools: Tools) -> list[Reason]:
    if not one.name.strip() or len(one.name) > 120:
        text = N_("A characteristic needs a name of at most 120 characters.")
        return [Reason("characteristic.name", text, field="characteristics")]
    if one.kind not in Kind.values or one.defect_class not in DefectClass.values:
        text = N_("“%(name)s”: choose how it is looked at, and its class.")
        return [Reason("characteristic.kind", text, {"name": one.name}, field="characteristics")]
    check, gauges = Checker("characteristic"), tools.gauges
    check.text("unit", N_("Unit"), one.unit, longest=20)
    for name, value in (("nominal", one.nominal), ("lower", one.lower), ("upper", one.upper)):
        check.number(name, N_("Limits"), abs(value or Decimal(0)), most=MOST_VALUE, places=PLACES)
    if check.reasons:
        return check.reasons
    reasons = []
    if one.chart and one.chart not in tools.charts:
        text = N_("There is no control chart “%(code)s”.")
        reasons.append(Reason("characteristic.chart", text, {"code": one.chart}, field="characteristics"))
    elif one.chart and one.kind != Kind.MEASURED:
        text = N_("“%(name)s”: only a measured value feeds a control chart.")
        reasons.append(Reason("characteristic.chart_kind", text, {"name": one.name}, field="characteristics"))
    if one.gauge and one.gauge not in gauges:
        text = N_("There is no gauge “%(code)s”.")
        reasons.append(Reason("characteristic.gauge", text, {"code": one.gauge}, field="characteristics"))
    elif one.gauge and one.unit and gauges[one.gauge].unit != one.unit:
        text = N_("Gauge %(gauge)s shows %(given)s; “%(name)s” is measured in %(wanted)s.")
        params = {"gauge": one.gauge, "given": gauges[one.gauge].unit, "name": one.name, "wanted": one.unit}
        reasons.append(Reason("measurement.gauge_unit", text, params, field="characteristics"))
    if one.kind == Kind.MEASURED:
        reasons += reasons_against_limits(one.lower, one.nominal, one.upper)
    return reasons


def characteristics_of(wanted: Iterable[CharacteristicIn], tools: Tools) -> list[dict[str, Any]]:
    """Values of the rows, in their order."""
    return [
        {
            "position": position,
            "name": one.name.strip(),
            "kind": one.kind,
            "defect_class": one.defect_class,
            "unit": one.unit.strip(),
            "nominal": one.nominal,
            "lower": one.lower,
            "upper": one.upper,
            "gauge": tools.gauges.get(one.gauge),
            "chart": tools.charts.get(one.chart),
        }
        for position, one in enumerate(wanted)
    ]


def reasons_against_room(point: ControlPoint | TemplatePoint, holder: QualityPlan | QualityTemplate) -> list[Reason]:
    """A plan or template that is full takes no further point."""
    if not point._state.adding or holder.points.count() < MOST_POINTS:
        return []
    text = N_("A quality plan holds at most %(most)s points.")
    return [Reason("quality_plan.full", text, {"most": MOST_POINTS})]


def point_of(holder: QualityPlan | QualityTemplate, pk: int) -> Any:
    """Its point; raises NotFound."""
    found = holder.points.filter(pk=pk).first()
    if found is None:
        raise NotFound(Reason("point.not_found", N_("This quality plan has no such control point.")))
    return found


def write_point(target: ControlPoint | TemplatePoint, point: PointIn, tools: Tools) -> list[Change]:
    """Save it with its characteristics; what changed comes back. The caller has checked it and records the changes."""
    names = [name for name in POINT_FIELDS if name != "position"]
    before = {name: as_json(getattr(target, name)) for name in names} if target.pk else {}
    old = [str(one) for one in target.characteristics.all()] if target.pk else []
    for name in names:
        setattr(target, name, getattr(point, name))
    target.name, target.evidence = point.name.strip(), point.evidence.strip()
    if point.sampling != Sampling.AQL:
        target.aql = None
    if point.sampling not in (Sampling.FIXED, Sampling.PERCENT):
        target.sample_number = None
    target.save()
    target.characteristics.all().delete()
    rows = characteristics_of(point.characteristics, tools)
    if isinstance(target, ControlPoint):
        PointCharacteristic.objects.bulk_create(PointCharacteristic(point=target, **row) for row in rows)
    else:
        TemplateCharacteristic.objects.bulk_create(TemplateCharacteristic(point=target, **row) for row in rows)
    after = {name: as_json(getattr(target, name)) for name in names}
    changes = [
        Change(field=f"{target.name}: {name}", old=before.get(name), new=after[name])
        for name in names
        if before.get(name) != after[name]
    ]
    new = [one.name.strip() for one in point.characteristics]
    if old != new:
        changes.append(Change(field=f"{target.name}: characteristics", old=" · ".join(old), new=" · ".join(new)))
    return changes
