"""What a nonconformity contains is blocked in stock until it is settled, and no order is promised it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
import planning
import supplying
from punctual.domain.quality.models import Nonconformity
from punctual.domain.quality.services.ncrs import ContainmentIn, cancel_ncr, contain, reopen_ncr, verify_ncr
from punctual.domain.supply.models import StockItem
from punctual.domain.supply.services.reservations import reserve
from punctual.flows import contained_stock
from punctual.flows.failed_inspection import DispositionIn, decide_disposition
from punctual.platform.accounts.models import User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TODAY = planning.TODAY


@pytest.fixture
def item(person: Person) -> StockItem:
    """Ten pumps in stock, six of them reserved."""
    contained_stock.listen()
    supply, pump = person("supply_chain"), supplying.material()
    supplying.bom(pump)
    order = supplying.order(person("order_manager"))
    found: StockItem = supplying.stock(supply, pump, "10")
    reserve(actor=supply, requirement_id=supplying.need(order, pump).pk, quantity=Decimal(6), stock_item_id=found.pk)
    return found


def contained(person: Person, quantity: int, *, blocks: bool = True, ncr: Nonconformity | None = None) -> Nonconformity:
    quality = person("quality")
    found = ncr or inspecting.ncr(quality, item_key="NP-25", quantity=8, nonconforming=3, supplier=supplying.supplier())
    rows = [ContainmentIn("仓库", "挂红牌", quantity, blocks_stock=blocks, done=True)]
    contain(actor=quality, ncr_id=found.pk, rows=rows)
    deliver_pending()
    return found


def amounts(item: StockItem) -> tuple[int, int, int]:
    item.refresh_from_db()
    return int(item.on_hand), int(item.blocked), int(item.reserved)


def test_a_place_that_blocks_nothing_and_an_item_that_is_no_material_leave_the_stock_alone(
    person: Person, item: StockItem
) -> None:
    contained(person, 8, blocks=False)
    contained(person, 8, ncr=inspecting.ncr(person("quality"), item_key="OTHER"))
    assert amounts(item) == (10, 0, 6)


def test_what_is_contained_is_blocked_once_and_reservations_give_way(person: Person, item: StockItem) -> None:
    ncr = contained(person, 8)
    assert amounts(item) == (10, 8, 2)
    contained(person, 8, ncr=ncr)
    assert amounts(item)[1] == 8
    contained(person, 5, ncr=ncr)
    assert amounts(item)[1] == 5
    contained(person, 99, ncr=ncr)  # no more than is there
    assert amounts(item)[1] == 10
    cancel_ncr(actor=person("quality"), ncr_id=ncr.pk, reason="测错了")
    deliver_pending()
    assert amounts(item)[:2] == (10, 0)


@pytest.mark.parametrize(("disposition", "left"), [("return", 2), ("scrap", 2), ("sort", 7), ("rework", 10)])
def test_how_it_ends_decides_what_is_left(person: Person, item: StockItem, disposition: str, left: int) -> None:
    ncr = contained(person, 8)
    minutes = 0 if disposition in ("return", "scrap") else 480
    given = DispositionIn(disposition, work_minutes=minutes)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=given, today=TODAY)
    deliver_pending()
    verify_ncr(actor=person("quality"), ncr_id=ncr.pk, note="好")
    deliver_pending()
    deliver_pending()
    assert amounts(item)[:2] == (left, 0)
    assert sum(one.quantity for one in item.movements.all()) == left  # every change is explained


def test_what_was_scrapped_is_not_held_and_scrapped_a_second_time(person: Person, item: StockItem) -> None:
    quality = person("quality")
    ncr = contained(person, 8)
    for _ in range(2):
        decide_disposition(actor=quality, ncr_id=ncr.pk, given=DispositionIn("scrap"), today=TODAY)
        deliver_pending()
        assert amounts(item)[:2] == (2, 0)
        reopen_ncr(actor=quality, ncr_id=ncr.pk, reason="再看一次")
        contained(person, 8, ncr=ncr)
        assert amounts(item)[:2] == (2, 0)


def test_what_could_not_be_held_when_it_was_contained_leaves_all_the_same(
    person: Person, item: StockItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_more: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(contained_stock, "hold_stock", broken)
        ncr = contained(person, 8)
    assert amounts(item)[:2] == (10, 0)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=DispositionIn("scrap"), today=TODAY)
    late = OutboxEvent.objects.filter(kind="ncr.disposed").get()
    contained_stock.on_disposed(late)
    assert amounts(item)[:2] == (2, 0)
    deliver_pending()
    assert amounts(item)[:2] == (2, 0)
