"""Make, change, archive and restore customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction

from punctual.domain.parties.models import Customer
from punctual.domain.parties.rules import CustomerFacts, reasons_against_customer
from punctual.domain.parties.selectors import customers
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.audit.services import Change
from punctual.platform.custom_fields.services import write_values
from punctual.platform.master_data import change, create, set_archived, taken
from punctual.platform.records import lock
from punctual.platform.search.services import Document, index


def document_of(found: Customer) -> Document:
    """Under what a customer is found: its code, both names and the people there."""
    people = list(found.contacts.filter(archived_at=None).values_list("name", flat=True))
    return Document(found, str(found), found.code, [found.code, found.name, found.short_name, *people])


def _check(facts: CustomerFacts, pk: int | None = None) -> None:
    refuse_if(
        [
            *reasons_against_customer(facts),
            *taken(Customer.objects.all(), noun="customer", field="code", value=facts.code, pk=pk),
        ]
    )


def _write(found: Customer, custom: Mapping[str, Any], complete: bool) -> list[Change]:
    return write_values(subject="customer", target_id=found.pk, given=custom, complete=complete)


def _lock(actor: User, customer_id: int, expected_version: int | None) -> Customer:
    require(actor, "customers.change")
    return lock(customers(actor, archived=True), expected_version=expected_version, pk=customer_id)


@transaction.atomic
def create_customer(
    *, actor: User, facts: CustomerFacts, custom: Mapping[str, Any] | None = None, complete: bool = False
) -> Customer:
    """A new customer. ``custom`` are values of the company's own fields; ``complete`` as in :func:`change_customer`."""
    require(actor, "customers.change")
    _check(facts)
    found = create(Customer(**asdict(facts)), actor=actor)
    if custom is not None:
        change(found, {}, actor=actor, more=_write(found, custom, complete))
    index([document_of(found)])
    return found


@transaction.atomic
def change_customer(
    *,
    actor: User,
    customer_id: int,
    facts: CustomerFacts,
    expected_version: int | None,
    custom: Mapping[str, Any] | None = None,
    complete: bool = False,
) -> Customer:
    """Other facts and values of the company's own fields (``complete``: all of them are told, so none that must be
    filled in may be absent); nothing is written when nothing differs."""
    found = _lock(actor, customer_id, expected_version)
    _check(facts, found.pk)
    if change(found, asdict(facts), actor=actor, more=_write(found, custom or {}, complete)):
        index([document_of(found)])
    return found


@transaction.atomic
def archive_customer(*, actor: User, customer_id: int, expected_version: int | None) -> Customer:
    """Take it out of the choices; its orders stay."""
    return set_archived(_lock(actor, customer_id, expected_version), True, actor=actor)


@transaction.atomic
def restore_customer(*, actor: User, customer_id: int, expected_version: int | None) -> Customer:
    return set_archived(_lock(actor, customer_id, expected_version), False, actor=actor)
