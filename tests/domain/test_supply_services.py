"""Stock, reservations, purchases and the supplier's link: what is refused, and that nothing has changed then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

import planning
import supplying
from punctual.domain.plans.models import Task
from punctual.domain.supply import receipts as hooks
from punctual.domain.supply.models import (
    Bom,
    Material,
    PurchaseLine,
    PurchaseOrder,
    PurchaseRequest,
    Receipt,
    Requirement,
    Reservation,
    Shortage,
    StockItem,
    StockMovement,
)
from punctual.domain.supply.rules import BomLineFacts, MaterialFacts, PurchaseLineFacts
from punctual.domain.supply.scorecard import lateness
from punctual.domain.supply.selectors import material_by_id
from punctual.domain.supply.services import links, materials, purchases, receiving, requests, stock
from punctual.domain.supply.services.boms import set_bom
from punctual.domain.supply.services.reservations import release, reserve
from punctual.domain.supply.services.shortages import refresh
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.approvals.models import ApprovalRequest
from punctual.platform.approvals.services import decide
from punctual.platform.audit.models import AuditEntry
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = supplying.TODAY
FRIDAY = dt.date(2026, 11, 27)


@pytest.fixture
def admin(person: Any) -> Any:
    return person("administrator")


@pytest.fixture
def pump(db: None) -> Material:
    found = supplying.material()
    supplying.bom(found)
    return found


def everything() -> list[Any]:
    """What must be the same after a refusal."""
    models = (StockItem, StockMovement, Reservation, Requirement, PurchaseOrder, PurchaseLine, PurchaseRequest, Receipt)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def refused(code: str, call: Callable[[], object]) -> Refusal:
    before = everything()
    with pytest.raises(Refusal) as caught:
        call()
    assert code in caught.value.codes, caught.value.codes
    assert everything() == before
    return caught.value


# ---------------------------------------------------------------------------------------------------- permissions


@pytest.mark.parametrize("role", ["sales", "quality", "finance", "worker", "manager", "planner", "order_manager"])
def test_only_supply_chain_changes_stock_and_purchases(pump: Material, person: Any, role: str) -> None:
    actor = person(role)
    item = StockItem.objects.create(material=pump, place=stock.default_place())
    line = PurchaseLineFacts(quantity=D(1), material_id=pump.pk)
    supplier = supplying.supplier()
    calls: list[Callable[[], object]] = [
        lambda: stock.count(actor=actor, item_id=item.pk, counted=D(1)),
        lambda: stock.enter_stock(actor=actor, material_id=pump.pk, place_id=None, quantity=D(1), reason="x"),
        lambda: purchases.create_purchase(actor=actor, supplier_id=supplier.pk, lines=[line], today=TODAY),
        lambda: materials.create_material(actor=actor, facts=MaterialFacts("X", "x", "台")),
        lambda: set_bom(actor=actor, material_id=pump.pk, lines=[]),
    ]
    before = everything()
    for call in calls:
        with pytest.raises(Forbidden):
            call()
    assert everything() == before


def test_a_worker_sees_no_material(pump: Material, person: Any) -> None:
    with pytest.raises(NotFound):
        material_by_id(person("worker"), pump.pk)


# ----------------------------------------------------------------------------------------------------------- stock


def test_stock_is_the_sum_of_its_movements(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "10")
    stock.block(actor=admin, item_id=item.pk, quantity=D(3), reason="划伤")
    stock.unblock(actor=admin, item_id=item.pk, quantity=D(1))
    stock.count(actor=admin, item_id=item.pk, counted=D(8))
    item.refresh_from_db()
    sums = item.movements.aggregate(q=Sum("quantity"), b=Sum("blocked"))
    assert (item.on_hand, item.blocked) == (D(8), D(2)) == (sums["q"], sums["b"])


def test_more_can_not_be_blocked_or_released_than_there_is(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "4")
    refused("stock_item.block.too_much", lambda: stock.block(actor=admin, item_id=item.pk, quantity=D(5), reason="x"))
    refused("stock_item.reason", lambda: stock.block(actor=admin, item_id=item.pk, quantity=D(1), reason=" "))
    refused("stock_item.unblock.too_much", lambda: stock.unblock(actor=admin, item_id=item.pk, quantity=D(1)))
    refused("stock_item.quantity.range", lambda: stock.count(actor=admin, item_id=item.pk, counted=D(-1)))


def test_a_count_by_two_people_at_once_tells_the_second(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "4")
    stock.count(actor=admin, item_id=item.pk, counted=D(5), expected_version=item.version)
    with pytest.raises(Conflict):
        stock.count(actor=admin, item_id=item.pk, counted=D(6), expected_version=item.version)


def test_a_count_below_what_is_reserved_takes_it_from_the_least_urgent_order(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "12")
    urgent = supplying.order(admin, priority=1)
    calm = supplying.order(admin, number="SO-2026-00002", priority=4)
    stock.count(actor=admin, item_id=item.pk, counted=D(8), reason="年中盘点")
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == (D(8), D(8))
    kept = {
        order.pk: sum(one.quantity for one in Reservation.objects.filter(requirement__order=order, state="active"))
        for order in (urgent, calm)
    }
    assert kept == {urgent.pk: D(6), calm.pk: D(2)}
    deliver_pending()
    shortage = Shortage.objects.get(requirement__order=calm)
    assert (shortage.short, shortage.uncovered) == (D(4), D(4))
    assert not Shortage.objects.filter(requirement__order=urgent).exists()


# ---------------------------------------------------------------------------------------------------- reservations


def test_confirming_reserves_what_is_free_and_the_rest_is_short(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "4")
    order = supplying.order(admin)
    item.refresh_from_db()
    shortage = Shortage.objects.get(requirement__order=order)
    assert (item.reserved, shortage.short, shortage.uncovered) == (D(4), D(2), D(2))
    # Thirty working days after 23 November it could be there; the plan waits for that.
    assert shortage.arrives == dt.date(2027, 1, 4)
    assert shortage.state == "stops"


def test_never_more_is_reserved_than_is_free_or_needed(admin: Any, pump: Material) -> None:
    order = supplying.order(admin)
    need = supplying.need(order, pump)
    supplying.stock(admin, pump, "20")
    refused("reservation.not_free", lambda: reserve(actor=admin, requirement_id=need.pk, quantity=D(21)))
    refused("reservation.not_needed", lambda: reserve(actor=admin, requirement_id=need.pk, quantity=D(7)))
    refused("reservation.quantity.range", lambda: reserve(actor=admin, requirement_id=need.pk, quantity=D(0)))
    reserve(actor=admin, requirement_id=need.pk, quantity=D(6))
    refused("reservation.not_needed", lambda: reserve(actor=admin, requirement_id=need.pk, quantity=D(1)))


def test_what_is_released_is_free_for_others_and_ends_once(admin: Any, pump: Material) -> None:
    supplying.stock(admin, pump, "6")
    order = supplying.order(admin)
    held = Reservation.objects.get(requirement__order=order)
    release(actor=admin, reservation_id=held.pk, reason="换单")
    assert StockItem.objects.get(material=pump).free == D(6)
    refused("reservation.ended", lambda: release(actor=admin, reservation_id=held.pk))


def test_only_what_is_reserved_can_be_issued(admin: Any, pump: Material) -> None:
    item = supplying.stock(admin, pump, "6")
    order = supplying.order(admin)
    need = supplying.need(order, pump)
    refused("requirement.issue.too_much", lambda: stock.issue(actor=admin, requirement_id=need.pk, quantity=D(7)))
    stock.issue(actor=admin, requirement_id=need.pk, quantity=D(2))
    need.refresh_from_db()
    item.refresh_from_db()
    assert (need.issued, item.on_hand, item.reserved) == (D(2), D(4), D(4))


def test_stock_of_others_taken_over_gives_back_what_was_on_order(admin: Any, pump: Material) -> None:
    bought = supplying.purchase(admin, pump, "6", FRIDAY)
    order = supplying.order(admin)
    need = supplying.need(order, pump)
    supplying.stock(admin, pump, "6")
    reserve(actor=admin, requirement_id=need.pk, quantity=D(6))
    assert bought.lines.get().reserved == 0
    assert StockItem.objects.get(material=pump).reserved == D(6)


# ------------------------------------------------------------------------------------------------------- purchases


def test_a_purchase_order_needs_lines_dates_and_things_that_exist(admin: Any, pump: Material) -> None:
    supplier = supplying.supplier()

    def make(*lines: PurchaseLineFacts) -> PurchaseOrder:
        return purchases.create_purchase(actor=admin, supplier_id=supplier.pk, lines=lines, today=TODAY)

    refused("purchase_order.no_lines", lambda: make())
    refused("purchase_line.material.unknown", lambda: make(PurchaseLineFacts(D(1), material_id=9999)))
    refused("purchase_line.quantity.range", lambda: make(PurchaseLineFacts(D(0), material_id=pump.pk)))
    refused("purchase_line.material.missing", lambda: make(PurchaseLineFacts(D(1))))
    order = make(PurchaseLineFacts(D(1), material_id=pump.pk))
    refused("purchase_order.asked_date", lambda: purchases.send(actor=admin, purchase_id=order.pk, today=TODAY))


def test_numbers_have_no_gap_when_one_is_refused(admin: Any, pump: Material) -> None:
    first = supplying.purchase(admin, pump, "1", FRIDAY)
    with pytest.raises(Refusal):
        purchases.create_purchase(
            actor=admin,
            supplier_id=first.supplier_id,
            lines=[PurchaseLineFacts(D(0), material_id=pump.pk)],
            today=TODAY,
        )
    second = supplying.purchase(admin, pump, "1", FRIDAY)
    assert [first.number, second.number] == ["PO-2026-00001", "PO-2026-00002"]


def test_more_than_ordered_is_not_received(admin: Any, pump: Material) -> None:
    line = supplying.purchase(admin, pump, "6", FRIDAY).lines.get()

    def receive(quantity: str, **more: Any) -> Receipt:
        return receiving.receive(actor=admin, line_id=line.pk, quantity=D(quantity), today=TODAY, **more)

    found = refused("receipt.over", lambda: receive("6.5"))
    assert "PO-2026-00001/10" in str(found)
    refused("receipt.future", lambda: receive("1", received_on=FRIDAY))
    receive("4")
    refused("receipt.over", lambda: receive("3"))
    receive("2")
    assert PurchaseOrder.objects.get().state == "received"
    refused("purchase_order.state.receive", lambda: receive("1"))


def test_what_comes_goes_to_the_one_who_waits_for_it(admin: Any, pump: Material) -> None:
    line = supplying.purchase(admin, pump, "8", FRIDAY).lines.get()
    order = supplying.order(admin)
    receiving.receive(actor=admin, line_id=line.pk, quantity=D(4), today=TODAY, delivery_note="DN1")
    deliver_pending()
    item, line = StockItem.objects.get(material=pump), PurchaseLine.objects.get()
    assert (item.on_hand, item.reserved, line.reserved, line.received) == (D(4), D(4), D(2), D(4))
    assert PurchaseOrder.objects.get().state == "partially_received"
    receiving.receive(actor=admin, line_id=line.pk, quantity=D(4), today=TODAY)
    deliver_pending()
    item.refresh_from_db()
    assert (item.on_hand, item.reserved, item.free) == (D(8), D(6), D(2))
    assert not Shortage.objects.filter(requirement__order=order).exists()


@pytest.fixture
def must_inspect() -> Iterator[None]:
    question = hooks.needs_inspection(lambda line, quantity: True)
    yield
    hooks.forget(question)


@pytest.mark.usefixtures("must_inspect")
def test_what_must_be_inspected_is_blocked_until_it_was_and_rejected_is_still_owed(admin: Any, pump: Material) -> None:
    line = supplying.purchase(admin, pump, "6", FRIDAY).lines.get()
    order = supplying.order(admin)
    receipt = receiving.receive(actor=admin, line_id=line.pk, quantity=D(6), today=TODAY)
    item = StockItem.objects.get(material=pump)
    assert (item.on_hand, item.blocked, item.reserved, receipt.waits_for_inspection) == (D(6), D(6), D(0), True)

    def decide(**more: Any) -> Receipt:
        return receiving.inspected(actor=admin, receipt_id=receipt.pk, **more)

    refused("receipt.inspected", lambda: decide(released=D(7)))
    refused("receipt.reason", lambda: decide(rejected=D(1)))
    decide(released=D(4))
    decide(rejected=D(2), reason="外径超差")
    deliver_pending()
    item.refresh_from_db()
    line.refresh_from_db()
    assert (item.on_hand, item.blocked, item.reserved) == (D(4), D(0), D(4))
    assert (line.received, line.inspecting, line.reserved) == (D(4), D(0), D(2))
    assert PurchaseOrder.objects.get().state == "partially_received"
    assert Shortage.objects.get(requirement__order=order).on_the_way == D(2)


def test_cancelling_gives_back_and_shows_the_shortage(admin: Any, pump: Material) -> None:
    bought = supplying.purchase(admin, pump, "6", FRIDAY)
    order = supplying.order(admin)
    refused("purchase_order.reason", lambda: purchases.cancel(actor=admin, purchase_id=bought.pk, reason=""))
    purchases.cancel(actor=admin, purchase_id=bought.pk, reason="供应商停产")
    deliver_pending()
    assert Shortage.objects.get(requirement__order=order).uncovered == D(6)
    refused("purchase_order.state.send", lambda: purchases.send(actor=admin, purchase_id=bought.pk, today=TODAY))


def test_requests_become_one_draft_a_supplier_and_are_ordered_once(admin: Any, pump: Material) -> None:
    order = supplying.order(admin)
    need = supplying.need(order, pump)
    supplier = supplying.supplier()
    one = requests.ask(actor=admin, material_id=pump.pk, quantity=D(6), requirement=need, supplier_id=supplier.pk)
    nobody = requests.ask(actor=admin, description="外协喷涂", quantity=D(1))
    refused(
        "purchase_request.supplier",
        lambda: requests.order_requests(actor=admin, request_ids=[one.pk, nobody.pk], today=TODAY),
    )
    made = requests.order_requests(actor=admin, request_ids=[one.pk], today=TODAY)
    assert [item.lines.get().reserved for item in made] == [D(6)]
    refused("purchase_request.done", lambda: requests.order_requests(actor=admin, request_ids=[one.pk], today=TODAY))


def test_an_outsourced_task_ends_when_its_purchase_comes(admin: Any, pump: Material) -> None:
    order = supplying.order(admin)
    task = Task.objects.get(plan__order=order, name="图纸")
    line = PurchaseLineFacts(D(1), task_id=task.pk, description="外协绘图", asked_date=dt.date(2026, 12, 4))
    made = purchases.create_purchase(actor=admin, supplier_id=supplying.supplier().pk, lines=[line], today=TODAY)
    purchases.send(actor=admin, purchase_id=made.pk, today=TODAY)
    refresh([order.pk], today=TODAY)
    task.refresh_from_db()
    # Three days of work that come back on Friday 4 December.
    assert f"{planning.plan_time(task.finish):%m-%d}" == "12-04"
    assert f"{planning.plan_time(task.start):%m-%d}" == "12-02"


# ------------------------------------------------------------------------------------------------ the supplier's link


def link(admin: Any, order: PurchaseOrder, **more: Any) -> str:
    return links.make_link(actor=admin, purchase_id=order.pk, today=TODAY, **more)[1]


def answer(token: str, order: PurchaseOrder, day: dt.date, today: dt.date = TODAY) -> PurchaseOrder:
    return links.answer(token=token, days={order.lines.get().pk: day}, note="", today=today)


def test_a_supplier_confirms_once_by_its_link(admin: Any, pump: Material) -> None:
    order = supplying.purchase(admin, pump, "6", FRIDAY, confirmed=False)
    token = link(admin, order)
    answer(token, order, dt.date(2026, 12, 1))
    order.refresh_from_db()
    assert (order.state, order.lines.get().confirmed_date) == ("confirmed", dt.date(2026, 12, 1))
    found = refused("supplier_link.used", lambda: answer(token, order, dt.date(2026, 12, 2)))
    assert "one link takes one answer" in str(found)


def test_a_link_ends_on_its_day_when_it_is_replaced_or_withdrawn(admin: Any, pump: Material) -> None:
    order = supplying.purchase(admin, pump, "6", FRIDAY, confirmed=False)
    first = link(admin, order, days=3)
    late = TODAY + dt.timedelta(days=4)
    refused("supplier_link.expired", lambda: answer(first, order, late, today=late))
    second = link(admin, order)
    refused("supplier_link.withdrawn", lambda: answer(first, order, FRIDAY))
    links.withdraw_link(actor=admin, link_id=links.link_of(second).pk)
    refused("supplier_link.withdrawn", lambda: answer(second, order, FRIDAY))
    with pytest.raises(NotFound):
        links.link_of("made-up")


def test_a_link_opens_one_order_only(admin: Any, pump: Material) -> None:
    order = supplying.purchase(admin, pump, "6", FRIDAY, confirmed=False)
    other = supplying.purchase(admin, pump, "6", FRIDAY, confirmed=False)
    token = link(admin, order)
    refused("supplier_link.line", lambda: answer(token, other, FRIDAY))
    refused("purchase_line.date.past", lambda: answer(token, order, dt.date(2026, 11, 1)))


def test_a_link_is_not_kept_as_text(admin: Any, pump: Material) -> None:
    order = supplying.purchase(admin, pump, "6", FRIDAY, confirmed=False)
    token = link(admin, order)
    assert token not in str(list(order.links.values()))


# ----------------------------------------------------------------------------------------------------------- boms


def test_a_bill_that_contains_itself_is_refused_by_name(admin: Any, pump: Material) -> None:
    outer = supplying.material("A-1", "泵站", kind="made")
    inner = supplying.material("A-2", "泵组", kind="made")
    set_bom(actor=admin, material_id=outer.pk, lines=[BomLineFacts(inner.pk, D(1))])
    with pytest.raises(Refusal) as caught:
        set_bom(actor=admin, material_id=inner.pk, lines=[BomLineFacts(outer.pk, D(1))])
    assert caught.value.codes == {"bom.circle"}
    assert "泵站 A-1" in str(caught.value)
    assert not Bom.objects.filter(material=inner, lines__isnull=False).exists()
    refused("bom.bought", lambda: set_bom(actor=admin, material_id=pump.pk, lines=[]))


# ------------------------------------------------------------------------------------------------------- scorecard


def test_goods_come_no_earlier_than_a_month_before_their_order_was_made(admin: Any, pump: Material) -> None:
    order = supplying.purchase(admin, pump, "1", TODAY)
    made = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    PurchaseOrder.objects.filter(pk=order.pk).update(created_at=made)
    line = order.lines.get()
    for day in (dt.date(1990, 1, 1), dt.date(2026, 10, 19)):
        with pytest.raises(Refusal) as refused:
            receiving.receive(actor=admin, line_id=line.pk, quantity=D(1), today=TODAY, received_on=day)
        assert refused.value.codes == {"receipt.before"}
        assert refused.value.reasons[0].params == {"day": "2026-10-20"}
    line.refresh_from_db()
    assert line.received == 0
    came = dt.date(2026, 10, 20)
    assert (
        receiving.receive(actor=admin, line_id=line.pk, quantity=D(1), today=TODAY, received_on=came).received_on
        == came
    )


def test_lateness_counts_working_days_after_the_first_confirmed_date(admin: Any, pump: Material) -> None:
    planning.company_calendar()
    for came, late in ((dt.date(2026, 11, 20), 0), (dt.date(2026, 11, 23), 1)):
        order = supplying.purchase(admin, pump, "1", TODAY)
        PurchaseOrder.objects.filter(pk=order.pk).update(sent_on=dt.date(2026, 11, 2))
        line = order.lines.get()
        PurchaseLine.objects.filter(pk=line.pk).update(confirmed_date=dt.date(2026, 11, 20))
        receiving.receive(actor=admin, line_id=line.pk, quantity=D(1), today=TODAY, received_on=came)
        found = lateness([order.supplier_id], today=TODAY)[order.supplier_id]
        assert found.days[-1] == late
    assert (found.count, found.p80, found.on_time_percent) == (2, 1, 50)


# ------------------------------------------------------------------------------------------------ over the limit


def costly(buyer: Any) -> tuple[Any, PurchaseLineFacts]:
    """A draft for 600,000."""
    pump = supplying.material().pk
    facts = PurchaseLineFacts(Decimal(600), Decimal(1000), material_id=pump, asked_date=TODAY)
    made = purchases.create_purchase(actor=buyer, supplier_id=supplying.supplier().pk, today=TODAY, lines=[facts])
    return made, facts


def test_a_purchase_over_the_limit_stays_a_draft_until_it_is_approved_by_somebody_else(person):
    buyer = person("administrator")
    made, _facts = costly(buyer)
    assert purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY).state == "draft"
    assert purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY).state == "draft"
    request = ApprovalRequest.objects.get(subject="purchase")
    with pytest.raises(Refusal):
        decide(actor=buyer, request_id=request.pk, approve=True, today=TODAY)
    decide(actor=person("manager"), request_id=request.pk, approve=True, today=TODAY)
    made.refresh_from_db()
    assert (made.state, made.sent_on is not None) == ("sent", True)


def test_a_purchase_that_grew_after_it_was_approved_is_asked_for_again(person):
    buyer = person("administrator")
    made, facts = costly(buyer)
    purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY)
    purchases.change_purchase(actor=buyer, purchase_id=made.pk, lines=[replace(facts, quantity=Decimal(900))])
    decide(actor=person("manager"), request_id=ApprovalRequest.objects.get().pk, approve=True, today=TODAY)
    made.refresh_from_db()
    assert made.state == "draft"
    purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY)
    assert ApprovalRequest.objects.filter(state="waiting", amount=Decimal(900_000)).exists()


def test_a_rejected_purchase_stays_a_draft(person):
    buyer = person("administrator")
    made, _facts = costly(buyer)
    purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY)
    asked = ApprovalRequest.objects.get()
    decide(actor=person("manager"), request_id=asked.pk, approve=False, comment="太贵", today=TODAY)
    made.refresh_from_db()
    assert (made.state, made.sent_on) == ("draft", None)


def test_forty_parts_are_taken_apart_in_as_few_statements_as_two(
    admin: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        part = supplying.material(f"P{number}", f"零件 {number}")
        supplying.bom(part, "1")
        supplying.stock(admin, part, "3")
    with django_assert_max_num_queries(120):
        order = supplying.order(admin, 2)
    assert Reservation.objects.filter(requirement__order=order, quantity=2).count() == 40
    assert set(StockItem.objects.values_list("reserved", "on_hand")) == {(D(2), D(3))}
    told = AuditEntry.objects.filter(target_type="reservation", verb="reserve")
    assert [row.changes[0]["new"] for row in told] == ["2"] * 40
