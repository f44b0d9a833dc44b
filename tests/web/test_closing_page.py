"""The closing review tells what is still open and where, what was spent, and keeps what was ticked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

import planning
from ordering import TODAY
from punctual.domain.costs.models import Expense
from punctual.domain.delivery.services.acceptance import add_punch, plan_acceptance
from punctual.domain.delivery.services.open_tasks import close_open_tasks
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.editing import edit_plan
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
Enter = Callable[[str], Client]


def test_what_is_open_is_named_and_what_was_spent_stands_beside_the_budget(person: Any, signed_in: Enter) -> None:
    plan = planning.plan(person("planner"))
    acceptance = plan_acceptance(actor=person("quality"), order_id=plan.order_id, kind="fat")
    wish = {"actor": person("quality"), "acceptance_id": acceptance.pk, "owner": person("worker"), "due": TODAY}
    add_punch(**wish, title="备份光盘", grade="C")
    Expense.objects.create(plan=plan, kind="material", amount=Decimal(12345), day=TODAY, created_by=person("finance"))
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.ACCEPTED)
    page = signed_in("order_manager").get(f"/orders/{plan.order.key}/close/").content.decode()
    assert "备份光盘" in page
    assert f'href="/acceptances/{acceptance.pk}/"' in page
    assert "¥12,345" in page
    unfinished = Task.objects.filter(plan=plan, is_summary=False, percent__lt=100).count()
    assert unfinished
    assert f"计划里还有 {unfinished} 个任务没报完成" in page


def gone_out(person: Any) -> Plan:
    """方案 is reported as done, 图纸 half; 装配 and the delivery with FAT were never spoken of. Delivered today."""
    plan = planning.plan(person("planner"))
    planning.edit(plan, person("planner"), "progress", task=planning.task(plan, "方案").pk, percent=100)
    planning.edit(plan, person("planner"), "progress", task=planning.task(plan, "图纸").pk, percent=50)
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.DELIVERED, actual_date=TODAY)
    return plan


def test_open_tasks_are_closed_by_who_may_close_the_order_once_it_is_delivered_and_with_a_reason(person: Any) -> None:
    plan = gone_out(person)
    wish = {"order_id": plan.order_id, "today": TODAY}
    with pytest.raises(Forbidden):
        close_open_tasks(actor=person("planner"), reason="已交付", **wish)
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.IN_PROGRESS)
    with pytest.raises(Refusal) as refused:
        close_open_tasks(actor=person("order_manager"), reason=" ", **wish)
    assert refused.value.codes == {"close.tasks.state", "close.tasks.reason"}
    Task.objects.filter(plan=plan).update(percent=100)
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.DELIVERED)
    with pytest.raises(Refusal) as refused:
        close_open_tasks(actor=person("order_manager"), reason="已交付", **wish)
    assert refused.value.codes == {"close.tasks.none"}
    assert not AuditEntry.objects.filter(verb="close_tasks").exists()


def test_what_was_begun_counts_as_finished_what_was_not_leaves_the_plan_and_both_come_back_at_once(
    person: Any, signed_in: Enter
) -> None:
    plan = gone_out(person)
    client, page = signed_in("order_manager"), f"/orders/{plan.order.key}/close/"
    seen = client.get(page).content.decode()
    preview = seen.split('id="tasks-dialog"')[1]
    assert [name in preview for name in ("方案", "图纸", "装配", "FAT")] == [False, True, True, True]
    plan.order.refresh_from_db()
    sent = {"reason": "现场已验收", "version": plan.order.version}
    assert client.post(f"{page}tasks/", sent).status_code == 302
    left = Task.objects.filter(plan=plan, is_summary=False).order_by("sequence")
    assert [(task.name, task.percent) for task in left] == [("方案", 100), ("图纸", 100), ("FAT", 100)]
    assert "tasks-dialog" not in client.get(page).content.decode()
    told = AuditEntry.objects.get(verb="close_tasks")
    assert (told.reason, [(one["field"], one["new"]) for one in told.changes]) == (
        "现场已验收",
        [("tasks_ended", 2), ("tasks_dropped", 1)],
    )
    story = client.get(f"/orders/{plan.order.key}/").content.decode()
    assert "关闭了计划里未完成的任务" in story
    edit_plan(
        plan_id=plan.pk, actor=person("order_manager"), today=TODAY, expected_version=None, command={"verb": "undo"}
    )
    again = Task.objects.filter(plan=plan, is_summary=False).order_by("sequence")
    assert [(task.name, task.percent) for task in again] == [("方案", 100), ("图纸", 50), ("装配", 0), ("FAT", 0)]


def test_a_summary_with_nothing_left_below_it_leaves_the_plan_with_its_tasks(person: Any) -> None:
    plan = planning.plan(person("planner"))
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.DELIVERED, actual_date=TODAY)
    close_open_tasks(actor=person("order_manager"), order_id=plan.order_id, reason="只交样机", today=TODAY)
    assert [task.name for task in Task.objects.filter(plan=plan, percent__lt=100)] == []
    assert [task.name for task in Task.objects.filter(plan=plan, is_summary=False)] == ["FAT"]


def test_a_plan_that_nobody_began_and_that_has_no_delivery_ends_with_its_last_task(person: Any) -> None:
    plan = planning.plan(person("planner"))
    Task.objects.filter(plan=plan).update(is_delivery=False)
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.DELIVERED, actual_date=TODAY)
    close_open_tasks(actor=person("order_manager"), order_id=plan.order_id, reason="未经计划直接交付", today=TODAY)
    assert not Task.objects.filter(plan=plan, is_summary=False, percent__lt=100).exists()
    (left,) = Task.objects.filter(plan=plan, is_summary=False)
    assert left.actual_finish is not None
    assert left.actual_finish.date() == TODAY
