"""All plans on one axis, and the goals and the budget of one."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import planning
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import AT_CONFIRMATION, Baseline, BudgetLine
from punctual.domain.plans.services.baselines import keep_baseline
from punctual.domain.plans.services.making import make_plan
from punctual.web.plans.pictures import Span, picture

pytestmark = pytest.mark.django_db
BUDGET = "/plans/SO-2026-00001/budget/"


@pytest.fixture(autouse=True)
def _frozen_day(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", localdate(planning.TODAY))


def localdate(today):
    """Django's own, with another today."""
    from django.utils.timezone import localdate as real

    return lambda value=None, zone=None: real(value, zone) if value else today


@pytest.fixture
def plan(person):
    made = planning.plan(person("planner"))
    Order.objects.update(state=OrderState.CONFIRMED)
    return made


# — all plans on one axis —


def test_the_shop_floor_sees_no_timeline(plan, signed_in):
    client = signed_in("worker")
    assert client.get("/plans/timeline/").status_code == 403
    assert client.get("/plans/SO-2026-00001/phases/").status_code == 404


def test_a_plan_opens_from_its_bar_and_unfolds_into_phases(plan, signed_in):
    client = signed_in("sales")
    page = client.get("/plans/timeline/").content.decode()
    assert 'href="/plans/SO-2026-00001/"' in page
    unfold = re.search(r'hx-get="([^"]+)"', page)
    assert unfold
    phases = client.get(unfold.group(1).replace("&amp;", "&")).content.decode()
    assert [name for name in ("方案", "图纸", "装配", "FAT") if name in phases] == ["方案", "图纸", "装配", "FAT"]


@pytest.mark.parametrize("query", ["zoom=week", "zoom=quarter", "zoom=x&show=x&page=x", "show=mine", "show=danger"])
def test_every_view_of_the_timeline_answers(plan, signed_in, query):
    assert signed_in("planner").get(f"/plans/timeline/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["", "first=x&days=x&zoom=x", "first=1900-01-01&days=99999999999999999999"])
def test_phases_answer_to_any_axis(plan, signed_in, query):
    assert signed_in("planner").get(f"/plans/SO-2026-00001/phases/?{query}").status_code == 200


def test_what_ends_after_its_promise_is_hatched_and_stands_under_late(plan, signed_in):
    client = signed_in("planner")
    Order.objects.update(promised_date=plan.planned_date + dt.timedelta(days=30))
    assert 'fill="url(#hl)" />' not in bars(client.get("/plans/timeline/"))
    assert "SO-2026-00001" not in bars(client.get("/plans/timeline/?show=danger"))
    Order.objects.update(promised_date=plan.planned_date - dt.timedelta(days=1))
    late = bars(client.get("/plans/timeline/?show=danger"))
    assert "SO-2026-00001" in late
    assert "url(#hl)" in late


def bars(answer) -> str:
    page = answer.content.decode()
    return page[page.index('class="ptr h"') :] if 'class="ptr h"' in page else ""


def test_the_timeline_costs_the_same_for_one_plan_and_for_many(plan, person, signed_in):
    client = signed_in("planner")
    client.get("/plans/timeline/")
    with CaptureQueriesContext(connection) as one:
        client.get("/plans/timeline/")
    for number in range(2, 10):
        made = planning.order((planning.product(), 1), requested=dt.date(2026, 11, 27), number=f"SO-2026-{number:05d}")
        make_plan(order=made, actor=person("planner"), today=planning.TODAY)
    Order.objects.update(state=OrderState.CONFIRMED)
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/plans/timeline/")
    assert answer.content.count(b'class="ptr ptd"') == 9
    assert len(many) == len(one)


# — goals and budget —


def test_the_shop_floor_sees_no_budget(plan, signed_in):
    assert signed_in("worker").get(BUDGET).status_code == 404


def test_who_may_not_change_plans_reads_the_budget_only(plan, signed_in):
    client = signed_in("finance")
    assert b'name="amount"' not in client.get(BUDGET).content
    facts = {"version": plan.version, "kind": "labour", "name": "调试", "amount": "100"}
    assert client.post(BUDGET, facts).status_code == 403
    assert not BudgetLine.objects.filter(plan=plan).exists()


@pytest.mark.parametrize("amount", ["", "abc", "NaN", "1e308", "-5"])
def test_an_amount_that_is_none_is_refused_in_place(plan, signed_in, amount):
    facts = {"version": plan.version, "kind": "labour", "name": "调试", "amount": amount}
    answer = signed_in("planner").post(BUDGET, facts)
    assert answer.status_code == 422
    assert 'value="调试"' in answer.content.decode(), "what was typed stays"
    assert not BudgetLine.objects.filter(plan=plan).exists()


def test_an_older_version_is_a_conflict(plan, signed_in):
    facts = {"version": plan.version + 5, "kind": "labour", "amount": "100"}
    assert signed_in("planner").post(BUDGET, facts).status_code == 409
    assert not BudgetLine.objects.filter(plan=plan).exists()


def test_a_budget_line_is_added_changed_and_taken_away(plan, signed_in):
    client = signed_in("planner")
    task = planning.task(plan, "装配")

    def post(**facts):
        plan.refresh_from_db()
        return client.post(BUDGET, {"version": plan.version, **facts}).status_code

    assert post(kind="labour", name="装配工时", amount="12,000.50", task=task.pk) == 302
    line = BudgetLine.objects.get(plan=plan)
    assert (str(line.amount), line.task) == ("12000.50", task)
    assert (
        f'<input type="hidden" name="line" value="{line.pk}">'
        in client.get(f"{BUDGET}?line={line.pk}").content.decode()
    )
    assert post(line=line.pk, kind="equipment", name="装配", amount="9000") == 302
    line.refresh_from_db()
    assert (line.kind, str(line.amount), line.task) == ("equipment", "9000.00", None)
    assert post(line=line.pk, delete="1") == 302
    assert not BudgetLine.objects.filter(plan=plan).exists()


def test_goals_are_changed_and_undone_with_the_plan(plan, signed_in, person):
    client = signed_in("planner")
    assert client.post(BUDGET, {"version": plan.version, "goals": "一次通过"}).status_code == 302
    plan.refresh_from_db()
    assert plan.goals == "一次通过"
    planning.edit(plan, person("planner"), "undo")
    plan.refresh_from_db()
    assert plan.goals != "一次通过"


# — baselines by themselves —


@pytest.mark.parametrize(("language", "words"), [("en", "Order confirmed"), ("zh-hans", "订单确认")])
def test_the_baseline_of_the_confirmation_is_named_in_the_readers_language(plan, signed_in, person, language, words):
    keep_baseline(plan_id=plan.pk, actor=person("planner"), name=AT_CONFIRMATION)
    client = signed_in("sales")
    client.cookies["django_language"] = language
    page = client.get("/plans/SO-2026-00001/baselines/").content.decode()
    assert words in page
    assert AT_CONFIRMATION not in page
    assert Baseline.objects.get(name=AT_CONFIRMATION).title != AT_CONFIRMATION


def test_the_words_of_two_days_close_together_stand_apart():
    day = dt.date(2026, 11, 27)
    begins, ends = (dt.datetime.combine(one, dt.time(8)) for one in (dt.date(2026, 10, 1), dt.date(2027, 2, 1)))
    span = Span("装配", begins, ends)
    near = picture([span], marks=[(day + dt.timedelta(days=2), "Promised", "promised"), (day, "today", "today")])
    assert [(words, side) for _x, words, _css, side in near.marks] == [("today", "end"), ("Promised", "start")]
    far = picture([span], marks=[(day, "today", "today"), (dt.date(2027, 1, 20), "Promised", "promised")])
    assert {side for *_rest, side in far.marks} == {"middle"}
