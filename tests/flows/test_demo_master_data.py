"""The demo company's master data."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.test import Client

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.calendars.selectors import is_working_day, unpublished_years
from punctual.domain.catalog import selectors as catalog
from punctual.domain.catalog.models import ListPrice, Product, ProductFamily, ProductRevision
from punctual.domain.catalog.rules import PriceFacts, reasons_against_price, reasons_against_product
from punctual.domain.parties import selectors as parties
from punctual.domain.parties.models import Contact, Customer, Supplier
from punctual.domain.parties.rules import (
    reasons_against_contact,
    reasons_against_customer,
    reasons_against_supplier,
)
from punctual.domain.resources import selectors as resources
from punctual.domain.resources.models import Resource
from punctual.domain.resources.rules import reasons_against_resource
from punctual.flows.demo import build_master_data
from punctual.platform.accounts.demo import DEMO_NAMES, DEMO_PASSWORD, demo_accounts
from punctual.platform.search.services import find

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def demo(db: None) -> None:
    build_master_data(TODAY)


@pytest.mark.usefixtures("demo")
def test_the_company_has_its_promised_size() -> None:
    assert Customer.objects.count() == 30
    assert Supplier.objects.count() == 12
    assert (Product.objects.count(), ProductFamily.objects.count()) == (60, 6)
    kinds = [Resource.objects.filter(kind=kind).count() for kind in ("person", "equipment", "outsourced")]
    assert kinds == [45, 25, 6]
    assert WorkingCalendar.objects.count() == 3


@pytest.mark.usefixtures("demo")
def test_every_role_signs_in_with_the_demo_password(client: Client) -> None:
    assert demo_accounts() == list(DEMO_NAMES.values())
    assert client.login(username="order.manager", password=DEMO_PASSWORD)


@pytest.mark.usefixtures("demo")
def test_every_demo_record_passes_the_rules_it_was_written_around() -> None:
    for customer in Customer.objects.all():
        assert not reasons_against_customer(parties.customer_facts(customer))
    for contact in Contact.objects.all():
        assert not reasons_against_contact(parties.contact_facts(contact))
    for supplier in Supplier.objects.all():
        assert not reasons_against_supplier(parties.supplier_facts(supplier))
    for product in Product.objects.all():
        assert not reasons_against_product(catalog.product_facts(product))
    for price in ListPrice.objects.all():
        assert not reasons_against_price(PriceFacts(price.currency, price.amount, price.valid_from))
    for resource in Resource.objects.all():
        facts = replace(resources.resource_facts(resource), hourly_cost=resource.hourly_cost)
        assert not reasons_against_resource(facts)


@pytest.mark.usefixtures("demo")
def test_the_retired_scanner_names_its_successor() -> None:
    retired = ProductRevision.objects.get(product__model="HC-BC03", code="B")
    assert retired.retired_on == dt.date(2026, 6, 30)
    assert retired.successor is not None
    assert retired.successor.code == "C"


@pytest.mark.usefixtures("demo")
def test_next_year_has_holidays_and_says_they_are_not_published() -> None:
    office = WorkingCalendar.objects.get(code="CO5")
    assert unpublished_years(office, TODAY) == [2027]
    assert not is_working_day(office, dt.date(2027, 2, 6))
    assert is_working_day(office, dt.date(2026, 10, 10))


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("text", ["宁海", "nhlk", "FS200", "恒达", "赵磊", "张海涛"])
def test_demo_records_are_found_by_word_initials_and_number(text: str) -> None:
    assert find(text).exists()
