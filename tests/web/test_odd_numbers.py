"""What nobody types and programs send: numbers that no database takes, and addresses to go on to that are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

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
