"""A run over all orders: what it gives, when it begins anew, and that nothing of it is seen before all of it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

import planning
import scheduling
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.models import OrderForecast, RunState, ScheduledTask, ScheduleRun
from punctual.domain.scheduling.selectors import (
    book_of,
    current_run,
    driving_chain,
    forecast_of,
    forecasts_of,
    is_stale,
)
from punctual.domain.scheduling.services import runs
from punctual.domain.scheduling.services.runs import perform_run, request_run
from punctual.engine.verify import violations_of
from punctual.flows import replan
from punctual.kernel.refusal import Forbidden
from punctual.platform.accounts.models import User
from punctual.platform.jobs.models import Job

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY


@pytest.fixture
def planner(person: Callable[[str], User]) -> User:
    return person("planner")


@pytest.fixture(autouse=True)
def frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)


def starts(name: str) -> list[str]:
    rows = ScheduledTask.objects.filter(run__is_current=True, task__name=name).order_by("start")
    return [f"{plan_time(row.start):%m-%d}" for row in rows]


def test_a_worker_may_not_start_a_run(person: Callable[[str], User]) -> None:
    with pytest.raises(Forbidden):
        replan.replan_by_hand(actor=person("worker"))
    assert not ScheduleRun.objects.exists()


def test_who_may_not_see_schedules_gets_none(planner: User, person: Callable[[str], User]) -> None:
    order = scheduling.workshop(planner)[0]
    scheduling.run(planner)
    worker = person("worker")
    assert current_run(worker) is None
    assert forecast_of(worker, order) is None
    assert driving_chain(worker, order) == []


def test_orders_that_want_the_same_person_wait_for_each_other(planner: User) -> None:
    scheduling.workshop(planner)
    found = scheduling.run(planner)
    assert found.state == RunState.DONE
    assert found.verified
    assert starts("设计") == ["11-23", "11-23", "11-23"]
    assert starts("装配") == ["11-25", "11-30", "12-03"]
    assert starts("发运") == ["11-30", "12-03", "12-08"]


def test_the_stored_schedule_passes_the_checker(planner: User) -> None:
    scheduling.workshop(planner, 5)
    book = book_of(scheduling.run(planner))
    assert book is not None
    assert not list(violations_of(book.problem, book.schedule))


def test_the_urgent_order_goes_first_when_all_are_late(planner: User) -> None:
    late = dt.date(2026, 11, 24)
    orders = scheduling.workshop(planner, 3, promised=late)
    Order.objects.filter(pk=orders[2].pk).update(priority=1)
    scheduling.run(planner)
    found = forecasts_of(planner, orders)
    assert found[orders[2].pk].planned == dt.date(2026, 11, 30)
    assert min(found[orders[0].pk].planned, found[orders[1].pk].planned) > dt.date(2026, 11, 30)


def test_a_forecast_says_with_which_probability(planner: User) -> None:
    orders = scheduling.workshop(planner, 2, promised=dt.date(2026, 12, 3))
    scheduling.run(planner)
    first, second = sorted(forecasts_of(planner, orders).values(), key=lambda one: one.planned)
    assert first.p50 <= first.p80 <= first.p95
    assert first.promise_percent == 100
    assert first.expected_damages == 0
    assert second.planned == dt.date(2026, 12, 3)
    assert second.promise_percent is not None
    assert 0 < second.promise_percent < 80
    assert 0 < second.expected_damages <= 5000
    assert sum(count for _, count in second.histogram) == scheduling.QUICK.runs


def test_a_running_task_stays_and_takes_what_is_left(planner: User) -> None:
    scheduling.workshop(planner, 2)
    task = Task.objects.filter(name="装配").first()
    assert task is not None
    plan = task.plan
    planning.edit(plan, planner, "progress", task=Task.objects.get(plan=plan, name="设计").pk, percent=100)
    planning.edit(plan, planner, "progress", task=task.pk, percent=50)
    scheduling.run(planner)
    assert starts("装配")[0] == "11-23"
    held = ScheduledTask.objects.get(run__is_current=True, task=task).held_by
    assert held == {"cause": "running"}


def test_the_waiting_task_names_who_holds_the_person(planner: User) -> None:
    orders = scheduling.workshop(planner, 2)
    scheduling.run(planner)
    rows = ScheduledTask.objects.filter(run__is_current=True, task__name="装配").order_by("start")
    assert rows[1].held_by["cause"] == "resource"
    assert rows[1].held_by["by"] == str(rows[0].task_id)
    later = next(one for one in orders if one.pk == rows[1].order_id)
    causes = [link.cause.value for link in driving_chain(planner, later)]
    assert "resource" in causes


def test_an_order_on_hold_gives_its_capacity_back(planner: User) -> None:
    orders = scheduling.workshop(planner, 2)
    Order.objects.filter(pk=orders[0].pk).update(state=OrderState.ON_HOLD)
    scheduling.run(planner)
    assert starts("装配") == ["11-25"]
    assert forecast_of(planner, orders[0]) is None


def test_while_one_run_waits_no_other_is_added(planner: User) -> None:
    first = request_run(why="plan.changed", label="A", actor=planner)
    second = request_run(why="plan.changed", label="B", actor=planner)
    assert first.pk == second.pk
    assert [one["label"] for one in second.why] == ["A", "B"]
    assert Job.objects.count() == 1


def test_a_run_without_changes_is_not_computed_again(planner: User) -> None:
    scheduling.workshop(planner, 2)
    scheduling.run(planner)
    assert scheduling.run(planner).state == RunState.UNCHANGED
    assert ScheduleRun.objects.filter(is_current=True).count() == 1


def test_inputs_that_change_in_mid_run_repeat_it(planner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = scheduling.workshop(planner, 2)
    solve = runs.solve
    calls = []

    def disturbed(*args: object, **more: object) -> object:
        found = solve(*args, **more)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 1:
            Order.objects.filter(pk=orders[0].pk).update(state=OrderState.ON_HOLD)
        return found

    monkeypatch.setattr(runs, "solve", disturbed)
    found = scheduling.run(planner)
    assert len(calls) == 2
    assert found.repeats == 1
    assert starts("装配") == ["11-25"]
    assert not is_stale(found)


def test_inputs_that_change_all_the_time_leave_a_whole_stale_run_and_ask_for_another(
    planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = scheduling.workshop(planner, 2)
    solve = runs.solve
    calls = []

    def restless(*args: object, **more: object) -> object:
        calls.append(1)
        found = solve(*args, **more)  # type: ignore[arg-type]
        Order.objects.filter(pk=orders[0].pk).update(priority=1 + len(calls) % 4)
        return found

    monkeypatch.setattr(runs, "solve", restless)
    found = scheduling.run(planner)
    assert len(calls) == runs.MOST_REPEATS + 1
    assert found.is_current
    assert is_stale(found)
    assert ScheduledTask.objects.filter(run=found).count() == 6
    assert ScheduleRun.objects.filter(state=RunState.QUEUED).count() == 1


def test_a_worker_that_is_killed_leaves_the_last_schedule_and_the_run_is_done_again(
    planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = scheduling.workshop(planner, 2)
    good = scheduling.run(planner)
    Order.objects.filter(pk=orders[0].pk).update(priority=1)
    run = ScheduleRun.objects.create(why=[{"kind": "plan.changed", "label": ""}])

    class Killed(BaseException):
        pass

    def dies(*args: object, **more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_forecasts", dies)
        with pytest.raises(Killed):
            perform_run(run.pk, today=TODAY, effort=scheduling.QUICK)
    now = current_run(planner)
    assert now is not None
    assert now.pk == good.pk
    assert OrderForecast.objects.filter(run=run).count() == 0
    assert ScheduledTask.objects.filter(run=run).count() == 0
    done = perform_run(run.pk, today=TODAY, effort=scheduling.QUICK)
    assert done.state == RunState.DONE
    assert done.is_current


def test_a_run_that_no_worker_finishes_is_asked_for_again(planner: User) -> None:
    run = ScheduleRun.objects.create(
        state=RunState.RUNNING, begun_at=timezone.now() - dt.timedelta(hours=1), why=[{"kind": "daily", "label": ""}]
    )
    assert replan.resume_stuck() == 1
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert ScheduleRun.objects.filter(state=RunState.QUEUED).count() == 1


def test_the_frozen_window_keeps_what_starts_soon(planner: User) -> None:
    orders = scheduling.workshop(planner, 2)
    scheduling.run(planner)
    before = starts("设计")
    Order.objects.filter(pk=orders[1].pk).update(priority=1)
    found = scheduling.run(planner)
    assert found.inputs["fixed"] >= 2
    assert starts("设计") == before
