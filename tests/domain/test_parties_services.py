"""Customers, contacts and suppliers: who may write, what is refused, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from punctual.domain.parties import selectors
from punctual.domain.parties.models import Customer, Supplier
from punctual.domain.parties.rules import ContactFacts, CustomerFacts, SupplierFacts
from punctual.domain.parties.services import contacts, customers, suppliers
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import story_of
from punctual.platform.search.services import find

Person = Callable[[str], User]
FACTS = CustomerFacts("C900", "苏州测试电子有限公司", "测试电子")


@pytest.mark.parametrize("role", ["supply_chain", "planner", "quality", "finance", "worker", "manager"])
def test_only_order_managers_and_sales_make_customers(person: Person, role: str) -> None:
    with pytest.raises(Forbidden):
        customers.create_customer(actor=person(role), facts=FACTS)
    assert not Customer.objects.exists()


@pytest.mark.parametrize("role", ["order_manager", "sales", "planner", "finance", "worker", "manager"])
def test_only_supply_chain_makes_suppliers(person: Person, role: str) -> None:
    with pytest.raises(Forbidden):
        suppliers.create_supplier(actor=person(role), facts=SupplierFacts("S1", "供方"))
    assert not Supplier.objects.exists()


@pytest.mark.parametrize(
    ("wish", "codes"),
    [
        ({"code": "", "name": ""}, {"customer.code.missing", "customer.name.missing"}),
        ({"code": "A/B"}, {"customer.code.form"}),
        ({"grade": "D", "currency": "XYZ"}, {"customer.grade.unknown", "customer.currency.unknown"}),
        ({"name": "x" * 121}, {"customer.name.too_long"}),
        ({"notes": "a\x00b"}, {"customer.notes.control"}),
    ],
)
def test_every_reason_against_a_customer_comes_at_once(person: Person, wish: dict[str, str], codes: set[str]) -> None:
    with pytest.raises(Refusal) as refusal:
        customers.create_customer(actor=person("sales"), facts=replace(FACTS, **wish))
    assert refusal.value.codes == codes
    assert not Customer.objects.exists()


def test_a_code_is_given_once_whatever_its_case(person: Person) -> None:
    customers.create_customer(actor=person("sales"), facts=FACTS)
    with pytest.raises(Refusal) as refusal:
        customers.create_customer(actor=person("sales"), facts=replace(FACTS, code="c900"))
    assert refusal.value.codes == {"customer.code.taken"}


def test_a_change_is_kept_with_what_it_was(person: Person) -> None:
    sales = person("sales")
    found = customers.create_customer(actor=sales, facts=FACTS)
    customers.change_customer(
        actor=sales, customer_id=found.pk, facts=replace(FACTS, grade="A"), expected_version=found.version
    )
    entry = story_of(found).first()
    assert entry is not None
    assert (entry.verb, entry.actor, entry.changes) == ("change", sales, [{"field": "grade", "old": "B", "new": "A"}])


def test_the_second_of_two_editors_gets_the_difference(person: Person) -> None:
    sales = person("sales")
    found = customers.create_customer(actor=sales, facts=FACTS)
    customers.change_customer(actor=sales, customer_id=found.pk, facts=replace(FACTS, grade="A"), expected_version=1)
    with pytest.raises(Conflict) as conflict:
        customers.change_customer(
            actor=person("order_manager"), customer_id=found.pk, facts=replace(FACTS, grade="C"), expected_version=1
        )
    assert conflict.value.current_version == 2
    assert conflict.value.changes[0]["new"] == "A"
    found.refresh_from_db()
    assert found.grade == "A"


def test_saving_what_is_there_already_writes_nothing(person: Person) -> None:
    sales = person("sales")
    found = customers.create_customer(actor=sales, facts=FACTS)
    after = customers.change_customer(actor=sales, customer_id=found.pk, facts=FACTS, expected_version=1)
    assert after.version == 1
    assert story_of(found).count() == 1


def test_a_worker_sees_no_customer(person: Person) -> None:
    found = customers.create_customer(actor=person("sales"), facts=FACTS)
    with pytest.raises(NotFound):
        selectors.get_customer(person("worker"), found.pk)
    assert not selectors.contacts(person("worker")).exists()


def test_an_archived_customer_is_no_choice_and_comes_back(person: Person) -> None:
    sales = person("sales")
    found = customers.create_customer(actor=sales, facts=FACTS)
    customers.archive_customer(actor=sales, customer_id=found.pk, expected_version=1)
    assert not selectors.customers(sales).exists()
    customers.archive_customer(actor=sales, customer_id=found.pk, expected_version=2)
    customers.restore_customer(actor=sales, customer_id=found.pk, expected_version=2)
    assert selectors.customers(sales).get() == found


def test_there_is_one_first_contact(person: Person) -> None:
    sales = person("sales")
    customer = customers.create_customer(actor=sales, facts=FACTS)
    first = contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("甲", is_primary=True))
    contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("乙", is_primary=True))
    first.refresh_from_db()
    assert not first.is_primary
    assert [item.name for item in customer.contacts.filter(is_primary=True)] == ["乙"]


def test_two_contacts_of_one_name_are_refused_also_by_restoring(person: Person) -> None:
    sales = person("sales")
    customer = customers.create_customer(actor=sales, facts=FACTS)
    old = contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("甲"))
    with pytest.raises(Refusal):
        contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("甲"))
    contacts.archive_contact(actor=sales, contact_id=old.pk, expected_version=1)
    contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("甲"))
    with pytest.raises(Refusal):
        contacts.restore_contact(actor=sales, contact_id=old.pk, expected_version=2)


def test_a_customer_is_found_by_its_contact_and_by_pinyin_initials(person: Person) -> None:
    sales = person("sales")
    customer = customers.create_customer(actor=sales, facts=FACTS)
    contacts.create_contact(actor=sales, customer_id=customer.pk, facts=ContactFacts("欧阳明"))
    for text in ("欧阳", "csdz", "C900", "测试"):
        assert find(text, kinds=["customer"]).exists(), text


def test_a_supplier_with_an_impossible_mail_address_is_refused(person: Person) -> None:
    with pytest.raises(Refusal) as refusal:
        suppliers.create_supplier(
            actor=person("supply_chain"), facts=SupplierFacts("S1", "供方", email="不是邮箱", lead_time_days=-1)
        )
    assert refusal.value.codes == {"supplier.email.form", "supplier.lead_time_days.range"}
