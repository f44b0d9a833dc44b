"""Inspections."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.quality import selectors
from punctual.domain.quality.models import Inspection
from punctual.domain.quality.rules import SamplingRule
from punctual.domain.quality.services.inspections import LotIn, accept_by_deviation, open_inspection
from punctual.domain.quality.services.results import ResultsIn, ValueGiven, enter_results
from punctual.flows.failed_inspection import submit_inspection
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


class QualityVersionIn(Schema):
    """``version`` of the record as it was read; absent: do it whatever happened meanwhile."""

    version: int | None = None


class QualityReasonIn(QualityVersionIn):
    reason: str = ""


# ------------------------------------------------------------------------------------------------------ inspections


class InspectionIn(Schema):
    """``order`` is a number or id, ``supplier`` an id; ``sampling``: all, fixed, percent, aql."""

    model_config = ConfigDict(extra="forbid")
    stage: str
    item_name: str
    item: str = ""
    lot_size: int
    sampling: str = "aql"
    sample_number: Decimal | None = None
    aql: Decimal | None = None
    level: str = "II"
    unit: str = ""
    lot_no: str = ""
    order: str = ""
    supplier: int | None = None
    due: dt.date | None = None


class InspectionShort(Schema):
    id: int
    number: str
    stage: str
    state: str
    item: str
    item_name: str
    order: str | None
    supplier: str | None
    lot_no: str
    lot_size: int
    sampling: str
    severity: str
    code_letter: str
    sample_size: int
    ac: int
    re: int
    inspected: int
    nonconforming: int
    judged_at: dt.datetime | None
    witness: str
    inspector: str | None
    version: int


class QualityItemOut(Schema):
    id: int
    kind: str
    name: str
    unit: str
    lower: Decimal | None
    upper: Decimal | None
    passed: bool | None
    values: list[dict[str, Any]]


class InspectionOut(InspectionShort):
    """``verified``: whether a published source confirms the cell of the standard's table that gave the sample."""

    verified: bool
    items: list[QualityItemOut]
    defects: dict[str, int]
    nonconformities: list[str]


class ReadingIn(Schema):
    """``value`` null takes the reading back."""

    item: int
    unit_no: int
    value: Decimal | None
    unit: str = ""
    gauge: str = ""
    serial: str = ""


class ResultsGiven(QualityVersionIn):
    """What is absent stays. ``answers``: item id → true, false or null."""

    model_config = ConfigDict(extra="forbid")
    inspected: int | None = None
    nonconforming: int | None = None
    defects: dict[str, int] | None = None
    values: list[ReadingIn] = Field(default_factory=list)
    answers: dict[int, bool | None] = Field(default_factory=dict)
    note: str | None = None
    witness: str | None = None
    take_over: bool = False


class InspectionFilter(Schema):
    state: str = ""
    stage: str = ""
    supplier: int | None = None


def _short(one: Inspection) -> dict[str, Any]:
    names = InspectionShort.model_fields.keys() - {"item", "order", "supplier", "inspector"}
    return {name: getattr(one, name) for name in names} | {
        "item": one.item_key,
        "order": one.order.label if one.order else None,
        "supplier": str(one.supplier) if one.supplier else None,
        "inspector": str(one.inspector) if one.inspector else None,
    }


def _full(one: Inspection) -> dict[str, Any]:
    names = QualityItemOut.model_fields.keys() - {"values"}
    return _short(one) | {
        "items": [
            {name: getattr(item, name) for name in names}
            | {
                "values": [
                    {"unit_no": row.unit_no, "serial": row.serial, "value": row.value, "ok": row.is_ok}
                    for row in item.measurements.all()
                ]
            }
            for item in selectors.items_of(one)
        ],
        "verified": selectors.is_verified(one),
        "defects": {row.name: row.quantity for row in one.defects.all()},
        "nonconformities": [row.number for row in one.nonconformities.all()],
    }


def _seen(actor: User) -> None:
    """Inspectors of the shop floor see their own; nobody else without the right to look."""
    if not may(actor, "quality.view"):
        require(actor, "quality.inspect")


@router.get("/inspections", response=Listing[InspectionShort])
def get_inspections(request: HttpRequest, filters: Query[InspectionFilter], paging: Query[Paging]) -> dict[str, Any]:
    """Inspections that one may see, the newest first."""
    actor = actor_of(request)
    _seen(actor)
    rows = selectors.listed_inspections(actor)
    wanted = {"state": filters.state, "stage": filters.stage, "supplier_id": filters.supplier}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return listing(rows, paging, sorts=["number", "judged_at", "due"], shape=_short)


@router.get("/inspections/{inspection_id}", response=InspectionOut)
def get_inspection(request: HttpRequest, inspection_id: int) -> dict[str, Any]:
    """One inspection with its characteristics and values."""
    actor = actor_of(request)
    _seen(actor)
    return _full(selectors.inspection_by_id(actor, inspection_id))


@router.post("/inspections", response={201: InspectionOut})
def post_inspection(request: HttpRequest, payload: InspectionIn) -> Status[dict[str, Any]]:
    """Open an inspection; letter, sample, Ac and Re come from the severity in force."""
    actor = actor_of(request)
    require(actor, "quality.inspect")
    supplier = (
        get_or_not_found(Supplier.objects.filter(archived_at=None), pk=payload.supplier) if payload.supplier else None
    )
    lot = LotIn(
        stage=payload.stage,
        item_name=payload.item_name,
        item_key=payload.item[:60],
        lot_size=payload.lot_size,
        rule=SamplingRule(payload.sampling, payload.sample_number, payload.aql, payload.level),
        unit=payload.unit[:20],
        lot_no=payload.lot_no,
        order=order_by_key(actor, payload.order) if payload.order else None,
        supplier=supplier,
        due=payload.due,
    )
    return Status(201, _full(open_inspection(actor=actor, lot=lot, today=timezone.localdate())))


@router.post("/inspections/{inspection_id}/results", response=InspectionOut)
def post_results(request: HttpRequest, inspection_id: int, payload: ResultsGiven) -> dict[str, Any]:
    """Enter what was found so far."""
    actor = actor_of(request)
    results = ResultsIn(
        payload.inspected,
        payload.nonconforming,
        payload.defects,
        [ValueGiven(one.item, one.unit_no, one.value, one.unit, one.gauge, one.serial) for one in payload.values],
        payload.answers,
        payload.note,
        payload.witness,
    )
    found = enter_results(
        actor=actor,
        inspection_id=inspection_id,
        results=results,
        today=timezone.localdate(),
        expected_version=payload.version,
        take_over=payload.take_over,
    )
    return _full(found)


@router.post("/inspections/{inspection_id}/submit", response=InspectionOut)
def post_submit(request: HttpRequest, inspection_id: int, payload: QualityVersionIn) -> dict[str, Any]:
    """Give the automatic verdict; a rejected lot opens a nonconformity."""
    judged = submit_inspection(
        actor=actor_of(request),
        inspection_id=inspection_id,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _full(judged.inspection)


@router.post("/inspections/{inspection_id}/deviate", response=InspectionOut)
def post_deviate(request: HttpRequest, inspection_id: int, payload: QualityReasonIn) -> dict[str, Any]:
    """Accept a rejected lot by deviation, in one's own name."""
    found = accept_by_deviation(
        actor=actor_of(request),
        inspection_id=inspection_id,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return _full(found)
