"""A rush order that breaks promises waits for a manager's yes; until then nothing has changed. And locks of tasks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

import scheduling
from punctual.domain.orders.models import Order, OrderState, Priority
from punctual.domain.plans.models import Task
from punctual.domain.scheduling.gathering import company_axis, previous_starts
from punctual.domain.scheduling.models import AgreedPlan, OrderForecast, Promise, ScheduledTask, TaskPin
from punctual.domain.scheduling.services.locks import lock_task, unlock_task
from punctual.domain.scheduling.solving import Effort
from punctual.flows.rush_approval import SUBJECT, accept_rush
from punctual.flows.rush_order import harm_of
from punctual.kernel.refusal import Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.approvals.models import ApprovalRequest, ApprovalState
from punctual.platform.approvals.services import decide, delegate, remind_late
from punctual.platform.notifications.models import Notification

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY
EARLY, LATE = dt.date(2026, 12, 2), dt.date(2027, 3, 1)
Person = Callable[[str], User]


@pytest.fixture(autouse=True)
def frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)


@pytest.fixture
def manager(person: Person) -> User:
    return person("order_manager")


@pytest.fixture
def rush(manager: User) -> Order:
    """Two orders on the only fitter, promised with hardly a day to spare; a draft wants to be done before them."""
    orders = scheduling.workshop(manager, 2, promised=dt.date(2026, 12, 4))
    line = orders[0].lines.get()
    draft = scheduling.order(9, line.product, requested=EARLY, state=OrderState.DRAFT)
    scheduling.run(manager)
    draft.refresh_from_db()
    return draft


def accept(order: Order, actor: User, day: dt.date) -> ApprovalRequest | None:
    return accept_rush(
        actor=actor, order_id=order.pk, day=day, priority=Priority.URGENT, today=TODAY, reason="客户停线，已口头同意"
    )


def test_who_may_not_promise_accepts_nothing(rush: Order, person: Person) -> None:
    with pytest.raises(Forbidden):
        accept(rush, person("planner"), EARLY)
    assert not Promise.objects.exists()


def test_a_day_that_hurts_nobody_is_promised_at_once(rush: Order, manager: User) -> None:
    assert accept(rush, manager, LATE) is None
    assert Promise.objects.get().date == LATE
    rush.refresh_from_db()
    assert rush.priority == Priority.URGENT
    assert not ApprovalRequest.objects.exists()


def test_broken_promises_wait_for_a_manager_and_nothing_changes_before(
    rush: Order, manager: User, person: Person
) -> None:
    before = (rush.priority, rush.version)
    asked = accept(rush, manager, EARLY)
    assert asked is not None
    assert (asked.subject, asked.state) == (SUBJECT, ApprovalState.WAITING)
    assert [row["label"] for row in asked.facts[1:]], "the orders that would lose their promise are named"
    rush.refresh_from_db()
    assert (rush.priority, rush.version) == before
    assert not Promise.objects.exists()
    with pytest.raises(Refusal) as refused:
        accept(rush, manager, EARLY)
    assert refused.value.codes == {"rush.waits"}
    with pytest.raises(Refusal):
        decide(actor=person("finance"), request_id=asked.pk, approve=True, today=TODAY)
    decide(actor=person("manager"), request_id=asked.pk, approve=True, today=TODAY)
    told = Promise.objects.get()
    assert (told.date, told.by) == (EARLY, manager)
    rush.refresh_from_db()
    assert rush.priority == Priority.URGENT


def test_the_schedule_that_follows_has_everything_where_its_harm_was_computed(
    rush: Order, manager: User, person: Person
) -> None:
    harm = harm_of(order=rush, day=EARLY, priority=Priority.URGENT, actor=manager)
    before = previous_starts(harm.run)
    asked = accept(rush, manager, EARLY)
    assert asked is not None
    assert not AgreedPlan.objects.exists(), "nothing has changed before the yes"
    decide(actor=person("manager"), request_id=asked.pk, approve=True, today=TODAY)
    assert Promise.objects.get().probability == harm.percent
    Order.objects.filter(pk=rush.pk).update(state=OrderState.IN_REVIEW, number="SO-2026-00009")
    axis = company_axis(TODAY)
    moved = {name: axis.start_of(then) for name, (_, then) in harm.offer.others.items()}
    assert moved
    run = scheduling.run(manager, effort=Effort(moves=1, runs=60))  # no search that would find it anew by itself
    starts = previous_starts(run)
    assert all(before[name] < starts[name] <= at for name, at in moved.items()), "no further than was asked for"
    assert OrderForecast.objects.get(run=run, order=rush).planned == harm.finish


def test_who_keeps_a_rush_order_waiting_is_reminded_and_a_stand_in_decides(
    rush: Order, manager: User, person: Person
) -> None:
    boss, stand_in = person("manager"), person("administrator")
    asked = accept(rush, manager, EARLY)
    assert asked is not None
    assert remind_late() == 0, "there is still time"
    ApprovalRequest.objects.update(due_at=timezone.now() - dt.timedelta(hours=1))
    assert (remind_late(), remind_late()) == (1, 0)
    assert f"/approvals/{asked.pk}/" in set(Notification.objects.filter(user=boss).values_list("url", flat=True))
    delegate(actor=boss, delegate=stand_in, first=TODAY, last=TODAY, today=TODAY)
    decide(actor=stand_in, request_id=asked.pk, approve=True, today=TODAY)
    assert Promise.objects.get().date == EARLY


def test_a_no_leaves_everything_as_it_is(rush: Order, manager: User, person: Person) -> None:
    asked = accept(rush, manager, EARLY)
    assert asked is not None
    decide(actor=person("manager"), request_id=asked.pk, approve=False, today=TODAY, comment="00001 不能动")
    assert not Promise.objects.exists()
    rush.refresh_from_db()
    assert rush.priority != Priority.URGENT


def test_a_locked_task_stays_where_the_schedule_had_it(rush: Order, manager: User, person: Person) -> None:
    task = Task.objects.filter(name="装配").order_by("pk")[1]
    place = ScheduledTask.objects.get(run__is_current=True, task=task).start
    with pytest.raises(Forbidden):
        lock_task(actor=person("sales"), task_id=task.pk)
    with pytest.raises(NotFound):
        lock_task(actor=manager, task_id=10**9)
    assert lock_task(actor=manager, task_id=task.pk).start == place
    assert lock_task(actor=manager, task_id=task.pk).start == place, "twice is once"
    Order.objects.filter(pk=task.plan.order_id).update(priority=Priority.URGENT)
    run = scheduling.run(manager)
    assert ScheduledTask.objects.get(run=run, task=task).start == place
    unlock_task(actor=manager, task_id=task.pk)
    assert not TaskPin.objects.exists()


def test_what_has_begun_is_not_locked(rush: Order, manager: User) -> None:
    task = Task.objects.filter(name="设计").first()
    assert task is not None
    Task.objects.filter(pk=task.pk).update(percent=20, actual_start=timezone.now())
    with pytest.raises(Refusal) as refused:
        lock_task(actor=manager, task_id=task.pk)
    assert refused.value.codes == {"lock.begun"}
    assert not TaskPin.objects.exists()
