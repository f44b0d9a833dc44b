# mypy: allow-untyped-defs, allow-untyped-calls
# The compiler infers the types of kernels from their arguments; the shapes stand in the docstrings.

"""Compiled tables of the PERT (beta) quantile over the normal score, which nothing gives in closed form."""

from __future__ import annotations

import math

from numba import njit

SCORE_LIMIT = 6.5
SCORE_STEP = 1.0 / 16.0
SCORE_NODES = 209
"""The table of a PERT quantile: nodes on the normal score from -6.5 to 6.5, beyond which it is held."""


@njit(cache=True, nogil=True)
def pert_table(alpha, beta, out):
    """Fill ``out[2k], out[2k + 1]`` with the quantile of Beta(alpha, beta) on (0, 1) at score node ``k`` and its slope.

    Both parameters are at least 1. The upper half is the mirrored lower half of Beta(beta, alpha).
    """
    last = SCORE_NODES - 1
    _lower_half(beta, alpha, out)
    for node in range((last + 1) // 2 + 1):
        value, slope = out[2 * node], out[2 * node + 1]
        out[2 * (last - node)] = 1.0 - value
        out[2 * (last - node) + 1] = slope
    _lower_half(alpha, beta, out)


@njit(cache=True, nogil=True)
def _lower_half(alpha, beta, out):
    """The nodes from -6.5 to 0.

    The quantile ``x(z)`` solves ``F(x) = Φ(z)``, so its log-odds ``y`` follow
    ``dy/dz = φ(z) · B(α, β) / (x^α (1-x)^β)``: a smooth, gently bending line, integrated by the classical Runge-Kutta
    rule from the tail (where Newton's method starts it exactly) inwards, the direction in which errors fade.
    """
    log_norm = math.lgamma(alpha) + math.lgamma(beta) - math.lgamma(alpha + beta)
    z = -SCORE_LIMIT
    tail = 0.5 * math.erfc(SCORE_LIMIT * math.sqrt(0.5))
    x = min(math.exp((math.log(tail * alpha) + log_norm) / alpha), alpha / (alpha + beta))
    y = math.log(x) - math.log1p(-x)
    for _ in range(8):
        x = 1.0 / (1.0 + math.exp(-y))
        level = beta_level(alpha, beta, x)
        y -= level * math.log(level / tail) * math.exp(log_norm - alpha * math.log(x) - beta * math.log1p(-x))
    h = SCORE_STEP
    for node in range((SCORE_NODES + 1) // 2):
        x = 1.0 / (1.0 + math.exp(-y))
        k1 = _odds_slope(alpha, beta, log_norm, z, y)
        out[2 * node] = x
        out[2 * node + 1] = k1 * x / (1.0 + math.exp(y))
        k2 = _odds_slope(alpha, beta, log_norm, z + h / 2, y + h / 2 * k1)
        k3 = _odds_slope(alpha, beta, log_norm, z + h / 2, y + h / 2 * k2)
        k4 = _odds_slope(alpha, beta, log_norm, z + h, y + h * k3)
        y += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        z += h


@njit(cache=True, nogil=True)
def _odds_slope(alpha, beta, log_norm, z, y):
    low = -math.log1p(math.exp(-y)) if y > 0.0 else y - math.log1p(math.exp(y))
    high = low - y
    return math.exp(-0.5 * z * z - 0.9189385332046727 + log_norm - alpha * low - beta * high)


@njit(cache=True, nogil=True)
def beta_level(a, b, x):
    """The distribution function of Beta(a, b) at ``x``: the continued fraction of DLMF 8.17.22, from its front end."""
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_level(b, a, 1.0 - x)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - math.lgamma(a) - math.lgamma(b) + math.lgamma(a + b))
    c = 1.0
    d = 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 2000):
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        d = 1.0 / (1.0 + even * d)
        c = 1.0 + even / c
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        d = 1.0 / (1.0 + odd * d)
        c = 1.0 + odd / c
        step = c * d
        value *= step
        if abs(step - 1.0) < 1e-15:
            break
    return front * value / a
