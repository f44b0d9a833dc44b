"""Every check of an order, one at a time, over plain facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.orders.life import LIFE, RUNNING, Health, Standing, health
from punctual.domain.orders.models import OrderState
from punctual.domain.orders.rules import (
    LineFacts,
    Measures,
    OrderFacts,
    ProductFacts,
    RevisionFacts,
    check_order,
    orderable,
    passed,
    total,
)

TODAY = dt.date(2026, 11, 23)
FAR = dt.date(2027, 8, 11)


class MondayToFriday:
    def is_working(self, day: dt.date) -> bool:
        return day.weekday() < 5

    def after(self, day: dt.date, working_days: int) -> dt.date:
        left = working_days
        while left or not self.is_working(day):
            day += dt.timedelta(days=1)
            left -= 1 if left and self.is_working(day) else 0
        return day


MEASURES = Measures(TODAY, MondayToFriday(), Decimal(5))
PRODUCT = ProductFacts(
    model="HC-VI30",
    unit="台",
    minimum=Decimal(2),
    multiple=Decimal(2),
    lead_time_days=20,
    list_price=Decimal(100),
    revisions=(RevisionFacts("A", dt.date(2026, 7, 1), "B"), RevisionFacts("B")),
)
LINE = LineFacts(
    line_no=10,
    model="HC-VI30",
    product=PRODUCT,
    revision="B",
    quantity=Decimal(4),
    unit="台",
    unit_price=Decimal(100),
    requested=FAR,
)
ORDER = OrderFacts(customer="宁海锂科", po_number="PO-1", lines=(LINE,))


def found(order: OrderFacts) -> set[str]:
    return {one.reason.code for one in check_order(order, MEASURES)}


def with_line(**changes: Any) -> OrderFacts:
    return replace(ORDER, lines=(replace(LINE, **changes),))


def with_product(**changes: Any) -> OrderFacts:
    return with_line(product=replace(PRODUCT, **changes))


def test_an_order_without_faults_has_no_finding_and_every_check_passed() -> None:
    findings = check_order(ORDER, MEASURES)
    assert findings == []
    assert len(passed(findings)) == 9


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, customer=""), "order.customer_missing"),
        (replace(ORDER, customer="", customer_text="无名"), "order.customer_unknown"),
        (replace(ORDER, customer_archived=True), "order.customer_archived"),
        (replace(ORDER, contact_belongs=False), "order.customer_contact"),
        (replace(ORDER, same_po=("SO-2026-00001",)), "order.po_duplicate"),
        (replace(ORDER, lines=()), "order.lines_missing"),
        (with_line(product=None, model=""), "order.line.product_missing"),
        (with_line(product=None, model="HC-X"), "order.line.product_unknown"),
        (with_product(archived=True), "order.line.product_archived"),
        (with_line(revision="Z"), "order.line.revision_unknown"),
        (with_line(revision="A"), "order.line.revision_retired"),
        (with_line(unit="个"), "order.line.unit_wrong"),
        (with_line(quantity=None), "order.line.quantity_missing"),
        (with_line(quantity=Decimal(0)), "order.line.quantity_not_positive"),
        (with_line(quantity=Decimal(-2)), "order.line.quantity_not_positive"),
        (with_product(minimum=Decimal(6)), "order.line.quantity_below_minimum"),
        (with_line(quantity=Decimal(5)), "order.line.quantity_off_multiple"),
        (with_line(unit_price=None), "order.line.price_missing"),
        (with_line(unit_price=Decimal(-1)), "order.line.price_negative"),
        (with_line(requested=None), "order.line.requested_missing"),
        (with_line(requested=dt.date(2026, 11, 20)), "order.line.requested_in_past"),
    ],
)
def test_each_error_is_found_alone_and_can_not_be_waived(order: OrderFacts, code: str) -> None:
    findings = check_order(order, MEASURES)
    assert {one.reason.code for one in findings} == {code}
    assert all(one.reason.is_error for one in findings)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, stated_total=Decimal(401)), "order.total_differs"),
        (with_product(list_price=None), "order.line.price_unlisted"),
        (with_line(unit_price=Decimal("105.01")), "order.line.price_off_list"),
        (with_line(unit_price=Decimal("94.99")), "order.line.price_off_list"),
        (with_line(requested=dt.date(2027, 8, 14)), "order.line.requested_non_working"),
        (with_line(requested=dt.date(2026, 12, 4)), "order.line.requested_before_lead_time"),
    ],
)
def test_each_warning_is_found_alone(order: OrderFacts, code: str) -> None:
    findings = check_order(order, MEASURES)
    assert {one.reason.code for one in findings} == {code}
    assert not any(one.reason.is_error for one in findings)


def test_every_reason_comes_at_once() -> None:
    order = replace(ORDER, customer="", lines=(replace(LINE, quantity=Decimal(1), unit="个", revision="A"),))
    assert found(order) == {
        "order.customer_missing",
        "order.line.quantity_below_minimum",
        "order.line.quantity_off_multiple",
        "order.line.unit_wrong",
        "order.line.revision_retired",
    }


def test_the_edge_of_the_price_tolerance_passes() -> None:
    assert found(with_line(unit_price=Decimal(105))) == set()
    assert found(with_line(unit_price=Decimal(95))) == set()


def test_the_day_on_which_the_lead_time_ends_passes() -> None:
    assert found(with_line(requested=dt.date(2026, 12, 21))) == set()
    assert found(with_line(requested=dt.date(2026, 12, 18))) == {"order.line.requested_before_lead_time"}


def test_a_retired_revision_names_its_successor_and_offers_it() -> None:
    (finding,) = check_order(with_line(revision="A"), MEASURES)
    assert "revision B replaces it" in finding.reason.worded()
    assert [(fix.field, fix.value) for fix in finding.fixes] == [("revision", "B")]


def test_every_fix_offered_puts_its_finding_right() -> None:
    order = with_line(quantity=Decimal(1), unit="个", revision="A", unit_price=Decimal(50))
    line = order.lines[0]
    for finding in check_order(order, MEASURES):
        fix = finding.fixes[0]
        value: Any = Decimal(fix.value) if fix.field in {"quantity", "unit_price"} else fix.value
        line = replace(line, **{fix.field: value})
    assert found(replace(ORDER, lines=(line,))) == set()


def test_the_fingerprint_changes_with_the_value_and_only_with_it() -> None:
    (one,) = check_order(with_line(unit_price=Decimal(50)), MEASURES)
    (same,) = check_order(with_line(unit_price=Decimal("50.00"), quantity=Decimal(8)), MEASURES)
    (other,) = check_order(with_line(unit_price=Decimal(51)), MEASURES)
    assert one.fingerprint == same.fingerprint != other.fingerprint


@given(st.decimals("0.5", "10000", places=2), st.decimals("0.5", "50", places=1), st.decimals("1", "500", places=0))
def test_the_orderable_quantity_is_allowed_and_not_less(quantity: Decimal, step: Decimal, least: Decimal) -> None:
    product = replace(PRODUCT, minimum=least, multiple=step)
    right = orderable(quantity, product)
    assert right >= quantity
    codes = found(with_line(quantity=right, product=product))
    assert not codes & {"order.line.quantity_below_minimum", "order.line.quantity_off_multiple"}


def test_lines_are_rounded_to_the_currency_before_they_are_added() -> None:
    line = replace(LINE, quantity=Decimal("0.5"), unit_price=Decimal("0.01"))
    assert total(replace(ORDER, lines=(line, line))) == Decimal("0.02")
    assert total(replace(ORDER, currency="JPY", lines=(replace(LINE, unit_price=Decimal("0.4")),))) == Decimal(2)


# — the life of an order —

ALLOWED = {
    "change": {"draft", "quoted"},
    "waive": {"draft", "quoted", "in_review"},
    "quote": {"draft"},
    "reopen": {"quoted", "lost"},
    "lose": {"quoted"},
    "submit": {"draft", "quoted"},
    "sign": {"in_review"},
    "ask": {"in_review"},
    "return": {"in_review"},
    "confirm": {"in_review"},
    "start": {"confirmed"},
    "deliver_part": {"in_progress", "partially_delivered"},
    "deliver": {"in_progress", "partially_delivered"},
    "accept": {"delivered"},
    "close": {"accepted"},
    "hold": {"in_review", "confirmed", "in_progress", "partially_delivered"},
    "resume": {"on_hold"},
    "cancel": {"quoted", "in_review", "confirmed", "in_progress", "on_hold"},
    "delete": {"draft"},
}


@pytest.mark.parametrize("state", OrderState.values)
@pytest.mark.parametrize("verb", LIFE.verbs)
def test_every_state_allows_exactly_its_verbs(state: str, verb: str) -> None:
    reasons = LIFE.reasons(state, verb)
    assert (reasons == []) is (state in ALLOWED[verb])
    assert all(one.code == f"order.state.{verb}" for one in reasons)


def standing(state: str = "in_progress", **days: int | None) -> Standing:
    dates = {name: TODAY + dt.timedelta(days=offset) for name, offset in days.items() if offset is not None}
    return Standing(state, dates.get("promised"), dates.get("requested"), dates.get("planned"), dates.get("latest"))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (standing(promised=30, planned=20), Health.ON_TIME),
        (standing(promised=30, planned=25), Health.ON_TIME),
        (standing(promised=30, planned=26), Health.AT_RISK),
        (standing(promised=30, planned=30), Health.AT_RISK),
        (standing(promised=30, planned=31), Health.LATE),
        (standing(promised=-1, planned=10), Health.OVERDUE),
        (standing(promised=0, planned=0), Health.AT_RISK),
        (standing(promised=30), Health.UNPLANNED),
        (standing(requested=30, planned=40), Health.LATE),
        (standing(requested=10, promised=30, planned=20), Health.ON_TIME),
        (standing(), Health.UNPLANNED),
        (standing("confirmed", promised=30, planned=10, latest=-1), Health.AT_RISK),
        (standing("in_progress", promised=30, planned=10, latest=-1), Health.ON_TIME),
        (standing("draft", promised=-5), None),
        (standing("delivered", promised=-5), None),
    ],
)
def test_health_follows_the_promise(order: Standing, expected: Health | None) -> None:
    assert health(order, today=TODAY, at_risk_days=5) == expected


def test_only_running_orders_have_a_health() -> None:
    for state in OrderState.values:
        assert (health(standing(state, promised=3), today=TODAY, at_risk_days=5) is None) is (state not in RUNNING)
