"""A form that stays on its page is told the refusal as a notice and where to go on to, never a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from delivering import running, shipped
from ordering import TODAY
from punctual.domain.aftersales.models import Rma, ServiceCase, Visit
from punctual.domain.aftersales.services.cases import CaseInput, open_case
from punctual.domain.orders.models import Order, OrderState

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]
STAYS = {"HX-Request": "true", "Punctual-Stay": "true"}


def test_a_refused_dialog_gets_a_notice_and_a_settled_one_its_way_on(person: Any, signed_in: Enter) -> None:
    order = running(person)
    shipped(person, order, 2)
    assert order.customer is not None
    data = CaseInput(customer=order.customer, title="压力漂移", order=order, order_line=order.lines.get())
    case = open_case(actor=person("order_manager"), data=data, today=TODAY)
    address = f"/service-cases/{case.number}/do/take_back/"
    client = signed_in("order_manager")
    wish = {"part": "传感器", "quantity": "0", "version": case.version}
    refused = client.post(address, wish, headers=STAYS)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#notices")
    assert "数量要大于零" in refused.content.decode()
    assert "<html" not in refused.content.decode()
    taken = client.post(address, {**wish, "quantity": "1"}, headers=STAYS)
    assert (taken.status_code, taken["HX-Redirect"]) == (204, f"/service-cases/{case.number}/")
    assert Rma.objects.get().part == "传感器"
    assert client.post(address, {**wish, "quantity": "1", "version": ""}).status_code == 302, "without the island"


def test_what_is_typed_of_a_case_is_kept_though_no_warranty_or_contact_knows_it(person: Any, signed_in: Enter) -> None:
    order = running(person)
    shipped(person, order, 2)
    told = {
        "customer": order.customer_id, "order": order.number, "line_no": "10", "serial": "PR06-77", "kind": "fault",
        "urgency": "high", "contact": "车间夜班老周", "title": "压力漂移", "text": "",
    }  # fmt: skip
    client = signed_in("order_manager")
    answer = client.post("/service-cases/new/", told)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "PR06-77" in page
    assert "车间夜班老周" in page
    assert f"{order.lines.get().line_no} {order.lines.get().description}" in page
    case = ServiceCase.objects.get()
    shape = client.get(f"/api/v1/service-cases/{case.number}").json()
    assert (shape["serial"], shape["line_no"]) == ("PR06-77", 10)


def test_the_closing_review_is_found_again_from_the_closed_order(person: Any, signed_in: Enter) -> None:
    order = running(person)
    Order.objects.filter(pk=order.pk).update(state=OrderState.CLOSED)
    page = signed_in("order_manager").get(f"/orders/{order.key}/").content.decode()
    assert f'href="/orders/{order.key}/close/"' in page


def test_return_visits_can_be_planned_though_a_service_visit_is(person: Any, signed_in: Enter) -> None:
    order = running(person)
    Order.objects.filter(pk=order.pk).update(state=OrderState.ACCEPTED)
    assert order.customer is not None
    Visit.objects.create(order=order, customer=order.customer, engineer=person("worker"), day=TODAY)
    page = signed_in("order_manager").get(f"/orders/{order.key}/later/").content.decode()
    assert 'data-dialog="returns-dialog"' in page
