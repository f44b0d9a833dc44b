"""The Monte Carlo against closed forms (4 standard errors), its invariances, and what it refuses."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punctual.engine.simulate import (
    Activity,
    Correlation,
    Distribution,
    Kind,
    Risk,
    Simulation,
    StochasticNetwork,
    simulate,
)
from punctual.engine.simulate.prepare import prepare
from punctual.kernel.refusal import Refusal

RUNS = 40_000
DISTRIBUTIONS = {
    "triangular": Distribution(Kind.TRIANGULAR, (5.0, 10.0, 20.0)),
    "triangular with its mode at the end": Distribution(Kind.TRIANGULAR, (5.0, 20.0, 20.0)),
    "pert": Distribution(Kind.PERT, (1.0, 2.0, 6.0, 4.0)),
    "pert with its mode at the start": Distribution(Kind.PERT, (1.0, 1.0, 6.0, 4.0)),
    "pert with another lambda": Distribution(Kind.PERT, (0.0, 3.0, 9.0, 10.0)),
    "uniform": Distribution(Kind.UNIFORM, (2.0, 9.0)),
    "normal": Distribution(Kind.NORMAL, (10.0, 2.0)),
    "normal that is cut": Distribution(Kind.NORMAL, (1.0, 2.0)),
    "lognormal": Distribution(Kind.LOGNORMAL, (10.0, 4.0)),
    "exponential": Distribution(Kind.EXPONENTIAL, (3.0,)),
    "discrete": Distribution(Kind.DISCRETE, (1.0, 5.0, 2.0), (1.0, 2.0, 7.0)),
}


def fixed(value: float) -> Distribution:
    return Distribution(Kind.FIXED, (value,))


def chain(*distributions: Distribution) -> StochasticNetwork:
    activities = [Activity(f"A{k}", distribution) for k, distribution in enumerate(distributions)]
    return StochasticNetwork(activities, [(a.id, b.id) for a, b in pairwise(activities)])


def parallel(*distributions: Distribution) -> StochasticNetwork:
    return StochasticNetwork([Activity(f"A{k}", distribution) for k, distribution in enumerate(distributions)])


def assert_moments(result: Simulation, mean: float, variance: float) -> None:
    """Mean and sd within 4 standard errors; that of the sd from the sample's fourth moment."""
    ends = result.ends
    n = len(ends)
    assert abs(ends.mean() - mean) <= 4 * math.sqrt(variance / n) + 1e-9 * abs(mean)
    fourth = float(((ends - ends.mean()) ** 4).mean())
    error = math.sqrt(max(fourth - variance**2, 0.0) / n)
    assert abs(float(ends.var(ddof=1)) - variance) <= 4 * error + 1e-9


class TestRefusals:
    def codes(self, network: StochasticNetwork, runs: int = 10) -> frozenset[str]:
        with pytest.raises(Refusal) as refused:
            simulate(network, runs=runs)
        return refused.value.codes

    def test_a_network_without_activities_is_refused(self) -> None:
        assert self.codes(StochasticNetwork([])) == {"simulate.empty"}

    def test_every_reason_is_told_at_once(self) -> None:
        network = StochasticNetwork(
            [
                Activity("A", Distribution(Kind.TRIANGULAR, (5, 3, 9)), {"R": 3, "S": 1}),
                Activity("A", Distribution(Kind.NORMAL, (math.nan, 1))),
                Activity("B", Distribution(Kind.EXPONENTIAL, (-1,))),
                Activity("C", Distribution(Kind.DISCRETE, (1, 2), (0, 0))),
            ],
            [("A", "B"), ("B", "A"), ("A", "X")],
            [Risk("R", 1.5, ("Y",), fixed(math.inf)), Risk("N", 0.5, (), fixed(1))],
            [Correlation("A", "B", 2.0), Correlation("A", "A", 0.1)],
            {"R": 2},
        )
        assert self.codes(network, runs=0) == {
            "simulate.repeated_id",
            "simulate.bounds_out_of_order",
            "simulate.number_out_of_range",
            "simulate.no_weight",
            "simulate.unknown_activity",
            "simulate.cycle",
            "simulate.risk_without_activity",
            "simulate.correlation_out_of_range",
            "simulate.correlation_with_itself",
            "simulate.demand_above_capacity",
            "simulate.unknown_resource",
            "simulate.runs_out_of_range",
        }

    def test_a_cycle_is_named_by_its_activities(self) -> None:
        network = StochasticNetwork(
            [Activity(name, fixed(1)) for name in "ABCD"], [("A", "B"), ("B", "C"), ("C", "D"), ("D", "B")]
        )
        with pytest.raises(Refusal, match="B → C → D → B"):
            simulate(network)

    def test_a_long_chain_that_bites_its_tail_is_refused_without_overflow(self) -> None:
        names = [f"{k:05d}" for k in range(20_000)]
        links = [*pairwise(names), (names[-1], names[0])]
        assert self.codes(StochasticNetwork([Activity(name, fixed(1)) for name in names], links)) == {"simulate.cycle"}

    def test_correlations_that_contradict_each_other_are_refused_by_name(self) -> None:
        names = [Activity(name, Distribution(Kind.NORMAL, (100, 1))) for name in "ABC"]
        pairs = [Correlation("A", "B", 0.9), Correlation("B", "C", 0.9), Correlation("A", "C", -0.9)]
        with pytest.raises(Refusal, match="A, B, C cannot all hold together"):
            simulate(StochasticNetwork(names, correlations=pairs))

    def test_a_correlation_that_the_distributions_cannot_have_is_refused(self) -> None:
        both = [Activity(name, Distribution(Kind.EXPONENTIAL, (1,))) for name in "AB"]
        network = StochasticNetwork(both, correlations=[Correlation("A", "B", -0.9)])
        assert self.codes(network) == {"simulate.correlation_out_of_reach"}

    def test_a_constant_cannot_be_correlated(self) -> None:
        network = StochasticNetwork(
            [Activity("A", fixed(1)), Activity("B", DISTRIBUTIONS["uniform"])],
            correlations=[Correlation("A", "B", 0.5)],
        )
        assert self.codes(network) == {"simulate.correlation_of_constant"}


class TestClosedForms:
    @pytest.mark.parametrize("name", DISTRIBUTIONS)
    def test_one_activity_has_the_mean_and_sd_of_its_distribution(self, name: str) -> None:
        distribution = DISTRIBUTIONS[name]
        assert_moments(simulate(chain(distribution), runs=RUNS, seed=1), distribution.mean, distribution.variance)

    @pytest.mark.parametrize("name", ["triangular", "uniform", "exponential", "lognormal", "normal", "pert"])
    def test_the_quantiles_of_one_activity_are_those_of_its_distribution(self, name: str) -> None:
        levels: dict[str, float] = {}
        for key, value in simulate(chain(DISTRIBUTIONS[name]), runs=RUNS, seed=2).quantiles.items():
            levels[key] = _level(name, value)
        for key, level in levels.items():
            wanted = int(key[1:]) / 100
            assert abs(level - wanted) <= 4 * math.sqrt(wanted * (1 - wanted) / RUNS)

    def test_every_draw_is_the_quantile_at_its_level_far_out_too(self) -> None:
        """One activity draws the same level whatever its distribution, and the uniform one shows it."""

        def draws(kind: Kind, *numbers: float) -> np.ndarray[Any, np.dtype[np.float64]]:
            return np.array(simulate(chain(Distribution(kind, numbers)), runs=RUNS, seed=5).ends)

        levels = draws(Kind.UNIFORM, 0.0, 1.0)
        scores = np.array([NormalDist().inv_cdf(level) for level in levels])
        error = np.abs(draws(Kind.NORMAL, 1000.0, 1.0) - 1000.0 - scores)
        far = np.abs(levels - 0.5) > 0.5 - 1 / 64
        assert far.sum() > RUNS / 64
        assert error[~far].max() < 3e-5
        assert error[far].max() < 1e-6
        spread = math.sqrt(math.log(2.0))  # of the logarithm, where mean and sd are equal
        wanted = np.exp(spread * scores - spread**2 / 2)
        assert np.abs(draws(Kind.LOGNORMAL, 1.0, 1.0) / wanted - 1.0).max() < 3e-5

    def test_a_chain_adds_means_and_variances(self) -> None:
        parts = list(DISTRIBUTIONS.values())
        result = simulate(chain(*parts), runs=RUNS, seed=3)
        assert_moments(result, sum(part.mean for part in parts), sum(part.variance for part in parts))
        assert set(result.criticality.values()) == {1.0}

    def test_the_maximum_of_parallel_uniforms_is_a_beta(self) -> None:
        result = simulate(parallel(*[Distribution(Kind.UNIFORM, (0, 1))] * 4), runs=RUNS, seed=4)
        assert_moments(result, 4 / 5, 4 / (5**2 * 6))
        assert sum(result.criticality.values()) == pytest.approx(1)
        for share in result.criticality.values():
            assert abs(share - 0.25) <= 4 * math.sqrt(0.25 * 0.75 / RUNS)

    def test_the_maximum_of_two_exponentials_and_who_causes_it(self) -> None:
        slow, quick = 3.0, 1.0
        result = simulate(
            parallel(Distribution(Kind.EXPONENTIAL, (slow,)), Distribution(Kind.EXPONENTIAL, (quick,))),
            runs=RUNS,
            seed=5,
        )
        least = 1 / (1 / slow + 1 / quick)
        mean = slow + quick - least
        second = 2 * (slow**2 + quick**2 - least**2)
        assert_moments(result, mean, second - mean**2)
        share = slow / (slow + quick)
        assert abs(result.criticality["A0"] - share) <= 4 * math.sqrt(share * (1 - share) / RUNS)

    def test_paths_that_share_an_activity_keep_its_draw_in_common(self) -> None:
        shared = Distribution(Kind.UNIFORM, (0, 6))
        tail = Distribution(Kind.UNIFORM, (0, 1))
        network = StochasticNetwork(
            [Activity("S", shared), Activity("X", tail), Activity("Y", tail)], [("S", "X"), ("S", "Y")]
        )
        result = simulate(network, runs=RUNS, seed=6)
        assert_moments(result, shared.mean + 2 / 3, shared.variance + 1 / 18)
        assert result.criticality["S"] == 1.0

    def test_a_risk_mixes_the_runs_with_and_without_it(self) -> None:
        impact = Distribution(Kind.TRIANGULAR, (1, 2, 6))
        network = StochasticNetwork([Activity("A", fixed(10))], risks=[Risk("R", 0.3, ("A",), impact)])
        result = simulate(network, runs=RUNS, seed=7)
        second = 0.3 * (impact.variance + impact.mean**2)
        assert_moments(result, 10 + 0.3 * impact.mean, second - (0.3 * impact.mean) ** 2)

    def test_one_risk_on_two_activities_in_a_row_adds_the_same_impact_twice(self) -> None:
        impact = Distribution(Kind.UNIFORM, (1, 3))
        network = StochasticNetwork(
            [Activity("A", fixed(1)), Activity("B", fixed(1))], [("A", "B")], [Risk("R", 1.0, ("A", "B"), impact)]
        )
        assert_moments(simulate(network, runs=RUNS, seed=8), 2 + 2 * impact.mean, 4 * impact.variance)

    def test_the_days_of_a_certain_fixed_risk_are_its_impact(self) -> None:
        network = StochasticNetwork(
            [Activity("A", DISTRIBUTIONS["triangular"])], risks=[Risk("R", 1.0, ("A",), fixed(2.5))]
        )
        assert simulate(network, runs=1000).risk_days["R"] == pytest.approx(2.5)

    def test_a_risk_beside_the_critical_path_costs_nothing(self) -> None:
        network = StochasticNetwork(
            [Activity("A", DISTRIBUTIONS["triangular"]), Activity("B", fixed(1))],
            risks=[Risk("R", 0.5, ("B",), fixed(1))],
        )
        assert simulate(network, runs=1000).risk_days == {"R": 0.0}

    @pytest.mark.parametrize(
        ("first", "second", "value"),
        [
            ("normal", "normal", 0.5),
            ("normal", "lognormal", -0.6),
            ("triangular", "pert", 0.8),
            ("exponential", "uniform", 0.7),
            ("discrete", "triangular", 0.4),
            ("uniform", "uniform", 1.0),
            ("uniform", "uniform", -1.0),
        ],
    )
    def test_correlated_durations_have_the_correlation_asked_for(self, first: str, second: str, value: float) -> None:
        parts = DISTRIBUTIONS[first], DISTRIBUTIONS[second]
        plain = chain(*parts)
        network = StochasticNetwork(plain.activities, plain.links, correlations=[Correlation("A0", "A1", value)])
        sd = math.sqrt(parts[0].variance * parts[1].variance)
        variance = parts[0].variance + parts[1].variance + 2 * value * sd
        result = simulate(network, runs=RUNS, seed=9)
        assert abs(result.mean - parts[0].mean - parts[1].mean) <= 4 * math.sqrt(variance / RUNS) + 1e-6
        assert float(result.ends.var()) == pytest.approx(variance, rel=0.05, abs=1e-3)

    def test_the_sensitivity_of_two_equal_uniforms_in_a_row_is_the_known_rank_correlation(self) -> None:
        """With X, Y uniform and S = X + Y, Spearman's rho of X and S is 7/10."""
        result = simulate(chain(*[Distribution(Kind.UNIFORM, (0, 1))] * 2), runs=RUNS, seed=10)
        for value in result.sensitivity.values():
            assert abs(value - 0.7) <= 4 / math.sqrt(RUNS)

    def test_a_single_activity_drives_the_end_entirely_and_a_constant_not_at_all(self) -> None:
        result = simulate(chain(DISTRIBUTIONS["lognormal"], fixed(3)), runs=2000)
        assert result.sensitivity["A0"] == pytest.approx(1, abs=2e-3)
        assert result.sensitivity["A1"] == 0.0

    def test_drawing_the_level_again_and_sorting_the_durations_agree(self) -> None:
        """The same network once with simple activities, once with a risk of no effect that forces sorting."""
        parts = [DISTRIBUTIONS[name] for name in ("triangular", "pert", "exponential", "lognormal")]
        plain = chain(*parts)
        ids = tuple(activity.id for activity in plain.activities)
        sorted_ = StochasticNetwork(plain.activities, plain.links, [Risk("R", 0.0, ids, fixed(1))])
        by_level = simulate(plain, runs=RUNS, seed=11)
        by_sorting = simulate(sorted_, runs=RUNS, seed=11)
        assert (by_level.ends == by_sorting.ends).all()
        for name in ids:
            assert by_level.sensitivity[name] == pytest.approx(by_sorting.sensitivity[name], abs=0.01)


def _level(name: str, x: float) -> float:
    """The distribution function of the named distribution of DISTRIBUTIONS at ``x``."""
    numbers = DISTRIBUTIONS[name].numbers
    match name:
        case "triangular":
            low, mode, high = numbers
            if x < mode:
                return (x - low) ** 2 / ((high - low) * (mode - low))
            return 1 - (high - x) ** 2 / ((high - low) * (high - mode))
        case "uniform":
            return (x - numbers[0]) / (numbers[1] - numbers[0])
        case "exponential":
            return 1 - math.exp(-x / numbers[0])
        case "normal":
            return NormalDist(*numbers).cdf(x)
        case "lognormal":
            spread = math.log(1 + (numbers[1] / numbers[0]) ** 2)
            return NormalDist(math.log(numbers[0]) - spread / 2, math.sqrt(spread)).cdf(math.log(x))
        case _:
            low, mode, high, shape = numbers
            a, b = 1 + shape * (mode - low) / (high - low), 1 + shape * (high - mode) / (high - low)
            t = np.linspace(0, (x - low) / (high - low), 20_001)
            density = t ** (a - 1) * (1 - t) ** (b - 1)
            area = float(np.sum((density[1:] + density[:-1]) / 2) * (t[1] - t[0]))
            return area * math.gamma(a + b) / (math.gamma(a) * math.gamma(b))


class TestInvariance:
    network = StochasticNetwork(
        [Activity(f"A{k}", list(DISTRIBUTIONS.values())[k % 11], {"R": 1.0} if k % 3 else {}) for k in range(30)],
        [(f"A{k}", f"A{k + step}") for k in range(30) for step in (3, 7) if k + step < 30],
        [Risk("R1", 0.3, ("A3", "A4"), fixed(4)), Risk("R2", 0.6, ("A5",), DISTRIBUTIONS["pert"])],
        [Correlation("A0", "A1", 0.5), Correlation("A1", "A2", 0.3), Correlation("A10", "A11", -0.2)],
        {"R": 4.0},
    )

    @pytest.mark.parametrize("with_resources", [False, True])
    def test_the_number_of_threads_changes_nothing(self, with_resources: bool) -> None:
        network = self.network if with_resources else _without_demands(self.network)
        results = [simulate(network, runs=3000, seed=3, threads=threads).as_data() for threads in (1, 2, 5)]
        assert results[0] == results[1] == results[2]

    @settings(max_examples=10, deadline=None)
    @given(shuffle=st.randoms(use_true_random=False))
    def test_the_order_in_the_file_changes_nothing(self, shuffle: object) -> None:
        network = self.network
        mixed = StochasticNetwork(
            **{
                name: shuffle.sample(list(part), len(part))  # type: ignore[attr-defined]
                for name in ("activities", "links", "risks", "correlations")
                for part in [getattr(network, name)]
            },
            capacities=network.capacities,
        )
        assert simulate(mixed, runs=500).as_data() == simulate(network, runs=500).as_data()

    def test_another_seed_is_other_luck_and_the_same_seed_the_same(self) -> None:
        first, again, other = (simulate(self.network, runs=200, seed=seed).mean for seed in (1, 1, 2))
        assert first == again != other

    def test_more_runs_begin_with_the_same_runs(self) -> None:
        few, many = (simulate(self.network, runs=runs).ends for runs in (130, 700))
        assert (few == many[:130]).all()

    def test_an_activity_keeps_its_luck_when_another_is_added(self) -> None:
        alone = simulate(chain(DISTRIBUTIONS["pert"]), runs=100).ends
        longer = simulate(chain(DISTRIBUTIONS["pert"], fixed(2)), runs=100).ends
        assert longer == pytest.approx(alone + 2)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 10_000), st.integers(1, 200), st.floats(0, 50))
    def test_a_longer_duration_never_ends_earlier(self, seed: int, runs: int, more: float) -> None:
        network = _without_demands(self.network)
        later = StochasticNetwork(
            network.activities,
            network.links,
            [*network.risks, Risk("M", 1.0, ("A7",), fixed(more))],
            network.correlations,
        )
        assert (simulate(later, runs=runs, seed=seed).ends >= simulate(network, runs=runs, seed=seed).ends).all()


def _without_demands(network: StochasticNetwork) -> StochasticNetwork:
    activities = [Activity(activity.id, activity.distribution) for activity in network.activities]
    return StochasticNetwork(activities, network.links, network.risks, network.correlations)


class TestResources:
    def test_activities_that_share_one_unit_follow_each_other(self) -> None:
        parts = [DISTRIBUTIONS["uniform"], DISTRIBUTIONS["triangular"]]
        network = StochasticNetwork(
            [Activity(f"A{k}", part, {"R": 1}) for k, part in enumerate(parts)], capacities={"R": 1}
        )
        result = simulate(network, runs=RUNS, seed=1)
        assert_moments(result, sum(part.mean for part in parts), sum(part.variance for part in parts))
        assert set(result.criticality.values()) == {1.0}

    def test_enough_units_leave_the_longest_path_as_it_is(self) -> None:
        free = _without_demands(TestInvariance.network)
        ample = StochasticNetwork(
            [Activity(activity.id, activity.distribution, {"R": 1}) for activity in free.activities],
            free.links,
            free.risks,
            free.correlations,
            {"R": 30},
        )
        assert (simulate(ample, runs=300).ends == simulate(free, runs=300).ends).all()

    @pytest.mark.parametrize(("length", "end"), [(3, 15), (4, 19)])
    def test_a_gap_is_filled_when_it_is_long_enough(self, length: float, end: float) -> None:
        """D takes the machine until 7, B (after A) from 10 to 15; C, last in order, fits between only with 3."""
        network = StochasticNetwork(
            [
                Activity("A", fixed(10)),
                Activity("B", fixed(5), {"M": 1}),
                Activity("C", fixed(length), {"M": 1}),
                Activity("D", fixed(7), {"M": 1}),
            ],
            [("A", "B")],
            capacities={"M": 1},
        )
        result = simulate(network, runs=1)
        assert result.mean == end
        assert result.sd is None

    def test_a_release_holds_an_activity_back(self) -> None:
        for demands in ({}, {"M": 1.0}):
            network = StochasticNetwork([Activity("A", fixed(3), demands, release=7)], capacities={"M": 1})
            assert simulate(network, runs=5).mean == 10

    def test_demands_that_only_rounding_puts_above_the_capacity_fit(self) -> None:
        network = StochasticNetwork(
            [Activity(str(k), fixed(1), {"R": share}) for k, share in enumerate((0.1, 0.2, 0.7))], capacities={"R": 1}
        )
        assert simulate(network, runs=3).mean == 1

    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 100_000))
    def test_every_run_keeps_precedence_release_and_capacity(self, seed: int) -> None:
        """The compiled scheme against a plain check of all its starts."""
        from punctual.engine.simulate import scheduling

        rng = np.random.default_rng(seed)
        size = 40
        names = [f"T{k:02d}" for k in range(size)]
        links = [(names[a], names[b]) for a in range(size) for b in range(a + 1, size) if rng.random() < 0.04]
        capacities = {"R": 3.0, "S": 2.0}
        activities = [
            Activity(
                name,
                fixed(1),
                {resource: float(rng.integers(0, int(units) + 1)) for resource, units in capacities.items()},
                release=float(rng.integers(0, 20)),
            )
            for name in names
        ]
        prepared = prepare(StochasticNetwork(activities, links, capacities=capacities), 0)
        durations = rng.uniform(0, 5, size) * (rng.random(size) > 0.1)
        start, finish = np.empty(size), np.empty(size)
        profiles = (np.empty((2, prepared.room)), np.empty((2, prepared.room)), np.empty(2, np.int64))
        end = scheduling.schedule(
            prepared.order,
            prepared.links,
            prepared.releases,
            prepared.demands,
            prepared.capacities,
            durations,
            profiles,
            start,
            finish,
        )
        place = {name: k for k, name in enumerate(prepared.names)}
        by_name = {activity.id: activity for activity in activities}
        assert end == finish.max()
        assert (finish == start + durations).all()
        assert all(start[place[name]] >= by_name[name].release for name in names)
        assert all(start[place[b]] >= finish[place[a]] for a, b in links)
        for resource, units in capacities.items():
            for instant in start:
                running = [
                    by_name[name].demands[resource]
                    for name in names
                    if start[place[name]] <= instant < finish[place[name]]
                ]
                assert sum(running) <= units
