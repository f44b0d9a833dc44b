"""Nonconformities and corrective actions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict

from punctual.api.authentication import actor_of
from punctual.api.pages import Listing, Paging, listing
from punctual.api.quality import QualityVersionIn
from punctual.domain.customer_relations.selectors import request_by_key
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Task
from punctual.domain.quality import selectors
from punctual.domain.quality.models import CorrectiveAction, Nonconformity
from punctual.domain.quality.services.capas import check_effect, finish_capa, open_capa, write_step
from punctual.domain.quality.services.ncrs import (
    ContainmentIn,
    NcrIn,
    close_ncr,
    contain,
    report_ncr,
    verify_ncr,
)
from punctual.flows.complaints import SOURCE, ComplaintIn, open_report
from punctual.flows.failed_inspection import DispositionIn, decide_disposition
from punctual.kernel.refusal import Reason, Refusal
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


# --------------------------------------------------------------------------------------------------- nonconformities


class NcrGiven(Schema):
    """``task`` is an id of the order's plan."""

    model_config = ConfigDict(extra="forbid")
    title: str
    detail: str = ""
    origin: str = "task"
    defect_class: str = "major"
    order: str = ""
    task: int | None = None
    supplier: int | None = None
    item: str = ""
    item_name: str = ""
    lot_no: str = ""
    quantity: int = 0
    nonconforming: int = 0
    unit: str = ""
    cause: str = ""


class NcrOut(Schema):
    id: int
    number: str
    state: str
    title: str
    detail: str
    origin: str
    defect_class: str
    order: str | None
    supplier: str | None
    inspection: str | None
    request: str | None
    item: str
    lot_no: str
    quantity: int
    nonconforming: int
    cause: str
    disposition: str
    planned_before: dt.date | None
    planned_after: dt.date | None
    days_lost: int
    cost: Decimal | None
    found_at: dt.datetime
    owner: str
    version: int


class NcrFilter(Schema):
    state: str = ""
    supplier: int | None = None
    order: str = ""


class PlaceIn(Schema):
    place: str
    action: str
    quantity: int = 0
    blocks_stock: bool = False
    done: bool = False


class ContainIn(QualityVersionIn):
    places: list[PlaceIn]


class DisposeIn(QualityVersionIn):
    """Minutes are working time; ``cost`` in the company's currency."""

    model_config = ConfigDict(extra="forbid")
    disposition: str
    note: str = ""
    customer_agreed: str = ""
    work_name: str = ""
    work_minutes: int = 0
    recheck_minutes: int = 0
    cost: Decimal = Decimal(0)
    supplier_share: Decimal = Decimal(0)
    cause: str = ""


class NoteIn(QualityVersionIn):
    note: str = ""


def _complaint(one: Nonconformity | None) -> str | None:
    """The customer's request that it began with."""
    return one.source_label if one is not None and one.source_type == SOURCE else None


def _ncr(one: Nonconformity, actor: User) -> dict[str, Any]:
    names = NcrOut.model_fields.keys() - {"order", "supplier", "inspection", "request", "item", "owner", "cost"}
    return {name: getattr(one, name) for name in names} | {
        "order": one.order.label if one.order else None,
        "supplier": str(one.supplier) if one.supplier else None,
        "inspection": one.inspection.number if one.inspection else None,
        "request": _complaint(one),
        "item": one.item_key,
        "owner": str(one.owner),
        "cost": one.cost if may(actor, "quality.see_cost") else None,
    }


@router.get("/nonconformities", response=Listing[NcrOut])
def get_nonconformities(request: HttpRequest, filters: Query[NcrFilter], paging: Query[Paging]) -> dict[str, Any]:
    """Nonconformities that one may see, the newest first."""
    actor = actor_of(request)
    require(actor, "quality.report")
    rows = selectors.listed_ncrs(actor)
    if filters.order:
        rows = rows.filter(order=order_by_key(actor, filters.order))
    wanted = {"state": filters.state, "supplier_id": filters.supplier}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    return listing(rows, paging, sorts=["number", "found_at", "days_lost"], shape=lambda one: _ncr(one, actor))


@router.get("/nonconformities/{ncr_id}", response=NcrOut)
def get_nonconformity(request: HttpRequest, ncr_id: int) -> dict[str, Any]:
    """One nonconformity."""
    actor = actor_of(request)
    return _ncr(selectors.ncr_by_id(actor, ncr_id), actor)


@router.post("/nonconformities", response={201: NcrOut})
def post_nonconformity(request: HttpRequest, payload: NcrGiven) -> Status[dict[str, Any]]:
    """Report what is wrong."""
    actor = actor_of(request)
    require(actor, "quality.report")
    order = order_by_key(actor, payload.order) if payload.order else None
    tasks = Task.objects.select_related("plan").filter(plan__order=order)
    task = tasks.filter(pk=payload.task).first() if payload.task and order else None
    if payload.task and task is None:
        raise Refusal(Reason("ncr.task", N_("The task belongs to another order."), field="task"))
    given = NcrIn(
        payload.title,
        payload.detail,
        payload.origin,
        payload.defect_class,
        order=order,
        task=task,
        supplier=get_or_not_found(Supplier.objects.all(), pk=payload.supplier) if payload.supplier else None,
        item_key=payload.item[:60],
        item_name=payload.item_name[:160],
        lot_no=payload.lot_no[:60],
        quantity=payload.quantity,
        nonconforming=payload.nonconforming,
        unit=payload.unit[:20],
        cause=payload.cause,
    )
    return Status(201, _ncr(report_ncr(actor=actor, given=given, today=timezone.localdate()), actor))


@router.post("/nonconformities/{ncr_id}/contain", response=NcrOut)
def post_contain(request: HttpRequest, ncr_id: int, payload: ContainIn) -> dict[str, Any]:
    """Say where such parts may be and what was done there."""
    actor = actor_of(request)
    rows = [
        ContainmentIn(one.place, one.action, one.quantity, blocks_stock=one.blocks_stock, done=one.done)
        for one in payload.places
    ]
    contain(actor=actor, ncr_id=ncr_id, rows=rows, expected_version=payload.version)
    return _ncr(selectors.ncr_by_id(actor, ncr_id), actor)


@router.post("/nonconformities/{ncr_id}/dispose", response=NcrOut)
def post_dispose(request: HttpRequest, ncr_id: int, payload: DisposeIn) -> dict[str, Any]:
    """Decide the disposition: rework goes into the plan, days and cost are booked."""
    actor = actor_of(request)
    names = payload.model_fields_set - {"version"}
    given = DispositionIn(**{name: getattr(payload, name) for name in names})
    decide_disposition(
        actor=actor, ncr_id=ncr_id, given=given, today=timezone.localdate(), expected_version=payload.version
    )
    return _ncr(selectors.ncr_by_id(actor, ncr_id), actor)


@router.post("/nonconformities/{ncr_id}/verify", response=NcrOut)
def post_verify(request: HttpRequest, ncr_id: int, payload: NoteIn) -> dict[str, Any]:
    """The disposition was carried out and helped."""
    actor = actor_of(request)
    verify_ncr(actor=actor, ncr_id=ncr_id, note=payload.note, expected_version=payload.version)
    return _ncr(selectors.ncr_by_id(actor, ncr_id), actor)


@router.post("/nonconformities/{ncr_id}/close", response=NcrOut)
def post_close(request: HttpRequest, ncr_id: int, payload: QualityVersionIn) -> dict[str, Any]:
    """Close a verified nonconformity that has its cause."""
    actor = actor_of(request)
    close_ncr(actor=actor, ncr_id=ncr_id, expected_version=payload.version)
    return _ncr(selectors.ncr_by_id(actor, ncr_id), actor)


# ------------------------------------------------------------------------------------------------ corrective actions


class CapaIn(Schema):
    model_config = ConfigDict(extra="forbid")
    title: str
    nonconformity: int | None = None
    supplier: int | None = None


class QualityStepOut(Schema):
    number: int
    text: str
    due: dt.date | None
    done_at: dt.datetime | None
    by_supplier: bool


class CapaOut(Schema):
    id: int
    number: str
    title: str
    state: str
    nonconformity: str | None
    request: str | None
    supplier: str | None
    cause: str
    opened_on: dt.date
    check_on: dt.date | None
    reopened: int
    steps: list[QualityStepOut]
    version: int


class QualityStepIn(QualityVersionIn):
    """``done`` ticks the step off."""

    text: str
    done: bool = False
    due: dt.date | None = None
    cause: str = ""


class FinishIn(QualityVersionIn):
    check_on: dt.date | None = None


class EffectIn(QualityVersionIn):
    effective: bool
    note: str


def _capa(one: CorrectiveAction) -> dict[str, Any]:
    names = CapaOut.model_fields.keys() - {"nonconformity", "request", "supplier", "steps"}
    fields = QualityStepOut.model_fields.keys()
    return {name: getattr(one, name) for name in names} | {
        "nonconformity": one.ncr.number if one.ncr else None,
        "request": _complaint(one.ncr),
        "supplier": str(one.supplier) if one.supplier else None,
        "steps": [{name: getattr(step, name) for name in fields} for step in one.disciplines.all()],
    }


@router.get("/corrective-actions", response=Listing[CapaOut])
def get_corrective_actions(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """8D reports, the newest first."""
    actor = actor_of(request)
    require(actor, "quality.view")
    rows = selectors.capas_of(actor).prefetch_related("disciplines")
    rows = rows.filter(state=state) if state else rows
    return listing(rows, paging, sorts=["number", "opened_on"], shape=_capa)


@router.get("/corrective-actions/{capa_id}", response=CapaOut)
def get_corrective_action(request: HttpRequest, capa_id: int) -> dict[str, Any]:
    """One report with its steps D0 to D8."""
    require(actor_of(request), "quality.view")
    return _capa(selectors.capa_by_id(actor_of(request), capa_id))


@router.post("/corrective-actions", response={201: CapaOut})
def post_corrective_action(request: HttpRequest, payload: CapaIn) -> Status[dict[str, Any]]:
    """Begin an 8D report."""
    actor = actor_of(request)
    require(actor, "quality.handle")
    made = open_capa(
        actor=actor,
        title=payload.title,
        today=timezone.localdate(),
        ncr=selectors.ncr_by_id(actor, payload.nonconformity) if payload.nonconformity else None,
        supplier=get_or_not_found(Supplier.objects.all(), pk=payload.supplier) if payload.supplier else None,
    )
    return Status(201, _capa(made))


class ComplaintReport(QualityVersionIn):
    """``title`` empty: the request's own. ``version`` is the request's."""

    model_config = ConfigDict(extra="forbid")
    title: str = ""
    defect_class: str = "major"
    quantity: int = 0
    nonconforming: int = 0


@router.post("/requests/{number}/8d", response={201: CapaOut})
def post_complaint(request: HttpRequest, number: str, payload: ComplaintReport) -> Status[dict[str, Any]]:
    """Open a nonconformity and an 8D report for a customer's complaint, tied to it both ways."""
    actor = actor_of(request)
    given = ComplaintIn(payload.title, payload.defect_class, payload.quantity, payload.nonconforming)
    made = open_report(
        actor=actor,
        request_id=request_by_key(actor, number).pk,
        given=given,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return Status(201, _capa(made))


@router.post("/corrective-actions/{capa_id}/steps/{number}", response=CapaOut)
def post_step(request: HttpRequest, capa_id: int, number: int, payload: QualityStepIn) -> dict[str, Any]:
    """Write a step, and tick it off or not."""
    actor = actor_of(request)
    write_step(
        actor=actor,
        capa_id=capa_id,
        number=number,
        text=payload.text,
        done=payload.done,
        due=payload.due,
        cause=payload.cause,
        expected_version=payload.version,
    )
    return _capa(selectors.capa_by_id(actor, capa_id))


@router.post("/corrective-actions/{capa_id}/finish", response=CapaOut)
def post_finish(request: HttpRequest, capa_id: int, payload: FinishIn) -> dict[str, Any]:
    """All steps are done; say when the effect is looked at."""
    actor = actor_of(request)
    finish_capa(
        actor=actor,
        capa_id=capa_id,
        check_on=payload.check_on,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _capa(selectors.capa_by_id(actor, capa_id))


@router.post("/corrective-actions/{capa_id}/effect", response=CapaOut)
def post_effect(request: HttpRequest, capa_id: int, payload: EffectIn) -> dict[str, Any]:
    """Whether it helped; if not, the report is under way again."""
    actor = actor_of(request)
    check_effect(
        actor=actor,
        capa_id=capa_id,
        effective=payload.effective,
        note=payload.note,
        expected_version=payload.version,
    )
    return _capa(selectors.capa_by_id(actor, capa_id))
