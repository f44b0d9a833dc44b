"""Stock with its movements, what orders need, reservations."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.masters import Versioned, fields
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.supply import selectors
from punctual.domain.supply.models import Requirement, StockItem
from punctual.domain.supply.services import stock as stock_services
from punctual.domain.supply.services.reservations import release, reserve
from punctual.platform.accounts.permissions import require

router = Router()


# ----------------------------------------------------------------------------------------------------------- stock


class StockOut(Schema):
    """One material in one place; ``free`` is neither blocked nor reserved."""

    id: int
    version: int
    material_id: int
    material: str
    place: str
    on_hand: Decimal
    blocked: Decimal
    reserved: Decimal
    free: Decimal
    counted_at: dt.datetime | None


class MovementOut(Schema):
    at: dt.datetime
    kind: str
    quantity: Decimal
    blocked: Decimal
    on_hand_after: Decimal
    cause: str
    reason: str
    by: str | None


class StockFull(StockOut):
    movements: list[MovementOut]


class StockFilters(Schema):
    material_id: int | None = None
    place: str = ""


class StockIn(Schema):
    material_id: int
    quantity: Decimal
    reason: str
    place_id: int | None = None


class CountIn(Versioned):
    quantity: Decimal
    reason: str = ""


def _stock(item: StockItem) -> dict[str, Any]:
    names = ["id", "version", "material_id", "on_hand", "blocked", "reserved", "free", "counted_at"]
    return {**fields(item, names), "material": item.material.code, "place": item.place.code}


@router.get("/stock-items", response=Listing[StockOut])
def stock_items(request: HttpRequest, paging: Query[Paging], filters: Query[StockFilters]) -> Any:
    """What lies where."""
    actor = actor_of(request)
    require(actor, "supply.view")
    rows = selectors.stock_of(actor)
    if filters.material_id is not None:
        rows = rows.filter(material_id=filters.material_id)
    if filters.place and "\0" not in filters.place:
        rows = rows.filter(place__code__iexact=filters.place)
    sorts = {"material": "material__code", "place": "place__code", "on_hand": "on_hand", "reserved": "reserved"}
    return listing(rows, paging, sorts=sorts, shape=_stock)


@router.get("/stock-items/{int:pk}", response=StockFull)
def stock_item(request: HttpRequest, pk: int) -> Any:
    """One item with its last two hundred movements, which explain its quantities."""
    item = selectors.stock_item_by_id(actor_of(request), pk)
    movements = [
        {
            **fields(one, ["at", "kind", "quantity", "blocked", "on_hand_after", "reason"]),
            "cause": one.cause_text,
            "by": str(one.actor) if one.actor else None,
        }
        for one in selectors.movements_of(item)[:200]
    ]
    return {**_stock(item), "movements": movements}


@router.post("/stock-items", response={201: StockOut})
def enter_stock(request: HttpRequest, payload: StockIn) -> Any:
    """Something is there that no purchase brought."""
    item = stock_services.enter_stock(actor=actor_of(request), **payload.model_dump())
    return Status(201, _stock(item))


@router.post("/stock-items/{int:pk}/count", response=StockOut)
def count_stock(request: HttpRequest, pk: int, payload: CountIn) -> Any:
    """What was found counts; where it is less than was reserved, the least urgent orders lose their reservation."""
    item = stock_services.count(
        actor=actor_of(request),
        item_id=pk,
        counted=payload.quantity,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return _stock(item)


@router.post("/stock-items/{int:pk}/block", response=StockOut)
def block_stock(request: HttpRequest, pk: int, payload: CountIn) -> Any:
    """Some of it can't be used."""
    item = stock_services.block(
        actor=actor_of(request),
        item_id=pk,
        quantity=payload.quantity,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return _stock(item)


@router.post("/stock-items/{int:pk}/unblock", response=StockOut)
def unblock_stock(request: HttpRequest, pk: int, payload: CountIn) -> Any:
    """It can be used after all."""
    item = stock_services.unblock(
        actor=actor_of(request),
        item_id=pk,
        quantity=payload.quantity,
        reason=payload.reason,
        expected_version=payload.version,
    )
    return _stock(item)


# ----------------------------------------------------------------------------------------------------------- needs


class RequirementOut(Schema):
    """What a task of an order needs, and what of it is in stock for it or on the way."""

    id: int
    version: int
    order: str
    material_id: int
    material: str
    task: str | None
    quantity: Decimal
    issued: Decimal
    in_stock: Decimal
    on_the_way: Decimal
    needed_by: dt.date | None
    shortage: str | None


class QuantityIn(Schema):
    quantity: Decimal
    stock_item_id: int | None = None
    priority: int | None = None
    reason: str = ""


class IssueIn(Versioned):
    quantity: Decimal


class StockReasonIn(Schema):
    reason: str = ""


def _standing(one: selectors.NeedStanding) -> dict[str, Any]:
    need = one.requirement
    return {
        **fields(need, ["id", "version", "material_id", "quantity", "issued", "needed_by"]),
        "order": need.order.label,
        "material": need.material.code,
        "task": str(need.task) if need.task else None,
        "in_stock": one.in_stock,
        "on_the_way": one.on_the_way,
        "shortage": one.shortage.state if one.shortage else None,
    }


def _need(actor: Any, need: Requirement) -> dict[str, Any]:
    found = selectors.needs_of_order(actor, need.order_id)
    return next(_standing(one) for one in found if one.requirement.pk == need.pk)


@router.get("/requirements", response=list[RequirementOut])
def requirements(request: HttpRequest, order: str) -> Any:
    """Everything an order (number or id) needs, the most harmful shortage first."""
    actor = actor_of(request)
    require(actor, "supply.view")
    return [_standing(one) for one in selectors.needs_of_order(actor, order_by_key(actor, order).pk)]


@router.post("/requirements/{int:pk}/reserve", response=RequirementOut)
def reserve_for(request: HttpRequest, pk: int, payload: QuantityIn) -> Any:
    """Reserve stock for a task; refused when less is free than is asked for."""
    actor = actor_of(request)
    return _need(actor, reserve(actor=actor, requirement_id=pk, **payload.model_dump()))


@router.post("/requirements/{int:pk}/issue", response=RequirementOut)
def issue_for(request: HttpRequest, pk: int, payload: IssueIn) -> Any:
    """Hand material out to the task."""
    actor = actor_of(request)
    need = stock_services.issue(
        actor=actor, requirement_id=pk, quantity=payload.quantity, expected_version=payload.version
    )
    return _need(actor, need)


@router.post("/reservations/{int:pk}/release", response={204: None})
def release_one(request: HttpRequest, pk: int, payload: StockReasonIn | None = None) -> Any:
    """Give back what was reserved."""
    release(actor=actor_of(request), reservation_id=pk, reason=payload.reason if payload else "")
    return Status(204, None)
