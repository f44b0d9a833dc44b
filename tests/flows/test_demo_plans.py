"""The demo company's templates and plans."""

from __future__ import annotations

import pytest

import planning
from punctual.domain.catalog.models import Product
from punctual.domain.changes.models import ChangeOrder
from punctual.domain.customer_relations.models import PortalAccount
from punctual.domain.delivery.models import Delivery, DocumentRequest
from punctual.domain.monitoring.models import Block
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.orders.selectors import endangered
from punctual.domain.plans.models import Baseline, Plan, PlanTemplate, ProductTemplate, Task
from punctual.domain.plans.template_document import document_of, read_document, vocabulary
from punctual.domain.plans.template_rows import rows_of
from punctual.domain.quality.gates import open_gates
from punctual.domain.quality.models import (
    ChartSignal,
    CorrectiveAction,
    DebitNote,
    Inspection,
    Nonconformity,
    SupplierSeverity,
)
from punctual.flows.customer_signs import waiting_for_customer
from punctual.flows.demo.people import demo_user
from punctual.flows.why import why_late
from punctual.platform.accounts.models import Role

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


def test_no_plan_reports_as_delivered_or_signed_for_what_no_delivery_took(demo_company):
    open_lines = Task.objects.filter(order_line__actual_date=None, actual_finish__isnull=False)
    assert not open_lines.filter(is_delivery=True).exists()
    assert not open_lines.filter(is_milestone=True, links_in__predecessor__is_delivery=True).exists()
    parted = Task.objects.filter(plan__order__state=OrderState.PARTIALLY_DELIVERED, is_summary=False)
    gone = parted.exclude(order_line__actual_date=None)
    assert gone.filter(is_delivery=True).exists()
    assert not gone.filter(percent__lt=100).exists()


def test_the_company_shows_what_orders_and_quality_go_through(demo_company):
    asked = DocumentRequest.objects.exclude(task=None).get(answered_at=None)
    assert (asked.attachment.kind, asked.attachment.approval) == ("drawing", "waiting")
    assert Block.objects.filter(task=asked.task, cleared_at=None).exists()
    assert ChangeOrder.objects.filter(state="submitted").exists()
    assert Delivery.objects.filter(
        order__state=OrderState.PARTIALLY_DELIVERED, state__in=["shipped", "received"]
    ).exists()
    left = Delivery.objects.filter(state__in=["shipped", "received"]).values_list("items__line", "items__quantity")
    for line in OrderLine.objects.filter(actual_date=None, pk__in=[line for line, _quantity in left]):
        assert sum(quantity for one, quantity in left if one == line.pk) < line.quantity, (
            "what has left whole has its day"
        )
    assert SupplierSeverity.objects.filter(severity="tightened").count() == 1
    assert ChartSignal.objects.filter(answered_at=None).exists()
    assert CorrectiveAction.objects.filter(state="open").exists()
    assert DebitNote.objects.exists()
    lots = Inspection.objects.exclude(judged_at=None)
    first, last = (lots.order_by(field).values_list("judged_at", flat=True)[0] for field in ("judged_at", "-judged_at"))
    assert (last - first).days > 350
    running = Nonconformity.objects.filter(state__in=["open", "contained"], order__state=OrderState.IN_PROGRESS)
    assert open_gates(running.order_by("pk")[0].order)


def test_who_signs_in_to_the_portal_finds_something_to_approve_there(demo_company):
    contact = PortalAccount.objects.exclude(activated_at=None).get().contact
    orders = Order.objects.filter(customer=contact.customer, state=OrderState.IN_PROGRESS)
    (asked,) = [one for order in orders for one in waiting_for_customer(order).documents]
    assert asked.attachment.name == "出厂验收大纲.pdf"


def test_a_late_order_waits_across_two_others_for_a_supplier(demo_company):
    reader = demo_user(Role.ORDER_MANAGER)
    known = {order.label: order.pk for order in Order.objects.exclude(number=None)}
    for order in endangered(reader, today=demo_company):
        steps = why_late(reader, order).steps
        others = {text.split(" ")[0] for step in steps for text, _url in step.parts.values()} & known.keys()
        waits = [step for step in steps if step.cause == "material"]
        if order.forecast_p50 > order.promised_date and len(others - {order.label}) >= 2 and waits:
            said = waits[0].parts
            assert said["supplier"][0]
            assert said["number"][0].startswith("PO-")
            assert int(said["late"][0]) > 0
            return
    pytest.fail("no late order's causes run through two others to a supplier")
