"""Sampling, values, verdicts and dispositions as pure rules: refusals first."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from punctual.domain.quality import life
from punctual.domain.quality.models import Disposition
from punctual.domain.quality.rules import (
    GaugeFacts,
    ItemFacts,
    Lot,
    Results,
    SamplingRule,
    ValueIn,
    judge,
    reasons_against_disposition,
    reasons_against_four_eyes,
    reasons_against_limits,
    reasons_against_lot,
    reasons_against_value,
    sample_of,
    verdict,
)
from punctual.engine.sampling import AQLS, CODE_LETTERS, LEVELS, Severity, sampling_plan

TODAY = dt.date(2026, 11, 23)
AQL_1 = SamplingRule("aql", aql=Decimal("1.0"))
DIAMETER = ItemFacts(1, "measured", "外径", "mm", Decimal("19.987"), Decimal("20.000"))


def micrometer(**more: object) -> GaugeFacts:
    values = {"unit": "mm", "minimum": Decimal(0), "maximum": Decimal(25), "calibration_due": TODAY, **more}
    return GaugeFacts("MIC-01", **values)  # type: ignore[arg-type]


def codes(reasons: list) -> set[str]:  # type: ignore[type-arg]
    return {reason.code for reason in reasons}


class TestLots:
    @pytest.mark.parametrize(
        ("lot", "rule", "code"),
        [
            (0, AQL_1, "inspection.lot_size"),
            (-3, AQL_1, "inspection.lot_size"),
            (10**9, SamplingRule("all"), "inspection.lot_size"),
            (5, SamplingRule("fixed", Decimal(6)), "inspection.sample_larger"),
            (5, SamplingRule("fixed", Decimal("1.5")), "quality.sampling.number"),
            (5, SamplingRule("fixed"), "quality.sampling.number"),
            (5, SamplingRule("percent", Decimal(0)), "quality.sampling.percent"),
            (5, SamplingRule("percent", Decimal(101)), "quality.sampling.percent"),
            (5, SamplingRule("some"), "quality.sampling.unknown"),
            (5, SamplingRule("aql", aql=Decimal("0.5")), "sampling.unknown_aql"),
            (5, SamplingRule("aql", aql=Decimal(1), level="IV"), "sampling.unknown_level"),
        ],
    )
    def test_a_lot_or_rule_that_can_not_be_is_refused(self, lot: int, rule: SamplingRule, code: str) -> None:
        assert code in codes(reasons_against_lot(lot, rule, asked=True))

    def test_a_rule_of_the_plan_takes_a_small_lot_whole(self) -> None:
        rule = SamplingRule("fixed", Decimal(6))
        assert reasons_against_lot(5, rule) == []
        assert sample_of(5, rule).size == 5

    def test_percentages_round_up(self) -> None:
        assert sample_of(11, SamplingRule("percent", Decimal(10))).size == 2

    @pytest.mark.parametrize("severity", list(Severity))
    def test_every_lot_range_level_and_aql_gives_the_standards_plan_within_the_lot(self, severity: Severity) -> None:
        bounds = [largest for largest, _ in CODE_LETTERS[:-1]]
        for lot in (1, 2, *bounds, *(bound + 1 for bound in bounds)):
            for level in LEVELS:
                for aql in AQLS:
                    rule = SamplingRule("aql", aql=Decimal(str(aql)), level=level)
                    plan = sampling_plan(lot, aql=aql, level=level, severity=severity)
                    found = sample_of(lot, rule, severity)
                    assert (found.size, found.ac, found.re) == (min(plan.n, lot), plan.ac, plan.ac + 1)
                    assert found.code_letter == plan.code_letter


class TestValues:
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (ValueIn(1, 1, Decimal("26"), gauge=micrometer()), "measurement.gauge_range"),
            (ValueIn(1, 1, Decimal("-0.1"), gauge=micrometer()), "measurement.gauge_range"),
            (ValueIn(1, 1, Decimal("20"), unit="in"), "measurement.unit"),
            (ValueIn(1, 1, Decimal("20"), gauge=micrometer(unit="μm")), "measurement.gauge_unit"),
            (
                ValueIn(1, 1, Decimal("20"), gauge=micrometer(calibration_due=TODAY - dt.timedelta(days=1))),
                "measurement.gauge_expired",
            ),
            (ValueIn(1, 0, Decimal("20")), "measurement.unit_no"),
            (ValueIn(1, 51, Decimal("20")), "measurement.unit_no"),
            (ValueIn(1, 1, Decimal("NaN")), "measurement.number"),
        ],
    )
    def test_a_value_that_can_not_be_used_says_why(self, value: ValueIn, code: str) -> None:
        assert code in codes(reasons_against_value(value, DIAMETER, today=TODAY, sample=50))

    def test_on_the_last_day_of_its_calibration_a_gauge_still_measures(self) -> None:
        good = ValueIn(1, 1, Decimal("19.99"), gauge=micrometer())
        assert reasons_against_value(good, DIAMETER, today=TODAY, sample=50) == []

    def test_a_checklist_is_not_measured(self) -> None:
        item = ItemFacts(2, "checklist", "节拍")
        assert codes(reasons_against_value(ValueIn(2, 1, Decimal(1)), item, today=TODAY, sample=5)) == {
            "measurement.kind"
        }

    def test_limits_cross_or_are_missing_or_leave_the_nominal_out(self) -> None:
        for lower, nominal, upper, code in (
            (None, Decimal(1), None, "characteristic.limits"),
            (Decimal(2), None, Decimal(1), "characteristic.limits_crossed"),
            (Decimal(1), Decimal(3), Decimal(2), "characteristic.nominal"),
        ):
            assert codes(reasons_against_limits(lower, nominal, upper)) == {code}
        assert reasons_against_limits(None, Decimal("0.5"), Decimal("0.8")) == []


class TestVerdict:
    lot = Lot(size=320, sample=50, ac=1)

    @pytest.mark.parametrize(
        ("results", "code"),
        [
            (Results(400, 0), "inspection.more_than_lot"),
            (Results(1, 2), "inspection.more_defects"),
            (Results(-1, 0), "inspection.negative"),
            (Results(49, 1), "inspection.incomplete"),
            (Results(50, 0, unanswered=[DIAMETER]), "inspection.unanswered"),
        ],
    )
    def test_counts_that_can_not_be_stand_against_a_verdict(self, results: Results, code: str) -> None:
        assert code in codes(judge(self.lot, results).reasons)

    def test_evidence_and_certificate_are_asked_for(self) -> None:
        lot = Lot(320, 50, 1, needs_evidence=True, needs_certificate=True)
        assert codes(judge(lot, Results(50, 0)).reasons) == {"inspection.evidence", "inspection.certificate"}
        assert judge(lot, Results(50, 0, has_evidence=True, has_certificate=True)).reasons == []

    def test_ac_accepts_and_re_rejects_even_before_the_sample_is_through(self) -> None:
        assert verdict(self.lot, Results(50, 1)).accepted
        rejected = judge(self.lot, Results(12, 2))
        assert not rejected.verdict.accepted
        assert rejected.reasons == []

    def test_values_beyond_their_limits_count_although_nobody_counted_them(self) -> None:
        found = Results(50, 0, bad_units=frozenset({3, 37}))
        assert found.nonconforming == 2
        assert not verdict(self.lot, found).accepted

    def test_one_critical_finding_or_failed_check_rejects_whatever_the_count(self) -> None:
        assert verdict(self.lot, Results(50, 0, critical=["扭矩"])).why.code == "inspection.critical"
        assert verdict(self.lot, Results(50, 0, failed=[DIAMETER])).why.code == "inspection.check_failed"


class TestDecisions:
    def test_the_inspector_can_not_accept_by_deviation(self) -> None:
        assert codes(reasons_against_four_eyes(inspector=7, approver=7)) == {"inspection.four_eyes"}
        assert reasons_against_four_eyes(inspector=7, approver=8) == []
        assert reasons_against_four_eyes(inspector=None, approver=8) == []

    @pytest.mark.parametrize(
        ("disposition", "facts", "code"),
        [
            ("melt", {}, "ncr.disposition"),
            ("return", {"has_supplier": False}, "ncr.return_no_supplier"),
            ("use_as_is", {"customer_agreed": " "}, "ncr.no_concession"),
            ("repair", {"customer_agreed": ""}, "ncr.no_concession"),
            ("use_as_is", {"critical": True}, "ncr.critical_use"),
        ],
    )
    def test_impossible_dispositions_say_why(self, disposition: str, facts: dict[str, object], code: str) -> None:
        given = {
            "known": Disposition.values,
            "has_supplier": True,
            "customer_agreed": "张工 11-20 电话",
            "has_order": True,
            "critical": False,
            **facts,
        }
        assert code in codes(reasons_against_disposition(disposition, **given))  # type: ignore[arg-type]

    def test_without_an_order_nobody_has_to_be_asked(self) -> None:
        assert (
            reasons_against_disposition(
                "use_as_is",
                known=Disposition.values,
                has_supplier=True,
                customer_agreed="",
                has_order=False,
                critical=False,
            )
            == []
        )


LIVES = {
    life.PLAN: {
        "draft": {"change", "approve"},
        "approved": {"revise"},
    },
    life.INSPECTION: {
        "open": {"enter", "split", "accept", "reject", "cancel"},
        "started": {"enter", "accept", "reject", "cancel"},
        "accepted": set(),
        "rejected": {"deviate"},
        "deviated": set(),
        "cancelled": set(),
    },
    life.NCR: {
        "open": {"change", "contain", "cancel", "book", "concede"},
        "contained": {"change", "contain", "dispose", "cancel", "book", "concede"},
        "disposed": {"change", "verify", "reopen", "book", "concede"},
        "verified": {"change", "reopen", "close", "book"},
        "closed": {"book"},
        "cancelled": set(),
    },
    life.CAPA: {
        "open": {"write", "finish", "cancel"},
        "checking": {"confirm", "fail", "reopen"},
        "closed": {"reopen"},
        "cancelled": set(),
    },
    life.REVIEW: {"planned": {"change", "hold", "find", "cancel"}, "held": {"find"}, "cancelled": set()},
}


@pytest.mark.parametrize("life_of", list(LIVES), ids=lambda one: one.noun)
def test_every_state_and_verb_is_as_agreed(life_of: object) -> None:
    table = life_of  # a Lifecycle; pytest shows it by its noun
    wanted = LIVES[table]  # type: ignore[index]
    assert set(wanted) == set(table.states)  # type: ignore[attr-defined]
    for state, verbs in wanted.items():
        assert set(table.verbs_from(state)) == verbs, state  # type: ignore[attr-defined]
        for verb in set(table.verbs) - verbs:  # type: ignore[attr-defined]
            assert table.reasons(state, verb)  # type: ignore[attr-defined]
