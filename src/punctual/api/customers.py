"""Customers and contacts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from punctual.api.authentication import actor_of
from punctual.api.custom_fields import CustomIn, with_custom
from punctual.api.masters import MasterFilters, Versioned, fields, given, narrowed
from punctual.api.pages import Listing, Paging, listing
from punctual.domain.parties import selectors
from punctual.domain.parties.models import Contact, Customer
from punctual.domain.parties.rules import ContactFacts, CustomerFacts
from punctual.domain.parties.services import contacts as contact_services
from punctual.domain.parties.services import customers as services
from punctual.platform.accounts.permissions import require
from punctual.platform.custom_fields.selectors import data_of

router = Router()


class ContactOut(Schema):
    id: int
    version: int
    customer_id: int
    name: str
    title: str
    phone: str
    email: str
    language: str
    is_primary: bool
    archived_at: dt.datetime | None


class CustomerOut(Schema):
    id: int
    version: int
    code: str
    name: str
    short_name: str
    grade: str
    currency: str
    payment_terms: str
    delivery_place: str
    address: str
    wants_photos: bool
    notes: str
    archived_at: dt.datetime | None
    contacts: list[ContactOut]
    custom: dict[str, Any]
    """The company's own fields by key; numbers as text, days as 2026-03-19, empty ones null."""


class CustomerIn(Schema):
    code: str
    name: str
    short_name: str = ""
    grade: str = "B"
    currency: str = "CNY"
    payment_terms: str = ""
    delivery_place: str = ""
    address: str = ""
    wants_photos: bool = False
    notes: str = ""


class CustomerPatch(Versioned):
    code: str | None = None
    name: str | None = None
    short_name: str | None = None
    grade: str | None = None
    currency: str | None = None
    payment_terms: str | None = None
    delivery_place: str | None = None
    address: str | None = None
    wants_photos: bool | None = None
    notes: str | None = None


class ContactIn(Schema):
    customer_id: int
    name: str
    title: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    """``zh-hans`` or ``en``; empty: both."""
    is_primary: bool = False


class ContactPatch(Versioned):
    name: str | None = None
    title: str | None = None
    phone: str | None = None
    email: str | None = None
    language: str | None = None
    is_primary: bool | None = None


class CustomerFilters(MasterFilters):
    code: str = ""
    grade: str = ""
    currency: str = ""


class ContactFilters(Schema):
    customer_id: int | None = None
    archived: bool = False


def _contact(found: Contact) -> dict[str, Any]:
    return fields(found, ContactOut.model_fields)


def _customer(found: Customer, custom: dict[str, Any] | None = None) -> dict[str, Any]:
    people = [_contact(item) for item in found.contacts.all() if item.archived_at is None]
    names = [name for name in CustomerOut.model_fields if name not in ("contacts", "custom")]
    own = data_of("customer", found.pk) if custom is None else custom
    return {**fields(found, names), "contacts": people, "custom": own}


@router.get("/customers", response=Listing[CustomerOut])
def customers(request: HttpRequest, paging: Query[Paging], filters: Query[CustomerFilters]) -> Any:
    """Customers with their contacts, in use unless ``archived`` is asked for; ``custom_<key>`` narrows by a custom
    field."""
    actor = actor_of(request)
    require(actor, "customers.read")
    rows = narrowed(
        selectors.customers(actor, archived=True).prefetch_related("contacts"),
        filters,
        "customer",
        code__iexact=filters.code,
        grade=filters.grade,
        currency=filters.currency,
    )
    rows, custom = with_custom(request, "customer", rows)
    return listing(rows, paging, sorts=["code", "name", "grade"], shape=lambda found: _customer(found, custom(found)))


@router.post("/customers", response={201: CustomerOut})
def create_customer(request: HttpRequest, payload: CustomerIn) -> Any:
    """A new customer."""
    found = services.create_customer(actor=actor_of(request), facts=CustomerFacts(**payload.model_dump()))
    return Status(201, _customer(found))


@router.get("/customers/{int:pk}", response=CustomerOut)
def customer(request: HttpRequest, pk: int) -> Any:
    """One customer with its contacts."""
    return _customer(selectors.get_customer(actor_of(request), pk))


@router.patch("/customers/{int:pk}", response=CustomerOut)
def change_customer(request: HttpRequest, pk: int, payload: CustomerPatch) -> Any:
    """Change what is told; 409 when somebody else was faster."""
    actor = actor_of(request)
    facts = replace(selectors.customer_facts(selectors.get_customer(actor, pk)), **given(payload))
    return _customer(
        services.change_customer(actor=actor, customer_id=pk, facts=facts, expected_version=payload.version)
    )


@router.put("/customers/{int:pk}/custom", response=CustomerOut)
def put_custom(request: HttpRequest, pk: int, payload: CustomIn) -> Any:
    """Fill in custom fields; what is absent stays, null clears."""
    actor = actor_of(request)
    found = selectors.get_customer(actor, pk)
    version = found.version if payload.version is None else payload.version  # what is written back was read at it
    facts = selectors.customer_facts(found)
    return _customer(
        services.change_customer(
            actor=actor, customer_id=pk, facts=facts, expected_version=version, custom=payload.values
        )
    )


@router.post("/customers/{int:pk}/archive", response=CustomerOut)
def archive_customer(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the customer aside; it takes no new orders."""
    return _customer(
        services.archive_customer(actor=actor_of(request), customer_id=pk, expected_version=payload.version)
    )


@router.post("/customers/{int:pk}/restore", response=CustomerOut)
def restore_customer(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the customer into use again."""
    return _customer(
        services.restore_customer(actor=actor_of(request), customer_id=pk, expected_version=payload.version)
    )


@router.get("/contacts", response=Listing[ContactOut])
def contacts(request: HttpRequest, paging: Query[Paging], filters: Query[ContactFilters]) -> Any:
    """People at customers."""
    actor = actor_of(request)
    require(actor, "customers.read")
    rows = selectors.contacts(actor, archived=True)
    rows = rows.exclude(archived_at=None) if filters.archived else rows.filter(archived_at=None)
    if filters.customer_id is not None:
        rows = rows.filter(customer_id=filters.customer_id)
    return listing(rows, paging, sorts=["name"], shape=_contact)


@router.post("/contacts", response={201: ContactOut})
def create_contact(request: HttpRequest, payload: ContactIn) -> Any:
    """Somebody new at a customer."""
    told = payload.model_dump()
    customer_id = told.pop("customer_id")
    found = contact_services.create_contact(
        actor=actor_of(request), customer_id=customer_id, facts=ContactFacts(**told)
    )
    return Status(201, _contact(found))


@router.get("/contacts/{int:pk}", response=ContactOut)
def contact(request: HttpRequest, pk: int) -> Any:
    """One contact."""
    return _contact(selectors.get_contact(actor_of(request), pk))


@router.patch("/contacts/{int:pk}", response=ContactOut)
def change_contact(request: HttpRequest, pk: int, payload: ContactPatch) -> Any:
    """Change the contact; send its version."""
    actor = actor_of(request)
    facts = replace(selectors.contact_facts(selectors.get_contact(actor, pk)), **given(payload))
    return _contact(
        contact_services.change_contact(actor=actor, contact_id=pk, facts=facts, expected_version=payload.version)
    )


@router.post("/contacts/{int:pk}/archive", response=ContactOut)
def archive_contact(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Put the contact aside."""
    return _contact(
        contact_services.archive_contact(actor=actor_of(request), contact_id=pk, expected_version=payload.version)
    )


@router.post("/contacts/{int:pk}/restore", response=ContactOut)
def restore_contact(request: HttpRequest, pk: int, payload: Versioned) -> Any:
    """Take the contact into use again."""
    return _contact(
        contact_services.restore_contact(actor=actor_of(request), contact_id=pk, expected_version=payload.version)
    )
