"""Purchase requests and purchase orders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from punctual.api.authentication import actor_of
from punctual.api.masters import Versioned, fields
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.parties.selectors import suppliers
from punctual.domain.supply import selectors
from punctual.domain.supply.models import PurchaseLine, PurchaseOrder, PurchaseRequest
from punctual.domain.supply.rules import PurchaseLineFacts
from punctual.domain.supply.scorecard import scorecards
from punctual.domain.supply.services import dates, purchases, receiving
from punctual.domain.supply.services import requests as request_services
from punctual.flows.supplier_late import Effect, change_date, preview
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.records import get_or_not_found
from punctual.platform.search.services import ids

router = Router()


class PurchaseOut(Schema):
    """``total_amount`` is null for who may not see costs; ``arrives`` is the last day on which something comes."""

    id: int
    version: int
    number: str
    supplier_id: int
    supplier: str
    state: str
    currency: str
    total_amount: Decimal | None
    line_count: int
    sent_on: dt.date | None
    confirmed_on: dt.date | None
    arrives: dt.date | None


class PurchaseLineOut(Schema):
    """``confirmed_date`` is the supplier's first answer, ``expected_date`` when it comes as far as is known."""

    id: int
    line_no: int
    material_id: int | None
    material: str | None
    task_id: int | None
    description: str
    quantity: Decimal
    received: Decimal
    inspecting: Decimal
    reserved: Decimal
    unit: str
    unit_price: Decimal | None
    asked_date: dt.date | None
    confirmed_date: dt.date | None
    expected_date: dt.date | None


class PurchaseFull(PurchaseOut):
    payment_terms: str
    notes: str
    lines: list[PurchaseLineOut]


class PurchaseLineIn(Schema):
    quantity: Decimal
    material_id: int | None = None
    task_id: int | None = None
    description: str = ""
    unit: str = ""
    unit_price: Decimal = Decimal(0)
    asked_date: dt.date | None = None


class PurchaseIn(Schema):
    supplier_id: int
    lines: list[PurchaseLineIn]
    currency: str = "CNY"
    payment_terms: str = ""
    notes: str = ""


class PurchaseFilters(Schema):
    state: str = ""
    supplier_id: int | None = None
    q: str = ""


class StepIn(Schema):
    version: int | None = Field(None, ge=1)
    reason: str = ""


class ConfirmIn(Schema):
    """Line number → day."""

    days: dict[int, dt.date]
    version: int | None = Field(None, ge=1)


class DateIn(Schema):
    """``preview``: say what it would do, change nothing. ``notices``: draft one for every order that is late then."""

    day: dt.date
    reason: str = ""
    preview: bool = False
    notices: bool = False
    version: int | None = Field(None, ge=1)


class OfferIn(Schema):
    day: dt.date
    cost: Decimal
    version: int | None = Field(None, ge=1)


class ReceiveIn(Schema):
    quantity: Decimal
    received_on: dt.date | None = None
    place_id: int | None = None
    delivery_note: str = ""
    version: int | None = Field(None, ge=1)


class InspectedIn(Schema):
    released: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    reason: str = ""


class ReceiptOut(Schema):
    id: int
    quantity: Decimal
    received_on: dt.date
    released: Decimal
    rejected: Decimal
    waits_for_inspection: bool


class HitOut(Schema):
    """One order that moves. ``tasks``: name → start before and after."""

    order: str
    planned_before: dt.date | None
    planned_after: dt.date | None
    due: dt.date | None
    damages_before: Decimal
    damages_after: Decimal
    currency: str
    tasks: dict[str, list[str]]


class EffectOut(Schema):
    """What a date does to the plans, the most harmful first; ``unmoved`` wait for it without moving."""

    old: dt.date | None
    new: dt.date
    damages: Decimal
    hits: list[HitOut]
    unmoved: list[str]


def _short(order: PurchaseOrder, actor: User) -> dict[str, Any]:
    row = fields(order, [name for name in PurchaseOut.model_fields if name != "supplier"])
    row["supplier"] = str(order.supplier)
    if not selectors.sees_costs(actor):
        row["total_amount"] = None
    return row


def _line(line: PurchaseLine, actor: User) -> dict[str, Any]:
    row = fields(line, [name for name in PurchaseLineOut.model_fields if name != "material"])
    row["material"] = line.material.code if line.material else None
    if not selectors.sees_costs(actor):
        row["unit_price"] = None
    return row


def _full(order: PurchaseOrder, actor: User) -> dict[str, Any]:
    return {
        **_short(order, actor),
        "payment_terms": order.payment_terms,
        "notes": order.notes,
        "lines": [_line(line, actor) for line in order.lines.select_related("material")],
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "old": effect.old,
        "new": effect.new,
        "damages": effect.damages,
        "hits": [
            {
                "order": hit.order.label,
                "planned_before": hit.move.planned_before,
                "planned_after": hit.move.planned_after,
                "due": hit.due,
                "damages_before": hit.damages_before,
                "damages_after": hit.damages_after,
                "currency": hit.order.currency,
                "tasks": {
                    task.label: [task.before.start.isoformat() if task.before else "", task.after.start.isoformat()]
                    for task in hit.move.tasks
                },
            }
            for hit in effect.hits
        ],
        "unmoved": [order.label for order in effect.unmoved],
    }


@router.get("/purchase-orders", response=Listing[PurchaseOut])
def purchase_orders(request: HttpRequest, paging: Query[Paging], filters: Query[PurchaseFilters]) -> Any:
    """Purchase orders; ``state`` takes several with commas."""
    actor = actor_of(request)
    require(actor, "supply.view")
    rows = selectors.purchases_of(actor)
    if filters.state:
        rows = rows.filter(state__in=filters.state.split(","))
    if filters.supplier_id is not None:
        rows = rows.filter(supplier_id=filters.supplier_id)
    if filters.q:
        rows = rows.filter(pk__in=ids(filters.q, "purchaseorder"))
    sorts = {"number": "number", "state": "state", "arrives": "arrives", "sent_on": "sent_on", "id": "pk"}
    return listing(rows, paging, sorts=sorts, shape=lambda order: _short(order, actor))


@router.post("/purchase-orders", response={201: PurchaseFull})
def create_purchase_order(request: HttpRequest, payload: PurchaseIn) -> Any:
    """A draft to one supplier."""
    actor = actor_of(request)
    order = purchases.create_purchase(
        actor=actor,
        supplier_id=payload.supplier_id,
        lines=[PurchaseLineFacts(**line.model_dump()) for line in payload.lines],
        today=timezone.localdate(),
        currency=payload.currency,
        payment_terms=payload.payment_terms,
        notes=payload.notes,
    )
    return Status(201, _full(order, actor))


@router.get("/purchase-orders/{key}", response=PurchaseFull)
def purchase_order(request: HttpRequest, key: str) -> Any:
    """One purchase order by number or id."""
    actor = actor_of(request)
    return _full(selectors.purchase_by_key(actor, key), actor)


@router.post("/purchase-orders/{key}/send", response=PurchaseFull)
def send_purchase_order(request: HttpRequest, key: str, payload: StepIn | None = None) -> Any:
    """It goes to the supplier and counts as on the way."""
    actor = actor_of(request)
    order = selectors.purchase_by_key(actor, key)
    version = payload.version if payload else None
    found = purchases.send(actor=actor, purchase_id=order.pk, today=timezone.localdate(), expected_version=version)
    return _full(found, actor)


@router.post("/purchase-orders/{key}/confirm", response=PurchaseFull)
def confirm_purchase_order(request: HttpRequest, key: str, payload: ConfirmIn) -> Any:
    """The supplier's first answer for every line."""
    actor = actor_of(request)
    order = selectors.purchase_by_key(actor, key)
    by_number = {line.line_no: line.pk for line in order.lines.all()}
    found = dates.confirm(
        actor=actor,
        purchase_id=order.pk,
        days={by_number[number]: day for number, day in payload.days.items() if number in by_number},
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _full(found, actor)


@router.post("/purchase-orders/{key}/cancel", response=PurchaseFull)
def cancel_purchase_order(request: HttpRequest, key: str, payload: StepIn) -> Any:
    """It does not come; what was reserved on it is short again."""
    actor = actor_of(request)
    order = selectors.purchase_by_key(actor, key)
    found = purchases.cancel(actor=actor, purchase_id=order.pk, reason=payload.reason, expected_version=payload.version)
    return _full(found, actor)


@router.post("/purchase-orders/{key}/close", response=PurchaseFull)
def close_purchase_order(request: HttpRequest, key: str, payload: StepIn | None = None) -> Any:
    """Nothing more is to come."""
    actor = actor_of(request)
    order = selectors.purchase_by_key(actor, key)
    wish = payload or StepIn(version=None)
    found = purchases.close(actor=actor, purchase_id=order.pk, reason=wish.reason, expected_version=wish.version)
    return _full(found, actor)


def _line_of(actor: User, key: str, line_no: int) -> PurchaseLine:
    order = selectors.purchase_by_key(actor, key)
    return get_or_not_found(order.lines.all(), line_no=line_no)


@router.post("/purchase-orders/{key}/lines/{int:line_no}/date", response=EffectOut)
def change_line_date(request: HttpRequest, key: str, line_no: int, payload: DateIn) -> Any:
    """Another day for one line: the tasks and orders that move, and what that costs."""
    actor, today = actor_of(request), timezone.localdate()
    line = _line_of(actor, key, line_no)
    if payload.preview:
        return _effect(preview(actor=actor, line_id=line.pk, day=payload.day, today=today))
    effect = change_date(
        actor=actor,
        line_id=line.pk,
        day=payload.day,
        today=today,
        reason=payload.reason,
        expected_version=payload.version,
        notices=payload.notices,
    )
    return _effect(effect)


@router.post("/purchase-orders/{key}/lines/{int:line_no}/offer", response=PurchaseLineOut)
def note_line_offer(request: HttpRequest, key: str, line_no: int, payload: OfferIn) -> Any:
    """The supplier would come earlier for a price; it stands among the ways out."""
    actor = actor_of(request)
    line = _line_of(actor, key, line_no)
    found = dates.note_offer(
        actor=actor,
        line_id=line.pk,
        day=payload.day,
        cost=payload.cost,
        today=timezone.localdate(),
        expected_version=payload.version,
    )
    return _line(found, actor)


@router.post("/purchase-orders/{key}/lines/{int:line_no}/receive", response={201: ReceiptOut})
def receive_line(request: HttpRequest, key: str, line_no: int, payload: ReceiveIn) -> Any:
    """Some of it has come; more than was ordered is refused."""
    actor = actor_of(request)
    line = _line_of(actor, key, line_no)
    receipt = receiving.receive(
        actor=actor,
        line_id=line.pk,
        quantity=payload.quantity,
        today=timezone.localdate(),
        received_on=payload.received_on,
        place_id=payload.place_id,
        delivery_note=payload.delivery_note,
        expected_version=payload.version,
    )
    return Status(201, fields(receipt, ReceiptOut.model_fields))


@router.post("/receipts/{int:pk}/inspected", response=ReceiptOut)
def receipt_inspected(request: HttpRequest, pk: int, payload: InspectedIn) -> Any:
    """What is good goes to those who wait for it, what is not goes back."""
    actor = actor_of(request)
    require(actor, "supply.change")
    receipt = receiving.inspected(actor=actor, receipt_id=pk, **payload.model_dump())
    return fields(receipt, ReceiptOut.model_fields)


# -------------------------------------------------------------------------------------------------------- requests


class RequestOut(Schema):
    id: int
    version: int
    material_id: int | None
    description: str
    quantity: Decimal
    unit: str
    needed_by: dt.date | None
    order: str | None
    supplier_id: int | None
    unit_price: Decimal | None
    state: str
    purchase_order: str | None
    reason: str


class RequestIn(Schema):
    quantity: Decimal
    material_id: int | None = None
    task_id: int | None = None
    description: str = ""
    unit: str = ""
    needed_by: dt.date | None = None
    supplier_id: int | None = None
    unit_price: Decimal | None = None
    reason: str = ""


class RequestFilters(Schema):
    state: str = ""


class OrderRequestsIn(Schema):
    requests: list[int]


def _request(one: PurchaseRequest, actor: User) -> dict[str, Any]:
    names = [name for name in RequestOut.model_fields if name not in ("order", "purchase_order", "unit_price")]
    return {
        **fields(one, names),
        "order": one.order.label if one.order else None,
        "purchase_order": one.purchase_line.purchase_order.number if one.purchase_line else None,
        "unit_price": one.unit_price if selectors.sees_costs(actor) else None,
    }


@router.get("/purchase-requests", response=Listing[RequestOut])
def purchase_requests(request: HttpRequest, paging: Query[Paging], filters: Query[RequestFilters]) -> Any:
    """What was asked for."""
    actor = actor_of(request)
    require(actor, "supply.view")
    rows = selectors.requests_of(actor)
    if filters.state:
        rows = rows.filter(state__in=filters.state.split(","))
    sorts = {"needed_by": "needed_by", "state": "state", "id": "pk"}
    return listing(rows, paging, sorts=sorts, shape=lambda one: _request(one, actor))


@router.post("/purchase-requests", response={201: RequestOut})
def ask(request: HttpRequest, payload: RequestIn) -> Any:
    """Ask for a material, or for work on a task that a supplier does."""
    actor = actor_of(request)
    return Status(201, _request(request_services.ask(actor=actor, **payload.model_dump()), actor))


@router.post("/purchase-requests/order", response={201: list[PurchaseOut]})
def order_requests(request: HttpRequest, payload: OrderRequestsIn) -> Any:
    """Draft purchase orders of some requests, one a supplier."""
    actor = actor_of(request)
    made = request_services.order_requests(actor=actor, request_ids=payload.requests, today=timezone.localdate())
    return Status(201, [_short(order, actor) for order in made])


@router.post("/purchase-requests/{int:pk}/cancel", response=RequestOut)
def cancel_request(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """It is not needed after all."""
    actor = actor_of(request)
    found = request_services.cancel_request(actor=actor, request_id=pk, expected_version=payload.version)
    return _request(found, actor)


# ------------------------------------------------------------------------------------------------------ scorecards


class ScorecardOut(Schema):
    """``days_late``: working days after the first confirmed date, every delivery of the last year and a half."""

    supplier_id: int
    supplier: str
    days_late: list[int]
    mean: float | None
    p80: int
    on_time_percent: int | None
    rejected_percent: float | None
    open_lines: int
    overdue: int


@router.get("/supplier-scorecards", response=list[ScorecardOut])
def supplier_scorecards(request: HttpRequest) -> Any:
    """How every supplier keeps its dates."""
    actor = actor_of(request)
    require(actor, "supply.view")
    found = {one.pk: one for one in suppliers(actor)}
    cards = scorecards(list(found), today=timezone.localdate())
    return [
        {
            "supplier_id": pk,
            "supplier": str(found[pk]),
            "days_late": list(card.lateness.days),
            "mean": card.lateness.mean,
            "p80": card.lateness.p80,
            "on_time_percent": card.lateness.on_time_percent,
            "rejected_percent": float(card.rejected_percent) if card.rejected_percent is not None else None,
            "open_lines": card.open_lines,
            "overdue": card.overdue,
        }
        for pk, card in cards.items()
    ]
