"""Orders over HTTP: entering, changing, the steps of their life, errors as problems."""

from __future__ import annotations

import json

import pytest

import ordering
from ordering import TODAY
from punctual.domain.orders.models import Order, ReviewRule
from punctual.platform.accounts.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


@pytest.fixture
def call(client, person):
    """``call("sales", "post", "/orders", {...})`` with a bearer token."""
    tokens = {}

    def ask(role, method, path, data=None, **headers):
        if role not in tokens:
            tokens[role] = ApiToken.issue(user=person(role), name="test")[1]
        more = {"HTTP_AUTHORIZATION": f"Bearer {tokens[role]}", **headers}
        if data is None and method == "post":
            return client.post(f"/api/v1{path}", b"", content_type="application/json", **more)
        if data is None:
            return getattr(client, method)(f"/api/v1{path}", **more)
        return getattr(client, method)(f"/api/v1{path}", json.dumps(data), content_type="application/json", **more)

    return ask


def test_a_repeated_post_with_the_same_key_makes_one_order(call):
    payload = ordering.raw()
    first = call("sales", "post", "/orders", payload, HTTP_IDEMPOTENCY_KEY="a1")
    again = call("sales", "post", "/orders", payload, HTTP_IDEMPOTENCY_KEY="a1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Order.objects.count() == 1


def test_who_may_not_is_told_so_and_who_may_not_see_finds_nothing(call, person):
    order = ordering.draft(person("sales"))
    assert call("finance", "post", "/orders", ordering.raw()).status_code == 403
    assert call("worker", "get", f"/orders/{order.pk}").status_code in (403, 404)
    assert call("sales", "get", "/orders/SO-2026-99999").status_code == 404
    assert call("sales", "post", f"/orders/{order.pk}/fly").status_code == 404


def test_every_reason_comes_with_code_field_and_row(call):
    payload = ordering.raw(ordering.line(quantity="1e308", requested_date="3/19"), contract_date="gestern")
    answer = call("sales", "post", "/orders", payload)
    assert answer.status_code == 422
    found = {(one["code"], one.get("field"), one.get("row")) for one in answer.json()["reasons"]}
    assert found == {
        ("order.number_unreadable", "quantity", 10),
        ("order.date_without_year", "requested_date", 10),
        ("order.date_unreadable", "contract_date", None),
    }


@pytest.mark.parametrize(
    "bad", [{}, {"customer": 1, "surprise": 2}, {"customer": "无名"}, {"customer": 1, "priority": 9}]
)
def test_a_payload_that_is_not_an_order_is_refused(call, bad):
    answer = call("sales", "post", "/orders", bad)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_change_needs_the_current_version(call, person):
    order = ordering.draft(person("sales"))
    assert call("sales", "patch", f"/orders/{order.pk}", {"version": 1, "notes": "甲"}).json()["version"] == 2
    answer = call("order_manager", "patch", f"/orders/{order.pk}", {"version": 1, "notes": "乙"})
    assert answer.status_code == 409
    assert answer.json()["version"] == 2
    assert [one["new"] for one in answer.json()["changes"]] == ["甲"]
    assert call("sales", "get", f"/orders/{order.pk}").json()["lines"][0]["model"] == "HC-VI30"


def test_from_draft_to_confirmed(call, person):
    ReviewRule.objects.create(roles=["finance"])
    order = ordering.draft(person("sales"), ordering.line(unit_price="600000"))
    url = f"/orders/{order.pk}"
    assert call("order_manager", "post", f"{url}/submit").status_code == 422
    found = call("sales", "get", f"{url}/check").json()
    assert [(one["code"], one["severity"]) for one in found["findings"]] == [("order.line.price_off_list", "warning")]
    waiver = {"code": "order.line.price_off_list", "line": 10, "reason": "框架价"}
    assert call("sales", "post", f"{url}/waive", waiver).status_code == 200
    assert call("sales", "get", f"{url}/check").json()["ready"] is True
    number = call("order_manager", "post", f"{url}/submit").json()["number"]
    assert number == "SO-2026-00001"
    refused = call("order_manager", "post", f"/orders/{number}/confirm")
    assert (refused.status_code, refused.json()["code"]) == (422, "order.review.open")
    assert call("finance", "get", "/order-reviews").json()["total"] == 1
    assert call("finance", "post", f"/orders/{number}/review/sign", {"comment": "同意"}).status_code == 200
    assert call("order_manager", "post", f"/orders/{number}/confirm").json()["state"] == "confirmed"
    held = call("order_manager", "post", f"/orders/{number}/hold", {"reason": "客户厂房延期"})
    assert held.json()["state"] == "on_hold"
    assert call("order_manager", "post", f"/orders/{number}/resume").json()["state"] == "confirmed"
    assert call("order_manager", "patch", f"/orders/{number}", {"version": 9}).status_code in (409, 422)


def test_lists_filter_sort_and_page(call, person, django_assert_max_num_queries):
    actor = person("order_manager")
    for number in range(7):
        ordering.draft(actor, customer_po_number=f"PO-{number}")
    confirmed = ordering.confirmed(actor)
    call("sales", "get", "/orders")
    with django_assert_max_num_queries(8):
        page = call("sales", "get", "/orders?limit=5&offset=5&sort=-id&state=draft,confirmed").json()
    assert (page["total"], len(page["items"])) == (8, 3)
    assert call("sales", "get", "/orders?q=PO-3").json()["total"] == 1
    assert (
        call("sales", "get", "/orders?health=on_time,at_risk,late,unplanned").json()["items"][0]["number"]
        == confirmed.number
    )
    assert call("sales", "get", "/orders?sort=colour").status_code == 422


def test_copies_and_deleted_drafts(call, person):
    order = ordering.draft(person("sales"))
    made = call("sales", "post", f"/orders/{order.pk}/copy").json()
    assert call("sales", "delete", f"/orders/{made['id']}").status_code == 204
    assert call("sales", "get", f"/orders/{made['id']}").status_code == 404
