"""The stochastic network: activities with distributions, links, risks, correlations and resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import NormalDist

from punctual.kernel.refusal import Reason
from punctual.kernel.wording import N_

LARGEST = 1e12
"""Largest duration, mean, value or impact (any unit); a larger one is a typing error."""
LARGEST_LAMBDA = 1000.0

_STANDARD = NormalDist()


class Kind(StrEnum):
    """The distributions; each class member's parameters are named in :data:`PARAMETERS`."""

    FIXED = "fixed"
    TRIANGULAR = "triangular"
    PERT = "pert"
    UNIFORM = "uniform"
    NORMAL = "normal"
    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"
    DISCRETE = "discrete"


PARAMETERS: Mapping[Kind, tuple[str, ...]] = {
    Kind.FIXED: ("value",),
    Kind.TRIANGULAR: ("min", "mode", "max"),
    Kind.PERT: ("min", "mode", "max", "lambda"),
    Kind.UNIFORM: ("min", "max"),
    Kind.NORMAL: ("mean", "sd"),
    Kind.LOGNORMAL: ("mean", "sd"),
    Kind.EXPONENTIAL: ("mean",),
    Kind.DISCRETE: (),
}
"""Names of the numbers of each kind, in the order of :attr:`Distribution.numbers`. Discrete has values and weights."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A duration or an impact, in the unit of the network.

    ``numbers``  the parameters in the order of :data:`PARAMETERS`; for discrete the values.
    ``weights``  discrete only: the weight of each value (any positive scale).

    PERT is the beta distribution on [min, max] with α = 1 + λ(mode - min)/(max - min) and β = 1 + λ(max - mode)/(max -
    min) (D. G. Malcolm et al., "Application of a technique for research and development program evaluation",
    Operations Research 7, 1959; λ = 4). The mean and sd of ``lognormal`` are those of the duration, not of its
    logarithm. ``normal`` is cut at 0: what falls below 0 counts as 0, and its mean and sd are those before the cut.
    """

    kind: Kind
    numbers: tuple[float, ...]
    weights: tuple[float, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether every draw is the same."""
        match self.kind:
            case Kind.FIXED:
                return True
            case Kind.TRIANGULAR | Kind.PERT:
                return self.numbers[0] == self.numbers[2]
            case Kind.UNIFORM:
                return self.numbers[0] == self.numbers[1]
            case Kind.NORMAL | Kind.LOGNORMAL:
                return self.numbers[1] == 0
            case Kind.EXPONENTIAL:
                return self.numbers[0] == 0
            case Kind.DISCRETE:
                return (
                    len({value for value, weight in zip(self.numbers, self.weights, strict=False) if weight > 0}) == 1
                )

    @property
    def mean(self) -> float:
        """The expected value, in closed form."""
        numbers = self.numbers
        match self.kind:
            case Kind.TRIANGULAR:
                return sum(numbers) / 3
            case Kind.PERT:
                low, mode, high, shape = numbers
                return (low + shape * mode + high) / (shape + 2)
            case Kind.UNIFORM:
                return sum(numbers) / 2
            case Kind.NORMAL:
                return _cut_normal_moments(*numbers)[0]
            case Kind.DISCRETE:
                total = sum(self.weights)
                return sum(value * weight for value, weight in zip(numbers, self.weights, strict=True)) / total
            case _:
                return numbers[0]

    @property
    def variance(self) -> float:
        """The variance, in closed form."""
        numbers = self.numbers
        match self.kind:
            case Kind.FIXED:
                return 0.0
            case Kind.TRIANGULAR:
                low, mode, high = numbers
                return ((high - low) ** 2 - (mode - low) * (high - mode)) / 18
            case Kind.PERT:
                low, _, high, shape = numbers
                return (self.mean - low) * (high - self.mean) / (shape + 3)
            case Kind.UNIFORM:
                return (numbers[1] - numbers[0]) ** 2 / 12
            case Kind.NORMAL:
                return _cut_normal_moments(*numbers)[1]
            case Kind.LOGNORMAL:
                return numbers[1] ** 2
            case Kind.EXPONENTIAL:
                return numbers[0] ** 2
            case Kind.DISCRETE:
                total, mean = sum(self.weights), self.mean
                pairs = zip(numbers, self.weights, strict=True)
                return sum(weight * (value - mean) ** 2 for value, weight in pairs) / total

    def problems(self, field: str) -> list[Reason]:
        """Everything that is wrong with the parameters; ``field`` is the path to the distribution."""
        if self.kind is Kind.DISCRETE:
            return self._discrete_problems(field)
        names = PARAMETERS[self.kind]
        reasons = [
            _reason(
                "simulate.number_out_of_range",
                N_("%(field)s must be a number from 0 to %(largest)s, it is %(given)s"),
                f"{field}.{name}",
                given=f"{number:g}",
                largest=f"{_largest(name):g}",
            )
            for name, number in zip(names, self.numbers, strict=True)
            if not 0 <= number <= _largest(name)
        ]
        if reasons:
            return reasons
        if "max" in names:
            bounds = self.numbers[: 3 if "mode" in names else 2]
            if list(bounds) != sorted(bounds):
                reasons.append(
                    _reason(
                        "simulate.bounds_out_of_order",
                        N_("%(field)s needs %(order)s, it has %(given)s"),
                        field,
                        order=" ≤ ".join(names[: len(bounds)]),
                        given=", ".join(f"{number:g}" for number in bounds),
                    )
                )
        if self.kind is Kind.LOGNORMAL and self.numbers[0] <= 0:
            reasons.append(
                _reason("simulate.mean_not_positive", N_("%(field)s must be greater than 0"), f"{field}.mean")
            )
        return reasons

    def _discrete_problems(self, field: str) -> list[Reason]:
        if not self.numbers or len(self.numbers) != len(self.weights):
            text = N_("%(field)s needs as many weights as values, at least one; it has %(values)s and %(weights)s")
            counts = {"values": len(self.numbers), "weights": len(self.weights)}
            return [_reason("simulate.weights_do_not_match", text, field, **counts)]
        reasons = [
            _reason(
                "simulate.number_out_of_range",
                N_("%(field)s must be a number from 0 to %(largest)s, it is %(given)s"),
                f"{field}.{name}[{place}]",
                given=f"{number:g}",
                largest=f"{LARGEST:g}",
            )
            for name, numbers in (("values", self.numbers), ("weights", self.weights))
            for place, number in enumerate(numbers)
            if not 0 <= number <= LARGEST
        ]
        if not reasons and sum(self.weights) <= 0:
            reasons.append(
                _reason("simulate.no_weight", N_("%(field)s needs at least one weight above 0"), f"{field}.weights")
            )
        return reasons


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity: its duration, what it needs of each resource (units), and the earliest instant it may start."""

    id: str
    distribution: Distribution
    demands: Mapping[str, float] = field(default_factory=dict)
    release: float = 0.0


@dataclass(frozen=True, slots=True)
class Risk:
    """An event that occurs in a run with ``probability`` and then adds one and the same draw of ``impact`` to the
    duration of each of ``activities`` (one event, one size)."""

    id: str
    probability: float
    activities: tuple[str, ...]
    impact: Distribution


@dataclass(frozen=True, slots=True)
class Correlation:
    """Product-moment correlation of the durations (without risk impacts) of two activities."""

    first: str
    second: str
    value: float


@dataclass(frozen=True, slots=True)
class StochasticNetwork:
    """What is simulated. ``links`` are (predecessor, successor), finish to start; ``capacities`` units a resource."""

    activities: Sequence[Activity]
    links: Sequence[tuple[str, str]] = ()
    risks: Sequence[Risk] = ()
    correlations: Sequence[Correlation] = ()
    capacities: Mapping[str, float] = field(default_factory=dict)


def _largest(name: str) -> float:
    return LARGEST_LAMBDA if name == "lambda" else LARGEST


def _cut_normal_moments(mean: float, sd: float) -> tuple[float, float]:
    """Mean and variance of max(0, X), X normal."""
    if sd == 0:
        return mean, 0.0
    ratio = mean / sd
    above, height = _STANDARD.cdf(ratio), _STANDARD.pdf(ratio)
    first = mean * above + sd * height
    second = (mean * mean + sd * sd) * above + mean * sd * height
    return first, max(0.0, second - first * first)


def _reason(code: str, text: str, field: str, **params: object) -> Reason:
    return Reason(code=code, text=text, params={"field": field, **params}, field=field)
