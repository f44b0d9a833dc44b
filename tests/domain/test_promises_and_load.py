"""Promises with their probability, the ledger, load, levelling, absences, scenarios, calibration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import scheduling
from punctual.domain.orders.models import Order, OrderLine, OrderState
from punctual.domain.plans.models import Plan, Task
from punctual.domain.plans.services.making import make_plan
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling import desk
from punctual.domain.scheduling.calibration import summarised
from punctual.domain.scheduling.gathering import availability_of
from punctual.domain.scheduling.ledger import kept, reliability
from punctual.domain.scheduling.load import Loads, periods_of, starts_of, uses_of
from punctual.domain.scheduling.models import (
    Absence,
    ExtraShift,
    LevelledTask,
    OrderForecast,
    Promise,
    Scenario,
    ScheduledTask,
    ScheduleRun,
    SchedulingSettings,
)
from punctual.domain.scheduling.promising import Care, percent_kept
from punctual.domain.scheduling.selectors import axis_of, book_of
from punctual.domain.scheduling.services.absences import cancel_absence, enter_absence
from punctual.domain.scheduling.services.levelling import accept_levelling, shifts_of
from punctual.domain.scheduling.services.settings import change_scheduling_settings
from punctual.domain.scheduling.simulation import Ratio, Ratios, simulate_book
from punctual.domain.scheduling.task_ends import forecasts_of_tasks, line_forecasts, task_forecasts
from punctual.flows.load_picture import week_of
from punctual.flows.promise_at_entry import promise_for_order
from punctual.flows.promise_ledger import expire_quotations, promise_order
from punctual.flows.rush_order import harm_of
from punctual.flows.scenarios import apply_scenario, compute_scenario, discard_scenario, make_scenario
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.readiness import being_loaded

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY
CARE = Care(evaluations=120, seconds=None)
FAR = dt.date(2027, 3, 1)


@pytest.fixture(autouse=True)
def frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)


@pytest.fixture
def manager(person: Callable[[str], User]) -> User:
    return person("order_manager")


@pytest.fixture
def asking(manager: User) -> Order:
    return scheduling.asking(manager)


def promise(order: Order, actor: User, day: dt.date, **more: object) -> list[Promise]:
    values = {"channel": "mail", "cause": "customer", "care": CARE, **more}
    return promise_order(actor=actor, order_id=order.pk, dates=day, today=TODAY, **values)  # type: ignore[arg-type]


# — the lines of one order —


def test_each_line_has_its_own_range_and_the_last_of_them_is_the_order(
    manager: User, signed_in: Callable[[str], Client]
) -> None:
    orders = scheduling.workshop(manager, 1)
    short = scheduling.product("HC-S", ("准备", 1, "", 0))
    two = scheduling.order(7, orders[0].lines.get().product, requested=dt.date(2026, 12, 4))
    two.lines.create(line_no=20, product=short, model_text="HC-S", quantity=Decimal(1), unit="台")
    make_plan(order=two, actor=manager, today=TODAY)
    assert line_forecasts(manager, two) == {}
    scheduling.run(manager)
    ranges = [line_forecasts(manager, two)[line.pk] for line in two.lines.order_by("line_no")]
    assert all(p50 <= p80 for p50, p80 in ranges)
    assert ranges[1][1] < ranges[0][0]
    assert abs(ranges[0][1] - OrderForecast.objects.get(order=two).p80) <= dt.timedelta(days=1)
    told, line = OrderForecast.objects.get(order=orders[0]), line_forecasts(manager, orders[0])
    assert set(line) == {orders[0].lines.get().pk}
    assert all(abs(one - of_order) <= dt.timedelta(days=1) for one, of_order in zip(
        line[orders[0].lines.get().pk], (told.p50, told.p80), strict=True
    ))  # fmt: skip
    phases = Task.objects.filter(plan__order=two, is_summary=True)
    days = task_forecasts(manager, two)
    assert set(days) == set(Task.objects.filter(plan__order=two).values_list("pk", flat=True))
    for phase in phases:
        inside = [days[one] for one in phase.children.values_list("pk", flat=True)]
        assert days[phase.pk][1] >= max(p80 for _p50, p80 in inside), "the last of a phase ends it, run by run"
    assert forecasts_of_tasks(days) == days
    page = f"/promise/orders/{two.key}/lines/"
    assert signed_in("worker").get(page).status_code == 403
    shown = signed_in("sales").get(page).content.decode()
    assert [f'id="range-{line.pk}"' in shown for line in two.lines.all()] == [True, True]
    assert page in signed_in("sales").get(f"/orders/{two.key}/").content.decode()


# — promise at entry —


def test_three_dates_come_with_probabilities_and_what_holds_them(asking: Order, manager: User) -> None:
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    nobody = told.answer.offer("nobody")
    assert nobody.planned == dt.date(2026, 12, 8)
    assert nobody.p50 <= nobody.p80 <= nobody.p95
    assert nobody.request_percent is not None
    assert nobody.request_percent < 50
    first = told.answer.holds[0]
    assert (first.kind, first.task, first.days) == ("work", "装配", 3)


def test_negotiation_moves_others_only_within_their_promises(asking: Order, manager: User) -> None:
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    better = told.answer.offer("negotiated")
    assert better.planned < told.answer.offer("nobody").planned
    assert better.moves
    for move in better.moves:
        before = OrderForecast.objects.get(run__is_current=True, order=move.entry.id).planned
        assert before + dt.timedelta(days=move.days) <= dt.date(2026, 12, 18)
        assert move.p80_then <= dt.date(2026, 12, 18)


def test_offers_are_compared_over_the_same_draws(asking: Order, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "WORK", 1000)  # so that the number of draws follows the number of tasks before the end
    monkeypatch.setattr(desk, "FEWEST_DRAWS", 1)
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    nobody, negotiated = (told.answer.offer(kind).ends for kind in ("nobody", "negotiated"))
    assert 1 < nobody.size == negotiated.size < desk.DRAWS


def test_levers_have_a_distribution_of_their_own(manager: User) -> None:
    orders = scheduling.workshop(manager, 2, promised=dt.date(2026, 12, 3))  # nobody can move: only levers help
    asking = scheduling.order(9, orders[0].lines.get().product, state=OrderState.DRAFT)
    scheduling.run(manager)
    told = promise_for_order(order=asking, actor=manager, care=CARE)
    assert told is not None
    nobody, negotiated, levers = (told.answer.offer(kind) for kind in ("nobody", "negotiated", "levers"))
    assert levers.pulls
    assert levers.planned < negotiated.planned
    assert np.all(levers.ends <= negotiated.ends)
    assert np.all(negotiated.ends <= nobody.ends)
    assert len(set(negotiated.ends - levers.ends)) > 1  # no distribution of another offer that was moved


def test_without_a_schedule_it_says_so(manager: User) -> None:
    orders = scheduling.workshop(manager, 1)
    with pytest.raises(Refusal, match="no schedule yet"):
        promise_for_order(order=orders[0], actor=manager, care=CARE)


def test_while_the_reckoning_is_loaded_nobody_waits_for_it_and_the_panel_asks_again(
    asking: Order, manager: User, client: Client
) -> None:
    client.force_login(manager)
    address = reverse("promise_order", args=[asking.key])
    with being_loaded():
        with pytest.raises(Refusal) as refused:
            promise_for_order(order=asking, actor=manager, care=CARE)
        assert refused.value.codes == {"promise.not_ready"}
        assert "data-again" in client.get(address).content.decode()
    assert promise_for_order(order=asking, actor=manager, care=CARE)


def test_a_rush_order_names_whom_it_hurts(asking: Order, manager: User) -> None:
    harm = harm_of(order=asking, day=dt.date(2026, 11, 30), priority=1, actor=manager)
    assert harm.finish <= dt.date(2026, 12, 3)
    assert any(move.days > 0 for move in harm.moves)
    assert not Promise.objects.exists()


# — the ledger —


def test_a_worker_may_not_promise(asking: Order, person: Callable[[str], User]) -> None:
    with pytest.raises(Refusal):
        promise(asking, person("worker"), FAR)
    assert not Promise.objects.exists()


def test_a_date_below_the_floor_is_refused_with_the_earliest(asking: Order, manager: User) -> None:
    with pytest.raises(Refusal) as refused:
        promise(asking, manager, dt.date(2026, 11, 27))
    assert refused.value.reasons[0].code == "promise.below_floor"
    asking.refresh_from_db()
    assert asking.promised_date is None
    assert not Promise.objects.exists()


def test_an_exception_needs_somebody_who_may(asking: Order, manager: User, person: Callable[[str], User]) -> None:
    day = dt.date(2026, 11, 27)
    with pytest.raises(Refusal) as refused:
        promise(asking, person("sales"), day, exception_reason="战略客户")
    assert refused.value.reasons[0].code == "promise.below_floor_forbidden"
    made = promise(asking, manager, day, exception_reason="战略客户")
    assert made[0].exception_reason == "战略客户"
    assert made[0].probability is not None
    assert made[0].probability < 70


def test_a_later_date_needs_a_reason_and_becomes_the_next_row(asking: Order, manager: User) -> None:
    promise(asking, manager, FAR)
    later = FAR + dt.timedelta(days=7)
    with pytest.raises(Refusal, match="say why"):
        promise(asking, manager, later)
    promise(asking, manager, later, reason="电芯样件晚 4 天", cause="material")
    rows = list(Promise.objects.order_by("number").values_list("number", "date", "before", "cause"))
    assert rows == [(1, FAR, None, "first"), (2, later, FAR, "material")]
    asking.refresh_from_db()
    assert asking.promised_date == later


def test_the_chance_on_the_page_is_that_of_the_day_promised_now(manager: User) -> None:
    order = scheduling.workshop(manager, 1)[0]
    scheduling.run(manager)
    found = OrderForecast.objects.get(order=order)
    promise(order, manager, found.p95 + dt.timedelta(days=60), reason="客户要晚一些")
    order.refresh_from_db()
    assert order.confidence == 100
    promise(order, manager, found.p50, exception_reason="客户坚持")
    order.refresh_from_db()
    assert order.confidence == percent_kept(found.histogram, found.p50) < 100


def test_a_conflict_leaves_the_ledger_as_it_was(asking: Order, manager: User) -> None:
    with pytest.raises(Conflict):
        promise(asking, manager, FAR, expected_version=99)
    assert not Promise.objects.exists()


def test_an_expired_quotation_is_lost_and_frees_its_capacity(
    asking: Order, manager: User, person: Callable[[str], User]
) -> None:
    person("administrator")
    Order.objects.filter(pk=asking.pk).update(state=OrderState.QUOTED, quote_valid_until=TODAY - dt.timedelta(days=1))
    assert expire_quotations(TODAY) == 1
    asking.refresh_from_db()
    assert asking.state == OrderState.LOST


def test_a_quotation_holds_capacity_as_soft_load(asking: Order, manager: User) -> None:
    Order.objects.filter(pk=asking.pk).update(state=OrderState.QUOTED, quote_valid_until=TODAY + dt.timedelta(days=10))
    run = scheduling.run(manager)
    assert run.inputs["quotations"] == 1
    book = book_of(run)
    assert book is not None
    availability = availability_of(axis_of(book))
    loads = Loads(book, availability, uses_of(book, availability, starts_of(book, "scheduled")), win=0.5)
    row = loads.rows("team", periods_of(availability, TODAY, 4, "week"), {})[0]
    assert sum(cell.soft for cell in row.cells) == 12
    assert sum(cell.firm for cell in row.cells) == 48


def test_promises_made_with_a_probability_are_judged(asking: Order, manager: User) -> None:
    for number in range(10):
        order = scheduling.order(100 + number, asking.lines.get().product)
        line = order.lines.get()
        day = TODAY - dt.timedelta(days=20)
        OrderLine.objects.filter(pk=line.pk).update(actual_date=day + dt.timedelta(days=1 if number < 2 else 0))
        Promise.objects.create(order=order, line=line, line_no=10, number=1, date=day, probability=80)
    band = next(one for one in reliability(TODAY) if one.band == "75–84%")
    assert (band.promises, band.percent) == (10, 80)
    assert kept(TODAY).first_percent == 80


# — load and levelling —


def test_as_planned_the_only_fitter_is_over_used_and_as_scheduled_not(asking: Order, manager: User) -> None:
    book = book_of(scheduling.run(manager)) or book_of_current()
    availability = availability_of(axis_of(book))
    periods = periods_of(availability, TODAY, 3, "week")
    over = {}
    for basis in ("planned", "scheduled"):
        loads = Loads(book, availability, uses_of(book, availability, starts_of(book, basis)))  # type: ignore[arg-type]
        over[basis] = max(cell.percent for cell in loads.rows("resource", periods, {})[0].cells)
    assert over["planned"] > 100
    assert over["scheduled"] <= 100


def test_the_week_of_a_person_holds_what_the_schedule_gives_and_nobody_elses(asking: Order, manager: User) -> None:
    Resource.objects.filter(name="赵磊").update(user=manager)
    row = week_of(manager, TODAY)
    assert row is not None
    placed = ScheduledTask.objects.filter(run__is_current=True, task__name="装配")
    days = {cell.period.first: cell.firm for cell in row.cells}
    assert set(days.values()) == {0.0, 8.0}
    assert min(day for day, hours in days.items() if hours) == min(one.start.date() for one in placed)
    assert all(cell.capacity == 8 and cell.period.first.weekday() < 5 for cell in row.cells)
    Resource.objects.filter(name="赵磊").update(user=None)
    assert week_of(manager, TODAY) is None


def book_of_current():

    found = book_of(ScheduleRun.objects.get(is_current=True))
    assert found is not None
    return found


def test_hired_hands_take_what_the_only_fitter_has_no_time_for(asking: Order, manager: User) -> None:
    fitter = scheduling.skill("FIT")
    ExtraShift.objects.create(skill=fitter, units=2, first=TODAY, last=FAR)
    book = book_of(scheduling.run(manager)) or book_of_current()
    availability = availability_of(axis_of(book))
    loads = Loads(book, availability, uses_of(book, availability, starts_of(book, "planned")))
    periods = periods_of(availability, TODAY, 3, "week")
    alone = loads.rows("resource", periods, {})[0].cells
    together = loads.rows("skill", periods, {fitter.pk: "FIT"})[0].cells
    assert max(cell.percent for cell in alone) <= 100
    assert together[1].capacity == 3 * alone[1].capacity
    assert sum(cell.firm for cell in together) == 2 * 24 > sum(cell.firm for cell in alone)
    assert {loads.book.pieces[use.piece].name for use, _h in loads.uses_in(f"s:{fitter.pk}", periods[0])} == {"装配"}


def test_accepting_a_proposal_moves_the_plan_and_not_the_next_schedule(asking: Order, manager: User) -> None:

    run = ScheduleRun.objects.get(is_current=True)
    shifts = shifts_of(run)
    assert len(shifts) == 1
    order_id = next(iter(shifts))
    plan = Plan.objects.get(order=order_id)
    moved = accept_levelling(actor=manager, run_id=run.pk, versions={order_id: plan.version}, today=TODAY)
    assert moved == 2
    assert LevelledTask.objects.count() == 2
    before = list(ScheduledTask.objects.filter(run=run).order_by("task").values_list("task", "start"))
    again = scheduling.run(manager)
    assert again.is_current
    assert list(ScheduledTask.objects.filter(run=again).order_by("task").values_list("task", "start")) == before
    assert not shifts_of(again)


def test_of_two_planners_who_accept_at_once_the_second_is_told_and_nothing_is_mixed(
    asking: Order, manager: User, person: Callable[[str], User]
) -> None:

    run = ScheduleRun.objects.get(is_current=True)
    order_id = next(iter(shifts_of(run)))
    version = Plan.objects.get(order=order_id).version
    accept_levelling(actor=manager, run_id=run.pk, versions={order_id: version}, today=TODAY)
    after = list(Task.objects.order_by("pk").values_list("pk", "start", "constraint"))
    with pytest.raises(Conflict):
        accept_levelling(actor=person("planner"), run_id=run.pk, versions={order_id: version}, today=TODAY)
    assert list(Task.objects.order_by("pk").values_list("pk", "start", "constraint")) == after


def test_a_proposal_of_an_older_run_is_refused(asking: Order, manager: User) -> None:

    old = ScheduleRun.objects.get(is_current=True)
    order_id = next(iter(shifts_of(old)))
    version = Plan.objects.get(order=order_id).version
    Order.objects.filter(pk=order_id).update(priority=1)
    scheduling.run(manager)
    with pytest.raises(Conflict, match="no longer"):
        accept_levelling(actor=manager, run_id=old.pk, versions={order_id: version}, today=TODAY)
    assert not LevelledTask.objects.exists()


# — absences and scenarios —


def fitter() -> int:
    from punctual.domain.resources.models import Resource

    return Resource.objects.get(name="赵磊").pk


def test_an_absence_moves_the_work_behind_it(asking: Order, manager: User, person: Callable[[str], User]) -> None:
    wish = {"resource_id": fitter(), "kind": "sick", "first": dt.date(2026, 11, 25), "last": dt.date(2026, 12, 4)}
    with pytest.raises(Forbidden):
        enter_absence(actor=person("sales"), **wish)
    made = enter_absence(actor=manager, **wish)
    with pytest.raises(Refusal, match="already entered"):
        enter_absence(actor=manager, **wish)
    scheduling.run(manager)
    first = ScheduledTask.objects.filter(run__is_current=True, task__name="装配").order_by("start").first()
    assert first is not None
    assert timezone.localtime(first.start).date() == dt.date(2026, 12, 7)
    cancel_absence(actor=manager, absence_id=made.pk, expected_version=made.version)
    scheduling.run(manager)
    first = ScheduledTask.objects.filter(run__is_current=True, task__name="装配").order_by("start").first()
    assert first is not None
    assert timezone.localtime(first.start).date() < dt.date(2026, 12, 7)


def test_a_scenario_touches_nothing_until_it_is_applied(asking: Order, manager: User) -> None:
    delta = [{"kind": "absence", "resource": fitter(), "first": "2026-11-25", "last": "2026-12-11"}]
    with pytest.raises(Refusal):
        make_scenario(actor=manager, name="", delta=[])
    made = make_scenario(actor=manager, name="赵磊病假", delta=delta)
    compute_scenario(made, scheduling.QUICK)
    made.refresh_from_db()
    assert not Absence.objects.exists()
    assert made.result["rows"]
    assert all(row["days"] > 0 for row in made.result["rows"])
    apply_scenario(actor=manager, scenario_id=made.pk, today=TODAY, expected_version=made.version)
    assert Absence.objects.count() == 1
    with pytest.raises(Conflict, match="closed"):
        discard_scenario(actor=manager, scenario_id=made.pk, expected_version=None)


def test_a_discarded_scenario_changes_nothing(asking: Order, manager: User) -> None:
    order = Order.objects.filter(state=OrderState.CONFIRMED).first()
    assert order is not None
    delta = [{"kind": "drop", "order": order.pk, "label": order.label}]
    made = compute_scenario(make_scenario(actor=manager, name="不做了", delta=delta), scheduling.QUICK)
    discard_scenario(actor=manager, scenario_id=made.pk, expected_version=made.version)
    order.refresh_from_db()
    assert order.state == OrderState.CONFIRMED
    assert Scenario.objects.get().state == "discarded"


# — settings and calibration —


def test_settings_are_refused_as_a_whole(manager: User, person: Callable[[str], User]) -> None:
    with pytest.raises(Forbidden):
        change_scheduling_settings(actor=person("planner"), wish={"floor_percent": 60}, expected_version=None)
    wish = {"floor_percent": 0, "confidence": {"A": 0, "B": 80, "C": 70}}
    with pytest.raises(Refusal) as refused:
        change_scheduling_settings(actor=manager, wish=wish, expected_version=None)
    assert {reason.field for reason in refused.value.reasons} == {"floor_percent", "confidence_A"}
    found = change_scheduling_settings(actor=manager, wish={"expedite_per_day": Decimal(9)}, expected_version=1)
    assert found.expedite_per_day == 9
    assert SchedulingSettings.objects.get().floor_percent == 70


def test_few_observations_are_drawn_towards_all() -> None:
    rows = [("a", "A", 100, 200)] * 3 + [("b", "B", 100, 100)] * 40
    found = {one.key: one for one in summarised(rows)}
    assert 1.05 < found["a"].median < 1.5
    assert found["b"].median == pytest.approx(1.0, abs=0.05)


def test_the_p80_of_a_synthetic_history_is_kept_eighty_percent(asking: Order, manager: User) -> None:
    """Half of the worlds make the forecast, the other half are what then happened."""
    book = book_of_current()
    ratios = Ratios({piece.ratio: Ratio(1.1, 0.25) for piece in book.pieces})
    said = simulate_book(book, ratios, runs=3000, seed=1).ends
    came = simulate_book(book, ratios, runs=3000, seed=2).ends
    held = [np.mean(came[name] <= np.quantile(ends, 0.8)) for name, ends in said.items()]
    assert abs(float(np.mean(held)) - 0.8) < 0.03
