"""What was negotiated stands in the schedules that follow, until something else moves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

import scheduling
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.services.making import make_plan
from punctual.domain.scheduling.agreed import handed_on
from punctual.domain.scheduling.gathering import company_axis, gather, previous_starts
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.domain.scheduling.promising import Care, Offered
from punctual.domain.scheduling.solving import Effort
from punctual.flows.promise_at_entry import promise_for_order
from punctual.flows.promise_ledger import promise_order
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY
CARE = Care(evaluations=120, seconds=None)


@pytest.fixture
def manager(person: Callable[[str], User]) -> User:
    return person("order_manager")


@pytest.fixture
def asking(manager: User) -> Order:
    return scheduling.asking(manager)


def _promise(order: Order, actor: User, offer: Offered) -> None:
    promise_order(
        actor=actor, order_id=order.pk, dates=offer.p95, today=TODAY, channel="mail", cause="customer",
        offer=offer.kind, care=CARE,
    )  # fmt: skip


def _starts() -> dict[str, dt.datetime]:
    return previous_starts(ScheduleRun.objects.get(is_current=True))


@pytest.mark.parametrize("reviewed", [True, False])
def test_what_was_negotiated_stands_in_the_schedules_that_follow(asking: Order, manager: User, reviewed: bool) -> None:
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    better = told.answer.offer("negotiated")
    axis, before = company_axis(TODAY), _starts()
    others = {name: axis.start_of(then) for name, (_, then) in better.others.items()}
    own = [axis.start_of(slot) for slot in better.own if slot is not None]
    assert others
    assert all(before[name] != at for name, at in others.items())
    _promise(asking, manager, better)
    only_start = Effort(moves=1, runs=60)  # no search that would find it anew by itself
    scheduling.run(manager, effort=only_start)
    assert _starts() == before, "a draft takes nobody's place"
    Order.objects.filter(pk=asking.pk).update(state=OrderState.IN_REVIEW, number="SO-2026-00009")
    if reviewed:
        scheduling.run(manager, effort=only_start)
        assert [at for name, at in _starts().items() if name.startswith(f"q{asking.pk}:")] == own
        assert all(_starts()[name] <= at for name, at in others.items()), "moved no further than was offered"
    asking.refresh_from_db()
    Order.objects.filter(pk=asking.pk).update(state=OrderState.CONFIRMED)
    make_plan(order=asking, actor=manager, today=TODAY)
    for _ in range(2):
        scheduling.run(manager, effort=only_start)
        assert [_starts()[str(pk)] for pk in asking.plan.tasks.values_list("pk", flat=True)] == own
        assert all(_starts()[name] <= at for name, at in others.items()), "moved no further than was offered"
    assert OrderForecast.objects.get(run__is_current=True, order=asking).planned == better.planned


def test_who_was_moved_since_by_somebody_else_stays_there(asking: Order, manager: User) -> None:
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    better = told.answer.offer("negotiated")
    _promise(asking, manager, better)
    agreed = asking.agreed_plan
    agreed.others = {name: ["2026-01-05T08:00:00", then] for name, (_, then) in agreed.others.items()}
    agreed.save()
    Order.objects.filter(pk=asking.pk).update(state=OrderState.IN_REVIEW, number="SO-2026-00009")
    book = gather(TODAY)
    found = handed_on(book, _starts())
    assert {name: found[name] for name in agreed.others} == {name: _starts()[name] for name in agreed.others}
    asking.lines.update(quantity=1)
    asking.lines.create(
        line_no=20, product=asking.lines.get().product, model_text="HC-9", quantity=Decimal(1), unit="台"
    )
    assert not any(name.startswith("q") for name in handed_on(gather(TODAY), _starts())), "it is another order now"
