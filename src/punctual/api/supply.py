"""Materials, bills of material, shortages with their ways out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja import Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.masters import MasterFilters, Versioned, fields, given, narrowed
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.orders.selectors import order_by_key
from punctual.domain.supply import selectors
from punctual.domain.supply.models import Bom, Material, Shortage
from punctual.domain.supply.rules import BomLineFacts, MaterialFacts
from punctual.domain.supply.services import boms as bom_services
from punctual.domain.supply.services import materials as material_services
from punctual.domain.supply.services.deciding import choose
from punctual.domain.supply.ways import Way, WaysOut
from punctual.platform.accounts.permissions import require
from punctual.platform.search.services import ids

router = Router()


# ------------------------------------------------------------------------------------------------------- materials


class MaterialOut(Schema):
    """A material; ``standard_cost`` is null for who may not see costs."""

    id: int
    version: int
    code: str
    name: str
    kind: str
    unit: str
    is_whole: bool
    lead_time_days: int
    standard_cost: Decimal | None
    supplier_id: int | None
    notes: str
    archived_at: dt.datetime | None


class MaterialIn(Schema):
    code: str
    name: str
    unit: str
    kind: str = "bought"
    is_whole: bool = True
    lead_time_days: int = 0
    standard_cost: Decimal = Decimal(0)
    supplier_id: int | None = None
    notes: str = ""


class MaterialPatch(Versioned):
    code: str | None = None
    name: str | None = None
    unit: str | None = None
    kind: str | None = None
    is_whole: bool | None = None
    lead_time_days: int | None = None
    standard_cost: Decimal | None = None
    supplier_id: int | None = None
    notes: str | None = None


class MaterialFilters(MasterFilters):
    code: str = ""
    kind: str = ""
    supplier_id: int | None = None


class AtpOut(Schema):
    """From ``day`` on ``quantity`` can be promised."""

    day: dt.date
    quantity: Decimal


def _material(found: Material, *, costs: bool) -> dict[str, Any]:
    row = fields(found, MaterialOut.model_fields)
    return row if costs else {**row, "standard_cost": None}


@router.get("/materials", response=Listing[MaterialOut])
def materials(request: HttpRequest, paging: Query[Paging], filters: Query[MaterialFilters]) -> Any:
    """Materials in use, or the archived ones."""
    actor = actor_of(request)
    require(actor, "supply.view")
    costs = selectors.sees_costs(actor)
    rows = narrowed(
        selectors.materials(actor, archived=True),
        filters,
        "material",
        code__iexact=filters.code,
        kind=filters.kind,
        supplier_id=filters.supplier_id,
    )
    sorts = ["code", "name", "kind", "lead_time_days"]
    return listing(rows, paging, sorts=sorts, shape=lambda one: _material(one, costs=costs))


@router.post("/materials", response={201: MaterialOut})
def create_material(request: HttpRequest, payload: MaterialIn) -> Any:
    """A new material."""
    facts = MaterialFacts(**payload.model_dump())
    found = material_services.create_material(actor=actor_of(request), facts=facts)
    return Status(201, _material(found, costs=True))


@router.get("/materials/{int:pk}", response=MaterialOut)
def material(request: HttpRequest, pk: int) -> Any:
    """One material."""
    actor = actor_of(request)
    return _material(selectors.material_by_id(actor, pk), costs=selectors.sees_costs(actor))


@router.patch("/materials/{int:pk}", response=MaterialOut)
def change_material(request: HttpRequest, pk: int, payload: MaterialPatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    facts = replace(selectors.material_facts(selectors.material_by_id(actor, pk)), **given(payload))
    found = material_services.change_material(
        actor=actor, material_id=pk, facts=facts, expected_version=payload.version
    )
    return _material(found, costs=True)


@router.post("/materials/{int:pk}/archive", response=MaterialOut)
def archive_material(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the material aside."""
    found = material_services.archive_material(
        actor=actor_of(request), material_id=pk, expected_version=payload.version
    )
    return _material(found, costs=True)


@router.post("/materials/{int:pk}/restore", response=MaterialOut)
def restore_material(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the material into use again."""
    found = material_services.restore_material(
        actor=actor_of(request), material_id=pk, expected_version=payload.version
    )
    return _material(found, costs=True)


@router.get("/materials/{int:pk}/atp", response=list[AtpOut])
def available_to_promise(request: HttpRequest, pk: int) -> Any:
    """How much can be promised from which day on, without taking it from anybody."""
    found = selectors.material_by_id(actor_of(request), pk)
    return [
        {"day": one.day, "quantity": one.quantity} for one in selectors.promisable(found, today=timezone.localdate())
    ]


# ------------------------------------------------------------------------------------------------ bills of material


class BomLineIn(Schema):
    material_id: int
    quantity: Decimal
    scrap_percent: Decimal = Decimal(0)
    used_in: str = ""


class BomLineOut(BomLineIn):
    material: str


class BomOut(Schema):
    """Of one product revision, or of one material that is made here."""

    id: int
    version: int
    name: str
    revision_id: int | None
    material_id: int | None
    notes: str


class BomFull(BomOut):
    lines: list[BomLineOut]


class BomIn(Schema):
    """All lines at once. ``version`` of the bill when there is one already."""

    revision_id: int | None = None
    material_id: int | None = None
    lines: list[BomLineIn]
    notes: str = ""
    version: int | None = None


class BomFilters(Schema):
    revision_id: int | None = None
    material_id: int | None = None


def _bom(found: Bom) -> dict[str, Any]:
    return {**fields(found, ["id", "version", "revision_id", "material_id", "notes"]), "name": str(found)}


def _bom_full(found: Bom) -> dict[str, Any]:
    lines = [
        {**fields(line, ["material_id", "quantity", "scrap_percent", "used_in"]), "material": line.material.code}
        for line in found.lines.select_related("material")
    ]
    return {**_bom(found), "lines": lines}


@router.get("/boms", response=Listing[BomOut])
def boms(request: HttpRequest, paging: Query[Paging], filters: Query[BomFilters]) -> Any:
    """Bills of material of product revisions and of parts made here."""
    actor = actor_of(request)
    require(actor, "supply.view")
    rows = selectors.boms_of(actor)
    if filters.revision_id is not None:
        rows = rows.filter(revision_id=filters.revision_id)
    if filters.material_id is not None:
        rows = rows.filter(material_id=filters.material_id)
    return listing(rows, paging, sorts={"id": "pk"}, shape=_bom)


@router.get("/boms/{int:pk}", response=BomFull)
def bom(request: HttpRequest, pk: int) -> Any:
    """One bill of material with its lines."""
    return _bom_full(selectors.bom_by_id(actor_of(request), pk))


@router.post("/boms", response={201: BomFull})
def set_bom(request: HttpRequest, payload: BomIn) -> Any:
    """Write all lines of a bill of material; one that contains itself is refused with the chain."""
    found = bom_services.set_bom(
        actor=actor_of(request),
        revision_id=payload.revision_id,
        material_id=payload.material_id,
        lines=[BomLineFacts(**line.model_dump(), row=row) for row, line in enumerate(payload.lines, start=1)],
        notes=payload.notes,
        expected_version=payload.version,
    )
    return Status(201, _bom_full(found))


# ------------------------------------------------------------------------------------------------------- shortages


class ShortageOut(Schema):
    """``damages`` is the expected damage because of it, in the order's currency; ``moves`` working days by which it
    moves the delivery."""

    id: int
    order: str
    material_id: int
    material: str
    task: str | None
    state: str
    short: Decimal
    on_the_way: Decimal
    uncovered: Decimal
    needed_by: dt.date | None
    arrives: dt.date | None
    days_late: int
    moves: int
    damages: Decimal
    currency: str
    purchase_order: str | None
    settled_as: str


class ShortageFilters(Schema):
    state: str = ""
    order: str = ""
    material_id: int | None = None
    q: str = ""


class WayOut(Schema):
    """One way out; ``reasons`` say why it is not possible. Costs are null for who may not see them."""

    key: str
    kind: str
    title: str
    detail: str
    creates: str
    possible: bool
    best: bool
    needs_consent: bool
    arrives: dt.date | None
    planned: dt.date | None
    days_gained: int
    cost: Decimal | None
    damage_avoided: Decimal
    net: Decimal | None
    reasons: list[str]


class ChoiceIn(Schema):
    key: str


class ChosenOut(Schema):
    """What was done, and the orders whose plans moved with their new delivery day."""

    key: str
    moved: dict[str, dt.date | None]


def _shortage(one: Shortage) -> dict[str, Any]:
    need = one.requirement
    names = [
        "id", "state", "short", "on_the_way", "uncovered", "arrives", "days_late", "moves", "damages", "settled_as",
    ]  # fmt: skip
    return {
        **fields(one, names),
        "order": need.order.label,
        "material_id": need.material_id,
        "material": need.material.code,
        "task": str(need.task) if need.task else None,
        "needed_by": need.needed_by,
        "currency": need.order.currency,
        "purchase_order": one.purchase_line.purchase_order.number if one.purchase_line else None,
    }


def _way(way: Way, *, costs: bool) -> dict[str, Any]:
    return {
        **fields(way, ["key", "arrives", "planned"]),
        "kind": way.kind.value,
        "title": way.title.worded(gettext),
        "detail": way.detail.worded(gettext),
        "creates": way.creates.worded(gettext),
        "possible": way.is_possible,
        "best": way.is_best,
        "needs_consent": way.consent,
        "days_gained": way.gained,
        "cost": way.cost if costs else None,
        "damage_avoided": way.saved,
        "net": way.net if costs else None,
        "reasons": [reason.worded(gettext) for reason in way.reasons],
    }


@router.get("/shortages", response=Listing[ShortageOut])
def shortages(request: HttpRequest, paging: Query[Paging], filters: Query[ShortageFilters]) -> Any:
    """What stock does not cover, the most expensive first."""
    actor = actor_of(request)
    require(actor, "supply.view")
    rows = selectors.shortages_of(actor)
    if filters.state:
        rows = rows.filter(state__in=filters.state.split(","))
    if filters.order:
        rows = rows.filter(requirement__order=order_by_key(actor, filters.order))
    if filters.material_id is not None:
        rows = rows.filter(requirement__material_id=filters.material_id)
    if filters.q:
        rows = rows.filter(requirement__material_id__in=ids(filters.q, "material"))
    sorts = {"damages": "damages", "arrives": "arrives", "needed_by": "requirement__needed_by", "moves": "moves"}
    return listing(rows, paging, sorts=sorts, shape=_shortage)


@router.get("/shortages/{int:pk}/ways-out", response=list[WayOut])
def ways_out(request: HttpRequest, pk: int) -> Any:
    """Every way out, computed on the order's plan and priced; the impossible ones with their reasons."""
    actor = actor_of(request)
    found = selectors.shortage_by_id(actor, pk)
    costs = selectors.sees_costs(actor)
    return [_way(way, costs=costs) for way in WaysOut(found, today=timezone.localdate()).all()]


@router.post("/shortages/{int:pk}/choose", response=ChosenOut)
def choose_way(request: HttpRequest, pk: int, payload: ChoiceIn) -> Any:
    """Carry out one way out."""
    decided = choose(actor=actor_of(request), shortage_id=pk, key=payload.key, today=timezone.localdate())
    return {
        "key": decided.way.key,
        "moved": {move.plan.order.label: move.planned_after for move in decided.moves},
    }
