"""The customer is asked by itself after milestones, deliveries and the acceptance, and never too often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

import delivering
import planning
from punctual.domain.customer_relations.models import Survey
from punctual.domain.customer_relations.services.tracking import SHOWN, set_rule
from punctual.domain.delivery.models import Acceptance, AcceptanceKind
from punctual.domain.delivery.services.shipping import receive
from punctual.domain.monitoring.services.progress import Progress, report_progress
from punctual.domain.orders.models import Order, OrderState
from punctual.flows import satisfaction
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Delivery
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


def _all_told() -> None:
    while deliver_pending():
        pass


def _received(person: Person, *, ago: int = 0) -> Order:
    """An order of which the customer got one machine so many days ago."""
    order = delivering.running(person)
    found = delivering.shipped(person, order, 1)
    day = delivering.TODAY
    receive(actor=person("supply_chain"), delivery_id=found.pk, received_on=day, received_by="周建平", today=day)
    order.deliveries.update(received_on=timezone.localdate() - dt.timedelta(days=ago))
    return order


def _with_mail(order: Order) -> None:
    contact = order.customer.contacts.get()
    contact.email = "zhou@c001.example"
    contact.save()


def test_whose_rule_hides_the_survey_is_not_asked(person: Person) -> None:
    order = _received(person)
    shown = {**dict.fromkeys(SHOWN, True), "show_survey": False}
    set_rule(actor=person("sales"), customer=order.customer, shown=shown)
    _all_told()
    assert not Survey.objects.exists()


def test_who_has_got_a_delivery_is_asked_once_by_mail(person: Person) -> None:
    order = _received(person)
    _with_mail(order)
    _all_told()
    (one,) = Survey.objects.all()
    assert (one.order, one.kind, one.score) == (order, "csat", None)
    assert one.occasion == order.deliveries.get().number
    mail = Delivery.objects.get(dedupe_key=f"survey:{one.pk}")
    assert mail.address == "zhou@c001.example"
    assert "/s/" in mail.body
    # Told twice, or of a second delivery in the same fortnight, nothing more is asked.
    for event in OutboxEvent.objects.filter(kind="delivery.received"):
        satisfaction.on_received(event)
    assert Survey.objects.count() == 1
    Survey.objects.update(asked_at=timezone.now() - dt.timedelta(days=15))
    for event in OutboxEvent.objects.filter(kind="delivery.received"):
        satisfaction.on_received(event)
    assert Survey.objects.count() == 2


def test_what_is_long_past_is_asked_no_more_and_without_a_mail_the_tracking_page_asks(person: Person) -> None:
    order = _received(person, ago=20)
    order.customer.contacts.update(email="")
    _all_told()
    assert not Survey.objects.exists()
    order.deliveries.update(received_on=timezone.localdate())
    satisfaction.on_received(OutboxEvent.objects.get(kind="delivery.received"))
    assert Survey.objects.get().contact is None
    assert not Delivery.objects.filter(dedupe_key__startswith="survey:").exists()


@pytest.mark.parametrize(
    ("kind", "asked"), [(AcceptanceKind.FAT, "csat"), (AcceptanceKind.FINAL, "nps"), (AcceptanceKind.SAT, "csat")]
)
def test_an_acceptance_asks_how_it_was_and_the_final_one_whether_they_recommend_us(
    person: Person, kind: str, asked: str
) -> None:
    order = delivering.running(person)
    found = Acceptance.objects.create(order=order, kind=kind, held_on=timezone.localdate(), state="passed")
    event = OutboxEvent(kind="acceptance.passed", payload={"acceptance_id": found.pk})
    for _again in range(2):
        satisfaction.on_accepted(event)
    (one,) = Survey.objects.all()
    assert one.kind == asked
    Survey.objects.update(asked_at=timezone.now() - dt.timedelta(days=200))
    satisfaction.on_accepted(event)
    assert Survey.objects.count() == (1 if asked == "nps" else 2)


def test_a_milestone_that_is_reached_asks_and_a_task_does_not(person: Person) -> None:
    plan = planning.plan(person("planner"))
    Order.objects.filter(pk=plan.order_id).update(state=OrderState.IN_PROGRESS)

    def done(name: str, **more: Any) -> None:
        task = planning.task(plan, name)
        type(task).objects.filter(pk=task.pk).update(**more)
        said = Progress(percent=100)
        report_progress(actor=person("planner"), task_id=task.pk, said=said, today=planning.TODAY)
        type(task).objects.filter(pk=task.pk).update(actual_finish=timezone.now())
        _all_told()

    done("方案")
    assert not Survey.objects.exists()
    done("图纸", is_milestone=True, is_delivery=False)
    assert Survey.objects.get().occasion == "图纸"
