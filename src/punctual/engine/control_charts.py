"""Shewhart control charts: X̄-R, X̄-s, I-MR, p, np, c, u, with run rules and capability.

The constants are computed, not typed: d2 and d3 are the mean and standard deviation of the range of n standard normal
values, c4 the mean of their sample standard deviation (sources: L. H. C. Tippett, "On the extreme individuals and the
range of samples taken from a normal population", Biometrika 17, 1925; ISO 7870-2:2013 for charts and limits).

| chart | centre | limits | σ within |
|---|---|---|---|
| xbar-r | mean of means | ± 3 R̄ / (d2 √n); R: R̄ (1 ± 3 d3 / d2) | R̄ / d2 |
| xbar-s | mean of means | ± 3 s̄ / (c4 √n); s: s̄ ± 3 s̄ √(1 - c4²) / c4 | s̄ / c4 |
| i-mr | mean | ± 3 MR̄ / d2(2); MR: as R with n = 2 | MR̄ / d2(2) |
| p | Σd / Σn | ± 3 √(p̄ (1 - p̄) / n_i), within 0 … 1 | |
| np | Σd / k | ± 3 √(n p̄ (1 - p̄)), within 0 … n | |
| c | Σc / k | ± 3 √c̄, not below 0 | |
| u | Σc / Σn | ± 3 √(ū / n_i), not below 0 | |

Cp = (USL - LSL) / 6σ and Cpk = min(USL - x̄, x̄ - LSL) / 3σ with σ within subgroups; Pp and Ppk with the sample standard
deviation of all values (ISO 22514-2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from punctual.engine.run_rules import RuleSet, Signal, signals
from punctual.kernel.refusal import Reason, Refusal, refuse_if
from punctual.kernel.wording import N_

__all__ = ["Chart", "ChartType", "Constants", "Dispersion", "RuleSet", "Subgroups", "constants", "control_chart"]

LARGEST_SUBGROUP = 100

Floats = NDArray[np.float64]


class ChartType(StrEnum):
    """Variables: xbar-r, xbar-s, i-mr. Attributes: p, np (nonconforming units), c, u (nonconformities)."""

    XBAR_R = "xbar-r"
    XBAR_S = "xbar-s"
    I_MR = "i-mr"
    P = "p"
    NP = "np"
    C = "c"
    U = "u"

    @property
    def is_variables(self) -> bool:
        return self in (ChartType.XBAR_R, ChartType.XBAR_S, ChartType.I_MR)


@dataclass(frozen=True, slots=True)
class Constants:
    """For subgroups of n normal values: E(range) = d2 σ, sd(range) = d3 σ, E(s) = c4 σ."""

    d2: float
    d3: float
    c4: float


@lru_cache(maxsize=128)
def constants(n: int) -> Constants:
    """The constants for a subgroup of ``n`` (2 … 100), about 10 figures.

    The range W of n values has the distribution function F(w) = n ∫ φ(x) (Φ(x + w) - Φ(x))^(n-1) dx; then
    d2 = ∫ (1 - F) dw and d2² + d3² = 2 ∫ w (1 - F) dw. c4 = √(2/(n-1)) Γ(n/2) / Γ((n-1)/2).
    """
    if not 2 <= n <= LARGEST_SUBGROUP:
        raise ValueError(f"a subgroup has 2 to {LARGEST_SUBGROUP} values, not {n}")
    x = np.linspace(-9.0, 9.0, 721)
    below = 0.5 * np.array([math.erfc(-value / math.sqrt(2)) for value in x])
    step = x[1] - x[0]
    density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi) * step
    # Widths that are whole steps of x, so that Φ(x + w) is Φ at another node; the trapezoid rule is exact to rounding
    # for these smooth functions that vanish at both ends.
    width = np.arange(len(x)) * step
    above = np.concatenate([below, np.ones(len(x))])
    level = np.array([n * np.sum(density * (above[k : k + len(x)] - below) ** (n - 1)) for k in range(len(x))])
    tail = 1.0 - level
    weights = np.full(len(x), step)
    weights[0] = weights[-1] = step / 2
    d2 = float(np.sum(tail * weights))
    square = 2 * float(np.sum(width * tail * weights))
    # First Euler-Maclaurin terms at w = 0, where 1 - F(w) and w (1 - F(w)) do not vanish with their slopes.
    start_slope = -n * float(np.sum(np.exp(-(x**2)) / (2 * math.pi) * step)) if n == 2 else 0.0
    d2 += step**2 / 12 * start_slope
    square += 2 * step**2 / 12
    c4 = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
    return Constants(d2=float(d2), d3=math.sqrt(square - d2 * d2), c4=c4)


@dataclass(frozen=True, slots=True)
class Subgroups:
    """What was measured or counted.

    ``values``  variables: the values of each subgroup (one each for i-mr); attributes: the count of each, alone.
    ``sizes``   attributes: units inspected in each subgroup; not for c and variables.
    """

    values: Sequence[Sequence[float]]
    sizes: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Dispersion:
    """The chart of ranges, standard deviations or moving ranges below the main chart (``beyond_limits`` 1-based)."""

    center: float
    lcl: float
    ucl: float
    statistics: list[float]
    beyond_limits: list[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: ``lcl`` and ``ucl`` one number, or one a point where sizes differ; point numbers are 1-based.

    ``sigma_within``, ``sigma_overall``, ``cp`` … are None for attributes, and the indices without specification limits
    or without any variation. Cp and Pp need both limits.
    """

    type: ChartType
    rules: RuleSet
    center: float
    lcl: float | list[float]
    ucl: float | list[float]
    statistics: list[float]
    beyond_limits: list[int]
    signals: list[Signal]
    dispersion: Dispersion | None = None
    sigma_within: float | None = None
    sigma_overall: float | None = None
    cp: float | None = None
    cpk: float | None = None
    pp: float | None = None
    ppk: float | None = None

    def as_data(self) -> dict[str, object]:
        """The document of ``punctual control-chart --json``."""
        dispersion = self.dispersion
        return {
            "type": self.type.value,
            "rules": self.rules.value,
            "center": self.center,
            "lcl": self.lcl,
            "ucl": self.ucl,
            "statistics": self.statistics,
            "beyond_limits": self.beyond_limits,
            "signals": [{"rule": found.rule, "points": list(found.points)} for found in self.signals],
            "dispersion": dispersion and {name: getattr(dispersion, name) for name in dispersion.__slots__},
            "sigma_within": self.sigma_within,
            "sigma_overall": self.sigma_overall,
            "cp": self.cp,
            "cpk": self.cpk,
            "pp": self.pp,
            "ppk": self.ppk,
        }


def control_chart(
    data: Subgroups,
    kind: ChartType,
    *,
    rules: RuleSet = RuleSet.NELSON,
    lsl: float | None = None,
    usl: float | None = None,
    base: Sequence[int] | None = None,
) -> Chart:
    """The chart of ``data`` with limits and capability computed from it, or from the subgroups of ``base`` (their
    places from 0) alone: a period in which the process is known to have been steady.

    On attribute charts only the run rules that need no symmetry of the distribution apply (Nelson 1 to 4).
    Raises a Refusal with every reason for unusable data.
    """
    refuse_if([*_problems(data, kind), *_limit_problems(kind, lsl, usl)])
    places = sorted(set(range(len(data.values)) if base is None else base))
    if len(places) < 2 or not 0 <= places[0] <= places[-1] < len(data.values):
        text = N_("the base period needs at least 2 subgroups, it has %(count)d")
        raise Refusal(Reason("chart.base", text, {"count": len(places)}, field="base"))
    chosen = np.array(places)
    if kind.is_variables:
        return _variables(data, kind, rules, lsl, usl, chosen)
    return _attributes(data, kind, rules, chosen)


def _variables(
    data: Subgroups, kind: ChartType, rules: RuleSet, lsl: float | None, usl: float | None, base: NDArray[np.int64]
) -> Chart:
    values = np.array([list(row) for row in data.values], np.float64)
    if kind is ChartType.I_MR:
        size, statistics = 2, values[:, 0]
        spreads = np.abs(np.diff(statistics))
    else:
        size, statistics = values.shape[1], values.mean(axis=1)
        spreads = values.std(axis=1, ddof=1) if kind is ChartType.XBAR_S else np.ptp(values, axis=1)
    known = constants(size)
    typical, noise = (known.c4, math.sqrt(1 - known.c4**2)) if kind is ChartType.XBAR_S else (known.d2, known.d3)
    # A moving range belongs to the base when both of its values do.
    steps = base[1:][np.diff(base) == 1] - 1 if kind is ChartType.I_MR else base
    mean_spread = float(spreads[steps].mean()) if len(steps) else 0.0
    sigma = mean_spread / typical
    center = float(statistics[base].mean())
    error = sigma if kind is ChartType.I_MR else sigma / math.sqrt(size)
    low, high = max(0.0, mean_spread - 3 * noise * sigma), mean_spread + 3 * noise * sigma
    overall = float(values[base].std(ddof=1))
    cp, cpk = _capability(center, sigma, lsl, usl)
    pp, ppk = _capability(float(values[base].mean()), overall, lsl, usl)
    return Chart(
        type=kind,
        rules=rules,
        center=center,
        lcl=center - 3 * error,
        ucl=center + 3 * error,
        statistics=statistics.tolist(),
        beyond_limits=_beyond(statistics, center - 3 * error, center + 3 * error),
        signals=signals(_scores(statistics, center, error), rules),
        dispersion=Dispersion(mean_spread, low, high, spreads.tolist(), _beyond(spreads, low, high)),
        sigma_within=sigma,
        sigma_overall=overall,
        cp=cp,
        cpk=cpk,
        pp=pp,
        ppk=ppk,
    )


def _attributes(data: Subgroups, kind: ChartType, rules: RuleSet, base: NDArray[np.int64]) -> Chart:
    counts = np.array([row[0] for row in data.values], np.float64)
    sizes = np.ones(len(counts)) if kind is ChartType.C else np.array(data.sizes, np.float64)
    rate = float(counts[base].sum() / sizes[base].sum())
    is_share = kind in (ChartType.P, ChartType.NP)
    variance = rate * (1 - rate) if is_share else rate
    if kind is ChartType.NP:
        center, statistics, errors, most = rate * sizes[0], counts, np.sqrt(sizes * variance), float(sizes[0])
    else:
        center, statistics, errors, most = (
            rate,
            counts / sizes,
            np.sqrt(variance / sizes),
            1.0 if is_share else math.inf,
        )
    low, high = np.maximum(center - 3 * errors, 0.0), np.minimum(center + 3 * errors, most)
    equal = bool((sizes == sizes[0]).all())
    return Chart(
        type=kind,
        rules=rules,
        center=float(center),
        lcl=float(low[0]) if equal else low.tolist(),
        ucl=float(high[0]) if equal else high.tolist(),
        statistics=statistics.tolist(),
        beyond_limits=_beyond(statistics, low, high),
        signals=signals(_scores(statistics, center, errors), rules, symmetric=False),
    )


def _scores(statistics: Floats, center: float, error: float | Floats) -> list[float]:
    """Distances from the centre in standard errors; all 0 where nothing varies."""
    distance = statistics - center
    scores: list[float] = np.divide(distance, error, out=np.zeros_like(distance), where=np.asarray(error) > 0).tolist()
    return scores


def _beyond(statistics: Floats, low: float | Floats, high: float | Floats) -> list[int]:
    found: list[int] = (np.flatnonzero((statistics < low) | (statistics > high)) + 1).tolist()
    return found


def _capability(mean: float, sigma: float, lsl: float | None, usl: float | None) -> tuple[float | None, float | None]:
    """(Cp, Cpk) or (Pp, Ppk) by the sigma given."""
    sides = [
        side for side in (None if usl is None else usl - mean, None if lsl is None else mean - lsl) if side is not None
    ]
    if not sides or sigma <= 0:
        return None, None
    both = None if lsl is None or usl is None else (usl - lsl) / (6 * sigma)
    return both, min(sides) / (3 * sigma)


def _problems(data: Subgroups, kind: ChartType) -> list[Reason]:
    if len(data.values) < 2:
        text = N_("a chart needs at least 2 subgroups, there are %(count)d")
        return [Reason("chart.too_few", text, {"count": len(data.values)})]
    reasons = [
        Reason(
            "chart.not_a_number", N_("column %(column)d is not a number that can be used"), {"column": column}, row=row
        )
        for row, values in enumerate(data.values, 1)
        for column, value in enumerate(values, 1)
        if not math.isfinite(value) or abs(value) > 1e100
    ]
    return reasons or (_variables_problems(data, kind) if kind.is_variables else _attributes_problems(data, kind))


def _variables_problems(data: Subgroups, kind: ChartType) -> list[Reason]:
    first = len(data.values[0])
    fewest, most = (1, 1) if kind is ChartType.I_MR else (2, LARGEST_SUBGROUP)
    if not fewest <= first <= most:
        text = N_("a subgroup of this chart has from %(fewest)d to %(most)d values, this one has %(count)d")
        return [Reason("chart.subgroup_size", text, {"fewest": fewest, "most": most, "count": first}, row=1)]
    text = N_("the subgroup has %(count)d values, the first has %(first)d; all must have the same number")
    return [
        Reason("chart.unequal_subgroups", text, {"count": len(values), "first": first}, row=row)
        for row, values in enumerate(data.values, 1)
        if len(values) != first
    ]


def _attributes_problems(data: Subgroups, kind: ChartType) -> list[Reason]:
    if kind is not ChartType.C and len(data.sizes) != len(data.values):
        raise Refusal(Reason("chart.no_sizes", N_("this chart needs the number inspected of every subgroup")))
    reasons = []
    for row, (count,) in enumerate(data.values, 1):
        if count < 0 or count != int(count):
            text = N_("the count must be a whole number of at least 0, it is %(count)s")
            reasons.append(Reason("chart.not_a_count", text, {"count": f"{count:g}"}, row=row))
        if kind is ChartType.C:
            continue
        size = data.sizes[row - 1]
        if not (math.isfinite(size) and 0 < size <= 1e100):
            text = N_("the number inspected must be greater than 0, it is %(size)s")
            reasons.append(Reason("chart.size", text, {"size": f"{size:g}"}, row=row))
        elif kind is not ChartType.U and count > size:
            text = N_("%(count)s nonconforming of %(size)s inspected is not possible")
            reasons.append(Reason("chart.more_than_all", text, {"count": f"{count:g}", "size": f"{size:g}"}, row=row))
        elif kind is ChartType.NP and size != data.sizes[0]:
            text = N_("an np chart needs equal numbers inspected (%(first)s); with %(size)s here take a p chart")
            params = {"first": f"{data.sizes[0]:g}", "size": f"{size:g}"}
            reasons.append(Reason("chart.unequal_sizes", text, params, row=row))
    return reasons


def _limit_problems(kind: ChartType, lsl: float | None, usl: float | None) -> list[Reason]:
    given = [limit for limit in (lsl, usl) if limit is not None]
    if not given:
        return []
    if not kind.is_variables:
        return [Reason("chart.limits_on_counts", N_("specification limits belong to measured values, not to counts"))]
    if not all(map(math.isfinite, given)) or (len(given) == 2 and given[0] >= given[1]):
        return [Reason("chart.limits", N_("the lower specification limit must be a number below the upper one"))]
    return []
