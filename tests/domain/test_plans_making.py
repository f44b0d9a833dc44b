"""An order's plan out of its lines' templates."""

from __future__ import annotations

import datetime as dt

import pytest

import planning
from punctual.domain.orders.models import OrderLine
from punctual.domain.plans.models import BaselineTask, Plan, Task
from punctual.domain.plans.results import reschedule
from punctual.domain.plans.services.making import make_plan
from punctual.domain.plans.store import Stored
from punctual.flows.order_to_plan import make_plan_for
from punctual.kernel.refusal import Forbidden, Refusal

pytestmark = pytest.mark.django_db


def test_an_order_with_a_plan_gets_no_second_one(person):
    actor = person("planner")
    found = planning.plan(actor)
    with pytest.raises(Refusal) as refused:
        make_plan(order=found.order, actor=actor, today=planning.TODAY)
    assert refused.value.codes == {"plan.exists"}


def test_an_order_without_lines_can_not_be_planned(person):
    planning.company_calendar()
    with pytest.raises(Refusal) as refused:
        make_plan(order=planning.order(), actor=person("planner"), today=planning.TODAY)
    assert refused.value.codes == {"plan.no_lines"}
    assert not Plan.objects.exists()


def test_who_may_not_make_plans_makes_none(person):
    planning.company_calendar()
    found = planning.order((planning.product(), 1))
    for role in ("sales", "worker", "finance", "manager", "quality", "supply_chain"):
        with pytest.raises(Forbidden):
            make_plan(order=found, actor=person(role), today=planning.TODAY)


def test_one_line_becomes_the_template_with_durations_for_its_quantity(person):
    found = planning.plan(person("planner"), quantity=2)
    assert planning.table(found) == [
        ("1", "设计", "11-23 08:00", "11-27 17:00"),
        ("1.1", "方案", "11-23 08:00", "11-24 17:00"),
        ("1.2", "图纸", "11-25 08:00", "11-27 17:00"),
        ("2", "装配", "11-30 08:00", "12-02 17:00"),
        ("3", "FAT", "12-02 17:00", "12-02 17:00"),
    ]
    assert found.planned_date == dt.date(2026, 12, 2)
    assert list(planning.task(found, "装配").needs.values_list("skill__code", "units")) == [("QG", 2)]
    assert all(Task.objects.filter(plan=found).values_list("is_critical", flat=True))
    assert found.goals == "按期交付"


def test_what_is_written_of_a_new_plan_is_what_is_read_of_it(person):
    """It is scheduled from what was written, unread: reading it anew and scheduling that changes nothing."""
    found = planning.plan(person("planner"), quantity=3, requested=dt.date(2026, 12, 18))
    again = Plan.objects.get(pk=found.pk)
    assert reschedule(again, Stored(again)).moved == []
    for name in ("planned_start", "planned_finish", "planned_date", "latest_start", "task_count", "progress"):
        assert getattr(again, name) == getattr(found, name), name


def test_the_latest_start_is_as_many_working_days_before_the_requested_date_as_the_work_takes(person):
    found = planning.plan(person("planner"), quantity=2, requested=dt.date(2026, 12, 18))
    assert found.latest_start == dt.date(2026, 12, 9)


def test_several_lines_become_a_summary_each_and_their_dates_go_on_the_order(person):
    planning.company_calendar()
    one, other = planning.product("HC-1"), planning.product("HC-2", lead_time_days=4)
    planning.template("T-1", one)
    found = planning.order((one, 1), (one, 4), (other, 3), requested=dt.date(2026, 12, 18))
    plan = make_plan(order=found, actor=person("planner"), today=planning.TODAY)
    outermost = [row[:2] for row in planning.table(plan) if "." not in row[0]]
    assert outermost == [("1", "10 HC-1 检测机"), ("2", "20 HC-1 检测机 ×4"), ("3", "30 HC-2 检测机 ×3")]
    found.refresh_from_db()
    days = list(OrderLine.objects.filter(order=found).order_by("line_no").values_list("planned_date", flat=True))
    assert days == [dt.date(2026, 12, 1), dt.date(2026, 12, 4), dt.date(2026, 11, 26)]
    assert (found.planned_date, found.planned_start) == (dt.date(2026, 12, 4), planning.TODAY)
    assert found.latest_start == dt.date(2026, 12, 7)


def test_what_the_customer_wrote_stands_before_the_standards_of_the_template(person):
    planning.company_calendar()
    one = planning.product()
    planning.template("T-1", one).standards.create(criterion="节拍 ≤ 12 s", method="FAT")
    found = planning.order((one, 1))
    OrderLine.objects.update(acceptance_criteria="误判率 ≤ 0.5%\n\n噪声 ≤ 75 dB")
    plan = make_plan(order=found, actor=person("planner"), today=planning.TODAY)
    assert list(plan.standards.values_list("criterion", flat=True)) == ["误判率 ≤ 0.5%", "噪声 ≤ 75 dB", "节拍 ≤ 12 s"]


def test_confirming_keeps_every_row_as_baseline_one(person):
    planning.company_calendar()
    one = planning.product()
    planning.template("T-1", one)
    plan = make_plan_for(planning.order((one, 2)), actor=person("order_manager"), today=planning.TODAY)
    baseline = plan.baselines.get()
    assert (baseline.number, baseline.planned_date) == (1, plan.planned_date)
    kept = BaselineTask.objects.filter(baseline=baseline).values_list("task_ref", "wbs", "start", "finish")
    assert list(kept) == list(Task.objects.filter(plan=plan).values_list("pk", "wbs", "start", "finish"))
