"""A supplier is late: exactly the tasks and orders that wait for it move, what that costs is known, ways out appear."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import planning
import scheduling
import supplying
from punctual.domain.actions.models import ActionItem
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.axis import SLOT
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.domain.scheduling.selectors import book_of
from punctual.domain.supply.models import PurchaseDate, PurchaseLine, PurchaseOrder, Shortage
from punctual.domain.supply.services import links
from punctual.flows.risk_analysis import analyse
from punctual.flows.supplier_late import change_date, preview
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
TODAY = supplying.TODAY


@pytest.fixture
def buyer(person: Any) -> Any:
    return person("administrator")


@pytest.fixture
def world(buyer: Any) -> dict[str, Any]:
    """Six pumps come on Friday 11-27; the order needs six on Monday 11-30 and is delivered on 12-02 as promised."""
    pump = supplying.material()
    supplying.bom(pump)
    bought = supplying.purchase(buyer, pump, "6", dt.date(2026, 11, 27))
    order = supplying.order(buyer, promised=dt.date(2026, 12, 2))
    return {"pump": pump, "purchase": bought, "line": bought.lines.get(), "order": order}


def starts(order: Any) -> dict[str, str]:
    return {task.name: f"{planning.plan_time(task.start):%m-%d}" for task in Task.objects.filter(plan__order=order)}


def test_who_only_reads_can_not_change_a_date(world: dict[str, Any], person: Any) -> None:
    with pytest.raises(Forbidden):
        change_date(actor=person("sales"), line_id=world["line"].pk, day=dt.date(2026, 12, 7), today=TODAY)


@pytest.mark.parametrize("day", [dt.date(2026, 11, 20), dt.date(1800, 1, 1)])
def test_a_day_that_has_passed_is_refused_and_nothing_moves(world: dict[str, Any], buyer: Any, day: dt.date) -> None:
    before = planning.snapshot(supplying.plan(world["order"]))
    with pytest.raises(Refusal):
        change_date(actor=buyer, line_id=world["line"].pk, day=day, today=TODAY)
    assert planning.snapshot(supplying.plan(world["order"])) == before


def test_two_people_at_the_same_order_are_told(world: dict[str, Any], buyer: Any) -> None:
    version = PurchaseOrder.objects.get(pk=world["purchase"].pk).version
    change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 1), today=TODAY, expected_version=version)
    with pytest.raises(Conflict):
        change_date(
            actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 2), today=TODAY, expected_version=version
        )


@pytest.mark.parametrize(
    ("day", "slip", "assembly", "delivery", "damages"),
    [
        (dt.date(2026, 11, 27), 0, "11-30", dt.date(2026, 12, 2), 0),
        (dt.date(2026, 11, 30), 1, "12-01", dt.date(2026, 12, 3), 1000),
        (dt.date(2026, 12, 4), 5, "12-07", dt.date(2026, 12, 9), 7000),
        (dt.date(2026, 12, 11), 10, "12-14", dt.date(2026, 12, 16), 10000),
    ],
)
def test_n_working_days_late_move_what_waits_by_n_working_days(
    world: dict[str, Any], buyer: Any, day: dt.date, slip: int, assembly: str, delivery: dt.date, damages: int
) -> None:
    effect = change_date(actor=buyer, line_id=world["line"].pk, day=day, today=TODAY)
    found = starts(world["order"])
    assert (found["方案"], found["图纸"], found["装配"]) == ("11-23", "11-25", assembly)
    world["order"].refresh_from_db()
    assert world["order"].planned_date == delivery
    assert [task.label for hit in effect.hits for task in hit.move.tasks] == (["2 装配", "3 FAT"] if slip else [])
    assert effect.damages == damages
    shortage = Shortage.objects.get(requirement__order=world["order"])
    assert (shortage.days_late, shortage.moves, shortage.damages) == (slip, slip, damages)
    assert shortage.state == ("stops" if slip else "in_time")
    if slip:
        task = Task.objects.get(plan__order=world["order"], name="装配")
        assert task.not_before_text == f"{world['purchase'].number} 注液泵"


def test_an_order_with_its_own_stock_does_not_move(world: dict[str, Any], buyer: Any) -> None:
    supplying.stock(buyer, world["pump"], "6")
    other = supplying.order(buyer, number="SO-2026-00002", promised=dt.date(2026, 12, 2))
    before = planning.snapshot(supplying.plan(other))
    effect = change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 11), today=TODAY)
    assert [hit.order.pk for hit in effect.hits] == [world["order"].pk]
    assert planning.snapshot(supplying.plan(other)) == before


def test_two_orders_behind_one_line_are_ranked_by_what_it_costs(buyer: Any) -> None:
    pump = supplying.material()
    supplying.bom(pump)
    bought = supplying.purchase(buyer, pump, "12", dt.date(2026, 11, 27))
    small = supplying.order(buyer, promised=dt.date(2026, 12, 10))
    large = supplying.order(buyer, number="SO-2026-00002", promised=dt.date(2026, 12, 2))
    effect = change_date(actor=buyer, line_id=bought.lines.get().pk, day=dt.date(2026, 12, 4), today=TODAY)
    assert [(hit.order.pk, hit.extra) for hit in effect.hits] == [(large.pk, Decimal(7000)), (small.pk, Decimal(0))]


def test_a_preview_says_the_same_and_leaves_no_trace(world: dict[str, Any], buyer: Any) -> None:
    before = planning.snapshot(supplying.plan(world["order"]))
    effect = preview(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 4), today=TODAY)
    assert (effect.damages, effect.task_count) == (7000, 2)
    assert planning.snapshot(supplying.plan(world["order"])) == before
    assert not PurchaseDate.objects.filter(kind="revised").exists()
    assert not ActionItem.objects.exists()


def test_a_supplier_changes_a_confirmed_day_by_link_and_what_waits_for_it_moves(
    world: dict[str, Any], buyer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_args, **_more: TODAY)
    _link, token = links.make_link(actor=buyer, purchase_id=world["purchase"].pk, today=TODAY)
    before = starts(world["order"])
    with pytest.raises(Refusal) as refused:
        links.answer(token=token, days={world["line"].pk: dt.date(2026, 11, 20)}, note="", today=TODAY)
    assert refused.value.codes == {"purchase_line.date.past"}
    deliver_pending()
    assert starts(world["order"]) == before
    links.answer(token=token, days={world["line"].pk: dt.date(2026, 12, 4)}, note="模具返修", today=TODAY)
    deliver_pending()
    assert starts(world["order"])["装配"] == "12-07"
    line = PurchaseLine.objects.get(pk=world["line"].pk)
    assert (line.confirmed_date, line.expected_date) == (dt.date(2026, 11, 27), dt.date(2026, 12, 4))
    told = PurchaseDate.objects.filter(line=line).latest("pk")
    assert (told.old, told.new, told.reason, told.by) == (dt.date(2026, 11, 27), dt.date(2026, 12, 4), "模具返修", None)
    shortage = Shortage.objects.get(requirement__order=world["order"])
    assert (shortage.state, shortage.moves) == ("stops", 5)


def test_back_to_the_first_date_gives_the_plan_back(world: dict[str, Any], buyer: Any) -> None:
    def dates() -> list[Any]:
        return [row[1:] for row in planning.table(supplying.plan(world["order"]))]

    before = dates()
    change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 4), today=TODAY)
    change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 11, 27), today=TODAY)
    assert dates() == before
    assert [one.kind for one in world["line"].dates.order_by("pk")] == ["asked", "confirmed", "revised", "revised"]


def test_notices_are_drafted_for_orders_that_are_late_now(world: dict[str, Any], buyer: Any) -> None:
    change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 4), today=TODAY, notices=True)
    item = ActionItem.objects.get()
    assert item.order_id == world["order"].pk
    assert "2026-12-09" in item.detail
    assert world["purchase"].number not in item.detail


def came(buyer: Any, pump: Any, *late: int) -> None:
    """Earlier deliveries of the supplier, each so many working days after its confirmed Monday."""
    for number, days in enumerate(late):
        monday = dt.date(2026, 6, 1) + dt.timedelta(weeks=2 * number)
        line = supplying.purchase(buyer, pump, "1", dt.date(2026, 12, 31)).lines.get()
        PurchaseLine.objects.filter(pk=line.pk).update(
            confirmed_date=monday, received=1, received_on=planning_day(monday, days)
        )
        PurchaseOrder.objects.filter(pk=line.purchase_order_id).update(state="received")


def planning_day(monday: dt.date, working_days: int) -> dt.date:
    weeks, days = divmod(working_days, 5)
    return monday + dt.timedelta(weeks=weeks, days=days)


def test_what_the_supplier_usually_does_is_in_every_simulated_run(world: dict[str, Any], buyer: Any) -> None:
    def forecast() -> OrderForecast:
        scheduling.run(buyer)
        return OrderForecast.objects.get(run__is_current=True, order=world["order"])

    before = forecast()
    came(buyer, world["pump"], 0, 10)
    assert forecast().p80 == before.p80, "two deliveries say nothing yet"
    came(buyer, world["pump"], 10, 10, 10)
    now = forecast()
    (wait,) = book_of(ScheduleRun.objects.get(is_current=True)).waits
    assert (wait.line, wait.supplier) == (world["line"].pk, str(world["purchase"].supplier))
    assert sorted(wait.late) == [0, *[10 * 8 * 60 // SLOT] * 4]
    assert now.planned == before.planned, "the plan keeps what the supplier has confirmed"
    assert (now.p80 - before.p80).days == 14, "four of five runs come two weeks later"
    change_date(actor=buyer, line_id=world["line"].pk, day=dt.date(2026, 12, 11), today=TODAY)
    forecast()
    assert not book_of(ScheduleRun.objects.get(is_current=True)).waits, "what it has slipped is not counted twice"


def test_the_risk_picture_says_what_the_suppliers_lateness_costs(world: dict[str, Any], buyer: Any) -> None:
    came(buyer, world["pump"], 0, 0, 5, 5, 5)
    scheduling.run(buyer)
    found = analyse(world["order"], actor=buyer)
    assert found is not None
    (row,) = found.result["purchases"]
    assert (row["number"], row["deliveries"], row["usual"]) == (world["purchase"].number, 5, 5.0)
    assert row["spared"] < 0 <= row["occurs"]
