"""Early warnings: one a cause, resolved by themselves, the same however often and whenever one looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planning import DAY, TODAY, edit, task
from punctual.domain.costs.services import book_expense
from punctual.domain.monitoring import sources
from punctual.domain.monitoring.models import ForecastPoint, ProgressReport, Warning, WarningState, Watch, WatchRun
from punctual.domain.monitoring.selectors import open_warnings, warnings_of
from punctual.domain.monitoring.services import warnings
from punctual.domain.monitoring.services.progress import Progress, report_progress
from punctual.domain.monitoring.services.warnings import (
    hand_on,
    override_health,
    set_thresholds,
    snooze,
    withdraw_override,
)
from punctual.domain.monitoring.sources import Found
from punctual.domain.orders.life import Health
from punctual.domain.orders.models import Order
from punctual.domain.orders.selectors import health_of, with_health
from punctual.domain.plans.models import BudgetLine
from punctual.domain.scheduling.models import OrderForecast, ScheduleRun
from punctual.flows import early_warning
from punctual.flows.early_warning import look_at, mark_order, nightly
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.outbox.models import OutboxEvent
from punctual.platform.records import lock
from punctual.web.orders.marks import health_chip
from watching import another_plan, give, running_plan

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


def live(kind: str = "") -> list[Warning]:
    rows = Warning.objects.exclude(state=WarningState.RESOLVED)
    return list(rows.filter(kind=kind) if kind else rows)


def test_a_plan_that_ends_after_the_promise_is_one_warning_and_goes_by_itself(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    assert look_at([found.order_id], today=TODAY)[0] == 0
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=12 * DAY)
    assert look_at([found.order_id], today=TODAY) == (1, 0)
    assert look_at([found.order_id], today=TODAY) == (0, 0)
    (warning,) = live("promise")
    assert warning.owner == manager
    assert warning.damage is not None
    assert warning.damage > 0
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=2 * DAY)
    assert look_at([found.order_id], today=TODAY) == (0, 1)
    warning.refresh_from_db()
    assert warning.state == WarningState.RESOLVED
    assert warning.resolved_at is not None


def test_a_warning_tells_the_chance_that_stands_on_the_order(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    due = found.order.promised_date
    assert due is not None
    run = ScheduleRun.objects.create(is_current=True)
    days = {"planned": due, "p50": due + dt.timedelta(days=4), "p80": due + dt.timedelta(days=12), "p95": due}
    OrderForecast.objects.create(run=run, order=found.order, promise_percent=6, histogram=[], **days)
    Order.objects.filter(pk=found.order_id).update(confidence=6)
    look_at([found.order_id], today=TODAY)
    (warning,) = live("promise")
    assert (warning.facts["kept"], warning.probability) == ("6%", 0.94)
    assert ForecastPoint.objects.get(order=found.order).confidence == 0.06


def test_expected_damage_is_chance_times_what_the_contract_asks(person: Person) -> None:
    """Twelve days of 装配 end on 12-15, eleven days late: 5.5 % a cap of 5 % of a million is all but certain."""
    manager = person("order_manager")
    found = running_plan(manager)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=14 * DAY)
    look_at([found.order_id], today=TODAY)
    (warning,) = live("promise")
    assert warning.cost == Decimal(50_000)
    assert warning.probability is not None
    assert warning.probability > 0.99
    assert warning.damage == (warning.cost * Decimal(str(warning.probability))).quantize(Decimal(1))


def test_ten_thousand_events_are_one_look_and_one_warning_a_cause(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=12 * DAY)
    asked: list[str] = []
    monkeypatch.setattr(early_warning, "call_soon", lambda name, *more: asked.append(name))
    Watch.objects.all().delete()
    event = OutboxEvent(kind="plan.changed", payload={"order_id": found.order_id})
    for _ in range(10_000):
        mark_order(event)
    assert Watch.objects.count() == 1
    assert early_warning.look_at_marked() == 1
    assert early_warning.look_at_marked() == 0
    kinds = sorted(warning.kind for warning in live())
    assert len(kinds) == len({warning.key for warning in live()})
    assert kinds.count("promise") == 1


def test_each_cause_has_its_own_warning(person: Person) -> None:
    manager, worker = person("order_manager"), person("worker")
    found = running_plan(manager)
    mine = give(found, "方案", worker)
    day = TODAY + dt.timedelta(days=2)
    look_at([found.order_id], today=day)
    assert [one.kind for one in live()].count("start_missed") == 1
    report_progress(actor=worker, task_id=mine.pk, said=Progress(percent=10), today=TODAY)
    look_at([found.order_id], today=day)
    assert not live("start_missed")
    report_progress(actor=worker, task_id=mine.pk, said=Progress(blocked="缺图纸"), today=TODAY)
    later = TODAY + dt.timedelta(days=20)
    look_at([found.order_id], today=later)
    (blocked,) = live("blocked")
    assert blocked.facts["reason"] == "缺图纸"
    assert not live("report_missing")  # the block is the cause, silence its consequence
    report_progress(actor=worker, task_id=mine.pk, said=Progress(blocked=""), today=TODAY)
    look_at([found.order_id], today=later)
    assert len(live("report_missing")) == 1
    assert not live("blocked")


def test_what_tells_of_costs_is_seen_by_those_only_who_may_see_costs(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    BudgetLine.objects.create(plan=found, kind="material", amount=Decimal(1000))
    book_expense(actor=manager, plan=found, kind="material", amount=Decimal(950), day=TODAY, subject="丝杠")
    look_at([found.order_id], today=TODAY)
    assert len(live("budget")) == 1
    assert warnings_of(manager).filter(kind="budget").exists()
    assert not warnings_of(person("sales")).filter(kind="budget").exists()
    assert not warnings_of(person("worker")).exists()


def test_other_subjects_feed_their_own_warnings(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    found = running_plan(person("order_manager"))
    monkeypatch.setattr(sources, "SOURCES", {})
    late = [Found("purchase:7", "purchase_late", found.order_id, facts={"po": "PO-7"}, cost=Decimal(900))]
    sources.register("supply", lambda ids, today: late)
    look_at([found.order_id], today=TODAY)
    look_at([found.order_id], today=TODAY)
    assert [(one.source, one.damage) for one in live("purchase_late")] == [("supply", Decimal(900))]
    late.clear()
    look_at([found.order_id], today=TODAY)
    assert not live("purchase_late")


def test_putting_off_needs_the_right_a_day_and_a_reason(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=12 * DAY)
    look_at([found.order_id], today=TODAY)
    (warning,) = live("promise")
    tomorrow = TODAY + dt.timedelta(days=1)
    with pytest.raises(Refusal):
        snooze(actor=person("worker"), warning_id=warning.pk, until=tomorrow, reason="等客户", today=TODAY)
    with pytest.raises(Refusal) as refused:
        snooze(actor=manager, warning_id=warning.pk, until=TODAY, reason="", today=TODAY)
    assert refused.value.codes == {"warning.until", "warning.reason"}
    with pytest.raises(Conflict):
        snooze(actor=manager, warning_id=warning.pk, until=tomorrow, reason="等客户", today=TODAY, expected_version=9)
    assert len(live("promise")) == open_warnings(manager, today=TODAY).filter(kind="promise").count() == 1
    snooze(actor=manager, warning_id=warning.pk, until=tomorrow, reason="等客户", today=TODAY)
    assert not open_warnings(manager, today=TODAY).filter(kind="promise").exists()
    assert open_warnings(manager, today=tomorrow).filter(kind="promise").exists()


def test_handed_on_it_stays_with_the_new_owner(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=12 * DAY)
    look_at([found.order_id], today=TODAY)
    hand_on(actor=manager, warning_id=live("promise")[0].pk, owner=person("planner"))
    look_at([found.order_id], today=TODAY)
    assert live("promise")[0].owner == person("planner")


def test_thresholds_of_a_grade_come_before_those_of_the_company(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager, promise=dt.date(2026, 12, 4))
    customer = found.order.customer
    assert customer is not None
    customer.grade = "A"
    customer.save()
    with pytest.raises(Forbidden):
        set_thresholds(actor=person("sales"), grade="A", values={"late_probability": 1}, expected_version=None)
    assert not live("promise")
    set_thresholds(actor=manager, grade="A", values={"late_probability": 1}, expected_version=None)
    look_at([found.order_id], today=TODAY)
    assert len(live("promise")) == 1


@pytest.mark.django_db(transaction=True)
def test_the_nightly_look_is_taken_up_where_it_was_killed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    others = [another_plan(manager, f"SO-2026-0010{n}") for n in range(3)]
    monkeypatch.setattr(early_warning, "AT_ONCE", 2)
    whole = early_warning.look_at
    calls: list[list[int]] = []

    def dies_once(ids: list[int], *, today: dt.date) -> tuple[int, int]:
        calls.append(list(ids))
        if len(calls) == 2:
            raise RuntimeError("killed")
        return whole(ids, today=today)

    monkeypatch.setattr(early_warning, "look_at", dies_once)
    with pytest.raises(RuntimeError):
        nightly(TODAY)
    assert WatchRun.objects.get().done_up_to == calls[0][-1]
    assert nightly(TODAY) == 2
    assert nightly(TODAY) == 0
    looked = [pk for call in (calls[0], *calls[2:]) for pk in call]
    assert looked == sorted({found.order_id, *(one.order_id for one in others)})


def test_what_is_found_is_computed_before_anything_is_locked(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    found = running_plan(person("order_manager"))
    told: list[str] = []
    picture, settled = early_warning.one_picture, early_warning.settle

    @contextmanager
    def watched() -> Iterator[None]:
        told.append("look")
        with picture():
            yield
        told.append("looked")

    def asked(order_ids: object, today: dt.date) -> list[Found]:
        told.append("compute")
        return []

    def written(*args: Any, **more: Any) -> tuple[int, int]:
        told.append("write")
        return settled(*args, **more)

    monkeypatch.setattr(early_warning, "one_picture", watched)
    monkeypatch.setattr(early_warning, "settle", written)
    monkeypatch.setattr("punctual.domain.monitoring.sources.SOURCES", {"one": asked, "two": asked})
    look_at([found.order_id], today=TODAY)
    assert told == ["look", "compute", "compute", "looked", "write", "write", "write", "write"]


def test_an_order_that_is_marked_again_while_it_is_looked_at_is_looked_at_again(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = running_plan(person("order_manager"))
    event = OutboxEvent(kind="plan.changed", payload={"order_id": found.order_id})
    looks: list[list[int]] = []
    whole = early_warning.look_at

    def something_happens(ids: list[int], *, today: dt.date) -> tuple[int, int]:
        looks.append(list(ids))
        if len(looks) == 1:
            mark_order(event)
        return whole(ids, today=today)

    monkeypatch.setattr(early_warning, "look_at", something_happens)
    Watch.objects.all().delete()
    mark_order(event)
    assert early_warning.look_at_marked() == 2
    assert looks == [[found.order_id]] * 2
    assert not Watch.objects.exists()


def test_work_nobody_has_reported_on_moves_to_today_as_well(person: Person) -> None:
    found = running_plan(person("order_manager"))
    assert found.status_date is None
    before = found.planned_date
    nightly(TODAY + dt.timedelta(days=4))
    found.refresh_from_db()
    assert found.status_date == TODAY + dt.timedelta(days=4)
    assert before is not None
    assert found.planned_date is not None
    assert found.planned_date > before


def test_statements_do_not_grow_with_the_number_of_orders(person: Person) -> None:
    manager = person("order_manager")
    one = running_plan(manager)

    def statements(ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as seen:
            look_at(ids, today=TODAY)
        return len(seen)

    look_at([one.order_id], today=TODAY)
    few = statements([one.order_id])
    more = [another_plan(manager, f"SO-2026-0020{n}").order_id for n in range(5)]
    look_at([one.order_id, *more], today=TODAY)
    assert statements([one.order_id, *more]) <= few + 2


def test_todays_forecast_is_kept_once_a_day(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    look_at([found.order_id], today=TODAY)
    edit(found, manager, "resize", task=task(found, "装配").pk, duration=5 * DAY)
    look_at([found.order_id], today=TODAY)
    (point,) = ForecastPoint.objects.filter(order=found.order)
    found.refresh_from_db()
    assert point.planned == found.planned_date
    look_at([found.order_id], today=TODAY + dt.timedelta(days=1))
    assert ForecastPoint.objects.filter(order=found.order).count() == 2


def test_health_is_overridden_by_name_with_reason_and_end_only(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    with pytest.raises(Forbidden):
        override_health(
            actor=person("sales"), order_id=found.order_id, health="late", reason="x x", until=TODAY, today=TODAY
        )
    with pytest.raises(Refusal) as refused:
        override_health(actor=manager, order_id=found.order_id, health="great", reason="", until=None, today=TODAY)
    assert refused.value.codes == {"health.value", "health.reason", "health.until"}
    made = override_health(
        actor=manager, order_id=found.order_id, health="on_time", reason="客户口头同意延期", until=TODAY, today=TODAY
    )
    assert (made.by, made.until) == (manager, TODAY)
    assert not ProgressReport.objects.exists()


def test_health_said_by_hand_locks_the_order_before_anything_is_written(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = person("order_manager")
    found = running_plan(manager)
    locked: list[type] = []

    def noting(rows: Any, **more: Any) -> Any:
        locked.append(rows.model)
        return lock(rows, **more)

    monkeypatch.setattr(warnings, "lock", noting)
    override_health(actor=manager, order_id=found.order_id, health="late", reason="x x", until=TODAY, today=TODAY)
    assert withdraw_override(actor=manager, order_id=found.order_id) == 1
    assert locked == [Order, Order]


def test_health_said_by_hand_is_what_lists_and_filters_show_until_its_day(person: Person) -> None:
    manager = person("order_manager")
    found = running_plan(manager, promise=dt.date(2026, 11, 25))

    def shown(today: dt.date = TODAY) -> tuple[str | None, list[str]]:
        order = Order.objects.get(pk=found.order_id)
        filtered = [
            name for name in Health if with_health(Order.objects.all(), [name], today=today, at_risk_days=5).exists()
        ]
        return health_of(order, today=today, at_risk_days=5), filtered

    rules = shown()
    assert rules[0] != "on_time"
    why = "客户口头同意延期"
    override_health(actor=manager, order_id=found.order_id, health="on_time", reason=why, until=TODAY, today=TODAY)
    assert shown() == ("on_time", ["on_time"])
    order = Order.objects.get(pk=found.order_id)
    chip = health_chip(order, today=TODAY, at_risk_days=5)
    assert manager.name in chip
    assert why in chip
    assert shown(TODAY + dt.timedelta(days=1)) == rules
    withdraw_override(actor=manager, order_id=found.order_id)
    assert shown() == rules
