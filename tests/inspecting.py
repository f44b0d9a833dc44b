"""What tests of quality stand on: an order with plan and quality plan, a supplier, gauges, inspections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import planning
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import DeliveryStandard, Plan
from punctual.domain.quality.models import (
    ControlPoint,
    Gauge,
    Inspection,
    Nonconformity,
    PointCharacteristic,
    QualityPlan,
)
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.services.inspections import LotIn, make_inspection
from punctual.domain.quality.services.ncrs import ContainmentIn, NcrIn, contain, open_ncr
from punctual.domain.quality.services.results import ResultsIn, ValueGiven, enter_results
from punctual.flows.failed_inspection import Judged, submit_inspection
from punctual.kernel.refusal import Refusal
from punctual.platform.accounts.models import User

TODAY = planning.TODAY
AQL_1 = SamplingRule("aql", aql=Decimal("1.0"), level="II")


def supplier(code: str = "S01") -> Supplier:
    return Supplier.objects.get_or_create(code=code, defaults={"name": "东莞轴业", "short_name": "东莞轴业"})[0]


def gauge(code: str = "MIC-01", **more: Any) -> Gauge:
    values = {
        "name": "外径千分尺",
        "unit": "mm",
        "minimum": Decimal(0),
        "maximum": Decimal(25),
        "calibration_due": TODAY + dt.timedelta(days=90),
        **more,
    }
    return Gauge.objects.get_or_create(code=code, defaults=values)[0]


def shaft_item(**more: Any) -> dict[str, Any]:
    """φ20h6: 19.987 to 20.000 mm."""
    return {
        "position": 0,
        "kind": "measured",
        "name": "外径",
        "defect_class": "major",
        "unit": "mm",
        "nominal": Decimal(20),
        "lower": Decimal("19.987"),
        "upper": Decimal("20.000"),
        "gauge_id": gauge().pk,
        "chart_id": None,
        **more,
    }


def lot(size: int = 320, **more: Any) -> LotIn:
    values: dict[str, Any] = {
        "stage": "iqc",
        "item_name": "导向轴 φ20h6×480",
        "item_key": "GS-20",
        "lot_size": size,
        "rule": AQL_1,
        "unit": "件",
        "lot_no": "B261120",
        "supplier": supplier(),
        **more,
    }
    return LotIn(**values)


def inspection(actor: User, size: int = 320, **more: Any) -> Inspection:
    return make_inspection(actor=actor, lot=lot(size, **more), today=TODAY)


def found(actor: User, one: Inspection, *, inspected: int, bad: int, today: dt.date = TODAY, **more: Any) -> Judged:
    """Enter a count and submit."""
    results = ResultsIn(inspected=inspected, nonconforming=bad, **more)
    enter_results(actor=actor, inspection_id=one.pk, results=results, today=today)
    return submit_inspection(actor=actor, inspection_id=one.pk, today=today)


def value(one: Inspection, text: str, unit_no: int = 1, **more: Any) -> ValueGiven:
    return ValueGiven(item=one.items.get().pk, unit_no=unit_no, value=Decimal(text), **more)


def quality_plan(plan: Plan, **point: Any) -> ControlPoint:
    """An approved quality plan with one hold point at 装配 that covers one of two criteria."""
    made = QualityPlan.objects.create(order=plan.order, state="approved")
    for position, text in enumerate(("氦检漏率", "节拍")):
        DeliveryStandard.objects.create(plan=plan, position=position, criterion=text)
    values = {"name": "氦检", "stage": "fqc", "hold": "hold", "task": planning.task(plan, "装配"), **point}
    control = ControlPoint.objects.create(plan=made, order_line=plan.order.lines.first(), **values)
    PointCharacteristic.objects.create(point=control, name="外观", kind="attribute")
    control.standards.set(DeliveryStandard.objects.filter(plan=plan, criterion="氦检漏率"))
    return control


def ncr(actor: User, plan: Plan | None = None, **more: Any) -> Nonconformity:
    values: dict[str, Any] = {"title": "焊缝气孔", "quantity": 2, "nonconforming": 1, "item_key": "HC-1", **more}
    if plan is not None:
        values |= {"order": plan.order, "task": planning.task(plan, "装配")}
    return open_ncr(actor=actor, given=NcrIn(**values), today=TODAY)


def contained(actor: User, one: Nonconformity) -> Nonconformity:
    return contain(actor=actor, ncr_id=one.pk, rows=[ContainmentIn("仓库", "挂红牌", 2, done=True)])


def refused(code: str, call: Callable[[], object]) -> Refusal:
    """The refusal that a call ends in, with this code among its reasons."""
    with pytest.raises(Refusal) as found:
        call()
    assert code in found.value.codes, found.value.codes
    return found.value
