"""Schedule runs, promises, scenarios, locks and risks through the API: what it refuses, what it answers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import scheduling
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Task
from punctual.domain.resources.models import Resource
from punctual.domain.risks.models import Risk
from punctual.domain.scheduling.models import ExtraShift, Promise, Scenario, ScheduleRun, TaskPin
from punctual.flows.scenarios import compute_scenario, discard_scenario, make_scenario
from punctual.platform.accounts.models import User

pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(autouse=True)
def frozen_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: scheduling.TODAY)


@pytest.fixture
def ask(signed_in: Callable[[str], Client]) -> Ask:
    """``ask(role, method, path, body)`` gives status and data."""

    def asked(role: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        client = signed_in(role)
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = getattr(client, method)(f"/api/v1{path}", **given)
        return answer.status_code, json.loads(answer.content) if answer.content else None

    return asked


@pytest.fixture
def shop(person: Person) -> list[Order]:
    actor = person("order_manager")
    orders = scheduling.workshop(actor, 2)
    draft = scheduling.order(9, orders[0].lines.get().product, requested=dt.date(2026, 12, 4), state=OrderState.DRAFT)
    scheduling.run(actor)
    return [*orders, draft]


def test_the_shop_floor_neither_starts_nor_sees_schedules(ask: Ask, shop: list[Order]) -> None:
    assert ask("worker", "get", "/schedule-runs")[0] == 403
    assert ask("worker", "post", "/schedule-runs", {})[0] == 403
    assert ask("worker", "get", f"/orders/{shop[0].key}/forecast")[0] in (403, 404)
    assert ask("worker", "post", f"/orders/{shop[2].key}/promises", {"date": "2027-03-01"})[0] in (403, 404, 422)
    assert ScheduleRun.objects.count() == 1
    assert not Promise.objects.exists()


def test_a_run_is_asked_for_read_and_listed(ask: Ask, shop: list[Order]) -> None:
    status, run = ask("planner", "post", "/schedule-runs", {})
    assert status == 202
    assert ask("planner", "get", f"/schedule-runs/{run['id']}")[1]["id"] == run["id"]
    listed = ask("planner", "get", "/schedule-runs")[1]
    assert listed["items"][0]["id"] == run["id"]
    assert ask("planner", "get", "/schedule-runs/999999")[0] == 404


def test_a_forecast_names_its_chances(ask: Ask, shop: list[Order]) -> None:
    found = ask("sales", "get", f"/orders/{shop[0].key}/forecast")[1]
    assert found["p50"] <= found["p80"] <= found["p95"]


def test_each_open_task_has_the_day_by_which_it_ends_in_80_of_100_runs(ask: Ask, shop: list[Order]) -> None:
    path = f"/plans/{shop[0].key}/forecast"
    assert ask("worker", "get", path)[0] in {403, 404}
    status, rows = ask("planner", "get", path)
    assert (status, len(rows)) == (200, Task.objects.filter(plan__order=shop[0], is_summary=False).count())
    assert all(row["p50"] <= row["p80"] for row in rows)
    last = max(row["p80"] for row in rows)
    forecast = ScheduleRun.objects.get(is_current=True).forecasts.get(order=shop[0])
    assert abs(dt.date.fromisoformat(last) - forecast.p80) <= dt.timedelta(days=1)


def test_a_promise_below_the_floor_is_a_problem_and_a_good_one_stands_in_the_ledger(
    ask: Ask, shop: list[Order]
) -> None:
    dates = ask("sales", "get", f"/orders/{shop[2].key}/promise-dates")[1]
    assert dates
    body = {"version": shop[2].version, "date": "2026-11-25", "channel": "mail", "cause": "customer"}
    assert ask("sales", "post", f"/orders/{shop[2].key}/promises", {**body, "version": 99})[0] == 409
    status, problem = ask("sales", "post", f"/orders/{shop[2].key}/promises", body)
    assert status == 422
    assert any(one["code"].startswith("promise.") for one in problem["reasons"])
    assert not Promise.objects.exists()
    status, made = ask("sales", "post", f"/orders/{shop[2].key}/promises", {**body, "date": "2027-03-01"})
    assert status == 201
    assert made[0]["date"] == "2027-03-01"
    assert ask("sales", "get", f"/promises?order={shop[2].key}")[1]["total"] == 1


def test_a_scenario_is_made_beside_the_live_plan_and_thrown_away(ask: Ask, shop: list[Order]) -> None:
    delta = [{"kind": "drop", "order": shop[1].pk}]
    assert ask("sales", "post", "/scenarios", {"name": "少一单", "delta": delta})[0] == 403
    status, made = ask("planner", "post", "/scenarios", {"name": "少一单", "delta": delta})
    assert status == 202
    assert ask("planner", "post", "/scenarios", {"name": "", "delta": []})[0] == 422
    path = f"/scenarios/{made['id']}"
    assert ask("planner", "post", f"{path}/discard", {"version": 99})[0] == 409
    version = ask("planner", "get", path)[1]["version"]
    assert ask("planner", "post", f"{path}/discard", {"version": version})[0] == 200
    assert Scenario.objects.get().state == "discarded"
    shop[1].refresh_from_db()
    assert shop[1].state == OrderState.CONFIRMED


def test_a_task_is_locked_and_let_go(ask: Ask, shop: list[Order]) -> None:
    task = Task.objects.filter(name="装配").first()
    assert task is not None
    assert ask("sales", "post", f"/tasks/{task.pk}/lock", {})[0] == 403
    assert ask("planner", "post", f"/tasks/{task.pk}/lock", {})[1]["task"] == task.pk
    assert ask("planner", "post", f"/tasks/{task.pk}/unlock", {})[0] == 204
    assert not TaskPin.objects.exists()


def test_risks_are_entered_by_those_who_may(ask: Ask, shop: list[Order]) -> None:
    risk: dict[str, Any] = {"title": "减速机晚到", "category": "supply", "order": shop[0].key}
    risk |= {"probability": 40, "days_low": 2, "days_mode": 4, "days_high": 9}
    assert ask("worker", "post", "/risks", risk)[0] in (403, 404)
    assert not Risk.objects.exists()
    assert ask("order_manager", "post", "/risks", {**risk, "title": ""})[0] == 422
    status, made = ask("order_manager", "post", "/risks", risk)
    assert status == 201
    assert ask("worker", "get", "/risks")[1].get("total", 0) == 0
    assert ask("order_manager", "get", "/risks")[1]["total"] == 1
    assert ask("order_manager", "post", f"/risks/{made['id']}/assess", {"version": 99})[0] == 409


# — beside a plan —


def test_who_sees_no_schedule_sees_neither_places_nor_load(ask: Ask, shop: list[Order]) -> None:
    for path in ("placed", "load"):
        assert ask("worker", "get", f"/plans/{shop[0].key}/{path}")[0] in (403, 404)


def test_the_load_under_a_plan_tells_its_own_work_from_that_of_others(ask: Ask, shop: list[Order]) -> None:
    status, found = ask("order_manager", "get", f"/plans/{shop[0].key}/load")
    assert status == 200
    assert found["team"] in [one["key"] for one in found["teams"]]
    row = next(one for one in found["teams"] if one["key"] == found["team"])
    assert sum(one["own"] for one in found["days"]) == pytest.approx(row["hours"])
    assert [one["day"] for one in found["days"]] == sorted({one["day"] for one in found["days"]})
    # Both orders want the only fitter on the same days, as the plans have them.
    other = ask("order_manager", "get", f"/plans/{shop[1].key}/load?team={row['key']}")[1]
    assert [one["own"] for one in other["days"]] == [one["others"] for one in found["days"]]
    assert found["over"]
    for week in found["over"]:
        assert week["percent"] > 100
        assert {one["label"] for one in week["orders"]} == {shop[0].label, shop[1].label}
        days = [one for one in found["days"] if week["first"] <= one["day"] <= _after(week["first"], 6)]
        assert week["hours"] == pytest.approx(sum(one["own"] + one["others"] - one["capacity"] for one in days))


def _after(day: str, days: int) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()


def test_an_unknown_team_falls_back_to_the_busiest(ask: Ask, shop: list[Order]) -> None:
    known = ask("order_manager", "get", f"/plans/{shop[0].key}/load")[1]
    assert ask("order_manager", "get", f"/plans/{shop[0].key}/load?team=t:person:nobody")[1]["team"] == known["team"]


def test_a_scenario_lies_beside_the_plan_until_it_is_closed(ask: Ask, shop: list[Order], person: Person) -> None:
    actor = person("order_manager")
    path = f"/plans/{shop[0].key}/placed"
    live = {one["id"]: one for one in ask("order_manager", "get", path)[1]}
    delta = [{"kind": "drop", "order": shop[1].pk, "label": shop[1].label}]
    made = compute_scenario(make_scenario(actor=actor, name="不做第二单", delta=delta), scheduling.QUICK)
    longer = [
        {
            "kind": "absence",
            "resource": Resource.objects.get(name="赵磊").pk,
            "first": "2026-11-25",
            "last": "2026-12-11",
        }
    ]
    away = compute_scenario(make_scenario(actor=actor, name="赵磊病假", delta=longer), scheduling.QUICK)
    then = {one["id"]: one for one in ask("order_manager", "get", f"{path}?scenario={away.pk}")[1]}
    assert set(then) == set(live)
    moved = {task for task in live if then[task] != live[task]}
    assert moved
    assert all(then[task]["start"] > live[task]["start"] for task in moved)
    before, after = away.delivery_of(shop[0].pk)
    assert after > before
    assert ask("order_manager", "get", f"{path}?scenario={made.pk}")[0] == 200
    discard_scenario(actor=actor, scenario_id=away.pk, expected_version=away.version)
    assert ask("order_manager", "get", f"{path}?scenario={away.pk}")[0] == 404


def test_a_scenario_is_computed_again_beside_the_schedule_in_force(
    ask: Ask, shop: list[Order], person: Person, signed_in: Callable[[str], Client]
) -> None:
    actor = person("order_manager")
    delta = [{"kind": "drop", "order": shop[1].pk, "label": shop[1].label}]
    made = compute_scenario(make_scenario(actor=actor, name="不做第二单", delta=delta), scheduling.QUICK)
    assert "note warn" not in signed_in("order_manager").get(f"/scenarios/{made.pk}/").content.decode()
    ExtraShift.objects.create(skill=scheduling.skill("FIT"), units=2, first=scheduling.TODAY, last=dt.date(2027, 3, 1))
    run = scheduling.run(actor)
    assert "note warn" in signed_in("order_manager").get(f"/scenarios/{made.pk}/").content.decode()
    path = f"/scenarios/{made.pk}/renew"
    assert ask("worker", "post", path, {"version": made.version})[0] in (403, 404)
    assert ask("order_manager", "post", path, {"version": made.version + 1})[0] == 409
    assert Scenario.objects.get().result
    status, found = ask("order_manager", "post", path, {"version": made.version})
    assert (status, found["result"]) == (202, {})
    made = compute_scenario(Scenario.objects.get(), scheduling.QUICK)
    assert made.run_id == run.pk
    assert made.result["before"]


def test_an_unknown_verb_leaves_the_scenario_open(
    shop: list[Order], person: Person, signed_in: Callable[[str], Client]
) -> None:
    delta = [{"kind": "drop", "order": shop[1].pk, "label": shop[1].label}]
    made = make_scenario(actor=person("order_manager"), name="不做第二单", delta=delta)
    answer = signed_in("order_manager").post(f"/scenarios/{made.pk}/throw/", {"version": made.version})
    assert answer.status_code == 404
    assert Scenario.objects.get().state == "open"
