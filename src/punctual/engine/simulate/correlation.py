"""Normal-to-anything: the correlations of the normal scores that give the durations the correlations asked for.

Each correlated activity's duration is g(Z), its quantile at a normal score. With the normalised Hermite coefficients
``a_k`` of one such function and ``b_k`` of the other, Mehler's formula gives

    Cov(g(Z1), h(Z2)) = Σ_{k≥1} a_k b_k r^k        for scores with correlation r,

which rises with r; the r that meets the wanted covariance is read off a fine table of it. The scores of a group are
then drawn as ``L @ n`` with the Cholesky factor ``L`` of the matrix of all r, pairs not mentioned having 0.

Correlations that cannot hold together (a matrix that is not positive semidefinite) or that these distributions cannot
reach (two exponentials never correlate below -0.65) are refused, not silently replaced by others.

Source: M. C. Cario, B. L. Nelson, "Modeling and generating random vectors with arbitrary marginal distributions and
correlation matrix", Northwestern University, 1997 (NORTA).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from punctual.kernel.refusal import Reason, refuse_if
from punctual.kernel.wording import N_

_ORDER = 60
_GRID = np.linspace(-8.5, 8.5, 6801)
_TOLERANCE = 1e-9
_ROUNDING = 1e-6
_SCORES = np.linspace(-1.0, 1.0, 2001)
_POWERS = _SCORES[:, None] ** np.arange(1, _ORDER + 1)


@dataclass(frozen=True, slots=True)
class Group:
    """Activities (positions) that hang together by correlations, and the factor L of their scores (members²)."""

    members: tuple[int, ...]
    factor: NDArray[np.float64]


def grid() -> NDArray[np.float64]:
    """The normal scores at which :func:`coefficients` wants the quantile function."""
    return _GRID


def coefficients(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The normalised Hermite coefficients 1 … 60 of a quantile function given on :func:`grid`."""
    step = _GRID[1] - _GRID[0]
    weight = np.exp(-0.5 * _GRID**2) / np.sqrt(2 * np.pi) * step
    before, current = np.zeros_like(_GRID), np.ones_like(_GRID)
    result = np.empty(_ORDER)
    for k in range(_ORDER):
        before, current = current, (_GRID * current - np.sqrt(k) * before) / np.sqrt(k + 1)
        result[k] = np.sum(values * current * weight)
    return result


def score_correlation(first: NDArray[np.float64], second: NDArray[np.float64], wanted: float) -> float | None:
    """The correlation of the scores for a wanted one of the durations; None when these cannot have it.

    ``first`` and ``second`` are :func:`coefficients`. The variances are taken from the same series, so that equal
    distributions with correlation 1 get exactly 1.
    """
    scale = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    reached = _POWERS @ (first * second) / scale
    if not reached[0] - _ROUNDING <= wanted <= reached[-1] + _ROUNDING:
        return None
    return float(np.interp(wanted, reached, _SCORES))


def groups(
    pairs: Sequence[tuple[int, int, float]], shapes: dict[int, NDArray[np.float64]], names: Sequence[str]
) -> list[Group]:
    """The groups of correlated activities with their factors.

    ``pairs``   (position, position, correlation); ``shapes`` the coefficients by position; ``names`` for refusals.
    Raises a Refusal that names the activities when correlations cannot be reached or cannot hold together.
    """
    reasons = []
    adjusted: dict[tuple[int, int], float] = {}
    for first, second, wanted in pairs:
        score = score_correlation(shapes[first], shapes[second], wanted)
        if score is None:
            text = N_("the durations of %(first)s and %(second)s cannot have the correlation %(wanted)s")
            params = {"first": names[first], "second": names[second], "wanted": f"{wanted:g}"}
            reasons.append(Reason("simulate.correlation_out_of_reach", text, params, field="correlations"))
        else:
            adjusted[min(first, second), max(first, second)] = score
    refuse_if(reasons)
    result = []
    for members in _components(pairs):
        size = len(members)
        matrix = np.eye(size)
        for a in range(size):
            for b in range(a + 1, size):
                matrix[a, b] = matrix[b, a] = adjusted.get((members[a], members[b]), 0.0)
        if float(np.linalg.eigvalsh(matrix)[0]) < -1e-7:
            text = N_("the correlations among %(names)s cannot all hold together; make the strongest of them smaller")
            params = {"names": ", ".join(names[member] for member in members)}
            reasons.append(Reason("simulate.correlations_contradict", text, params, field="correlations"))
        else:
            result.append(Group(members, _factor(matrix)))
    refuse_if(reasons)
    return result


def _components(pairs: Sequence[tuple[int, int, float]]) -> list[tuple[int, ...]]:
    neighbours: dict[int, list[int]] = {}
    for first, second, _ in pairs:
        neighbours.setdefault(first, []).append(second)
        neighbours.setdefault(second, []).append(first)
    seen: set[int] = set()
    found = []
    for root in sorted(neighbours):
        if root in seen:
            continue
        seen.add(root)
        members, pending = [root], [root]
        while pending:
            for other in neighbours[pending.pop()]:
                if other not in seen:
                    seen.add(other)
                    members.append(other)
                    pending.append(other)
        found.append(tuple(sorted(members)))
    return found


def _factor(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangular L with ``L @ L.T = matrix`` (positive semidefinite: a zero pivot leaves a zero column)."""
    size = len(matrix)
    factor = np.zeros((size, size))
    for j in range(size):
        pivot = matrix[j, j] - factor[j, :j] @ factor[j, :j]
        if pivot > _TOLERANCE:
            factor[j, j] = np.sqrt(pivot)
            factor[j + 1 :, j] = (matrix[j + 1 :, j] - factor[j + 1 :, :j] @ factor[j, :j]) / factor[j, j]
    return factor
