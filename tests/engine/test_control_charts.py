"""Control charts against published constants and examples, run rules, the CSV reader, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.engine.control_charts import Chart, ChartType, RuleSet, Subgroups, constants, control_chart
from punctual.engine.formats.subgroup_csv import parse_subgroups
from punctual.engine.run_rules import signals
from punctual.kernel.refusal import Refusal

FLOW_RATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
"""NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 (public domain)."""
WAFERS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
"""Faulty chips of 50 on each of 30 wafers, e-Handbook 6.3.3.2."""


def chart(kind: ChartType, *rows: tuple[float, ...], **options: float) -> Chart:
    text = "\n".join(",".join(str(value) for value in row) for row in rows)
    return control_chart(parse_subgroups(text.encode(), kind), kind, **options)  # type: ignore[arg-type]


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "text", "places"),
        [
            (ChartType.XBAR_R, "1,2\n3,x\n5,6\n7,", [(2, "column 2 must"), (4, "has 1 values")]),
            (ChartType.XBAR_R, "1,2\n3,nan\n", [(2, "column 2 must")]),
            (ChartType.XBAR_S, "1,2\n3,inf", [(2, "column 2 must")]),
            (ChartType.XBAR_R, "1\n2", [(1, "from 2 to 100 values")]),
            (ChartType.I_MR, "1,2\n3,4", [(1, "from 1 to 1 values")]),
            (ChartType.I_MR, "5", [(None, "at least 2 subgroups")]),
            (ChartType.P, "5,4\n1,10", [(1, "not possible")]),
            (ChartType.P, "5\n1", [(1, "needs 2 numbers"), (2, "needs 2 numbers")]),
            (ChartType.P, "1,0\n1,10", [(1, "greater than 0")]),
            (ChartType.NP, "1,10\n1,20", [(2, "take a p chart")]),
            (ChartType.C, "1.5\n-2", [(1, "whole number"), (2, "whole number")]),
            (ChartType.C, "", [(None, "no rows")]),
        ],
    )
    def test_bad_cells_are_named_by_row_and_column(
        self, kind: ChartType, text: str, places: list[tuple[int | None, str]]
    ) -> None:
        with pytest.raises(Refusal) as refused:
            control_chart(parse_subgroups(text.encode(), kind), kind)
        told = [(reason.row, reason.worded()) for reason in refused.value.reasons]
        for (row, words), (told_row, told_words) in zip(places, told, strict=False):
            assert row == told_row
            assert words in told_words

    def test_specification_limits_in_the_wrong_order_or_on_counts_are_refused(self) -> None:
        data = Subgroups([[1.0], [2.0], [3.0]])
        with pytest.raises(Refusal):
            control_chart(data, ChartType.I_MR, lsl=3, usl=2)
        with pytest.raises(Refusal):
            control_chart(data, ChartType.C, usl=2)


class TestConstants:
    @pytest.mark.parametrize(
        ("n", "d2", "d3", "c4"),
        [
            (2, 1.128, 0.853, 0.7979), (3, 1.693, 0.888, 0.8862), (4, 2.059, 0.880, 0.9213), (5, 2.326, 0.864, 0.9400),
            (6, 2.534, 0.848, 0.9515), (7, 2.704, 0.833, 0.9594), (8, 2.847, 0.820, 0.9650), (9, 2.970, 0.808, 0.9693),
            (10, 3.078, 0.797, 0.9727), (15, 3.472, 0.756, 0.9823), (20, 3.735, 0.729, 0.9869),
            (25, 3.931, 0.708, 0.9896),
        ],
    )  # fmt: skip
    def test_the_computed_constants_are_the_published_ones(self, n: int, d2: float, d3: float, c4: float) -> None:
        """ASTM Manual on Presentation of Data and Control Chart Analysis (MNL 7), table of factors."""
        known = constants(n)
        assert known.d2 == pytest.approx(d2, abs=5.01e-4)
        assert known.d3 == pytest.approx(d3, abs=5.01e-4)
        assert known.c4 == pytest.approx(c4, abs=5.01e-5)

    def test_two_and_three_values_have_closed_forms(self) -> None:
        assert constants(2).d2 == pytest.approx(2 / math.sqrt(math.pi), abs=1e-9)
        assert constants(2).d3 == pytest.approx(math.sqrt(2 - 4 / math.pi), abs=1e-9)
        assert constants(3).d2 == pytest.approx(3 / math.sqrt(math.pi), abs=1e-9)


class TestPublishedExamples:
    def test_individuals_of_the_nist_handbook(self) -> None:
        result = chart(ChartType.I_MR, *((value,) for value in FLOW_RATE))
        assert result.center == pytest.approx(50.81)
        assert result.dispersion is not None
        assert result.dispersion.center == pytest.approx(1.8778, abs=5e-5)
        # The handbook divides by d2 = 1.128, we by 2/√π: with its d2 the limits are the printed ones.
        printed = 3 * result.dispersion.center / 1.128
        assert isinstance(result.ucl, float)
        assert (result.ucl - result.center) * constants(2).d2 / 1.128 == pytest.approx(printed, abs=1e-9)
        assert result.center + printed == pytest.approx(55.8041, abs=1e-4)
        assert result.center - printed == pytest.approx(45.8159, abs=1e-4)
        assert result.beyond_limits == []

    def test_proportions_of_the_nist_handbook(self) -> None:
        result = chart(ChartType.P, *((count, 50) for count in WAFERS))
        assert result.center == pytest.approx(0.2313, abs=5e-5)
        assert result.ucl == pytest.approx(0.4102, abs=1e-4)
        assert result.lcl == pytest.approx(0.0524, abs=1e-4)
        assert result.beyond_limits == [15, 23]

    def test_failing_circuits_of_the_sas_qc_guide(self) -> None:
        """SAS/QC user's guide, data set Circuits: 30 batches of 500; it prints the limits of the proportions as
        0.000930786 and 0.038003, which times the size are those of the counts."""
        failing = [5, 6, 11, 6, 4, 9, 17, 10, 12, 9, 8, 7, 7, 15, 8, 18, 12, 16, 4, 7, 17, 12, 8, 7, 15, 6, 8, 12, 7, 9]
        shares = chart(ChartType.P, *((count, 500) for count in failing))
        counts = chart(ChartType.NP, *((count, 500) for count in failing))
        assert (shares.lcl, shares.center, shares.ucl) == pytest.approx((0.000930786, 0.019467, 0.038003), abs=5.01e-7)
        assert counts.center == pytest.approx(292 / 30)
        assert counts.lcl == pytest.approx(500 * 0.000930786, abs=1e-6)
        assert counts.ucl == pytest.approx(2 * 292 / 30 - 500 * 0.000930786, abs=1e-6)  # they lie symmetrically

    def test_occurrences_a_unit_of_the_maple_manual(self) -> None:
        """Maple's manual, ProcessControl[UControlLimits], after Montgomery: unequal sizes, each point its own limits.
        It takes the normal quantile of 99.73 % where we take three standard errors, a difference of 1e-8 here."""
        counts = [12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9]
        tens = [10, 8, 8, 10, 11, 11, 10, 10, 9, 9, 11, 12, 12, 12, 11, 8, 8, 8, 9, 10, 10, 10, 10, 9, 9]
        result = chart(ChartType.U, *zip(counts, (10 * size for size in tens), strict=True))
        assert isinstance(result.ucl, list)
        assert isinstance(result.lcl, list)
        assert result.lcl[:5] == pytest.approx([0.0027960282, 0, 0, 0.0027960282, 0.0071107059], abs=1e-6)
        assert result.ucl[:3] == pytest.approx([0.1882243799, 0.1991678039, 0.1991678039], abs=1e-6)

    def test_counts_of_the_nist_handbook(self) -> None:
        """6.3.3.1: 400 defects on 25 wafers: 16 with limits 4 and 28."""
        counts = [16] * 23 + [14, 18]
        result = chart(ChartType.C, *((count,) for count in counts))
        assert (result.center, result.lcl, result.ucl) == (16, 4, 28)

    def test_factors_of_the_range_and_deviation_charts(self) -> None:
        """A2 = 0.577, D4 = 2.114 and A3 = 1.427, B4 = 2.089 for n = 5 (ASTM MNL 7)."""
        rows = [(1.0, 2.0, 3.0, 4.0, 5.0), (2.0, 4.0, 1.0, 6.0, 3.0)]
        by_range, by_sd = (chart(kind, *rows) for kind in (ChartType.XBAR_R, ChartType.XBAR_S))
        for result, factor, upper in ((by_range, 0.577, 2.114), (by_sd, 1.427, 2.089)):
            spread = result.dispersion
            assert spread is not None
            assert isinstance(result.ucl, float)
            assert (result.ucl - result.center) / spread.center == pytest.approx(factor, abs=6e-4)
            assert spread.ucl / spread.center == pytest.approx(upper, abs=6e-4)
            assert spread.lcl == 0


class TestLimits:
    def test_unequal_sizes_have_limits_at_each_point(self) -> None:
        for kind in (ChartType.P, ChartType.U):
            result = chart(kind, (5, 100), (7, 50), (3, 80))
            assert isinstance(result.ucl, list)
            assert len(result.ucl) == 3
            assert result.ucl[1] > result.ucl[0]

    def test_limits_of_counts_stay_where_counts_can_be(self) -> None:
        assert chart(ChartType.P, (1, 10), (0, 10)).lcl == 0
        assert chart(ChartType.P, (10, 10), (9, 10)).ucl == 1
        assert chart(ChartType.NP, (10, 10), (9, 10)).ucl == 10

    def test_a_chart_without_variation_has_no_capability_and_no_signals(self) -> None:
        result = chart(ChartType.I_MR, *[(3.0,)] * 20, lsl=1, usl=5)
        assert (result.cp, result.cpk, result.pp, result.ppk) == (None, None, None, None)
        assert result.signals == []

    def test_capability_uses_the_sigma_within_and_performance_the_overall_one(self) -> None:
        result = chart(ChartType.I_MR, *((value,) for value in FLOW_RATE), lsl=45.0, usl=56.0)
        assert result.sigma_within is not None
        assert result.sigma_overall is not None
        assert result.cp == pytest.approx(11 / (6 * result.sigma_within))
        assert result.cpk == pytest.approx((56 - 50.81) / (3 * result.sigma_within))
        assert result.pp == pytest.approx(11 / (6 * result.sigma_overall))
        assert result.ppk == pytest.approx((56 - 50.81) / (3 * result.sigma_overall))

    def test_one_specification_limit_gives_cpk_alone(self) -> None:
        result = chart(ChartType.I_MR, *((value,) for value in FLOW_RATE), usl=56.0)
        assert result.cp is None
        assert result.cpk is not None

    @given(
        st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=2, max_size=20), st.floats(0.5, 20)
    )
    def test_scaling_the_measurements_scales_the_limits(self, rows: list[list[float]], factor: float) -> None:
        first = control_chart(Subgroups(rows), ChartType.XBAR_R)
        second = control_chart(Subgroups([[value * factor for value in row] for row in rows]), ChartType.XBAR_R)
        assert second.ucl == pytest.approx(first.ucl * factor, rel=1e-6, abs=1e-6)  # type: ignore[operator]


class TestRunRules:
    @pytest.mark.parametrize(
        ("rule", "scores"),
        [
            (1, [0.1, -3.2, 0.2]),
            (2, [0.5, 0.3, 0.9, 0.2, 0.8, 0.1, 0.7, 0.2, 0.4]),
            (3, [-0.9, -0.5, -0.1, 0.3, 0.6, 0.9]),
            (4, [0.5, -0.4] * 7),
            (5, [2.2, 0.1, 2.4]),
            (6, [1.2, 1.4, 0.2, 1.3, 1.5]),
            (7, [0.5, -0.4, 0.3, 0.2, -0.6] * 3),
            (8, [1.5, -1.2, 1.3, -1.8, -1.1, 1.4, 1.2, -1.6]),
        ],
    )
    def test_each_of_nelsons_tests_is_recognised_at_its_shortest_pattern(self, rule: int, scores: list[float]) -> None:
        assert rule in {signal.rule for signal in signals(scores, RuleSet.NELSON)}
        assert rule not in {signal.rule for signal in signals(scores[:-1] if rule != 1 else scores[:1], RuleSet.NELSON)}

    def test_western_electric_takes_eight_on_one_side(self) -> None:
        scores = [0.5, 0.3, 0.9, 0.2, 0.8, 0.1, 0.7, 0.2]
        assert [(signal.rule, len(signal.points)) for signal in signals(scores, RuleSet.WESTERN_ELECTRIC)] == [(4, 8)]

    def test_overlapping_windows_are_one_signal(self) -> None:
        found = signals([0.5] * 12, RuleSet.NELSON)
        assert [(signal.rule, signal.points) for signal in found] == [(2, tuple(range(1, 13)))]

    def test_two_on_different_sides_are_no_signal(self) -> None:
        assert signals([2.5, 0.1, -2.5], RuleSet.NELSON) == []

    def test_counts_use_only_the_tests_that_need_no_symmetry(self) -> None:
        assert signals([2.2, 0.1, 2.4], RuleSet.NELSON, symmetric=False) == []


class TestReader:
    def test_headings_labels_and_semicolons_are_understood(self) -> None:
        text = "日期;样本量;不合格数\n2026-01-01;50;3\n2026-01-02;60;4\n"
        data = parse_subgroups(text.encode("utf-8-sig"), ChartType.P)
        assert [list(row) for row in data.values] == [[3], [4]]
        assert list(data.sizes) == [50, 60]

    def test_a_size_given_beside_the_file_counts_for_every_row(self) -> None:
        assert list(parse_subgroups(b"3\n4\n", ChartType.NP, size=50).sizes) == [50, 50]
