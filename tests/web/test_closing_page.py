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
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task

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
