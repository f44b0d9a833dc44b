"""Deliveries with their gates, acceptances, payment milestones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status
from pydantic import ConfigDict, Field

from punctual.api.authentication import actor_of
from punctual.api.order_story import BINARY
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.delivery.gates import states
from punctual.domain.delivery.models import Acceptance, Delivery, PaymentMilestone
from punctual.domain.delivery.selectors import (
    acceptance_by_id,
    acceptances_of,
    delivery_by_number,
    event_days,
    expected,
    listed_deliveries,
    listed_milestones,
    open_milestones,
    photos_of,
)
from punctual.domain.delivery.services.acceptance import enter_results, plan_acceptance
from punctual.domain.delivery.services.payments import enter
from punctual.domain.delivery.services.shipping import add_photos, prepare, receive, remove_photo, ship
from punctual.domain.orders.selectors import order_by_key
from punctual.platform.accounts.permissions import require
from punctual.platform.attachments.models import Attachment
from punctual.platform.attachments.services import path_of
from punctual.platform.records import get_or_not_found

router = Router()


class ItemIn(Schema):
    """``line`` is the id of an order line."""

    model_config = ConfigDict(extra="forbid")
    line: int
    quantity: Decimal
    serials: list[str] = Field(default_factory=list)


class DeliveryIn(Schema):
    model_config = ConfigDict(extra="forbid")
    order: str
    items: list[ItemIn]
    planned_on: dt.date | None = None
    place: str = ""


class ShipmentIn(Schema):
    model_config = ConfigDict(extra="forbid")
    shipped_on: dt.date
    carrier: str = ""
    waybill: str = ""
    vehicle: str = ""
    freight: Decimal | None = None
    version: int | None = None


class ReceiptIn(Schema):
    model_config = ConfigDict(extra="forbid")
    received_on: dt.date
    received_by: str
    note: str = ""
    version: int | None = None


class GateOut(Schema):
    name: str
    open: bool
    reasons: list[str]


class DeliveryItemOut(Schema):
    line: int
    line_no: int
    model: str
    quantity: Decimal
    serials: list[str]


class DeliveryOut(Schema):
    id: int
    number: str
    order: str
    batch: int
    state: str
    place: str
    planned_on: dt.date | None
    shipped_on: dt.date | None
    received_on: dt.date | None
    received_by: str
    carrier: str
    waybill: str
    items: list[DeliveryItemOut]
    version: int


class DeliveryWithGates(DeliveryOut):
    gates: list[GateOut]


class AcceptanceIn(Schema):
    """``kind`` is fat, sat or final; ``delivery`` a delivery's number, empty for the whole order."""

    model_config = ConfigDict(extra="forbid")
    order: str
    kind: str
    delivery: str = ""
    planned_on: dt.date | None = None


class ResultIn(Schema):
    """``verdict`` is met, not_met, waived or open."""

    model_config = ConfigDict(extra="forbid")
    id: int
    value: str = ""
    verdict: str


class ResultsIn(Schema):
    model_config = ConfigDict(extra="forbid")
    results: list[ResultIn]
    note: str = ""
    version: int | None = None


class ResultOut(Schema):
    id: int
    criterion: str
    method: str
    value: str
    verdict: str


class AcceptanceOut(Schema):
    id: int
    order: str
    delivery: str | None
    kind: str
    state: str
    held_on: dt.date | None
    signer: str
    with_punch: bool
    results: list[ResultOut]
    open_items: int
    version: int


class MilestoneOut(Schema):
    """``due_on`` once the event has happened; before, ``expected_p50`` and ``expected_p80``."""

    id: int
    order: str
    kind: str
    name: str
    percent: Decimal
    amount: Decimal
    currency: str
    event: str
    due_on: dt.date | None
    expected_p50: dt.date | None
    expected_p80: dt.date | None
    invoiced: Decimal
    received: Decimal
    version: int


class EntryIn(Schema):
    """``kind`` is invoice or receipt."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    amount: Decimal
    on: dt.date
    reference: str = ""
    version: int | None = None


class PhotoOut(Schema):
    id: int
    name: str
    size: int
    uploaded_by: str
    uploaded_at: dt.datetime


class PhotoIn(Schema):
    """``box``: the number of the box that it shows; 0 = of the whole."""

    box: int = 0


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.pk,
        "number": one.number,
        "order": one.order.key,
        "batch": one.batch,
        "state": one.state,
        "place": one.place,
        "planned_on": one.planned_on,
        "shipped_on": one.shipped_on,
        "received_on": one.received_on,
        "received_by": one.received_by,
        "carrier": one.carrier,
        "waybill": one.waybill,
        "items": [
            {
                "line": item.line_id,
                "line_no": item.line.line_no,
                "model": item.line.model_text,
                "quantity": item.quantity,
                "serials": item.serials,
            }
            for item in one.items.all()
        ],
        "version": one.version,
    }


def _with_gates(one: Delivery) -> dict[str, Any]:
    found = states(one, today=timezone.localdate())
    gates = [
        {
            "name": state.gate.name,
            "open": state.is_open,
            "reasons": [reason.worded(gettext) for reason in state.reasons],
        }
        for state in found
    ]
    return {**_delivery(one), "gates": gates}


@router.get("/deliveries", response=Listing[DeliveryOut])
def list_deliveries(request: HttpRequest, paging: Query[Paging], state: str = "", order: str = "") -> dict[str, Any]:
    """Every delivery the caller may see, newest first."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    rows = listed_deliveries(actor)
    if state:
        rows = rows.filter(state__in=state.split(","))
    if order:
        rows = rows.filter(order=order_by_key(actor, order))
    return listing(rows, paging, sorts=("number", "planned_on", "shipped_on"), shape=_delivery)


@router.post("/deliveries", response={201: DeliveryWithGates})
def create_delivery(request: HttpRequest, payload: DeliveryIn) -> Status[dict[str, Any]]:
    """Prepare the next batch of an order."""
    actor = actor_of(request)
    made = prepare(
        actor=actor,
        order_id=order_by_key(actor, payload.order).pk,
        items={item.line: item.quantity for item in payload.items},
        serials={item.line: item.serials for item in payload.items},
        planned_on=payload.planned_on,
        place=payload.place,
        today=timezone.localdate(),
    )
    return Status(201, _with_gates(delivery_by_number(actor, made.number)))


@router.get("/deliveries/{number}", response=DeliveryWithGates)
def get_delivery(request: HttpRequest, number: str) -> dict[str, Any]:
    """One delivery with what stands before its shipment."""
    return _with_gates(delivery_by_number(actor_of(request), number))


@router.post("/deliveries/{number}/ship", response=DeliveryWithGates)
def ship_delivery(request: HttpRequest, number: str, payload: ShipmentIn) -> dict[str, Any]:
    """It has left the house; refused with every reason of every shut gate."""
    actor = actor_of(request)
    found = delivery_by_number(actor, number)
    facts = payload.dict(exclude={"version"})
    ship(actor=actor, delivery_id=found.pk, today=timezone.localdate(), expected_version=payload.version, **facts)
    return _with_gates(delivery_by_number(actor, number))


@router.post("/deliveries/{number}/receive", response=DeliveryWithGates)
def receive_delivery(request: HttpRequest, number: str, payload: ReceiptIn) -> dict[str, Any]:
    """The customer has it."""
    actor = actor_of(request)
    found = delivery_by_number(actor, number)
    facts = payload.dict(exclude={"version"})
    receive(actor=actor, delivery_id=found.pk, today=timezone.localdate(), expected_version=payload.version, **facts)
    return _with_gates(delivery_by_number(actor, number))


@router.get("/deliveries/{number}/photos", response=list[PhotoOut])
def list_photos(request: HttpRequest, number: str) -> Any:
    """Photos of what was packed."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    return [_photo(one) for one in photos_of(delivery_by_number(actor, number))]


@router.post("/deliveries/{number}/photos", response={201: list[PhotoOut]})
def add_photo(request: HttpRequest, number: str, wish: Form[PhotoIn], file: File[UploadedFile]) -> Any:
    """Keep a picture (multipart, field ``file``) of what was packed, of ``box`` or of the whole."""
    actor = actor_of(request)
    found = delivery_by_number(actor, number)
    made = add_photos(
        actor=actor, delivery_id=found.pk, photos=[(file, file.name or "photo")], box_number=wish.box or None
    )
    return Status(201, [_photo(one) for one in made])


@router.get("/deliveries/{number}/photos/{photo}", openapi_extra={"responses": BINARY})
def get_photo(request: HttpRequest, number: str, photo: int) -> Any:
    """The picture as it came."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    found = get_or_not_found(photos_of(delivery_by_number(actor, number)), pk=photo)
    return FileResponse(path_of(found.sha256).open("rb"), as_attachment=True, filename=found.name)


@router.delete("/deliveries/{number}/photos/{photo}", response={204: None})
def remove_one_photo(request: HttpRequest, number: str, photo: int) -> Any:
    """Take a picture off again; refused once the delivery is signed for."""
    actor = actor_of(request)
    remove_photo(actor=actor, delivery_id=delivery_by_number(actor, number).pk, photo_id=photo)
    return Status(204, None)


def _photo(one: Attachment) -> dict[str, Any]:
    by = str(one.uploaded_by) if one.uploaded_by else ""
    return {"id": one.pk, "name": one.name, "size": one.size, "uploaded_by": by, "uploaded_at": one.uploaded_at}


def _acceptance(one: Acceptance) -> dict[str, Any]:
    return {
        "id": one.pk,
        "order": one.order.key,
        "delivery": one.delivery.number if one.delivery else None,
        "kind": one.kind,
        "state": one.state,
        "held_on": one.held_on,
        "signer": one.signer,
        "with_punch": one.with_punch,
        "results": [
            {"id": r.pk, "criterion": r.criterion, "method": r.method, "value": r.value, "verdict": r.verdict}
            for r in one.results.all()
        ],
        "open_items": sum(1 for item in one.punch.all() if item.action.state == "open"),
        "version": one.version,
    }


@router.get("/acceptances", response=Listing[AcceptanceOut])
def list_acceptances(request: HttpRequest, paging: Query[Paging], order: str = "") -> dict[str, Any]:
    """Every acceptance the caller may see."""
    actor = actor_of(request)
    require(actor, "delivery.view")
    rows = acceptances_of(actor)
    if order:
        rows = rows.filter(order=order_by_key(actor, order))
    return listing(rows, paging, sorts=("held_on", "planned_on"), shape=_acceptance)


@router.post("/acceptances", response={201: AcceptanceOut})
def create_acceptance(request: HttpRequest, payload: AcceptanceIn) -> Status[dict[str, Any]]:
    """Plan an acceptance with the order's criteria."""
    actor = actor_of(request)
    made = plan_acceptance(
        actor=actor,
        order_id=order_by_key(actor, payload.order).pk,
        kind=payload.kind,
        delivery=delivery_by_number(actor, payload.delivery) if payload.delivery else None,
        planned_on=payload.planned_on,
    )
    return Status(201, _acceptance(acceptance_by_id(actor, made.pk)))


@router.get("/acceptances/{acceptance_id}", response=AcceptanceOut)
def get_acceptance(request: HttpRequest, acceptance_id: int) -> dict[str, Any]:
    """One acceptance with its results; it is signed on its page."""
    return _acceptance(acceptance_by_id(actor_of(request), acceptance_id))


@router.post("/acceptances/{acceptance_id}/results", response=AcceptanceOut)
def write_results(request: HttpRequest, acceptance_id: int, payload: ResultsIn) -> dict[str, Any]:
    """What was found for each criterion."""
    actor = actor_of(request)
    enter_results(
        actor=actor,
        acceptance_id=acceptance_id,
        results={one.id: (one.value, one.verdict) for one in payload.results},
        note=payload.note,
        expected_version=payload.version,
    )
    return _acceptance(acceptance_by_id(actor, acceptance_id))


def _milestones(rows: list[PaymentMilestone]) -> list[dict[str, Any]]:
    days = event_days(rows)
    found = []
    for one in rows:
        when = expected(one, days)
        found.append(
            {
                "id": one.pk,
                "order": one.order.key,
                "kind": one.kind,
                "name": one.label,
                "percent": one.percent,
                "amount": one.amount,
                "currency": one.order.currency,
                "event": one.event,
                "due_on": one.due_on,
                "expected_p50": when.p50,
                "expected_p80": when.p80,
                "invoiced": one.invoiced,
                "received": one.received,
                "version": one.version,
            }
        )
    return found


@router.get("/payment-milestones", response=Listing[MilestoneOut])
def list_milestones(
    request: HttpRequest, paging: Query[Paging], order: str = "", open_only: bool = False
) -> dict[str, Any]:
    """Payment milestones with when their money is expected."""
    actor = actor_of(request)
    require(actor, "payments.view")
    rows = open_milestones(actor) if open_only else listed_milestones(actor)
    if order:
        rows = rows.filter(order=order_by_key(actor, order))
    answer = listing(rows, paging, sorts=("due_on", "amount"), shape=lambda row: row)
    return {**answer, "items": _milestones(answer["items"])}


@router.post("/payment-milestones/{milestone_id}/entries", response=MilestoneOut)
def enter_payment(request: HttpRequest, milestone_id: int, payload: EntryIn) -> dict[str, Any]:
    """An invoice written or money received, never more than the milestone."""
    actor = actor_of(request)
    facts = payload.dict(exclude={"version"})
    row = enter(
        actor=actor, milestone_id=milestone_id, today=timezone.localdate(), expected_version=payload.version, **facts
    )
    return _milestones([row])[0]
