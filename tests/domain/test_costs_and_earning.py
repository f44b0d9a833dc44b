"""Money and earned value: who sees it, what is refused, and figures that can be checked by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning import DAY, TODAY, task
from punctual.domain.costs.models import Commitment, CommitmentState, Expense, TimeEntry, TimeState
from punctual.domain.costs.rules import cost_row
from punctual.domain.costs.selectors import cost_rows, expenses_of, time_of
from punctual.domain.costs.services import (
    Ordered,
    book_expense,
    book_time,
    decide_time,
    follow_sources,
    void_expense,
)
from punctual.domain.monitoring.earning import Piece, by_milestones, earned, performance, planned_share
from punctual.domain.monitoring.facts import Gathered, running
from punctual.domain.monitoring.forecast import Outlook, Stakes, outlook_of_plan
from punctual.domain.monitoring.services.earning_rule import choose_rule
from punctual.domain.plans.models import BudgetLine
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from watching import give, running_plan, worker_resource

Person = Callable[[str], User]
START = dt.datetime.fromisoformat("2026-11-23T08:00")
BETWEEN = lambda a, b: max(0, int((b - a).total_seconds() // 60))  # noqa: E731 a clock that never stops


def piece(weight: float, first: int, last: int, percent: int = 0, **more: object) -> Piece:
    """A task of ``weight`` planned from day ``first`` to day ``last``."""
    day = dt.timedelta(days=1)
    return Piece(1, weight, START + first * day, START + last * day, percent, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "percent", "share"),
    [("percent", 40, 0.4), ("0/100", 99, 0.0), ("0/100", 100, 1.0), ("50/50", 1, 0.5), ("50/50", 0, 0.0)],
)
def test_each_progress_rule_earns_what_it_says(rule: str, percent: int, share: float) -> None:
    now = START + dt.timedelta(days=4)
    assert earned(piece(100, 0, 10, percent), now, now, rule) == share


def test_planned_value_grows_with_working_time_between_start_and_finish() -> None:
    one = piece(100, 0, 10)
    assert planned_share(one, START + dt.timedelta(days=5), BETWEEN) == 0.5
    assert planned_share(one, START - dt.timedelta(days=1), BETWEEN) == 0.0
    assert planned_share(one, START + dt.timedelta(days=11), BETWEEN) == 1.0


def test_by_milestones_the_budget_moves_to_the_milestone_that_ends_the_stretch() -> None:
    day = dt.timedelta(days=1)
    first, second = piece(30, 0, 4), piece(70, 4, 9)
    mark = Piece(9, 0, START + 5 * day, START + 5 * day, is_milestone=True)
    moved = by_milestones([first, second, mark])
    assert [(one.id, one.weight) for one in moved] == [(9, 30), (1, 70)]


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 60),  # planned from day
            st.integers(0, 40),  # for days
            st.integers(0, 100),  # percent known
            st.none() | st.integers(-10, 40),  # began on
            st.none() | st.integers(0, 40),  # ended so many days later
            st.lists(st.tuples(st.integers(0, 30), st.integers(1, 100)), max_size=3),  # reported
        ),
        min_size=1,
        max_size=8,
    ),
    rule=st.sampled_from(["percent", "0/100", "50/50"]),
)
def test_weekly_values_are_the_sums_over_all_tasks_of_what_each_is_worth_at_that_moment(
    rows: list[tuple[int, int, int, int | None, int | None, list[tuple[int, int]]]], rule: str
) -> None:
    day, today = dt.timedelta(days=1), (START + dt.timedelta(days=30)).date()
    now = dt.datetime.combine(today, dt.time(23, 59))
    pieces = []
    for number, (first, length, percent, began, ended, told) in enumerate(rows):
        begin = None if began is None else min(START + began * day, now)
        end = None if begin is None or ended is None else min(begin + ended * day, now)
        reports = tuple(sorted(dict(told).items()))
        pieces.append(
            piece(10 + number, first, first + length, 100 if end else percent, actual_start=begin, actual_finish=end,
                  reports=tuple((START + at * day, value) for at, value in reports))
        )  # fmt: skip
    found = performance(pieces, None, today=today, rule=rule, between=BETWEEN)
    assert found is not None
    reached = 0.0
    for end, row in zip(found.ends, found.figures, strict=True):
        at = dt.datetime.combine(end, dt.time(23, 59))
        reached = max(reached, sum(one.weight * planned_share(one, at, BETWEEN, rule) for one in pieces))
        assert row.pv == pytest.approx(reached, rel=1e-12)
        if end <= today:
            assert row.ev == pytest.approx(sum(one.weight * earned(one, at, now, rule) for one in pieces), rel=1e-12)
    assert found.figures[-1].pv == found.bac


def test_without_known_costs_everything_made_of_them_is_missing_and_not_zero() -> None:
    done = performance([piece(100, -7, 7, 50)], None, today=TODAY, rule="percent", between=BETWEEN)
    assert done is not None
    assert done.current is not None
    assert (done.current.ev, done.current.ac, done.current.cpi, done.current.eac) == (50, None, None, None)
    assert done.current.spi is not None
    assert performance([], None, today=TODAY, rule="percent", between=BETWEEN) is None


def test_a_ten_week_plan_at_half_time_has_the_figures_of_the_textbook() -> None:
    """The worked example of PMI's Practice Standard for Earned Value Management in its usual form: BAC 1000, half
    planned, 40 % earned for 450: SV −100, CV −50, SPI 0.8, CPI 0.889, EAC 1125."""
    one = Piece(1, 1000, START - dt.timedelta(days=35), START + dt.timedelta(days=35), 40)
    found = performance([one], [(TODAY - dt.timedelta(days=3), 450.0)], today=TODAY, rule="percent", between=BETWEEN)
    assert found is not None
    now = found.current
    assert now is not None
    assert now.pv == pytest.approx(1000 * (35 + 16 / 24) / 70, rel=1e-3)
    assert now.ev == 400
    assert now.cv == -50
    assert now.cpi == pytest.approx(400 / 450)
    assert now.eac == pytest.approx(1125)


def test_the_chance_to_keep_a_date_falls_with_open_work_and_lateness_costs_at_most_the_cap() -> None:
    due = dt.date(2026, 12, 10)
    near = outlook_of_plan(dt.date(2026, 12, 9), [2.0])
    far = outlook_of_plan(dt.date(2026, 12, 9), [20.0, 20.0])
    assert near.kept(due) > far.kept(due)
    assert near.p50 <= near.p80
    certain = Outlook(due, 0, 0, due, due)
    assert (certain.kept(due), certain.days_late(due)) == (1.0, 0.0)
    stakes = Stakes(Decimal(1_000_000), Decimal("0.5"), cap=Decimal(5))
    assert [stakes.cost(days) for days in (0, 1, 4, 400)] == [0, 5000, 20_000, 50_000]


def test_what_is_to_come_ends_with_the_work() -> None:
    labour = cost_row("labour", budget=Decimal(1000), actual=Decimal(600), committed=Decimal(0), progress=50)
    assert labour.forecast == Decimal("1200.00")
    bought = cost_row("material", budget=Decimal(1000), actual=Decimal(200), committed=Decimal(300), progress=50)
    assert (bought.to_come, bought.forecast, bought.used_percent) == (Decimal(500), Decimal(1000), 50)
    assert cost_row("material", budget=Decimal(9), actual=Decimal(1), committed=Decimal(0), progress=100).to_come == 0


@pytest.mark.django_db
def test_costs_are_booked_and_seen_only_by_those_who_may(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    with pytest.raises(Forbidden):
        book_expense(actor=person("sales"), plan=found, kind="material", amount=Decimal(5), day=TODAY, subject="丝杠")
    with pytest.raises(Refusal) as refused:
        book_expense(actor=manager, plan=found, kind="gold", amount=None, day=TODAY, subject=" ")
    assert refused.value.codes == {"cost.amount", "cost.subject", "cost.kind"}
    assert not Expense.objects.exists()
    made = book_expense(actor=manager, plan=found, kind="material", amount=Decimal(5), day=TODAY, subject="丝杠")
    assert expenses_of(manager).get() == made
    for role in ("sales", "worker", "quality", "supply_chain"):
        assert not expenses_of(person(role)).exists()
        assert cost_rows(person(role), found) is None
    void_expense(actor=manager, expense_id=made.pk, reason="记错单")
    first = Expense.objects.get().voided_at
    with pytest.raises(Refusal) as refused:
        void_expense(actor=manager, expense_id=made.pk, reason="再来一次")
    assert refused.value.codes == {"cost.voided"}
    assert Expense.objects.get().voided_at == first
    assert not expenses_of(manager).exists()


@pytest.mark.django_db
def test_a_commitment_counts_until_it_is_settled_and_a_source_is_counted_once(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    kind, number = "purchaseline", 1
    for amount in (800, 900):
        follow_sources(source_type=kind, ordered={number: {found.pk: Ordered(Decimal(amount), "material", "PO-1")}})
    assert (
        follow_sources(source_type=kind, ordered={number: {found.pk: Ordered(Decimal(900), "material", "PO-1")}}) == []
    )
    (row,) = cost_rows(manager, found) or []
    assert (row.committed, row.actual) == (Decimal(900), Decimal(0))
    one = Commitment.objects.get()
    book_expense(
        actor=manager, plan=found, kind="material", amount=Decimal(880), day=TODAY, subject="PO-1",
        commitment_id=one.pk, settles=True,
    )  # fmt: skip
    (row,) = cost_rows(manager, found) or []
    assert (row.committed, row.actual) == (Decimal(0), Decimal(880))
    assert follow_sources(source_type=kind, ordered={number: {}}) == [], "what is paid stays paid"
    one.refresh_from_db()
    assert one.state == CommitmentState.SETTLED


@pytest.mark.django_db
def test_time_is_approved_by_somebody_else_and_returned_with_a_reason(person: Person) -> None:
    manager, worker = person("order_manager"), person("worker")
    found = running_plan(manager)
    worker_resource(worker)
    mine = give(found, "方案", worker)
    with pytest.raises(Refusal) as refused:
        book_time(actor=worker, task=mine, day=TODAY + dt.timedelta(days=1), hours=Decimal(30), today=TODAY)
    assert refused.value.codes == {"time.hours", "time.future"}
    entry = book_time(actor=worker, task=mine, day=TODAY, hours=Decimal(8), today=TODAY)
    own = book_time(actor=manager, task=mine, day=TODAY, hours=Decimal(1), today=TODAY)
    with pytest.raises(Forbidden):
        decide_time(actor=worker, entry_ids=[entry.pk], approve=True)
    with pytest.raises(Refusal):
        decide_time(actor=manager, entry_ids=[entry.pk], approve=False)
    with pytest.raises(Refusal):
        decide_time(actor=manager, entry_ids=[own.pk], approve=True)
    assert decide_time(actor=manager, entry_ids=[entry.pk], approve=True) == 1
    assert decide_time(actor=manager, entry_ids=[entry.pk], approve=True) == 0
    entry.refresh_from_db()
    assert entry.state == TimeState.APPROVED
    assert set(time_of(worker)) == {entry}
    assert TimeEntry.objects.count() == 2


@pytest.mark.django_db
def test_an_orders_figures_follow_its_budget_its_rule_and_its_costs(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    BudgetLine.objects.create(plan=found, task=task(found, "方案"), kind="labour", amount=Decimal(2000))
    BudgetLine.objects.create(plan=found, task=task(found, "装配"), kind="labour", amount=Decimal(8000))
    day = TODAY + dt.timedelta(days=2)
    (order,) = running([found.order_id])
    seen = Gathered([order], day)
    done = seen.performed(order)
    assert done is not None
    assert done.current is not None
    assert (done.bac, round(done.current.pv), done.current.ev, done.cost_known) == (10_000, 2000, 0, False)
    with pytest.raises(Forbidden):
        choose_rule(actor=person("sales"), order_id=order.pk, rule="50/50")
    with pytest.raises(Refusal):
        choose_rule(actor=manager, order_id=order.pk, rule="guess")
    choose_rule(actor=manager, order_id=order.pk, rule="0/100")
    assert Gathered([order], day).rules == {order.pk: "0/100"}
    assert DAY == 480
