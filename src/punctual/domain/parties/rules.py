"""What a customer, a contact and a supplier must be: pure checks that return every reason."""

from __future__ import annotations

from dataclasses import dataclass

from punctual.kernel.checks import Checker
from punctual.kernel.money import MINOR_UNITS
from punctual.kernel.refusal import Reason
from punctual.kernel.wording import LANGUAGES, N_

GRADES = ("A", "B", "C")
LONGEST_NOTES = 5000
LONGEST_LEAD_TIME = 999


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What a person tells of a customer."""

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


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What a person tells of somebody at a customer."""

    name: str
    title: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    is_primary: bool = False


@dataclass(frozen=True, slots=True)
class SupplierFacts:
    """What a person tells of a supplier. ``lead_time_days`` counts calendar days."""

    code: str
    name: str
    short_name: str = ""
    contact_name: str = ""
    phone: str = ""
    email: str = ""
    lead_time_days: int = 0
    notes: str = ""


def reasons_against_customer(facts: CustomerFacts) -> list[Reason]:
    check = Checker("customer")
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=120, required=True)
    check.text("short_name", N_("Short name"), facts.short_name, longest=40)
    check.one_of("grade", N_("Grade"), facts.grade, GRADES)
    check.one_of("currency", N_("Currency"), facts.currency, MINOR_UNITS)
    check.text("payment_terms", N_("Payment terms"), facts.payment_terms, longest=200)
    check.text("delivery_place", N_("Delivery place"), facts.delivery_place, longest=200)
    check.text("address", N_("Address"), facts.address, longest=200)
    check.text("notes", N_("Notes"), facts.notes, longest=LONGEST_NOTES)
    return check.reasons


def reasons_against_contact(facts: ContactFacts) -> list[Reason]:
    check = Checker("contact")
    check.text("name", N_("Name"), facts.name, longest=80, required=True)
    check.text("title", N_("Position"), facts.title, longest=80)
    check.text("phone", N_("Phone"), facts.phone, longest=40)
    check.email("email", N_("E-mail"), facts.email)
    if facts.language:
        check.one_of("language", N_("Language"), facts.language, LANGUAGES)
    return check.reasons


def reasons_against_supplier(facts: SupplierFacts) -> list[Reason]:
    check = Checker("supplier")
    check.code("code", N_("Code"), facts.code, longest=20)
    check.text("name", N_("Name"), facts.name, longest=120, required=True)
    check.text("short_name", N_("Short name"), facts.short_name, longest=40)
    check.text("contact_name", N_("Contact"), facts.contact_name, longest=80)
    check.text("phone", N_("Phone"), facts.phone, longest=40)
    check.email("email", N_("E-mail"), facts.email)
    check.whole("lead_time_days", N_("Usual lead time, days"), facts.lead_time_days, least=0, most=LONGEST_LEAD_TIME)
    check.text("notes", N_("Notes"), facts.notes, longest=LONGEST_NOTES)
    return check.reasons
