"""Inspections, switching, nonconformities, 8D, plans: who may not, what is wrong, who was faster, then what happens."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
import planning
from punctual.domain.actions.models import ActionItem
from punctual.domain.plans.models import DeliveryStandard
from punctual.domain.quality import selectors
from punctual.domain.quality.dashboard import capa_ages, first_pass_yield, pareto, period_of, ppm_by_supplier
from punctual.domain.quality.models import (
    ControlChart,
    ControlPoint,
    CorrectiveAction,
    Inspection,
    Measurement,
    Nonconformity,
    QualityReview,
    QualityTemplate,
    SeverityChange,
    SupplierSeverity,
    TemplatePoint,
)
from punctual.domain.quality.services import capas, ncrs, plans, reviews, switching
from punctual.domain.quality.services.charts import answer_signal, choose_base, compute
from punctual.domain.quality.services.gauges import GaugeIn, put_gauge
from punctual.domain.quality.services.inspections import (
    accept_by_deviation,
    attach_to_inspection,
    cancel_inspection,
    inspect_point,
    open_inspection,
    split_lot,
)
from punctual.domain.quality.services.results import ResultsIn, enter_results
from punctual.flows.failed_inspection import DispositionIn, decide_disposition, submit_inspection
from punctual.flows.quality_warnings import warnings
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.notifications.models import Notification

TODAY = inspecting.TODAY
pytestmark = pytest.mark.django_db
Person = Callable[[str], User]


def refused(code: str, call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as found:
        call()
    assert code in found.value.codes, found.value.codes
    return found.value


# ------------------------------------------------------------------------------------------------------ inspections


class TestInspecting:
    def test_sales_can_neither_open_nor_enter(self, person: Person) -> None:
        one = inspecting.inspection(person("quality"))
        with pytest.raises(Forbidden):
            open_inspection(actor=person("sales"), lot=inspecting.lot(), today=TODAY)
        with pytest.raises(Forbidden):
            enter_results(actor=person("sales"), inspection_id=one.pk, results=ResultsIn(5, 0), today=TODAY)
        assert Inspection.objects.get().state == "open"

    @pytest.mark.parametrize(
        ("size", "more", "code"),
        [
            (0, {}, "inspection.lot_size"),
            (4, {"rule": inspecting.SamplingRule("fixed", Decimal(5))}, "inspection.sample_larger"),
            (4, {"stage": "xyz"}, "inspection.stage"),
            (4, {"item_name": " "}, "inspection.item"),
        ],
    )
    def test_a_lot_that_can_not_be_opens_nothing(self, person: Person, size: int, more: dict, code: str) -> None:  # type: ignore[type-arg]
        lot = inspecting.lot(size, **more)
        refused(code, lambda: open_inspection(actor=person("quality"), lot=lot, today=TODAY))
        assert not Inspection.objects.exists()

    def test_wrong_values_refuse_the_whole_entry(self, person: Person) -> None:
        actor = person("quality")
        one = inspecting.inspection(actor, characteristics=[inspecting.shaft_item()])
        inspecting.gauge("OLD-01", calibration_due=TODAY - dt.timedelta(days=1))
        inspecting.gauge("UM-01", unit="μm")
        good = inspecting.value(one, "19.99")
        for wrong, code in (
            (inspecting.value(one, "26"), "measurement.gauge_range"),
            (inspecting.value(one, "19.99", 2, unit="in"), "measurement.unit"),
            (inspecting.value(one, "19.99", 2, gauge="OLD-01"), "measurement.gauge_expired"),
            (inspecting.value(one, "19.99", 2, gauge="UM-01"), "measurement.gauge_unit"),
            (inspecting.value(one, "19.99", 2, gauge="NONE"), "measurement.gauge"),
            (inspecting.value(one, "19.99", 999), "measurement.unit_no"),
        ):
            entry = ResultsIn(values=[good, wrong])
            refused(
                code,
                lambda e=entry: enter_results(actor=actor, inspection_id=one.pk, results=e, today=TODAY),  # type: ignore[misc]
            )
        for entry, code in (
            (ResultsIn(400, 0), "inspection.more_than_lot"),
            (ResultsIn(5, 6), "inspection.more_defects"),
            (ResultsIn(5, 0, defects={"": 1}), "inspection.defect"),
        ):
            refused(
                code,
                lambda e=entry: enter_results(actor=actor, inspection_id=one.pk, results=e, today=TODAY),  # type: ignore[misc]
            )
        assert not Measurement.objects.exists()
        one.refresh_from_db()
        assert (one.state, one.version) == ("open", 1)

    def test_two_inspectors_on_one_lot_are_a_conflict_until_one_takes_over(self, person: Person) -> None:
        one = inspecting.inspection(person("quality"), role="worker")
        first, second = person("worker"), person("quality")
        counted = ResultsIn(10, 0, defects={"划伤": 0, "毛刺": 2})
        enter_results(actor=first, inspection_id=one.pk, results=counted, today=TODAY, expected_version=1)
        with pytest.raises(Conflict):
            enter_results(actor=second, inspection_id=one.pk, results=ResultsIn(20, 1), today=TODAY, expected_version=1)
        with pytest.raises(Conflict) as found:
            enter_results(actor=second, inspection_id=one.pk, results=ResultsIn(20, 1), today=TODAY)
        assert found.value.codes == {"inspection.other_inspector"}
        entered = {(change["by"], change["field"], change["old"], change["new"]) for change in found.value.changes}
        assert entered == {(str(first), "inspected", 0, 10), (str(first), "毛刺", None, 2)}
        one.refresh_from_db()
        assert (one.inspected, one.nonconforming, one.inspector) == (10, 0, first)
        enter_results(actor=second, inspection_id=one.pk, results=ResultsIn(20, 1), today=TODAY, take_over=True)
        one.refresh_from_db()
        assert one.inspector == second

    def test_the_shop_floor_sees_only_what_it_inspects(self, person: Person) -> None:
        quality, worker = person("quality"), person("worker")
        hidden = inspecting.inspection(quality)
        mine = inspecting.inspection(quality, role="worker")
        assert list(selectors.inspections_of(worker)) == [mine]
        with pytest.raises(NotFound):
            selectors.inspection_by_id(worker, hidden.pk)
        with pytest.raises(NotFound):
            enter_results(actor=worker, inspection_id=hidden.pk, results=ResultsIn(1, 0), today=TODAY)

    def test_values_decide_at_once_and_count(self, person: Person) -> None:
        actor = person("quality")
        one = inspecting.inspection(actor, characteristics=[inspecting.shaft_item()])
        values = [
            inspecting.value(one, "19.984", 1),
            inspecting.value(one, "19.985", 2),
            inspecting.value(one, "20", 3),
        ]
        enter_results(actor=actor, inspection_id=one.pk, results=ResultsIn(values=values), today=TODAY)
        one.refresh_from_db()
        assert (one.inspected, one.nonconforming) == (3, 2)
        judged = submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY)
        assert judged.inspection.state == "rejected"
        assert judged.ncr is not None
        assert judged.ncr.title.startswith("导向轴")

    def test_an_incomplete_sample_is_not_accepted(self, person: Person) -> None:
        actor = person("quality")
        one = inspecting.inspection(actor)
        enter_results(actor=actor, inspection_id=one.pk, results=ResultsIn(49, 0), today=TODAY)
        refused("inspection.incomplete", lambda: submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY))
        one.refresh_from_db()
        assert one.state == "started"

    def test_a_missing_certificate_keeps_a_lot_from_being_accepted(self, person: Person) -> None:
        actor = person("quality")
        one = inspecting.inspection(actor, needs_certificate=True)
        enter_results(actor=actor, inspection_id=one.pk, results=ResultsIn(50, 0), today=TODAY)
        refused("inspection.certificate", lambda: submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY))
        attach_to_inspection(
            actor=actor, inspection_id=one.pk, file=io.BytesIO(b"pdf"), name="材质证明.pdf", is_certificate=True
        )
        assert submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY).inspection.state == "accepted"

    def test_a_witness_point_is_accepted_with_the_name_of_who_was_present(self, person: Person) -> None:
        actor = person("quality")
        point = inspecting.quality_plan(planning.plan(person("planner")), hold="witness", stage="fat")
        one = inspect_point(actor=actor, point=point, lot_size=1, today=TODAY)
        enter_results(actor=actor, inspection_id=one.pk, results=ResultsIn(1, 0), today=TODAY)
        refused("inspection.witness", lambda: submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY))
        enter_results(actor=actor, inspection_id=one.pk, results=ResultsIn(witness="王工 青岛瀚海"), today=TODAY)
        assert submit_inspection(actor=actor, inspection_id=one.pk, today=TODAY).inspection.state == "accepted"

    def test_a_deviation_needs_another_name_and_a_reason(self, person: Person) -> None:
        one = inspecting.inspection(person("quality"))
        inspecting.found(person("quality"), one, inspected=50, bad=2)
        with pytest.raises(Forbidden):
            accept_by_deviation(actor=person("order_manager"), inspection_id=one.pk, reason="急")
        refused(
            "inspection.four_eyes",
            lambda: accept_by_deviation(actor=person("quality"), inspection_id=one.pk, reason="急"),
        )
        refused(
            "inspection.reason", lambda: accept_by_deviation(actor=person("manager"), inspection_id=one.pk, reason=" ")
        )
        found = accept_by_deviation(actor=person("manager"), inspection_id=one.pk, reason="不影响装配")
        assert (found.state, found.deviated_by) == ("deviated", person("manager"))

    def test_a_lot_is_taken_in_parts_each_with_its_own_sample(self, person: Person) -> None:
        actor = person("quality")
        one = inspecting.inspection(actor, 320)
        for part in (0, 320, 500):
            refused(
                "inspection.part",
                lambda p=part: split_lot(actor=actor, inspection_id=one.pk, part=p, today=TODAY),  # type: ignore[misc]
            )
        rest = split_lot(actor=actor, inspection_id=one.pk, part=100, today=TODAY)
        one.refresh_from_db()
        assert (one.lot_size, one.code_letter, one.sample_size, one.ac) == (100, "E", 13, 0)
        assert one.lot_size + rest.lot_size == one.presented == 320
        assert rest.number != one.number

    def test_a_cancelled_inspection_says_why_and_ends(self, person: Person) -> None:
        one = inspecting.inspection(person("quality"))
        refused(
            "inspection.reason", lambda: cancel_inspection(actor=person("quality"), inspection_id=one.pk, reason="")
        )
        cancel_inspection(actor=person("quality"), inspection_id=one.pk, reason="重复")
        with pytest.raises(Refusal):
            enter_results(actor=person("quality"), inspection_id=one.pk, results=ResultsIn(1, 0), today=TODAY)


# -------------------------------------------------------------------------------------------------------- switching


class TestSwitching:
    def lots(self, person: Person, *bad: int) -> list[str]:
        """The severity in force at each lot and after the last."""
        seen = []
        for count in bad:
            one = inspecting.inspection(person("quality"))
            seen.append(one.severity)
            inspecting.found(person("quality"), one, inspected=one.sample_size, bad=count)
        seen.append(switching.word_of(SupplierSeverity.objects.get()))
        return seen

    def test_two_of_five_tighten_five_in_a_row_go_back_with_their_reasons(self, person: Person) -> None:
        planning.company_calendar()
        assert self.lots(person, 0, 5, 0, 5) == ["normal"] * 4 + ["tightened"]
        assert self.lots(person, 0, 0, 0, 0, 0) == ["tightened"] * 5 + ["normal"]
        rules = list(SeverityChange.objects.order_by("id").values_list("old", "new", "rule"))
        assert rules == [("normal", "tightened", "two_of_five"), ("tightened", "normal", "five_accepted")]
        assert SeverityChange.objects.order_by("id")[0].inspection is not None
        assert Notification.objects.filter(text__contains="inspection is tightened").exists()

    def test_five_rejected_on_tightened_discontinue_until_somebody_resumes_by_name(self, person: Person) -> None:
        assert self.lots(person, 5, 5, 5, 5, 5, 5, 5)[-1] == "discontinued"
        refused(
            "inspection.discontinued",
            lambda: open_inspection(actor=person("quality"), lot=inspecting.lot(), today=TODAY),
        )
        row = SupplierSeverity.objects.get()
        with pytest.raises(Forbidden):
            switching.switch(actor=person("supply_chain"), severity_id=row.pk, verb="resume", reason="x")
        refused(
            "severity.reason",
            lambda: switching.switch(actor=person("quality"), severity_id=row.pk, verb="resume", reason=""),
        )
        switching.switch(actor=person("quality"), severity_id=row.pk, verb="resume", reason="磨床已大修")
        assert self.lots(person, 0)[0] == "tightened"

    def test_reduced_needs_the_score_and_one_rejected_lot_ends_it(self, person: Person) -> None:
        self.lots(person, *[0] * 14)
        row = SupplierSeverity.objects.get()
        assert row.score == 28
        refused(
            "sampling.score_too_low",
            lambda: switching.switch(actor=person("quality"), severity_id=row.pk, verb="reduce", reason="稳定"),
        )
        self.lots(person, 0)
        switching.switch(actor=person("quality"), severity_id=row.pk, verb="reduce", reason="稳定生产三个月")
        assert self.lots(person, 9) == ["reduced", "normal"]

    def test_a_re_inspection_does_not_count(self, person: Person) -> None:
        one = inspecting.inspection(person("quality"), is_first=False)
        inspecting.found(person("quality"), one, inspected=50, bad=5)
        assert not SupplierSeverity.objects.exists()

    def test_what_is_put_under_inspection_needs_supplier_item_and_a_known_aql(self, person: Person) -> None:
        actor = person("quality")
        found = refused(
            "severity.supplier",
            lambda: switching.put_under_inspection(
                actor=actor, supplier=None, item_key=" ", item_name="", aql=Decimal("0.5"), level="II"
            ),
        )
        assert found.codes == {"severity.supplier", "severity.item", "sampling.unknown_aql"}
        assert not SupplierSeverity.objects.exists()


# ---------------------------------------------------------------------------------------------------- nonconformities


class TestNonconformities:
    def test_a_report_says_everything_that_is_wrong_with_it(self, person: Person) -> None:
        given = ncrs.NcrIn(" ", origin="x", defect_class="y", cause="z", quantity=2, nonconforming=3)
        found = refused("ncr.title", lambda: ncrs.report_ncr(actor=person("worker"), given=given, today=TODAY))
        assert found.codes == {"ncr.title", "ncr.origin", "ncr.class", "ncr.cause", "ncr.more_than_all"}
        assert not Nonconformity.objects.exists()

    def test_numbers_have_four_digits_and_a_worker_sees_their_own(self, person: Person) -> None:
        one = ncrs.report_ncr(actor=person("worker"), given=ncrs.NcrIn("划伤"), today=TODAY)
        inspecting.ncr(person("quality"))
        assert one.number == "NCR-2026-0001"
        assert list(selectors.ncrs_of(person("worker"))) == [one]

    def test_the_steps_are_taken_in_order_and_by_the_right_people(self, person: Person) -> None:
        one = inspecting.ncr(person("quality"))
        refused(
            "nonconformity.state.verify", lambda: ncrs.verify_ncr(actor=person("quality"), ncr_id=one.pk, note="好")
        )
        refused("ncr.containment", lambda: ncrs.contain(actor=person("quality"), ncr_id=one.pk, rows=[]))
        with pytest.raises(Forbidden):
            inspecting.contained(person("planner"), one)
        inspecting.contained(person("quality"), one)
        decide_disposition(actor=person("manager"), ncr_id=one.pk, given=DispositionIn("scrap"), today=TODAY)
        refused("ncr.finding", lambda: ncrs.verify_ncr(actor=person("quality"), ncr_id=one.pk, note=" "))
        ncrs.verify_ncr(actor=person("quality"), ncr_id=one.pk, note="已销毁")
        refused("ncr.cause", lambda: ncrs.close_ncr(actor=person("quality"), ncr_id=one.pk))
        ncrs.change_ncr(
            actor=person("quality"),
            ncr_id=one.pk,
            title="气孔",
            detail="",
            cause="man",
            defect_class="major",
            owner=None,
        )
        assert ncrs.close_ncr(actor=person("quality"), ncr_id=one.pk).state == "closed"

    def test_a_stale_copy_is_not_written_over(self, person: Person) -> None:
        one = inspecting.ncr(person("quality"))
        inspecting.contained(person("quality"), one)
        with pytest.raises(Conflict):
            ncrs.contain(
                actor=person("quality"), ncr_id=one.pk, rows=[ncrs.ContainmentIn("x", "y")], expected_version=1
            )

    @pytest.mark.parametrize("amount", ["-1", "1.234", "NaN", "1e15"])
    def test_an_amount_that_is_no_money_is_not_booked(self, person: Person, amount: str) -> None:
        one = inspecting.ncr(person("quality"))
        loss = ncrs.LossIn("返工", Decimal(amount))
        refused("loss.amount", lambda: ncrs.book_loss(actor=person("finance"), ncr_id=one.pk, loss=loss, today=TODAY))
        one.refresh_from_db()
        assert one.cost == 0

    def test_losses_add_up_on_the_nonconformity(self, person: Person) -> None:
        one = inspecting.ncr(person("quality"))
        for amount in ("100.50", "49.50"):
            ncrs.book_loss(
                actor=person("finance"), ncr_id=one.pk, loss=ncrs.LossIn("返工", Decimal(amount)), today=TODAY
            )
        one.refresh_from_db()
        assert one.cost == Decimal(150)


# --------------------------------------------------------------------------------------------------------------- 8D


class TestCorrectiveActions:
    def report(self, person: Person) -> CorrectiveAction:
        one = inspecting.ncr(person("quality"), supplier=inspecting.supplier(), cause="supplier")
        return capas.open_capa(actor=person("quality"), title="外径超差", today=TODAY, ncr=one)

    def write(self, person: Person, capa: CorrectiveAction, number: int, text: str = "做了") -> None:
        capas.write_step(actor=person("quality"), capa_id=capa.pk, number=number, text=text, done=True)

    def test_only_quality_leads_a_report(self, person: Person) -> None:
        with pytest.raises(Forbidden):
            capas.open_capa(actor=person("order_manager"), title="x", today=TODAY)

    def test_steps_are_ticked_with_words_d4_with_a_root_cause_d8_at_the_end(self, person: Person) -> None:
        capa = self.report(person)
        refused("capa.empty", lambda: self.write(person, capa, 5, " "))
        refused("capa.no_root", lambda: self.write(person, capa, 4))
        refused("capa.steps_open", lambda: self.write(person, capa, 8))
        refused("capa.step", lambda: self.write(person, capa, 9))
        first = capas.ask_why(actor=person("quality"), capa_id=capa.pk, text="没对刀")
        why = capas.ask_why(actor=person("quality"), capa_id=capa.pk, text="不在指导书里", parent=first.pk)
        capas.mark_root(actor=person("quality"), capa_id=capa.pk, why_id=why.pk, is_root=True)
        for number in (0, 1, 2, 3, 4, 5, 6, 7, 8):
            self.write(person, capa, number)
        assert not capa.disciplines.filter(done_at=None).exists()

    def finished(self, person: Person) -> CorrectiveAction:
        capa = self.report(person)
        capas.ask_why(actor=person("quality"), capa_id=capa.pk, text="没对刀", is_root=True)
        for number in range(9):
            self.write(person, capa, number)
        refused(
            "capa.check_on",
            lambda: capas.finish_capa(actor=person("quality"), capa_id=capa.pk, check_on=TODAY, today=TODAY),
        )
        return capas.finish_capa(
            actor=person("quality"), capa_id=capa.pk, check_on=TODAY + dt.timedelta(days=60), today=TODAY
        )

    def test_without_effect_d4_to_d8_are_open_again(self, person: Person) -> None:
        capa = self.finished(person)
        capas.check_effect(actor=person("quality"), capa_id=capa.pk, effective=False, note="又出现 1 件")
        capa.refresh_from_db()
        assert (capa.state, capa.reopened) == ("open", 1)
        assert sorted(capa.disciplines.filter(done_at=None).values_list("number", flat=True)) == [4, 5, 6, 7, 8]

    def test_the_same_cause_opens_a_closed_report_again(self, person: Person) -> None:
        capa = self.finished(person)
        capas.check_effect(actor=person("quality"), capa_id=capa.pk, effective=True, note="三个月没有")
        other = inspecting.ncr(person("quality"), supplier=inspecting.supplier(), cause="man")
        inspecting.contained(person("quality"), other)
        decide_disposition(
            actor=person("quality"), ncr_id=other.pk, given=DispositionIn("return", cause="man"), today=TODAY
        )
        capa.refresh_from_db()
        assert capa.state == "closed"
        same = inspecting.ncr(person("quality"), supplier=inspecting.supplier())
        inspecting.contained(person("quality"), same)
        decide_disposition(
            actor=person("quality"), ncr_id=same.pk, given=DispositionIn("return", cause="supplier"), today=TODAY
        )
        capa.refresh_from_db()
        assert (capa.state, capa.reopened) == ("open", 1)

    def test_a_cause_that_is_named_later_opens_it_again_one_that_was_found_before_does_not(
        self, person: Person
    ) -> None:
        earlier = inspecting.ncr(person("quality"), supplier=inspecting.supplier())
        capa = self.finished(person)
        later = inspecting.ncr(person("quality"), supplier=inspecting.supplier())
        for one, state in ((earlier, "checking"), (later, "open")):
            ncrs.change_ncr(
                actor=person("quality"),
                ncr_id=one.pk,
                title=one.title,
                detail="",
                cause="supplier",
                defect_class="major",
                owner=None,
            )
            capa.refresh_from_db()
            assert capa.state == state

    def test_a_check_of_the_effect_that_is_due_is_warned_of(self, person: Person) -> None:
        capa = self.finished(person)
        due = TODAY + dt.timedelta(days=60)
        told = [one for one in warnings(None, due - dt.timedelta(days=1)) if one.kind == "quality_effect"]
        assert told == []
        told = [one for one in warnings(None, due) if one.kind == "quality_effect"]
        assert [(one.url, one.owner_id) for one in told] == [(f"/8d/{capa.pk}/", person("quality").pk)]

    def test_the_suppliers_link_opens_one_report_for_its_own_steps(self, person: Person) -> None:
        capa = self.report(person)
        assert capas.token_of(capa) == ""
        capa = capas.give_link(actor=person("quality"), capa_id=capa.pk, today=TODAY)
        token = capas.token_of(capa)
        for wrong in ("", "x", token[:-2] + "aa", f"{token}x"):
            with pytest.raises(NotFound):
                capas.capa_by_token(wrong, today=TODAY)
        with pytest.raises(NotFound):
            capas.capa_by_token(token, today=TODAY + dt.timedelta(days=capas.LINK_DAYS + 1))
        for number in (0, 1, 8):
            refused(
                "capa.not_supplier",
                lambda n=number: capas.supplier_writes(token=token, today=TODAY, number=n, text="x", done=False),  # type: ignore[misc]
            )
        capas.supplier_writes(token=token, today=TODAY, number=4, text="对刀", done=True, why="修整后没对刀")
        step = capa.disciplines.get(number=4)
        assert step.by_supplier
        assert step.done_at is not None
        assert capa.whys.get().by_supplier
        capas.end_link(actor=person("quality"), capa_id=capa.pk)
        with pytest.raises(NotFound):
            capas.capa_by_token(token, today=TODAY)

    def test_a_late_step_shows_its_age(self, person: Person) -> None:
        capa = self.report(person)
        age = capa_ages(person("quality"), today=TODAY + dt.timedelta(days=9))[0]
        assert (age.capa, age.age, age.step, age.late) == (capa, 9, 0, 8)


# --------------------------------------------------------------------------------------------- plans, charts, reviews


class TestPlans:
    def test_the_plan_comes_from_the_familys_template_tied_to_tasks_and_criteria(self, person: Person) -> None:
        plan = planning.plan(person("planner"))
        DeliveryStandard.objects.create(plan=plan, criterion="焊缝无气孔")
        DeliveryStandard.objects.create(plan=plan, criterion="节拍达到 12 s")
        family = plan.order.lines.get().product.family
        template = QualityTemplate.objects.create(code="Q", name="专机", family=family)
        TemplatePoint.objects.create(
            template=template, name="焊缝", stage="ipqc", task_words="装配", standard_words="焊缝", hold="hold"
        )
        made = plans.make_quality_plan(order=plan.order, actor=person("order_manager"))
        point = made.points.get()
        assert point.task == planning.task(plan, "装配")
        assert [one.criterion for one in point.standards.all()] == ["焊缝无气孔"]
        assert [one.criterion for one in selectors.uncovered_standards(plan.order)] == ["节拍达到 12 s"]
        assert plans.make_quality_plan(order=plan.order, actor=person("order_manager")) == made

    def test_a_draft_is_changed_an_approved_plan_is_revised_with_a_reason(self, person: Person) -> None:
        point = inspecting.quality_plan(planning.plan(person("planner")))
        quality, plan = person("quality"), point.plan
        wish = plans.PointIn("终检", "fqc", characteristics=[plans.CharacteristicIn("外观")])
        refused("quality_plan.state.change", lambda: plans.put_point(actor=quality, plan_id=plan.pk, point=wish))
        refused("quality_plan.reason", lambda: plans.revise_quality_plan(actor=quality, plan_id=plan.pk, reason=""))
        plans.revise_quality_plan(actor=quality, plan_id=plan.pk, reason="客户加了终检")
        with pytest.raises(Forbidden):
            plans.put_point(actor=person("sales"), plan_id=plan.pk, point=wish)
        wrong = plans.PointIn(" ", "xx", sampling="fixed", characteristics=[plans.CharacteristicIn("外径", "measured")])
        found = refused("point.name", lambda: plans.put_point(actor=quality, plan_id=plan.pk, point=wrong))
        assert found.codes == {"point.name", "point.stage", "quality.sampling.number", "characteristic.limits"}
        plans.put_point(actor=quality, plan_id=plan.pk, point=wish)
        with pytest.raises(Forbidden):
            plans.approve_quality_plan(actor=person("order_manager"), plan_id=plan.pk)
        approved = plans.approve_quality_plan(actor=person("manager"), plan_id=plan.pk)
        assert (approved.revision, approved.state) == (2, "approved")
        assert len(plan.revisions.get(number=2).document) == ControlPoint.objects.filter(plan=plan).count() == 2


class TestCharts:
    def chart(self, person: Person, means: list[float]) -> ControlChart:
        chart = ControlChart.objects.create(
            code="C", name="外径", type="i-mr", unit="mm", lower=Decimal("19.9"), upper=Decimal("20.1")
        )
        for mean in means:
            item = inspecting.shaft_item(chart_id=chart.pk, lower=Decimal("19.9"), upper=Decimal("20.1"))
            one = inspecting.inspection(person("quality"), 2, characteristics=[item], supplier=None)
            enter_results(
                actor=person("quality"),
                inspection_id=one.pk,
                results=ResultsIn(2, 0, values=[inspecting.value(one, str(mean))]),
                today=TODAY,
            )
            submit_inspection(actor=person("quality"), inspection_id=one.pk, today=TODAY)
        return chart

    def test_six_rising_points_are_told_once_and_answered_by_name(self, person: Person) -> None:
        chart = self.chart(person, [20.0, 19.98, 20.01, 19.99, 20.0, 20.01, 20.02, 20.03, 20.04])
        signal = chart.signals.get(rule=3)
        assert len(signal.points) == 6
        told = Notification.objects.filter(text__contains="shows a signal").count()
        assert told == chart.signals.count()
        with pytest.raises(Forbidden):
            answer_signal(actor=person("planner"), chart_id=chart.pk, signal_id=signal.pk, answer="x")
        refused(
            "chart.answer",
            lambda: answer_signal(actor=person("quality"), chart_id=chart.pk, signal_id=signal.pk, answer=" "),
        )
        answer_signal(actor=person("quality"), chart_id=chart.pk, signal_id=signal.pk, answer="砂轮磨损，已换")
        signal.refresh_from_db()
        assert signal.answered_by == person("quality")

    def test_a_base_period_without_points_is_refused_and_the_chart_stays(self, person: Person) -> None:
        chart = self.chart(person, [20.0, 20.01])
        refused(
            "chart.base",
            lambda: choose_base(
                actor=person("quality"), chart_id=chart.pk, base_from=dt.date(2020, 1, 1), base_to=dt.date(2020, 2, 1)
            ),
        )
        chart.refresh_from_db()
        assert chart.base_from is None
        computed = compute(chart)
        assert computed.chart is not None
        assert computed.cpk is not None


class TestReviewsAndGauges:
    def test_what_is_not_fulfilled_needs_a_finding_with_its_action(self, person: Person) -> None:
        review = reviews.plan_review(
            actor=person("quality"), kind="project", title="月度", planned_on=TODAY, today=TODAY, checks=["量具在期"]
        )
        check = review.checks.get()
        hold = {
            "actor": person("quality"),
            "review_id": review.pk,
            "answers": {check.pk: False},
            "notes": {},
            "summary": "",
            "today": TODAY,
        }
        refused("review.future", lambda: reviews.hold_review(held_on=TODAY + dt.timedelta(days=1), **hold))  # type: ignore[arg-type]
        refused("review.findings", lambda: reviews.hold_review(held_on=TODAY, **hold))  # type: ignore[arg-type]
        reviews.add_finding(
            actor=person("quality"),
            review_id=review.pk,
            text="声级计过期",
            defect_class="minor",
            owner=person("planner"),
            due=TODAY,
        )
        assert ActionItem.objects.get().owner == person("planner")
        assert reviews.hold_review(held_on=TODAY, **hold).state == "held"  # type: ignore[arg-type]

    def test_a_review_that_repeats_plans_its_next_one_when_it_is_held(self, person: Person) -> None:
        quality = person("quality")
        same = {"actor": quality, "kind": "process", "title": "焊接审核", "today": TODAY, "checks": ["量具在期"]}
        for wrong in (0, 61):
            refused(
                "review.every_months",
                lambda n=wrong: reviews.plan_review(planned_on=TODAY, every_months=n, **same),  # type: ignore[misc,arg-type]
            )
        planned = TODAY - dt.timedelta(days=70)
        review = reviews.plan_review(planned_on=planned, every_months=1, **same)  # type: ignore[arg-type]
        reviews.hold_review(
            actor=quality, review_id=review.pk, answers={}, notes={}, summary="", held_on=TODAY, today=TODAY
        )
        after = QualityReview.objects.get(state="planned")
        assert after.planned_on == reviews.months_later(planned, 3) > TODAY
        assert (after.title, after.every_months) == ("焊接审核", 1)
        assert [one.text for one in after.checks.all()] == ["量具在期"]
        assert reviews.months_later(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)

    def test_a_gauge_is_refused_with_every_reason(self, person: Person) -> None:
        wrong = GaugeIn("a b", "", "mm", Decimal(5), Decimal(1), calibrated_on=TODAY, calibration_due=TODAY)
        found = refused("gauge.range", lambda: put_gauge(actor=person("quality"), given=wrong))
        assert found.codes == {"gauge.code.form", "gauge.name.missing", "gauge.range", "gauge.calibration"}
        with pytest.raises(Forbidden):
            put_gauge(actor=person("worker"), given=GaugeIn("A", "尺", "mm"))


def test_the_figures_count_what_was_judged(person: Person) -> None:
    for bad in (0, 0, 2):
        one = inspecting.inspection(person("quality"))
        inspecting.found(person("quality"), one, inspected=one.sample_size, bad=bad)
    real_today = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    period = period_of(30, today=real_today)
    assert first_pass_yield(person("manager"), period) == pytest.approx(2 / 3)
    row = ppm_by_supplier(person("manager"), period)[0]
    assert (row.lots, row.rejected, row.ppm) == (3, 1, round(1e6 * 2 / (3 * 50)))
    assert [one.count for one in pareto(person("manager"), period)] == [1]
