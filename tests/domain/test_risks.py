"""Risks: what is refused, the matrix, responses as action items, occurrence that moves the plan, the simulation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

import planning
from punctual.domain.actions.models import ActionItem, ActionState
from punctual.domain.actions.services import complete_action
from punctual.domain.plans.models import Plan, Task
from punctual.domain.risks.facts import matrix, points_of, residual, standing
from punctual.domain.risks.life import LIFE
from punctual.domain.risks.models import ResponseState, Risk, RiskState, TypicalRisk
from punctual.domain.risks.rules import Level, Points
from punctual.domain.risks.selectors import risks_of, to_review
from punctual.domain.risks.services import company, register, responses
from punctual.domain.risks.services.register import RiskFacts
from punctual.domain.scheduling.book import Hazard, Piece
from punctual.domain.scheduling.simulation import added_slots
from punctual.flows.risk_occurs import on_action_done, record_occurrence
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db
TODAY = planning.TODAY
Person = Callable[[str], User]
PUMP = Points(45, Decimal(2), Decimal(5), Decimal(10), Decimal(0), Decimal(3000), Decimal(9000))


def facts(person: Person, **more: object) -> RiskFacts:
    values: dict[str, object] = {
        "title": "泵晚到",
        "category": "supply",
        "points": PUMP,
        "owner": person("supply_chain"),
    }
    return RiskFacts(**{**values, **more})  # type: ignore[arg-type]


def planned(person: Person) -> Plan:
    return planning.plan(person("planner"))


def entered(person: Person, plan: Plan | None = None, **more: object) -> Risk:
    tasks = [] if plan is None else [Task.objects.get(plan=plan, name="装配").pk]
    order = plan.order if plan else None
    return register.identify_risk(
        actor=person("order_manager"), facts=facts(person, tasks=tasks, **more), order=order, today=TODAY
    )


def proposed(person: Person, risk: Risk, *, probability: int = 20, due: dt.date | None = None) -> int:
    return responses.propose_response(
        actor=person("order_manager"),
        risk_id=risk.pk,
        kind="mitigate",
        title="驻厂催交",
        cost=Decimal(8000),
        after=Points(probability, PUMP.days_low, PUMP.days_mode, PUMP.days_high),
        owner=person("planner"),
        due=due,
        expected_version=None,
    ).pk


# ------------------------------------------------------------------------------------------------------- refusals


def test_a_worker_neither_sees_nor_enters_risks(person: Person) -> None:
    entered(person)
    assert not risks_of(person("worker"))
    with pytest.raises(Forbidden):
        register.identify_risk(actor=person("worker"), facts=facts(person), order=None, today=TODAY)
    with pytest.raises(NotFound):
        register.close_risk(actor=person("order_manager"), risk_id=10**6, note="不存在", expected_version=None)


def test_every_fault_of_a_risk_is_told_at_once(person: Person) -> None:
    wrong = Points(120, Decimal(5), Decimal(2), Decimal(2000))
    with pytest.raises(Refusal) as refused:
        register.identify_risk(
            actor=person("order_manager"),
            facts=facts(person, title=" ", category="weather", points=wrong, owner=None, quality=7, tasks=[10**6]),
            order=None,
            today=TODAY,
        )
    codes = {reason.code for reason in refused.value.reasons}
    assert codes == {
        "risk.title", "risk.category", "risk.probability", "risk.days_order", "risk.days_too_long", "risk.owner",
        "risk.quality", "risk.foreign_task",
    }  # fmt: skip
    assert not Risk.objects.exists()


def test_a_risk_without_probability_or_tasks_is_not_assessed(person: Person) -> None:
    plan = planned(person)
    risk = register.identify_risk(
        actor=person("order_manager"),
        facts=facts(person, points=Points(0, Decimal(1), Decimal(2), Decimal(3))),
        order=plan.order,
        today=TODAY,
    )
    with pytest.raises(Refusal) as refused:
        register.assess_risk(actor=person("order_manager"), risk_id=risk.pk, expected_version=risk.version)
    assert {reason.code for reason in refused.value.reasons} == {"risk.unassessed", "risk.no_task"}


def test_a_response_makes_a_risk_no_worse(person: Person) -> None:
    risk = entered(person)
    with pytest.raises(Refusal) as refused:
        proposed(person, risk, probability=60)
    assert [reason.code for reason in refused.value.reasons] == ["risk.response_worse"]
    assert not risk.responses.exists()


def test_a_stale_copy_is_a_conflict(person: Person) -> None:
    risk = entered(person)
    register.assess_risk(actor=person("order_manager"), risk_id=risk.pk, expected_version=risk.version)
    with pytest.raises(Conflict):
        register.change_risk(
            actor=person("order_manager"),
            risk_id=risk.pk,
            facts=facts(person, title="新"),
            expected_version=risk.version,
        )


@pytest.mark.parametrize("state", list(RiskState))
@pytest.mark.parametrize("verb", ["assess", "review", "occur", "close", "reopen", "propose"])
def test_every_state_and_verb(person: Person, state: RiskState, verb: str) -> None:
    risk = entered(person)
    Risk.objects.filter(pk=risk.pk).update(state=state)
    manager = person("order_manager")
    calls: dict[str, Callable[[], object]] = {
        "assess": lambda: register.assess_risk(actor=manager, risk_id=risk.pk, expected_version=None),
        "review": lambda: register.review_risk(
            actor=manager, risk_id=risk.pk, today=TODAY, next_on=None, note="", expected_version=None
        ),
        "occur": lambda: record_occurrence(actor=manager, risk_id=risk.pk, today=TODAY, expected_version=None),
        "close": lambda: register.close_risk(actor=manager, risk_id=risk.pk, note="过去了", expected_version=None),
        "reopen": lambda: register.reopen_risk(actor=manager, risk_id=risk.pk, expected_version=None),
        "propose": lambda: proposed(person, risk),
    }
    if LIFE.allows(state, verb):
        calls[verb]()
    else:
        with pytest.raises(Refusal):
            calls[verb]()
        risk.refresh_from_db()
        assert risk.state == state


# ------------------------------------------------------------------------------------------------------- the matrix


def test_the_matrix_classes_by_its_bounds(person: Person) -> None:
    shown = matrix()
    assert [shown.probability_class(one) for one in (5, 10, 39, 64, 65)] == [1, 2, 3, 4, 5]
    assert [shown.impact_class(Decimal(one)) for one in ("0.5", "1", "3", "5", "8")] == [1, 2, 3, 4, 5]
    assert shown.level(45, Decimal(5)) == 16
    assert shown.colour(16) == Level.STOP
    assert shown.colour(3) == Level.LOW


def test_the_matrix_is_set_by_whoever_may_and_with_rising_bounds_only(person: Person) -> None:
    wanted = {
        "probability_bounds": [Decimal(10), Decimal(30), Decimal(20), Decimal(70)],
        "impact_bounds": [Decimal(1), Decimal(2), Decimal(4), Decimal(8)],
        "watch_from": 4, "act_from": 8, "stop_from": 15, "review_days": 14, "expected_version": None,
    }  # fmt: skip
    with pytest.raises(Forbidden):
        company.change_risk_settings(actor=person("sales"), **wanted)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refused:
        company.change_risk_settings(actor=person("order_manager"), **wanted)  # type: ignore[arg-type]
    assert refused.value.reasons[0].field == "probability_bounds"
    assert matrix().probability_bounds == (10, 25, 40, 65)


# ------------------------------------------------------------------------------------------------------- responses


def test_a_chosen_response_is_an_action_item_and_lowers_the_residual_level(person: Person) -> None:
    risk = entered(person)
    chosen = proposed(person, risk, due=TODAY + dt.timedelta(days=3))
    responses.choose_response(
        actor=person("order_manager"), risk_id=risk.pk, response_id=chosen, today=TODAY, expected_version=None
    )
    risk.refresh_from_db()
    item = ActionItem.objects.get()
    assert (item.owner, item.due, item.cause_id) == (person("planner"), TODAY + dt.timedelta(days=3), risk.pk)
    assert risk.state == RiskState.RESPONDING
    assert (standing(risk).probability, residual(risk).probability) == (45, 20)
    complete_action(actor=person("planner"), action_id=item.pk)
    on_action_done(OutboxEvent.objects.get(kind="action_item.done"))
    assert standing(Risk.objects.get(pk=risk.pk)).probability == 20


def test_another_choice_takes_the_first_one_back(person: Person) -> None:
    risk = entered(person)
    first, second = proposed(person, risk), proposed(person, risk, probability=10)
    for one in (first, second):
        responses.choose_response(
            actor=person("order_manager"), risk_id=risk.pk, response_id=one, today=TODAY, expected_version=None
        )
    states = dict(risk.responses.values_list("pk", "state"))
    assert states == {first: ResponseState.PROPOSED, second: ResponseState.CHOSEN}
    assert sorted(ActionItem.objects.values_list("state", flat=True)) == [ActionState.CANCELLED, ActionState.OPEN]
    with pytest.raises(Refusal):
        responses.remove_response(
            actor=person("order_manager"), risk_id=risk.pk, response_id=second, expected_version=None
        )


def test_a_response_whose_day_is_past_is_not_chosen(person: Person) -> None:
    risk = entered(person)
    old = proposed(person, risk, due=TODAY - dt.timedelta(days=1))
    with pytest.raises(Refusal) as refused:
        responses.choose_response(
            actor=person("order_manager"), risk_id=risk.pk, response_id=old, today=TODAY, expected_version=None
        )
    assert refused.value.reasons[0].code == "risk.response_past"
    assert not ActionItem.objects.exists()


# ----------------------------------------------------------------------------------------------- plan and simulation


def test_an_occurrence_makes_the_task_longer_and_hands_over_the_contingency(person: Person) -> None:
    plan = planned(person)
    risk = entered(person, plan, contingency="改空运")
    before = Task.objects.get(plan=plan, name="装配")
    record_occurrence(
        actor=person("order_manager"), risk_id=risk.pk, today=TODAY, note="供应商来函", expected_version=None
    )
    after = Task.objects.get(plan=plan, name="装配")
    assert after.duration == before.duration + 5 * planning.DAY
    assert after.finish is not None
    assert before.finish is not None
    assert (after.finish - before.finish).days == 7, "five working days are a week"
    assert ActionItem.objects.get().title == "改空运"


def test_where_the_plan_refuses_the_risk_stays_as_it_was(person: Person) -> None:
    plan = planned(person)
    risk = entered(person, plan)
    plan.order.state = "closed"
    plan.order.save()
    with pytest.raises(Refusal):
        record_occurrence(actor=person("order_manager"), risk_id=risk.pk, today=TODAY, expected_version=None)
    risk.refresh_from_db()
    assert (risk.state, risk.occurred_on) == (RiskState.IDENTIFIED, None)


def test_a_new_order_gets_the_typical_risks_of_its_family_once(person: Person) -> None:
    plan = planned(person)
    family = plan.order.lines.first().product.family  # type: ignore[union-attr]
    common = {"category": "supply", "probability": 30, "days_low": 1, "days_mode": 2, "days_high": 3}
    TypicalRisk.objects.create(title="装配人手不足", family=family, task_words="装配", **common)
    TypicalRisk.objects.create(title="没有这种任务", task_words="焊接", **common)
    made = company.seed_register(actor=person("order_manager"), order=plan.order, today=TODAY)
    assert [risk.title for risk in made] == ["装配人手不足"]
    assert [task.name for task in made[0].tasks.all()] == ["装配"]
    assert company.seed_register(actor=person("order_manager"), order=plan.order, today=TODAY) == []


def test_reviews_that_are_due_are_listed_until_they_are_done(person: Person) -> None:
    risk = entered(person, review_on=TODAY)
    assert list(to_review(person("order_manager"), today=TODAY)) == [risk]
    with pytest.raises(Refusal):
        register.review_risk(
            actor=person("order_manager"), risk_id=risk.pk, today=TODAY, next_on=TODAY, note="", expected_version=None
        )
    register.review_risk(
        actor=person("order_manager"), risk_id=risk.pk, today=TODAY, next_on=None, note="无变化", expected_version=None
    )
    assert not to_review(person("order_manager"), today=TODAY)


def test_what_a_hazard_adds_has_the_probability_and_the_mean_of_its_triangle() -> None:
    pieces = [Piece("1", 1, "1.0", "装配", 8, task=11), Piece("2", 1, "1.0", "调试", 8, task=12)]
    runs = 40_000
    hazard = Hazard(7, 1, 0.3, (12,), 16, 40, 80)
    added = added_slots([hazard], pieces, runs, seed=3)
    assert added is not None
    assert not added[:, 0].any()
    occurred = added[:, 1] > 0
    error = 4 * np.sqrt(0.3 * 0.7 / runs)
    assert abs(occurred.mean() - 0.3) < error
    mean, sd = (16 + 40 + 80) / 3, np.sqrt((16**2 + 40**2 + 80**2 - 16 * 40 - 16 * 80 - 40 * 80) / 18)
    assert abs(added[occurred, 1].mean() - mean) < 4 * sd / np.sqrt(occurred.sum()) + 0.01
    again = added_slots([Hazard(8, 1, 1.0, (11,), 1, 1, 1), hazard], pieces, runs, seed=3)
    assert again is not None
    assert (again[:, 1] == added[:, 1]).all(), "another risk leaves its draws as they are"
    assert added_slots([hazard], pieces[:1], runs, seed=3) is None
    assert points_of(Risk(probability=5)).probability == 5
