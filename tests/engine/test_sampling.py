"""Single sampling: known cells, arrows, sanity of the operating characteristics, switching rules, refusals."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.engine.sampling import (
    AQLS,
    CODE_LETTERS,
    LEVELS,
    MASTER_TABLES,
    SAMPLE_SIZES,
    SamplingPlan,
    Severity,
    Switching,
    code_letter,
    one_aql_tighter,
    sampling_plan,
)
from punctual.kernel.refusal import Refusal

LOTS = [largest for largest, _ in CODE_LETTERS]
"""A lot in each range."""


def every_plan() -> list[SamplingPlan]:
    return [
        sampling_plan(lot, aql=aql, level=level, severity=severity)
        for lot in LOTS
        for level in LEVELS
        for aql in AQLS
        for severity in Severity
    ]


class TestRefusals:
    def test_every_wrong_argument_is_told_at_once(self) -> None:
        with pytest.raises(Refusal) as refused:
            sampling_plan(0, aql=0.5, level="IV")
        assert refused.value.codes == {"sampling.lot_out_of_range", "sampling.unknown_level", "sampling.unknown_aql"}

    @pytest.mark.parametrize("aql", [0.0, -1.0, 0.07, float("nan"), float("inf"), 2000.0])
    def test_an_aql_that_is_not_in_the_table_is_refused(self, aql: float) -> None:
        with pytest.raises(Refusal):
            sampling_plan(100, aql=aql)

    def test_a_plan_of_another_severity_is_refused(self) -> None:
        with pytest.raises(Refusal):
            Switching().after(sampling_plan(500, aql=1.0, severity=Severity.REDUCED), 0)

    def test_reduced_inspection_before_the_score_is_reached_is_refused(self) -> None:
        with pytest.raises(Refusal):
            Switching(score=29).reduced()


class TestKnownCells:
    @pytest.mark.parametrize(
        ("lot", "level", "letter"),
        [
            (2, "II", "A"), (8, "III", "B"), (50, "II", "D"), (51, "II", "E"), (90, "S-3", "C"), (150, "I", "D"),
            (280, "II", "G"), (500, "S-4", "E"), (501, "II", "J"), (1200, "II", "J"), (1201, "II", "K"),
            (3200, "S-2", "D"), (10_000, "III", "M"), (35_000, "S-4", "H"), (150_000, "II", "N"),
            (500_000, "S-1", "D"), (500_001, "III", "R"), (500_001, "S-3", "H"),
        ],
    )  # fmt: skip
    def test_code_letters(self, lot: int, level: str, letter: str) -> None:
        assert code_letter(lot, level) == letter

    @pytest.mark.parametrize(
        ("lot", "aql", "severity", "letter", "n", "ac"),
        [
            (1000, 1.0, "normal", "J", 80, 2),
            (1000, 0.15, "normal", "J", 80, 0),
            (1000, 0.65, "normal", "J", 80, 1),
            (1000, 0.25, "normal", "H", 50, 0),  # up
            (1000, 0.40, "normal", "K", 125, 1),  # down
            (1000, 4.0, "normal", "J", 80, 7),
            (1000, 1.0, "tightened", "J", 80, 1),
            (1000, 4.0, "tightened", "J", 80, 5),
            (1000, 6.5, "tightened", "J", 80, 8),
            (1000, 0.65, "tightened", "K", 125, 1),  # down
            (1000, 1.0, "reduced", "J", 32, 1),
            (1000, 4.0, "reduced", "J", 32, 5),
            (1000, 6.5, "reduced", "J", 32, 6),
            (1000, 10.0, "reduced", "J", 32, 8),
            (10**6, 0.010, "normal", "Q", 1250, 0),
            (10**6, 0.015, "normal", "P", 800, 0),  # two up
            (10**6, 0.025, "tightened", "S", 3150, 1),  # the only use of S
            (10**6, 0.025, "reduced", "N", 200, 0),
            (5, 1000.0, "normal", "A", 2, 30),
            (10, 1000.0, "normal", "B", 3, 44),
            (100, 65.0, "normal", "F", 20, 21),
            (100, 100.0, "normal", "E", 13, 21),  # up
            (5, 10.0, "normal", "C", 5, 1),  # down twice
        ],
    )  # fmt: skip
    def test_plans_in_force(self, lot: int, aql: float, severity: str, letter: str, n: int, ac: int) -> None:
        plan = sampling_plan(lot, aql=aql, severity=Severity(severity))
        assert (plan.code_letter, plan.n, plan.ac, plan.re) == (letter, n, ac, ac + 1)

    def test_every_unit_is_inspected_when_the_sample_reaches_the_lot(self) -> None:
        assert sampling_plan(20, aql=0.065).inspect_all
        assert sampling_plan(5, aql=2.5).inspect_all
        assert not sampling_plan(6, aql=2.5).inspect_all
        assert sampling_plan(1, aql=1.0).inspect_all


class TestVerified:
    def test_what_no_published_source_confirms_is_marked(self) -> None:
        found = {(one.severity, one.lot_code_letter, one.aql) for one in every_plan() if not one.verified}
        assert {severity for severity, _letter, _aql in found} == {Severity.TIGHTENED, Severity.REDUCED}
        assert [one for one in found if one[0] is Severity.TIGHTENED] == [(Severity.TIGHTENED, "A", 10.0)]
        assert all(one.verified == one.as_data()["verified"] for one in every_plan())


class TestSanity:
    def test_no_arrow_leads_out_of_the_table_and_every_row_has_all_columns(self) -> None:
        for severity, table in MASTER_TABLES.items():
            assert {len(row) for row in table.values()} == {len(AQLS)}
            assert len(table) == len(SAMPLE_SIZES[severity])
        assert len(every_plan()) == len(LOTS) * len(LEVELS) * len(AQLS) * 3

    def test_acceptance_numbers_rise_along_every_row_and_column(self) -> None:
        for table in MASTER_TABLES.values():
            rows = [list(row) for row in table.values()]
            for line in [*rows, *(list(column) for column in zip(*rows, strict=True))]:
                numbers = [int(cell) for cell in line if cell.isdigit()]
                assert numbers == sorted(numbers)

    def test_tightened_inspection_is_never_easier_than_normal_at_the_aql(self) -> None:
        for lot in LOTS:
            for aql in AQLS:
                normal, tightened = (
                    sampling_plan(lot, aql=aql, severity=severity).acceptance_probability(aql, nonconformities=True)
                    for severity in (Severity.NORMAL, Severity.TIGHTENED)
                )
                assert tightened <= normal + 1e-12

    def test_a_normal_plan_accepts_most_lots_at_its_aql(self) -> None:
        """The standard keeps the producer's risk at the AQL between about 0.5 and 13 %."""
        for lot in LOTS:
            for aql in AQLS:
                plan = sampling_plan(lot, aql=aql)
                assert 0.85 <= plan.acceptance_probability(aql, nonconformities=True) <= 1

    @given(st.sampled_from(LOTS), st.sampled_from(AQLS[:16]), st.sampled_from(list(Severity)))
    def test_the_operating_characteristic_falls_from_one(self, lot: int, aql: float, severity: Severity) -> None:
        plan = sampling_plan(lot, aql=aql, severity=severity)
        curve = [plan.acceptance_probability(quality) for quality in (0, 0.1, 1, 5, 10, 20, 50, 80, 100)]
        assert curve[0] == 1
        assert all(after <= before + 1e-12 for before, after in pairwise(curve))

    def test_a_published_operating_characteristic(self) -> None:
        """J, AQL 1.0 (n = 80, Ac = 2): Pa = 0.953 at 1 % by the binomial, 0.1 near 6.5 %."""
        plan = sampling_plan(1000, aql=1.0)
        assert plan.acceptance_probability(1.0) == pytest.approx(0.9534, abs=1e-4)
        assert plan.acceptance_probability(6.52) == pytest.approx(0.10, abs=0.002)

    def test_one_aql_tighter_keeps_the_sample_where_the_score_compares(self) -> None:
        for plan in every_plan():
            if plan.severity is Severity.NORMAL and plan.ac >= 2:
                tighter = one_aql_tighter(plan)
                assert tighter is not None
                assert (tighter.n, tighter.code_letter) == (plan.n, plan.code_letter)
                assert tighter.ac < plan.ac


class TestSwitching:
    normal = sampling_plan(1000, aql=1.0)
    tightened = sampling_plan(1000, aql=1.0, severity=Severity.TIGHTENED)
    reduced = sampling_plan(1000, aql=1.0, severity=Severity.REDUCED)

    def run(self, state: Switching, plan: SamplingPlan, *found: int) -> Switching:
        for nonconforming in found:
            state = state.after(plan, nonconforming)
        return state

    def test_two_of_five_lots_not_accepted_tighten(self) -> None:
        assert self.run(Switching(), self.normal, 0, 5, 0, 0, 5).severity is Severity.TIGHTENED
        assert self.run(Switching(), self.normal, 5, 5).severity is Severity.TIGHTENED
        assert self.run(Switching(), self.normal, 5, 0, 0, 0, 0, 5).severity is Severity.NORMAL

    def test_five_accepted_in_a_row_go_back_to_normal(self) -> None:
        state = self.run(Switching(Severity.TIGHTENED), self.tightened, 0, 0, 0, 0)
        assert state.severity is Severity.TIGHTENED
        assert self.run(state, self.tightened, 0) == Switching()
        assert self.run(state, self.tightened, 2, 0).severity is Severity.TIGHTENED

    def test_five_lots_not_accepted_on_tightened_inspection_end_it_until_it_is_resumed(self) -> None:
        state = self.run(Switching(Severity.TIGHTENED), self.tightened, 2, 0, 2, 0, 2, 0, 2, 0, 2)
        assert state.discontinued
        with pytest.raises(Refusal):
            state.after(self.tightened, 0)
        assert state.resumed() == Switching(Severity.TIGHTENED)

    def test_three_points_need_acceptance_one_aql_tighter(self) -> None:
        """n = 80, Ac = 2; one AQL tighter Ac = 1."""
        assert self.run(Switching(), self.normal, 0, 1).score == 6
        assert self.run(Switching(), self.normal, 0, 1, 2).score == 0

    def test_two_points_where_the_acceptance_number_is_0_or_1(self) -> None:
        plan = sampling_plan(1000, aql=0.65)
        assert self.run(Switching(), plan, 1, 0).score == 4
        assert self.run(Switching(), plan, 1, 2).score == 0

    def test_thirty_points_allow_reduced_inspection_and_one_lot_not_accepted_ends_it(self) -> None:
        state = self.run(Switching(), self.normal, *[0] * 9)
        assert not state.may_reduce
        state = self.run(state, self.normal, 0)
        assert state.may_reduce
        easy = state.reduced()
        assert self.run(easy, self.reduced, 0, 1).severity is Severity.REDUCED
        assert self.run(easy, self.reduced, 2) == Switching()
        assert easy.irregular() == Switching()
