"""How sure a capability index is, and the histogram beside it.

| index | two-sided interval at a confidence of 1 - α |
|---|---|
| Cp, Pp | Ĉ √(χ²(α/2; ν) / ν) … Ĉ √(χ²(1 - α/2; ν) / ν), exact for normal values |
| Cpk, Ppk | Ĉ (1 ± z √(1 / (9 n Ĉ²) + 1 / (2 ν))), Bissell's approximation |

ν = n - 1. Sources: A. F. Bissell, "How reliable is your capability index?", Applied Statistics 39 (1990); ISO 22514-4;
worked examples in D. C. Montgomery, "Introduction to statistical quality control", section on process capability.
With σ within subgroups the same ν is used here; that is slightly optimistic for ranges (about 5 % less information at
subgroups of 5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

MOST_BARS: Final = 20


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` … ``high`` holds the true index with the confidence asked for."""

    low: float
    high: float


def gamma_share(shape: float, value: float) -> float:
    """P(shape, value), the regularised lower incomplete gamma function."""
    if value <= 0:
        return 0.0
    scale = math.exp(shape * math.log(value) - value - math.lgamma(shape))
    if value < shape + 1:
        term = total = 1 / shape
        at = shape
        while abs(term) > abs(total) * 1e-16:
            at += 1
            term *= value / at
            total += term
        return total * scale
    # Lentz's continued fraction of the upper share.
    tiny = 1e-300
    b = value + 1 - shape
    c, d = 1 / tiny, 1 / b
    fraction = d
    for step in range(1, 10_000):
        a = -step * (step - shape)
        b += 2
        d = 1 / (a * d + b or tiny)
        c = b + a / c or tiny
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return 1 - scale * fraction


def chi_square_quantile(share: float, freedom: int) -> float:
    """Where a share of the χ² distribution lies below."""
    if not 0 < share < 1 or freedom < 1:
        raise ValueError(f"no quantile of {share} at {freedom} degrees of freedom")
    low, high = 0.0, float(freedom)
    while gamma_share(freedom / 2, high / 2) < share:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if gamma_share(freedom / 2, middle / 2) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def spread_interval(index: float, count: int, confidence: float = 0.95) -> Interval:
    """For Cp or Pp out of ``count`` values."""
    _check(count, confidence)
    rest = (1 - confidence) / 2
    low, high = (math.sqrt(chi_square_quantile(share, count - 1) / (count - 1)) for share in (rest, 1 - rest))
    return Interval(index * low, index * high)


def centred_interval(index: float, count: int, confidence: float = 0.95) -> Interval:
    """For Cpk or Ppk out of ``count`` values."""
    _check(count, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    half = z * math.sqrt(1 / (9 * count) + index * index / (2 * (count - 1)))
    return Interval(index - half, index + half)


def _check(count: int, confidence: float) -> None:
    if count < 2 or not 0 < confidence < 1:
        raise ValueError(f"no interval from {count} values at a confidence of {confidence}")


@dataclass(frozen=True, slots=True)
class Bar:
    """Values from ``low`` on and below ``high`` (the last bar holds its end too)."""

    low: float
    high: float
    count: int


def histogram(values: Sequence[float]) -> list[Bar]:
    """Bars of equal width, about √n of them, from the least to the greatest value; empty without values."""
    if not values:
        return []
    least, greatest = min(values), max(values)
    if least == greatest:
        return [Bar(least, greatest, len(values))]
    bars = max(1, min(MOST_BARS, math.ceil(math.sqrt(len(values)))))
    width = (greatest - least) / bars
    counts = [0] * bars
    for value in values:
        counts[min(bars - 1, int((value - least) / width))] += 1
    return [Bar(least + place * width, least + (place + 1) * width, count) for place, count in enumerate(counts)]
