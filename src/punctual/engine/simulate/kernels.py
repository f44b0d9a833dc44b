"""Compiled heart of the simulation: draws, longest paths and criticality, a block of runs at a time.

Random numbers are counter-based: number ``run`` of the stream ``key`` is the SplitMix64 output for the state
``key + (run + 1) * GAMMA``. Nothing is carried from one number to the next, so any run can be drawn again, alone, on
any thread, with the same result; a run repeated without one risk therefore sees the same luck.

A block holds :data:`LANES` runs side by side (one row a quantity, one column a run), which is what lets the processor
work on eight runs at once; the working memory is two rows an activity whatever the number of runs.

Sources: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64);
M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# The compiler infers the types of kernels from their arguments; the shapes stand in the docstrings.

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint64

LANES = 64
"""Runs in one block. A constant, so that each run takes the same machine instructions wherever it stands in a block."""

FIXED, UNIFORM, TRIANGULAR, EXPONENTIAL, DISCRETE, NORMAL, LOGNORMAL, PERT = range(8)

SCORE_LIMIT = 6.5
SCORE_STEP = 1.0 / 16.0
SCORE_NODES = 209
"""The table of a PERT quantile: nodes on the normal score from -6.5 to 6.5, beyond which it is held."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53

_FAST = {"nnan", "ninf", "nsz", "contract", "reassoc"}


@njit(cache=True, nogil=True, inline="always")
def _uniform(key, run):
    """The number ``run`` of stream ``key``, strictly between 0 and 1 (53 bits)."""
    z = key + (uint64(run) + uint64(1)) * _GAMMA
    z = (z ^ (z >> uint64(30))) * _MIX1
    z = (z ^ (z >> uint64(27))) * _MIX2
    z = z ^ (z >> uint64(31))
    return (np.float64(z >> uint64(11)) + 0.5) * _UNIT


@njit(cache=True, nogil=True, inline="always")
def _central_score(q):
    """AS 241 (PPND16) for ``q = p - 0.5`` of at most 0.425 in size."""
    r = 0.180625 - q * q
    top = ((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
    top = ((top + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r
    top = ((top + 1.9715909503065514427e3) * r + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
    low = ((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
    low = ((low + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r
    low = ((low + 6.8718700749205790830e2) * r + 4.2313330701600911252e1) * r + 1.0
    return q * top / low


@njit(cache=True, nogil=True)
def _tail_score(p):
    """AS 241 (PPND16) for ``p`` outside 0.075 to 0.925."""
    r = math.sqrt(-math.log(min(p, 1.0 - p)))
    if r <= 5.0:
        r -= 1.6
        top = ((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
        top = ((top + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r
        top = ((top + 5.76949722146069140550e0) * r + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        low = ((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
        low = ((low + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r
        low = ((low + 1.67638483018380384940e0) * r + 2.05319162663775882187e0) * r + 1.0
    else:
        r -= 5.0
        top = ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
        top = ((top + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r
        top = ((top + 1.78482653991729133580e0) * r + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
        low = ((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
        low = ((low + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r
        low = ((low + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1.0
    return -top / low if p < 0.5 else top / low


@njit(cache=True, nogil=True, fastmath=_FAST)
def _score_row(key, runs, out):
    """Independent normal scores; the central rational for all lanes at once, the tails (15 in 100) put right after."""
    tails = np.empty(LANES)
    for lane in range(LANES):
        q = _uniform(key, runs[lane]) - 0.5
        tails[lane] = q
        out[lane] = _central_score(q)
    for lane in range(LANES):
        if abs(tails[lane]) > 0.425:
            out[lane] = _tail_score(_uniform(key, runs[lane]))


@njit(cache=True, nogil=True)
def _from_level(kind, p, tables, u):
    """The quantile at level ``u`` of the kinds that are simplest in ``u``."""
    if kind == UNIFORM:
        return p[0] + p[1] * u
    if kind == TRIANGULAR:
        if u < p[2]:
            return p[0] + math.sqrt(u * p[3])
        return p[1] - math.sqrt((1.0 - u) * p[4])
    if kind == EXPONENTIAL:
        return -p[0] * math.log1p(-u)
    if kind == DISCRETE:
        first = int(p[0])
        count = int(p[1])
        k = 0
        while k < count - 1 and u > tables[first + k]:
            k += 1
        return tables[first + count + k]
    return p[0]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _from_scores(kind, p, tables, scores, out):
    """The quantiles at normal ``scores`` of the kinds that are simplest in them (``out`` may be ``scores``)."""
    size = len(out)
    if kind == NORMAL:
        for k in range(size):
            out[k] = max(0.0, p[0] + p[1] * scores[k])
    elif kind == LOGNORMAL:
        for k in range(size):
            out[k] = math.exp(p[0] + p[1] * scores[k])
    else:
        first = int(p[2])
        for k in range(size):
            x = (min(max(scores[k], -SCORE_LIMIT), SCORE_LIMIT) + SCORE_LIMIT) / SCORE_STEP
            node = min(int(x), SCORE_NODES - 2)
            t = x - node
            rest = 1.0 - t
            at = first + 2 * node
            value = rest * rest * ((1.0 + 2.0 * t) * tables[at] + t * SCORE_STEP * tables[at + 1])
            value += t * t * ((3.0 - 2.0 * t) * tables[at + 2] - rest * SCORE_STEP * tables[at + 3])
            out[k] = p[0] + p[1] * value


@njit(cache=True, nogil=True, fastmath=_FAST)
def draw(kind, p, tables, key, runs, out):
    """One row of independent draws: ``out[lane]`` for the run numbers ``runs[lane]`` (both of LANES)."""
    if kind == TRIANGULAR:
        a, b, c, k1, k2 = p[0], p[1], p[2], p[3], p[4]
        for lane in range(LANES):
            u = _uniform(key, runs[lane])
            below = u < c
            root = math.sqrt(u * k1 if below else (1.0 - u) * k2)
            out[lane] = a + root if below else b - root
    elif kind == UNIFORM:
        for lane in range(LANES):
            out[lane] = p[0] + p[1] * _uniform(key, runs[lane])
    elif kind == FIXED:
        for lane in range(LANES):
            out[lane] = p[0]
    elif kind >= NORMAL:
        _score_row(key, runs, out)
        _from_scores(kind, p, tables, out, out)
    else:
        for lane in range(LANES):
            out[lane] = _from_level(kind, p, tables, _uniform(key, runs[lane]))


@njit(cache=True, nogil=True)
def from_scores(kind, p, tables, scores, out):
    """One row of durations for given normal scores (correlated activities; also the shape that NORTA integrates)."""
    if kind >= NORMAL:
        _from_scores(kind, p, tables, scores, out)
    elif kind == EXPONENTIAL:
        for k in range(len(scores)):
            out[k] = -p[0] * math.log(0.5 * math.erfc(scores[k] * math.sqrt(0.5)))
    else:
        for k in range(len(scores)):
            out[k] = _from_level(kind, p, tables, 0.5 * math.erfc(-scores[k] * math.sqrt(0.5)))


@njit(cache=True, nogil=True, fastmath=_FAST)
def draw_risks(risks, tables, skipped, runs, impacts):
    """``impacts[risk, lane]``: what each risk adds in each run; 0 where it does not occur or is ``skipped``."""
    kinds, parameters, probabilities, event_keys, impact_keys = risks
    for risk in range(len(kinds)):
        row = impacts[risk]
        if risk == skipped:
            row[:] = 0.0
            continue
        draw(kinds[risk], parameters[risk], tables, impact_keys[risk], runs, row)
        for lane in range(LANES):
            row[lane] = row[lane] if _uniform(event_keys[risk], runs[lane]) < probabilities[risk] else 0.0


@njit(cache=True, nogil=True)
def draw_scores(groups, runs, own, scores):
    """``scores[member, lane]``: correlated normal scores, ``L @ n`` group by group with independent ``n``."""
    starts, keys, factors, factor_starts = groups
    for group in range(len(starts) - 1):
        first = starts[group]
        size = starts[group + 1] - first
        for member in range(size):
            _score_row(keys[first + member], runs, own[member])
        at = factor_starts[group]
        for member in range(size):
            row = scores[first + member]
            row[:] = 0.0
            for other in range(member + 1):
                weight = factors[at + member * size + other]
                for lane in range(LANES):
                    row[lane] += weight * own[other, lane]


@njit(cache=True, nogil=True, fastmath=_FAST)
def duration_row(i, activities, risk_links, tables, runs, scores, impacts, out):
    """``out[lane]``: the duration of activity ``i`` with the impacts of the risks that act on it."""
    kinds, parameters, keys, score_rows = activities
    if score_rows[i] >= 0:
        from_scores(kinds[i], parameters[i], tables, scores[score_rows[i]], out)
    else:
        draw(kinds[i], parameters[i], tables, keys[i], runs, out)
    starts, risks = risk_links
    for link in range(starts[i], starts[i + 1]):
        row = impacts[risks[link]]
        for lane in range(LANES):
            out[lane] += row[lane]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _forward(links, releases, activities, risk_links, tables, runs, scores, impacts, start, finish, end):
    """Start and finish rows of every activity, in topological order, and the end of the network."""
    pred_starts, preds, succ_starts, _ = links
    end[:] = 0.0
    for i in range(len(releases)):
        begin = start[i]
        begin[:] = releases[i]
        for link in range(pred_starts[i], pred_starts[i + 1]):
            before = finish[preds[link]]
            for lane in range(LANES):
                begin[lane] = max(begin[lane], before[lane])
        done = finish[i]
        duration_row(i, activities, risk_links, tables, runs, scores, impacts, done)
        for lane in range(LANES):
            done[lane] += begin[lane]
        if succ_starts[i] == succ_starts[i + 1]:
            for lane in range(LANES):
                end[lane] = max(end[lane], done[lane])


@njit(cache=True, nogil=True, fastmath=_FAST)
def _count_critical(links, start, finish, end, used, mark, counts):
    """Add to ``counts[i]`` the runs among the first ``used`` in which activity ``i`` lies on a longest path.

    Backwards: an activity is critical when it ends with the network, or when a critical successor starts at the very
    instant at which it ends (the start is the maximum of such ends, so equality is exact). Starts of activities that
    are not critical are overwritten by -1, which no finish equals.
    """
    _, _, succ_starts, succs = links
    for i in range(len(counts) - 1, -1, -1):
        done = finish[i]
        first = succ_starts[i]
        last = succ_starts[i + 1]
        if first == last:
            for lane in range(LANES):
                mark[lane] = 1.0 if done[lane] == end[lane] else 0.0
        else:
            mark[:] = 0.0
            for link in range(first, last):
                after = start[succs[link]]
                for lane in range(LANES):
                    mark[lane] = 1.0 if done[lane] == after[lane] else mark[lane]
        begin = start[i]
        for lane in range(LANES):
            begin[lane] = begin[lane] if mark[lane] > 0.5 else -1.0
        total = 0.0
        for lane in range(LANES):
            total += mark[lane] if lane < used else 0.0
        counts[i] += total


@njit(cache=True, nogil=True)
def simulate_runs(links, releases, activities, risk_links, risks, groups, tables, skipped, runs, ends, counts):
    """The end of the network in each of ``runs`` (any run numbers), and critical counts unless ``counts`` is empty.

    ``links``       (pred_starts, preds, succ_starts, succs): compressed rows over activities in topological order.
    ``releases``    earliest starts.
    ``activities``  (kinds, parameters, keys, score_rows); ``risk_links`` (starts, risks) compressed rows.
    ``risks``       (kinds, parameters, probabilities, event_keys, impact_keys); ``skipped`` one left out, or -1.
    ``groups``      (starts, keys, factors, factor_starts) of the correlated activities.
    """
    size = len(releases)
    start = np.empty((size, LANES))
    finish = np.empty((size, LANES))
    end = np.empty(LANES)
    mark = np.empty(LANES)
    lanes = np.empty(LANES, np.int64)
    impacts = np.empty((len(risks[0]), LANES))
    scores = np.empty((len(groups[1]), LANES))
    own = np.empty((len(groups[1]), LANES))
    for first in range(0, len(runs), LANES):
        used = min(LANES, len(runs) - first)
        for lane in range(LANES):
            lanes[lane] = runs[first + min(lane, used - 1)]
        draw_risks(risks, tables, skipped, lanes, impacts)
        draw_scores(groups, lanes, own, scores)
        _forward(links, releases, activities, risk_links, tables, lanes, scores, impacts, start, finish, end)
        ends[first : first + used] = end[:used]
        if len(counts) > 0:
            _count_critical(links, start, finish, end, used, mark, counts)


@njit(cache=True, nogil=True)
def column(i, activities, risk_links, risks, groups, tables, out):
    """The durations of one activity in runs 0, 1, … ``len(out) - 1``."""
    lanes = np.empty(LANES, np.int64)
    row = np.empty(LANES)
    impacts = np.empty((len(risks[0]), LANES))
    scores = np.empty((len(groups[1]), LANES))
    own = np.empty((len(groups[1]), LANES))
    for first in range(0, len(out), LANES):
        used = min(LANES, len(out) - first)
        for lane in range(LANES):
            lanes[lane] = first + lane
        draw_risks(risks, tables, -1, lanes, impacts)
        draw_scores(groups, lanes, own, scores)
        duration_row(i, activities, risk_links, tables, lanes, scores, impacts, row)
        out[first : first + used] = row[:used]


@njit(cache=True, nogil=True, fastmath=_FAST)
def level_sums(keys, first, ranks, sums):
    """``sums[i] = (Σu, Σu², Σu·rank)`` over the runs ``first, first + 1, …`` for the draws of activity ``i``."""
    for i in range(len(keys)):
        key = keys[i]
        total = 0.0
        squares = 0.0
        products = 0.0
        for k in range(len(ranks)):
            u = _uniform(key, first + k) - 0.5
            total += u
            squares += u * u
            products += u * ranks[k]
        sums[i, 0] = total
        sums[i, 1] = squares
        sums[i, 2] = products


@njit(cache=True, nogil=True)
def occurrences(key, probability, runs):
    """The run numbers 0 … runs - 1 in which a risk with this event stream occurs."""
    found = np.empty(runs, np.int64)
    count = 0
    for run in range(runs):
        if _uniform(key, run) < probability:
            found[count] = run
            count += 1
    return found[:count].copy()


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
