"""Payment milestones: terms, shares to the last cent, invoices, receipts, reminders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivering import met, running, shipped, signed, with_criteria
from ordering import TODAY
from punctual.domain.delivery.models import (
    PaymentMilestone,
)
from punctual.domain.delivery.rules import Share, allocated, due_day, reallocated
from punctual.domain.delivery.services.acceptance import (
    plan_acceptance,
)
from punctual.domain.delivery.services.payments import enter, remind_due, set_milestones, void
from punctual.domain.delivery.terms import read_terms
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.notifications.models import Notification

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30/30/30/10", [("advance", 30), ("progress", 30), ("acceptance", 30), ("retention", 10)]),
        ("30/60/10", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        ("３０％预付，６０％发货前，１０％质保金", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        (
            "预付 40%，发货前 50%，质保金 10%（12 个月）",
            [("advance", 40), ("shipment", 50), ("retention", 10)],
        ),
        ("预付款30%，进度款30%，验收款30%，质保金10%", [
            ("advance", 30), ("progress", 30), ("acceptance", 30), ("retention", 10),
        ]),
        ("30% deposit, 60% before shipment, 10% retention", [("advance", 30), ("shipment", 60), ("retention", 10)]),
        ("月结 60 天", [("shipment", 100)]),
        ("30/60", []),
        ("预付 50%，其余再说", []),
        ("面议", []),
        ("预付 40%，质保金 60%（99999 个月）", []),
        (f"货到 {'9' * 5000} 天付清", []),
        ("", []),
    ],
)  # fmt: skip
def test_payment_terms_are_read_or_left_alone(text, expected):
    assert [(one.kind, int(one.percent)) for one in read_terms(text)] == expected


def test_terms_tell_days_and_months_after_their_event():
    assert read_terms("货到 30 天付清")[0].days == 30
    retention = read_terms("预付 40%，发货前 50%，质保金 10%（18 个月）")[2]
    assert (retention.event, retention.months) == ("final", 18)


MONEY = st.decimals(Decimal("0.01"), Decimal("99999999.99"), places=2)
PERCENTS = st.lists(st.integers(1, 60), min_size=1, max_size=6)


@given(total=MONEY, weights=PERCENTS)
def test_amounts_add_up_to_the_last_cent(total, weights):
    shares = [Decimal(weight) for weight in weights]
    parts = allocated(total, "CNY", shares)
    assert sum(parts) == total
    assert all(
        abs(part - total * share / sum(shares)) < Decimal("0.01") for part, share in zip(parts, shares, strict=True)
    )


@given(first=MONEY, second=MONEY, weights=PERCENTS, fixed=st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_new_value_leaves_fixed_amounts_and_the_old_value_gives_back_the_old_amounts(first, second, weights, fixed):
    shares = [Decimal(weight) for weight in weights]
    flags = fixed[: len(shares)]
    before = allocated(first, "CNY", shares)
    rows = [Share(share, amount, flag) for share, amount, flag in zip(shares, before, flags, strict=True)]
    after = reallocated(second, "CNY", rows)
    assert all(new == old for new, old, flag in zip(after, before, flags, strict=True) if flag)
    if not all(flags):
        assert sum(after) == second
        again = [Share(s, a, f) for s, a, f in zip(shares, after, flags, strict=True)]
        assert reallocated(first, "CNY", again) == before


def test_months_after_the_31st_fall_on_the_last_day():
    assert due_day(dt.date(2026, 8, 31), days=0, months=6) == dt.date(2027, 2, 28)
    assert due_day(dt.date(2026, 12, 31), days=30, months=0) == dt.date(2027, 1, 30)


def test_confirming_makes_the_milestones_of_the_terms_and_the_advance_is_due(person):
    order = running(person, terms="30/30/30/10")
    rows = list(order.payment_milestones.all())
    assert sum(row.amount for row in rows) == order.total_amount
    assert [row.due_on is not None for row in rows] == [True, False, False, False]


def test_no_invoice_or_receipt_goes_beyond_the_milestone(person):
    order = running(person, terms="30/60/10")
    row = order.payment_milestones.first()
    wish = {"actor": person("finance"), "milestone_id": row.pk, "on": TODAY, "today": TODAY}
    with pytest.raises(Forbidden):
        enter(**{**wish, "actor": person("sales")}, kind="receipt", amount=Decimal(1))
    with pytest.raises(NotFound):
        enter(**{**wish, "milestone_id": 999_999}, kind="receipt", amount=Decimal(1))
    for amount, code in ((row.amount + 1, "payment.too_much"), (Decimal(0), "payment.amount")):
        with pytest.raises(Refusal) as refused:
            enter(**wish, kind="receipt", amount=amount)
        assert refused.value.codes == {code}
    enter(**wish, kind="invoice", amount=row.amount)
    row = enter(**wish, kind="receipt", amount=Decimal("100000.01"))
    assert (row.invoiced, row.received) == (row.amount, Decimal("100000.01"))
    entry = row.entries.get(kind="receipt")
    with pytest.raises(Refusal):
        void(actor=person("finance"), entry_id=entry.pk, reason="")
    assert void(actor=person("finance"), entry_id=entry.pk, reason="记错行").received == 0
    with pytest.raises(Refusal) as refused:
        void(actor=person("finance"), entry_id=entry.pk, reason="再来")
    assert refused.value.codes == {"payment.voided"}


def by_hand(*rows):
    return [
        {
            "id": None, "kind": kind, "name": "", "percent": Decimal(percent), "event": event, "task": None,
            "fixed_on": None, "days": 0, "months": 0,
        }
        for kind, percent, event in rows
    ]  # fmt: skip


def test_shares_must_make_a_hundred(person):
    order = running(person)
    with pytest.raises(Refusal) as refused:
        set_milestones(
            actor=person("finance"), order_id=order.pk, today=TODAY,
            rows=by_hand(("advance", 30, "confirmed"), ("shipment", 60, "delivered")),
        )  # fmt: skip
    assert refused.value.codes == {"payment.shares"}
    made = set_milestones(
        actor=person("finance"), order_id=order.pk, today=TODAY,
        rows=by_hand(("advance", "33.333", "confirmed"), ("shipment", "66.667", "delivered")),
    )  # fmt: skip
    assert sum(one.amount for one in made) == order.total_amount


def test_a_milestone_twice_or_due_in_a_thousand_years_is_refused_and_nothing_is_written(person):
    order = running(person, terms="30/60/10")
    before = list(order.payment_milestones.values_list("pk", "percent", "amount", "months"))
    rows = by_hand(("advance", 30, "confirmed"), ("shipment", 70, "delivered"))
    twice = [{**row, "id": before[0][0]} for row in rows]
    late = [rows[0], {**rows[1], "months": 99_999}]
    for wish, code in ((twice, "payment.twice"), (late, "payment.delay")):
        with pytest.raises(Refusal) as refused:
            set_milestones(actor=person("finance"), order_id=order.pk, today=TODAY, rows=wish)
        assert refused.value.codes == {code}
    assert list(order.payment_milestones.values_list("pk", "percent", "amount", "months")) == before


def test_the_final_acceptance_starts_the_retention(person):
    order = with_criteria(running(person, terms="30/60/10"))
    for row in order.payment_milestones.filter(kind__in=("advance", "shipment")):
        enter(actor=person("finance"), milestone_id=row.pk, kind="receipt", amount=row.amount, on=TODAY, today=TODAY)
    shipped(person, order, 2)
    final = plan_acceptance(actor=person("sales"), order_id=order.pk, kind="final")
    met(person, final)
    signed(person, final)
    retention = order.payment_milestones.get(kind="retention")
    assert (retention.happened_on, retention.due_on) == (TODAY, dt.date(2027, 11, 23))


def test_finance_and_the_owner_are_reminded_once_a_week(person):
    person("finance")
    running(person, terms="30/60/10")
    PaymentMilestone.objects.filter(kind="advance").update(due_on=TODAY - dt.timedelta(days=2))
    assert remind_due(TODAY) == 1
    assert remind_due(TODAY + dt.timedelta(days=3)) == 0
    assert remind_due(TODAY + dt.timedelta(days=8)) == 1
    assert Notification.objects.filter(kind="payment").count() == 4
