"""Approvals: who may decide, in whose place, in which order; reminders."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.approvals import subjects
from punctual.platform.approvals.models import ApprovalRequest, ApprovalStep
from punctual.platform.approvals.rules import Level, steps_of
from punctual.platform.approvals.selectors import waiting_for
from punctual.platform.approvals.services import (
    decide,
    delegate,
    end_delegation,
    remind,
    remind_late,
    request_approval,
    set_rules,
    withdraw,
)
from punctual.platform.approvals.subjects import Subject
from punctual.platform.notifications.models import Notification

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 23)
DECIDED: list[tuple[bool, str]] = []


@pytest.fixture(autouse=True)
def _subject(monkeypatch):
    DECIDED.clear()
    chain = (Level("planner", 1), Level("finance", 1, Decimal(100)), Level("manager", 2, Decimal(1000), 5))
    found = Subject("test", "Test", "checks", chain, lambda _r, _who, yes, why: DECIDED.append((yes, why)))
    monkeypatch.setitem(subjects.SUBJECTS, "test", found)


def asked(person, by: str = "order_manager", amount: int = 0, days: int = 0) -> ApprovalRequest:
    return request_approval(
        actor=person(by), subject="test", target=person("sales"), title="x", params={}, today=TODAY,
        amount=Decimal(amount), days=days,
    )  # fmt: skip


def said(person, request: ApprovalRequest, role: str, *, approve: bool = True, **more):
    return decide(actor=person(role), request_id=request.pk, approve=approve, today=TODAY, **more)


def test_steps_come_by_amount_or_days_each_role_once():
    chain = [Level("finance", 2, Decimal(100)), Level("finance", 1, Decimal(500)), Level("manager", 2, minimum_days=5)]
    assert steps_of(chain, amount=Decimal(99), days=4, kinds=()) == []
    assert steps_of(chain, amount=Decimal(100), days=5, kinds=()) == [(2, "finance"), (2, "manager")]
    assert steps_of(chain, amount=Decimal(500), days=0, kinds=()) == [(1, "finance")]


def test_a_step_of_a_product_family_is_asked_for_that_family_alone():
    chain = [Level("manager", 1), Level("quality", 2, kind="VALVE")]
    assert steps_of(chain, amount=Decimal(1), days=0, kinds=("PUMP",)) == [(1, "manager")]
    assert steps_of(chain, amount=Decimal(1), days=0, kinds=("PUMP", "VALVE")) == [(1, "manager"), (2, "quality")]


def test_the_wrong_role_the_requester_and_the_shop_floor_are_refused(person):
    person("planner")
    request = asked(person, by="planner")
    with pytest.raises(Refusal) as refused:
        said(person, request, "planner")
    assert refused.value.codes == {"approval.own"}
    with pytest.raises(Refusal) as refused:
        said(person, request, "quality")
    assert refused.value.codes == {"approval.not_asked"}
    with pytest.raises(Forbidden):
        said(person, request, "worker")
    with pytest.raises(NotFound):
        decide(actor=person("finance"), request_id=999_999, approve=True, today=TODAY)
    assert DECIDED == []


def test_rejecting_needs_a_word_and_ends_the_chain(person):
    request = asked(person, amount=2000)
    with pytest.raises(Refusal) as refused:
        said(person, request, "finance", approve=False)
    assert refused.value.codes == {"approval.comment"}
    said(person, request, "finance", approve=False, comment="太贵")
    assert DECIDED == [(False, "太贵")]
    with pytest.raises(Refusal) as refused:
        said(person, request, "planner")
    assert refused.value.codes == {"approval.decided"}


def test_a_level_waits_for_the_one_before_it(person):
    request = asked(person, amount=1000)
    with pytest.raises(Refusal):
        said(person, request, "manager")
    said(person, request, "planner")
    assert not waiting_for(person("manager"), TODAY).exists()
    said(person, request, "finance")
    assert waiting_for(person("manager"), TODAY).get() == request
    said(person, request, "manager")
    assert DECIDED == [(True, "")]


def test_an_old_version_is_a_conflict(person):
    request = asked(person, amount=1000)
    version = ApprovalRequest.objects.get(pk=request.pk).version
    said(person, request, "planner", expected_version=version)
    with pytest.raises(Conflict):
        said(person, request, "finance", expected_version=version)


def test_a_stand_in_decides_between_the_days_and_both_names_stand(person):
    with pytest.raises(Refusal):
        delegate(actor=person("planner"), delegate=person("planner"), first=TODAY, last=TODAY, today=TODAY)
    with pytest.raises(Refusal):
        delegate(actor=person("planner"), delegate=person("worker"), first=TODAY, last=TODAY, today=TODAY)
    made = delegate(actor=person("planner"), delegate=person("quality"), first=TODAY, last=TODAY, today=TODAY)
    request = asked(person)
    assert waiting_for(person("quality"), TODAY).exists()
    assert not waiting_for(person("quality"), TODAY + dt.timedelta(days=1)).exists()
    said(person, request, "quality")
    step = ApprovalStep.objects.get(request=request)
    assert (step.user, step.on_behalf_of) == (person("quality"), person("planner"))
    end_delegation(actor=person("planner"), delegation_id=made.pk)
    second = asked(person)
    with pytest.raises(Refusal):
        said(person, second, "quality")


def test_a_stand_in_does_not_approve_what_the_absent_person_asked_for(person):
    delegate(actor=person("planner"), delegate=person("quality"), first=TODAY, last=TODAY, today=TODAY)
    request = asked(person, by="planner")
    with pytest.raises(Refusal) as refused:
        said(person, request, "quality")
    assert refused.value.codes == {"approval.own"}


def test_a_stand_in_with_a_step_of_their_own_leaves_that_of_who_asked_to_somebody_else(person):
    delegate(actor=person("planner"), delegate=person("finance"), first=TODAY, last=TODAY, today=TODAY)
    request = said(person, asked(person, by="planner", amount=100), "finance")
    assert (request.state, DECIDED) == ("waiting", [])
    assert dict(request.steps.values_list("role", "state")) == {"finance": "approved", "planner": "waiting"}
    with pytest.raises(Refusal) as refused:
        said(person, request, "finance")
    assert refused.value.codes == {"approval.own"}
    said(person, request, "administrator")
    assert DECIDED == [(True, "")]


def test_who_wrote_it_does_not_decide_it_whoever_asks(person):
    wrote = person("planner")
    request = request_approval(
        actor=person("order_manager"), subject="test", target=person("sales"), title="x", params={}, today=TODAY,
        authors=[wrote, person("order_manager")],
    )  # fmt: skip
    assert not waiting_for(wrote, TODAY).exists()
    assert not Notification.objects.filter(user=wrote).exists()
    with pytest.raises(Refusal) as refused:
        said(person, request, "planner")
    assert refused.value.codes == {"approval.own"}
    delegate(actor=wrote, delegate=person("quality"), first=TODAY, last=TODAY, today=TODAY)
    assert not waiting_for(person("quality"), TODAY).exists()
    with pytest.raises(Refusal) as refused:
        said(person, request, "quality")
    assert refused.value.codes == {"approval.own"}
    said(person, request, "administrator")
    assert DECIDED == [(True, "")]


@pytest.mark.parametrize(("absent", "stands_in"), [("manager", "planner"), ("planner", "manager")])
def test_a_stand_in_decides_one_level_of_a_request(person, absent, stands_in):
    person("manager"), person("planner")
    delegate(actor=person(absent), delegate=person(stands_in), first=TODAY, last=TODAY, today=TODAY)
    request = said(person, asked(person, days=5), stands_in)
    assert (request.state, request.level) == ("waiting", 2)
    assert not waiting_for(person(stands_in), TODAY).exists()
    with pytest.raises(Refusal) as refused:
        said(person, request, stands_in)
    assert refused.value.codes == {"approval.second"}
    said(person, request, absent if absent == "manager" else "administrator")
    assert DECIDED == [(True, "")]


def test_who_lets_the_time_pass_is_reminded_once_a_day(person):
    person("planner")
    request = asked(person)
    assert remind_late() == 0
    ApprovalRequest.objects.update(due_at=timezone.now() - dt.timedelta(hours=1))
    assert remind_late() == 1
    assert remind_late() == 0
    remind(actor=person("order_manager"), request_id=request.pk, today=TODAY)
    assert Notification.objects.filter(user=person("planner"), kind="approval").count() == 3


def test_only_who_asked_withdraws(person):
    request = asked(person)
    with pytest.raises(Forbidden):
        withdraw(actor=person("sales"), request_id=request.pk)
    withdraw(actor=person("order_manager"), request_id=request.pk)
    assert not waiting_for(person("planner"), TODAY).exists()


def test_chains_are_set_by_those_who_may_and_checked(person):
    level = {"level": 1, "role": "quality", "kind": "", "minimum_amount": Decimal(0), "minimum_days": 0}
    with pytest.raises(Forbidden):
        set_rules(actor=person("sales"), subject="test", levels=[level])
    with pytest.raises(Refusal) as refused:
        set_rules(
            actor=person("manager"), subject="test", levels=[{**level, "level": 0, "minimum_amount": Decimal(-1)}]
        )
    assert refused.value.codes == {"approval.level", "approval.limit"}
    set_rules(actor=person("manager"), subject="test", levels=[level])
    request = asked(person)
    assert [one.role for one in request.steps.all()] == ["quality"]
