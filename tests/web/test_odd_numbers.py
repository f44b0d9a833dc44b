"""What nobody types and programs send: numbers that no database takes, and addresses to go on to that are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from punctual.domain.customer_relations.models import SlaRule
from punctual.domain.quality.models import ControlChart
from punctual.platform.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]
TOO_LARGE = ["99999999999999999999", "9" * 5000]


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize("address", ["/plans/?owner={}", "/orders/?ids={}", "/settings/calendars/"])
def test_a_list_finds_nothing_under_a_number_that_nothing_has(signed_in: Enter, address: str, number: str) -> None:
    assert signed_in("order_manager").get(address.format(number)).status_code in (200, 404)


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/inbox/", "id"),
        ("/purchase-requests/order/", "request"),
        ("/capacity/levelling/accept/", "run"),
        ("/settings/", "version"),
    ],
)
def test_a_form_with_such_a_number_is_refused_or_does_nothing(
    signed_in: Enter, address: str, field: str, number: str
) -> None:
    answer = signed_in("administrator").post(address, {field: number, "name": "x"})
    assert answer.status_code < 500


@pytest.mark.parametrize("version", ["x", "", "-1"])
def test_a_version_that_is_none_is_a_conflict(signed_in: Enter, version: str) -> None:
    answer = signed_in("administrator").post("/settings/", {"name": "新名字", "version": version})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "wish", ["1e400", "NaN", "-9", "\u202e", "home", "//evil.example.com", "https://evil.example.com/"]
)
def test_a_place_to_go_on_to_that_is_none_leads_to_today(signed_in: Enter, wish: str) -> None:
    given = {"page": "orders", "name": "甲", "query": "", "next": wish}
    answer = signed_in("order_manager").post("/views/", given)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert (
        signed_in("order_manager").post("/views/", given | {"name": "乙", "next": "/orders/"})["Location"] == "/orders/"
    )


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize(
    "address",
    [
        "/orders/?owner={}",
        "/orders/?priority={}",
        "/materials/?supplier={}",
        "/purchase-orders/?supplier={}",
        "/stock-items/?place={}",
        "/capacity/names/?weeks={}",
    ],
)
def test_a_filter_finds_nothing_under_such_a_number(signed_in: Enter, address: str, number: str) -> None:
    assert signed_in("order_manager").get(address.format(number)).status_code == 200


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/approvals/stand-in/", "delegate"),
        ("/tasks/board/limit/", "most"),
        ("/imports/", "customer"),
        ("/settings/orders/", "rows"),
        ("/purchase-orders/new/", "supplier"),
        ("/purchase-requests/new/", "supplier"),
        ("/boms/new/", "whole"),
        ("/meetings/new/", "users"),
        ("/meetings/new/", "contacts"),
    ],
)
def test_a_form_is_refused_where_such_a_number_names_something(signed_in: Enter, address: str, field: str) -> None:
    given = {field: "9" * 5000, "column": "done", "reason": "x"}
    if field == "whole":
        given["whole"] = "material:" + "9" * 5000
    assert signed_in("administrator").post(address, given).status_code < 500


@pytest.mark.parametrize("days", ["9" * 5000, "1e1", "-1", "soon"])
def test_a_token_whose_days_cannot_be_read_is_not_one_without_end(signed_in: Enter, days: str) -> None:
    answer = signed_in("sales").post("/me/tokens/", {"name": "x", "scope": "read", "days": days})
    assert (answer.status_code, ApiToken.objects.count()) == (422, 0)


@pytest.mark.parametrize("hours", ["1e400", "inf", "NaN", "999999999999", "1e12"])
def test_a_response_time_that_is_none_is_refused(signed_in: Enter, hours: str) -> None:
    given = {"verb": "set_rule", "response": "1", "resolution": hours}
    assert signed_in("administrator").post("/settings/response-times/", given).status_code == 422
    assert not SlaRule.objects.filter(grade="", kind="", phase="").filter(response_minutes=60).exists()


@pytest.mark.parametrize("address", ["/me/robot/again/", "/settings/channels/again/"])
def test_a_message_is_not_found_under_a_word(signed_in: Enter, address: str) -> None:
    assert signed_in("administrator").post(address, {"delivery": "none"}).status_code == 404


ENTRIES = [
    "[" * 100_000,
    "5",
    '{"lines": null}',
    '{"lines": 5}',
    '{"lines": [5]}',
    '{"header": "x"}',
    '{"header": null}',
    '{"header": {"customer_po_number": "\\ud800"}}',
    '{"lines": [{"model": "\\u0000"}]}',
    '{"lines": [{"quantity": NaN}]}',
]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("address", ["/orders/check/", "/promise/entry/"])
def test_an_order_form_that_did_not_arrive_whole_is_told_so(signed_in: Enter, address: str, entry: str) -> None:
    answer = signed_in("order_manager").post(address, entry, content_type="application/json")
    assert answer.status_code == 422


def test_a_line_of_an_order_form_with_numbers_that_nothing_has_is_a_new_one(signed_in: Enter) -> None:
    entry = f'{{"lines": [{{"id": "{"9" * 5000}", "line_no": "{"9" * 5000}", "model": "X"}}]}}'
    answer = signed_in("order_manager").post("/orders/check/", entry, content_type="application/json")
    assert answer.status_code == 200
    assert [(line["id"], line["line_no"]) for line in answer.json()["lines"]] == [(None, 10)]


@pytest.mark.parametrize("address", ["/plan-templates/new/", "/plan-templates/preview/"])
@pytest.mark.parametrize("document", ["[" * 100_000, '{"name": "\\ud800"}', '{"name": "\\u0000"}', "5"])
def test_a_template_that_did_not_arrive_whole_is_told_so(signed_in: Enter, address: str, document: str) -> None:
    answer = signed_in("administrator").post(address, document, content_type="application/json")
    assert answer.status_code == 422


@pytest.mark.parametrize("cpk", ["2147483648", "1000", "-1", "1.333"])
def test_a_chart_asks_for_no_cpk_that_is_none(signed_in: Enter, cpk: str) -> None:
    given = {"code": "X-1", "name": "x", "type": "xbar-r", "subgroup_size": "5", "wanted_cpk": cpk}
    answer = signed_in("quality").post("/charts/new/", given)
    assert (answer.status_code, ControlChart.objects.count()) == (422, 0)
    assert signed_in("quality").post("/charts/new/", given | {"wanted_cpk": "1.67"}).status_code == 302
