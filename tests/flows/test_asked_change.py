"""A customer's request becomes a change order, tied both ways."""

from __future__ import annotations

import pytest

import ordering
from ordering import TODAY, confirmed, customer
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.customer_relations.models import CustomerRequest, RequestLink
from punctual.domain.customer_relations.services import requests
from punctual.domain.customer_relations.services.requests import RequestInput
from punctual.flows.asked_change import raise_asked
from punctual.kernel.refusal import Forbidden, NotFound, Refusal

pytestmark = pytest.mark.django_db


def asked(person, order, title: str = "加一台") -> CustomerRequest:
    data = RequestInput(order.customer, title, text="请再加一台，六月前到", kind="change", order=order)
    return requests.record_request(actor=person("sales"), data=data)


def test_of_another_order_merged_away_or_without_the_right_nothing_is_raised(person):
    order = confirmed(person("order_manager"))
    found = asked(person, order)
    wish = {"title": "加一台", "source": "customer", "today": TODAY}
    with pytest.raises(Forbidden):
        raise_asked(actor=person("quality"), order=order, request_id=found.pk, **wish)
    with pytest.raises(NotFound):
        raise_asked(actor=person("sales"), order=order, request_id=found.pk + 99, **wish)
    other = confirmed(person("order_manager"))
    foreign = asked(person, other, "别的")
    requests.merge(actor=person("sales"), request_id=foreign.pk, into=asked(person, other, "留下"))
    for request, place, code in (
        (found, other, {"change.request_order"}),
        (foreign, other, {"change.request_merged"}),
    ):
        with pytest.raises(Refusal) as refused:
            raise_asked(actor=person("sales"), order=place, request_id=request.pk, **wish)
        assert refused.value.codes == code
    draft = ordering.draft(person("sales"))
    loose = requests.record_request(actor=person("sales"), data=RequestInput(customer(), "没有订单", text="x"))
    with pytest.raises(Refusal) as refused:
        raise_asked(actor=person("sales"), order=draft, request_id=loose.pk, **wish)
    assert refused.value.codes == {"change.order_state"}
    assert not ChangeOrder.objects.exists()
    assert not RequestLink.objects.filter(target_type="changeorder").exists()


def test_the_button_on_the_request_fills_the_form_and_both_pages_name_each_other(person, signed_in):
    order = confirmed(person("order_manager"))
    found = asked(person, order)
    client = signed_in("sales")
    address = f"/orders/{order.number}/change/"
    assert f'href="{address}?request={found.number}"' in client.get(f"/requests/{found.number}/").content.decode()
    form = client.get(address, {"request": found.number}).content.decode()
    assert "请再加一台，六月前到" in form
    facts = {"title": "加一台", "source": "customer", "words": "请再加一台", "request": found.number}
    line = order.lines.get()
    data = {**facts, f"line-{line.pk}-quantity": "3", f"line-{line.pk}-model": line.model_text}
    assert client.post(address, {**data, "title": ""}).status_code == 422
    assert not ChangeOrder.objects.exists()
    made = client.post(address, data)
    change = ChangeOrder.objects.get()
    assert made.headers["Location"] == f"/changes/{change.number}/"
    assert found.number in client.get(f"/changes/{change.number}/").content.decode()
    assert change.number in client.get(f"/requests/{found.number}/").content.decode()


def test_the_api_raises_from_a_request_too(person, signed_in):
    order = confirmed(person("order_manager"))
    found = asked(person, order)
    client = signed_in("sales")

    def sent(number: str):
        body = {"order": order.number, "title": "改期", "request": number}
        return client.post("/api/v1/change-orders", body, "application/json")

    assert sent("REQ-none").status_code == 404
    assert sent(found.number).status_code == 201
    link = RequestLink.objects.get(request=found, target_type="changeorder")
    assert ChangeOrder.objects.get().pk == link.target_id
