"""A customer's page on one screen: what the customer holds against us and what is due from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from ordering import confirmed, customer
from punctual.domain.customer_relations.services.requests import RequestInput, record_request
from punctual.domain.delivery.models import MilestoneKind, PayEvent, PaymentMilestone
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Customer
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
SignedIn = Callable[[str], Client]


def owed(order: Order, name: str, amount: int, days_late: int | None) -> PaymentMilestone:
    return PaymentMilestone.objects.create(
        order=order,
        kind=MilestoneKind.ADVANCE,
        name=name,
        percent=Decimal(10),
        amount=Decimal(amount),
        event=PayEvent.CONFIRMED,
        due_on=None if days_late is None else timezone.localdate() - dt.timedelta(days=days_late),
    )


def body_for(client: Client, found: Customer) -> str:
    return client.get(f"/customers/{found.pk}/").content.decode()


def test_what_is_due_and_what_they_complain_of_stands_on_the_customers_page(
    person: Person, signed_in: SignedIn
) -> None:
    order = confirmed(person("order_manager"))
    PaymentMilestone.objects.all().delete()
    owed(order, "迟付的预付款", 4321, 12)
    owed(order, "未触发的质保金", 8765, None)
    told = RequestInput(customer(), "外壳划伤", order=order, kind="complaint")
    found = record_request(actor=person("order_manager"), data=told)
    other = customer("C002", "苏州恒拓电子")
    stranger = body_for(signed_in("order_manager"), other)
    assert "迟付的预付款" not in stranger
    assert "外壳划伤" not in stranger
    body = body_for(signed_in("order_manager"), customer())
    assert "迟付的预付款" in body
    assert "4,321" in body
    assert "未触发的质保金" not in body
    assert f'href="/requests/{found.number}/"' in body


def test_who_may_not_see_payments_sees_none_on_the_customers_page(person: Person, signed_in: SignedIn) -> None:
    order = confirmed(person("order_manager"))
    owed(order, "迟付的预付款", 4321, 12)
    assert "迟付的预付款" not in body_for(signed_in("quality"), customer())


@pytest.mark.parametrize("address", ["/payments/", "/service-cases/", "/requests/table/"])
def test_the_lists_that_the_page_leads_to_keep_to_the_customer(
    person: Person, signed_in: SignedIn, address: str
) -> None:
    order = confirmed(person("order_manager"))
    client = signed_in("order_manager")
    assert client.get(f"{address}?customer={customer().code}").status_code == 200
    if address == "/payments/":
        owed(order, "迟付的预付款", 4321, 12)
        customer("C002", "苏州恒拓电子")
        row = f"/orders/{order.key}/payments/"
        assert row in client.get(f"{address}?customer=C001").content.decode()
        assert row not in client.get(f"{address}?customer=C002").content.decode()


@pytest.mark.parametrize(("terms", "told"), [("30%预付，70%验收后120年", True), ("30/60/10", False), ("", False)])
def test_terms_that_cannot_be_read_are_told_where_its_payments_stand(
    person: Person, signed_in: SignedIn, terms: str, told: bool
) -> None:
    order = confirmed(person("order_manager"))
    PaymentMilestone.objects.filter(order=order).delete()
    Order.objects.filter(pk=order.pk).update(payment_terms=terms)
    body = signed_in("order_manager").get(f"/orders/{order.key}/payments/").content.decode()
    assert ("The payment terms can’t be read" in body or "付款条件不能确定地读懂" in body) is told
