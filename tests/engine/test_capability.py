"""Intervals of capability indices against published worked examples, the histogram, and limits from a base period."""

from __future__ import annotations

import pytest

from punctual.engine.capability import centred_interval, chi_square_quantile, gamma_share, histogram, spread_interval
from punctual.engine.control_charts import ChartType, Subgroups, control_chart
from punctual.engine.run_rules import RuleSet
from punctual.kernel.refusal import Refusal


class TestRefusals:
    def test_a_share_or_a_count_that_gives_no_interval_is_an_error(self) -> None:
        for share, freedom in ((0.0, 5), (1.0, 5), (0.5, 0)):
            with pytest.raises(ValueError, match="no quantile"):
                chi_square_quantile(share, freedom)
        with pytest.raises(ValueError, match="no interval"):
            spread_interval(1.0, 1)
        with pytest.raises(ValueError, match="no interval"):
            centred_interval(1.0, 20, 1.0)

    def test_a_base_period_of_one_point_or_of_points_that_are_not_there_is_refused(self) -> None:
        data = Subgroups([[1.0], [2.0], [3.0]])
        for base in ([0], [], [0, 7]):
            with pytest.raises(Refusal) as refused:
                control_chart(data, ChartType.I_MR, base=base)
            assert refused.value.codes == {"chart.base"}


class TestPublishedExamples:
    @pytest.mark.parametrize(
        ("share", "freedom", "value"),
        [(0.025, 19, 8.907), (0.975, 19, 32.852), (0.05, 10, 3.940), (0.95, 10, 18.307), (0.5, 1, 0.455)],
    )
    def test_quantiles_of_the_chi_square_table(self, share: float, freedom: int, value: float) -> None:
        """Percentage points as in every textbook (Montgomery, appendix III)."""
        assert chi_square_quantile(share, freedom) == pytest.approx(value, abs=6e-4)

    def test_montgomerys_interval_for_cp(self) -> None:
        """Specification 38 to 62, n = 20, s = 1.75: Cp 2.29, 95 % interval 1.57 to 3.01."""
        index = (62 - 38) / (6 * 1.75)
        assert index == pytest.approx(2.29, abs=0.005)
        found = spread_interval(2.29, 20)
        assert found.low == pytest.approx(1.57, abs=0.005)
        assert found.high == pytest.approx(3.01, abs=0.005)

    def test_bissells_interval_for_cpk(self) -> None:
        """By the formula of the paper, n = 20 and Cpk 1.33: 1.33 (1 ± 1.96 √(1/(9·20·1.33²) + 1/(2·19)))."""
        found = centred_interval(1.33, 20)
        assert found.low == pytest.approx(0.883, abs=0.005)
        assert found.high == pytest.approx(1.777, abs=0.005)

    def test_the_gamma_share_has_its_closed_form_at_shape_one(self) -> None:
        for value in (0.1, 0.7, 1.5, 6.0):
            assert gamma_share(1.0, value) == pytest.approx(1 - 2.718281828459045**-value, abs=1e-12)


class TestBasePeriod:
    steady = ((10.0, 10.2), (9.9, 10.1), (10.1, 10.0), (9.8, 10.2))

    def test_limits_and_capability_come_from_the_base_alone(self) -> None:
        drifted = (*self.steady, (14.0, 14.2), (14.1, 14.3))
        alone = control_chart(Subgroups(self.steady), ChartType.XBAR_R, lsl=9, usl=11)
        found = control_chart(Subgroups(drifted), ChartType.XBAR_R, lsl=9, usl=11, base=[0, 1, 2, 3])
        for name in ("center", "ucl", "lcl", "cp", "cpk", "pp", "ppk"):
            assert getattr(found, name) == getattr(alone, name), name
        assert found.beyond_limits == [5, 6]

    def test_a_moving_range_across_the_end_of_the_base_does_not_count(self) -> None:
        values = [[1.0], [2.0], [1.0], [50.0], [51.0]]
        found = control_chart(Subgroups(values), ChartType.I_MR, base=[0, 1, 2])
        assert found.dispersion is not None
        assert found.dispersion.center == pytest.approx(1.0)

    def test_attribute_charts_take_their_rate_from_the_base(self) -> None:
        data = Subgroups([[2], [4], [30]], [100, 100, 100])
        assert control_chart(data, ChartType.P, base=[0, 1]).center == pytest.approx(0.03)


class TestHistogram:
    def test_every_value_stands_in_one_bar(self) -> None:
        values = [float(one % 17) for one in range(200)]
        bars = histogram(values)
        assert sum(bar.count for bar in bars) == 200
        assert (bars[0].low, bars[-1].high) == (0.0, 16.0)

    def test_values_that_are_all_the_same_are_one_bar_and_none_are_none(self) -> None:
        assert [(bar.low, bar.count) for bar in histogram([3.0, 3.0])] == [(3.0, 2)]
        assert histogram([]) == []


PISTON_RINGS = """
030 002 019 992 008|995 992 001 011 004|988 024 021 005 002|002 996 993 015 009|992 007 015 989 014
009 994 997 985 993|995 006 994 000 005|985 003 993 015 988|008 995 009 005 004|998 000 990 007 995
994 998 994 995 990|004 000 007 000 996|983 002 998 997 012|006 967 994 000 984|012 014 998 999 007
000 984 005 998 996|994 012 986 005 007|006 010 018 003 000|984 002 003 005 997|000 010 013 020 003
982 001 015 005 996|004 999 990 006 009|010 989 990 009 014|015 008 993 000 010|982 984 995 017 013
"""
"""Inside diameters of piston rings, 25 samples of 5: thousandths above 74, or above 73 from 900 on (Montgomery,
"Introduction to statistical quality control", piston-ring example; data set pistonrings of the R package qcc)."""
SECOND_PHASE = "012 015 030 986 000|995 010 990 015 001|987 999 985 000 990|008 010 003 991 006|003 000 001 986 997|994 003 015 020 004|008 002 018 995 005|001 004 990 996 998|015 000 016 025 000|030 005 000 016 012|001 990 995 010 024|015 020 024 005 019|035 010 012 015 026|017 013 036 025 026|010 005 029 000 020"  # noqa: E501
"""The fifteen samples of the second phase, watched with the limits of the first."""


def diameters(text: str) -> list[list[float]]:
    groups = [group.split() for line in text.strip().splitlines() for group in line.split("|")]
    return [[(73 if int(one) >= 900 else 74) + int(one) / 1000 for one in group] for group in groups]


class TestPistonRings:
    """Published results (Montgomery, x̄ and s charts of the piston rings): x̿ 74.001, s̄ 0.0094, limits of x̄
    x̿ ± 1.427 s̄, upper limit of s 0.0196; qcc prints the centre as 74.00118."""

    def test_limits_of_the_first_phase(self) -> None:
        found = control_chart(Subgroups(diameters(PISTON_RINGS)), ChartType.XBAR_S)
        assert found.center == pytest.approx(74.00118, abs=5e-6)
        assert isinstance(found.ucl, float)
        assert isinstance(found.lcl, float)
        for limit in (found.ucl - found.center, found.center - found.lcl):
            assert limit == pytest.approx(1.427 * 0.0094, abs=1e-4)
        assert found.dispersion is not None
        assert found.dispersion.center == pytest.approx(0.0094, abs=5e-5)
        assert found.dispersion.ucl == pytest.approx(0.0196, abs=1e-4)
        assert found.beyond_limits == []

    def test_limits_by_the_range(self) -> None:
        """Montgomery, x̄ and R charts of the same rings: R̄ = 0.581/25, A2 = 0.577, D4 = 2.114."""
        found = control_chart(Subgroups(diameters(PISTON_RINGS)), ChartType.XBAR_R)
        assert isinstance(found.ucl, float)
        assert found.dispersion is not None
        assert found.dispersion.center == pytest.approx(0.581 / 25, abs=1e-9)
        assert found.ucl - found.center == pytest.approx(0.577 * 0.581 / 25, abs=1e-4)
        assert found.dispersion.ucl == pytest.approx(2.114 * 0.581 / 25, abs=1e-4)

    def test_the_second_phase_goes_beyond_the_limits_of_the_first(self) -> None:
        """Montgomery: samples 37 to 39 lie above the upper limit."""
        rows = [*diameters(PISTON_RINGS), *diameters(SECOND_PHASE)]
        found = control_chart(Subgroups(rows), ChartType.XBAR_S, rules=RuleSet.NELSON, base=range(25))
        assert found.center == pytest.approx(74.00118, abs=5e-6)
        assert found.beyond_limits == [37, 38, 39]
        assert {1, 5, 6} <= {signal.rule for signal in found.signals}

    def test_the_handbooks_example_of_capability(self) -> None:
        """NIST/SEMATECH e-Handbook 6.1.6: limits 8 and 20, mean 16, standard deviation 2: Cp 1.0, Cpk 0.6667."""
        found = control_chart(Subgroups([[14.0], [16.0], [18.0]]), ChartType.I_MR, lsl=8.0, usl=20.0)
        assert found.pp == pytest.approx(1.0, abs=0.005)
        assert found.ppk == pytest.approx(0.6667, abs=0.005)
