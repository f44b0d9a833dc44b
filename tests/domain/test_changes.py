"""Change orders: what refuses them, what they do to order and plan, and that taking one back gives back everything."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ordering
import planning
from changing import FAR, applied, approved, everything, line_of, planned, quantity, raised
from planning import TODAY
from punctual.domain.changes.life import LIFE
from punctual.domain.changes.models import ChangeOrder, ChangeState, OrderRevision
from punctual.domain.changes.selectors import compared
from punctual.domain.changes.services.applying import apply, reverse
from punctual.domain.changes.services.customer import answer_by_paper, ask_customer
from punctual.domain.changes.services.raising import analyse, change_draft, raise_change, reopen, submit, withdraw
from punctual.domain.orders import guards
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.plans.models import Baseline, Plan, Task
from punctual.kernel.refusal import Conflict, Forbidden, Refusal
from punctual.platform.approvals.models import ApprovalRequest, ApprovalRule
from punctual.platform.approvals.services import decide
from punctual.platform.notifications.models import Notification

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("role", ["planner", "finance", "quality", "worker", "manager"])
def test_only_order_managers_and_sales_raise_a_change(person, role):
    plan = planned(person)
    with pytest.raises(Forbidden):
        raise_change(
            actor=person(role), order_id=plan.order_id, title="x", source="us", today=TODAY, items=[quantity(plan, 3)]
        )
    assert not ChangeOrder.objects.exists()


@pytest.mark.parametrize(
    "state", [s for s in OrderState.values if s not in ("confirmed", "in_progress", "partially_delivered")]
)
def test_an_order_that_is_not_confirmed_or_is_over_takes_no_change(person, state):
    plan = planned(person)
    Order.objects.filter(pk=plan.order_id).update(state=state)
    with pytest.raises(Refusal) as refused:
        raised(person, plan, quantity(plan, 3))
    assert refused.value.codes == {"change.order_state"}


def test_everything_that_is_wrong_with_the_items_is_said_at_once(person):
    plan = planned(person)
    line = line_of(plan).pk
    bad = [
        {"kind": "line", "line": line, "field": "quantity", "new": "many"},
        {"kind": "line", "line": 999999, "field": "quantity", "new": "3"},
        {"kind": "line", "line": line, "field": "planned_date", "new": "2027-01-01"},
        {"kind": "line", "line": line, "field": "unit_price", "new": "1000"},
        {"kind": "task_add", "data": {"name": "", "days": "-1"}},
    ]
    with pytest.raises(Refusal) as refused:
        raised(person, plan, *bad)
    assert {
        "order.number_unreadable", "order.change.line_gone", "order.change.field", "change.same",
        "order.change.task_name", "order.change.task_days",
    } <= refused.value.codes  # fmt: skip
    assert not ChangeOrder.objects.exists()


def test_a_model_that_the_catalogue_does_not_know_is_refused_at_the_analysis(person):
    plan = planned(person)
    change = raised(person, plan, {"kind": "line_add", "data": {"model": "NOPE", "quantity": "1", "unit_price": "5"}})
    with pytest.raises(Refusal) as refused:
        analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert any("model" in code or "product" in code for code in refused.value.codes)


def test_the_quantity_can_not_go_below_what_is_delivered(person, monkeypatch):
    plan = planned(person, 5)
    monkeypatch.setitem(guards._DELIVERED, "test", lambda order: {line_of(plan).pk: Decimal(4)})
    change = raised(person, plan, quantity(plan, 3))
    with pytest.raises(Refusal) as refused:
        analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert refused.value.codes == {"change.below_delivered"}


def test_nobody_approves_their_own_change_even_as_administrator(person):
    plan = planned(person)
    change = raise_change(
        actor=person("administrator"), order_id=plan.order_id, title="x", source="us", today=TODAY,
        items=[quantity(plan, 3)], needs_customer=False,
    )  # fmt: skip
    analyse(actor=person("administrator"), change_id=change.pk, today=TODAY)
    submit(actor=person("administrator"), change_id=change.pk, today=TODAY)
    request = ApprovalRequest.objects.get()
    with pytest.raises(Refusal) as refused:
        decide(actor=person("administrator"), request_id=request.pk, approve=True, today=TODAY)
    assert refused.value.codes == {"approval.own"}
    change.refresh_from_db()
    assert change.state == ChangeState.SUBMITTED


def test_who_wrote_a_change_does_not_approve_it_when_a_colleague_submits_it(person):
    plan = planned(person)
    raised_by, wrote, sent_by = person("sales"), person("administrator"), person("order_manager")
    change = raise_change(
        actor=raised_by, order_id=plan.order_id, title="x", source="us", today=TODAY, needs_customer=False,
        items=[quantity(plan, 3)],
    )  # fmt: skip
    change = change_draft(
        actor=wrote, change_id=change.pk, expected_version=None, title="x", source="us", needs_customer=False,
        items=[quantity(plan, 4)],
    )  # fmt: skip
    analyse(actor=sent_by, change_id=change.pk, today=TODAY)
    submit(actor=sent_by, change_id=change.pk, today=TODAY)
    request = ApprovalRequest.objects.get()
    assert request.behind == {raised_by.pk, wrote.pk, sent_by.pk}
    with pytest.raises(Refusal) as refused:
        decide(actor=wrote, request_id=request.pk, approve=True, today=TODAY)
    assert refused.value.codes == {"approval.own"}
    step = request.steps.first()
    decide(actor=person(step.role), request_id=request.pk, approve=True, today=TODAY)


def test_a_change_whose_impact_has_grown_since_is_not_applied(person):
    plan = planned(person)
    change = approved(person, plan, quantity(plan, 3))
    before = everything(plan)
    impact = {**change.impact, "planned": "2026-11-25"}
    ChangeOrder.objects.filter(pk=change.pk).update(impact=impact)
    with pytest.raises(Refusal) as refused:
        apply(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert refused.value.codes == {"change.impact_grew"}
    assert everything(plan) == before
    assert reopen(actor=person("order_manager"), change_id=change.pk).state == ChangeState.DRAFT


def test_two_people_who_edit_the_same_draft_do_not_lose_each_others_work(person):
    plan = planned(person)
    change = raised(person, plan, quantity(plan, 3))
    wish = {"change_id": change.pk, "title": "改", "source": "us", "items": [quantity(plan, 4)]}
    change_draft(actor=person("sales"), expected_version=change.version, **wish)
    with pytest.raises(Conflict):
        change_draft(actor=person("order_manager"), expected_version=change.version, **wish)


VERBS = {
    "change": lambda who, pk, plan: change_draft(
        actor=who, change_id=pk, expected_version=None, title="改", source="us", items=[quantity(plan, 4)]
    ),
    "analyse": lambda who, pk, plan: analyse(actor=who, change_id=pk, today=TODAY),
    "submit": lambda who, pk, plan: submit(actor=who, change_id=pk, today=TODAY),
    "reopen": lambda who, pk, plan: reopen(actor=who, change_id=pk),
    "ask_customer": lambda who, pk, plan: ask_customer(actor=who, change_id=pk),
    "answer": lambda who, pk, plan: answer_by_paper(
        actor=who, change_id=pk, agree=False, name="x", note="x", file=None
    ),
    "apply": lambda who, pk, plan: apply(actor=who, change_id=pk, today=TODAY),
    "reverse": lambda who, pk, plan: reverse(actor=who, change_id=pk, reason="x", today=TODAY),
    "withdraw": lambda who, pk, plan: withdraw(actor=who, change_id=pk, reason="x"),
}


@pytest.mark.parametrize("state", ChangeState.values)
def test_every_verb_is_refused_in_every_state_that_the_table_does_not_allow(person, state):
    plan = planned(person)
    change = raised(person, plan, quantity(plan, 3))
    ChangeOrder.objects.filter(pk=change.pk).update(state=state)
    before = everything(plan)
    for verb, do in VERBS.items():
        if LIFE.allows(state, verb):
            continue
        with pytest.raises(Refusal) as refused:
            do(person("order_manager"), change.pk, plan)
        assert f"change_order.state.{verb}" in refused.value.codes, (state, verb)
    assert everything(plan) == before


# ------------------------------------------------------------------------------------------------ what it does


def test_the_analysis_tells_days_work_and_value_and_writes_nothing_to_order_and_plan(person):
    plan = planned(person)
    before = everything(plan)
    change = raised(person, plan, quantity(plan, 5))
    change, _found = analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    impact = change.impact
    # 装配 1 d + 1 d a unit: three more units, three more working days (two people): FAT from 12-02 to 12-07.
    assert (impact["planned_before"], impact["planned"], impact["days"]) == ("2026-12-02", "2026-12-07", 5)
    assert (impact["value_before"], impact["value"]) == ("2000", "5000.00") or Decimal(impact["value"]) == 5000
    changed = [row for row in impact["tasks"] if row["change"] == "changed"]
    assert [(row["name"], row["minutes"], row["critical"]) for row in changed] == [("2 装配", 3 * 480 * 2, True)]
    assert everything(plan) == before
    assert Baseline.objects.count() == 0


def test_applying_makes_revision_two_a_longer_plan_and_a_baseline_of_its_name(person):
    plan = planned(person)
    told_roles = {person(role).role for role in ("planner", "supply_chain", "quality", "finance")}
    change = applied(person, plan, quantity(plan, 5))
    order = Order.objects.get(pk=plan.order_id)
    assert order.total_amount == 5000
    assert order.planned_date == dt.date(2026, 12, 7)
    assert [one.number for one in OrderRevision.objects.order_by("number")] == [1, 2]
    assert Baseline.objects.filter(plan=plan).last().name == change.number
    told = Notification.objects.filter(text__contains="is applied", params__number=change.number)
    assert {one.user.role for one in told} >= told_roles
    first, second = OrderRevision.objects.order_by("number")
    assert [(one["line"], one["field"], one["old"], one["new"]) for one in compared(first, second)] == [
        (10, "quantity", "2", "5")
    ]


def test_a_rejected_change_leaves_no_trace(person):
    plan = planned(person)
    before = everything(plan)
    change = raised(person, plan, quantity(plan, 5))
    analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    submit(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    decide(
        actor=person("planner"), request_id=ApprovalRequest.objects.get().pk, approve=False, comment="产能不够",
        today=TODAY,
    )  # fmt: skip
    change.refresh_from_db()
    assert change.state == ChangeState.REJECTED
    assert everything(plan) == before
    assert Baseline.objects.count() == 0


def test_done_work_that_is_lost_is_counted_and_done_again(person):
    plan = planned(person)
    concept = planning.task(plan, "方案")
    planning.edit(plan, person("planner"), "progress", task=concept.pk, percent=100)
    plan.refresh_from_db()
    change = raised(person, plan, {"kind": "task_redo", "data": {"task": concept.pk, "percent": "50"}})
    change, _found = analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    assert change.impact["lost_minutes"] == 480
    assert [row["name"] for row in change.impact["tasks"] if row["change"] == "added"] == ["1.2 方案 ↻"]


def test_a_new_task_between_two_others_moves_what_waits_and_costs_what_it_says(person):
    plan = planned(person)
    assembly, fat = planning.task(plan, "装配"), planning.task(plan, "FAT")
    item = {
        "kind": "task_add",
        "data": {
            "name": "Cpk 验证", "days": "2", "after": assembly.pk, "before": fat.pk, "kind": "labour",
            "amount": "3000.50",
        },
    }  # fmt: skip
    applied(person, plan, item)
    made = Task.objects.get(plan=plan, name="Cpk 验证")
    assert made.is_critical
    assert Order.objects.get(pk=plan.order_id).planned_date == dt.date(2026, 12, 4)
    assert plan.budget.get().amount == Decimal("3000.50")


def test_levels_follow_amount_and_days(person):
    plan = planned(person)
    change = raised(person, plan, quantity(plan, 5))
    analyse(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    ApprovalRule.objects.create(subject="change_order", level=1, role="finance", minimum_amount=3000)
    ApprovalRule.objects.create(subject="change_order", level=2, role="manager", minimum_days=5)
    ApprovalRule.objects.create(subject="change_order", level=2, role="quality", minimum_days=6)
    ApprovalRule.objects.create(subject="change_order", level=1, role="sales", kind="OTHER")
    submit(actor=person("order_manager"), change_id=change.pk, today=TODAY)
    request = ApprovalRequest.objects.get()
    assert [(one.level, one.role) for one in request.steps.all()] == [(1, "finance"), (2, "manager")]
    with pytest.raises(Refusal) as refused:
        decide(actor=person("manager"), request_id=request.pk, approve=True, today=TODAY)
    assert refused.value.codes == {"approval.not_asked"}


ITEMS = st.lists(
    st.sampled_from(["quantity", "price", "add", "task", "redo", "place", "date"]), min_size=1, max_size=5, unique=True
)


def made_of(plan: Plan, kinds: list[str], number: int) -> list[dict[str, object]]:
    line, tasks = line_of(plan), {one.name: one.pk for one in Task.objects.filter(plan=plan)}
    every = {
        "quantity": quantity(plan, number),
        "price": {"kind": "line", "line": line.pk, "field": "unit_price", "new": f"{number}.37"},
        "add": {
            "kind": "line_add",
            "data": {"model": "HC-1", "quantity": str(number), "unit_price": "99.99", "requested_date": "2027-08-11"},
        },
        "task": {"kind": "task_add", "data": {"name": "新", "days": "1.5", "after": tasks["方案"], "amount": "7"}},
        "redo": {"kind": "task_redo", "data": {"task": tasks["方案"], "percent": "30"}},
        "place": {"kind": "header", "field": "delivery_place", "new": f"{number} 号门"},
        "date": {"kind": "line", "line": line.pk, "field": "promised_date", "new": "2027-09-01"},
    }
    return [every[kind] for kind in kinds]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=ITEMS, number=st.integers(3, 9), done=st.sampled_from([60, 100]))
def test_applied_then_taken_back_gives_back_order_and_plan_and_the_value_is_the_sum_of_revisions(
    person, kinds, number, done
):
    from django.db import transaction

    with transaction.atomic():
        plan = planned(person)
        if done:
            planning.edit(plan, person("planner"), "progress", task=planning.task(plan, "方案").pk, percent=done)
        before = everything(plan)
        change = applied(person, plan, *made_of(plan, kinds, number))
        assert everything(plan) != before
        _value_is_sum(plan)
        reverse(actor=person("order_manager"), change_id=change.pk, reason="客户撤回", today=TODAY)
        assert everything(plan) == before
        _value_is_sum(plan)
        first, second, third = plan.order.revisions.order_by("number")
        assert compared(first, third) == []  # any two of them, not only neighbours
        away, back = compared(first, second), compared(second, first)
        assert [(one["field"], one["old"], one["new"]) for one in back] == [
            (one["field"], one["new"], one["old"]) for one in away
        ]
        transaction.set_rollback(True)


def _value_is_sum(plan: Plan) -> None:
    order = Order.objects.get(pk=plan.order_id)
    assert order.total_amount == sum(one.amount_change for one in order.revisions.all())


def test_a_removed_line_comes_back_with_its_tasks(person):
    company, one = planning.company_calendar(), planning.product()
    assert company
    planning.template("T-1", one)
    order = planning.order((one, 1), (one, 2), requested=FAR)
    order.lines.update(unit_price=Decimal(10), promised_date=FAR)
    order.total_amount, order.owner, order.promised_date = Decimal(30), person("order_manager"), FAR
    order.save()
    from punctual.domain.plans.services.making import make_plan

    plan = make_plan(order=order, actor=person("planner"), today=TODAY)
    done = Task.objects.filter(plan=plan, order_line=line_of(plan), name="方案").get()
    planning.edit(plan, person("planner"), "progress", task=done.pk, percent=100)
    before = everything(plan)
    change = applied(person, plan, {"kind": "line_remove", "line": line_of(plan).pk})
    assert change.impact["lost_minutes"] == 960
    assert order.lines.count() == 1
    assert Task.objects.filter(plan=plan, pk=done.pk, order_line=None).exists()
    assert Task.objects.filter(plan=plan, name="装配").count() == 1
    reverse(actor=person("order_manager"), change_id=change.pk, reason="撤回", today=TODAY)
    assert everything(plan) == before


def test_a_change_is_not_taken_back_once_its_work_has_begun_or_a_later_one_is_applied(person):
    plan = planned(person)
    first = applied(person, plan, {"kind": "task_add", "data": {"name": "新", "days": "1"}})
    second = applied(person, plan, quantity(plan, 3))
    with pytest.raises(Refusal) as refused:
        reverse(actor=person("order_manager"), change_id=first.pk, reason="x", today=TODAY)
    assert refused.value.codes == {"change.not_last"}
    plan.refresh_from_db()
    planning.edit(plan, person("planner"), "progress", task=planning.task(plan, "装配").pk, percent=10)
    with pytest.raises(Refusal) as refused:
        reverse(actor=person("order_manager"), change_id=second.pk, reason="x", today=TODAY)
    assert refused.value.codes == {"change.work_begun"}


def test_orders_of_the_ordering_helpers_can_be_changed_too(person):
    """The whole way from confirmation: catalogue checks apply to what the change makes of the order."""
    order = ordering.confirmed(person("order_manager"))
    plan = Plan.objects.get(order=order)
    change = applied(person, plan, quantity(plan, 4))
    assert change.revision.number == 2
    assert Order.objects.get(pk=order.pk).total_amount == 4 * 710_000
