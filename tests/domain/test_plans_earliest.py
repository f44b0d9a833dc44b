"""A plan waits for what comes from outside: exactly the tasks behind it move, and it says why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import planning
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.forecasts import Forecast
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.selectors import gantt_of
from punctual.domain.plans.services.earliest import Earliest, PlanMove, set_not_before
from punctual.platform.accounts.models import User
from punctual.platform.audit.services import story_of
from punctual.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(person: Any) -> Plan:
    return planning.plan(person("planner"))


def at(month: int, day: int) -> dt.datetime:
    """Midnight on the site's clock."""
    return dt.datetime.combine(dt.date(2026, month, day), dt.time())


def hold(plan: Plan, name: str, moment: dt.datetime | None, text: str = "PO-2026-00001 泵") -> PlanMove:
    wish = Earliest(planning.task(plan, name).pk, moment, "purchaseorder", 7, text)
    return set_not_before(plan_id=plan.pk, actor=None, wishes=[wish])


@pytest.mark.parametrize(
    ("working_days", "day", "assembly", "delivery"),
    [
        (0, dt.date(2026, 11, 30), "11-30", "12-02"),
        (1, dt.date(2026, 12, 1), "12-01", "12-03"),
        (3, dt.date(2026, 12, 3), "12-03", "12-07"),
        (5, dt.date(2026, 12, 5), "12-07", "12-09"),
        (10, dt.date(2026, 12, 14), "12-14", "12-16"),
    ],
)
def test_material_that_is_n_working_days_late_moves_what_waits_for_it_by_n_and_nothing_before(
    plan: Plan, working_days: int, day: dt.date, assembly: str, delivery: str
) -> None:
    before = planning.table(plan)
    move = hold(plan, "装配", dt.datetime.combine(day, dt.time()))
    after = planning.table(plan)
    assert after[:3] == before[:3]
    assert after[3][2][:5] == assembly
    assert after[4][2][:5] == delivery
    assert [one.label for one in move.tasks] == ([] if not working_days else ["2 装配", "3 FAT"])
    plan.refresh_from_db()
    assert f"{plan.planned_date:%m-%d}" == delivery


def test_the_order_and_the_gantt_say_what_is_waited_for(plan: Plan) -> None:
    hold(plan, "装配", at(12, 7))
    order = Order.objects.get(pk=plan.order_id)
    assert order.planned_date == dt.date(2026, 12, 9)
    plan.refresh_from_db()
    row = next(one for one in gantt_of(plan, User.objects.get())["tasks"] if one["name"] == "装配")
    assert (row["not_before"], row["not_before_text"]) == ("2026-12-07T00:00:00", "PO-2026-00001 泵")
    assert story_of(plan)[0].verb == "plan_not_before"
    assert OutboxEvent.objects.filter(kind="plan.changed").count() == 1


def test_it_holds_beside_a_constraint_of_the_task_itself(plan: Plan, person: Any) -> None:
    task = planning.task(plan, "装配")
    planning.edit(plan, person("planner"), "move", task=task.pk, start="2026-12-03")
    hold(plan, "装配", at(12, 1))
    assert planning.table(plan)[3][2] == "12-03 08:00"
    hold(plan, "装配", at(12, 9))
    assert planning.table(plan)[3][2] == "12-09 08:00"


def test_lifting_it_gives_the_plan_back_as_it_was(plan: Plan) -> None:
    before = planning.snapshot(plan)
    hold(plan, "装配", at(12, 14))
    assert planning.snapshot(plan) != before
    hold(plan, "装配", None)
    assert planning.snapshot(plan) == before


def test_the_same_moment_again_changes_nothing_and_tells_nobody(plan: Plan) -> None:
    hold(plan, "装配", at(12, 14))
    plan.refresh_from_db()
    version = plan.version
    assert hold(plan, "装配", at(12, 14)).tasks == []
    plan.refresh_from_db()
    assert plan.version == version


def test_a_task_that_has_begun_waits_no_more(plan: Plan, person: Any) -> None:
    task = planning.task(plan, "方案")
    planning.edit(plan, person("planner"), "progress", task=task.pk, percent=10, actual_start="2026-11-23T08:00")
    before = planning.table(plan)
    hold(plan, "方案", at(12, 21))
    assert planning.table(plan) == before


def test_the_plan_of_a_closed_order_stays(plan: Plan) -> None:
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.CLOSED)
    before = planning.snapshot(plan)
    assert hold(plan, "装配", at(12, 14)).tasks == []
    assert planning.snapshot(plan) == before


def test_a_forecast_answers_without_writing(plan: Plan) -> None:
    hold(plan, "装配", at(12, 14))
    plan.refresh_from_db()
    before = planning.snapshot(plan)
    task = Task.objects.get(plan=plan, name="装配")
    forecast = Forecast(plan)
    assert forecast.free().planned_date == dt.date(2026, 12, 2)
    assert forecast.outcome({task.pk: at(12, 7)}).planned_date == dt.date(2026, 12, 9)
    assert forecast.outcome({}).planned_date == dt.date(2026, 12, 16)
    assert planning.snapshot(plan) == before
