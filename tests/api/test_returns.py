"""A part that comes back, over the API: who may, which way, and the numbers it ends with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ordering import customer
from punctual.domain.aftersales.services.cases import CaseInput, open_case

pytestmark = pytest.mark.django_db
JSON = "application/json"


def test_a_return_goes_over_the_api_from_its_authorisation_to_its_credit_note(
    person: Any, signed_in: Callable[[str], Client]
) -> None:
    wish = CaseInput(customer(), "压力漂移")
    case = open_case(actor=person("order_manager"), data=wish, today=timezone.localdate())
    other = open_case(actor=person("order_manager"), data=wish, today=timezone.localdate())
    address = f"/api/v1/service-cases/{case.number}/returns"
    assert signed_in("finance").post(address, {"part": "传感器"}, JSON).status_code == 403
    client = signed_in("order_manager")
    assert client.post(address, {"part": " "}, JSON).status_code == 422
    made = client.post(address, {"part": "传感器", "serial": "S-7"}, JSON)
    assert made.status_code == 201
    (part,) = made.json()["returns"]
    assert (part["state"], part["serial"], part["waybill"]) == ("authorised", "S-7", "")
    steps = f"{address}/{part['number']}"
    astray = f"/api/v1/service-cases/{other.number}/returns/{part['number']}/receive"
    assert client.post(astray, {}, JSON).status_code == 404
    assert client.post(f"{steps}/settle", {"credit_note": "CN-7"}, JSON).status_code == 422
    told: list[tuple[str, dict[str, str]]] = [
        ("receive", {}),
        ("inspect", {"finding": "膜片裂"}),
        ("decide", {"outcome": "credit"}),
        ("settle", {}),
        ("note_papers", {"credit_note": "CN-7"}),
    ]
    for verb, words in told:
        answer = client.post(f"{steps}/{verb}", words, JSON)
        assert answer.status_code == 200, (verb, answer.content)
    (part,) = answer.json()["returns"]
    assert (part["state"], part["outcome"], part["credit_note"]) == ("returned", "credit", "CN-7")
