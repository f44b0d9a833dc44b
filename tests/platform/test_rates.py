"""Exchange rates: who keeps them, which day's counts, and that limits and sums use them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

import ordering
from ordering import TODAY
from punctual.domain.orders.damages import damages_of
from punctual.domain.orders.models import Order
from punctual.domain.orders.services.review import roles_for, submit_for_review
from punctual.domain.orders.services.settings import RuleInput, replace_review_rules
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.approvals.selectors import steps_for
from punctual.platform.approvals.services import set_rules
from punctual.platform.company.models import ExchangeRate
from punctual.platform.company.rates import rates, remove_rate, set_rate

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
DAY = dt.date(2026, 1, 1)


@pytest.mark.parametrize("role", ["order_manager", "sales", "supply_chain", "planner", "quality", "worker", "manager"])
def test_finance_alone_keeps_rates(person: Person, role: str) -> None:
    with pytest.raises(Forbidden):
        set_rate(actor=person(role), currency="USD", valid_from=DAY, rate=Decimal(7))
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"currency": "CNY"}, "rate.currency"),
        ({"currency": "QQQ"}, "rate.unknown"),
        ({"valid_from": None}, "rate.valid_from"),
        ({"rate": None}, "rate.rate"),
        ({"rate": Decimal(0)}, "rate.rate"),
        ({"rate": Decimal("-1")}, "rate.rate"),
        ({"rate": Decimal("NaN")}, "rate.rate"),
        ({"rate": Decimal("1e9")}, "rate.rate"),
        ({"rate": Decimal("0.123456789")}, "rate.rate"),
    ],
)
def test_an_impossible_rate_is_refused(person: Person, wish: dict[str, object], code: str) -> None:
    good: dict[str, object] = {"currency": "USD", "valid_from": DAY, "rate": Decimal("7.1")}
    with pytest.raises(Refusal) as refused:
        set_rate(actor=person("finance"), **(good | wish))  # type: ignore[arg-type]
    assert refused.value.codes == {code}
    assert not ExchangeRate.objects.exists()


def test_the_last_rate_that_was_valid_counts_and_a_day_has_one(person: Person) -> None:
    finance, later = person("finance"), dt.date(2026, 6, 1)
    set_rate(actor=finance, currency="USD", valid_from=later, rate=Decimal("7.2"))
    set_rate(actor=finance, currency="USD", valid_from=DAY, rate=Decimal(6))
    right = set_rate(actor=finance, currency="USD", valid_from=DAY, rate=Decimal("7.1"), source="中行折算价")
    kept = rates()
    assert kept.in_base(Decimal(100), "USD", DAY - dt.timedelta(days=1)) is None
    assert kept.in_base(Decimal("0.05"), "USD", DAY) == Decimal("0.36")
    assert kept.in_base(Decimal(100), "USD", later) == Decimal(720)
    assert kept.in_base(Decimal(100), "CNY", DAY) == Decimal(100)
    mixed = kept.total([(Decimal(10), "USD"), (Decimal(5), "CNY"), (Decimal(3), "EUR")], later)
    assert (mixed.amount, mixed.missing) == (Decimal(77), ("EUR",))
    remove_rate(actor=finance, rate_id=right.pk)
    assert rates().rate("USD", DAY) is None


def test_limits_are_held_beside_the_company_currency(person: Person) -> None:
    levels = [{"level": 1, "role": "manager", "kind": "", "minimum_amount": Decimal(50_000), "minimum_days": 0}]
    set_rules(actor=person("manager"), subject="purchase", levels=levels)

    def asked(currency: str, amount: int) -> bool:
        return bool(steps_for("purchase", amount=Decimal(amount), currency=currency, days=0, kinds=()))

    assert asked("USD", 1), "without a rate nobody knows whether it is below the limit"
    set_rate(actor=person("finance"), currency="USD", valid_from=DAY, rate=Decimal(7))
    assert not asked("USD", 7_000)
    assert asked("USD", 8_000)
    assert not asked("CNY", 8_000)


def test_an_order_in_another_currency_needs_a_rate_and_is_judged_by_it(person: Person) -> None:
    actor = person("order_manager")
    order = ordering.draft(actor, ordering.line(), currency="USD")
    with pytest.raises(Refusal) as refused:
        submit_for_review(actor=actor, order_id=order.pk, today=TODAY)
    assert "rate.missing" in refused.value.codes
    set_rate(actor=person("finance"), currency="USD", valid_from=DAY, rate=Decimal(7))
    order = Order.objects.get(pk=order.pk)
    replace_review_rules(
        actor=actor,
        rules=[RuleInput(None, Decimal(0), ("sales",)), RuleInput(None, order.total_amount * 7, ("finance",))],
    )
    assert roles_for(order) == ["sales", "finance"]
    Order.objects.filter(pk=order.pk).update(
        damages_percent_per_day=Decimal(1), damages_cap_percent=None, promised_date=TODAY
    )
    order.refresh_from_db()
    assert damages_of(order, TODAY + dt.timedelta(days=1)) == order.total_amount * 7 / 100


def test_the_page_takes_a_rate_and_keeps_what_was_typed_when_it_refuses(
    signed_in: Callable[[str], Client],
) -> None:
    client = signed_in("finance")
    wrong = client.post("/settings/rates/", {"currency": "USD", "valid_from": "2026-01-01", "rate": "sieben"})
    assert wrong.status_code == 422
    client.post("/settings/rates/", {"currency": "USD", "valid_from": "2026-01-01", "rate": "7.1234"})
    assert ExchangeRate.objects.get().rate == Decimal("7.1234")
    assert signed_in("worker").get("/settings/rates/").status_code == 403
    assert b"7.1234" in signed_in("sales").get("/settings/rates/").content
