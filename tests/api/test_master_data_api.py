"""Customers, contacts, suppliers, products, resources and calendars over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.catalog.models import ListPrice, Product, ProductFamily
from punctual.domain.parties.models import Customer, Supplier
from punctual.domain.resources.models import Resource, ResourceKind, Skill
from punctual.platform.accounts.models import ApiToken, User

Call = Callable[..., tuple[int, Any]]
WEEK = {"1": [["08:00", "17:00"]]}


@pytest.fixture
def call(person: Callable[[str], User]) -> Call:
    """``call("sales", "POST", "/customers", {...})`` → status and JSON, as an integration with that role's token."""
    tokens: dict[str, str] = {}

    def send(role: str, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, Any]:
        if role not in tokens:
            tokens[role] = ApiToken.issue(user=person(role), name="test")[1]
        response = Client().generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {tokens[role]}"},
        )
        return response.status_code, json.loads(response.content)

    return send


@pytest.fixture
def things(db: None) -> dict[str, Any]:
    calendar = WorkingCalendar.objects.create(code="CO5", name="五天", weekly=WEEK, is_default=True)
    supplier = Supplier.objects.create(code="S1", name="泵科")
    product = Product.objects.create(
        model="HC-1", name="机", family=ProductFamily.objects.create(code="LI", name="锂电"), unit="台"
    )
    ListPrice.objects.create(product=product, amount=100, valid_from="2026-01-01")
    resource = Resource.objects.create(
        kind=ResourceKind.PERSON, code="P1", name="赵磊", calendar=calendar, hourly_cost=90
    )
    resource.skills.add(Skill.objects.create(code="FIT", name="钳工"))
    customer = Customer.objects.create(code="C1", name="甲公司")
    return {
        "calendars": calendar,
        "suppliers": supplier,
        "products": product,
        "resources": resource,
        "customers": customer,
    }


CREATIONS: dict[str, tuple[str, dict[str, object]]] = {
    "customers": ("sales", {"code": "C9", "name": "新客户"}),
    "suppliers": ("supply_chain", {"code": "S9", "name": "新供应商"}),
    "calendars": ("planner", {"code": "K9", "name": "新日历", "weekly": WEEK}),
    "skills": ("planner", {"code": "W9", "name": "焊接"}),
    "product-families": ("planner", {"code": "F9", "name": "新族"}),
}
WRITERS = {
    "customers": {"order_manager", "sales"},
    "suppliers": {"supply_chain"},
    "products": {"order_manager", "planner"},
    "resources": {"order_manager", "planner", "supply_chain"},
    "calendars": {"order_manager", "planner"},
}
UNSEEN = {"worker": {"customers", "suppliers"}}
ROLES = ["order_manager", "sales", "supply_chain", "planner", "quality", "finance", "worker", "manager"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("noun", sorted(WRITERS))
def test_each_role_reads_and_changes_what_it_may_and_no_more(
    call: Call, things: dict[str, Any], role: str, noun: str
) -> None:
    pk, hidden = things[noun].pk, noun in UNSEEN.get(role, set())
    assert call(role, "GET", f"/{noun}")[0] == (403 if hidden else 200)
    assert call(role, "GET", f"/{noun}/{pk}")[0] == (404 if hidden else 200)
    status, body = call(role, "PATCH", f"/{noun}/{pk}", {"version": 1, "name": "新名"})
    allowed = role in WRITERS[noun]
    assert status == (200 if allowed else 404 if hidden else 403), body
    things[noun].refresh_from_db()
    assert (things[noun].name == "新名") is allowed


@pytest.mark.parametrize("noun", sorted(CREATIONS))
def test_a_record_is_made_once_and_the_second_is_told_why_not(call: Call, noun: str) -> None:
    role, body = CREATIONS[noun]
    status, made = call(role, "POST", f"/{noun}", body)
    assert (status, made["code"]) == (201, body["code"])
    status, problem = call(role, "POST", f"/{noun}", body)
    assert status == 422
    assert problem["reasons"][0]["field"] == "code"
    assert problem["reasons"][0]["code"].endswith(".code.taken")


@pytest.mark.parametrize("noun", sorted(WRITERS))
def test_a_stale_version_answers_409_with_the_current_one(call: Call, things: dict[str, Any], noun: str) -> None:
    pk = things[noun].pk
    assert call("administrator", "PATCH", f"/{noun}/{pk}", {"version": 1, "name": "一"})[0] == 200
    status, problem = call("administrator", "PATCH", f"/{noun}/{pk}", {"version": 1, "name": "二"})
    assert (status, problem["version"]) == (409, 2)
    assert problem["changes"][0]["new"] == "一"
    assert call("administrator", "PATCH", f"/{noun}/{pk}", {"name": "二"})[0] == 422


@pytest.mark.parametrize("noun", sorted(set(WRITERS) - {"calendars"}))
def test_an_archived_record_leaves_the_list_and_comes_back(call: Call, things: dict[str, Any], noun: str) -> None:
    pk = things[noun].pk
    assert call("administrator", "POST", f"/{noun}/{pk}/archive", {"version": 1})[1]["archived_at"]
    assert call("administrator", "GET", f"/{noun}")[1]["total"] == 0
    assert call("administrator", "GET", f"/{noun}?archived=true")[1]["total"] == 1
    assert call("administrator", "POST", f"/{noun}/{pk}/restore", {"version": 2})[1]["archived_at"] is None
    assert call("administrator", "GET", f"/{noun}")[1]["total"] == 1


@pytest.mark.parametrize("noun", sorted(WRITERS))
def test_null_is_no_value_and_unknown_sorts_are_refused(call: Call, things: dict[str, Any], noun: str) -> None:
    body = {"version": 1, "name": None}
    assert call("administrator", "PATCH", f"/{noun}/{things[noun].pk}", body)[0] == 422
    assert call("administrator", "GET", f"/{noun}?sort=password")[0] == 422
    assert call("administrator", "GET", f"/{noun}/{10**30}")[0] == 404


@pytest.mark.usefixtures("things")
def test_prices_and_hourly_costs_are_null_for_who_may_not_see_them(call: Call) -> None:
    assert call("worker", "GET", "/products")[1]["items"][0]["prices"] is None
    assert call("sales", "GET", "/products")[1]["items"][0]["prices"][0]["currency"] == "CNY"
    for role in ("worker", "sales"):
        assert call(role, "GET", "/resources")[1]["items"][0]["hourly_cost"] is None
    assert float(call("finance", "GET", "/resources")[1]["items"][0]["hourly_cost"]) == 90


def test_a_product_gets_revisions_and_prices(call: Call, things: dict[str, Any]) -> None:
    path = f"/products/{things['products'].pk}"
    status, made = call(
        "planner", "POST", f"{path}/revisions", {"version": 1, "code": "A", "released_on": "2026-01-01"}
    )
    assert (status, made["version"]) == (201, 2)
    call("planner", "POST", f"{path}/revisions", {"version": 2, "code": "B"})
    a, b = call("planner", "GET", path)[1]["revisions"]
    body = {"version": 3, "retired_on": "2026-06-30", "successor_id": b["id"]}
    status, made = call("planner", "POST", f"{path}/revisions/{a['id']}/retire", body)
    assert (status, made["revisions"][0]["successor_id"]) == (200, b["id"])
    assert call("planner", "POST", f"{path}/revisions/{a['id']}/reinstate", {"version": 4})[0] == 200
    price = {"version": 5, "currency": "USD", "amount": "12.5", "valid_from": "2026-02-01"}
    assert call("planner", "POST", f"{path}/prices", price)[0] == 403
    assert len(call("finance", "POST", f"{path}/prices", price)[1]["prices"]) == 2
    key = {"version": 6, "currency": "USD", "valid_from": "2026-02-01"}
    assert len(call("finance", "POST", f"{path}/prices/remove", key)[1]["prices"]) == 1
    assert call("finance", "POST", f"{path}/prices/remove", {**key, "version": 7})[0] == 422


def test_a_contact_is_made_at_a_customer(call: Call, things: dict[str, Any]) -> None:
    body = {"customer_id": things["customers"].pk, "name": "张三", "is_primary": True}
    status, made = call("sales", "POST", "/contacts", body)
    assert status == 201
    assert call("sales", "GET", "/customers")[1]["items"][0]["contacts"][0]["name"] == "张三"
    assert call("sales", "PATCH", f"/contacts/{made['id']}", {"version": 1, "phone": "139"})[1]["phone"] == "139"
    assert call("sales", "POST", f"/contacts/{made['id']}/archive", {"version": 2})[0] == 200
    assert call("sales", "GET", f"/contacts?customer_id={things['customers'].pk}")[1]["total"] == 0
    assert call("sales", "POST", f"/contacts/{made['id']}/restore", {"version": 3})[0] == 200
    assert call("worker", "GET", "/contacts")[0] == 403


def test_days_of_a_calendar_are_told_and_changed(call: Call, things: dict[str, Any]) -> None:
    path = f"/calendars/{things['calendars'].pk}"
    days = call("worker", "GET", f"{path}/days?from=2026-11-23&to=2026-11-24")[1]
    assert [(day["working"], day["minutes"]) for day in days] == [(True, 540), (False, 0)]
    assert call("worker", "GET", f"{path}/days?from=2026-11-23&to=2029-11-24")[0] == 422
    body = {"version": 1, "days": [{"date": "2026-11-23", "is_working": False, "name": "停电"}]}
    assert call("worker", "POST", f"{path}/exceptions", body)[0] == 403
    assert call("planner", "POST", f"{path}/exceptions", body)[0] == 200
    assert call("planner", "GET", f"{path}/exceptions")[1]["items"][0]["name"] == "停电"
    assert call("planner", "POST", f"{path}/exceptions/remove", {"version": 2, "date": "2026-11-23"})[0] == 200
    assert call("planner", "POST", f"{path}/load-holidays", {"version": 3, "year": 2026})[0] == 200
    assert call("planner", "POST", f"{path}/load-holidays", {"version": 4, "year": 1900})[0] == 422


def test_a_resource_is_made_with_its_skills(call: Call, things: dict[str, Any]) -> None:
    body = {
        "kind": "equipment",
        "code": "M1",
        "name": "铣床",
        "calendar_id": things["calendars"].pk,
        "skill_ids": [Skill.objects.get().pk],
        "units": 2,
    }
    status, made = call("planner", "POST", "/resources", body)
    assert (status, [skill["code"] for skill in made["skills"]]) == (201, ["FIT"])
    assert call("planner", "GET", "/resources?kind=equipment&skill=FIT")[1]["total"] == 1
    status, problem = call("planner", "POST", "/resources", {**body, "code": "M2", "units": 0, "kind": "robot"})
    assert status == 422
    assert {reason["code"] for reason in problem["reasons"]} == {"resource.units.range", "resource.kind.unknown"}


@pytest.mark.usefixtures("things")
@pytest.mark.parametrize("noun", sorted(WRITERS))
def test_a_list_costs_the_same_for_many_rows(call: Call, noun: str, django_assert_max_num_queries: Any) -> None:
    call("manager", "GET", f"/{noun}")
    with django_assert_max_num_queries(8):
        assert call("manager", "GET", f"/{noun}?limit=500")[0] == 200


def test_nobody_reads_without_a_token(client: Client, db: None) -> None:
    for noun in WRITERS:
        assert client.get(f"/api/v1/{noun}").status_code == 401
