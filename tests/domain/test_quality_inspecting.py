"""Inspections and the switching of their severity: who may not, what is wrong, who was faster, then what happens."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
import planning
from punctual.domain.quality import selectors
from punctual.domain.quality.models import (
    Inspection,
    Measurement,
    SeverityChange,
    SupplierSeverity,
)
from punctual.domain.quality.services import switching
from punctual.domain.quality.services.inspections import (
    accept_by_deviation,
    attach_to_inspection,
    cancel_inspection,
    inspect_point,
    open_inspection,
    split_lot,
)
from punctual.domain.quality.services.results import ResultsIn, enter_results, gather
from punctual.flows.failed_inspection import submit_inspection
from punctual.kernel.refusal import Conflict, Forbidden, NotFound, Refusal
from punctual.platform.accounts.models import User
from punctual.platform.attachments.services import PASTED, attach, documents_on
from punctual.platform.notifications.models import Notification

TODAY = inspecting.TODAY
pytestmark = pytest.mark.django_db
refused = inspecting.refused
Person = Callable[[str], User]


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


def test_a_picture_pasted_into_a_comment_is_no_evidence_and_no_document(person: Person) -> None:
    quality = person("quality")
    one = inspecting.inspection(quality)
    attach(actor=person("planner"), target=one, file=io.BytesIO(b"x"), name="a.png", kind=PASTED)
    assert not gather(one).has_evidence
    assert not documents_on(one)
    attach_to_inspection(actor=quality, inspection_id=one.pk, file=io.BytesIO(b"y"), name="b.jpg")
    assert gather(one).has_evidence
    assert documents_on(one).get().name == "b.jpg"
