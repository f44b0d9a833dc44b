"""Orders on their way to the customer, for tests: running, prepared, shipped, accepted."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import ordering
from ordering import TODAY
from punctual.domain.delivery.models import (
    Acceptance,
    Delivery,
    PaymentMilestone,
)
from punctual.domain.delivery.services.acceptance import (
    enter_results,
    sign_acceptance,
)
from punctual.domain.delivery.services.shipping import (
    prepare,
    ship,
)
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import DeliveryStandard, Plan
from punctual.platform.attachments.services import attach

PNG = b"\x89PNG\r\n"


def running(person, *, terms: str = "", lines: int = 1) -> Order:
    """A confirmed order of two machines (a line), with its certificate attached."""
    actor = person("order_manager")
    rows = [ordering.line() for _index in range(lines)]
    data = {"payment_terms": terms} if terms else {}
    from punctual.domain.orders.services.review import submit_for_review
    from punctual.flows.confirm_order import confirm_order

    order = submit_for_review(actor=actor, order_id=ordering.draft(actor, *rows, **data).pk, today=TODAY)
    ordering.sign_all(order)
    order = confirm_order(order_id=order.pk, actor=actor, today=TODAY)
    attach(actor=actor, target=order, file=io.BytesIO(b"%PDF"), name="合格证.pdf", kind="certificate")
    PaymentMilestone.objects.filter(order=order).delete() if not terms else None
    return order


def prepared(person, order: Order, *quantities: int) -> Delivery:
    lines = order.lines.order_by("line_no")
    items = {line.pk: Decimal(n) for line, n in zip(lines, quantities, strict=False)}
    return prepare(actor=person("supply_chain"), order_id=order.pk, items=items, today=TODAY)


def shipped(person, order: Order, *quantities: int, on: dt.date = TODAY) -> Delivery:
    delivery = prepared(person, order, *quantities)
    return ship(actor=person("supply_chain"), delivery_id=delivery.pk, shipped_on=on, today=TODAY)


def with_criteria(order: Order) -> Order:
    plan = Plan.objects.get(order=order)
    for position, (criterion, method) in enumerate((("节拍 ≤ 12 s", "计时"), ("合格率 ≥ 99.5%", "100 件"))):
        DeliveryStandard.objects.create(plan=plan, position=position, criterion=criterion, method=method)
    return order


def met(person, acceptance: Acceptance, verdict: str = "met") -> None:
    results = {row.pk: ("合格", verdict) for row in acceptance.results.all()}
    enter_results(actor=person("quality"), acceptance_id=acceptance.pk, results=results)


def signed(person, acceptance: Acceptance, **more) -> Acceptance:
    wish = {"signer": "周建平", "held_on": TODAY, "today": TODAY, "drawn": PNG, **more}
    return sign_acceptance(actor=person("order_manager"), acceptance_id=acceptance.pk, **wish)
