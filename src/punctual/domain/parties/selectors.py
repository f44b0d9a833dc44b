"""Read customers, contacts and suppliers: what the actor may see."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from punctual.domain.parties.models import Contact, Customer, Supplier
from punctual.domain.parties.rules import ContactFacts, CustomerFacts, SupplierFacts
from punctual.platform.accounts.models import User
from punctual.platform.accounts.permissions import may
from punctual.platform.audit.models import AuditEntry
from punctual.platform.audit.services import target_type
from punctual.platform.records import get_or_not_found


def customers(actor: User, *, archived: bool = False) -> QuerySet[Customer]:
    """The customers in use, or with ``archived`` all of them."""
    rows = Customer.objects.all() if may(actor, "customers.read") else Customer.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def customers_with_contacts(actor: User) -> QuerySet[Customer]:
    """All of them for the list, each with the contacts in use as ``current_contacts``, the first contact first."""
    return customers(actor, archived=True).prefetch_related(
        Prefetch("contacts", queryset=Contact.objects.filter(archived_at=None), to_attr="current_contacts")
    )


def contacts(actor: User, *, archived: bool = False) -> QuerySet[Contact]:
    """The people at customers."""
    rows = Contact.objects.all() if may(actor, "customers.read") else Contact.objects.none()
    rows = rows.select_related("customer")
    return rows if archived else rows.filter(archived_at=None)


def suppliers(actor: User, *, archived: bool = False) -> QuerySet[Supplier]:
    """The suppliers in use, or with ``archived`` all of them."""
    rows = Supplier.objects.all() if may(actor, "suppliers.read") else Supplier.objects.none()
    return rows if archived else rows.filter(archived_at=None)


def get_customer(actor: User, pk: int) -> Customer:
    return get_or_not_found(customers(actor, archived=True), pk=pk)


def get_contact(actor: User, pk: int) -> Contact:
    return get_or_not_found(contacts(actor, archived=True), pk=pk)


def get_supplier(actor: User, pk: int) -> Supplier:
    return get_or_not_found(suppliers(actor, archived=True), pk=pk)


def customer_facts(found: Customer) -> CustomerFacts:
    """What stands in the record, to change some of it with :func:`dataclasses.replace`."""
    return CustomerFacts(**{name: getattr(found, name) for name in CustomerFacts.__dataclass_fields__})


def contact_facts(found: Contact) -> ContactFacts:
    return ContactFacts(**{name: getattr(found, name) for name in ContactFacts.__dataclass_fields__})


def supplier_facts(found: Supplier) -> SupplierFacts:
    return SupplierFacts(**{name: getattr(found, name) for name in SupplierFacts.__dataclass_fields__})


def story_of_customer(found: Customer) -> QuerySet[AuditEntry]:
    """The customer's and its contacts' story, newest first."""
    people = list(found.contacts.values_list("pk", flat=True))
    return AuditEntry.objects.filter(
        Q(target_type=target_type(Customer), target_id=found.pk)
        | Q(target_type=target_type(Contact), target_id__in=people)
    ).select_related("actor")
