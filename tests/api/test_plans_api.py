"""Plans and templates over HTTP."""

from __future__ import annotations

import json

import pytest
from django.test import Client

import planning
from punctual.domain.plans.models import Plan
from punctual.platform.accounts.models import ApiToken

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


@pytest.fixture
def call(person):
    def send(role, method, path, body=None):
        token = ApiToken.issue(user=person(role), name="test")[1]
        answer = Client().generic(
            method, ROOT + path, json.dumps(body) if body is not None else "", content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        return answer.status_code, json.loads(answer.content)

    return send


@pytest.fixture
def plan(person):
    return planning.plan(person("planner"))


def test_without_a_plan_there_is_nothing_to_find(call, plan):
    assert call("planner", "GET", "/plans/SO-2026-09999")[0] == 404
    assert call("worker", "GET", "/plans/SO-2026-00001")[0] == 404


def test_who_may_not_edit_is_told_who_may(call, plan):
    command = {"version": plan.version, "command": {"verb": "plan", "goals": "x"}}
    status, body = call("sales", "POST", "/plans/SO-2026-00001/edits", command)
    assert (status, body["code"]) == (403, "permission.missing")


def test_an_edit_answers_with_everything_that_moved(call, plan):
    task = planning.task(plan, "图纸")
    command = {"version": plan.version, "command": {"verb": "move", "task": task.pk, "start": "2026-11-30"}}
    status, body = call("planner", "POST", "/plans/SO-2026-00001/edits", command)
    assert status == 200
    assert body["plan"]["planned_date"] == "2026-12-07"
    assert [row["name"] for row in body["tasks"]] == ["设计", "方案", "图纸", "装配", "FAT"]
    assert body["history"] == {"undo": True, "redo": False}


def test_an_old_version_answers_409_with_the_present_one_and_what_changed(call, plan):
    command = {"version": plan.version, "command": {"verb": "plan", "goals": "甲"}}
    assert call("planner", "POST", "/plans/SO-2026-00001/edits", command)[0] == 200
    status, body = call("order_manager", "POST", "/plans/SO-2026-00001/edits", command)
    assert (status, body["version"]) == (409, plan.version + 1)
    assert body["changes"][0]["by"] == "planner"


@pytest.mark.parametrize(
    "command",
    [{}, {"verb": None}, {"verb": 5}, {"verb": "several", "commands": 5}, {"verb": "move", "task": [], "start": {}}],
)
def test_nonsense_is_422_with_a_code(call, plan, command):
    status, body = call("planner", "POST", "/plans/SO-2026-00001/edits", {"version": plan.version, "command": command})
    assert status == 422
    assert body["code"].startswith("plan.")


def test_lists_page_through_tasks_links_and_baselines(call, plan):
    status, body = call("sales", "GET", "/tasks?order=SO-2026-00001&limit=2&offset=1")
    assert (status, body["total"], [row["wbs"] for row in body["items"]]) == (200, 5, ["1.1", "1.2"])
    assert call("sales", "GET", "/dependencies?order=SO-2026-00001")[1]["total"] == 3
    assert call("sales", "GET", "/baselines?order=SO-2026-00001")[1]["total"] == 0
    assert call("sales", "GET", "/plans?sort=-planned_date")[1]["total"] == 1


def test_a_baseline_holds_every_row(call, plan):
    status, body = call("planner", "POST", "/plans/SO-2026-00001/baselines", {"name": "签约", "version": plan.version})
    assert (status, body["number"]) == (200, 1)
    assert len(call("sales", "GET", "/plans/SO-2026-00001/baselines/1")[1]) == 5


def test_a_plan_is_made_for_an_order(call, plan):
    planning.order((planning.product(), 1), number="SO-2026-00002")
    status, body = call("planner", "POST", "/plans", {"order": "SO-2026-00002", "start": "2026-12-01"})
    assert (status, body["start"]) == (200, "2026-12-01")
    assert Plan.objects.get(order__number="SO-2026-00002").baselines.count() == 1
    assert call("planner", "POST", "/plans", {"order": "SO-2026-00002"})[1]["code"] == "plan.exists"


def test_the_gantt_comes_in_few_statements(plan, signed_in, django_assert_max_num_queries):
    client = signed_in("planner")
    client.get(ROOT + "/plans/SO-2026-00001/gantt")
    with django_assert_max_num_queries(18):
        body = client.get(ROOT + "/plans/SO-2026-00001/gantt").json()
    assert len(body["tasks"]) == 5
    assert "2026-11-28" in body["free_days"]


def test_an_edit_costs_the_same_number_of_statements_however_many_tasks_move(
    plan, person, django_assert_max_num_queries
):
    task = planning.task(plan, "方案")
    planning.edit(plan, person("planner"), "resize", task=task.pk, duration=900)
    with django_assert_max_num_queries(48):
        planning.edit(plan, person("planner"), "resize", task=task.pk, duration=960)


def test_templates_are_read_made_changed_copied_and_archived(call, plan):
    assert call("sales", "GET", "/plan-templates")[1]["total"] == 1
    body = {"code": "T-5", "name": "新", "tasks": [{"name": "设计", "duration": "2"}]}
    assert call("sales", "POST", "/plan-templates", body)[0] == 403
    status, made = call("planner", "POST", "/plan-templates", body)
    assert (status, made["tasks"][0]["duration"]) == (200, "2")
    made["tasks"][0]["duration"] = "3"
    status, changed = call("planner", "PUT", "/plan-templates/T-5", made)
    assert (status, changed["version"]) == (200, 2)
    assert call("planner", "PUT", "/plan-templates/T-5", made)[0] == 409
    assert call("planner", "POST", "/plan-templates/T-5/copy", {"code": "T-6", "name": "又"})[0] == 200
    assert call("planner", "POST", "/plan-templates/T-5/archive", {"archived": True, "version": 2})[1]["archived"]
    preview = {"tasks": body["tasks"], "start": "2026-11-23"}
    assert call("sales", "POST", "/plan-templates/preview", preview)[1]["finish"] == "2026-11-24T17:00:00"
