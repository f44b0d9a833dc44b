"""A receipt of what is under inspection: its inspection appears, its stock is blocked until that is decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
import planning
from punctual.domain.quality.models import Inspection
from punctual.domain.quality.services.switching import put_under_inspection
from punctual.domain.supply.models import Material, PurchaseLine, PurchaseOrder, Receipt
from punctual.domain.supply.services.receiving import receive
from punctual.flows import incoming_inspection
from punctual.flows.failed_inspection import DispositionIn, decide_disposition
from punctual.platform.accounts.models import User
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TODAY = inspecting.TODAY


@pytest.fixture(autouse=True)
def listening() -> None:
    incoming_inspection.listen()


def received(person: Person, *, code: str = "SHAFT-20") -> Receipt:
    """320 shafts of an ordered line come."""
    planning.company_calendar()
    material = Material.objects.create(code=code, name="导向轴", unit="件")
    order = PurchaseOrder.objects.create(
        number="PO-2026-00402", supplier=inspecting.supplier(), state="confirmed", buyer=person("supply_chain")
    )
    line = PurchaseLine.objects.create(
        purchase_order=order, line_no=10, material=material, quantity=Decimal(320), unit="件"
    )
    return receive(
        actor=person("supply_chain"), line_id=line.pk, quantity=Decimal(320), today=TODAY, delivery_note="B261120"
    )


def under_inspection(person: Person) -> None:
    put_under_inspection(
        actor=person("quality"),
        supplier=inspecting.supplier(),
        item_key="SHAFT-20",
        item_name="导向轴",
        aql=Decimal("1.0"),
        level="II",
    )


def test_what_is_not_under_inspection_goes_to_stock_at_once(person: Person) -> None:
    receipt = received(person)
    assert not receipt.waits_for_inspection
    assert not Inspection.objects.exists()


def test_a_good_lot_is_released_once_however_often_it_is_told(person: Person) -> None:
    under_inspection(person)
    receipt = received(person)
    one = Inspection.objects.get()
    assert (one.source_id, one.lot_size, one.sample_size, one.supplier) == (receipt.pk, 320, 50, inspecting.supplier())
    assert receipt.waits_for_inspection
    assert receipt.released == 0
    inspecting.found(person("quality"), one, inspected=50, bad=0, today=dt.date(2026, 11, 23))
    deliver_pending()
    deliver_pending()
    receipt.refresh_from_db()
    assert (receipt.released, receipt.waits_for_inspection) == (320, False)


def test_a_bad_lot_stays_blocked_and_goes_back_when_that_is_decided(person: Person) -> None:
    under_inspection(person)
    receipt = received(person)
    judged = inspecting.found(person("quality"), Inspection.objects.get(), inspected=50, bad=2)
    deliver_pending()
    receipt.refresh_from_db()
    assert receipt.waits_for_inspection
    assert judged.ncr is not None
    ncr = inspecting.contained(person("quality"), judged.ncr)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=DispositionIn("return"), today=TODAY)
    deliver_pending()
    receipt.refresh_from_db()
    assert (receipt.released, receipt.rejected, receipt.waits_for_inspection) == (0, 320, False)
