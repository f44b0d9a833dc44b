"""Failure → nonconformity → rework → new date → delivery stopped → concession in one story; what refuses each step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

import inspecting
import planning
import scheduling
from punctual.domain.orders.models import Order, OrderState
from punctual.domain.orders.services.states import move
from punctual.domain.plans.models import Plan, Task
from punctual.domain.quality.gates import open_gates
from punctual.domain.quality.models import DebitNote, Inspection, Loss, Nonconformity
from punctual.domain.quality.services.inspections import inspect_point
from punctual.domain.quality.services.ncrs import ContainmentIn, contain, verify_ncr
from punctual.domain.quality.services.plans import concede
from punctual.flows.failed_inspection import (
    DispositionIn,
    decide_disposition,
    options_of,
    planned_if,
    submit_inspection,
)
from punctual.kernel.refusal import Forbidden, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.approvals.models import ApprovalRequest, ApprovalRule
from punctual.platform.approvals.services import decide

TODAY = planning.TODAY
pytestmark = pytest.mark.django_db
Person = Callable[[str], User]
TWO_DAYS, HALF_A_DAY = 2 * 480, 240
REWORK = DispositionIn("rework", "补焊", work_minutes=TWO_DAYS, recheck_minutes=HALF_A_DAY, cost=Decimal("2800"))


def rejected(person: Person) -> tuple[Plan, Nonconformity]:
    """A plan whose hold point at 装配 has failed; the nonconformity is contained."""
    plan = planning.plan(person("planner"))
    point = inspecting.quality_plan(plan)
    one = inspect_point(actor=person("quality"), point=point, lot_size=2, today=TODAY)
    judged = inspecting.found(person("quality"), one, inspected=2, bad=1)
    assert judged.ncr is not None
    contain(actor=person("quality"), ncr_id=judged.ncr.pk, rows=[ContainmentIn("装配区", "挂红牌", 2)])
    judged.ncr.refresh_from_db()
    return plan, judged.ncr


def test_a_worker_decides_no_disposition_and_nothing_changes(person: Person) -> None:
    plan, ncr = rejected(person)
    before = planning.snapshot(plan)
    with pytest.raises(Refusal):
        decide_disposition(actor=person("worker"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    with pytest.raises(Forbidden):
        decide_disposition(actor=person("planner"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    ncr.refresh_from_db()
    assert ncr.state == "contained"
    assert planning.snapshot(plan) == before


def test_what_speaks_against_a_disposition_is_told_at_once_and_nothing_changes(person: Person) -> None:
    plan, ncr = rejected(person)
    before = planning.snapshot(plan)
    wrong = DispositionIn("return", work_minutes=-1, cost=Decimal("1.234"), supplier_share=Decimal(9))
    with pytest.raises(Refusal) as refused:
        decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=wrong, today=TODAY)
    assert refused.value.codes == {"ncr.return_no_supplier", "ncr.minutes", "loss.amount", "ncr.supplier_share"}
    for given, code in (
        (DispositionIn("use_as_is"), "ncr.no_concession"),
        (DispositionIn("rework"), "ncr.work_minutes"),
        (DispositionIn("burn"), "ncr.disposition"),
    ):
        with pytest.raises(Refusal) as refused:
            decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=given, today=TODAY)
        assert code in refused.value.codes
    assert planning.snapshot(plan) == before
    assert not Loss.objects.exists()


def test_failure_rework_new_date_stopped_delivery_and_concession(
    person: Person, signed_in: Callable[[str], Client]
) -> None:
    plan, ncr = rejected(person)
    order = Order.objects.get(pk=plan.order_id)
    assert order.planned_date == dt.date(2026, 12, 2)
    assert ncr.task == planning.task(plan, "装配")
    assert (ncr.quantity, ncr.nonconforming, ncr.origin) == (2, 1, "inspection")

    # Before it is decided, the options say what each would do; two and a half days from the evening of 12-02.
    assert planned_if(ncr, REWORK, today=TODAY) == dt.date(2026, 12, 7)
    ways = {one.disposition: one for one in options_of(ncr, work=TWO_DAYS, recheck=HALF_A_DAY, today=TODAY)[0]}
    assert ways["rework"].planned == dt.date(2026, 12, 7)
    assert ways["return"].reasons
    assert ways["use_as_is"].days == 0

    decided = decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    order.refresh_from_db()
    # 装配 ends Wed 12-02 17:00; rework Thu and Fri; re-inspection Mon morning; FAT right after it.
    assert planning.table(plan)[-3:] == [
        ("3", f"{decided.rework_task.name}", "12-03 08:00", "12-04 17:00"),
        ("4", f"复检 {ncr.number}", "12-07 08:00", "12-07 12:00"),
        ("5", "FAT", "12-07 12:00", "12-07 12:00"),
    ]
    assert order.planned_date == dt.date(2026, 12, 7)
    assert (decided.planned_before, decided.planned_after, decided.days_lost) == (
        dt.date(2026, 12, 2), dt.date(2026, 12, 7), 5,
    )  # fmt: skip
    loss = Loss.objects.get()
    assert (loss.order, loss.amount, loss.days, loss.kind) == (order, Decimal(2800), 5, "internal")

    drawn = signed_in("quality").get(f"/ncr/{ncr.pk}/").content.decode().split('class="psvg"')[1].split("</svg>")[0]
    assert (drawn.count("f-what"), drawn.count("f-band")) == (2, 1)  # rework and re-inspection; FAT behind them

    # The delivery is stopped: by the hold point and by the nonconformity, each said by name.
    order.state = OrderState.IN_PROGRESS
    order.save()
    with pytest.raises(Refusal) as refused:
        move(actor=person("order_manager"), order_id=order.pk, verb="deliver", today=TODAY)
    assert refused.value.codes >= {"quality.gate.hold", "quality.gate.ncr"}
    order.refresh_from_db()
    assert order.state == OrderState.IN_PROGRESS

    # Nobody of the project lets it pass; a manager does, by name, gate by gate.
    gate = open_gates(order)[0]
    with pytest.raises(Forbidden):
        concede(actor=person("order_manager"), order=order, kind="hold", target_id=gate.point.pk, reason="急")
    with pytest.raises(Refusal):
        concede(actor=person("manager"), order=order, kind="hold", target_id=gate.point.pk, reason=" ")
    concede(actor=person("manager"), order=order, kind="hold", target_id=gate.point.pk, reason="客户同意先发")
    concede(actor=person("manager"), order=order, kind="ncr", target_id=ncr.pk, reason="现场补焊")
    assert open_gates(order) == []
    with pytest.raises(Refusal) as refused:
        move(actor=person("order_manager"), order_id=order.pk, verb="deliver", today=TODAY)
    assert refused.value.codes == {"order.deliver.not_shipped"}


def test_where_the_company_wants_a_chain_a_concession_waits_for_its_approval(person: Person) -> None:
    plan, ncr = rejected(person)
    ApprovalRule.objects.create(subject="concession", level=1, role="quality")
    order = plan.order
    asked = concede(actor=person("manager"), order=order, kind="ncr", target_id=ncr.pk, reason="现场补焊")
    assert asked is None
    assert any(gate.ncr for gate in open_gates(order))
    decide(actor=person("quality"), request_id=ApprovalRequest.objects.get().pk, approve=True, today=TODAY)
    assert not any(gate.ncr for gate in open_gates(order))


def test_every_way_out_says_what_it_does_to_p80(person: Person) -> None:
    plan, ncr = rejected(person)
    Order.objects.filter(pk=plan.order_id).update(promised_date=dt.date(2026, 12, 4), state=OrderState.CONFIRMED)
    scheduling.run(person("planner"))
    ncr.refresh_from_db()
    options, now = options_of(ncr, work=TWO_DAYS, recheck=HALF_A_DAY, today=TODAY)
    ways = {one.disposition: one for one in options}
    assert now is not None
    assert ways["use_as_is"].ahead == now
    assert ways["rework"].ahead is not None
    assert (ways["rework"].ahead.p80 - now.p80).days >= 3
    assert (ways["rework"].ahead.percent or 0) < (now.percent or 0)


def test_a_failed_reinspection_sends_the_same_nonconformity_back(person: Person) -> None:
    _, ncr = rejected(person)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    again = Inspection.objects.get(rechecks_of=ncr)
    with pytest.raises(Refusal) as refused:
        verify_ncr(actor=person("quality"), ncr_id=ncr.pk, note="好了")
    assert refused.value.codes == {"ncr.recheck"}
    inspecting.found(person("quality"), again, inspected=2, bad=2)
    ncr.refresh_from_db()
    assert (ncr.state, ncr.disposition) == ("contained", "")
    assert Nonconformity.objects.count() == 1


def test_rework_that_passes_settles_point_and_nonconformity(person: Person) -> None:
    plan, ncr = rejected(person)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    again = Inspection.objects.get(rechecks_of=ncr)
    assert (again.is_first, again.due) == (False, dt.date(2026, 12, 7))
    inspecting.found(person("quality"), again, inspected=2, bad=0)
    verify_ncr(actor=person("quality"), ncr_id=ncr.pk, note="焊缝合格")
    assert open_gates(plan.order) == []


def test_the_supplier_bears_its_part_by_a_drafted_debit_note(person: Person) -> None:
    planning.company_calendar()
    one = inspecting.inspection(person("quality"))
    judged = inspecting.found(person("quality"), one, inspected=50, bad=2)
    ncr = inspecting.contained(person("quality"), judged.ncr)
    given = DispositionIn("return", cost=Decimal(3400), supplier_share=Decimal(2100), cause="supplier")
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=given, today=TODAY)
    note = DebitNote.objects.get()
    assert (note.amount, note.supplier, note.number) == (Decimal(2100), one.supplier, "DBN-2026-0001")


def test_the_next_task_does_not_begin_behind_an_open_gate_but_its_rework_does(person: Person) -> None:
    plan, ncr = rejected(person)
    decide_disposition(actor=person("quality"), ncr_id=ncr.pk, given=REWORK, today=TODAY)
    ncr.refresh_from_db()
    fat = planning.task(plan, "FAT")
    with pytest.raises(Refusal) as refused:
        planning.edit(plan, person("planner"), "progress", task=fat.pk, percent=100)
    assert refused.value.codes == {"quality.gate.hold", "quality.gate.ncr"}
    assert Task.objects.get(pk=fat.pk).percent == 0
    concept = planning.task(plan, "方案")
    planning.edit(plan, person("planner"), "progress", task=concept.pk, percent=100)


def test_submitting_twice_judges_once(person: Person) -> None:
    one = inspecting.inspection(person("quality"))
    inspecting.found(person("quality"), one, inspected=50, bad=0)
    with pytest.raises(Refusal):
        submit_inspection(actor=person("quality"), inspection_id=one.pk, today=TODAY)
