"""When money is expected, by the events' P50 and P80, and what a supplier's scorecard says."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

import supplying
from delivering import running, shipped
from ordering import TODAY
from punctual.domain.delivery.models import PayEvent, PaymentMilestone
from punctual.domain.delivery.selectors import event_days, expected
from punctual.domain.delivery.services.payments import enter
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.models import OrderForecast, RunState, ScheduleRun, TaskForecast
from punctual.domain.supply.models import PurchaseLine, Receipt
from punctual.domain.supply.scorecard import scorecards
from punctual.web.delivery.lists import cash_by_month

pytestmark = pytest.mark.django_db
DAY = dt.date


def forecast(order: Order, p50: dt.date, p80: dt.date) -> ScheduleRun:
    """The current schedule, with a forecast of this order alone."""
    run = ScheduleRun.objects.create(is_current=True, state=RunState.DONE)
    OrderForecast.objects.create(run=run, order=order, planned=p50, p50=p50, p80=p80, p95=p80)
    return run


def test_money_is_expected_by_p50_and_p80_of_its_event_and_on_its_day_once_that_has_come(person):
    order = running(person, terms="30/60/10")
    Order.objects.filter(pk=order.pk).update(planned_date=DAY(2027, 3, 1))
    rows = list(PaymentMilestone.objects.filter(order=order).select_related("order", "task"))
    advance, shipment, retention = rows
    assert expected(shipment, event_days(rows)).p80 == DAY(2027, 3, 1), "without a forecast the plan speaks"
    forecast(order, DAY(2027, 3, 5), DAY(2027, 4, 9))
    seen = event_days(rows)
    now = expected(advance, seen)
    assert now.happened
    assert now.p50 == now.p80 == advance.due_on, "the order is confirmed"
    later = expected(shipment, seen)
    assert (later.planned, later.p50, later.p80) == (DAY(2027, 3, 1), DAY(2027, 3, 5), DAY(2027, 4, 9))
    assert not later.happened
    last = expected(retention, seen)
    assert last.p80 is not None
    assert last.p80 > DAY(2027, 4, 9), "its months count from the event's P80"


def test_money_that_hangs_on_a_task_is_expected_with_the_task_not_with_the_delivery(person):
    order = running(person, terms="30/60/10")
    _advance, shipment, retention = PaymentMilestone.objects.filter(order=order)
    task = Task.objects.filter(plan__order=order, is_summary=False).earliest("sequence")
    PaymentMilestone.objects.filter(pk=shipment.pk).update(event=PayEvent.TASK, task=task, days=10)
    run = forecast(order, DAY(2027, 3, 5), DAY(2027, 4, 9))
    TaskForecast.objects.create(run=run, task=task, p50=DAY(2027, 1, 4), p80=DAY(2027, 1, 11))
    rows = list(PaymentMilestone.objects.filter(order=order).select_related("order", "task"))
    when = {one.pk: expected(one, event_days(rows)) for one in rows}
    assert (when[shipment.pk].p50, when[shipment.pk].p80) == (DAY(2027, 1, 14), DAY(2027, 1, 21))
    assert when[retention.pk].p80 > DAY(2027, 4, 9)
    ScheduleRun.objects.update(is_current=False)
    planned = expected(shipment := rows[1], event_days(rows))
    assert planned.p50 == planned.p80 == timezone.localdate(shipment.task.finish) + dt.timedelta(days=10)


def test_the_cash_by_month_adds_up_to_what_is_open_and_overdue_money_is_this_months(person):
    order = running(person, terms="30/60/10")
    rows = list(PaymentMilestone.objects.filter(order=order))
    finance = person("finance")
    half = (rows[0].amount / 2).quantize(Decimal("0.01"))
    enter(actor=finance, milestone_id=rows[0].pk, kind="receipt", amount=half, on=TODAY, reference="R", today=TODAY)
    later = TODAY + dt.timedelta(days=40)
    months = cash_by_month(finance, later)
    open_ = sum(one.open_amount for one in PaymentMilestone.objects.filter(order=order))
    assert sum(values["p50"] for values in months.values()) == open_
    assert sum(values["p80"] for values in months.values()) == open_
    assert months[f"{later:%Y-%m}"]["p50"] >= rows[0].amount - half
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    assert cash_by_month(finance, later) == {}


def test_what_is_shipped_is_due_and_no_forecast_moves_it(person):
    order = running(person, terms="预付 40%，发货后 60%")
    advance = PaymentMilestone.objects.filter(order=order)[0]
    wish = {"kind": "receipt", "amount": advance.amount, "on": TODAY, "reference": "R", "today": TODAY}
    enter(actor=person("finance"), milestone_id=advance.pk, **wish)
    shipped(person, order, 2)
    due = [one for one in PaymentMilestone.objects.filter(order=order) if one.due_on is not None]
    assert due
    forecast(order, DAY(2030, 1, 1), DAY(2031, 1, 1))
    assert all(expected(one, event_days(due)).p80 == one.due_on for one in due)


def test_a_scorecard_counts_what_was_rejected_is_open_overdue_and_put_off(person):
    buyer, pump = person("administrator"), supplying.material()
    today = supplying.TODAY
    good = supplying.purchase(buyer, pump, "10", today).lines.get()
    Receipt.objects.create(line=good, quantity=Decimal(10), rejected=Decimal(3), received_on=today)
    PurchaseLine.objects.filter(pk=good.pk).update(received=10, received_on=today, confirmed_date=today)
    late = supplying.purchase(buyer, pump, "1", today + dt.timedelta(days=9)).lines.get()
    put_off = supplying.purchase(buyer, pump, "1", today + dt.timedelta(days=9)).lines.get()
    PurchaseLine.objects.filter(pk=late.pk).update(expected_date=today - dt.timedelta(days=1))
    PurchaseLine.objects.filter(pk=put_off.pk).update(expected_date=today + dt.timedelta(days=20))
    fresh = supplying.supplier("S77", "新供应商")
    cards = scorecards([good.purchase_order.supplier_id, fresh.pk], today=today)
    card = cards[good.purchase_order.supplier_id]
    assert (card.rejected_percent, card.open_lines, card.overdue, card.revised) == (Decimal(30), 2, 1, 1)
    assert card.lateness.days == (0,)
    nothing = cards[fresh.pk]
    assert (nothing.rejected_percent, nothing.open_lines, nothing.lateness.count) == (None, 0, 0)
    assert not nothing.lateness.speaks
