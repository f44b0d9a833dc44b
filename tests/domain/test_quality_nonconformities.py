"""Nonconformities and 8D reports: who may not, what is wrong, who was faster, then what happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

import inspecting
from punctual.domain.quality import selectors
from punctual.domain.quality.dashboard import capa_ages
from punctual.domain.quality.models import (
    CorrectiveAction,
    Nonconformity,
)
from punctual.domain.quality.services import capas, ncrs
from punctual.flows.failed_inspection import DispositionIn, decide_disposition
from punctual.flows.quality_warnings import warnings
from punctual.kernel.refusal import Conflict, Forbidden, NotFound
from punctual.platform.accounts.models import User

TODAY = inspecting.TODAY
pytestmark = pytest.mark.django_db
refused = inspecting.refused
Person = Callable[[str], User]


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
