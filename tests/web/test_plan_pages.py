"""The pages of plans and templates."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import planning
from punctual.domain.plans.models import PlanTemplate
from punctual.domain.plans.services.making import make_plan
from punctual.domain.plans.work_calendars import plan_time
from punctual.domain.scheduling.models import DurationRatio

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(person):
    return planning.plan(person("planner"))


@pytest.mark.parametrize("role", ["planner", "sales", "manager", "finance"])
def test_the_office_sees_plans_and_templates(plan, signed_in, role):
    client = signed_in(role)
    for address in (
        "/plans/",
        "/plans/SO-2026-00001/",
        "/plans/SO-2026-00001/baselines/",
        "/plan-templates/",
        "/plan-templates/T-1/",
    ):
        assert client.get(address).status_code == 200, address


def test_the_shop_floor_sees_no_plan(plan, signed_in):
    client = signed_in("worker")
    assert client.get("/plans/SO-2026-00001/").status_code == 404
    assert client.get("/plans/").status_code == 403
    assert client.get("/plan-templates/").status_code == 403


def test_only_who_may_change_gets_the_tools(plan, signed_in):
    assert b'data-tool="add"' not in signed_in("sales").get("/plans/SO-2026-00001/").content
    assert b'data-tool="add"' in signed_in("planner").get("/plans/SO-2026-00001/").content


def test_the_list_costs_the_same_for_one_plan_and_for_many(plan, person, signed_in, django_assert_max_num_queries):
    for number in range(2, 12):
        made = planning.order((planning.product(), 1), requested=dt.date(2026, 11, 27), number=f"SO-2026-{number:05d}")
        make_plan(order=made, actor=person("planner"), today=planning.TODAY)
    client = signed_in("planner")
    client.get("/plans/")
    with django_assert_max_num_queries(16):
        answer = client.get("/plans/?standing=late&sort=-planned")
    assert answer.content.count(b'data-href="/plans/SO-2026-') == 10


def test_progress_is_reported_from_the_phone(plan, signed_in):
    task = planning.task(plan, "方案")
    address = "/plans/SO-2026-00001/progress/"
    answer = signed_in("quality").post(address, {"task": task.pk, "percent": 40, "version": plan.version})
    assert answer.status_code == 302
    assert planning.task(plan, "方案").percent == 40
    again = signed_in("quality").post(address, {"task": task.pk, "percent": 60, "version": plan.version})
    assert again.status_code == 409
    assert planning.task(plan, "方案").percent == 40


def test_the_phone_begins_with_the_progress_that_is_known(plan, signed_in):
    task = planning.task(plan, "方案")
    address = "/plans/SO-2026-00001/progress/"
    signed_in("quality").post(address, {"task": task.pk, "percent": 55, "version": plan.version})
    page = signed_in("quality").get("/plans/SO-2026-00001/").content.decode()
    assert (
        f'id="p{task.pk}" name="percent"><option value="55" selected>55%</option><option value="0">0%</option>' in page
    )


def test_a_baseline_is_kept_and_compared(plan, signed_in, person):
    client = signed_in("planner")
    answer = client.post("/plans/SO-2026-00001/baselines/", {"name": "第一版", "version": plan.version})
    assert answer.status_code == 302
    planning.edit(plan, person("planner"), "resize", task=planning.task(plan, "方案").pk, duration=3 * planning.DAY)
    page = client.get("/plans/SO-2026-00001/baselines/").content.decode()
    assert page.count("+1") == 5
    assert f"{plan_time(planning.task(plan, '方案').finish):%m-%d %H:%M}" == "11-25 17:00"


def test_the_plan_is_agreed_anew_only_with_a_reason_and_both_baselines_stand_on_the_gantt(plan, signed_in, person):
    client = signed_in("planner")
    url = "/plans/SO-2026-00001/baselines/"
    assert client.post(url, {"name": "第一版", "version": plan.version}).status_code == 302
    plan.refresh_from_db()
    refused = client.post(url, {"name": "第二版", "reason": " ", "version": plan.version})
    assert refused.status_code == 422
    assert plan.baselines.count() == 1
    api = client.post(
        "/api/v1/plans/SO-2026-00001/baselines", {"name": "二", "version": plan.version}, "application/json"
    )
    assert "plan.reason_missing" in api.content.decode()
    assert client.post(url, {"name": "第二版", "reason": "客户改期", "version": plan.version}).status_code == 302
    page = client.get(f"{url}?from=1&to=2").content.decode()
    assert "客户改期" in page
    assert "/plans/SO-2026-00001/?from=1&amp;to=2" in page
    gantt = client.get("/plans/SO-2026-00001/?from=1&to=2").content.decode()
    assert "data-against" in gantt
    assert gantt.count('<option value="/baselines/2" selected>') == 1


def test_a_new_baseline_needs_a_name_and_the_present_version(plan, signed_in):
    client = signed_in("planner")
    assert client.post("/plans/SO-2026-00001/baselines/", {"name": "", "version": plan.version}).status_code == 422
    assert client.post("/plans/SO-2026-00001/baselines/", {"name": "x", "version": 99}).status_code == 409
    assert not plan.baselines.exists()


def _post(client, address, body):
    return client.post(address, json.dumps(body), content_type="application/json")


def test_the_editor_saves_a_document_and_shows_errors_at_their_rows(plan, signed_in):
    client = signed_in("planner")
    body = {"code": "T-9", "name": "新模板", "tasks": [{"name": "设计", "level": 0, "duration": "x"}]}
    bad = _post(client, "/plan-templates/new/", body)
    assert (bad.status_code, bad.json()["reasons"][0]["row"]) == (422, 1)
    body["tasks"][0]["duration"] = "2"
    assert _post(client, "/plan-templates/new/", body).json() == {"url": "/plan-templates/T-9/"}
    assert _post(client, "/plan-templates/T-9/", {**body, "version": 7}).status_code == 409


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"tasks": 7}', b'{"tasks": [{"name": 5}]}'])
def test_garbage_is_refused_with_a_sentence(plan, signed_in, content):
    client = signed_in("planner")
    for address in ("/plan-templates/new/", "/plan-templates/preview/"):
        answer = client.post(address, content, content_type="application/json")
        assert answer.status_code == 422
        assert answer.json()["reasons"][0]["message"]
    assert PlanTemplate.objects.count() == 1


def test_the_preview_is_a_picture_without_inline_style(plan, signed_in):
    body = {"tasks": [{"name": "设计", "level": 0, "duration": "2"}], "quantity": "2", "start": "2026-11-23"}
    page = _post(signed_in("sales"), "/plan-templates/preview/", body).content.decode()
    assert "<svg" in page
    assert "style=" not in page


def test_no_page_of_plans_carries_inline_style_or_script(plan, signed_in):
    client = signed_in("planner")
    for address in ("/plans/SO-2026-00001/", "/plan-templates/T-1/", "/plans/SO-2026-00001/baselines/"):
        page = client.get(address).content.decode()
        assert " style=" not in page
        assert "<script>" not in page


def test_a_draft_is_seen_by_editors_only_until_it_is_published(plan, signed_in, person):
    client = signed_in("planner")
    template = PlanTemplate.objects.get()
    first = template.tasks.filter(children=None).order_by("position").first()
    tasks = [{"id": first.pk, "name": "方案改过", "level": 0, "duration": "7"}]
    body = {"code": "T-1", "name": template.name, "tasks": tasks, "version": template.version}
    assert _post(client, "/plan-templates/T-1/", body).status_code == 200
    page = client.get("/plan-templates/T-1/").content.decode()
    assert "方案改过" in page
    assert "<del" in page
    assert "方案改过" not in signed_in("sales").get("/plan-templates/T-1/").content.decode()
    client = signed_in("planner")
    version = PlanTemplate.objects.get().version
    assert client.post("/plan-templates/T-1/publish/", {"version": version - 1}).status_code == 409
    assert client.post("/plan-templates/T-1/publish/", {"version": version, "note": "重排"}).status_code == 302
    assert "方案改过" in signed_in("sales").get("/plan-templates/T-1/").content.decode()
    assert PlanTemplate.objects.get().edition == 2


def test_a_draft_is_discarded_from_its_page(plan, signed_in):
    client = signed_in("planner")
    template = PlanTemplate.objects.get()
    body = {
        "code": "T-1",
        "name": "别的",
        "tasks": [{"name": "设计", "level": 0, "duration": "1"}],
        "version": template.version,
    }
    assert _post(client, "/plan-templates/T-1/", body).status_code == 200
    assert client.post("/plan-templates/T-1/discard/", {"version": template.version + 1}).status_code == 302
    assert "别的" not in client.get("/plan-templates/T-1/").content.decode()


def test_the_template_tells_what_finished_tasks_took_and_what_would_fit(plan, signed_in):
    first = PlanTemplate.objects.get().tasks.filter(children=None, duration__gt=0).order_by("position").first()
    for actual in (600, 630, 660):
        DurationRatio.objects.create(
            type_key=f"t{first.pk}", type_name=first.name, estimated=480, actual=actual, finished_on=planning.TODAY
        )
    page = signed_in("planner").get("/plan-templates/T-1/").content.decode()
    assert "+31%" in page
    assert f'data-adopt="{first.pk}"' in page
    assert "data-adopt" not in signed_in("sales").get("/plan-templates/T-1/").content.decode()
