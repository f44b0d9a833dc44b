"""The customer's purchase order compared over the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import ordering
from ordering import FAR, TODAY, workbook
from punctual.domain.changes.models import Comparison
from punctual.domain.orders.models import Order

pytestmark = pytest.mark.django_db
ROW = (None, "HC-VI30", "B", "视觉检测机", 3, "台", 700_000, FAR)


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a, **_k: TODAY)


@pytest.fixture
def order(person) -> Order:
    return ordering.draft(person("sales"), customer_po_number="PO-1")


def sent(client, order: Order, content: bytes, name: str = "po.xlsx"):
    return client.post(f"/api/v1/orders/{order.key}/comparisons", {"file": SimpleUploadedFile(name, content)})


def settled(client, order: Order, point: int, verb: str, reason: str = ""):
    wish = {"reason": reason} if reason else {}
    return client.post(f"/api/v1/orders/{order.key}/comparisons/points/{point}/{verb}", wish, "application/json")


def test_nobody_else_finds_them_and_what_cannot_be_read_is_refused(signed_in, order):
    assert signed_in("worker").get(f"/api/v1/orders/{order.key}/comparisons").status_code == 404
    assert sent(signed_in("planner"), order, workbook([ROW])).status_code == 403
    refused = sent(signed_in("sales"), order, b"%PDF-1.4 nothing", "po.pdf")
    assert refused.status_code == 422
    assert not Comparison.objects.exists()


def test_differences_are_settled_one_by_one_and_the_first_time_counts(signed_in, order):
    client, url = signed_in("sales"), f"/api/v1/orders/{order.key}/comparisons"
    made = sent(client, order, workbook([ROW]))
    assert made.status_code == 201
    told = made.json()
    assert (told["order"], told["first_count"]) == (order.key, 2)
    ids = {one["field"]: one["id"] for one in told["points"]}
    assert settled(client, order, ids["quantity"], "eat").status_code == 404
    assert settled(client, order, ids["quantity"], "waive").status_code == 422
    settled(client, order, ids["quantity"], "take")
    left = settled(client, order, ids["unit_price"], "waive", "按报价").json()
    assert {one["field"]: (one["state"], one["reason"]) for one in left["points"]} == {
        "quantity": ("taken", ""),
        "unit_price": ("waived", "按报价"),
    }
    assert order.lines.get().quantity == 3
    assert settled(client, order, ids["quantity"], "take").status_code == 422, "settled already"
    assert [one["id"] for one in client.get(url).json()] == [told["id"]]
    assert client.get("/api/v1/first-time-right").json() == {"right": 0, "compared": 1, "percent": 0.0}


def test_a_difference_of_another_order_is_not_found_and_a_confirmed_one_becomes_a_change(signed_in, person, order):
    client = signed_in("order_manager")
    confirmed = ordering.confirmed(person("order_manager"))
    told = sent(client, confirmed, workbook([ROW])).json()
    point = told["points"][0]["id"]
    assert settled(client, order, point, "take").status_code == 404
    assert client.post(f"/api/v1/orders/{order.key}/comparisons/{told['id']}/change").status_code == 404
    made = client.post(f"/api/v1/orders/{confirmed.key}/comparisons/{told['id']}/change")
    assert made.status_code == 201
    change = client.get(f"/api/v1/change-orders/{made.json()['number']}").json()
    assert {one["field"] for one in change["items"]} >= {"quantity", "unit_price"}


def test_the_orders_behind_the_figure_are_listed(signed_in, person, order):
    client = signed_in("sales")
    assert client.get("/api/v1/first-time-right").json()["percent"] is None
    sent(client, order, workbook([ROW]))
    other = ordering.draft(person("sales"), customer_po_number="PO-1")
    for kind, shown in (("right", False), ("differs", True), ("any", True)):
        page = client.get(f"/orders/?po={kind}").content.decode()
        assert (f"/orders/{order.key}/" in page) is shown
        assert f"/orders/{other.key}/" not in page
