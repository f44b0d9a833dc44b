"""The demo company's templates and plans."""

from __future__ import annotations

import pytest

import planning
from punctual.domain.catalog.models import Product
from punctual.domain.orders.models import OrderState
from punctual.domain.plans.models import Baseline, Plan, PlanTemplate, ProductTemplate, Task
from punctual.domain.plans.template_document import document_of, read_document, vocabulary
from punctual.domain.plans.template_rows import rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_every_product_has_a_template_and_every_confirmed_order_a_plan_that_fits_today(demo_company):
    assert ProductTemplate.objects.count() == Product.objects.count() == 60
    words = vocabulary()
    for template in PlanTemplate.objects.all():
        document = document_of(rows_of([template])[template.pk], words)
        assert document_of(read_document(document, words), words)["tasks"]
        if template.family.code != "SV":
            assert 15 <= template.tasks.count() <= 45, template
        assert template.standards.exists(), template
        assert template.budget.exists(), template
    plans = list(Plan.objects.select_related("order"))
    assert len(plans) > 50
    assert Baseline.objects.values("plan").distinct().count() == len(plans)
    assert not Task.objects.filter(percent__lt=100, is_summary=False, finish__date__lt=planning.TODAY).exists()
    assert not Task.objects.filter(actual_finish__date__gte=planning.TODAY).exists()
    for plan in plans:
        assert plan.order.planned_date == plan.planned_date
        if plan.order.state in (OrderState.CLOSED, OrderState.ACCEPTED):
            assert plan.progress == 100
    running = [plan for plan in plans if plan.order.state == OrderState.IN_PROGRESS]
    late = [plan for plan in running if plan.planned_date > plan.order.promised_date]
    assert 2 <= len(late) <= len(running) * 2 // 3
