"""Make, change, archive and restore the people at a customer. A customer has at most one first contact."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction

from punctual.domain.parties.models import Contact, Customer
from punctual.domain.parties.rules import ContactFacts, reasons_against_contact
from punctual.domain.parties.selectors import contacts, customers
from punctual.domain.parties.services.customers import document_of
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import require
from punctual.platform.master_data import change, create, set_archived
from punctual.platform.records import lock
from punctual.platform.search.services import index


def _check(facts: ContactFacts, customer: Customer, pk: int = 0) -> None:
    reasons = reasons_against_contact(facts)
    if facts.name and customer.contacts.filter(name=facts.name, archived_at=None).exclude(pk=pk).exists():
        reasons.append(
            Reason(
                "contact.name.taken",
                N_("%(customer)s already has a contact “%(name)s”."),
                {"customer": str(customer), "name": facts.name},
                field="name",
            )
        )
    refuse_if(reasons)


def _only_first(customer: Customer, contact: Contact, actor: User) -> None:
    """The others are no longer the first contact."""
    for other in customer.contacts.select_for_update().filter(is_primary=True).exclude(pk=contact.pk):
        change(other, {"is_primary": False}, actor=actor)


def _lock(actor: User, contact_id: int, expected_version: int | None) -> Contact:
    require(actor, "customers.change")
    return lock(contacts(actor, archived=True), expected_version=expected_version, pk=contact_id)


@transaction.atomic
def create_contact(*, actor: User, customer_id: int, facts: ContactFacts) -> Contact:
    """Somebody new at a customer."""
    require(actor, "customers.change")
    customer = lock(customers(actor, archived=True), expected_version=None, pk=customer_id)
    _check(facts, customer)
    found = create(Contact(customer=customer, **asdict(facts)), actor=actor)
    if found.is_primary:
        _only_first(customer, found, actor)
    index([document_of(customer)])
    return found


@transaction.atomic
def change_contact(*, actor: User, contact_id: int, facts: ContactFacts, expected_version: int | None) -> Contact:
    found = _lock(actor, contact_id, expected_version)
    _check(facts, found.customer, found.pk)
    if change(found, asdict(facts), actor=actor):
        if found.is_primary:
            _only_first(found.customer, found, actor)
        index([document_of(found.customer)])
    return found


@transaction.atomic
def archive_contact(*, actor: User, contact_id: int, expected_version: int | None) -> Contact:
    """No longer to be chosen; orders that name the person keep it."""
    found = set_archived(_lock(actor, contact_id, expected_version), True, actor=actor)
    index([document_of(found.customer)])
    return found


@transaction.atomic
def restore_contact(*, actor: User, contact_id: int, expected_version: int | None) -> Contact:
    found = _lock(actor, contact_id, expected_version)
    if found.customer.contacts.filter(name=found.name, archived_at=None).exclude(pk=found.pk).exists():
        raise Refusal(
            Reason(
                "contact.name.taken",
                N_("%(customer)s already has a contact “%(name)s”."),
                {"customer": str(found.customer), "name": found.name},
                field="name",
            )
        )
    set_archived(found, False, actor=actor)
    index([document_of(found.customer)])
    return found
