"""A skill first, a name later; and somebody else instead where a task waits for whom it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import scheduling
from punctual.domain.orders.models import Order
from punctual.domain.plans.models import Assignment, Plan, Task
from punctual.domain.resources.models import Resource
from punctual.domain.scheduling import swaps as swapping
from punctual.domain.scheduling.models import ScheduledTask
from punctual.domain.scheduling.services.absences import enter_absence
from punctual.domain.scheduling.services.naming import name_need, unname_need
from punctual.domain.scheduling.swaps import Swap
from punctual.engine.verify import verified
from punctual.flows.allocation import needs_of_task, unnamed_needs
from punctual.flows.swaps import accept_swap, proposed_swaps
from punctual.kernel.refusal import Conflict, Forbidden, Reason, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
TODAY = scheduling.TODAY


@pytest.fixture(autouse=True)
def frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: TODAY)


@pytest.fixture
def planner(person: Callable[[str], User]) -> User:
    return person("planner")


@pytest.fixture
def orders(planner: User) -> list[Order]:
    """Two orders that both want a fitter of two: 赵磊, and 何俊 who costs more."""
    made = scheduling.workshop(planner, 2, promised=dt.date(2026, 12, 7))
    other = scheduling.person("何俊", "FIT")
    Resource.objects.filter(pk=other.pk).update(hourly_cost=Decimal(120))
    scheduling.person("孙倩", "QC")
    return made


def fitting(order: Order) -> Task:
    return Task.objects.get(plan__order=order, name="装配")


def need_of(order: Order) -> Assignment:
    return fitting(order).needs.get()


def resource(name: str) -> Resource:
    return Resource.objects.get(name=name)


def named(order: Order, name: str, actor: User) -> None:
    need = need_of(order)
    name_need(actor=actor, task_id=need.task_id, need_id=need.pk, resource_id=resource(name).pk, today=TODAY)


def begins(order: Order) -> dt.date:
    return timezone.localtime(ScheduledTask.objects.get(run__is_current=True, task=fitting(order)).start).date()


@pytest.fixture
def waiting(orders: list[Order], planner: User) -> list[Order]:
    """Both orders have 赵磊 by name, so that one of them waits for him."""
    for order in orders:
        named(order, "赵磊", planner)
    scheduling.run(planner)
    return sorted(orders, key=begins)


# — a name —


def test_who_may_not_change_plans_names_nobody(orders: list[Order], person: Callable[[str], User]) -> None:
    need = need_of(orders[0])
    for role in ("sales", "worker"):
        with pytest.raises(Refusal):
            named(orders[0], "赵磊", person(role))
    with pytest.raises(Forbidden):
        unname_need(actor=person("quality"), task_id=need.task_id, need_id=need.pk, today=TODAY)
    assert need_of(orders[0]).skill == need.skill


def test_who_lacks_the_skill_is_refused(orders: list[Order], planner: User) -> None:
    with pytest.raises(Refusal, match="does not have the skill"):
        named(orders[0], "孙倩", planner)
    assert need_of(orders[0]).resource is None


def test_a_need_that_somebody_else_has_named_meanwhile_is_a_conflict(orders: list[Order], planner: User) -> None:
    need = need_of(orders[0])
    named(orders[0], "赵磊", planner)
    with pytest.raises(Conflict, match="changed meanwhile"):
        name_need(actor=planner, task_id=need.task_id, need_id=need.pk, resource_id=resource("何俊").pk, today=TODAY)
    assert need_of(orders[0]).resource == resource("赵磊")


def test_the_named_persons_absence_counts_and_that_of_others_does_not(orders: list[Order], planner: User) -> None:
    enter_absence(
        actor=planner, resource_id=resource("赵磊").pk, kind="sick", first=TODAY, last=TODAY + dt.timedelta(days=14)
    )
    scheduling.run(planner)
    anybody = begins(orders[0])
    named(orders[0], "赵磊", planner)
    scheduling.run(planner)
    assert begins(orders[0]) > TODAY + dt.timedelta(days=14) > anybody
    need = need_of(orders[0])
    assert (need.asked, need.skill) == (scheduling.skill("FIT"), None)
    unname_need(actor=planner, task_id=need.task_id, need_id=need.pk, today=TODAY)
    scheduling.run(planner)
    assert begins(orders[0]) <= TODAY + dt.timedelta(days=14)
    story = (
        AuditEntry.objects.filter(verb__in=["name_task", "unname_task"])
        .order_by("pk")
        .values_list("changes", flat=True)
    )
    assert [(one["field"], one["old"], one["new"]) for changes in story for one in changes] == [
        ("装配", "FIT", "赵磊"), ("装配", "赵磊", "FIT"),
    ]  # fmt: skip


def test_of_two_units_one_gets_a_name_and_goes_back_to_the_skill(orders: list[Order], planner: User) -> None:
    Assignment.objects.filter(task=fitting(orders[0])).update(units=2)
    named(orders[0], "赵磊", planner)
    rows = fitting(orders[0]).needs.order_by("-skill")
    assert {(row.skill and row.skill.code, row.resource and row.resource.name, row.units) for row in rows} == {
        ("FIT", None, 1), (None, "赵磊", 1),
    }  # fmt: skip
    mine = rows.get(resource__isnull=False)
    left = rows.get(skill__isnull=False)
    with pytest.raises(Refusal, match="already"):
        name_need(actor=planner, task_id=mine.task_id, need_id=left.pk, resource_id=resource("赵磊").pk, today=TODAY)
    unname_need(actor=planner, task_id=mine.task_id, need_id=mine.pk, today=TODAY)
    assert (need_of(orders[0]).skill, need_of(orders[0]).units) == (scheduling.skill("FIT"), 2)


def test_suggestions_begin_with_who_is_free(orders: list[Order], planner: User) -> None:
    enter_absence(
        actor=planner, resource_id=resource("赵磊").pk, kind="leave", first=TODAY, last=TODAY + dt.timedelta(days=30)
    )
    scheduling.run(planner)
    assert [need.task.plan.order for need in unnamed_needs(planner)] == sorted(orders, key=begins)
    (one,) = needs_of_task(planner, fitting(orders[0]).pk)
    assert [(row.name, row.fits) for row in one.suggestions] == [("何俊", True), ("赵磊", False)]
    assert one.suggestions[1].free == 0


# — somebody else instead —


def the_swap(planner: User) -> tuple[int, Swap]:
    found = proposed_swaps(planner)
    (one,) = found.swaps
    return found.run.pk, one


def accepted(actor: User, run: int, one: Swap) -> Swap:
    return accept_swap(actor=actor, run_id=run, task_id=one.task, out_id=one.out, into_id=one.into, today=TODAY)


def test_the_waiting_task_is_offered_to_a_free_colleague(waiting: list[Order], planner: User) -> None:
    _run, one = the_swap(planner)
    first, second = waiting
    assert (one.task, one.out, one.into) == (fitting(second).pk, resource("赵磊").pk, resource("何俊").pk)
    assert (one.start, one.start_then) == (begins(second), begins(first))
    assert one.cost == 24 * 20
    (gain,) = one.gains
    assert (gain.order, gain.days > 0) == (second.pk, True)


def test_what_the_checker_refuses_is_not_proposed(
    waiting: list[Order], planner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise Refusal(Reason("verify.over", "too much"))

    seen: list[object] = []
    monkeypatch.setattr(swapping, "verified", lambda *args: seen.append(verified(*args)) or refuse())
    assert proposed_swaps(planner).swaps == []
    assert seen  # it was a good one


def test_who_may_not_level_swaps_nobody(waiting: list[Order], planner: User, person: Callable[[str], User]) -> None:
    run, one = the_swap(planner)
    for role in ("sales", "worker"):
        with pytest.raises(Forbidden):
            accepted(person(role), run, one)
    assert need_of(waiting[1]).resource == resource("赵磊")


def test_an_accepted_swap_is_planned_and_the_order_ends_as_it_was_said(waiting: list[Order], planner: User) -> None:
    run, one = the_swap(planner)
    accepted(planner, run, one)
    assert need_of(waiting[1]).resource == resource("何俊")
    assert need_of(waiting[1]).asked == scheduling.skill("FIT")
    told = AuditEntry.objects.filter(verb="swap_resource").get().changes
    assert [(row["old"], row["new"]) for row in told] == [("赵磊", "何俊")]
    scheduling.run(planner)
    assert begins(waiting[1]) == one.start_then
    assert proposed_swaps(planner).swaps == []


def test_after_a_change_a_proposal_is_refused_and_nothing_is_written(waiting: list[Order], planner: User) -> None:
    run, one = the_swap(planner)
    enter_absence(
        actor=planner, resource_id=resource("何俊").pk, kind="sick", first=TODAY, last=TODAY + dt.timedelta(days=9)
    )
    assert proposed_swaps(planner).is_stale
    versions = list(Plan.objects.order_by("pk").values_list("version", flat=True))
    with pytest.raises(Conflict, match="has changed since"):
        accepted(planner, run, one)
    assert list(Plan.objects.order_by("pk").values_list("version", flat=True)) == versions
    assert need_of(waiting[1]).resource == resource("赵磊")


# — pages and API —


def test_the_list_of_needs_costs_the_same_for_one_and_for_many(
    orders: list[Order], planner: User, client: Client
) -> None:
    scheduling.run(planner)
    client.force_login(planner)
    counts = []
    for most in (1, 2):
        Assignment.objects.filter(task__plan__order__in=orders[most:]).update(skill=None, resource=resource("孙倩"))
        if most == 2:
            Assignment.objects.update(skill=scheduling.skill("FIT"), resource=None)
        client.get("/capacity/names/", {"weeks": 8})  # what is read once a process
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/capacity/names/", {"weeks": 8})
        assert len(page.context["rows"]) == most
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_planner_names_and_swaps_on_the_pages(waiting: list[Order], planner: User, client: Client) -> None:
    client.force_login(planner)
    run, one = the_swap(planner)
    page = client.get("/capacity/swaps/").content.decode()
    assert "赵磊 → 何俊" in page
    assert f'name="run" value="{run}"' in page
    part = client.get("/capacity/swaps/", {"for": f"r:{one.out}"}).content.decode()
    assert "赵磊 → 何俊" in part
    assert "<html" not in part
    assert "何俊" not in client.get("/capacity/swaps/", {"for": f"r:{one.into}"}).content.decode()
    need = need_of(waiting[1])
    back = client.post(f"/tasks/{one.task}/needs/{need.pk}/unname/", {"next": "/capacity/names/?weeks=8"})
    assert back["Location"] == "/capacity/names/?weeks=8"
    listed = client.get("/capacity/names/", {"weeks": 8}).content.decode()
    need = need_of(waiting[1])
    assert f"/tasks/{one.task}/needs/{need.pk}/name/" in listed
    client.post(f"/tasks/{one.task}/needs/{need.pk}/name/", {"resource": one.into})
    assert need_of(waiting[1]).resource == resource("何俊")
    task = client.get(f"/tasks/{one.task}/").content.decode()
    assert f"/tasks/{one.task}/needs/{need_of(waiting[1]).pk}/unname/" in task


def test_the_api_names_and_swaps(
    waiting: list[Order], planner: User, client: Client, person: Callable[[str], User]
) -> None:
    client.force_login(person("sales"))
    assert client.get("/api/v1/swaps").json()[0]["cost"] is None
    client.force_login(planner)
    one = client.get("/api/v1/swaps").json()[0]
    assert (one["name"], one["cost"], one["stale"]) == ("装配", 480, False)
    body = {name: one[name] for name in ("run", "task", "out", "into")}
    json = {"content_type": "application/json"}
    assert client.post("/api/v1/swaps", body, **json).status_code == 200
    assert client.post("/api/v1/swaps", body, **json).status_code == 409
    (need,) = client.get(f"/api/v1/tasks/{one['task']}/needs").json()
    (need,) = client.post(f"/api/v1/tasks/{one['task']}/needs/{need['id']}/unname", {}, **json).json()
    assert (need["skill"], need["resource"]) == (scheduling.skill("FIT").pk, None)
    assert client.get("/api/v1/needs").json()["items"][0]["id"] == need["id"]
    named_ = {"resource": one["into"], "version": 0}
    assert client.post(f"/api/v1/tasks/{one['task']}/needs/{need['id']}/name", named_, **json).status_code == 409
