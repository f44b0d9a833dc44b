"""Suppliers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.masters import MasterFilters, Versioned, fields, given, narrowed
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.parties import selectors
from punctual.domain.parties.models import Supplier
from punctual.domain.parties.rules import SupplierFacts
from punctual.domain.parties.services import suppliers as services
from punctual.platform.accounts.permissions import require

router = Router()


class SupplierOut(Schema):
    id: int
    version: int
    code: str
    name: str
    short_name: str
    contact_name: str
    phone: str
    email: str
    lead_time_days: int
    notes: str
    archived_at: dt.datetime | None


class SupplierIn(Schema):
    code: str
    name: str
    short_name: str = ""
    contact_name: str = ""
    phone: str = ""
    email: str = ""
    lead_time_days: int = 0
    notes: str = ""


class SupplierPatch(Versioned):
    code: str | None = None
    name: str | None = None
    short_name: str | None = None
    contact_name: str | None = None
    phone: str | None = None
    email: str | None = None
    lead_time_days: int | None = None
    notes: str | None = None


class SupplierFilters(MasterFilters):
    code: str = ""


def _supplier(found: Supplier) -> dict[str, Any]:
    return fields(found, SupplierOut.model_fields)


@router.get("/suppliers", response=Listing[SupplierOut])
def suppliers(request: HttpRequest, paging: Query[Paging], filters: Query[SupplierFilters]) -> Any:
    """Suppliers in use, or the archived ones."""
    actor = actor_of(request)
    require(actor, "suppliers.read")
    rows = narrowed(selectors.suppliers(actor, archived=True), filters, "supplier", code__iexact=filters.code)
    return listing(rows, paging, sorts=["code", "name", "lead_time_days"], shape=_supplier)


@router.post("/suppliers", response={201: SupplierOut})
def create_supplier(request: HttpRequest, payload: SupplierIn) -> Any:
    """A new supplier."""
    facts = SupplierFacts(**payload.model_dump())
    return Status(201, _supplier(services.create_supplier(actor=actor_of(request), facts=facts)))


@router.get("/suppliers/{int:pk}", response=SupplierOut)
def supplier(request: HttpRequest, pk: int) -> Any:
    """One supplier."""
    return _supplier(selectors.get_supplier(actor_of(request), pk))


@router.patch("/suppliers/{int:pk}", response=SupplierOut)
def change_supplier(request: HttpRequest, pk: int, payload: SupplierPatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    facts = replace(selectors.supplier_facts(selectors.get_supplier(actor, pk)), **given(payload))
    return _supplier(
        services.change_supplier(actor=actor, supplier_id=pk, facts=facts, expected_version=payload.version)
    )


@router.post("/suppliers/{int:pk}/archive", response=SupplierOut)
def archive_supplier(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the supplier aside."""
    return _supplier(
        services.archive_supplier(actor=actor_of(request), supplier_id=pk, expected_version=payload.version)
    )


@router.post("/suppliers/{int:pk}/restore", response=SupplierOut)
def restore_supplier(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the supplier into use again."""
    return _supplier(
        services.restore_supplier(actor=actor_of(request), supplier_id=pk, expected_version=payload.version)
    )
