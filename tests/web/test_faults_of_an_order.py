"""What goes wrong in an order's life ends, on the page where it was tried, as a clear sentence with nothing half-done:
no row of any table is another one afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

import ordering
import supplying
from changing import line_of, planned, quantity
from delivering import PNG, met, running, with_criteria
from ordering import FAR, TODAY, workbook
from punctual.domain.changes.services.raising import analyse, raise_change, submit
from punctual.domain.delivery.services.acceptance import plan_acceptance
from punctual.domain.supply.services import links
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.company.services import company

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]
OUTSIDE = {"sessions", "idempotency", "accounts"}
"""Apps that note the visit itself."""


def everything() -> dict[str, list[Any]]:
    """Every row of ours."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for model in apps.get_models()
        if model.__module__.startswith("punctual.") and model._meta.app_label not in OUTSIDE
    }


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = everything()
    yield
    after = everything()
    assert [name for name in before if before[name] != after[name]] == []


@pytest.fixture(autouse=True)
def in_english_today(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.cookies["django_language"] = "en"
    company()  # rows of settings are made when they are first looked at
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)


def says(answer: HttpResponse, sentence: str, status: int = 422) -> None:
    page = answer.content.decode()
    assert answer.status_code == status
    assert page.count(sentence) == 1, page[-2000:]
    assert "Traceback" not in page


def test_the_po_of_another_customer(person: Any, signed_in: Enter) -> None:
    order = ordering.draft(person("sales"), customer_po_number="PO-1")
    ordering.customer("C002", "武汉康泽制药有限公司")
    row = (None, "HC-VI30", "B", "视觉检测机", 2, "台", 710_000, FAR)
    file = SimpleUploadedFile("po.xlsx", workbook([row], buyer="武汉康泽制药有限公司"))
    with nothing_changes():
        answer = signed_in("sales").post(f"/orders/{order.pk}/po/upload/", {"file": file})
    says(answer, "“po.xlsx” is an order of 武汉康泽;")


def test_quantities_that_can_not_be_delivered(person: Any, signed_in: Enter) -> None:
    order = running(person)
    with nothing_changes():
        answer = signed_in("supply_chain").post(
            f"/orders/{order.number}/deliver/", {f"item-{order.lines.get().pk}": "3"}
        )
    says(answer, "3 can&#x27;t be delivered; 2 of 2 are left.")


def test_a_suppliers_link_that_was_used_and_one_whose_day_has_passed(person: Any, client: Client) -> None:
    buyer, pump = person("administrator"), supplying.material()
    first, late = (supplying.purchase(buyer, pump, "2", dt.date(2026, 12, 20), confirmed=False) for _ in range(2))
    used = links.make_link(actor=buyer, purchase_id=first.pk, today=TODAY)[1]
    day = {f"day-{first.lines.get().pk}": "2026-12-28"}
    links.answer(token=used, days={first.lines.get().pk: dt.date(2026, 12, 28)}, note="", today=TODAY)
    over = links.make_link(actor=buyer, purchase_id=late.pk, today=TODAY - dt.timedelta(days=60), days=3)[1]
    with nothing_changes():
        says(client.post(f"/supplier-link/{used}/", day), "one link takes one answer")
        assert client.post(f"/supplier-link/{over}/", {f"day-{late.lines.get().pk}": "2026-12-28"}).status_code == 422


def test_an_approval_by_ones_own_hand(person: Any, signed_in: Enter) -> None:
    plan, admin = planned(person), person("administrator")
    change = raise_change(
        actor=admin, order_id=plan.order_id, title="x", source="us", today=TODAY, items=[quantity(plan, 3)],
        needs_customer=False,
    )  # fmt: skip
    analyse(actor=admin, change_id=change.pk, today=TODAY)
    submit(actor=admin, change_id=change.pk, today=TODAY)
    request = ApprovalRequest.objects.get()
    assert line_of(plan).quantity == 2
    with nothing_changes():
        answer = signed_in("administrator").post(
            f"/approvals/{request.pk}/decide/", {"decision": "approve", "version": request.version}
        )
    says(
        answer,
        "Nobody approves what they wrote or asked for themselves; somebody else of the role or an administrator "
        "must decide.",
    )


def test_more_received_than_was_ordered(person: Any, signed_in: Enter) -> None:
    made = supplying.purchase(person("administrator"), supplying.material(), "6", dt.date(2026, 12, 20))
    data = {"line": made.lines.get().pk, "quantity": "6.5", "version": made.version}
    with nothing_changes():
        answer = signed_in("supply_chain").post(f"/purchase-orders/{made.number}/receive/", data)
    assert answer.status_code == 422
    assert f"{made.number}/10" in answer.content.decode()


@pytest.mark.parametrize("kind", ["sat", "final"])
def test_the_acceptance_of_what_is_not_delivered(person: Any, signed_in: Enter, kind: str) -> None:
    order = with_criteria(running(person))
    acceptance = plan_acceptance(actor=person("quality"), order_id=order.pk, kind=kind)
    met(person, acceptance)
    acceptance.refresh_from_db()
    file = SimpleUploadedFile("signed.png", PNG)
    data = {"signer": "周建平", "held_on": TODAY.isoformat(), "file": file, "version": acceptance.version}
    with nothing_changes():
        answer = signed_in("order_manager").post(f"/acceptances/{acceptance.pk}/do/pass/", data)
    assert answer.status_code == 422
    assert "What is not delivered can&#x27;t be accepted; record the shipment first." in answer.content.decode()
