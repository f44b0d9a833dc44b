"""From a late order to its repair: the true cause is named, the way out is feasible, and re-planning shows its gain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F

import planning
import scheduling
from punctual.domain.actions.models import ActionItem, ActionState
from punctual.domain.monitoring.models import ChangeNotice, MessageDraft, NoticeState, RecoveryRun, RecoveryState
from punctual.domain.monitoring.services.notices import acknowledge
from punctual.domain.orders.models import Order
from punctual.domain.parties.models import Supplier
from punctual.domain.plans.models import Assignment, Plan, Task
from punctual.domain.plans.services.editing import edit_locked
from punctual.domain.resources.models import Resource, ResourceKind
from punctual.domain.scheduling import selectors
from punctual.domain.scheduling.gathering import company_axis
from punctual.domain.scheduling.models import ExtraShift, OrderForecast, TaskPin
from punctual.domain.scheduling.selectors import book_of
from punctual.domain.supply.models import PurchaseRequest
from punctual.engine.capacity.model import Mode
from punctual.engine.recovery import Forecast, patched
from punctual.engine.recovery.patch import Patch
from punctual.engine.verify import violations_of
from punctual.flows.recover import compute_recovery, request_recovery
from punctual.flows.recovery_apply import BOUGHT, apply_option, check_effects, undo_option
from punctual.flows.recovery_approval import SUBJECT, choose_option
from punctual.flows.recovery_options import Days
from punctual.flows.why import MATERIAL, explain_material, why_late
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.approvals.services import decide, set_rules

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY
PROMISE = dt.date(2026, 12, 2)


@pytest.fixture(autouse=True)
def _fresh_books() -> None:
    """A run's book is read once a process by its id; tests begin with the same ids again."""
    selectors._unpacked.cache_clear()


@pytest.fixture
def manager(person: Callable[[str], User]) -> User:
    return person("order_manager")


def late_shop(actor: User) -> list[Order]:
    """Three orders want the only fitter for three days each; all are promised for the day on which the second ends."""
    orders = scheduling.workshop(actor, 3, promised=PROMISE)
    Order.objects.update(owner=actor)
    return orders


def latest(orders: list[Order]) -> Order:
    ends = dict(OrderForecast.objects.filter(run__is_current=True).values_list("order_id", "planned"))
    return max(orders, key=lambda order: (ends[order.pk], order.pk))


def test_the_cause_is_named_with_who_holds_the_fitter(manager: User) -> None:
    orders = late_shop(manager)
    scheduling.run(manager)
    order = latest(orders)
    why = why_late(manager, order)
    held = [step for step in why.steps if step.cause == "resource"]
    assert held
    assert held[0].parts["pool"][0] == "FIT"
    others = {one.label for one in orders if one != order}
    assert held[0].parts["order"][0].split(" ")[0] in others
    assert held[0].parts["order"][1].startswith("/orders/SO-")
    assert why.without is not None
    assert why.without.cause == "resource"


def test_what_a_purchase_knows_stands_in_the_cause(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = scheduling.workshop(manager, 1)
    task = Task.objects.get(plan__order=order, name="装配")
    plan = Plan.objects.select_related("order").get(order=order)
    command = {"verb": "change", "task": task.pk, "values": {"constraint": "SNET", "constraint_date": "2026-12-14"}}
    edit_locked(plan, actor=manager, today=TODAY, command=command)
    scheduling.run(manager)
    causes = [step.cause for step in why_late(manager, order).steps]
    assert "constraint" in causes
    monkeypatch.setattr("punctual.flows.why.MATERIAL", [])
    explain_material(lambda pk: {"name": "减速机"})
    explain_material(lambda pk: None)
    from punctual.flows import why

    assert len(why.MATERIAL) == 2
    assert not any(one in MATERIAL for one in why.MATERIAL)


def test_who_may_not_computes_nothing_and_without_a_schedule_there_is_none(
    manager: User, person: Callable[[str], User]
) -> None:
    (order,) = scheduling.workshop(manager, 1)
    with pytest.raises(Forbidden):
        request_recovery(actor=person("sales"), order_id=order.pk, today=TODAY)
    with pytest.raises(Refusal) as refused:
        compute_recovery(actor=manager, order_id=order.pk, today=TODAY)
    assert refused.value.codes == {"recovery.no_schedule"}
    assert not RecoveryRun.objects.exists()


def test_an_order_that_is_not_late_is_told_so_by_its_number_and_its_day(manager: User) -> None:
    (order,) = scheduling.workshop(manager, 1, promised=dt.date(2027, 3, 1))
    scheduling.run(manager)
    (said,) = compute_recovery(actor=manager, order_id=order.pk, today=TODAY, runs=20).error
    assert said["text"].startswith("Order %(id)s keeps its date")
    assert said["params"] == {"id": order.label, "date": "2027-03-01"}


@pytest.fixture
def computed(manager: User) -> RecoveryRun:
    orders = late_shop(manager)
    scheduling.run(manager)
    return compute_recovery(actor=manager, order_id=latest(orders).pk, today=TODAY, runs=40)


def best(run: RecoveryRun) -> dict[str, object]:
    """The way with the largest gain by plan that moves tasks."""
    return max((one for one in run.options if one["patch"]["starts"]), key=lambda one: one["gain_p80"])


def test_every_way_out_is_feasible_when_it_is_checked_again(computed: RecoveryRun) -> None:
    run = scheduling.ScheduleRun.objects.get(pk=computed.before["run"])
    book = book_of(run)
    assert book is not None
    assert [one for one in computed.options if one["patch"]["starts"]]
    for one in computed.options:
        data = one["patch"]
        patch = Patch(
            capacity={name: tuple((a, b, c) for a, b, c in rows) for name, rows in data["capacity"].items()},
            modes={name: Mode(mode["duration"], mode["demands"]) for name, mode in data["modes"].items()},
            releases=data["releases"],
            delivery=tuple(data["delivery"]),
            starts=data["starts"],
        )
        problem, schedule = patched(book.problem, book.schedule, patch)
        assert not list(violations_of(problem, schedule))


def test_what_stands_is_told_as_on_the_orders_page_and_a_way_out_by_its_gain(computed: RecoveryRun) -> None:
    """The search draws less often than the schedule and with draws of its own; an order has one P50 and one P80."""
    told = OrderForecast.objects.get(run__is_current=True, order=computed.order)
    computed.order.refresh_from_db()
    assert (computed.before["p50"], computed.before["p80"]) == (told.p50.isoformat(), told.p80.isoformat())
    assert computed.before["kept"] == pytest.approx((computed.order.confidence or 0) / 100)
    for one in computed.options:
        assert dt.date.fromisoformat(one["p80"]) == told.p80 - dt.timedelta(days=one["gain_p80"])


def test_dates_told_on_another_page_move_the_ways_by_working_days() -> None:
    axis = company_axis(dt.date(2026, 11, 30))
    now, after = Forecast(40, 42.0, 47.0), Forecast(24, 26.0, 30.0)
    days = Days(axis, now, (dt.date(2026, 12, 7), dt.date(2026, 12, 9)))
    assert days.of(now) == {"planned": "2026-12-04", "p50": "2026-12-07", "p80": "2026-12-09"}
    assert days.of(after) == {"planned": "2026-12-02", "p50": "2026-12-03", "p80": "2026-12-07"}


def test_applying_does_everything_at_once_and_a_new_plan_shows_the_promised_gain(
    computed: RecoveryRun, manager: User
) -> None:
    option = best(computed)
    done = apply_option(actor=manager, run_id=computed.pk, number=int(str(option["number"])), today=TODAY)
    assert done.state == RecoveryState.APPLIED
    assert TaskPin.objects.count() == len(option["patch"]["starts"])  # type: ignore[index]
    assert ActionItem.objects.filter(order=computed.order, state=ActionState.OPEN).exists()
    notice = ChangeNotice.objects.get(order=computed.order)
    assert notice.state == NoticeState.SENT
    assert [one.user for one in notice.acknowledgements.all()] == [manager], "who owns the orders is asked"
    assert notice.moves
    assert MessageDraft.objects.filter(order=computed.order, state=NoticeState.DRAFT).count() == 1
    scheduling.run(manager)
    now = OrderForecast.objects.get(run__is_current=True, order=computed.order)
    assert now.planned == dt.date.fromisoformat(str(option["planned"]))
    assert check_effects(done.check_on or TODAY) == 1
    done.refresh_from_db()
    assert done.held is True


def test_each_way_keeps_its_word_when_everything_is_planned_again_and_leaves_nothing_when_taken_back(
    manager: User, person: Callable[[str], User]
) -> None:
    """Overtime, more people, a supplier instead, others moved: what is promised is what the next schedule has."""
    orders = late_shop(manager)
    fitter = Resource.objects.get(name="赵磊")
    supplier = Supplier.objects.create(code="S1", name="恒达外协")
    outside = scheduling.person("外协装配")
    outside.kind, outside.supplier = ResourceKind.OUTSOURCED, supplier
    outside.save()
    outside.skills.set(fitter.skills.all())
    for need in Assignment.objects.filter(task__name="装配"):
        need.skill, need.resource = None, fitter
        need.save()
    scheduling.run(manager)
    late = latest(orders)
    found = compute_recovery(actor=manager, order_id=late.pk, today=TODAY, runs=40)
    ways = [one for one in found.options if one["kind"] != "new_promise"]
    assert {"outsourcing"} & {use["kind"] for one in ways for use in one["uses"]}, [one["kind"] for one in ways]
    before = _world()
    for one in ways:
        with transaction.atomic():
            done = apply_option(actor=manager, run_id=found.pk, number=one["number"], today=TODAY)
            bought = any(use["kind"] in BOUGHT for use in one["uses"])
            assert PurchaseRequest.objects.filter(state="open").exists() == bought
            assert ExtraShift.objects.filter(cancelled_at=None).exists() == bool(one["patch"]["capacity"])
            scheduling.run(manager)
            now = OrderForecast.objects.get(run__is_current=True, order=late)
            assert now.planned <= dt.date.fromisoformat(one["planned"]), one["titles"]
            undo_option(actor=manager, run_id=done.pk, today=TODAY)
            assert _world() == before
            transaction.set_rollback(True)
        selectors._unpacked.cache_clear()


def _world() -> dict[str, object]:
    """Everything that applying a way out may write."""
    return {
        "tasks": list(Task.objects.order_by("pk").values_list("pk", "duration", "start", "finish")),
        "needs": sorted(Assignment.objects.values_list("task_id", "skill_id", "resource_id", "units"), key=str),
        "pins": TaskPin.objects.count(),
        "extras": ExtraShift.objects.filter(cancelled_at=None).count(),
        "requests": PurchaseRequest.objects.filter(state="open").count(),
        "actions": ActionItem.objects.filter(state=ActionState.OPEN).count(),
        "drafts": MessageDraft.objects.count(),
        "notices": ChangeNotice.objects.exclude(state=NoticeState.WITHDRAWN).count(),
    }


def test_a_way_out_over_the_cost_limit_waits_for_a_yes_and_nothing_changes_before(
    computed: RecoveryRun, manager: User, person: Callable[[str], User]
) -> None:
    option = best(computed)
    number, before = int(str(option["number"])), _world()
    set_rules(
        actor=person("manager"),
        subject=SUBJECT,
        levels=[
            {"level": 1, "role": "finance", "kind": "", "minimum_amount": Decimal(1), "minimum_days": 0},
            {"level": 2, "role": "manager", "kind": "", "minimum_amount": Decimal(10_000_000), "minimum_days": 0},
        ],
    )
    with pytest.raises(Forbidden):
        choose_option(actor=person("sales"), run_id=computed.pk, number=number, today=TODAY)
    _run, asked = choose_option(actor=manager, run_id=computed.pk, number=number, today=TODAY)
    assert asked is not None
    assert (asked.amount, [step.role for step in asked.steps.all()]) == (Decimal(str(option["cost"])), ["finance"])
    assert _world() == before
    with pytest.raises(Refusal) as refused:
        choose_option(actor=manager, run_id=computed.pk, number=number, today=TODAY)
    assert refused.value.codes == {"recovery.waits"}
    with pytest.raises(Refusal):
        decide(actor=manager, request_id=asked.pk, approve=True, today=TODAY)
    decide(actor=person("finance"), request_id=asked.pk, approve=False, today=TODAY, comment="太贵")
    assert _world() == before
    _run, asked = choose_option(actor=manager, run_id=computed.pk, number=number, today=TODAY)
    assert asked is not None
    decide(actor=person("finance"), request_id=asked.pk, approve=True, today=TODAY)
    computed.refresh_from_db()
    assert (computed.state, computed.applied_by) == (RecoveryState.APPLIED, manager)


def test_a_yes_to_what_was_computed_on_a_plan_that_moved_on_is_refused_whole(
    computed: RecoveryRun, manager: User, person: Callable[[str], User]
) -> None:
    levels = [{"level": 1, "role": "manager", "kind": "", "minimum_amount": Decimal(0), "minimum_days": 0}]
    set_rules(actor=person("manager"), subject=SUBJECT, levels=levels)
    _run, asked = choose_option(
        actor=manager, run_id=computed.pk, number=int(str(best(computed)["number"])), today=TODAY
    )
    assert asked is not None
    Plan.objects.update(version=F("version") + 1)
    before = _world()
    with pytest.raises(Conflict):
        decide(actor=person("manager"), request_id=asked.pk, approve=True, today=TODAY)
    asked.refresh_from_db()
    assert (asked.state, _world()) == ("waiting", before)


def test_it_is_taken_back_whole_while_nothing_has_begun(computed: RecoveryRun, manager: User) -> None:
    before = planning.snapshot(Plan.objects.get(order=computed.order))
    option = best(computed)
    done = apply_option(actor=manager, run_id=computed.pk, number=int(str(option["number"])), today=TODAY)
    undo_option(actor=manager, run_id=done.pk, today=TODAY)
    assert not TaskPin.objects.exists()
    assert not ActionItem.objects.filter(state=ActionState.OPEN).exists()
    assert ChangeNotice.objects.get().state == NoticeState.WITHDRAWN
    assert not MessageDraft.objects.exists()
    assert planning.snapshot(Plan.objects.get(order=computed.order))["tasks"] == before["tasks"]
    with pytest.raises(Refusal):
        undo_option(actor=manager, run_id=done.pk, today=TODAY)


def test_it_stays_once_something_has_begun(computed: RecoveryRun, manager: User) -> None:
    option = best(computed)
    done = apply_option(actor=manager, run_id=computed.pk, number=int(str(option["number"])), today=TODAY)
    assert done.applied_at is not None
    Task.objects.filter(pk=done.applied["pins"][0]).update(actual_start=done.applied_at)
    with pytest.raises(Refusal) as refused:
        undo_option(actor=manager, run_id=done.pk, today=TODAY)
    assert refused.value.codes == {"recovery.begun"}
    assert TaskPin.objects.exists()


def test_a_plan_that_moved_on_refuses_what_was_computed_before(
    computed: RecoveryRun, manager: User, person: Callable[[str], User]
) -> None:
    number = int(str(best(computed)["number"]))
    with pytest.raises(Refusal):
        apply_option(actor=person("planner"), run_id=computed.pk, number=number, today=TODAY)
    for plan in Plan.objects.all():
        plan.version += 1
        plan.save(update_fields=["version"])
    with pytest.raises(Conflict):
        apply_option(actor=manager, run_id=computed.pk, number=number, today=TODAY)
    assert not TaskPin.objects.exists()
    assert not ChangeNotice.objects.exists()


def test_who_was_not_asked_acknowledges_nothing(
    computed: RecoveryRun, manager: User, person: Callable[[str], User]
) -> None:
    option = best(computed)
    apply_option(actor=manager, run_id=computed.pk, number=int(str(option["number"])), today=TODAY)
    with pytest.raises(Refusal):
        acknowledge(actor=person("quality"), notice_id=ChangeNotice.objects.get().pk)
