"""The ways out of a shortage: computed on the plan, priced, refused with reasons, and carried out by one click."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import planning
import supplying
from punctual.domain.actions.models import ActionItem
from punctual.domain.orders.models import Order
from punctual.domain.supply.models import (
    Alternative,
    Material,
    Offer,
    PurchaseLine,
    PurchaseRequest,
    Requirement,
    Reservation,
    Shortage,
)
from punctual.domain.supply.services.dates import note_offer
from punctual.domain.supply.services.deciding import Decided, choose
from punctual.domain.supply.services.shortages import refresh
from punctual.domain.supply.ways import Way, WayKind, WaysOut
from punctual.kernel.refusal import Forbidden, Refusal

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = supplying.TODAY
LATE = dt.date(2026, 12, 11)
"""Ten working days after 27 November."""


@pytest.fixture
def admin(person: Any) -> Any:
    return person("administrator")


@pytest.fixture
def pump(db: None) -> Material:
    found = supplying.material()
    supplying.bom(found)
    return found


@pytest.fixture
def late(admin: Any, pump: Material) -> Order:
    """Promised for 12-02; six pumps come on 12-11, so it is delivered on 12-16 and costs 10,000 (the cap)."""
    supplying.purchase(admin, pump, "6", LATE)
    return supplying.order(admin, promised=dt.date(2026, 12, 2))


def shortage(order: Order) -> Shortage:
    return Shortage.objects.select_related("requirement__order", "requirement__material__supplier").get(
        requirement__order=order
    )


def ways(order: Order) -> dict[WayKind, Way]:
    return {way.kind: way for way in reversed(WaysOut(shortage(order), today=TODAY).all())}


def do(actor: Any, order: Order, kind: WayKind) -> Decided:
    return choose(actor=actor, shortage_id=shortage(order).pk, key=ways(order)[kind].key, today=TODAY)


def delivered(order: Order) -> dt.date | None:
    order.refresh_from_db()
    return order.planned_date


def test_the_impossible_ones_stay_with_their_reasons(late: Order) -> None:
    found = ways(late)
    assert {kind for kind, way in found.items() if way.is_possible} == set()
    reasons = {kind: str(way.reasons[0].code) for kind, way in found.items()}
    assert reasons == {
        WayKind.EXPEDITE: "way.expedite.ask",
        WayKind.ALTERNATIVE: "way.alternative.none",
        WayKind.LESSER_ORDER: "way.lesser.none",
        WayKind.OTHER_SUPPLIER: "way.other_supplier.none",
        WayKind.PARTIAL: "way.partial.none",
        WayKind.RESEQUENCE: "way.resequence.none",
    }


def test_who_may_not_decide_is_refused_and_an_impossible_way_too(late: Order, person: Any, admin: Any) -> None:
    before = planning.snapshot(supplying.plan(late))
    key = ways(late)[WayKind.EXPEDITE].key
    with pytest.raises(Forbidden):
        choose(actor=person("sales"), shortage_id=shortage(late).pk, key=key, today=TODAY)
    with pytest.raises(Refusal) as caught:
        choose(actor=admin, shortage_id=shortage(late).pk, key=key, today=TODAY)
    assert caught.value.codes == {"way.expedite.ask"}
    with pytest.raises(Refusal) as caught:
        choose(actor=admin, shortage_id=shortage(late).pk, key="made:1", today=TODAY)
    assert caught.value.codes == {"way.gone"}
    assert planning.snapshot(supplying.plan(late)) == before


def test_expediting_costs_what_was_offered_and_saves_the_damages(late: Order, admin: Any) -> None:
    line = PurchaseLine.objects.get()
    note_offer(actor=admin, line_id=line.pk, day=dt.date(2026, 11, 27), cost=D(1200), today=TODAY)
    way = ways(late)[WayKind.EXPEDITE]
    assert (way.planned, way.gained, way.cost, way.saved, way.net) == (
        dt.date(2026, 12, 2), 14, D(1200), D(10000), D(8800),
    )  # fmt: skip
    do(admin, late, WayKind.EXPEDITE)
    assert delivered(late) == dt.date(2026, 12, 2)
    line.refresh_from_db()
    assert (line.expected_date, line.expedite_cost, line.offered_date) == (dt.date(2026, 11, 27), D(1200), None)
    assert line.confirmed_date == LATE
    assert ActionItem.objects.get().order_id == late.pk


def test_another_supplier_is_asked_and_what_was_on_order_is_free(late: Order, admin: Any, pump: Material) -> None:
    other = supplying.supplier("S09", "津泵")
    slow = supplying.supplier("S10", "慢泵")
    Offer.objects.create(material=pump, supplier=other, unit_price=D(1300), lead_time_days=5)
    Offer.objects.create(material=pump, supplier=slow, unit_price=D(900), lead_time_days=40)
    found = [way for way in WaysOut(shortage(late), today=TODAY).all() if way.kind is WayKind.OTHER_SUPPLIER]
    assert [(way.is_possible, way.cost) for way in found] == [(True, D(1800)), (False, D(0))]
    assert found[1].reasons[0].code == "way.other_supplier.later"
    choose(actor=admin, shortage_id=shortage(late).pk, key=found[0].key, today=TODAY)
    request = PurchaseRequest.objects.get()
    assert (request.supplier_id, request.quantity, request.unit_price) == (other.pk, D(6), D(1300))
    assert PurchaseLine.objects.get().reserved == 0


def test_an_alternative_in_stock_takes_its_place_and_engineering_is_asked(
    late: Order, admin: Any, pump: Material
) -> None:
    other = supplying.material("NP-25S", "注液泵", standard_cost=D(1500))
    Alternative.objects.create(material=pump, substitute=other, factor=D(1), needs_consent=True, note="流量高 4%")
    supplying.stock(admin, other, "6")
    way = ways(late)[WayKind.ALTERNATIVE]
    assert (way.cost, way.consent, way.planned) == (D(3000), True, dt.date(2026, 12, 2))
    do(admin, late, WayKind.ALTERNATIVE)
    assert delivered(late) == dt.date(2026, 12, 2)
    assert Requirement.objects.get(material=other).quantity == D(6)
    assert Requirement.objects.get(material=pump).quantity == 0
    assert not Shortage.objects.filter(requirement__order=late).exists()
    assert "NP-25S" in ActionItem.objects.get().title


def test_stock_of_an_order_that_can_wait_is_swapped_for_what_is_on_order(admin: Any, pump: Material) -> None:
    supplying.stock(admin, pump, "6")
    calm = supplying.order(admin, number="SO-2026-00009", priority=4, promised=dt.date(2026, 12, 31))
    supplying.purchase(admin, pump, "6", LATE)
    late = supplying.order(admin, promised=dt.date(2026, 12, 2), priority=2)
    way = ways(late)[WayKind.LESSER_ORDER]
    assert (way.planned, way.cost, way.saved) == (dt.date(2026, 12, 2), D(0), D(10000))
    do(admin, late, WayKind.LESSER_ORDER)
    assert delivered(late) == dt.date(2026, 12, 2)
    assert delivered(calm) == dt.date(2026, 12, 16)
    held = Reservation.objects.filter(state="active").values_list("requirement__order", "stock_item", "quantity")
    assert {(order, stock is not None, quantity) for order, stock, quantity in held} == {
        (late.pk, True, D(6)),
        (calm.pk, False, D(6)),
    }


def test_stock_of_an_order_as_urgent_and_as_early_stays_where_it_is(admin: Any, pump: Material) -> None:
    supplying.stock(admin, pump, "6")
    supplying.order(admin, number="SO-2026-00009", promised=dt.date(2026, 12, 2))
    supplying.purchase(admin, pump, "6", LATE)
    late = supplying.order(admin, promised=dt.date(2026, 12, 2))
    assert ways(late)[WayKind.LESSER_ORDER].reasons[0].code == "way.lesser.none"


def test_what_nobody_has_ordered_is_asked_for_once(admin: Any, pump: Material) -> None:
    late = supplying.order(admin, promised=dt.date(2026, 12, 2))
    assert ways(late)[WayKind.BUY].is_possible
    do(admin, late, WayKind.BUY)
    request = PurchaseRequest.objects.get()
    assert (request.material_id, request.quantity, request.order_id) == (pump.pk, D(6), late.pk)
    with pytest.raises(Refusal) as caught:
        do(admin, late, WayKind.BUY)
    assert caught.value.codes == {"way.buy.asked"}


def test_a_part_can_go_first_when_there_is_enough_for_it(admin: Any, pump: Material) -> None:
    supplying.stock(admin, pump, "3")
    supplying.purchase(admin, pump, "3", LATE)
    late = supplying.order(admin, promised=dt.date(2026, 12, 2))
    way = ways(late)[WayKind.PARTIAL]
    assert (way.quantity, way.saved, way.consent) == (D(1), D(5000), True)
    do(admin, late, WayKind.PARTIAL)
    assert ActionItem.objects.get().order_id == late.pk
    assert shortage(late).settled_as == "partial"


def test_a_choice_is_settled_until_it_gets_worse(late: Order, admin: Any) -> None:
    Shortage.objects.update(settled_as="partial", settled_by=admin)
    refresh([late.pk], today=TODAY)
    assert shortage(late).settled_as == "partial"
    PurchaseLine.objects.update(expected_date=dt.date(2026, 12, 18))
    refresh([late.pk], today=TODAY)
    assert shortage(late).settled_as == ""
