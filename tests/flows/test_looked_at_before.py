"""What was read and worked out before an order was locked counts only while nobody has changed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ordering
import planning
from punctual.domain.calendars.models import WorkingCalendar
from punctual.domain.orders.inputs import input_of
from punctual.domain.orders.models import Order, OrderState, ReviewSign
from punctual.domain.orders.services import review
from punctual.domain.orders.services.drafts import change_order
from punctual.domain.orders.services.review import return_order, sign_review, submit_for_review
from punctual.domain.plans.models import Plan, PlanTemplate, ProductTemplate, Task
from punctual.domain.plans.services.templates import change_template, create_template
from punctual.flows import confirm_order as confirming
from punctual.flows.confirm_order import confirm_order
from punctual.kernel.refusal import Refusal

pytestmark = pytest.mark.django_db


def after(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, change: Callable[[], Any]) -> None:
    """``change`` comes right after the first call of a function, as if by somebody else."""
    before, done = getattr(where, name), []

    def call(*args: Any, **kwargs: Any) -> Any:
        result = before(*args, **kwargs)
        if not done:
            done.append(True)
            change()
        return result

    monkeypatch.setattr(where, name, call)


@pytest.fixture
def manager(person: Any) -> Any:
    planning.company_calendar()
    return person("order_manager")


@pytest.fixture
def signed(manager: Any, person: Any) -> Order:
    order = submit_for_review(actor=manager, order_id=ordering.draft(manager).pk, today=ordering.TODAY)
    for role in ReviewSign.objects.values_list("role", flat=True):
        sign_review(actor=person(role), order_id=order.pk)
    return order


def test_a_draft_that_was_made_wrong_meanwhile_is_not_submitted(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ordering.draft(manager)

    def spoil() -> None:
        data = input_of(Order.objects.get(pk=order.pk))
        data.lines[0].quantity = None
        change_order(actor=manager, order_id=order.pk, data=data, expected_version=None, today=ordering.TODAY)

    after(monkeypatch, review, "look", spoil)
    with pytest.raises(Refusal) as refused:
        submit_for_review(actor=manager, order_id=order.pk, today=ordering.TODAY)
    assert "order.line.quantity_missing" in refused.value.codes
    assert Order.objects.get(pk=order.pk).state == OrderState.DRAFT


def test_what_was_changed_meanwhile_stands_in_what_is_submitted(manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order = ordering.draft(manager)

    def change() -> None:
        data = input_of(Order.objects.get(pk=order.pk))
        data.customer_po_number = "PO-LATER"
        change_order(actor=manager, order_id=order.pk, data=data, expected_version=None, today=ordering.TODAY)

    after(monkeypatch, review, "look", change)
    assert submit_for_review(actor=manager, order_id=order.pk, today=ordering.TODAY).customer_po_number == "PO-LATER"
    assert Order.objects.get(pk=order.pk).customer_po_number == "PO-LATER"


def test_an_order_that_was_returned_meanwhile_is_not_confirmed(
    signed: Order, manager: Any, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReviewSign.objects.filter(role="finance").update(state="waiting")

    def return_it() -> None:
        return_order(actor=person("finance"), order_id=signed.pk, comment="price")

    after(monkeypatch, confirming, "look", return_it)
    with pytest.raises(Refusal):
        confirm_order(order_id=signed.pk, actor=manager, today=ordering.TODAY)
    assert Order.objects.get(pk=signed.pk).state == OrderState.DRAFT
    assert not Plan.objects.exists()


def steps(days: str) -> dict[str, Any]:
    return {"code": "T-1", "name": "检测机", "tasks": [{"name": "装配", "level": 0, "duration": days}]}


def test_a_plan_is_made_of_the_template_as_it_is_when_the_order_is_locked(
    signed: Order, manager: Any, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create_template(actor=person("planner"), document=steps("2"))
    ProductTemplate.objects.create(product=signed.lines.get().product, template=made)

    def publish() -> None:
        template = PlanTemplate.objects.get()
        change_template(actor=person("planner"), template_id=template.pk, document=steps("7"), expected_version=None)

    after(monkeypatch, confirming, "foresee", publish)
    confirm_order(order_id=signed.pk, actor=manager, today=ordering.TODAY)
    task = Task.objects.get()
    assert (task.name, task.duration) == ("装配", 7 * 480)
    assert task.template_task.template.edition == 2


def test_what_nobody_changed_is_worked_out_once(signed: Order, manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from punctual.domain.plans.services import making

    times: list[Any] = []
    before = making.outcome_of
    monkeypatch.setattr(making, "outcome_of", lambda *given: times.append(given) or before(*given))
    confirm_order(order_id=signed.pk, actor=manager, today=ordering.TODAY)
    assert len(times) == 1
    assert WorkingCalendar.objects.count() == 1
