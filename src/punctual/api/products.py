"""Products with their revisions and, for who may see them, list prices."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.masters import MasterFilters, Versioned, fields, given, narrowed
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.catalog import selectors
from punctual.domain.catalog.models import Product
from punctual.domain.catalog.rules import USUAL_WARRANTY, FamilyFacts, PriceFacts, ProductFacts, RevisionFacts
from punctual.domain.catalog.services import prices as price_services
from punctual.domain.catalog.services import products as services
from punctual.domain.catalog.services import revisions as revision_services
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may, require
from punctual.platform.records import get_or_not_found

router = Router()


class RevisionOut(Schema):
    id: int
    code: str
    released_on: dt.date | None
    retired_on: dt.date | None
    successor_id: int | None


class PriceOut(Schema):
    currency: str
    amount: Decimal
    valid_from: dt.date


class FamilyOut(Schema):
    id: int
    code: str
    name: str


class ProductOut(Schema):
    """``prices`` is null for who may not see them."""

    id: int
    version: int
    model: str
    name: str
    family: FamilyOut
    unit: str
    minimum_order_quantity: Decimal
    order_multiple: Decimal
    lead_time_days: int
    warranty_months: int
    description: str
    archived_at: dt.datetime | None
    revisions: list[RevisionOut]
    prices: list[PriceOut] | None


class ProductIn(Schema):
    model: str
    name: str
    family_id: int
    unit: str
    minimum_order_quantity: Decimal = Decimal(1)
    order_multiple: Decimal = Decimal(1)
    lead_time_days: int = 0
    warranty_months: int = USUAL_WARRANTY
    description: str = ""


class ProductPatch(Versioned):
    model: str | None = None
    name: str | None = None
    family_id: int | None = None
    unit: str | None = None
    minimum_order_quantity: Decimal | None = None
    order_multiple: Decimal | None = None
    lead_time_days: int | None = None
    warranty_months: int | None = None
    description: str | None = None


class RevisionIn(Versioned):
    code: str
    released_on: dt.date | None = None


class RetireIn(Versioned):
    retired_on: dt.date
    successor_id: int | None = None


class PriceIn(Versioned):
    currency: str = "CNY"
    amount: Decimal
    valid_from: dt.date


class PriceKey(Versioned):
    currency: str
    valid_from: dt.date


class FamilyIn(Schema):
    code: str
    name: str


class ProductFilters(MasterFilters):
    model: str = ""
    family: str = ""


def _product(actor: User, found: Product) -> dict[str, Any]:
    """``found`` comes with ``all_revisions`` and ``known_prices``."""
    own = [name for name in ProductOut.model_fields if name not in {"family", "revisions", "prices"}]
    prices = [fields(item, PriceOut.model_fields) for item in found.known_prices]  # type: ignore[attr-defined]
    return {
        **fields(found, own),
        "family": fields(found.family, FamilyOut.model_fields),
        "revisions": [fields(item, RevisionOut.model_fields) for item in found.all_revisions],  # type: ignore[attr-defined]
        "prices": prices if may(actor, "catalog.see_prices") else None,
    }


def _detailed(actor: User, pk: int) -> dict[str, Any]:
    return _product(actor, get_or_not_found(selectors.products_with_details(actor), pk=pk))


@router.get("/products", response=Listing[ProductOut])
def products(request: HttpRequest, paging: Query[Paging], filters: Query[ProductFilters]) -> Any:
    """Products in use, or the archived ones; ``family`` is a code."""
    actor = actor_of(request)
    require(actor, "catalog.read")
    rows = narrowed(
        selectors.products_with_details(actor),
        filters,
        "product",
        model__iexact=filters.model,
        family__code=filters.family,
    )
    return listing(rows, paging, sorts=["model", "name", "lead_time_days"], shape=lambda item: _product(actor, item))


@router.post("/products", response={201: ProductOut})
def create_product(request: HttpRequest, payload: ProductIn) -> Any:
    """A new product; revisions and prices follow."""
    actor = actor_of(request)
    found = services.create_product(actor=actor, facts=ProductFacts(**payload.model_dump()))
    return Status(201, _detailed(actor, found.pk))


@router.get("/products/{int:pk}", response=ProductOut)
def product(request: HttpRequest, pk: int) -> Any:
    """One product with its revisions and, for who may see them, prices."""
    return _detailed(actor_of(request), pk)


@router.patch("/products/{int:pk}", response=ProductOut)
def change_product(request: HttpRequest, pk: int, payload: ProductPatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    facts = replace(selectors.product_facts(selectors.get_product(actor, pk)), **given(payload))
    services.change_product(actor=actor, product_id=pk, facts=facts, expected_version=payload.version)
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/archive", response=ProductOut)
def archive_product(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the product out of the offer."""
    actor = actor_of(request)
    services.archive_product(actor=actor, product_id=pk, expected_version=payload.version)
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/restore", response=ProductOut)
def restore_product(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Offer the product again."""
    actor = actor_of(request)
    services.restore_product(actor=actor, product_id=pk, expected_version=payload.version)
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/revisions", response={201: ProductOut})
def add_revision(request: HttpRequest, pk: int, payload: RevisionIn) -> Any:
    """Release a revision."""
    actor = actor_of(request)
    revision_services.add_revision(
        actor=actor,
        product_id=pk,
        facts=RevisionFacts(payload.code, payload.released_on),
        expected_version=payload.version,
    )
    return Status(201, _detailed(actor, pk))


@router.post("/products/{int:pk}/revisions/{int:revision_id}/retire", response=ProductOut)
def retire_revision(request: HttpRequest, pk: int, revision_id: int, payload: RetireIn) -> Any:
    """Retire a revision and say what to take instead."""
    actor = actor_of(request)
    revision_services.retire_revision(
        actor=actor,
        product_id=pk,
        revision_id=revision_id,
        retired_on=payload.retired_on,
        successor_id=payload.successor_id,
        expected_version=payload.version,
    )
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/revisions/{int:revision_id}/reinstate", response=ProductOut)
def reinstate_revision(request: HttpRequest, pk: int, revision_id: int, payload: Versioned) -> Any:
    """Let a retired revision be ordered again."""
    actor = actor_of(request)
    revision_services.reinstate_revision(
        actor=actor, product_id=pk, revision_id=revision_id, expected_version=payload.version
    )
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/prices", response=ProductOut)
def set_price(request: HttpRequest, pk: int, payload: PriceIn) -> Any:
    """Set the list price in a currency from a day on."""
    actor = actor_of(request)
    price_services.set_price(
        actor=actor,
        product_id=pk,
        facts=PriceFacts(payload.currency, payload.amount, payload.valid_from),
        expected_version=payload.version,
    )
    return _detailed(actor, pk)


@router.post("/products/{int:pk}/prices/remove", response=ProductOut)
def remove_price(request: HttpRequest, pk: int, payload: PriceKey) -> Any:
    """Take a list price back."""
    actor = actor_of(request)
    price_services.remove_price(
        actor=actor,
        product_id=pk,
        currency=payload.currency,
        valid_from=payload.valid_from,
        expected_version=payload.version,
    )
    return _detailed(actor, pk)


@router.get("/product-families", response=Listing[FamilyOut])
def families(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Every product family."""
    actor = actor_of(request)
    require(actor, "catalog.read")
    return listing(
        selectors.families(actor),
        paging,
        sorts=["code", "name"],
        shape=lambda item: fields(item, FamilyOut.model_fields),
    )


@router.post("/product-families", response={201: FamilyOut})
def create_family(request: HttpRequest, payload: FamilyIn) -> Any:
    """A new product family."""
    found = services.create_family(actor=actor_of(request), facts=FamilyFacts(payload.code, payload.name))
    return Status(201, fields(found, FamilyOut.model_fields))
