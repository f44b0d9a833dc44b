"""Earned value and earned schedule against published examples, at the edges, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.engine.earned_value import (
    Performance,
    PeriodFigures,
    PeriodInput,
    ProgressRule,
    earned_share,
    earned_value,
)
from punctual.engine.formats.earned_value_json import parse_performance
from punctual.kernel.refusal import Refusal


def figures(bac: float, duration: float, *periods: tuple[float, float | None, float | None]) -> list[PeriodFigures]:
    return earned_value(Performance(bac, duration, [PeriodInput(*period) for period in periods]))


class TestRefusals:
    @pytest.mark.parametrize(
        ("bac", "duration", "period", "code"),
        [
            (math.nan, 5, (1, 1, 1), "earned_value.not_a_number"),
            (-1, 5, (0, 0, 0), "earned_value.not_a_number"),
            (10, 0, (1, 1, 1), "earned_value.duration"),
            (10, math.inf, (1, 1, 1), "earned_value.duration"),
            (10, 5, (1, -1, 1), "earned_value.not_a_number"),
            (10, 5, (1, 1, math.inf), "earned_value.not_a_number"),
            (10, 5, (1, 11, 1), "earned_value.above_budget"),
            (10, 5, (11, 1, 1), "earned_value.above_budget"),
            (10, 5, (1, None, 1), "earned_value.half_a_period"),
        ],
    )
    def test_impossible_figures_are_refused(
        self, bac: float, duration: float, period: tuple[float, float | None, float], code: str
    ) -> None:
        with pytest.raises(Refusal) as refused:
            figures(bac, duration, period)
        assert code in refused.value.codes

    def test_a_plan_that_falls_is_refused_with_its_period(self) -> None:
        with pytest.raises(Refusal) as refused:
            figures(10, 3, (5, 1, 1), (4, 2, 2))
        assert [reason.row for reason in refused.value.reasons] == [2]

    @pytest.mark.parametrize(
        "content", [b"[]", b'{"periods": [1]}', b'{"bac": "x", "periods": []}', b'{"bac": NaN, "periods": []}', b"\xff"]
    )
    def test_documents_of_another_form_are_refused(self, content: bytes) -> None:
        with pytest.raises(Refusal):
            parse_performance(content)

    @pytest.mark.parametrize("percent", [-1, 101, math.nan])
    def test_a_percentage_outside_0_to_100_is_refused(self, percent: float) -> None:
        with pytest.raises(Refusal):
            earned_share(ProgressRule.PERCENT, percent=percent)

    def test_milestones_without_weight_are_refused(self) -> None:
        with pytest.raises(Refusal):
            earned_share(ProgressRule.MILESTONES, milestones=[(0, True)])


class TestPublishedExamples:
    def test_the_toy_project_of_damnjanovic_and_reinschmidt(self) -> None:
        """I. Damnjanovic, K. Reinschmidt, "Data analytics for engineering and construction project risk management"
        (Springer 2020), as printed in the vignette of P. Govan's R package PRA: BAC 100,000, third of five periods."""
        last = figures(
            100_000,
            5,
            (10_000, 5_000, 9_000),
            (20_000, 15_000, 27_000),
            (40_000, 35_000, 63_000),
            (70_000, None, None),
            (100_000, None, None),
        )[2]
        assert (last.sv, last.cv) == (-5_000, -28_000)
        assert round(last.spi or 0, 2) == 0.88
        assert round(last.cpi or 0, 2) == 0.56
        assert last.eac == pytest.approx(180_000)
        assert last.etc == pytest.approx(117_000)
        assert last.vac == pytest.approx(-80_000)
        assert round(last.tcpi or 0, 3) == 1.757

    def test_the_fence_of_rita_mulcahy(self) -> None:
        """R. Mulcahy, "PMP Exam Prep", exercise The Fence: four sides of a day and 1,000 each; at the end of day three
        the first is done for 1,000, the second for 1,200, half of the third for 600. The book goes on with the rounded
        CPI: EAC 4,479, ETC 1,679, VAC -479."""
        plan = [(1_000, 1_000, 1_000), (2_000, 2_000, 2_200), (3_000, 2_500, 2_800), (4_000, None, None)]
        day = figures(4_000, 4, *plan)[2]
        assert (day.pv, day.ev, day.ac, day.cv, day.sv) == (3_000, 2_500, 2_800, -300, -500)
        cpi = round(day.cpi or 0, 3)
        assert (cpi, round(day.spi or 0, 3)) == (0.893, 0.833)
        assert day.eac == pytest.approx(4_480)
        eac = round(4_000 / cpi)
        assert (eac, eac - 2_800, 4_000 - eac) == (4_479, 1_679, -479)

    def test_the_second_fence_whose_sides_go_on_side_by_side(self) -> None:
        """The same, The Fence 2: all for 1,000, all for 900, half for 600 and three quarters for 600 on day three."""
        shares = [earned_share(ProgressRule.PERCENT, percent=percent) for percent in (100, 100, 50, 75)]
        ev, ac = sum(1_000 * share for share in shares), 1_000 + 900 + 600 + 600
        day = figures(4_000, 4, (1_000, 1_000, 900), (2_000, 2_000, 1_900), (3_000, ev, ac), (4_000, None, None))[2]
        assert (day.ev, day.ac, day.cv, day.sv) == (3_250, 3_100, 150, 250)
        assert (round(day.cpi or 0, 3), round(day.spi or 0, 3)) == (1.048, 1.083)

    def test_seven_months_gone_five_and_a_half_earned(self) -> None:
        """W. Lipke, "Earned schedule concept": ES = 5 + (EV - PV(May)) / (PV(June) - PV(May)), AT = 7. He
        gives no amounts, these are ours."""
        plan = [50, 120, 200, 300, 420, 560, 700, 830, 930, 1000]
        earned = [40, 100, 160, 230, 310, 400, 490]
        rows = [(pv, *((earned[k], earned[k]) if k < 7 else (None, None))) for k, pv in enumerate(plan)]
        status = figures(1000, 10, *rows)[6]
        assert status.es == pytest.approx(5 + (490 - 420) / (560 - 420))
        assert status.sv_t == pytest.approx(-1.5)
        assert status.spi_t == pytest.approx(5.5 / 7)
        assert status.eac_t == pytest.approx(10 / (5.5 / 7))

    def test_ten_modules_in_twelve_months(self) -> None:
        """MPUG, "Earned schedule management": ten modules of 100,000 planned in ten months take twelve and 1.3 million;
        SV = 0 and SPI = 1 at the end although it is two months late, which SV(t) = -2 and SPI(t) = 0.83 tell."""
        share = 1_000_000 / 12
        rows = [(min(k, 10) * 100_000.0, k * share, k * 1_300_000 / 12) for k in range(1, 13)]
        last = figures(1_000_000, 10, *rows)[-1]
        assert (last.sv, last.spi) == (pytest.approx(0), pytest.approx(1))
        assert last.cv == pytest.approx(-300_000)
        assert last.es == pytest.approx(10)
        assert last.sv_t == pytest.approx(-2)
        assert last.spi_t == pytest.approx(0.83, abs=0.005)
        assert last.eac_t == pytest.approx(12)


class TestEdges:
    def test_without_cost_the_cost_indices_are_undefined(self) -> None:
        row = figures(100, 4, (25, 20, 0))[0]
        assert (row.cpi, row.eac, row.etc, row.vac) == (None, None, None, None)
        assert row.spi == 0.8
        assert row.tcpi == 0.8

    def test_before_anything_is_planned_the_project_is_on_schedule(self) -> None:
        row = figures(100, 4, (0, 0, 0), (0, 0, 0), (50, None, None))[0]
        assert (row.spi, row.es, row.sv_t, row.spi_t) == (None, 1, 0, 1)

    def test_with_nothing_planned_at_all_every_ratio_is_undefined(self) -> None:
        row = figures(0, 4, (0, 0, 0))[0]
        undefined = {name for name, value in row.as_data().items() if value is None}
        assert undefined == {"spi", "cpi", "es", "sv_t", "spi_t", "eac", "etc", "vac", "tcpi", "eac_t"}

    def test_with_nothing_earned_there_is_no_forecast(self) -> None:
        row = figures(100, 4, (25, 0, 10))[0]
        assert (row.cpi, row.eac, row.es, row.spi_t, row.eac_t) == (0, None, 0, 0, None)

    def test_a_late_finish_keeps_its_time_indices_and_loses_the_money_ones(self) -> None:
        rows = figures(100, 2, (50, 30, 30), (100, 60, 60), (100, 90, 90), (100, 100, 110), (100, 100, 110))
        for row in rows[3:]:
            assert (row.sv, row.spi) == (0, 1)
            assert (row.es, row.sv_t, row.spi_t, row.eac_t) == (2, -2, 0.5, 4)
            assert row.eac == pytest.approx(110)

    def test_an_early_finish_has_earned_the_whole_duration(self) -> None:
        row = figures(100, 4, (25, 60, 50), (50, 100, 90))[1]
        assert (row.es, row.sv_t, row.spi_t, row.eac_t) == (4, 2, 2, 2)

    def test_beyond_the_periods_listed_the_plan_goes_on_to_the_budget_at_the_planned_duration(self) -> None:
        row = figures(100, 4, (25, 62.5, 50))[0]
        assert row.es == pytest.approx(1 + 1.5)

    def test_a_fractional_planned_duration_is_reached_within_its_period(self) -> None:
        row = figures(100, 1.5, (50, 100, 80), (100, 100, 80))[0]
        assert row.es == 1.5

    def test_a_planned_pause_counts_as_far_as_time_has_come(self) -> None:
        plan = [(40.0, 40.0, 1.0), (40.0, 40.0, 1.0), (40.0, 40.0, 1.0), (100.0, 40.0, 1.0)]
        assert [row.es for row in figures(100, 4, *plan)] == [1, 2, 3, 3]

    def test_an_overspent_budget_makes_the_to_complete_index_negative_and_a_spent_one_undefined(self) -> None:
        assert figures(100, 4, (50, 50, 150))[0].tcpi == -1
        assert figures(100, 4, (50, 50, 100))[0].tcpi is None

    @given(
        st.lists(st.tuples(*[st.floats(0, 1e6)] * 3), min_size=1, max_size=12),
        st.floats(0.1, 20),
    )
    def test_no_figure_is_ever_nan_or_infinite_and_the_schedule_earned_stays_in_the_plan(
        self, rows: list[tuple[float, float, float]], duration: float
    ) -> None:
        plan = sorted(row[0] for row in rows)
        bac = max(max(row[1] for row in rows), plan[-1])
        for row in figures(bac, duration, *((pv, ev, ac) for pv, (_, ev, ac) in zip(plan, rows, strict=True))):
            assert all(value is None or math.isfinite(value) for value in row.as_data().values())
            assert row.es is None or 0 <= row.es <= max(duration, len(rows))


class TestProgressRules:
    @pytest.mark.parametrize(
        ("rule", "started", "finished", "share"),
        [
            (ProgressRule.ZERO_HUNDRED, True, False, 0),
            (ProgressRule.ZERO_HUNDRED, True, True, 1),
            (ProgressRule.FIFTY_FIFTY, False, False, 0),
            (ProgressRule.FIFTY_FIFTY, True, False, 0.5),
            (ProgressRule.FIFTY_FIFTY, True, True, 1),
            (ProgressRule.PERCENT, True, False, 0.3),
        ],
    )
    def test_each_rule_gives_its_share(self, rule: ProgressRule, started: bool, finished: bool, share: float) -> None:
        assert earned_share(rule, started=started, finished=finished, percent=30) == share

    def test_milestones_earn_their_weight(self) -> None:
        assert earned_share(ProgressRule.MILESTONES, milestones=[(1, True), (2, True), (3, False)]) == 0.5
