"""What is ordered stands in the orders' budgets: by who reserved it, exact to the cent, once, until it is invoiced."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import planning
import supplying
from punctual.domain.costs.models import Commitment
from punctual.domain.costs.selectors import cost_rows
from punctual.domain.costs.services import book_expense
from punctual.domain.supply.models import PurchaseOrder
from punctual.domain.supply.rules import PurchaseLineFacts
from punctual.domain.supply.services import purchases
from punctual.domain.supply.services.dates import revise
from punctual.domain.supply.services.receiving import receive
from punctual.flows.purchase_costs import follow_all
from punctual.platform.company.rates import set_rate
from punctual.platform.outbox.models import HandledEvent, OutboxEvent
from punctual.platform.outbox.services import deliver_pending

pytestmark = pytest.mark.django_db
TODAY = supplying.TODAY
FRIDAY = dt.date(2026, 11, 27)


@pytest.fixture
def buyer(person: Any) -> Any:
    return person("administrator")


def committed(order: Any) -> Decimal:
    return sum(
        (one.amount for one in Commitment.objects.filter(plan__order=order, state="open")), Decimal(0)
    )  # fmt: skip


def two_orders(buyer: Any) -> tuple[Any, Any]:
    """Two orders of machines, six pumps each; none is in stock."""
    supplying.bom(supplying.material())
    first = supplying.order(buyer, promised=dt.date(2026, 12, 2))
    return first, supplying.order(buyer, number="SO-2026-00002", promised=dt.date(2026, 12, 10))


def bought(buyer: Any, quantity: str, price: str = "1000", **more: Any) -> PurchaseOrder:
    made = supplying.purchase(buyer, supplying.material(), quantity, FRIDAY, price=price, **more)
    deliver_pending()
    return made


def test_a_draft_commits_nothing_and_what_is_sent_is_shared_by_who_reserved_it(buyer: Any) -> None:
    first, second = two_orders(buyer)
    facts = PurchaseLineFacts(Decimal(13), Decimal("33.33"), material_id=supplying.material().pk, asked_date=FRIDAY)
    made = purchases.create_purchase(actor=buyer, supplier_id=supplying.supplier().pk, lines=[facts], today=TODAY)
    deliver_pending()
    assert not Commitment.objects.exists()
    purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY)
    deliver_pending()
    assert committed(first) == committed(second) == Decimal("199.98")
    (row,) = [one for one in cost_rows(buyer, supplying.plan(first)) or [] if one.kind == "material"]
    assert row.committed == Decimal("199.98")
    one = Commitment.objects.filter(plan__order=first).get()
    assert (one.subject, one.supplier, one.expected_on) == (f"{made.number}/10 注液泵 NP-25", made.supplier, FRIDAY)


def test_shares_and_stock_add_up_to_the_last_cent(buyer: Any) -> None:
    first, second = two_orders(buyer)
    bought(buyer, "12", price="0.0833")  # 1.00 in all
    assert committed(first) + committed(second) == Decimal("1.00")


def test_the_same_event_again_changes_nothing_and_a_slip_moves_the_day_only(buyer: Any) -> None:
    first, _second = two_orders(buyer)
    made = bought(buyer, "6")
    told = list(Commitment.objects.values_list("plan", "amount", "version"))
    HandledEvent.objects.all().delete()
    OutboxEvent.objects.update(handled_at=None)
    deliver_pending()
    assert list(Commitment.objects.values_list("plan", "amount", "version")) == told
    revise(actor=buyer, line_id=made.lines.get().pk, day=dt.date(2026, 12, 4), today=TODAY)
    deliver_pending()
    one = Commitment.objects.get(plan__order=first)
    assert (one.amount, one.expected_on) == (Decimal(6000), dt.date(2026, 12, 4))


def test_what_came_stays_committed_until_it_is_invoiced_and_is_not_counted_again(buyer: Any, person: Any) -> None:
    first, _second = two_orders(buyer)
    made = bought(buyer, "6")
    receive(actor=buyer, line_id=made.lines.get().pk, quantity=Decimal(6), today=TODAY, received_on=TODAY)
    deliver_pending()
    assert committed(first) == Decimal(6000)
    plan = supplying.plan(first)
    book_expense(
        actor=person("finance"), plan=plan, kind="material", amount=Decimal(5900), day=TODAY, subject="FP-1",
        commitment_id=Commitment.objects.get(plan=plan).pk, settles=True,
    )  # fmt: skip
    purchases.close(actor=buyer, purchase_id=made.pk)
    deliver_pending()
    follow_all()
    (row,) = [one for one in cost_rows(buyer, plan) or [] if one.kind == "material"]
    assert (row.actual, row.committed) == (Decimal(5900), Decimal(0))


def test_cancelled_is_not_committed_and_closed_with_less_counts_what_came(buyer: Any) -> None:
    first, _second = two_orders(buyer)
    made = bought(buyer, "6")
    purchases.cancel(actor=buyer, purchase_id=made.pk, reason="停产")
    deliver_pending()
    assert committed(first) == 0
    again = bought(buyer, "6")
    assert committed(first) == Decimal(6000)
    receive(actor=buyer, line_id=again.lines.get().pk, quantity=Decimal(2), today=TODAY, received_on=TODAY)
    purchases.close(actor=buyer, purchase_id=again.pk, reason="余量不要")
    deliver_pending()
    assert committed(first) == Decimal(2000)


def test_a_look_at_more_lines_takes_no_more_statements(buyer: Any) -> None:
    two_orders(buyer)
    bought(buyer, "2")
    with CaptureQueriesContext(connection) as few:
        follow_all()
    for _ in range(4):
        bought(buyer, "2")
    with CaptureQueriesContext(connection) as many:
        assert follow_all() == 5
    assert len(many) == len(few)


def test_an_outsourced_task_commits_its_own_order(buyer: Any) -> None:
    first, second = two_orders(buyer)
    task = planning.task(supplying.plan(second), "装配")
    facts = PurchaseLineFacts(
        Decimal(1), Decimal(800), description="外协装配", task_id=task.pk, asked_date=FRIDAY
    )  # fmt: skip
    made = purchases.create_purchase(actor=buyer, supplier_id=supplying.supplier().pk, lines=[facts], today=TODAY)
    purchases.send(actor=buyer, purchase_id=made.pk, today=TODAY)
    deliver_pending()
    assert (committed(first), committed(second)) == (0, Decimal(800))
    assert Commitment.objects.get().kind == "outsourced"


def test_another_currency_counts_at_its_rate_and_without_one_is_left_out_until_there_is(
    buyer: Any, person: Any
) -> None:
    first, _second = two_orders(buyer)
    made = bought(buyer, "6", confirmed=False)
    PurchaseOrder.objects.filter(pk=made.pk).update(currency="EUR")
    follow_all()
    assert committed(first) == 0
    set_rate(actor=person("finance"), currency="EUR", valid_from=TODAY, rate=Decimal("7.5"))
    follow_all()
    assert committed(first) == Decimal(45000)


def test_who_may_not_see_costs_sees_none_of_it_on_the_costs_page(buyer: Any, signed_in: Any) -> None:
    first, _second = two_orders(buyer)
    made = bought(buyer, "6")
    assert signed_in("supply_chain").get(f"/costs/{first.number}/").status_code == 403
    assert made.number in signed_in("finance").get(f"/costs/{first.number}/").content.decode()
