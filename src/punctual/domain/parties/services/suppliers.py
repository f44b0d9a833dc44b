"""Make, change, archive and restore suppliers."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from punctual.domain.parties.models import Supplier
from punctual.domain.parties.rules import SupplierFacts, reasons_against_supplier
from punctual.domain.parties.selectors import suppliers
from punctual.kernel.refusal import refuse_if
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.master_data import change, create, set_archived, taken
from punctual.platform.records import lock
from punctual.platform.search.services import Document, index


def document_of(found: Supplier) -> Document:
    texts = [found.code, found.name, found.short_name, found.contact_name]
    return Document(found, str(found), found.code, texts)


def _check(facts: SupplierFacts, pk: int | None = None) -> None:
    refuse_if(
        [
            *reasons_against_supplier(facts),
            *taken(Supplier.objects.all(), noun="supplier", field="code", value=facts.code, pk=pk),
        ]
    )


def _lock(actor: User, supplier_id: int, expected_version: int | None) -> Supplier:
    require(actor, "suppliers.change")
    return lock(suppliers(actor, archived=True), expected_version=expected_version, pk=supplier_id)


@transaction.atomic
def create_supplier(*, actor: User, facts: SupplierFacts) -> Supplier:
    """A new supplier."""
    require(actor, "suppliers.change")
    _check(facts)
    found = create(Supplier(**asdict(facts)), actor=actor)
    index([document_of(found)])
    return found


@transaction.atomic
def change_supplier(*, actor: User, supplier_id: int, facts: SupplierFacts, expected_version: int | None) -> Supplier:
    found = _lock(actor, supplier_id, expected_version)
    _check(facts, found.pk)
    if change(found, asdict(facts), actor=actor):
        index([document_of(found)])
    return found


@transaction.atomic
def archive_supplier(*, actor: User, supplier_id: int, expected_version: int | None) -> Supplier:
    """Take it out of the choices; its purchases stay."""
    return set_archived(_lock(actor, supplier_id, expected_version), True, actor=actor)


@transaction.atomic
def restore_supplier(*, actor: User, supplier_id: int, expected_version: int | None) -> Supplier:
    return set_archived(_lock(actor, supplier_id, expected_version), False, actor=actor)
